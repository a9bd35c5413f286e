package web

import (
	"html"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/policy"
	"approdo/domain/territory"
)

// registerSamples are the board, the audit trail, registers, accounts and operations, with invented figures.
func registerSamples() []sample {
	columns := []Text{text("board.open"), shortStatus(casefile.Requested), shortStatus(casefile.Attending), shortStatus(casefile.Closed)}
	row := func(name Cell, n ...int) figures {
		f := figures{Name: name}
		for _, x := range n {
			f.Cells = append(f.Cells, figure{x, "/pratiche"})
		}
		return f
	}
	table := func(id string, caption Text) matrix {
		return matrix{ID: id, Caption: caption, Head: text("list.comune"), Columns: columns,
			Rows: []figures{row(marked(plain("San Giuliano Milanese"), true), 12, 1310, 1322, 0), row(plain("Rozzano"), 0, 4, 4, 2)}}
	}
	shipped := territory.Shipped()
	land := territory.Evolve(territory.State{}, territory.Founded{Province: territory.Province015, Register: shipped})
	weeks := newChart(text("flow.chart"), text("flow.arrived"), text("flow.placed"), text("flow.departed"))
	for i := range 20 {
		weeks.add(domain.DateOf(now).AddDays(7*i), 80-i, few, i)
	}
	hidden := figures{Name: plain("Opera"), Cells: []figure{{N: few}, {}, {N: 3}, {}}}
	guarded := table("by-comune", text("board.by-comune"))
	guarded.Rows = append(guarded.Rows, hidden)
	full := boardPage{At: now, Scope: boardScopeText(domain.RoleUST), City: true, Guarded: true,
		Callouts: append([]Callout{asOf{day: "2022-04-04", at: now}.callout("/cruscotto")}, provisionalCallouts(land, true)...),
		Filter:   filterOfBoard(land, boardFilter{known: asOf{day: "2022-04-04", hour: "15:00", at: now}}, true),
		Parts: []boardPart{{ID: "states", Title: text("board.states"),
			Tiles: []Tile{{Tone: Info, Label: text("board.open"), Value: 1326, Href: "/pratiche"}, {Tone: Success, Label: statusText(casefile.Attending), Value: few}}},
			{ID: "flow", Title: text("flow.title"), Chart: weeks.drawn(), More: []matrix{table("by-week", text("flow.by-week"))},
				Bars: []Bars{{text("board.orders"), []Bar{{say(orderText("primaria")).to("/pratiche"), 640}, {say(orderText("infanzia")), 0}}}, {text("flow.funnel"), []Bar{{say(text("flow.known")), few}}}}},
			{ID: "seats", Title: text("seats.title"), Lead: text("seats.lead", "year", "2021/22"), Tables: []matrix{{Rows: nil, None: text("seats.none-lacking")}}},
			{ID: "comuni", Title: text("board.comuni"), Tables: []matrix{guarded},
				Map: mapOf(shipped.Comuni, territory.Boundaries{}, func(c domain.Comune) int { return len(c) * int(c[5]-'0') })}}}
	d := domain.DateOf(now)
	id := uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-00000000000a")
	day := dayPage{Day: d, Previous: dayPath(d.AddDays(-1)), Next: dayPath(d.AddDays(1)), Total: 2, Summary: []Pair{{text("audit.act-count", "act", text("event.case.requested")), count(2)}},
		Picker: newFilter("/registro", text("audit.show"), Field{Name: "giorno", Kind: FieldDate, Label: text("audit.day")}).Set("giorno", d.String()),
		Table: Table{Caption: text("audit.caption", "day", d), Columns: []Column{{Label: text("audit.time")}, {Label: text("audit.act")}, {Label: text("audit.case")}},
			Rows: []Row{{Cells: []Cell{plain("09:00:00"), say(text("event.case.requested")), code("P-7KQ2M0XD").to(trailPath(id))}}}, Pager: Pager{Next: "/registro"}}}
	found := auditPage{Total: 2, Most: exportRows, Summary: []Pair{{text("audit.act-count", "act", text("event.case.place-offered")), count(2).to(auditPath)}},
		Filter: newFilter(auditPath, text("audit.search"), Field{Name: "dal", Kind: FieldDate, Label: text("audit.from"), Optional: true},
			Field{Name: "pratica", Kind: FieldText, Label: text("audit.pupil"), Width: 12, Optional: true}, Field{Name: "ora", Kind: FieldText, Label: text("audit.hour"), Width: 6, Optional: true}),
		Callouts: []Callout{{Tone: Info, Title: text("audit.as-of", "day", d, "hour", "23:59:59")}, {Tone: Warning, Title: text("audit.same-pseudonym", "count", 2)}},
		Table: Table{Caption: text("audit.found"), Columns: []Column{{Label: text("audit.when")}, {Label: text("audit.act")}, {Label: text("audit.case")}, {Label: text("basis.title")}},
			Rows: []Row{{Cells: []Cell{on(d).over(plain("09:00:00")), say(text("event.case.place-offered")), code("P-7KQ2M0XD").to(trailPath(id)),
				plain("CM 2/2010").over(plain("tetto, versione 1, dal 1º settembre 2021 (ricavato dal registro del momento)"))}}}, Pager: Pager{First: auditPath, Next: auditPath}},
		Files: []Action{{text("audit.sheet"), auditSheet}, {text("audit.book"), auditBook}, {text("audit.proofs"), auditProof}}}
	beyond := found
	beyond.Paged = true
	wrong := auditPage{Refused: true, Most: exportRows, Filter: newFilter(auditPath, text("audit.search"), Field{Name: "ora", Kind: FieldText, Label: text("audit.hour"), Optional: true})}
	wrong.Filter.refuse(errHour.On("ora"))
	trail := trailPage{Pseudonym: "P-7KQ2M0XD", Facts: []Pair{{text("list.status"), statusBadge(casefile.Offered)}, {text("audit.records"), count(3)}},
		Timeline: []Moment{{Tone: Info, At: now, Title: text("event.case.place-offered"), By: plain("CTI ambito 24").over(say(roleText(domain.RoleCentre))),
			Detail: []Pair{{text("audit.rule"), say(text("audit.rule-placement"))}}}}}
	suspension := confirm{Title: text("suspension.new"), Lead: text("suspension.new-lead"), Form: suspensionForm(land)}
	sheets := sheet{Title: text("territory.title"), Lead: text("territory.lead"), Callouts: provisionalCallouts(land, true), Actions: []Action{{text("territory.confirm"), "/territorio/conferma"}},
		Filter: newFilter("/territorio/comuni", text("board.filter"), Field{Name: "ambito", Kind: FieldSelect, Label: text("board.ambito"), Options: ambitoOptions(land), Optional: true}),
		Facts:  []Pair{{text("territory.state"), stateCell(true)}}, Parts: []part{{Doors: []door{{text("territory.comuni"), text("territory.to-confirm", "count", 133), "/"}}},
			{ID: "edit", Title: text("terms.set-title"), Text: text("terms.set-text"), Form: termsForm(land.ClocksOn(d))}}}
	return []sample{
		sampleOf("/cruscotto", domain.RoleUST, boardView, 200, text("board.title"), full, Crumb{Text: text("board.title")}),
		sampleOf("/registro/2022-04-04", domain.RolePrefettura, dayView, 200, text("audit.day-title", "day", d), day, Crumb{Text: text("audit.title")}),
		sampleOf("/registro/cerca", domain.RolePrefettura, auditView, 200, text("audit.search-title"), found, Crumb{Text: text("audit.search-title")}),
		sampleOf("/registro/cerca-oltre", domain.RolePrefettura, auditView, 200, text("audit.search-title"), beyond, Crumb{Text: text("audit.search-title")}),
		sampleOf("/registro/cerca-rifiutato", domain.RolePrefettura, auditView, 422, text("audit.search-title"), wrong, Crumb{Text: text("audit.search-title")}),
		sampleOf("/registro-pratica", domain.RolePrefettura, trailView, 200, text("audit.trail-title"), trail, Crumb{Text: text("audit.trail-title")}),
		sampleOf("/territorio", domain.RoleUST, sheetView, 200, sheets.Title, sheets, Crumb{Text: sheets.Title}),
		{path: "/sospensione", status: 200, view: confirmView.name, as: domain.RolePrefettura, show: func(s *site, w http.ResponseWriter, r *http.Request) error {
			return suspension.show(s, w, r, Crumb{Text: suspension.Title})
		}},
	}
}

// doors are the pages of registers with the act they need, each at an address that is there.
var guarded = map[string]access.Act{
	"/cruscotto": access.ReadBoard, "/registro": access.ReadDay, "/registro/2022-04-04": access.ReadDay,
	auditPath: access.ReadDay, auditSheet: access.ReadDay, auditBook: access.ReadDay,
	"/territorio": access.ReadRegisters, "/territorio/comuni": access.ReadRegisters, "/territorio/comuni/015189": access.ReadRegisters,
	"/territorio/centri": access.ReadRegisters, "/territorio/centri/POLO-1": access.ReadRegisters, "/territorio/politica": access.ReadRegisters,
	"/territorio/termini": access.ReadRegisters, "/territorio/tetto": access.ReadRegisters, "/territorio/solleciti": access.ReadRegisters, weightsPath: access.ReadRegisters, "/territorio/conferma": access.EditRegisters,
	"/territorio/sospensioni": access.ReadRegisters, "/territorio/sospensioni/nuova": access.Suspend,
	"/utenze": access.ManageAccounts, "/utenze/nuova": access.ManageAccounts, "/funzionamento": access.ReadOperations,
}

func TestRegistersAreForThoseWhoMay(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, a := range []domain.Actor{atRozzano, atSchool, atCTI, atUST, atPrefettura, atAdmin} {
		for path, act := range guarded {
			code, _ := o.get(a, path)
			want := http.StatusForbidden
			switch {
			case access.Large(a, act) != nil:
			case path == "/registro":
				want = http.StatusSeeOther
			default:
				want = http.StatusOK
			}
			if code != want {
				t.Errorf("%s at %s: %d, want %d", a.Role, path, code, want)
			}
		}
	}
}

func TestFormsOfRegistersAreOnlyTheUSTs(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, path := range []string{"/territorio/comuni/015189", "/territorio/centri/POLO-1", "/territorio/politica", "/territorio/termini", "/territorio/tetto", "/territorio/solleciti", weightsPath, "/territorio/conferma"} {
		if _, body := o.get(atUST, path); !strings.Contains(body, `<form method="post" action="`+path+`"`) {
			t.Errorf("%s: the UST has no form", path)
		}
		if _, body := o.get(atPrefettura, path); strings.Contains(body, `action="`+path+`"`) {
			t.Errorf("%s: the Prefettura has a form", path)
		}
		for _, a := range []domain.Actor{atPrefettura, atCTI, atRozzano} {
			if w := do(o.site.handler(), http.MethodPost, path, "percent=40", o.as(a)); w.Code != http.StatusForbidden {
				t.Errorf("%s posted to %s: %d", a.Role, path, w.Code)
			}
		}
	}
}

func TestTheBoardCountsWhatItsReaderMaySee(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	first, second := o.request("Shevchenko", "Olha"), o.request("Bondar", "Marko")
	_, err := o.desk.Do(t.Context(), desk.NewTicket(), first, casefile.TakeCharge{Act: o.desk.Act(o.centreOf(first))})
	o.check(err)
	_, err = o.desk.Do(t.Context(), desk.NewTicket(), second, casefile.WithdrawRequest{Act: o.desk.Act(atRozzano), Reason: "returned-home"})
	o.check(err)
	o.follow()

	_, body := o.get(atUST, "/cruscotto")
	for _, want := range []string{
		`href="/pratiche?comune=015189&amp;stato=in-charge">1</a>`, `href="/pratiche?comune=015189&amp;stato=closed">1</a>`, `href="/pratiche?comune=015189&amp;stato=aperte">1</a>`,
		`href="/pratiche?ordine=primaria&amp;stato=in-charge">1</a>`, `href="/pratiche?canale=comune&amp;stato=aperte">1</a>`,
		`href="/pratiche?centro=` + string(o.state(first).Centre) + `&amp;stato=aperte">1</a>`, "<title>Rozzano: 1</title>", "<title>Opera: 0</title>", "non li ha ancora confermati",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the board of the UST lacks %s", want)
		}
	}
	if strings.Contains(body, " style=") || strings.Contains(body, "Shevchenko") {
		t.Error("a style, which the policy forbids, or a name")
	}

	if _, body = o.get(atPrefettura, "/cruscotto"); strings.Contains(body, "/pratiche") || !strings.Contains(body, "<title>Rozzano: meno di 3</title>") {
		t.Error("the Prefettura has no figures, or is led to lists")
	}
	if _, body = o.get(atOpera, "/cruscotto"); strings.Contains(body, "Rozzano") || strings.Contains(body, "<svg viewBox=\"0 0 1000") {
		t.Error("a comune is told of another")
	}
	if _, body = o.get(atRozzano, "/cruscotto"); !strings.Contains(body, `href="/pratiche?stato=in-charge"><span class="tile-value">1<`) {
		t.Error("the comune does not count its own")
	}

	// What is asked for narrows every figure, and the lists behind it.
	_, body = o.get(atUST, "/cruscotto?ordine=infanzia")
	if strings.Contains(body, "comune=015189") || !strings.Contains(body, `href="/pratiche?ordine=infanzia&amp;stato=aperte"`) {
		t.Error("the order does not narrow")
	}
	rozzano, _ := o.land().Comune("015189")
	_, body = o.get(atUST, "/cruscotto?ambito="+string(rozzano.Ambito))
	if !strings.Contains(body, `href="/pratiche?comune=015189&amp;stato=in-charge">1</a>`) || strings.Contains(body, `href="/pratiche?stato=in-charge"`) ||
		!strings.Contains(body, `href="/pratiche?ambito=`+string(rozzano.Ambito)+`&amp;stato=in-charge"`) {
		t.Error("in an ambito a figure is missing, or leads to a list of more than it counts")
	}
	if _, body = o.get(atUST, "/cruscotto?ambito=LOM0000024"); strings.Contains(body, "comune=015189") {
		t.Error("another ambito counts the comune")
	}
}

var counted = regexp.MustCompile(`href="(/pratiche[^"]*)">(?:<span class="tile-value">)?([0-9]+)<`)

func TestEveryFigureLeadsToAsManyCases(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for _, name := range []string{"Uno", "Due", "Tre", "Quattro"} {
		o.request("Prova"+name, name)
	}
	inCharge := o.request("ProvaCinque", "Cinque")
	_, err := o.desk.Do(t.Context(), desk.NewTicket(), inCharge, casefile.TakeCharge{Act: o.desk.Act(o.centreOf(inCharge))})
	o.check(err)
	o.follow()
	o.site.Clock = func() time.Time { return now.AddDate(0, 0, 3) } // four have not been taken in charge in time
	rozzano, _ := o.land().Comune("015189")
	for as, pages := range map[domain.Actor][]string{atUST: {"/cruscotto", "/cruscotto?ordine=primaria", "/cruscotto?ambito=" + string(rozzano.Ambito)},
		atRozzano: {"/cruscotto"}, o.centreOf(inCharge): {"/cruscotto"}, atSchool: {"/cruscotto"}} {
		for _, page := range pages {
			_, body := o.get(as, page)
			links := counted.FindAllStringSubmatch(body, -1)
			if len(links) < 8 {
				t.Errorf("%s at %s: %d figures lead somewhere", as.Role, page, len(links))
			}
			for _, m := range links {
				_, list := o.get(as, html.UnescapeString(m[1]))
				if got := strconv.Itoa(strings.Count(list, `role="rowheader"`)); got != m[2] {
					t.Errorf("%s at %s: %s says %s and lists %s", as.Role, page, m[1], m[2], got)
				}
			}
		}
	}
	if _, body := o.get(atUST, "/cruscotto"); !strings.Contains(body, `href="/pratiche?scadute=1&amp;tocca=centre"><span class="tile-value">4<`) {
		t.Error("four are overdue at their centre")
	}
}

func TestTheMapIsInProportion(t *testing.T) {
	t.Parallel()
	shipped := territory.Shipped().Comuni
	m := mapOf(shipped, territory.Boundaries{}, func(c domain.Comune) int {
		return map[domain.Comune]int{domain.Milano: 100, "015189": 25, "015159": 1}[c]
	})
	if len(m.Circles) != 133 {
		t.Fatalf("%d circles", len(m.Circles))
	}
	r := map[string]circle{}
	for i, c := range m.Circles {
		r[c.Name] = c
		if c.X < 0 || c.X > m.Width || c.Y < 0 || c.Y > m.Height {
			t.Errorf("%s lies outside", c.Name)
		}
		if i > 0 && c.R > m.Circles[i-1].R {
			t.Error("a larger circle lies on a smaller one")
		}
	}
	if r["Milano"].R != mostR || r["Rozzano"].R != mostR/2 || r["Opera"].R != leastR || r["Arese"].R != emptyR {
		t.Errorf("radii %d %d %d %d", r["Milano"].R, r["Rozzano"].R, r["Opera"].R, r["Arese"].R)
	}
	if north, south := r["Legnano"], r["Binasco"]; north.Y >= south.Y || r["Magenta"].X >= r["Gorgonzola"].X {
		t.Error("north is not above, or west not left")
	}
	if mapOf(nil, territory.Boundaries{}, nil) != nil {
		t.Error("a map of nothing")
	}
}

func TestTheTrailOfADayAndOfACaseNameNobody(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	id := o.request("Shevchenko", "Olha")
	centre := o.centreOf(id)
	_, err := o.desk.Do(t.Context(), desk.NewTicket(), id, casefile.TakeCharge{Act: o.desk.Act(centre)})
	o.check(err)
	_, err = o.desk.Do(t.Context(), desk.NewTicket(), id, casefile.AddNote{Act: o.desk.Act(centre),
		Text: domain.Open(id, domain.ClassPersonal, domain.NewPersonal("La zia di Olha telefona"))})
	o.check(err)
	o.follow()
	pseudonym := o.site.pseudonym(atPrefettura, id)
	_, day := o.get(atPrefettura, "/registro/2022-04-04")
	for _, want := range []string{"Richiesta registrata", "Presa in carico", "Comune di Rozzano", pseudonym, `href="/pratiche/` + id.String() + `/registro"`, "4 operazioni", "/registro/2022-04-03"} {
		if !strings.Contains(day, want) {
			t.Errorf("the day lacks %s", want)
		}
	}
	if strings.Contains(day, "/registro/2022-04-05") {
		t.Error("the day after today is offered")
	}
	_, trail := o.get(atPrefettura, "/pratiche/"+id.String()+"/registro")
	for _, want := range []string{"Richiesta registrata", "Instradata", "Versione delle regole", "Presa in carico", "Nota", "Comune di Rozzano", pseudonym} {
		if !strings.Contains(trail, want) {
			t.Errorf("the trail lacks %s", want)
		}
	}
	for _, body := range []string{day, trail} {
		for _, secret := range []string{"Shevchenko", "Olha", "zia", "Esempi", "1234567", "2013"} {
			if strings.Contains(body, secret) {
				t.Errorf("%s is told", secret)
			}
		}
	}
	if strings.Contains(trail, `href="/pratiche/`+id.String()+`"`) {
		t.Error("the Prefettura is led to the case")
	}
	if _, body := o.get(atUST, "/pratiche/"+id.String()+"/registro"); !strings.Contains(body, `href="/pratiche/`+id.String()+`"`) {
		t.Error("the UST is not led to the case")
	}
	if code, _ := o.get(centre, "/pratiche/"+id.String()+"/registro"); code != http.StatusOK {
		t.Errorf("the centre: %d", code)
	}
	if code, _ := o.get(atRozzano, "/pratiche/"+id.String()+"/registro"); code != http.StatusForbidden {
		t.Errorf("the comune: %d", code)
	}
	for _, absent := range []string{"/registro/2022-13-01", "/registro/ieri", "/registro/2022-04-04?da=x", "/pratiche/" + uuid.NewString() + "/registro", "/pratiche/x/registro"} {
		if code, _ := o.get(atPrefettura, absent); code != http.StatusNotFound {
			t.Errorf("%s: %d", absent, code)
		}
	}
	picked := do(o.site.handler(), http.MethodGet, "/registro?giorno=2022-03-01", "", o.as(atUST))
	if picked.Header().Get("Location") != "/registro/2022-03-01" {
		t.Errorf("picked: %s", picked.Header().Get("Location"))
	}
}

func TestADayIsReadPageByPage(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	for range dayRows/2 + 3 {
		o.request("Prova", "Uno")
	}
	_, body := o.get(atUST, "/registro/2022-04-04")
	_, rest, found := strings.Cut(body, `href="/registro/2022-04-04?da=`)
	if !found || strings.Count(body, `role="rowheader"`) != dayRows {
		t.Fatalf("%d rows, or no next page", strings.Count(body, `role="rowheader"`))
	}
	next, _, _ := strings.Cut(rest, `"`)
	if _, body = o.get(atUST, "/registro/2022-04-04?da="+next); strings.Count(body, `role="rowheader"`) != 6 || strings.Contains(body, "?da=") {
		t.Errorf("the second page has %d rows", strings.Count(body, `role="rowheader"`))
	}
}

// parkedLong is a record that policies of the tests could not deal with.
func parkedLong(id uuid.UUID, stream string) policy.Parked {
	return policy.Parked{ID: id, Policy: policy.NamePlacesFollowCase, Event: uuid.New(), Type: "case.closed", Stream: stream, Position: 7, Code: policy.CodeConflict,
		Attempts: 5, First: now.Add(-time.Hour), Last: now}
}
