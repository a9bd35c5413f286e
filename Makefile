# Approdo: make demo (builds and starts the demo), make test. Needs Go >= 1.26, Node >= 20 with npm, make.

GO       ?= go
NPM      ?= npm
PKGS      = ./cmd/... ./domain/... ./projections/... ./adapters/... ./migrations/...
SOURCES   = cmd domain projections adapters migrations
DEMO_FLAGS ?=
TEST_FLAGS ?=
BENCH      ?= append rebuild

DIST     = node_modules/bootstrap-italia/dist
NOTO     = node_modules/@fontsource/noto-sans
VENDOR   = adapters/web/static/vendor
ASSETS   = $(VENDOR)/LICENSES.txt
# The race detector needs cgo and with it a C compiler, which a bare machine may lack; with CI=true it must be there.
RACE     = $(shell { [ -n "$$CI" ] || command -v $$($(GO) env CC) >/dev/null; } && echo -race)

.PHONY: assets build demo test test-e2e browser pictures mutants mutants-access bench lint clean

assets: $(ASSETS)

# The licences are written last: where they are, everything is.
$(ASSETS): package.json package-lock.json
	$(NPM) ci --ignore-scripts --no-audit --no-fund --loglevel=error
	find $(VENDOR) -mindepth 1 ! -name .gitkeep -delete
	mkdir -p $(VENDOR)/css $(VENDOR)/svg $(VENDOR)/fonts
	cp $(DIST)/css/bootstrap-italia.min.css $(VENDOR)/css/
	cp $(DIST)/svg/sprites.svg $(VENDOR)/svg/
	for w in 300 regular 600 700 italic; do cp $(DIST)/fonts/Titillium_Web/titillium-web-*_latin-$$w.woff2 $(VENDOR)/fonts/titillium-web-$$w.woff2; done
	cp $(DIST)/fonts/Roboto_Mono/roboto-mono-*_latin-regular.woff2 $(VENDOR)/fonts/roboto-mono-regular.woff2
	for s in cyrillic cyrillic-ext; do for w in 400 700; do \
	  cp $(NOTO)/files/noto-sans-$$s-$$w-normal.woff2 $(VENDOR)/fonts/noto-sans-$$s-$$w.woff2; done; done
	{ echo "Bootstrap Italia"; echo; cat node_modules/bootstrap-italia/LICENSE; \
	  echo; echo "Titillium Web"; echo; cat $(DIST)/fonts/Titillium_Web/OFL.txt; \
	  echo; echo "Roboto Mono"; echo; cat $(DIST)/fonts/Roboto_Mono/LICENSE.txt; \
	  echo; echo "Noto Sans"; echo; cat $(NOTO)/LICENSE; } > $@

build: $(ASSETS)
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/approdo ./cmd/approdo

demo: build
	@exec ./bin/approdo demo $(DEMO_FLAGS)

test: $(ASSETS)
	@out=$$(gofmt -l $(SOURCES)); [ -z "$$out" ] || { echo "gofmt:"; echo "$$out"; exit 1; }
	$(GO) vet $(PKGS)
	$(if $(RACE),,@echo "No C compiler: the tests run without the race detector.")
	$(GO) test $(RACE) -shuffle=on $(TEST_FLAGS) $(PKGS)

# The pages in Chromium, as each role, wide and narrow: see adapters/web/browser.
test-e2e: browser
browser: build
	node --test adapters/web/browser/

# The pictures of the guides, of the program as it is now.
pictures: build
	node adapters/web/browser/pictures.mjs

# Every check of the verifier is taken out, one at a time; a test must miss it. A few minutes.
mutants:
	$(GO) run ./cmd/mutants -test "$(GO) test -short ./domain/ledger" $(addprefix domain/ledger/,verify.go checkpoint.go proof.go export.go)

# Every check of who may do what is taken out, one at a time, over every route. About an hour on two quiet cores, most of it for those that
# nothing misses; MUTANTS_FLAGS="-first 40 -last 60" tries a part. The numbers are stable as long as the source is.
GUARDED = $(shell grep -rlwE 'access[.](Case|Large|Sees|Ever)' --include=*.go --exclude=*_test.go domain projections adapters)
mutants-access: $(ASSETS)
	$(GO) run ./cmd/mutants -timeout 10m $(MUTANTS_FLAGS) -build '$(GO) test -c -o $$MUTANTS/ ./domain/access ./domain/desk ./projections/worklist ./adapters/rest ./adapters/web ./cmd/approdo' \
	  -test '(cd domain/access && $$MUTANTS/access.test) && (cd domain/desk && $$MUTANTS/desk.test) && (cd projections/worklist && $$MUTANTS/worklist.test) && \
	    (cd adapters/rest && $$MUTANTS/rest.test -test.failfast -test.run "^(TestWhat|TestNotYours|TestLists|TestAPupil|TestATimeline)") && \
	    (cd cmd/approdo && $$MUTANTS/approdo.test -test.run "^TestEveryPageAnswersAsItsRowSays$$") && (cd adapters/web && $$MUTANTS/web.test -test.failfast)' \
	  domain/access/access.go $(GUARDED)

bench: build
	@for figure in $(BENCH); do ./bin/approdo bench $$figure --json || exit 1; done

# Needs staticcheck on the path (.ci/run installs it).
lint:
	staticcheck $(PKGS)

clean:
	rm -rf bin node_modules
	find $(VENDOR) -mindepth 1 ! -name .gitkeep -delete
