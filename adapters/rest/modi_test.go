package rest_test

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/account"
	"approdo/domain/casefile"
	"approdo/domain/grade"
	"approdo/domain/names"
	"approdo/domain/territory"
)

// The rules of the Italian interoperability guidelines (ModI) that a document can show, written from their text: the names in
// brackets are theirs.

// eachOperation visits every operation.
func eachOperation(t *testing.T, f func(where, path, method string, o *openapi3.Operation)) {
	t.Helper()
	for path, item := range contract(t).Paths.Map() {
		for method, o := range item.Operations() {
			f(method+" "+path, path, method, o)
		}
	}
}

// eachSchema visits every schema of the document once, with where it stands.
func eachSchema(t *testing.T, f func(where string, s *openapi3.Schema)) {
	t.Helper()
	seen := map[*openapi3.Schema]bool{}
	var visit func(where string, ref *openapi3.SchemaRef)
	visit = func(where string, ref *openapi3.SchemaRef) {
		if ref == nil || ref.Value == nil || seen[ref.Value] {
			return
		}
		s := ref.Value
		seen[s] = true
		f(where, s)
		for name, p := range s.Properties {
			visit(where+"."+name, p)
		}
		visit(where+"[]", s.Items)
	}
	doc := contract(t)
	for name, s := range doc.Components.Schemas {
		visit(name, s)
	}
	for name, p := range doc.Components.Parameters {
		visit(name, p.Value.Schema)
	}
	for name, h := range doc.Components.Headers {
		visit(name, h.Value.Schema)
	}
	eachOperation(t, func(where, _, _ string, o *openapi3.Operation) {
		for _, p := range o.Parameters {
			visit(where+" "+p.Value.Name, p.Value.Schema)
		}
		for status, r := range o.Responses.Map() {
			for mediaType, m := range r.Value.Content {
				visit(where+" "+status+" "+mediaType, m.Schema)
			}
		}
	})
}

// RAC_GEN_001, RAC_GEN_002 and the block of information.
func TestTheDocumentSaysWhoAnswersForIt(t *testing.T) {
	t.Parallel()
	doc := contract(t)
	if doc.OpenAPI != "3.0.3" {
		t.Errorf("OpenAPI %s", doc.OpenAPI)
	}
	i := doc.Info
	if !regexp.MustCompile(`^\d+\.\d+\.\d+$`).MatchString(i.Version) {
		t.Errorf("version %q is no x.y.z", i.Version)
	}
	if s, ok := i.Extensions["x-summary"].(string); !ok || s == "" {
		t.Error("no x-summary")
	}
	id, ok := i.Extensions["x-api-id"].(string)
	if _, err := uuid.Parse(id); !ok || err != nil {
		t.Errorf("x-api-id %q is no UUID", id)
	}
	if !strings.HasPrefix(i.TermsOfService, "https://") || i.Contact == nil || i.Contact.Email == "" || i.License == nil || i.License.Name != "EUPL-1.2" {
		t.Error("terms of service, contact or licence are missing")
	}
	for _, s := range doc.Servers {
		if !strings.HasPrefix(s.URL, "https://") || !strings.HasSuffix(s.URL, "/v1") || s.Description == "" {
			t.Errorf("server %q is not https, not described, or has no version in its path", s.URL)
		}
	}
	if len(doc.Servers) == 0 {
		t.Error("no server")
	}
}

var (
	kebab     = regexp.MustCompile(`^(/[a-z0-9]+([-.][a-z0-9]+)*|/\{[a-z_]+\})+$`)
	snake     = regexp.MustCompile(`^[a-z][a-z0-9]*(_[a-z0-9]+)*$`)
	hyphenate = regexp.MustCompile(`^[A-Z][A-Za-z]*(-[A-Z][A-Za-z]*)*$`)
	camel     = regexp.MustCompile(`^[A-Z][A-Za-z0-9]*$`)
	httpVerb  = regexp.MustCompile(`(?i)^(get|post|put|delete|patch|head)`)
	pathVerb  = regexp.MustCompile(`/(get|post|put|delete|patch|create|remove|list)([/_-]|$)`)
	// What the ontologies have other names for (RAC_REST_NAME_005): given_name, family_name, tax_code.
	badName = regexp.MustCompile(`(?i)^(nome|name|surname|cf|fiscal_?code|fiscal_?number|first_?name|last_?name)$`)
)

// RAC_REST_NAME_002 to 005.
func TestNamesAreAsTheGuidelinesWantThem(t *testing.T) {
	t.Parallel()
	ids, tags := map[string]bool{}, map[string]bool{}
	for _, tag := range contract(t).Tags {
		tags[tag.Name] = tag.Description != ""
	}
	eachOperation(t, func(where, path, method string, o *openapi3.Operation) {
		if !kebab.MatchString(path) || pathVerb.MatchString(path) {
			t.Errorf("%s: the path is not kebab-case, or holds a verb", where)
		}
		if ids[o.OperationID] || !snake.MatchString(o.OperationID) || httpVerb.MatchString(o.OperationID) {
			t.Errorf("%s: operationId %q", where, o.OperationID)
		}
		ids[o.OperationID] = true
		if o.Summary == "" || o.Description == "" || len(o.Tags) != 1 || !tags[o.Tags[0]] {
			t.Errorf("%s has no summary, no description, or no tag that is described", where)
		}
		for _, p := range o.Parameters {
			switch p.Value.In {
			case "header":
				if !hyphenate.MatchString(p.Value.Name) || slices.Contains([]string{"Accept", "Authorization", "Content-Type"}, p.Value.Name) {
					t.Errorf("%s: header %q", where, p.Value.Name)
				}
			default:
				if !snake.MatchString(p.Value.Name) || badName.MatchString(p.Value.Name) {
					t.Errorf("%s: parameter %q", where, p.Value.Name)
				}
			}
			if p.Value.Description == "" {
				t.Errorf("%s: parameter %q is not described", where, p.Value.Name)
			}
		}
		if o.RequestBody != nil && (method == http.MethodGet || method == http.MethodDelete) {
			t.Errorf("%s takes a body", where)
		}
		if method == http.MethodPatch || method == http.MethodPut {
			t.Errorf("%s: acts are posted here", where)
		}
	})
	for name := range contract(t).Components.Headers {
		if !hyphenate.MatchString(name) {
			t.Errorf("header %q", name)
		}
	}
	for name := range contract(t).Components.Schemas {
		if !camel.MatchString(name) {
			t.Errorf("schema %q", name)
		}
	}
	eachSchema(t, func(where string, s *openapi3.Schema) {
		for name := range s.Properties {
			if !snake.MatchString(name) || badName.MatchString(name) {
				t.Errorf("%s: property %q", where, name)
			}
		}
	})
}

// RAC_GEN_004: what is about a person, or opens a door, is never part of a URL.
func TestNothingPersonalIsInAURL(t *testing.T) {
	t.Parallel()
	personal := regexp.MustCompile(`name|birth|tax|code_fiscale|document|address|phone|mail|login|password|secret|token|key|text`)
	eachOperation(t, func(where, _, _ string, o *openapi3.Operation) {
		for _, p := range o.Parameters {
			if p.Value.In != "header" && personal.MatchString(p.Value.Name) {
				t.Errorf("%s: parameter %q", where, p.Value.Name)
			}
		}
	})
	for name, s := range contract(t).Components.SecuritySchemes {
		if s.Value.Type == "apiKey" || s.Value.Scheme != "bearer" {
			t.Errorf("security scheme %s: %s %s", name, s.Value.Type, s.Value.In)
		}
	}
}

// RAC_REST_FORMAT_003 and 004, and the bounds that the security profile wants of everything.
func TestEverythingHasAFormatAndABound(t *testing.T) {
	t.Parallel()
	visited := 0
	eachSchema(t, func(where string, s *openapi3.Schema) {
		visited++
		switch {
		case s.Nullable:
			t.Errorf("%s may be null", where)
		case s.Type.Is("integer"), s.Type.Is("number"):
			formats := []string{"int32", "int64"}
			if s.Type.Is("number") {
				formats = []string{"double"}
			}
			if !slices.Contains(formats, s.Format) || s.Min == nil || s.Max == nil {
				t.Errorf("%s is a number without format or bounds", where)
			}
		case s.Type.Is("string"):
			if len(s.Enum) == 0 && s.MaxLength == nil {
				t.Errorf("%s is a text without end", where)
			}
		case s.Type.Is("array"):
			if s.MaxItems == nil || s.Items == nil {
				t.Errorf("%s is a list without end", where)
			}
		case s.Type.Is("object"):
			if (s.AdditionalProperties.Has == nil || *s.AdditionalProperties.Has) && s.MaxProps == nil {
				t.Errorf("%s takes any property", where)
			}
		case s.Type.Is("boolean"):
		default:
			t.Errorf("%s has no type", where)
		}
	})
	if visited < 300 {
		t.Errorf("only %d schemas were seen", visited)
	}
}

// RAC_ROBUSTEZZA_001 and 002, RAC_REST_FORMAT_002, RAC_REST_NAME_007 to 009.
func TestAnswersAreAsTheGuidelinesWantThem(t *testing.T) {
	t.Parallel()
	limits := []string{"X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"}
	eachOperation(t, func(where, path, method string, o *openapi3.Operation) {
		for _, status := range []string{"429", "503", "default"} {
			if o.Responses.Value(status) == nil {
				t.Errorf("%s has no answer %s", where, status)
			}
		}
		for status, r := range o.Responses.Map() {
			here := where + " " + status
			n, err := strconv.Atoi(status)
			failed := err != nil || n >= 400
			for _, name := range limits {
				if r.Value.Headers[name] == nil {
					t.Errorf("%s does not tell %s", here, name)
				}
			}
			if (n == 429 || n == 503) && r.Value.Headers["Retry-After"] == nil {
				t.Errorf("%s does not tell when to come back", here)
			}
			if c := r.Value.Headers["Cache-Control"]; c == nil || !strings.Contains(c.Value.Description, "no-store") {
				t.Errorf("%s does not tell how it may be cached", here)
			}
			if n == 204 || n == 304 {
				if len(r.Value.Content) > 0 {
					t.Errorf("%s has content", here)
				}
				continue
			}
			for mediaType, m := range r.Value.Content {
				want := "application/json"
				switch {
				case failed || path == "/status":
					want = "application/problem+json"
				case path == "/openapi.yaml":
					want = "application/yaml"
				case strings.HasPrefix(path, "/ledger/") && path != "/ledger/checkpoints":
					want = "text/plain" // files that are kept, and checked by whoever has no JSON at hand
				}
				if mediaType != want {
					t.Errorf("%s is %s", here, mediaType)
				}
				s := m.Schema.Value
				if want != "text/plain" && !s.Type.Is("object") {
					t.Errorf("%s is no object", here)
				}
				for _, name := range []string{"type", "title", "status", "detail"} {
					if failed && s.Properties[name] == nil {
						t.Errorf("%s has no %s", here, name)
					}
				}
			}
			if len(r.Value.Content) != 1 {
				t.Errorf("%s has %d contents", here, len(r.Value.Content))
			}
			if n == 201 && r.Value.Headers["Location"] == nil {
				t.Errorf("%s does not tell where", here)
			}
		}
		open := []string{"/status", "/openapi.yaml", "/sessions"}
		if protected := o.Security == nil; protected == slices.Contains(open, path) {
			t.Errorf("%s is protected: %v", where, protected)
		}
		if o.RequestBody != nil {
			for mediaType := range o.RequestBody.Value.Content {
				if mediaType != "application/json" {
					t.Errorf("%s takes %s", where, mediaType)
				}
			}
			for _, status := range []string{"400", "413", "415", "422"} {
				if o.Responses.Value(status) == nil {
					t.Errorf("%s takes a body and has no answer %s", where, status)
				}
			}
		}
	})
}

// Collections are objects with their items, and pages say where the next one begins.
func TestCollectionsArePagedByCursor(t *testing.T) {
	t.Parallel()
	pages := 0
	eachOperation(t, func(where, _, _ string, o *openapi3.Operation) {
		for _, p := range o.Parameters {
			if p.Value.Name != "cursor" {
				continue
			}
			pages++
			s := o.Responses.Value("200").Value.Content["application/json"].Schema.Value
			if s.Properties["items"] == nil || s.Properties["next_cursor"] == nil || !slices.Contains(s.Required, "items") {
				t.Errorf("%s: no items or no next_cursor", where)
			}
			if o.Parameters.GetByInAndName("query", "limit") == nil {
				t.Errorf("%s has a cursor and no limit", where)
			}
		}
	})
	if pages < 5 {
		t.Errorf("only %d collections have pages", pages)
	}
}

// What nobody refers to is a promise that nobody keeps.
func TestEveryComponentIsUsed(t *testing.T) {
	t.Parallel()
	b, err := os.ReadFile("openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	used := func(kind, name string) {
		if !strings.Contains(string(b), "'#/components/"+kind+"/"+name+"'") {
			t.Errorf("%s %s is not used", kind, name)
		}
	}
	c := contract(t).Components
	for name := range c.Schemas {
		used("schemas", name)
	}
	for name := range c.Responses {
		used("responses", name)
	}
	for name := range c.Parameters {
		used("parameters", name)
	}
	for name := range c.Headers {
		used("headers", name)
	}
}

func texts[T ~string](list []T) (out []string) {
	for _, v := range list {
		out = append(out, string(v))
	}
	return out
}

// What the document lists is what the domain knows, in its order.
func TestTheListsOfTheDocumentAreTheDomains(t *testing.T) {
	t.Parallel()
	acts := map[access.Act]bool{}
	for _, role := range domain.Roles() {
		for _, relation := range []access.Relation{access.Own, access.Withheld, access.OfferedTo, access.Enrolled, access.Past, access.Oversees, access.Audits} {
			for _, act := range access.Acts(role, relation) {
				acts[act] = true
			}
		}
	}
	for name, want := range map[string][]string{
		"CaseStatus":              texts(casefile.Statuses()),
		"ClosureReason":           texts(casefile.ClosureReasons()),
		"WithdrawalReason":        texts(casefile.WithdrawalReasons()),
		"DeclineReason":           texts(casefile.DeclineReasons()),
		"HandOverReason":          texts(casefile.HandOverReasons()),
		"QuestionTopic":           texts(casefile.QuestionTopics()),
		"Need":                    texts(casefile.Needs()),
		"ItalianLevel":            texts(casefile.ItalianLevels()),
		"Order":                   texts(grade.Orders()),
		"Role":                    texts(domain.Roles()),
		"ActingRole":              append(texts(domain.Roles()), string(domain.RoleSystem)),
		"AccountReason":           texts(account.Reasons()),
		"Resolution.reason":       texts(grade.Reasons()),
		"ErasureProposal.ground":  texts(casefile.ErasureGrounds()),
		"ErasureProposal.scope":   texts(casefile.ErasureScopes()),
		"ErasureRejection.reason": texts(casefile.ErasureRejections()),
		"Restriction.reason":      texts(casefile.RestrictionReasons()),
		"Suspension.kind":         {string(territory.Intake), string(territory.Placement)},
		"Service":                 texts(territory.Services()),
	} {
		if got := enum(t, name); !slices.Equal(got, want) {
			t.Errorf("%s: %v, the domain has %v", name, got, want)
		}
	}
	listed := enum(t, "Act")
	for act := range acts {
		if !slices.Contains(listed, string(act)) {
			t.Errorf("act %s is not in the document", act)
		}
	}
	if len(listed) != len(acts) {
		t.Errorf("%d acts in the document, %d in package access", len(listed), len(acts))
	}
	level := regexp.MustCompile(contract(t).Components.Schemas["Level"].Value.Pattern)
	for _, l := range grade.Levels() {
		if !level.MatchString(l.String()) {
			t.Errorf("level %s is not in the document", l)
		}
	}
	reason := regexp.MustCompile(contract(t).Components.Schemas["Reason"].Value.Properties["code"].Value.Pattern)
	for _, r := range names.Reasons() {
		if !reason.MatchString(string(r)) {
			t.Errorf("reason %s is not in the document", r)
		}
	}
}

// enum gives the values of a schema, or of a property of it: "Resolution.reason".
func enum(t *testing.T, name string) (out []string) {
	t.Helper()
	name, property, _ := strings.Cut(name, ".")
	s := contract(t).Components.Schemas[name].Value
	if property != "" {
		s = s.Properties[property].Value
	}
	for _, v := range s.Enum {
		out = append(out, fmt.Sprint(v))
	}
	return out
}
