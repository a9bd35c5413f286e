package web

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/account"
	"approdo/domain/apart"
	"approdo/domain/basis"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/matching"
	"approdo/domain/names"
	"approdo/domain/notice"
	"approdo/domain/places"
	"approdo/domain/planning"
	"approdo/domain/policy"
	"approdo/domain/reading"
	"approdo/domain/returns"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/caseline"
	"approdo/projections/duplicates"
)

func loaded(t *testing.T) catalogues {
	t.Helper()
	c, err := loadCatalogues()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

var placeholder = regexp.MustCompile(`\{[^}]*\}`)

func TestCataloguesHoldTheSameKeysAndPlaceholders(t *testing.T) {
	t.Parallel()
	all := loaded(t)
	it, en := all[Italian].texts, all[English].texts
	for key, text := range it {
		other, ok := en[key]
		if !ok {
			t.Errorf("%s is missing in English", key)
			continue
		}
		a, b := placeholder.FindAllString(text, -1), placeholder.FindAllString(other, -1)
		slices.Sort(a)
		slices.Sort(b)
		if !slices.Equal(a, b) {
			t.Errorf("%s: %v in Italian, %v in English", key, a, b)
		}
		if strings.TrimSpace(text) == "" || strings.TrimSpace(other) == "" {
			t.Errorf("%s is empty", key)
		}
	}
	for key := range en {
		if _, ok := it[key]; !ok {
			t.Errorf("%s is missing in Italian", key)
		}
	}
}

func TestEveryTextThatIsUsedExistsAndTheOtherWayRound(t *testing.T) {
	t.Parallel()
	texts := loaded(t)[Italian].texts
	used := map[string]bool{}
	for _, key := range append(keysInTemplates(t), keysInGo(t)...) {
		switch {
		case texts[key] != "":
			used[key] = true
		case texts[key+".one"] != "" && texts[key+".other"] != "":
			used[key+".one"], used[key+".other"] = true, true
		default:
			t.Errorf("%s is used and has no text", key)
		}
	}
	for prefix, names := range families(t) {
		for _, name := range names {
			if texts[prefix+name] == "" {
				t.Errorf("%s%s has no text", prefix, name)
			}
			used[prefix+name] = true
		}
	}
	for key := range texts {
		if !used[key] {
			t.Errorf("%s is never used", key)
		}
	}
}

func TestRefusalsAskOnlyForDetailsThatAreGiven(t *testing.T) {
	t.Parallel()
	given := map[string]bool{}
	for _, dir := range []string{"../../domain", "../../adapters", "../../projections", "../../cmd"} {
		eachCall(t, dir, func(_ token.Position, name string, args []ast.Expr) {
			if name != "With" || len(args) != 2 {
				return
			}
			if detail, ok := literal(args[0]); ok {
				given["{"+detail+"}"] = true
			}
		})
	}
	for key, text := range loaded(t)[Italian].texts {
		if !strings.HasPrefix(key, "error.") {
			continue
		}
		for _, p := range placeholder.FindAllString(text, -1) {
			if !given[p] {
				t.Errorf("%s asks for %s, which no refusal carries", key, p)
			}
		}
	}
}

// families are the texts whose keys are put together at run time, with every name that may stand behind the prefix.
func families(t *testing.T) map[string][]string {
	kinds := []string{}
	for k := range statuses {
		kinds = append(kinds, string(k))
	}
	roles := []string{string(domain.RoleSystem)}
	for _, r := range domain.Roles() {
		roles = append(roles, string(r))
	}
	var paths []string
	for _, a := range acts {
		paths = append(paths, a.path)
	}
	clocks := []string{caseline.ClockSchoolAnswer, string(casefile.ClockTakeCharge), string(casefile.ClockFirstOffer), string(casefile.ClockFirstDay)}
	var stored []string
	for _, table := range []event.Table{casefile.Events, places.Events, territory.Events, territory.SchoolEvents, account.Events, reading.Events, returns.Events, apart.Events, planning.Events} {
		for _, e := range table {
			stored = append(stored, e.Name())
		}
	}
	var ofAccounts []string
	for _, a := range accountActs {
		ofAccounts = append(ofAccounts, a.path)
	}
	var topics []string
	for _, x := range helpTopics {
		topics = append(topics, x.ID)
	}
	var places []string
	for i := range desk.MostChildren {
		places = append(places, strconv.Itoa(i+1))
	}
	return map[string][]string{"household.child-": places, "help.title-": topics, "help.text-": topics, "help.ask-": {"case", "registers", "service"}, "help.state-": allOf(casefile.Statuses()),
		"help.word-": helpWords, "help.meaning-": helpWords, "outcome.": allOf(desk.Outcomes()), "error.": errorCodes(t), "kind.": kinds, "role.": roles,
		"home.lead-": allOf(domain.Roles()), "apart.": append(allOf(apart.Reasons()), string(duplicates.Parted)), "act-form.": paths, "act-lead.": paths, "case.clock-": clocks, "event.": stored,
		"status.": allOf(casefile.Statuses()), "undo.": allOf(returns.UndoReasons()), "short-order.": allOf(grade.Orders()),
		"short-status.": append(allOf(boardStatuses), string(casefile.Closed)), "grade.": allOf(grade.Orders()), "order.": allOf(grade.Orders()),
		"closure.": append(allOf(casefile.ClosureReasons()), "pupil-erased"), "decline.": allOf(casefile.DeclineReasons()), "withdrawn.": allOf(casefile.OfferWithdrawalReasons()),
		"rank.": allOf(matching.ReasonCodes()), "rank.to-": allOf([]matching.Origin{matching.AtSite, matching.AtMunicipio, matching.AtComune}), "weight.": allOf(territory.WeightCodes()),
		"handover.": append(allOf(casefile.HandOverReasons()), "taken-back"), "undone.": allOf(casefile.TakingBackReasons()), "topic.": allOf(casefile.QuestionTopics()), "resolution.": allOf(grade.Reasons()),
		"erasure.":            append(allOf(casefile.ErasureGrounds()), "rectification", string(casefile.GroundRestored)),
		"datum.":              {"address", "adult_email", "adult_language", "adult_name", "adult_phone", "adult_relation", "arrived_on", "asked_grade", "birth_date", "birth_place", "cap", "citizenship", "comune", "disability", "document", "family_name", "family_name_cyrillic", "given_name", "given_name_cyrillic", "host", "italian", "languages", "last_grade", "last_school", "level_by_age", "municipio", "needs", "preferred_schools", "sex", "still_online", "tax_code", "temporary_protection", "unaccompanied", "vaccination", "with_reserve"},
		"erasure-scope-hint.": allOf(casefile.ErasureScopes()), "retention.due-": allOf(casefile.ErasureScopes()), "data-class.": allOf(territory.DataClasses()),
		"erasure-scope.": allOf(casefile.ErasureScopes()), "rejection.": allOf(casefile.ErasureRejections()),
		"restriction.": allOf(casefile.RestrictionReasons()), "host.": hostCodes, "relation.": relations, "italian.": allOf(casefile.ItalianLevels()),
		"health.": {"yes", "no", "pending", "certified"}, "sex.": {"F", "M"}, "need.": allOf(casefile.Needs()), "reason.": allOf(names.Reasons()),
		"feature.": allOf([]territory.Feature{territory.Ordinary, territory.Prison, territory.Hospital, territory.Evening, territory.CPIA,
			territory.BoardingHead, territory.Boarding, territory.ForBlind, territory.Experimental}),
		"notices.kind-": allOf(notice.Kinds()), "notices.hint-": allOf(notice.Kinds()), "notices.way-": allOf(notice.Ways()),
		"notices.receipt-": allOf(notice.Receipts()), "notices.status-": {"waiting", "sending", "sent", "recorded", "failed"},
		"notices.left-": allOf([]notice.Channel{notice.ByMail, notice.ByPEC, notice.ToFolder}),
		"notices.code-": {"mail-away", "mail-refused", "mail-recipient-refused", "notice-no-mailbox", "mail-outcome-unknown"},
		"law.":          allOf(basis.Sources()), "audit.every-": roles, "act-group.": auditedGroups(),
		"basis.":       {"routing", "clocks", "ceiling", "retention", "weights", "plan", "reference", "suspension"},
		"language.":    languageCodes,
		"country.":     countryCodes,
		"plan.change-": allOf(planning.ChangeKinds()), "plan.change-hint-": allOf(planning.ChangeKinds()), "plan.urgency-": {"2", "4"},
		"suspension.":     allOf([]territory.Kind{territory.Intake, territory.Placement}),
		"infanzia.":       allOf([]territory.CityInfanzia{territory.InfanziaByCTI, territory.InfanziaByPolo}),
		"account-status.": allOf([]account.Status{account.Invited, account.Active, account.Suspended, account.Closed}),
		"ground.":         allOf([]access.Relation{access.Own, access.OfferedTo, access.Enrolled, access.Past, access.Oversees, access.Audits, access.Named, access.Withheld}),
		"field.":          allOf(access.Fields()), "opening.": allOf(reading.OpeningReasons()), "unusual.": allOf(reading.Reasons()),
		"account-reason.": allOf(account.Reasons()), "account-act.": ofAccounts, "account-lead.": ofAccounts,
		"account-waits.": {"invitation", "invitation-text", "invitation-own", "reset", "reset-text", "reset-own"},
		"factor.":        allOf([]session.FactorKind{session.FactorCode, session.FactorPasskey}),
		"proof.": allOf([]session.Proof{session.ByPassword, session.ByShortPassword, session.ByFactor, session.ByRecovery, session.ByProvider,
			session.ByProviderAndFactor, session.ByStrongProvider}),
		"policy-name.": policy.Names(), "delivery.": {"shown", "mailed"}, "delivery-hint.": {"shown", "mailed"},
		"parked.": {policy.CodeBehind, policy.CodePanic, policy.CodeUnknown, policy.CodeTimeout, policy.CodeConflict, policy.CodeFault},
		"drop.":   allOf(policy.DropReasons()), "view.": {"comune", "centre", "school", "board", "audit", "ledger", "duplicates", "readings", "retention", "returns", "messages"},
		"service.": allOf(territory.Services()), "service-hint.": allOf(territory.Services()),
		"view-state.":  allOf([]projections.State{projections.Building, projections.Live, projections.Halted, projections.Retired}),
		"view-reason.": allOf([]projections.Reason{projections.UnknownEvent, projections.Undecodable, projections.ApplyFailed, projections.RowsRefused}),
		"channel.":     {string(domain.ChannelComune), string(domain.ChannelSchool), string(domain.ChannelUST)}}
}

func allOf[T ~string](of []T) []string {
	var out []string
	for _, c := range of {
		out = append(out, string(c))
	}
	return out
}

var inTemplate = regexp.MustCompile(`\bt "([^"]+)"`)

func keysInTemplates(t *testing.T) []string {
	var keys []string
	err := fs.WalkDir(templateFiles, "templates", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := templateFiles.ReadFile(name)
		for _, m := range inTemplate.FindAllStringSubmatch(string(b), -1) {
			keys = append(keys, m[1])
		}
		return err
	})
	if err != nil || len(keys) == 0 {
		t.Fatal(len(keys), err)
	}
	return keys
}

// keysInGo are the keys in calls of text. A key that is put together must begin with the prefix of a family.
func keysInGo(t *testing.T) []string {
	var keys []string
	prefixes := slices.Collect(maps.Keys(families(t)))
	eachCall(t, ".", func(where token.Position, name string, args []ast.Expr) {
		if name != "text" || len(args) == 0 {
			return
		}
		if key, ok := literal(args[0]); ok {
			keys = append(keys, key)
			return
		}
		if sum, ok := args[0].(*ast.BinaryExpr); ok {
			if prefix, ok := literal(sum.X); ok && slices.Contains(prefixes, prefix) {
				return
			}
		}
		t.Errorf("%s: the key of a text is neither written out nor of a family", where)
	})
	return keys
}

var codePattern = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)+$`)

// errorCodes are the codes of every domain.Error that any room makes.
func errorCodes(t *testing.T) []string {
	codes := map[string]bool{}
	// fail and note are the desk's, for a field and the code of what is wrong with it.
	makers := []string{"Invalid", "Refused", "NotFound", "Forbidden", "fail", "note"}
	for _, dir := range []string{"../../domain", "../../adapters", "../../projections", "../../cmd"} {
		eachCall(t, dir, func(_ token.Position, name string, args []ast.Expr) {
			if len(args) == 0 || !slices.Contains(makers, name) {
				return
			}
			if code, ok := literal(args[len(args)-1]); ok && codePattern.MatchString(code) {
				codes[code] = true
			}
		})
	}
	if len(codes) < 5 {
		t.Fatalf("only %d codes found", len(codes))
	}
	return slices.Sorted(maps.Keys(codes))
}

// eachCall visits the calls in the Go files below a folder that are no tests, and composite literals with a Code as calls of
// Refused with it.
func eachCall(t *testing.T, dir string, visit func(token.Position, string, []ast.Expr)) {
	t.Helper()
	files := token.NewFileSet()
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if os.IsNotExist(err) {
			return nil // moved or removed while we walk
		}
		if err == nil && d.IsDir() && d.Name() == "storetest" {
			return fs.SkipDir // refusals that no person meets
		}
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		f, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				switch fun := n.Fun.(type) {
				case *ast.Ident:
					visit(files.Position(n.Pos()), fun.Name, n.Args)
				case *ast.SelectorExpr:
					visit(files.Position(n.Pos()), fun.Sel.Name, n.Args)
				}
			case *ast.CompositeLit:
				for _, e := range n.Elts {
					if kv, ok := e.(*ast.KeyValueExpr); ok {
						if k, ok := kv.Key.(*ast.Ident); ok && k.Name == "Code" {
							visit(files.Position(n.Pos()), "Refused", []ast.Expr{kv.Value})
						}
					}
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func literal(e ast.Expr) (string, bool) {
	lit, ok := e.(*ast.BasicLit)
	if !ok || lit.Kind != token.STRING {
		return "", false
	}
	s, err := strconv.Unquote(lit.Value)
	return s, err == nil
}

func TestTextsAreFilledAndCounted(t *testing.T) {
	t.Parallel()
	all := loaded(t)
	for _, c := range []struct {
		lang Lang
		text Text
		want string
	}{
		{Italian, since(0), "da oggi"},
		{Italian, since(1), "da 1 giorno lavorativo"},
		{English, since(1310), "for 1,310 working days"},
		{Italian, due(-2), "in ritardo di 2 giorni lavorativi"},
		{Italian, due(0), "entro oggi"},
		{English, due(1), "due in 1 working day"},
		{Italian, text("home.hello", "name", domain.NewPersonal("Marta")), "Buongiorno, Marta"},
	} {
		got, err := all[c.lang].say(c.text)
		if err != nil || got != c.want {
			t.Errorf("%q, %v, want %q", got, err, c.want)
		}
	}
	for _, bad := range []Text{text("no.such"), text("home.hello"), text("home.hello", "name"), text("home.hello", "name", 1.5), text("home.hello", 1, 2)} {
		if got, err := all[Italian].say(bad); err == nil {
			t.Errorf("%v gave %q", bad, got)
		}
	}
}

func TestARefusalIsToldEvenWithoutItsDetails(t *testing.T) {
	t.Parallel()
	c := loaded(t)[Italian]
	for _, e := range []*domain.Error{domain.Refused("no-such-code"), {Kind: domain.KindOverloaded, Code: "too-many-tries"}} {
		if got := c.refusal(e); got == "" || strings.Contains(got, "{") {
			t.Errorf("%s: %q", e.Code, got)
		}
	}
	if got := c.refusal(errNotRepeated); got != "Le due password non sono uguali." {
		t.Error(got)
	}
}

// auditedGroups are the kinds of streams whose events can be searched for.
func auditedGroups() (groups []string) {
	for _, name := range auditedActs() {
		group, _, _ := strings.Cut(name, ".")
		if !slices.Contains(groups, group) {
			groups = append(groups, group)
		}
	}
	return groups
}
