package rest_test

import (
	"bytes"
	"io"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/go-chi/chi/v5"
)

const base = "/api/v1"

// document is the contract, valid by itself.
var document = sync.OnceValues(func() (*openapi3.T, error) {
	b, err := os.ReadFile("openapi.yaml")
	if err != nil {
		return nil, err
	}
	loader := openapi3.NewLoader()
	doc, err := loader.LoadFromData(b)
	if err != nil {
		return nil, err
	}
	return doc, doc.Validate(loader.Context, openapi3.EnableExamplesValidation(), openapi3.EnableSchemaFormatValidation())
})

func contract(t testing.TB) *openapi3.T {
	t.Helper()
	doc, err := document()
	if err != nil {
		t.Fatal(err)
	}
	return doc
}

// match finds the path of the document that a URL is of: with the fewest parameters, as routers do.
func match(doc *openapi3.T, path string) (template string, params map[string]string) {
	parts := strings.Split(path, "/")
	for _, candidate := range doc.Paths.InMatchingOrder() {
		names := strings.Split(candidate, "/")
		if len(names) != len(parts) {
			continue
		}
		found := map[string]string{}
		fits := true
		for i, name := range names {
			if strings.HasPrefix(name, "{") {
				found[strings.Trim(name, "{}")] = parts[i]
			} else if name != parts[i] {
				fits = false
			}
		}
		if fits && (template == "" || len(found) < len(params)) {
			template, params = candidate, found
		}
	}
	return template, params
}

// hold fails the test when an answer is not as the document promises, or when a request was accepted that it does not allow.
func hold(t testing.TB, r *http.Request, x exchange) {
	t.Helper()
	doc := contract(t)
	template, params := match(doc, strings.TrimPrefix(r.URL.Path, base))
	if template == "" || r.Method == http.MethodHead {
		return
	}
	item := doc.Paths.Value(template)
	operation := item.GetOperation(r.Method)
	if operation == nil {
		return
	}
	in := &openapi3filter.RequestValidationInput{Request: r, PathParams: params,
		Route:   &routers.Route{Spec: doc, Path: template, PathItem: item, Method: r.Method, Operation: operation},
		Options: &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc, IncludeResponseStatus: true, RejectWhenRequestBodyNotSpecified: true}}
	if x.status < 400 {
		if err := openapi3filter.ValidateRequest(r.Context(), in); err != nil {
			t.Errorf("%s %s was accepted, and is not in the document: %v", r.Method, template, err)
		}
	}
	if x.status != http.StatusInternalServerError && operation.Responses.Status(x.status) == nil {
		t.Errorf("%s %s answered %d, which is not in the document", r.Method, template, x.status)
	}
	err := openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{RequestValidationInput: in, Status: x.status,
		Header: x.header, Body: io.NopCloser(bytes.NewReader(x.body)), Options: in.Options})
	if err != nil {
		t.Errorf("%s %s answered %d: %v\n%s", r.Method, template, x.status, err, x.body)
	}
}

// walked lists "METHOD /path" of every route, below base.
func walked(t testing.TB, h http.Handler) []string {
	t.Helper()
	var all []string
	err := chi.Walk(h.(chi.Routes), func(method, path string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
		if path == "/status" { // beside the API, for whoever watches the service
			return nil
		}
		rest, ok := strings.CutPrefix(path, base)
		if !ok {
			t.Errorf("%s is not below %s", path, base)
		}
		all = append(all, method+" "+rest)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(all)
	return all
}

func TestEveryRouteIsInTheDocumentAndTheOtherWayRound(t *testing.T) {
	t.Parallel()
	var documented []string
	for path, item := range contract(t).Paths.Map() {
		for _, method := range slices.Collect(maps.Keys(item.Operations())) {
			documented = append(documented, method+" "+path)
		}
	}
	slices.Sort(documented)
	served := walked(t, newHouse(t).handler)
	for _, route := range served {
		if !slices.Contains(documented, route) {
			t.Errorf("%s is served and not documented", route)
		}
	}
	for _, route := range documented {
		if !slices.Contains(served, route) {
			t.Errorf("%s is documented and not served", route)
		}
	}
}

func TestTheDocumentIsServed(t *testing.T) {
	t.Parallel()
	want, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	x := newHouse(t).get(anonymous, base+"/openapi.yaml").want(200)
	if !bytes.Equal(x.body, want) {
		t.Error("another document is served")
	}
}
