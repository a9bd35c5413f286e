package web

import (
	"net/http"
	"strings"

	"approdo/domain"
	"approdo/domain/access"
)

// searchPage is the search by name and what it found. The name travels in the body of the request alone: an address is kept in
// histories and logs.
type searchPage struct {
	Form  *Form
	Asked bool
	Table Table
	More  bool // there are more than are shown
}

var searchView = view[searchPage]{"search"}

func searchForm() *Form {
	return newForm("/cerca", text("search.submit"),
		Field{Name: "family_name", Kind: FieldText, Label: text("case.family-name"), Hint: text("search.family-name-hint"), Width: 40},
		Field{Name: "given_name", Kind: FieldText, Label: text("case.given-name"), Optional: true, Width: 40},
		Field{Name: "birth_date", Kind: FieldDate, Label: text("case.birth"), Hint: text("search.birth-hint"), Optional: true})
}

func (s *site) search(w http.ResponseWriter, r *http.Request) error {
	if err := access.Large(actorOf(r), access.SearchByName); err != nil {
		return err
	}
	return s.showSearch(w, r, searchPage{Form: searchForm()})
}

func (s *site) showSearch(w http.ResponseWriter, r *http.Request, c searchPage) error {
	return searchView.show(s, w, r, c.Form.Status(), text("search.title"), c, Crumb{Text: text("search.title")})
}

func (s *site) searchPost(w http.ResponseWriter, r *http.Request) error {
	if err := access.Large(actorOf(r), access.SearchByName); err != nil {
		return err
	}
	form := searchForm()
	if err := form.read(r); err != nil {
		return err
	}
	if strings.TrimSpace(form.value("family_name")) == "" {
		form.place(domain.Invalid("field-required").On("family_name"))
	}
	if birth := strings.TrimSpace(form.value("birth_date")); birth != "" {
		if _, err := domain.ParseDate(birth); err != nil {
			form.place(domain.Invalid("date-malformed").On("birth_date"))
		}
	}
	if form.Refused() {
		return s.showSearch(w, r, searchPage{Form: form})
	}
	c := searchPage{Form: form, Asked: true}
	err := s.withRegisters(r, func(g *registers) error {
		matches, err := s.matches(r, g, form.personOf(), false)
		if err != nil {
			return err
		}
		c.More = len(matches) > mostMatches
		c.Table, err = s.matchTable(r, g, text("search.found", "count", len(matches)), matches)
		c.Table.Empty = Empty{Title: text("search.none"), Text: text("search.none-text")}
		return err
	})
	if err != nil {
		return err
	}
	return s.showSearch(w, r, c)
}
