package web

import (
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/grade"
	"approdo/domain/territory"
	"approdo/projections/school"
)

func writtenTongues(t *testing.T) []tongue {
	t.Helper()
	all, err := loadTongues()
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestLettersSayTheSameInEveryTongue(t *testing.T) {
	t.Parallel()
	all := writtenTongues(t)
	if len(all) != 6 || all[0].Lang != string(Italian) {
		t.Fatalf("%d tongues", len(all))
	}
	for _, other := range all[1:] {
		for key, text := range all[0].texts {
			a, b := placeholder.FindAllString(text, -1), placeholder.FindAllString(other.texts[key], -1)
			slices.Sort(a)
			slices.Sort(b)
			if strings.TrimSpace(other.texts[key]) == "" || !slices.Equal(a, b) {
				t.Errorf("%s in %s: %q asks for %v, the Italian for %v", key, other.Lang, other.texts[key], b, a)
			}
		}
		for key := range other.texts {
			if all[0].texts[key] == "" {
				t.Errorf("%s of %s is missing in Italian", key, other.Lang)
			}
		}
	}
}

// scripts are the letters a tongue is written in, and some of its neighbour's that it has not.
var scripts = map[string]struct {
	in      *unicode.RangeTable
	foreign string
}{"it": {unicode.Latin, ""}, "en": {unicode.Latin, "àèéìòù"}, "uk": {unicode.Cyrillic, "ыэъё"}, "ru": {unicode.Cyrillic, "іїєґ"}, "ar": {unicode.Arabic, "پچژگ"},
	"zh": {unicode.Han, "學請為這個"}}

func TestLettersAreWrittenInTheirOwnScript(t *testing.T) {
	t.Parallel()
	for _, x := range writtenTongues(t) {
		for key, text := range x.texts {
			if key == "date" {
				continue
			}
			if !strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(scripts[x.Lang].in, r) }) || scripts[x.Lang].foreign != "" && strings.ContainsAny(text, scripts[x.Lang].foreign) {
				t.Errorf("%s in %s: %s", key, x.Lang, text)
			}
		}
	}
}

func TestEveryTextOfTheLetterIsUsed(t *testing.T) {
	t.Parallel()
	source := ""
	for _, name := range []string{"page_letter.go", "tongue.go"} {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		source += string(b)
	}
	for key := range writtenTongues(t)[0].texts {
		stem := key
		for _, ending := range []string{"offered", "accepted", "attending"} {
			stem = strings.TrimSuffix(stem, ending)
		}
		if first, _, ok := strings.Cut(key, "."); ok {
			stem = first + "."
		}
		if !strings.Contains(source, `"`+stem) {
			t.Errorf("%s is never used", key)
		}
	}
}

func TestDaysAndGradesOfALetter(t *testing.T) {
	t.Parallel()
	want := map[string][2]string{
		"it": {"1º dicembre 2026", "Scuola primaria, classe 3ª"}, "en": {"1 December 2026", "Primary school (scuola primaria), year 3"},
		"uk": {"1 грудня 2026 року", "Початкова школа (scuola primaria), 3-й клас"}, "ru": {"1 декабря 2026 года", "Начальная школа (scuola primaria), 3-й класс"},
		"ar": {"1 ديسمبر 2026", "المدرسة الابتدائية (scuola primaria)، الصف 3"}, "zh": {"2026年12月1日", "小学（scuola primaria）3 年级"}}
	for _, x := range writtenTongues(t) {
		day, err := x.day(domain.Date{Year: 2026, Month: 12, Day: 1})
		level, other := x.level(grade.Level{Order: grade.Primaria, Year: 3})
		if err != nil || other != nil || [2]string{day, level} != want[x.Lang] {
			t.Errorf("%s: %q, %q, %v, %v", x.Lang, day, level, err, other)
		}
		for _, l := range grade.Levels() {
			if _, err := x.level(l); err != nil {
				t.Error(err)
			}
		}
	}
}

// letterSamples are a letter in every tongue, about an invented child.
func letterSamples() []sample {
	all, err := loadTongues()
	if err != nil {
		panic(err)
	}
	about := place{file: desk.File{ID: uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-00000000000a"), State: casefile.State{Status: casefile.Accepted, Centre: "CTI-24",
		Offer: &casefile.Offer{School: testSite, Level: grade.Level{Order: grade.Primaria, Year: 3}, Due: now}}}, today: domain.DateOf(now), comune: "Rozzano",
		site:   school.Site{Name: "Primaria di prova", InstitutionName: "Istituto di prova", Address: "Via degli Esempi 5", CAP: "20089"},
		centre: territory.Centre{Name: "CTI ambito 24", HostName: "Istituto che ospita il centro", Phone: "02 000000", Email: "centro@example.org"}}
	about.opened.FamilyName, about.opened.GivenName = domain.NewPersonal("Zrazkova"), domain.NewPersonal("Olha")
	about.opened.FamilyNameCyrillic, about.opened.GivenNameCyrillic = domain.NewPersonal("Зразкова"), domain.NewPersonal("Ольга")
	about.opened.Adults = []casefile.Adult{{Name: domain.NewPersonal("Olena Zrazkova")}}
	var out []sample
	for _, second := range all {
		c := letterPage{Owner: "Ufficio scolastico territoriale di Milano"}
		for _, t := range all {
			c.Tongues = append(c.Tongues, tongueLink{t.Lang, t.Dir, t.Name, "/lettera-" + t.Lang, t.Lang == second.Lang})
			if t.Lang == string(Italian) || t.Lang == second.Lang {
				side, err := t.letter(about)
				if err != nil {
					panic(err)
				}
				c.Sides = append(c.Sides, side)
			}
		}
		out = append(out, sampleOf("/lettera-"+second.Lang, domain.RoleCentre, letterView, 200, text("letter.title"), c, Crumb{Text: text("letter.title")}))
	}
	return out
}

// placed has a place offered for a child whose family speaks a language.
func (w *world) placed(language string) (uuid.UUID, domain.Actor) {
	w.t.Helper()
	r, err := w.desk.Request(w.t.Context(), desk.NewTicket(), atRozzano, desk.RequestForm{FamilyName: domain.NewPersonal("Zrazkova"), GivenName: domain.NewPersonal("Olha"),
		FamilyNameCyrillic: domain.NewPersonal("Зразкова"), GivenNameCyrillic: domain.NewPersonal("Ольга"), Sex: "F", BirthDate: domain.NewPersonal("2013-05-06"),
		AdultName: domain.NewPersonal("Olena Zrazkova"), AdultLanguage: domain.NewPersonal(language), Address: domain.NewPersonal("Via degli Esempi 5")})
	w.check(err)
	w.follow()
	centre := w.centreOf(r.ID)
	at := "/pratiche/" + r.ID.String()
	w.submit(centre, at+"/presa-in-carico", url.Values{})
	w.follow()
	w.submit(centre, at+"/proposta", url.Values{"school": {string(testSite)}})
	w.follow()
	if st := w.state(r.ID).Status; st != casefile.Offered {
		w.t.Fatalf("the case is %s", st)
	}
	return r.ID, centre
}

func TestTheLetterSpeaksTheFamilysLanguage(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id, centre := w.placed("ru")
	at := "/pratiche/" + id.String() + "/lettera"
	letter := func(a domain.Actor, query string, want, not []string) {
		t.Helper()
		status, body := w.get(a, at+query)
		if status != http.StatusOK {
			t.Fatalf("%s answers %d to %s", query, status, a.Role)
		}
		_, body, _ = strings.Cut(body, `<div class="letter`)
		for _, s := range want {
			if !strings.Contains(body, s) {
				t.Errorf("%s to %s lacks %s", query, a.Role, s)
			}
		}
		for _, s := range not {
			if strings.Contains(body, s) {
				t.Errorf("%s to %s has %s", query, a.Role, s)
			}
		}
	}
	due := lastDay(w.state(id).Offer.Due)
	ru, _ := w.site.tongue("ru")
	day, err := ru.day(due)
	w.check(err)
	letter(centre, "", []string{`<article lang="it" dir="ltr">`, `<article lang="ru" dir="ltr">`, "Уважаемая семья!", day, "Зразкова", "Zrazkova", "Olena", "Primaria di prova",
		"articolo 45", "статья 45", id.String()[:8]}, []string{`<article lang="uk"`, "Via degli Esempi", "2013"})
	letter(centre, "?lingua=ar", []string{`<article lang="it" dir="ltr">`, `<article lang="ar" dir="rtl">`, "المادة 45"}, []string{"Уважаемая"})
	letter(centre, "?lingua=it", []string{`<article lang="it" dir="ltr">`}, []string{`<article lang="ru"`, "Vale il testo italiano"})
	letter(centre, "?lingua=xx", []string{`<article lang="ru" dir="ltr">`}, nil)
	letter(atSchool, "", []string{`<article lang="uk" dir="ltr">`, "Zrazkova"}, []string{"Olena", `<article lang="ru"`}) // a school that has not said yes knows no adult
	w.submit(atSchool, "/pratiche/"+id.String()+"/accoglimento", url.Values{"on": {"2022-04-04"}})
	w.follow()
	letter(atSchool, "", []string{"questa scuola ha un posto", "В этой школе есть место", "Olena"}, []string{"tenuto da parte"})
	if status, _ := w.get(atRozzano, at); status != http.StatusForbidden {
		t.Errorf("the comune is answered %d", status)
	}
	if _, body := w.get(centre, "/pratiche/"+id.String()+"/"); !strings.Contains(body, at+`"`) {
		t.Error("the case does not lead to the letter")
	}
	none := w.request("Bezmistseva", "Iryna")
	status, _ := w.get(w.centreOf(none), "/pratiche/"+none.String()+"/lettera")
	_, body := w.get(w.centreOf(none), "/pratiche/"+none.String()+"/")
	if status != http.StatusConflict || strings.Contains(body, "/lettera") {
		t.Errorf("a letter about no place: %d", status)
	}
}

func TestTheReceiptSaysWhoHasTheRequestAndByWhen(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id := w.request("Zrazkova", "Olha")
	at := "/pratiche/" + id.String() + "/ricevuta"
	for _, a := range []domain.Actor{atRozzano, atUST} {
		status, body := w.get(a, at)
		if status != http.StatusOK {
			t.Fatalf("%d to %s", status, a.Role)
		}
		for _, want := range []string{id.String(), "Comune di Rozzano", "Zrazkova", "4 aprile 2022", "Da prendere in carico", "6 aprile 2022", "entro il", "articolo 45"} {
			if !strings.Contains(body, want) {
				t.Errorf("the receipt of %s lacks %s", a.Role, want)
			}
		}
		for _, not := range []string{"Via degli Esempi", "Olena", "1234567"} {
			if strings.Contains(body, not) {
				t.Errorf("the receipt of %s has %s", a.Role, not)
			}
		}
	}
	if status, _ := w.get(w.centreOf(id), at); status != http.StatusForbidden {
		t.Errorf("the centre is answered %d", status)
	}
	if status, _ := w.get(atOpera, at); status != http.StatusNotFound {
		t.Errorf("another comune is answered %d", status)
	}
	if _, body := w.get(atRozzano, "/pratiche/"+id.String()+"/"); !strings.Contains(body, at+`"`) {
		t.Error("the case does not lead to its receipt")
	}
}
