package web

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
)

// sample is a page with content of its own type, as a person could meet it. Every template has at least one; the tests render
// them all, and the browser suite looks at them wide and narrow.
type sample struct {
	path   string
	status int
	view   string
	as     domain.Role // empty for nobody
	notice string
	show   func(s *site, w http.ResponseWriter, r *http.Request) error
}

func sampleOf[T any](path string, as domain.Role, v view[T], status int, title Text, content T, crumbs ...Crumb) sample {
	return sample{path: path, status: status, view: v.name, as: as, show: func(s *site, w http.ResponseWriter, r *http.Request) error {
		return v.show(s, w, r, status, title, content, crumbs...)
	}}
}

func samples() []sample {
	wrong := signInForm().Set("username", "comune.rozzano")
	wrong.refuse(&domain.Error{Kind: domain.KindRefused, Code: "form-malformed"})
	wrong.refuse(domain.Invalid("date-malformed").On("username"))
	foot := owner{"Ufficio scolastico territoriale di Milano", "approdo@example.org", ""}
	declared := owner{foot.Name, foot.Contact, "https://form.agid.gov.it/view/example"}
	ask := newForm("/conferma", said("Ritira la proposta"),
		Field{Name: "reason", Kind: FieldArea, Label: said("Motivo"), Hint: said("Lo legge chi riceve la pratica.")})
	ask.Cancel, ask.Danger = "/", true
	warned := Callout{Tone: Warning, Title: said("La scuola ha già detto no"), Text: said("Il 14 marzo ha risposto che non ha posti.")}
	withdraw := confirm{
		Title: said("Ritira la proposta"), Lead: said("La pratica torna nella tua coda."), Warning: &warned, Form: ask,
		Facts: []Pair{{said("Scuola"), plain("IC Via Liguria, Rozzano")}, {said("Proposta"), on(domain.Date{Year: 2022, Month: 3, Day: 11})}},
	}
	all := []sample{
		sampleOf("/accedi", "", signInView, 200, text("signin.title"), signIn{Form: signInForm(), Next: "/", Demo: true}),
		sampleOf("/accedi-rifiutato", "", signInView, 422, text("signin.title"), signIn{Form: wrong, Next: "/"}),
		sampleOf("/", domain.RoleCentre, homeView, 200, text("home.title"), newHome(&Person{Actor: domain.Actor{Role: domain.RoleCentre}, Name: domain.NewPersonal("Marta Colombo")})),
		sampleOf("/password", domain.RoleSchool, passwordView, 200, text("password.change-title"), choose{text("password.change-title"), text("password.change-lead"), passwordForm()}),
		sampleOf("/accessibilita", "", accessibilityView, 200, text("accessibility.title"), foot, Crumb{Text: text("accessibility.title")}),
		sampleOf("/accessibilita-depositata", "", accessibilityView, 200, text("accessibility.title"), declared),
		sampleOf("/privacy", domain.RoleComune, privacyView, 200, text("privacy.title"), foot, Crumb{Text: text("privacy.title")}),
		{path: "/conferma", status: 200, view: confirmView.name, as: domain.RoleCentre, show: func(s *site, w http.ResponseWriter, r *http.Request) error {
			return withdraw.show(s, w, r, Crumb{Text: withdraw.Title})
		}},
		sampleOf("/galleria", domain.RoleCentre, view[gallery]{"gallery"}, 200, said("Galleria"), theGallery(), Crumb{Text: said("Galleria")}),
	}
	all = append(all, caseSamples()...)
	all = append(all, letterSamples()...)
	all = append(all, registerSamples()...)
	all = append(all, intakeSamples()...)
	all = append(all, householdSamples()...)
	all = append(all, returnSamples()...)
	all = append(all, planSamples()...)
	all = append(all, ledgerSamples()...)
	all = append(all, doorSamples()...)
	all = append(all, securitySamples()...)
	for status, f := range failures {
		f.Status, f.ID, f.Back = status, "019a3c1e-8f5d-7a10-9b1c-3f1f0a6f2d11", "/"
		all = append(all, sampleOf("/errore/"+strconv.Itoa(status), domain.RoleSchool, failureView, status, f.Title, f))
	}
	all[2].notice = "signed-out"
	return all
}

// said is an invented text of the samples, which the tests' site knows under itself.
func said(s string) Text {
	invented.Store(s, true)
	return Text{key: s}
}

var invented sync.Map

// gallery has every component once.
type gallery struct {
	Action   Action
	Tiles    []Tile
	Bars     Bars
	Table    Table
	Nothing  Table
	Callouts []Callout
	Pairs    []Pair
	Moments  []Moment
	Form     *Form
	Refused  *Form
}

func theGallery() gallery {
	child := func(names ...string) Cell {
		var p []domain.Personal
		for _, n := range names {
			p = append(p, domain.NewPersonal(n))
		}
		return named(p...)
	}
	columns := []Column{{Label: said("Minore")}, {Label: said("Classe")}, {Label: said("Comune")}, {Label: said("Attesa")}, {Label: said("Fratelli"), Numeric: true}, {Label: said("Stato")}}
	row := func(tone Tone, who Cell, grade, comune string, wait int, siblings int, state Cell) Row {
		return Row{tone, []Cell{who.to("/pratica").over(code("A-2022-0413")), plain(grade), plain(comune), say(since(wait)).over(say(due(2 - wait))), count(siblings), state}}
	}
	choose := []Option{{"1", plain("Primaria, classe 1ª"), Text{}}, {"2", plain("Primaria, classe 2ª"), Text{}}, {"3", plain("Primaria, classe 3ª"), Text{}}}
	sexes := []Option{{"F", say(said("Femmina")), Text{}}, {"M", say(said("Maschio")), Text{}}}
	needs := []Option{{"transport", say(said("Trasporto")), said("Scuolabus o mezzi pubblici con accompagnatore.")}, {"canteen", say(said("Mensa")), Text{}}}
	questions := []Field{
		{Name: "surname", Kind: FieldText, Label: said("Cognome"), Hint: said("Come sul passaporto.")},
		{Name: "name", Kind: FieldText, Label: said("Nome"), Lang: "uk"},
		{Name: "birth", Kind: FieldDate, Label: said("Data di nascita")},
		{Name: "sex", Kind: FieldRadios, Label: said("Sesso"), Options: sexes},
		{Name: "grade", Kind: FieldSelect, Label: said("Classe"), Options: choose, Optional: true},
		{Name: "needs", Kind: FieldChecks, Label: said("Servizi"), Options: needs, Optional: true},
		{Name: "reserve", Kind: FieldCheck, Label: said("Iscrizione con riserva"), Hint: said("Mancano documenti: l’iscrizione vale comunque.")},
		{Name: "note", Kind: FieldArea, Label: said("Nota per il centro"), Optional: true},
	}
	fine := newForm("/galleria", said("Invia la richiesta"), questions...).Set("grade", "2").Set("needs", "canteen").Set("surname", "Коваленко")
	bad := newForm("/galleria", said("Invia la richiesta"), questions[:5]...).Set("birth", "2031-02-28")
	bad.refuse(domain.Errors{domain.Invalid("date-malformed").On("birth"), domain.Invalid("form-malformed").On("sex"), domain.Refused("form-too-large")})
	for _, f := range bad.Fields() {
		f.Name = "bad-" + f.Name // two forms on one page share no ids
	}
	when := time.Date(2022, 3, 14, 8, 35, 0, 0, time.UTC)
	return gallery{
		Action:   Action{said("Nuova richiesta"), "/"},
		Tiles:    []Tile{{Danger, said("In ritardo"), 4, Text{}, "/"}, {Warning, said("Da prendere in carico"), 12, said("la più vecchia da 3 giorni"), "/"}, {Info, said("Proposte alle scuole"), 1310, Text{}, "/"}, {Success, said("A scuola"), 986, Text{}, ""}},
		Bars:     Bars{said("Pratiche aperte per ordine"), []Bar{{plain("Infanzia"), 161}, {plain("Primaria"), 640}, {plain("Secondaria di I grado"), 314}, {plain("Secondaria di II grado"), 0}}},
		Callouts: []Callout{{Warning, said("Territorio provvisorio"), said("L’elenco dei Comuni di questo ambito non è ancora confermato dall’Ufficio scolastico."), nil}, {Info, said("Pratiche simili"), Text{}, []Cell{child("Kovalenko", "Sofiia").to("/pratica"), child("Коваленко", "Софія").to("/pratica")}}, {Danger, said("Prese in carico sospese"), said("La Prefettura ha sospeso le prese in carico fino a nuovo avviso."), nil}, {Success, said("Tutto inviato"), Text{}, nil}},
		Table: Table{Caption: said("Pratiche da prendere in carico, le più urgenti prima"), Columns: columns, Rows: []Row{
			row(Danger, child("Kovalenko", "Sofiia"), "Primaria 3ª", "Rozzano", 4, 1, badge(Danger, said("In ritardo"))),
			row(Warning, child("Шевченко", "Олександр"), "Secondaria I 1ª", "San Giuliano Milanese", 2, 0, badge(Warning, said("Da prendere in carico"))),
			row("", child("Melnyk-Oleksandrivska", "Anastasiia Volodymyrivna"), "Infanzia", "Vanzaghello", 0, 2, badge(Info, said("Proposta a una scuola"))),
		}, Pager: Pager{said("Righe 1–3 di molte"), "/", "/"}},
		Nothing: Table{Caption: said("Vuoto"), Columns: columns, Empty: Empty{said("Nessuna pratica in coda"), said("Quando un Comune invia una richiesta la trovi qui."), Action{said("Vai al quadro"), "/"}}},
		Pairs:   []Pair{{said("Minore"), child("Kovalenko", "Sofiia").over(child("Коваленко", "Софія"))}, {said("Nascita"), on(domain.Date{Year: 2014, Month: 5, Day: 1})}, {said("Codice"), code("A-2022-0413")}, {said("Stato"), badge(Warning, said("Da prendere in carico"))}, {said("Ultimo aggiornamento"), at(when)}},
		Moments: []Moment{
			{Danger, when.Add(70 * time.Hour), said("La scuola ha detto no"), plain("IC Via Liguria, Rozzano"), []Pair{{said("Motivo"), say(said("Non ci sono posti nella classe"))}}},
			{Info, when.Add(48 * time.Hour), said("Proposta a una scuola"), plain("CTI 24"), []Pair{{said("Scuola"), plain("IC Via Liguria, Rozzano")}, {said("Classe"), plain("Primaria 3ª")}}},
			{Success, when.Add(2 * time.Hour), said("Presa in carico"), plain("CTI 24"), nil},
			{Neutral, when, said("Richiesta inviata"), plain("Comune di Rozzano"), nil},
		},
		Form: fine, Refused: bad,
	}
}

// samplePerson is somebody in a role, invented.
func samplePerson(role domain.Role) *Person {
	if role == "" {
		return nil
	}
	p := Person{Actor: domain.Actor{Account: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-000000000001"), Role: role}, Name: domain.NewPersonal("Marta Colombo")}
	p.Body = map[domain.Role]string{domain.RoleComune: "Comune di Rozzano", domain.RoleCentre: "CTI ambito 24",
		domain.RoleSchool: "IC Via Liguria", domain.RolePrefettura: "Prefettura di Milano"}[role]
	return &p
}
