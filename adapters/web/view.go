package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"github.com/go-chi/chi/v5"

	"approdo/domain"
	"approdo/domain/reading"
)

//go:embed templates
var templateFiles embed.FS

// pages are the parsed templates of every page in every language. A set for each language lets the functions in it know theirs.
type pages map[Lang]map[string]*template.Template

func (s *site) parsePages() (pages, error) {
	all := pages{}
	names, err := fs.Glob(templateFiles, "templates/pages/*.html")
	if err != nil {
		return nil, err
	}
	for _, lang := range languages {
		all[lang] = map[string]*template.Template{}
		base, err := s.parseBase(lang)
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			t, err := template.Must(base.Clone()).ParseFS(templateFiles, name)
			if err != nil {
				return nil, err
			}
			all[lang][strings.TrimSuffix(path.Base(name), ".html")] = t
		}
	}
	return all, nil
}

func (s *site) parseBase(lang Lang) (*template.Template, error) {
	c := s.texts[lang]
	return template.New("layout").Funcs(template.FuncMap{
		// t writes a text: {{t "key" "name" value …}} or {{t .Text}}.
		"t": func(key any, args ...any) (string, error) {
			switch k := key.(type) {
			case Text:
				return c.say(k)
			case string:
				return c.say(Text{k, args})
			}
			return "", fmt.Errorf("web: a text is named by a string or a Text, not a %T", key)
		},
		"refusal": c.refusal,
		"asked":   c.asked,
		"num":     c.number,
		"told":    c.told,
		"cell":    c.cell,
		"badge":   c.badge,
		"rows":    c.rows,
		"circles": c.circles,
		"words":   c.words,
		"month":   c.month,
		"day":     c.day,
		"date":    c.date,
		"instant": c.instant,
		"person":  func(p domain.Personal) template.HTML { return person(p) },
		"people":  func(p []domain.Personal) template.HTML { return person(p...) },
		"asset":   func(name string) string { return s.assets.base + name },
		// icon draws a symbol of Bootstrap Italia for the eye alone; the words beside it say the same.
		"icon": func(name string, classes ...string) template.HTML {
			return template.HTML(fmt.Sprintf(`<svg class="icon %s" aria-hidden="true" focusable="false"><use href="%svendor/svg/sprites.svg#%s"></use></svg>`,
				strings.Join(classes, " "), s.assets.base, name))
		},
	}).ParseFS(templateFiles, "templates/layout.html", "templates/parts/*.html")
}

// frame is what surrounds the content of every page.
type frame struct {
	Lang     Lang
	Title    Text // of the window: never a person's name, it stays in the browser's history
	Crumbs   []Crumb
	Nav      []navItem
	Person   *Person
	Notice   Text
	Path     string
	Owner    string
	Demo     bool
	SignedIn bool
	Nameless bool // pupils' data is withheld, since its reading cannot be recorded
}

// Languages are those the page is not in.
func (f frame) Languages() []Lang {
	var out []Lang
	for _, l := range languages {
		if l != f.Lang {
			out = append(out, l)
		}
	}
	return out
}

// Role is the text that names the person's role.
func (f frame) Role() Text { return roleText(f.Person.Actor.Role) }

// view is a page's template together with the type of its content.
type view[T any] struct{ name string }

// page is what the layout is given.
type page[T any] struct {
	frame
	Content T
}

// show writes the page whole or not at all.
func (v view[T]) show(s *site, w http.ResponseWriter, r *http.Request, status int, title Text, content T, crumbs ...Crumb) error {
	lang := visitOf(r).lang
	var out bytes.Buffer
	if err := s.pages[lang][v.name].ExecuteTemplate(&out, "layout.html", page[T]{s.frame(w, r, title, crumbs), content}); err != nil {
		return fmt.Errorf("web: page %s: %w", v.name, err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Content-Language", string(lang))
	w.WriteHeader(status)
	w.Write(out.Bytes()) // a browser that went away is no fault of ours
	return nil
}

func (s *site) frame(w http.ResponseWriter, r *http.Request, title Text, crumbs []Crumb) frame {
	v := visitOf(r)
	return frame{
		Lang: v.lang, Title: title, Crumbs: crumbs, Nav: navFor(v, r.URL.Path), Person: v.person, SignedIn: v.person != nil,
		Notice: s.takeNotice(w, r), Path: r.URL.EscapedPath(), Owner: s.Owner, Demo: s.Demo,
		Nameless: v.nameless,
	}
}

// page makes a handler of a function that may refuse. What of pupils an answer shows is in the access record before the answer
// leaves; where that cannot be written, a page is shown without their data, and says so.
func (s *site) page(h func(http.ResponseWriter, *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		ctx, sheet := reading.NewContext(r.Context())
		answer := &recorded{ResponseWriter: w, keep: func(status int) error { return s.keepReading(r, status, sheet) }}
		err := h(answer, r.WithContext(ctx))
		if answer.lost != nil {
			s.Log.ErrorContext(r.Context(), "reading not kept", "request", visitOf(r).id, "error", answer.lost.Error())
			if err = answer.lost; r.Method == http.MethodGet {
				visitOf(r).nameless = true
				err = h(w, r.WithContext(reading.Withheld(r.Context())))
			}
		}
		if err != nil {
			s.fail(w, r, err)
		}
	}
}

// keepReading records what an answer shows. A redirect shows nothing, nor does the answer to whoever asked for headers alone.
func (s *site) keepReading(r *http.Request, status int, sheet *reading.Sheet) error {
	p := visitOf(r).person
	if p == nil || status >= 300 && status < 400 || r.Method == http.MethodHead {
		return nil
	}
	return s.Readings.Keep(r.Context(), p.Actor, visitOf(r).id, r.Method+" "+chi.RouteContext(r.Context()).RoutePattern(), sheet)
}

// recorded is an answer that leaves once its reading is kept. Where that fails nothing leaves.
type recorded struct {
	http.ResponseWriter
	keep func(status int) error
	sent bool
	lost error // why it was not kept
}

func (a *recorded) WriteHeader(status int) {
	if a.sent {
		return
	}
	a.sent = true
	if a.lost = a.keep(status); a.lost == nil {
		a.ResponseWriter.WriteHeader(status)
	}
}

func (a *recorded) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	if a.lost != nil {
		return 0, a.lost
	}
	return a.ResponseWriter.Write(b)
}

// roles has the name of each role.
func roleText(r domain.Role) Text { return text("role." + string(r)) }
