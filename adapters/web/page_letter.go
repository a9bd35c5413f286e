package web

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/territory"
	"approdo/projections/school"
)

// letterPage is what the family is told of a place: in Italian, and beside it in a language of its own.
type letterPage struct {
	Tongues []tongueLink
	Owner   string
	Sides   []letterSide
}

// tongueLink leads to the letter with another language beside the Italian.
type tongueLink struct {
	Lang, Dir, Name, Href string
	Current               bool
}

// letterSide is the whole letter in one language.
type letterSide struct {
	Lang, Dir             string
	Today, Title          string
	Greeting, Lead, Close string
	Courtesy              string // that the Italian text is the valid one; empty in Italian
	Facts, Contact        []letterFact
	Parts                 []letterPart
	ContactTitle          string
	ContactText           string
}

// letterFact is a term with one of: names of people, a text of the language, or words of the registers, which are Italian.
type letterFact struct {
	Term    string
	Person  []domain.Personal
	Text    string
	Italian string
}

type letterPart struct {
	Title string
	Lines []string
}

var letterView = view[letterPage]{"letter"}

// ofFamilies is the language beside the Italian where the family's is not known, or is none of those we write.
const ofFamilies = "uk"

func (s *site) letter(w http.ResponseWriter, r *http.Request) error {
	id, err := caseID(r)
	if err != nil {
		return err
	}
	file, err := s.Desk.Letter(r.Context(), actorOf(r), id)
	if err != nil {
		return err
	}
	opened, err := file.Open(r.Context(), access.Name, access.Adults)
	if err != nil {
		return err
	}
	at := place{file: file, opened: opened, today: domain.DateOf(s.Clock())}
	err = s.withRegisters(r, func(g *registers) error {
		site, _, err := school.SiteOf(g.views, file.State.Offer.School)
		at.site, at.comune = site, g.comuneName(site.Comune)
		at.centre, _ = g.land.Centre(file.State.Centre)
		return err
	})
	if err != nil {
		return err
	}
	second := s.besideItalian(r.URL.Query(), opened)
	c := letterPage{Owner: s.Owner}
	for _, t := range s.tongues {
		c.Tongues = append(c.Tongues, tongueLink{t.Lang, t.Dir, t.Name, "/pratiche/" + id.String() + "/lettera?lingua=" + t.Lang, t.Lang == second.Lang})
		if t.Lang == string(Italian) || t.Lang == second.Lang {
			side, err := t.letter(at)
			if err != nil {
				return err
			}
			c.Sides = append(c.Sides, side)
		}
	}
	return letterView.show(s, w, r, http.StatusOK, text("letter.title"), c, Crumb{text("cases.title"), "/pratiche"},
		Crumb{namelessText(id), "/pratiche/" + id.String()}, Crumb{Text: text("letter.title")})
}

// besideItalian is the language the address asks for, else the first of those the adults of the family know.
func (s *site) besideItalian(asked url.Values, o desk.Opened) tongue {
	known := []string{asked.Get("lingua")}
	for _, a := range o.Adults {
		known = append(known, strings.FieldsFunc(a.Language.Reveal(), func(r rune) bool { return strings.ContainsRune(",;/ ", r) })...)
	}
	for i, code := range append(known, ofFamilies) {
		if t, ok := s.tongue(code); ok && (i == 0 || t.Lang != string(Italian)) {
			return t
		}
	}
	return tongue{}
}

// place is what a letter tells of.
type place struct {
	file   desk.File
	opened desk.Opened
	today  domain.Date
	site   school.Site
	comune string
	centre territory.Centre
}

// stage is which of the three letters it is.
func (p place) stage() string {
	switch p.file.State.Status {
	case casefile.Accepted:
		return "accepted"
	case casefile.Attending:
		return "attending"
	}
	return "offered"
}

// letter writes the whole letter. What is empty is left out.
func (t tongue) letter(p place) (letterSide, error) {
	w := letterWriter{tongue: t, values: map[string]string{}}
	w.values["due"] = w.kept(t.day(lastDay(p.file.State.Offer.Due)))
	w.values["first"] = w.kept(t.day(p.file.State.FirstDay))
	stage := p.stage()
	out := letterSide{Lang: t.Lang, Dir: t.Dir, Today: w.kept(t.day(p.today)), Title: w.say("title"), Greeting: w.say("greeting"), Lead: w.say("lead-" + stage),
		Close: w.say("closing"), ContactTitle: w.say("contact"), ContactText: w.say("contact-text")}
	if t.Lang != string(Italian) {
		out.Courtesy = w.say("courtesy")
	}
	child := []domain.Personal{p.opened.FamilyName, p.opened.GivenName}
	if (t.Lang == "uk" || t.Lang == "ru") && !p.opened.FamilyNameCyrillic.IsZero() {
		child = []domain.Personal{p.opened.FamilyNameCyrillic, p.opened.GivenNameCyrillic}
	}
	w.fact(&out.Facts, letterFact{Term: "child", Person: child})
	if len(p.opened.Adults) > 0 {
		w.fact(&out.Facts, letterFact{Term: "adult", Person: []domain.Personal{p.opened.Adults[0].Name}})
	}
	w.fact(&out.Facts, letterFact{Term: "school", Italian: joined(", ", cmp.Or(p.site.Name, string(p.file.State.Offer.School)), p.site.InstitutionName)})
	w.fact(&out.Facts, letterFact{Term: "address", Italian: joined(", ", p.site.Address, joined(" ", p.site.CAP, p.comune))})
	w.fact(&out.Facts, letterFact{Term: "grade", Text: w.kept(t.level(p.file.State.Offer.Level))})
	w.fact(&out.Facts, letterFact{Term: "case", Italian: p.file.ID.String()[:8]})
	w.part(&out.Parts, "come", "come-"+stage)
	if stage != "attending" {
		w.part(&out.Parts, "bring", "bring-papers", "bring-right", "bring-vaccines")
		w.part(&out.Parts, "answer", "answer-yes-"+stage, "answer-no", "answer-move")
	}
	w.part(&out.Parts, "free", "free-text")
	w.fact(&out.Contact, letterFact{Term: "centre", Italian: joined(", ", cmp.Or(p.centre.Name, string(p.file.State.Centre)), p.centre.HostName)})
	w.fact(&out.Contact, letterFact{Term: "phone", Italian: p.centre.Phone})
	w.fact(&out.Contact, letterFact{Term: "email", Italian: p.centre.Email})
	return out, w.err
}

// joined puts a separator between the parts that say something.
func joined(sep string, parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, sep)
}

// letterWriter keeps the first fault, so that a letter is written in one go.
type letterWriter struct {
	tongue
	values map[string]string
	err    error
}

func (w *letterWriter) kept(s string, err error) string {
	if w.err == nil {
		w.err = err
	}
	return s
}

func (w *letterWriter) say(key string) string { return w.kept(w.tongue.say(key, w.values)) }

func (w *letterWriter) fact(to *[]letterFact, f letterFact) {
	shown := f.Text != "" || f.Italian != ""
	for _, p := range f.Person {
		shown = shown || !p.IsZero()
	}
	if shown {
		f.Term = w.say(f.Term)
		*to = append(*to, f)
	}
}

func (w *letterWriter) part(to *[]letterPart, title string, lines ...string) {
	p := letterPart{Title: w.say(title)}
	for _, key := range lines {
		p.Lines = append(p.Lines, w.say(key))
	}
	*to = append(*to, p)
}
