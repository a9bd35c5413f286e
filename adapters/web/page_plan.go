package web

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/grade"
	"approdo/domain/matching"
	"approdo/domain/planning"
	"approdo/projections/caseline"
	"approdo/projections/plans"
	"approdo/projections/school"
	"approdo/projections/worklist"
)

// A plan as whoever decides reads it: what is proven of it, where everybody would go, who is left out and why, and where one more place
// would help most.

// How much of a plan stands on one page: the pupils, and the places that are worth asking for.
const (
	seatsShown = 100
	worthShown = 12
)

// planPage is a plan.
type planPage struct {
	Callouts []Callout
	Tiles    []Tile
	Map      *planMap
	Flows    Table
	Wants    []planWant
	Form     *Form
	Offers   string // where the form goes to offer, empty where nothing can be
	Again    string // and to draw again
	Kept     *Field // the locks that the plan was drawn with
	Columns  []Column
	Seats    []planSeat
	Caption  Text
	Pager    Pager
	Worth    Table
	Since    *part // against the plan that it follows
	Facts    []Pair
	Changes  []Cell // what a scenario supposes
	Proof    string
	Compare  []Action
	Suppose  Action
	Print    bool   // all pupils on one page
	All      string // leads there
}

// planSeat is a pupil of a plan, with what can be chosen about him.
type planSeat struct {
	Row
	N     int // on the page
	Case  string
	May   bool // offer
	Lock  bool // choose about the school
	Fixed bool // it was chosen for this plan
	Offer bool // ticked
	Fix   bool
	Never bool
}

// planWant is pupils who may only go to some sites, and are more than those hold.
type planWant struct {
	ID    string
	Text  Text
	Sites []Cell
}

var planView = view[planPage]{"plan"}

// planReader is a plan with what is known now of those it is for.
type planReader struct {
	*registers
	id      uuid.UUID
	drawn   planning.Drawn
	last    *planning.Drawn
	lines   map[uuid.UUID]caseline.Line
	offered map[uuid.UUID]plans.Offered // by case, the newest
	sites   map[domain.School]school.Site
}

// readPlan reads what became of the pupils of a plan, of those among some seats and of those about whom something was chosen. The plan it follows is left out where the actor has none.
func (s *site) readPlan(r *http.Request, g *registers, id uuid.UUID, d planning.Drawn, last *planning.Drawn, seats []int) (*planReader, error) {
	p := &planReader{registers: g, id: id, drawn: d, last: last, lines: map[uuid.UUID]caseline.Line{}, offered: map[uuid.UUID]plans.Offered{}, sites: map[domain.School]school.Site{}}
	var ids []uuid.UUID
	for _, i := range seats {
		if x := d.Seats[i]; x.Case != uuid.Nil {
			ids = append(ids, x.Case)
		}
	}
	for _, l := range d.Locks {
		if !slices.Contains(ids, l.Case) {
			ids = append(ids, l.Case)
		}
	}
	lines, err := worklist.Lines(g.views, actorOf(r), ids)
	if err != nil {
		return nil, err
	}
	for _, l := range lines {
		p.lines[l.Case] = l
	}
	offered, err := plans.Offers(g.views, id)
	for _, o := range offered {
		p.offered[o.Case] = o
	}
	return p, err
}

// followed is the plan that a plan follows, nil where there is none or it is not the actor's.
func (s *site) followed(r *http.Request, d planning.Drawn) (*planning.Drawn, error) {
	if d.Last == uuid.Nil {
		return nil, nil
	}
	last, err := s.Desk.Plan(r.Context(), actorOf(r), d.Last)
	if isAbsent(err) {
		return nil, nil
	}
	return &last, err
}

// site is a site of the register, empty where it has none of that code.
func (p *planReader) site(c domain.School) (school.Site, error) {
	if x, ok := p.sites[c]; ok || c == "" {
		return x, nil
	}
	x, known, err := school.SiteOf(p.views, c)
	if !known {
		x = school.Site{Code: c}
	}
	p.sites[c] = x
	return x, err
}

// seatOrder are the seats as the page has them: who is left out first, then the most urgent, by comune and grade.
func seatOrder(d planning.Drawn) []int {
	all := make([]int, len(d.Seats))
	for i := range all {
		all[i] = i
	}
	slices.SortStableFunc(all, func(i, j int) int {
		a, b := d.Seats[i], d.Seats[j]
		return cmp.Or(cmp.Compare(min(len(a.School), 1), min(len(b.School), 1)), cmp.Compare(b.Urgency, a.Urgency), cmp.Compare(a.Comune, b.Comune),
			cmp.Compare(a.Household, b.Household), cmp.Compare(a.Level.String(), b.Level.String()))
	})
	return all
}

func (s *site) plan(w http.ResponseWriter, r *http.Request) error {
	id, d, err := s.planOf(r)
	if err != nil {
		return err
	}
	return s.showPlan(w, r, id, d, nil)
}

// choicesForm has what can be chosen on the page of a plan.
func choicesForm(id uuid.UUID) *Form {
	return newForm(planPath(id, "proposte"), text("plan.offer"), Field{Name: "cases", Kind: FieldChecks, Label: text("plan.choose-offer"), Optional: true},
		Field{Name: "all", Kind: FieldCheck, Label: text("plan.choose-all"), Optional: true}, Field{Name: "fix", Kind: FieldChecks, Label: text("plan.fix"), Optional: true},
		Field{Name: "never", Kind: FieldChecks, Label: text("plan.never"), Optional: true}, Field{Name: "keep", Kind: FieldChecks, Label: text("plan.locks"), Hint: text("plan.locks-hint"), Optional: true})
}

func (s *site) showPlan(w http.ResponseWriter, r *http.Request, id uuid.UUID, d planning.Drawn, typed *Form) error {
	last, err := s.followed(r, d)
	if err != nil {
		return err
	}
	order := seatOrder(d)
	q := r.URL.Query()
	c := planPage{Form: choicesForm(id), Again: planPath(id, "ricalcola"), Proof: planPath(id, "prova"), Print: q.Has("tutti"),
		Suppose: Action{text("plan.suppose"), plansPath + "/scenario?da=" + id.String()}}
	from, shown := 0, order
	if !c.Print {
		if n, err := strconv.Atoi(q.Get("da")); err == nil && n > 0 && n < len(order) {
			from = n
		}
		shown = order[from:min(from+seatsShown, len(order))]
	}
	// What is chosen on a page comes back to that page.
	switch {
	case c.Print:
		c.Form.Action, c.Again = c.Form.Action+"?tutti", c.Again+"?tutti"
	case from > 0:
		c.Form.Action, c.Again = c.Form.Action+"?da="+strconv.Itoa(from), c.Again+"?da="+strconv.Itoa(from)
	}
	if typed != nil {
		c.Form.take(typed)
	}
	err = s.withRegisters(r, func(g *registers) error {
		p, err := s.readPlan(r, g, id, d, last, shown)
		if err != nil {
			return err
		}
		return s.fillPlan(r, p, shown, typed, &c)
	})
	if err != nil {
		return err
	}
	c.Caption = text("plan.seats", "count", len(d.Seats))
	if len(shown) < len(order) {
		c.All = planPath(id) + "?tutti"
		c.Pager.Shown = text("plan.seats-shown", "from", from+1, "to", from+len(shown), "all", len(order))
		if from > 0 {
			c.Pager.First = planPath(id)
		}
		if next := from + len(shown); next < len(order) {
			c.Pager.Next = planPath(id) + "?da=" + strconv.Itoa(next) + "#seats"
		}
	}
	title := text("plan.one")
	if d.Supposes() {
		title = text("plan.one-scenario")
	}
	return planView.show(s, w, r, c.Form.Status(), title, c, Crumb{text("plan.title"), plansPath}, Crumb{Text: title})
}

func (s *site) fillPlan(r *http.Request, p *planReader, shown []int, typed *Form, c *planPage) (err error) {
	d := p.drawn
	c.Callouts = append(c.Callouts, provenCallout(d))
	if d.Supposes() {
		c.Callouts = append(c.Callouts, Callout{Tone: Warning, Title: text("plan.supposed"), Text: text("plan.supposed-text")})
		for _, x := range d.Changes {
			words, err := p.changeWords(x)
			if err != nil {
				return err
			}
			c.Changes = append(c.Changes, words)
		}
	} else {
		c.Offers = planPath(p.id, "proposte")
	}
	c.Tiles = planTiles(d.Figures)
	if c.Map, c.Flows, err = p.flows(); err != nil {
		return err
	}
	if c.Wants, err = p.wants(); err != nil {
		return err
	}
	c.Columns = []Column{{Label: text("list.pupil")}, {Label: text("list.grade")}, {Label: text("plan.school")}, {Label: text("plan.marks")}, {Label: text("plan.now")}, {Label: text("plan.choice")}}
	ticked := func(name, id string) bool { return typed != nil && slices.Contains(valuesOf(typed, name), id) }
	for n, i := range shown {
		row, err := s.seatRow(r, p, i)
		if err != nil {
			return err
		}
		row.N, row.Offer, row.Fix, row.Never = n, ticked("cases", row.Case), ticked("fix", row.Case), ticked("never", row.Case)
		c.Seats = append(c.Seats, row)
	}
	if c.Kept, err = s.keptLocks(r, p, typed); err != nil {
		return err
	}
	if c.Worth, err = p.worth(); err != nil {
		return err
	}
	if p.last != nil {
		c.Since = sinceLast(d, *p.last)
		c.Compare = []Action{{text("plan.compare-last"), comparePath(d.Last, p.id)}}
	}
	c.Compare = append(c.Compare, Action{text("zones.link"), zonesPath(p.id)})
	c.Facts, err = p.drawnBy()
	return err
}

// provenCallout says what is proven of a plan, and how far it may be from the best.
func provenCallout(d planning.Drawn) Callout {
	part, by := d.Gap()
	c := Callout{Tone: Info, Title: text("plan.nearly")}
	switch {
	case part >= len(d.Value):
		return Callout{Tone: Success, Title: text("plan.best"), Text: text("plan.best-text")}
	case part == 0:
		c.Tone, c.Text = Warning, text("plan.nearly-0", "count", int(by))
	case part == 1 && d.Unit.Split > 0 && by >= d.Unit.Split:
		c.Text = text("plan.nearly-split", "count", int((by+d.Unit.Split-1)/d.Unit.Split))
	case part == 1:
		c.Text = text("plan.nearly-far", "count", int(by))
	case d.Unit.Way > 0:
		c.Text = text("plan.nearly-way", "way", metres(by*int64(d.Unit.Step)/d.Unit.Way))
	}
	return c
}

func planTiles(f planning.Figures) []Tile {
	left, apart, far := Tone(Success), Tone(Success), Tone(Success)
	if f.Placed < f.Pupils {
		left = Danger
	}
	if f.Apart > 0 {
		apart = Warning
	}
	if f.Far > 0 {
		far = Warning
	}
	mean := Text{}
	if f.Placed > 0 {
		mean = text("plan.mean", "way", metres(f.Metres/f.Placed))
	}
	return []Tile{{Tone: Success, Label: text("plan.tile-placed"), Value: f.Placed, Note: text("plan.tile-of", "count", f.Pupils)},
		{Tone: left, Label: text("plan.tile-left"), Value: f.Pupils - f.Placed},
		{Tone: apart, Label: text("plan.tile-apart"), Value: f.Apart, Note: text("plan.tile-together", "count", f.Together)},
		{Tone: far, Label: text("plan.tile-far"), Value: f.Far, Note: mean}}
}

// nameOf names the pupil of a seat, as the lists name pupils.
func (s *site) nameOf(r *http.Request, p *planReader, x planning.Seat) (Cell, error) {
	if x.Case == uuid.Nil {
		return say(text("plan.invented")), nil
	}
	who := caseCell(x.Case)
	l, ok := p.lines[x.Case]
	if !ok {
		return who, nil
	}
	identity, err := worklist.Name(r.Context(), s.Keys, actorOf(r), l, access.Name)
	if err == nil && !identity.FamilyName.IsZero() {
		who = named(identity.FamilyName, identity.GivenName).to(who.Href).over(code(x.Case.String()[:8]))
	}
	return who, err
}

func (s *site) seatRow(r *http.Request, p *planReader, i int) (planSeat, error) {
	x := p.drawn.Seats[i]
	row := planSeat{}
	who, err := s.nameOf(r, p, x)
	if err != nil {
		return row, err
	}
	grade := say(levelText(x.Level)).over(p.comune(x.Comune))
	where, err := p.whereTo(i)
	if err != nil {
		return row, err
	}
	marks, err := p.marks(x)
	if err != nil {
		return row, err
	}
	state := Cell{}
	if x.Case != uuid.Nil {
		row.Case = x.Case.String()
		state = p.stateNow(x)
		row.May = !p.drawn.Supposes() && x.School != "" && p.mayOffer(x)
		row.Lock = x.School != ""
		row.Fixed = slices.Contains(p.drawn.Locks, planning.Lock{Case: x.Case, School: x.School})
	}
	if x.School == "" {
		row.Tone = Danger
	}
	row.Cells = []Cell{who, grade, where, marks, state}
	return row, nil
}

// whereTo is the school of a seat with its way and its sheet, or why there is none.
func (p *planReader) whereTo(i int) (Cell, error) {
	x := p.drawn.Seats[i]
	if x.School == "" {
		for n, w := range p.drawn.Wants {
			if slices.Contains(w.Pupils, i) {
				return badge(Danger, text("plan.left-out")).over(say(text("plan.left-why")).to("#" + wantID(n))), nil
			}
		}
		return badge(Danger, text("plan.left-out")).over(say(text("plan.left-none"))), nil
	}
	at, err := p.site(x.School)
	if err != nil {
		return Cell{}, err
	}
	name := plain(at.Name)
	if at.Name == "" {
		name = code(string(x.School))
	}
	way := say(text("plan.way", "comune", p.comuneName(at.Comune), "way", metres(x.Metres)))
	if x.Case != uuid.Nil {
		way = way.over(say(text("plan.why")).to(rankingPath(x.Case, x.School)))
	}
	return name.to("/scuole/" + string(x.School)).over(way), nil
}

// stacked puts cells one below the other, leaving out the empty ones.
func stacked(cells ...Cell) (out Cell) {
	for _, c := range slices.Backward(cells) {
		if out.Text.IsZero() && out.Badge.Text.IsZero() {
			out = c
			continue
		}
		out = c.over(out)
	}
	return out
}

// marks say what of a seat somebody should look at.
func (p *planReader) marks(x planning.Seat) (Cell, error) {
	var all []Cell
	if x.Urgency > 1 {
		all = append(all, badge(Warning, text("plan.urgency-"+strconv.Itoa(x.Urgency))))
	}
	if x.Far && x.School != "" {
		all = append(all, badge(Warning, text("plan.mark-far")))
	}
	if x.Household != "" && x.School != "" {
		mark, err := p.togetherMark(x)
		if err != nil {
			return Cell{}, err
		}
		if !mark.Badge.Text.IsZero() {
			all = append(all, mark)
		}
	}
	if p.last != nil && x.Case != uuid.Nil {
		if before, ok := p.last.Seat(x.Case); !ok {
			all = append(all, badge(Neutral, text("plan.mark-new")))
		} else if before.School != x.School {
			all = append(all, badge(Info, text("plan.mark-changed")))
		}
	}
	for _, l := range p.drawn.Locks {
		if l.Case == x.Case && x.Case != uuid.Nil && (l.School == x.School || l.Never) {
			if l.Never {
				all = append(all, badge(Neutral, text("plan.mark-never")))
			} else {
				all = append(all, badge(Neutral, text("plan.mark-fixed")))
			}
			break
		}
	}
	return stacked(all...), nil
}

// togetherMark says whether brothers and sisters go to one institution; nothing of an only child.
func (p *planReader) togetherMark(x planning.Seat) (Cell, error) {
	institutions := map[string]bool{}
	members := 0
	for _, y := range p.drawn.Seats {
		if y.Household != x.Household || y.School == "" {
			continue
		}
		at, err := p.site(y.School)
		if err != nil {
			return Cell{}, err
		}
		members++
		institutions[cmp.Or(string(at.Institution), string(y.School))] = true
	}
	for _, y := range p.drawn.Seated {
		if y.Household == x.Household {
			members++
			institutions[string(y.Institution)] = true
		}
	}
	switch {
	case members < 2:
		return Cell{}, nil
	case len(institutions) > 1:
		return badge(Warning, text("plan.mark-apart")), nil
	}
	return badge(Success, text("plan.mark-together")), nil
}

// mayOffer reports whether the case of a seat waits for an offer now.
func (p *planReader) mayOffer(x planning.Seat) bool {
	l, ok := p.lines[x.Case]
	return ok && l.Status == casefile.InCharge && !l.Question
}

// stateNow is what became of a pupil since the plan was drawn.
func (p *planReader) stateNow(x planning.Seat) Cell {
	l, ok := p.lines[x.Case]
	offered, by := p.offered[x.Case]
	ours := by && ok && l.Offer == offered.Offer
	switch {
	case !ok:
		return badge(Neutral, text("plan.now-elsewhere"))
	case !l.Status.Open() || l.Status == casefile.Merged:
		return badge(Neutral, text("plan.now-over"))
	case l.Status.HoldsPlace() && l.Status != casefile.Offered && ours:
		return badge(Success, text("plan.now-placed-ours"))
	case l.Status.HoldsPlace() && l.Status != casefile.Offered:
		return badge(Success, text("plan.now-placed"))
	case l.Status == casefile.Offered && ours:
		return badge(Info, text("plan.now-offered-ours"))
	case l.Status == casefile.Offered:
		return badge(Info, text("plan.now-offered"))
	case l.Question:
		return badge(Warning, text("status.question"))
	case by:
		return badge(Warning, text("plan.now-back"))
	}
	return say(text("plan.now-waits"))
}

func wantID(n int) string { return "want-" + strconv.Itoa(n+1) }

func (p *planReader) wants() (out []planWant, err error) {
	for n, w := range p.drawn.Wants {
		var sites []domain.School
		for _, k := range w.Places {
			if !slices.Contains(sites, k.School) {
				sites = append(sites, k.School)
			}
		}
		x := planWant{ID: wantID(n), Text: text("plan.want", "count", len(w.Pupils), "classes", p.levelsOf(w), "sites", text("plan.want-site", "count", len(sites)), "room", w.Room)}
		if len(sites) == 0 {
			x.Text = text("plan.want-nowhere", "count", len(w.Pupils), "classes", p.levelsOf(w))
		}
		for _, c := range sites {
			name, err := p.school(c)
			if err != nil {
				return nil, err
			}
			x.Sites = append(x.Sites, name.to("/scuole/"+string(c)))
		}
		out = append(out, x)
	}
	return out, nil
}

// levelsOf names the grades of the pupils of a want.
func (p *planReader) levelsOf(w planning.Want) Text {
	var levels []grade.Level
	for _, i := range w.Pupils {
		if i >= 0 && i < len(p.drawn.Seats) && !slices.Contains(levels, p.drawn.Seats[i].Level) {
			levels = append(levels, p.drawn.Seats[i].Level)
		}
	}
	if len(levels) == 0 {
		return text("plan.any-class")
	}
	all := levelText(levels[0])
	for _, l := range levels[1:] {
		all = text("rank.and", "one", all, "other", levelText(l))
	}
	return all
}

// worth is where one more place would help most.
func (p *planReader) worth() (Table, error) {
	t := Table{Caption: text("plan.worth"), Columns: []Column{{Label: text("plan.school")}, {Label: text("list.comune")}, {Label: text("list.grade")}, {Label: text("plan.worth-what")}},
		Empty: Empty{Title: text("plan.worth-none"), Text: text("plan.worth-none-text")}}
	for _, x := range p.drawn.Worth[:min(len(p.drawn.Worth), worthShown)] {
		at, err := p.site(x.School)
		if err != nil {
			return t, err
		}
		name, err := p.school(x.School)
		if err != nil {
			return t, err
		}
		t.Rows = append(t.Rows, Row{Cells: []Cell{name.to("/scuole/" + string(x.School)), p.comune(at.Comune), say(levelText(x.Level)), say(worthText(p.drawn.Unit, x.Cost))}})
	}
	if n := len(p.drawn.Worth); n > worthShown {
		t.Pager.Shown = text("plan.worth-shown", "shown", worthShown, "all", n)
	}
	return t, nil
}

// worthText says what of a cost one more place would save.
func worthText(u planning.Unit, c matching.Cost) Text {
	switch {
	case c[0] > 0:
		return text("plan.worth-pupil")
	case u.Split > 0 && c[1] >= u.Split:
		return text("plan.worth-household")
	case c[1] > 0:
		return text("plan.worth-far", "count", int(c[1]))
	case u.Way > 0 && c[2] > 0:
		return text("plan.worth-way", "way", metres(c[2]*int64(u.Step)/u.Way))
	}
	return text("plan.worth-little")
}

// drawnBy says when and by what a plan was drawn.
func (p *planReader) drawnBy() ([]Pair, error) {
	d := p.drawn
	facts := []Pair{{text("plan.scope"), p.scopeWords(d.Scope)}, {text("plan.year"), plain(d.Year.String())}, {text("plan.drawn-at"), at(d.At)}, {text("plan.known"), at(d.Known)},
		{text("rank.weights"), say(text("rank.version", "version", d.Weights)).to(weightsPath)}, {text("territory.ceiling"), say(text("territory.percent", "percent", d.Percent))},
		{text("plan.number"), code(p.id.String()[:8]).over(code(p.id.String()))}}
	for _, c := range d.Derogations {
		name, err := p.school(c)
		if err != nil {
			return nil, err
		}
		facts = append(facts, Pair{text("plan.derogation"), name.to("/scuole/" + string(c))})
	}
	if d.Last != uuid.Nil {
		facts = append(facts, Pair{text("plan.last"), code(d.Last.String()[:8]).to(planPath(d.Last))})
	}
	return append(facts, Pair{text("plan.digest"), code(d.Digest)}), nil
}

// keptLocks are the locks a plan was drawn with, each ticked unless somebody has taken the tick away.
func (s *site) keptLocks(r *http.Request, p *planReader, typed *Form) (*Field, error) {
	if len(p.drawn.Locks) == 0 {
		return nil, nil
	}
	f := &Field{Name: "keep", Kind: FieldChecks, Label: text("plan.locks"), Hint: text("plan.locks-hint")}
	for _, l := range p.drawn.Locks {
		name, err := p.school(l.School)
		if err != nil {
			return nil, err
		}
		words := text("plan.lock-fixed", "school", textOf(Cell{Plain: name.Plain, Code: name.Code}))
		if l.Never {
			words = text("plan.lock-never", "school", textOf(Cell{Plain: name.Plain, Code: name.Code}))
		}
		who, err := s.nameOf(r, p, planning.Seat{Case: l.Case})
		if err != nil {
			return nil, err
		}
		who.Href, who.Second = "", nil // the box is the link's place
		f.Options = append(f.Options, Option{Value: lockValue(l), Label: who.over(say(words))})
		if typed == nil {
			f.values = append(f.values, lockValue(l))
		}
	}
	if typed != nil {
		f.values = valuesOf(typed, "keep")
	}
	return f, nil
}

// lockValue and lockOf write a lock as a form sends it.
func lockValue(l planning.Lock) string {
	how := "there"
	if l.Never {
		how = "never"
	}
	return l.Case.String() + "/" + string(l.School) + "/" + how
}

// planAgain draws a plan again with what was chosen about its pupils; the new one follows it.
func (s *site) planAgain(w http.ResponseWriter, r *http.Request) error {
	id, d, err := s.planOf(r)
	if err != nil {
		return err
	}
	f := choicesForm(id)
	if err := f.read(r); err != nil {
		return err
	}
	t := d.Terms
	t.Locks, t.Last = chosenLocks(d, f), id
	if err = s.draw(w, r, f.Key, t); err == nil || !f.refuse(err) {
		return err
	}
	return s.showPlan(w, r, id, d, f)
}

// chosenLocks are those of a plan that are kept, and the new ones. A new word on where a pupil goes takes the place of an older one.
func chosenLocks(d planning.Drawn, f *Form) (out []planning.Lock) {
	fixed, never := valuesOf(f, "fix"), valuesOf(f, "never")
	for _, l := range d.Locks {
		again := slices.Contains(fixed, l.Case.String())
		if slices.Contains(valuesOf(f, "keep"), lockValue(l)) && (l.Never || !again && !slices.Contains(never, l.Case.String())) {
			out = append(out, l)
		}
	}
	for _, x := range d.Seats {
		if x.Case == uuid.Nil || x.School == "" {
			continue
		}
		for _, l := range []planning.Lock{{Case: x.Case, School: x.School}, {Case: x.Case, School: x.School, Never: true}} {
			wanted := fixed
			if l.Never {
				wanted = never
			}
			if slices.Contains(wanted, x.Case.String()) && !slices.Contains(out, l) {
				out = append(out, l)
			}
		}
	}
	return out
}

// planOffers shows who would be offered where, then makes one offer for each, and says what came of it. Sent twice, it does nothing twice.
func (s *site) planOffers(w http.ResponseWriter, r *http.Request) error {
	id, d, err := s.planOf(r)
	if err != nil {
		return err
	}
	f := choicesForm(id)
	if err := f.read(r); err != nil {
		return err
	}
	ids, left, err := s.chosenSeats(r, id, d, f)
	if err != nil {
		if !f.refuse(err) {
			return err
		}
		return s.showPlan(w, r, id, d, f)
	}
	if r.PostForm.Get(doField) != stepDone {
		return s.sureOfOffers(w, r, id, d, f, ids, left)
	}
	back := Action{text("plan.back"), planPath(id)}
	return s.reportOf(w, r, f, ids, text("plan.offer-made"), back, Crumb{text("plan.title"), plansPath}, offerSeats(s, r, id, d))
}
