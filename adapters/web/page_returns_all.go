package web

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"approdo/adapters/spreadsheet"
	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/calendar"
	"approdo/domain/desk"
	"approdo/domain/grade"
	"approdo/domain/returns"
	"approdo/projections/board"
	mondays "approdo/projections/returns"
	"approdo/projections/school"
)

// What the list of a Monday can be narrowed to.
const (
	returnsOpen      = "senza-risposta"
	returnsDifferent = "differenze"
	returnsEvery     = "tutte"
)

// returnsPage is a Monday of the whole territory.
type returnsPage struct {
	Monday  domain.Date
	Mondays []yearLink
	Holiday bool
	At      time.Time
	Chosen  bool
	Actions []Action
	Filter  *Form
	Tiles   []Tile
	Sums    Table
	Table   Table
}

var returnsView = view[returnsPage]{"returns"}

// institutionReturn is one institution's Monday: what the journal counts and what the school answered.
type institutionReturn struct {
	school.Head
	figures returns.Figures
	answer  mondays.Answer
	within  []domain.Ambito
}

func (x institutionReturn) different() bool {
	return x.answer.Validated && x.answer.Figures != x.figures
}

func (x institutionReturn) urgency() int {
	switch {
	case x.waits():
		return 0
	case x.different():
		return 1
	}
	return 2
}

// waits reports whether an answer is missing where there are pupils.
func (x institutionReturn) waits() bool { return !x.answer.Validated && x.figures.Total() > 0 }

// returnsQuery narrows the list of a Monday.
type returnsQuery struct {
	ambito domain.Ambito
	show   string
}

func returnsQueryOf(r *http.Request, g *registers) (q returnsQuery) {
	if a := domain.Ambito(r.URL.Query().Get("ambito")); slices.Contains(ambiti(g.land), a) {
		q.ambito = a
	}
	if show := r.URL.Query().Get("mostra"); slices.Contains([]string{returnsOpen, returnsDifferent, returnsEvery}, show) {
		q.show = show
	}
	return q
}

func (q returnsQuery) href(m askedMonday, tail ...string) string {
	v := m.values()
	if q.ambito != "" {
		v.Set("ambito", string(q.ambito))
	}
	if q.show != "" {
		v.Set("mostra", q.show)
	}
	to := returnHref(m.monday, tail...)
	if len(v) > 0 {
		to += "?" + v.Encode()
	}
	return to
}

// wants reports whether an institution is in the list. Unless all are asked for, those without a pupil that were never heard of are not:
// their zero goes without saying.
func (q returnsQuery) wants(x institutionReturn) bool {
	if q.ambito != "" && !slices.Contains(x.within, q.ambito) {
		return false
	}
	switch q.show {
	case returnsOpen:
		return x.waits() || !x.answer.Validated && !x.answer.Reminded.IsZero()
	case returnsDifferent:
		return x.different()
	case returnsEvery:
		return true
	}
	return x.figures.Total() > 0 || x.answer != (mondays.Answer{})
}

// returnsAt gives every institution of the register, and those the register has lost and pupils have not: who has not answered first,
// then where figures differ, each by name.
func returnsAt(g *registers, m askedMonday) ([]institutionReturn, error) {
	figures := map[domain.Institution]returns.Figures{}
	for c, err := range mondays.Counts(g.views, m.at) {
		if err != nil {
			return nil, err
		}
		figures[c.Institution] = figures[c.Institution].With(c.Order, c.N)
	}
	answers, err := mondays.Answers(g.views, m.monday, m.known)
	if err != nil {
		return nil, err
	}
	var out []institutionReturn
	known := map[domain.Institution]bool{}
	add := func(h school.Head) {
		x := institutionReturn{Head: h, figures: figures[h.Code], answer: answers[h.Code]}
		if c, ok := g.land.Comune(h.Comune); ok {
			for _, a := range ambiti(g.land) {
				if c.In(a) {
					x.within = append(x.within, a)
				}
			}
		}
		known[h.Code] = true
		out = append(out, x)
	}
	for h, err := range school.Heads(g.views) {
		if err != nil {
			return nil, err
		}
		add(h)
	}
	for i := range figures {
		if !known[i] {
			add(school.Head{Code: i, Name: string(i)})
		}
	}
	for i := range answers {
		if !known[i] {
			add(school.Head{Code: i, Name: string(i)})
		}
	}
	slices.SortFunc(out, func(a, b institutionReturn) int {
		return cmp.Or(cmp.Compare(a.urgency(), b.urgency()), strings.Compare(a.Name, b.Name), strings.Compare(string(a.Code), string(b.Code)))
	})
	return out, nil
}

// overview is the UST's page of a Monday.
func (s *site) overview(w http.ResponseWriter, r *http.Request, m askedMonday) error {
	c := returnsPage{Monday: m.monday, Mondays: s.mondayLinks(m.monday), Holiday: calendar.IsHoliday(m.monday, ""), At: m.at, Chosen: m.chosen}
	err := s.withRegisters(r, func(g *registers) error {
		q := returnsQueryOf(r, g)
		all, err := returnsAt(g, m)
		if err != nil {
			return err
		}
		c.Actions = []Action{{text("return.remind"), returnsQuery{ambito: q.ambito}.href(m, "solleciti")}, {text("return.file"), q.href(m, "file")}}
		c.Filter = returnsFilter(g, q, m)
		c.Sums = sumsTable(all, q.ambito)
		c.Tiles = returnsTiles(all, q, m)
		all = slices.DeleteFunc(all, func(x institutionReturn) bool { return !q.wants(x) })
		some, pager := pageOfReturns(all, domain.Institution(r.URL.Query().Get("dopo")), q, m)
		c.Table = s.returnsTable(g, some, m)
		c.Table.Pager = pager
		return nil
	})
	if err != nil {
		return err
	}
	return returnsView.show(s, w, r, http.StatusOK, returnTitle(m.monday), c, returnsCrumb, Crumb{Text: returnTitle(m.monday)})
}

// returnsShown is how many institutions a page lists.
const returnsShown = 50

// pageOfReturns cuts the page out of a list that begins behind an institution.
func pageOfReturns(all []institutionReturn, after domain.Institution, q returnsQuery, m askedMonday) ([]institutionReturn, Pager) {
	pager := Pager{Shown: text("return.listed", "count", len(all))}
	if i := slices.IndexFunc(all, func(x institutionReturn) bool { return x.Code == after }); i >= 0 {
		all, pager.First = all[i+1:], q.href(m)
	}
	if len(all) > returnsShown {
		all = all[:returnsShown]
		next, join := q.href(m), "?"
		if strings.Contains(next, "?") {
			join = "&"
		}
		pager.Next = next + join + "dopo=" + url.QueryEscape(string(all[returnsShown-1].Code))
	}
	return all, pager
}

func returnsFilter(g *registers, q returnsQuery, m askedMonday) *Form {
	fields := append([]Field{
		{Name: "mostra", Kind: FieldSelect, Label: text("return.show"), Options: []Option{{Value: "", Label: say(text("return.show-pupils"))},
			{Value: returnsOpen, Label: say(text("return.show-open"))}, {Value: returnsDifferent, Label: say(text("return.show-different"))},
			{Value: returnsEvery, Label: say(text("return.show-every"))}}},
		{Name: "ambito", Kind: FieldSelect, Label: text("board.ambito"), Options: ambitoOptions(g.land), Optional: true}}, asOf{}.fields()...)
	return m.fill(newFilter(returnHref(m.monday), text("return.apply"), fields...)).Set("mostra", q.show).Set("ambito", string(q.ambito))
}

func returnsTiles(all []institutionReturn, q returnsQuery, m askedMonday) []Tile {
	var validated, open, different int
	for _, x := range all {
		if q.ambito != "" && !slices.Contains(x.within, q.ambito) {
			continue
		}
		if x.answer.Validated {
			validated++
		}
		if x.waits() {
			open++
		}
		if x.different() {
			different++
		}
	}
	to := func(show string) string { return returnsQuery{ambito: q.ambito, show: show}.href(m) }
	return []Tile{{Tone: Success, Label: text("return.tile-validated"), Value: validated, Href: to("")},
		{Tone: toneOf(open, Warning), Label: text("return.tile-open"), Value: open, Href: to(returnsOpen)},
		{Tone: toneOf(different, Warning), Label: text("return.tile-different"), Value: different, Href: to(returnsDifferent)}}
}

// sumsTable adds up a Monday by order: what the journal counts, what schools validated, and what the journal counts where none has.
func sumsTable(all []institutionReturn, ambito domain.Ambito) Table {
	var journal, said, open returns.Figures
	for _, x := range all {
		if ambito != "" && !slices.Contains(x.within, ambito) {
			continue
		}
		journal = journal.And(x.figures)
		if x.answer.Validated {
			said = said.And(x.answer.Figures)
		} else {
			open = open.And(x.figures)
		}
	}
	t := Table{Caption: text("return.sums"), Columns: []Column{{Label: text("list.order")}, {Label: text("return.computed-short"), Numeric: true},
		{Label: text("return.validated-sum"), Numeric: true}, {Label: text("return.open-sum"), Numeric: true}, {Label: text("return.to-send"), Numeric: true}}}
	row := func(name Text, journal, said, open int) {
		t.Rows = append(t.Rows, Row{Cells: []Cell{say(name), count(journal), count(said), count(open), count(said + open)}})
	}
	for _, o := range grade.Orders() {
		row(orderText(o), journal.Of(o), said.Of(o), open.Of(o))
	}
	row(text("return.total"), journal.Total(), said.Total(), open.Total())
	return t
}

func (s *site) returnsTable(g *registers, list []institutionReturn, m askedMonday) Table {
	t := Table{Caption: text("return.institutions"), Columns: []Column{{Label: text("schools.institution")}, {Label: text("list.comune")}},
		Empty: Empty{Title: text("return.none"), Text: text("return.none-text")}}
	for _, o := range grade.Orders() {
		t.Columns = append(t.Columns, Column{Label: text("short-order." + string(o)), Numeric: true})
	}
	t.Columns = append(t.Columns, Column{Label: text("return.total"), Numeric: true}, Column{Label: text("return.validated"), Numeric: true},
		Column{Label: text("list.status")})
	for _, x := range list {
		row := Row{Cells: []Cell{plain(x.Name).to(m.href(string(x.Code))).over(code(string(x.Code))), g.comune(x.Comune)}}
		for _, o := range grade.Orders() {
			row.Cells = append(row.Cells, count(x.figures.Of(o)))
		}
		said := Cell{}
		if x.answer.Validated {
			said = count(x.answer.Figures.Total())
		}
		status := stateOf(x.answer)
		if x.different() {
			row.Tone = Warning
			var orders []string
			for _, o := range grade.Orders() {
				if n := x.answer.Figures.Of(o); n != x.figures.Of(o) {
					orders = append(orders, strconv.Itoa(n)+"/"+strconv.Itoa(x.figures.Of(o)))
				}
			}
			said = said.over(say(text("return.differs", "figures", strings.Join(orders, ", "))))
		}
		row.Cells = append(row.Cells, count(x.figures.Total()), said, status)
		t.Rows = append(t.Rows, row)
	}
	return t
}

// href is the address of an institution's return as of the same instant.
func (m askedMonday) href(tail ...string) string {
	to := returnHref(m.monday, tail...)
	if v := m.values(); len(v) > 0 {
		to += "?" + v.Encode()
	}
	return to
}

// fewest is the smallest figure that is shown outside schools and UST: a smaller one may point at a child.
const fewest = 3

// sums is the Prefettura's page of a Monday: sums as of the Monday itself, no institution, and no small number. Where one order is held
// back the total is too, or it would give the figure away.
func (s *site) sums(w http.ResponseWriter, r *http.Request, m askedMonday) error {
	due := askedMonday{monday: m.monday, at: returns.Due(m.monday), known: s.Clock().UTC()}
	c := returnsPage{Monday: m.monday, Mondays: s.mondayLinks(m.monday), Holiday: calendar.IsHoliday(m.monday, ""), At: due.at}
	err := s.withRegisters(r, func(g *registers) error {
		all, err := returnsAt(g, due)
		if err != nil {
			return err
		}
		c.Tiles = returnsTiles(all, returnsQuery{}, due)[:2]
		for i := range c.Tiles {
			c.Tiles[i].Href = ""
		}
		c.Sums = withheldSums(all)
		return nil
	})
	if err != nil {
		return err
	}
	return returnsView.show(s, w, r, http.StatusOK, returnTitle(m.monday), c, returnsCrumb, Crumb{Text: returnTitle(m.monday)})
}

func withheldSums(all []institutionReturn) Table {
	var journal returns.Figures
	for _, x := range all {
		journal = journal.And(x.figures)
	}
	t := Table{Caption: text("return.sums"), Columns: []Column{{Label: text("list.order")}, {Label: text("return.computed-short"), Numeric: true}}}
	held := false
	for _, o := range grade.Orders() {
		told := board.Guarded(journal.Of(o))
		n := count(told)
		if told == board.Few {
			n, held = say(text("return.few", "count", fewest)), true
		}
		t.Rows = append(t.Rows, Row{Cells: []Cell{say(orderText(o)), n}})
	}
	total := count(board.Guarded(journal.Total()))
	if held {
		total = say(text("return.total-held"))
	}
	t.Rows = append(t.Rows, Row{Cells: []Cell{say(text("return.total")), total}})
	return t
}

// returnsFile is the list of a Monday for the ministry's form: one row an institution, or with righe=sedi one a site. The formats are
// told in the guide of the UST.
func (s *site) returnsFile(w http.ResponseWriter, r *http.Request) error {
	if err := access.Large(actorOf(r), access.RemindReturns); err != nil {
		return err
	}
	m, err := s.mondayOf(r)
	if err != nil {
		return err
	}
	var rows [][]string
	name := "rilevazione-" + m.monday.String()
	err = s.withRegisters(r, func(g *registers) error {
		q := returnsQueryOf(r, g)
		all, err := returnsAt(g, m)
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(x institutionReturn) bool { return !q.wants(x) })
		if r.URL.Query().Get("righe") == "sedi" {
			name += "-sedi"
			rows, err = siteRows(g, all, m)
			return err
		}
		rows = institutionRows(g, all, m)
		return nil
	})
	if err != nil {
		return err
	}
	f, chosen := formatOf(r)
	if !chosen {
		f = spreadsheet.CSV
	}
	return sendFile(w, f, name, fileRows(rows))
}

// stamp writes an instant as a clock in Rome shows it, as spreadsheets read it; nothing for none.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.In(domain.Rome).Format("2006-01-02 15:04")
}

func fourFigures(f returns.Figures) (out []string) {
	for _, o := range grade.Orders() {
		out = append(out, strconv.Itoa(f.Of(o)))
	}
	return append(out, strconv.Itoa(f.Total()))
}

// institutionRows say in their first figures what is to be sent: what the school validated, else what the journal counts.
func institutionRows(g *registers, all []institutionReturn, m askedMonday) [][]string {
	rows := [][]string{{"lunedi", "codice_istituzione", "denominazione", "codice_comune", "comune", "ambiti",
		"infanzia", "primaria", "secondaria_1", "secondaria_2", "totale", "fonte", "validata_il",
		"registro_al", "registro_infanzia", "registro_primaria", "registro_secondaria_1", "registro_secondaria_2", "registro_totale", "differenza"}}
	for _, x := range all {
		send, source := x.figures, "registro"
		if x.answer.Validated {
			send, source = x.answer.Figures, "scuola"
		}
		var ambiti []string
		for _, a := range x.within {
			ambiti = append(ambiti, string(a))
		}
		c, _ := g.land.Comune(x.Comune)
		row := append([]string{m.monday.String(), string(x.Code), x.Name, string(x.Comune), c.Name, strings.Join(ambiti, " ")}, fourFigures(send)...)
		row = append(append(row, source, stamp(x.answer.At), stamp(m.at)), fourFigures(x.figures)...)
		rows = append(rows, append(row, strconv.Itoa(send.Total()-x.figures.Total())))
	}
	return rows
}

// siteRows have what the journal counts at each site: schools validate for the whole institution.
func siteRows(g *registers, all []institutionReturn, m askedMonday) ([][]string, error) {
	rows := [][]string{{"lunedi", "codice_istituzione", "istituzione", "codice_sede", "sede", "codice_comune", "comune", "registro_al",
		"infanzia", "primaria", "secondaria_1", "secondaria_2", "totale"}}
	heads := map[domain.Institution]institutionReturn{}
	for _, x := range all {
		heads[x.Code] = x
	}
	var counts []mondays.Count
	for c, err := range mondays.Counts(g.views, m.at) {
		if err != nil {
			return nil, err
		}
		if _, wanted := heads[c.Institution]; wanted {
			counts = append(counts, c)
		}
	}
	for i := 0; i < len(counts); {
		first, f := counts[i], returns.Figures{}
		for ; i < len(counts) && counts[i].School == first.School && counts[i].Institution == first.Institution; i++ {
			f = f.With(counts[i].Order, counts[i].N)
		}
		site, _, err := school.SiteOf(g.views, first.School)
		if err != nil {
			return nil, err
		}
		c, _ := g.land.Comune(site.Comune)
		rows = append(rows, append([]string{m.monday.String(), string(first.Institution), heads[first.Institution].Name, string(first.School), site.Name,
			string(site.Comune), c.Name, stamp(m.at)}, fourFigures(f)...))
	}
	return rows, nil
}

// remindersForm has a box for each institution that has not answered, ticked: who presses the button has seen whom it is for.
func remindersForm(m askedMonday, waiting []institutionReturn, ambito domain.Ambito) *Form {
	var boxes []Option
	var all []string
	for _, x := range waiting {
		label := plain(x.Name).over(code(string(x.Code)))
		if !x.answer.Reminded.IsZero() {
			label = label.over(say(text("return.was-reminded", "day", domain.DateOf(x.answer.Reminded))))
		}
		boxes = append(boxes, Option{Value: string(x.Code), Label: label, Hint: text("return.pupils", "count", x.figures.Total())})
		all = append(all, string(x.Code))
	}
	f := newForm(returnsQuery{ambito: ambito}.href(m, "solleciti"), text("return.remind-button"),
		Field{Name: "institutions", Kind: FieldChecks, Label: text("return.remind-whom"), Options: boxes})
	f.Cancel = returnHref(m.monday)
	return f.Set("institutions", all...)
}

// reminders gives the form as things stand now: a reminder is never for the past.
func (s *site) reminders(r *http.Request) (m askedMonday, f *Form, n int, err error) {
	if err = access.Large(actorOf(r), access.RemindReturns); err != nil {
		return m, nil, 0, err
	}
	if m, err = s.mondayOf(r); err != nil {
		return m, nil, 0, err
	}
	m = askedMonday{monday: m.monday, at: returns.Due(m.monday), known: s.Clock().UTC()}
	err = s.withRegisters(r, func(g *registers) error {
		q := returnsQueryOf(r, g)
		all, err := returnsAt(g, m)
		waiting := slices.DeleteFunc(all, func(x institutionReturn) bool { return !x.waits() || !q.wants(x) })
		n, f = len(waiting), remindersForm(m, waiting, q.ambito)
		return err
	})
	return m, f, n, err
}

func (s *site) askReminders(w http.ResponseWriter, r *http.Request) error {
	m, f, n, err := s.reminders(r)
	if err != nil {
		return err
	}
	return s.showReminders(w, r, m, f, n)
}

func (s *site) showReminders(w http.ResponseWriter, r *http.Request, m askedMonday, f *Form, n int) error {
	if n == 0 {
		s.redirect(w, r, returnHref(m.monday), "returns-none-open")
		return nil
	}
	c := confirm{Title: text("return.remind"), Lead: text("return.remind-lead", "count", n, "day", m.monday), Form: f}
	return c.show(s, w, r, returnsCrumb, Crumb{returnTitle(m.monday), returnHref(m.monday)}, Crumb{Text: c.Title})
}

// remind records a reminder for each institution that was ticked; those that have answered meanwhile are passed over.
func (s *site) remind(w http.ResponseWriter, r *http.Request) error {
	m, f, n, err := s.reminders(r)
	if err != nil {
		return err
	}
	offered, err := f.Field("institutions")
	if err != nil {
		return err
	}
	if err := f.read(r); err != nil {
		return err
	}
	f.require()
	if f.Refused() {
		return s.showReminders(w, r, m, f, n)
	}
	a := actorOf(r)
	var last desk.Receipt
	for _, code := range offered.values {
		if !slices.ContainsFunc(offered.Options, func(o Option) bool { return o.Value == code }) {
			continue // answered while the page was open
		}
		c := returns.Remind{Act: s.Desk.Act(a), Subject: returns.Subject{Institution: domain.Institution(code), Monday: m.monday}}
		receipt, err := s.Desk.Return(r.Context(), desk.KeyedTicket(a, f.Key.String()+"/"+code), c)
		if err != nil {
			return err
		}
		last.Position = max(last.Position, receipt.Position)
	}
	s.settled(r, last)
	s.redirect(w, r, returnHref(m.monday), "returns-reminded")
	return nil
}
