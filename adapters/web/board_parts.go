package web

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/grade"
	"approdo/domain/territory"
	"approdo/projections/board"
	"approdo/projections/school"
)

// boardWriter makes the sections of a board of its figures.
type boardWriter struct {
	boardSources
	land      territory.State
	registers *registers
	scope     board.Scope
	filter    boardFilter
	links     bool
	guarded   bool
	rows      int // of the longest tables
}

// few stands for a figure too small to be told, and untold for one that would tell it.
const (
	few    = board.Few
	untold = board.Few + 1
)

// told is a figure as the reader may be told it.
func (b boardWriter) told(n int) int {
	if b.guarded {
		return board.Guarded(n)
	}
	return n
}

// list is the address of the cases behind a figure; empty where the reader opens none.
func (b boardWriter) list(q listQuery) string {
	if !b.links {
		return ""
	}
	q.order = cmp.Or(q.order, string(b.filter.order))
	if q.comune == "" {
		q.ambito = string(b.filter.ambito)
	}
	q.known = b.filter.known
	return q.href("")
}

func (b boardWriter) figure(n int, q listQuery) figure {
	n = b.told(n)
	if n == 0 {
		return figure{}
	}
	return figure{n, b.list(q)}
}

// row is a row of cases by status.
func (b boardWriter) row(name Cell, t board.Tally, q listQuery) figures {
	out := figures{Name: name}
	cell := func(n int, status string) {
		q.status = status
		out.Cells = append(out.Cells, b.figure(n, q))
	}
	cell(t.Open(), "aperte")
	for _, st := range boardStatuses {
		cell(t[st], string(st))
	}
	cell(t[casefile.Closed], string(casefile.Closed))
	return out
}

// byStatus are the columns of row.
func byStatus() []Text {
	columns := []Text{text("board.open")}
	for _, st := range boardStatuses {
		columns = append(columns, shortStatus(st))
	}
	return append(columns, shortStatus(casefile.Closed))
}

// numbers is a row of figures without lists.
func (b boardWriter) numbers(name Cell, n ...int) figures {
	out := figures{Name: name}
	for _, x := range n {
		out.Cells = append(out.Cells, figure{N: b.told(x)})
	}
	return out
}

func (b boardWriter) parts() ([]boardPart, error) {
	holders, err := b.overdue()
	if err != nil {
		return nil, err
	}
	schools, err := b.schools()
	if err != nil {
		return nil, err
	}
	parts := []boardPart{b.states(), holders, b.waits(), b.flow(), b.refusals(), b.orders(), b.centres(), b.comuni()}
	if b.scope.Institution == "" {
		parts = append(parts, b.seats())
	}
	return append(parts, schools), nil
}

func (b boardWriter) states() boardPart {
	p := boardPart{ID: "states", Title: text("board.states"), Tiles: []Tile{{Tone: Info, Label: text("board.open"), Value: b.told(b.Total.Open()), Href: b.list(listQuery{status: "aperte"})}}}
	for _, st := range boardStatuses {
		p.Tiles = append(p.Tiles, Tile{Tone: statusTones[st], Label: statusText(st), Value: b.told(b.Total[st]), Href: b.list(listQuery{status: string(st)})})
	}
	return p
}

// overdue counts what is overdue by whose turn it is.
func (b boardWriter) overdue() (boardPart, error) {
	late := b.OverdueBy(board.ByHolder)
	p := boardPart{ID: "late", Title: text("board.overdue"), Tiles: []Tile{{Tone: toneOf(b.Overdue, Danger), Label: text("board.overdue-all"), Value: b.told(b.Overdue),
		Href: b.list(listQuery{overdue: true})}}}
	for _, h := range []struct {
		kind  casefile.HolderKind
		label Text
	}{{casefile.HeldByCentre, text("board.overdue-centre")}, {casefile.HeldBySchool, text("board.overdue-school")},
		{casefile.HeldByComune, text("board.overdue-comune")}} {
		n := late[string(h.kind)]
		p.Tiles = append(p.Tiles, Tile{Tone: toneOf(n, Danger), Label: h.label, Value: b.told(n), Href: b.list(listQuery{holder: string(h.kind), overdue: true})})
	}
	bodies := b.toldOf(b.OverdueBy(board.ByHolderBody))
	if b.scope.Comune != "" || b.scope.Institution != "" || len(bodies) == 0 {
		return p, nil
	}
	table := matrix{ID: "overdue-by-holder", Caption: text("board.overdue-by-holder"), Head: text("board.holder"), Columns: []Text{text("board.overdue")}}
	for _, key := range most(bodies, b.rows) {
		kind, body, _ := strings.Cut(key, ":")
		name, err := b.registers.body(casefile.Holder{Kind: casefile.HolderKind(kind), Body: body})
		if err != nil {
			return p, err
		}
		table.Keys = append(table.Keys, key)
		table.Rows = append(table.Rows, figures{name, []figure{b.figure(bodies[key], listQuery{holder: kind, body: body, overdue: true})}})
	}
	p.More = []matrix{table}
	return p, nil
}

// mostRows is how many rows the longest tables of the page have; the files have all.
const mostRows = 25

// toldOf are figures as the reader may be told them: what is put in order by the true ones tells them by its place.
func (b boardWriter) toldOf(of map[string]int) map[string]int {
	if !b.guarded {
		return of
	}
	out := make(map[string]int, len(of))
	for key, n := range of {
		out[key] = b.told(n)
	}
	return out
}

// most gives the keys of the largest values, the largest first.
func most(of map[string]int, n int) []string {
	type value struct {
		key string
		n   int
	}
	all := make([]value, 0, len(of))
	for key, n := range of {
		all = append(all, value{key, n})
	}
	slices.SortFunc(all, func(a, b value) int {
		if a.n != b.n {
			return cmp.Compare(b.n, a.n)
		}
		return strings.Compare(a.key, b.key)
	})
	keys := make([]string, min(n, len(all)))
	for i := range keys {
		keys[i] = all[i].key
	}
	return keys
}

// waitBounds are the days at which the bars of the distribution end.
var waitBounds = []int{7, 15, 30, 60, 90}

// waits says how long those wait who have no first day yet, and how long those had waited who have one.
func (b boardWriter) waits() boardPart {
	clocks := b.land.ClocksOn(domain.DateOf(b.at))
	today := domain.DateOf(b.at)
	p := boardPart{ID: "wait", Title: text("board.waiting-title")}
	for _, bound := range []struct {
		label  Text
		months int
	}{{text("board.recast"), clocks.RecastMonths}, {text("board.access"), clocks.AccessMonths}} {
		since := domain.DateOf(b.at.In(domain.Rome).AddDate(0, -bound.months, 0))
		n := b.Waiting.AtLeast(since.DaysUntil(today))
		p.Tiles = append(p.Tiles, Tile{Tone: toneOf(n, Warning), Label: text("board.months", "count", bound.months), Value: b.told(n), Note: bound.label,
			Href: b.list(listQuery{status: "in-attesa", since: since.String()})})
	}
	spread := []Text{text("board.pupils"), text("board.median"), text("board.ninety"), text("board.longest")}
	row := func(name Cell, d board.Days, q listQuery) figures {
		w := d.Spread()
		if q.status == "" {
			return b.days(b.numbers(name, w.Pupils), w)
		}
		return b.days(figures{name, []figure{b.figure(w.Pupils, q)}}, w)
	}
	p.Tables = []matrix{{ID: "waiting", Caption: text("board.waiting"), Head: text("board.who"), Columns: spread,
		Rows: []figures{row(say(text("board.waiting-now")), b.Waiting, listQuery{status: "in-attesa"}), row(say(text("board.waited")), b.Waited, listQuery{})}}}
	shape := func(caption Text, d board.Days) Bars {
		bars, from := Bars{Caption: caption}, 0
		for _, to := range waitBounds {
			bars.Bars = append(bars.Bars, Bar{say(text("board.from-to", "from", from, "to", to)), b.told(d.AtLeast(from) - d.AtLeast(to+1))})
			from = to + 1
		}
		bars.Bars = append(bars.Bars, Bar{say(text("board.beyond", "days", from-1)), b.told(d.AtLeast(from))})
		return bars
	}
	p.Bars = []Bars{shape(text("board.shape-now"), b.Waiting), shape(text("board.shape-waited"), b.Waited)}
	zones := func(id string, caption, head Text, of func(key string) (Cell, listQuery), by board.By) matrix {
		m := matrix{ID: id, Caption: caption, Head: head, Columns: []Text{text("board.waiting-now"), text("board.median"), text("board.ninety"), text("board.longest"),
			text("board.waited"), text("board.median")}}
		waiting, waited := b.WaitingBy(by), b.WaitedBy(by)
		sizes := map[string]int{}
		for key, d := range waiting {
			sizes[key] = d.AtLeast(0)
		}
		for key := range waited {
			sizes[key] += 0
		}
		for _, key := range most(b.toldOf(sizes), len(sizes)) {
			name, q := of(key)
			q.status = "in-attesa"
			r := b.days(figures{name, []figure{b.figure(sizes[key], q)}}, waiting[key].Spread())
			w := waited[key].Spread()
			r.Cells = append(r.Cells, figure{N: b.told(w.Pupils)}, figure{N: b.wait(w, w.Median)})
			m.Rows = append(m.Rows, r)
		}
		return m
	}
	p.More = []matrix{zones("waits-by-centre", text("board.waits-by-centre"), text("board.centre"), func(key string) (Cell, listQuery) {
		return b.registers.centre(domain.Centre(key)), listQuery{centre: key}
	}, board.ByCentre)}
	if b.scope.Comune == "" {
		p.More = append(p.More, zones("waits-by-comune", text("board.waits-by-comune"), text("list.comune"), func(key string) (Cell, listQuery) {
			return b.registers.comune(domain.Comune(key)), listQuery{comune: key}
		}, board.ByComune))
	}
	return p
}

// days adds to a row how long its pupils wait.
func (b boardWriter) days(r figures, w board.Waiting) figures {
	for _, n := range []int{w.Median, w.NinetyPercent, w.Longest} {
		r.Cells = append(r.Cells, figure{N: b.wait(w, n)})
	}
	return r
}

// enough is of how many pupils a spread of waits may be told.
const enough = 10

// wait is a number of days; of few pupils it would tell about each.
func (b boardWriter) wait(w board.Waiting, days int) int {
	if b.guarded && w.Pupils < enough {
		return untold
	}
	return days
}

// flow is what came and went by week and by day, and how far the cases came.
func (b boardWriter) flow() boardPart {
	columns := []Text{text("flow.arrived"), text("flow.charged"), text("flow.offered"), text("flow.declined"), text("flow.placed"), text("flow.begun"), text("flow.departed")}
	row := func(name Cell, f board.Flow) figures {
		return b.numbers(name, f.Arrived, f.Charged, f.Offered, f.Declined, f.Placed, f.Begun, f.Departed)
	}
	weeks := weekly(b.Flow)
	byWeek := matrix{ID: "by-week", Caption: text("flow.by-week"), Head: text("flow.week"), Columns: columns, None: text("board.none")}
	byDay := matrix{ID: "by-day", Caption: text("flow.by-day"), Head: text("flow.day"), Columns: columns}
	for _, w := range slices.Backward(weeks) {
		byWeek.Rows = append(byWeek.Rows, row(on(w.On), w))
	}
	for _, d := range slices.Backward(b.Flow[max(0, len(b.Flow)-min(b.rows, len(b.Flow))):]) {
		byDay.Rows = append(byDay.Rows, row(on(d.On), d))
	}
	c := newChart(text("flow.chart"), text("flow.arrived"), text("flow.placed"), text("flow.departed"))
	for _, w := range weeks[max(0, len(weeks)-mostWeeks):] {
		c.add(w.On, b.told(w.Arrived), b.told(w.Placed), b.told(w.Departed))
	}
	p := boardPart{ID: "flow", Title: text("flow.title"), Chart: c.drawn(), More: []matrix{byWeek, byDay}}
	f := b.Funnel
	p.Bars = []Bars{{text("flow.funnel"), []Bar{{say(text("flow.known")), b.told(f.Known)}, {say(text("flow.ever-charged")), b.told(f.Charged)}, {say(text("flow.ever-offered")), b.told(f.Offered)},
		{say(text("flow.ever-placed")), b.told(f.Placed)}, {say(text("flow.ever-begun")), b.told(f.Begun)}}}}
	return p
}

// mostWeeks is how many weeks the chart shows.
const mostWeeks = 53

// weekly sums days up by the week they lie in, from its Monday; weeks without anything have a row of their own.
func weekly(days []board.Flow) (weeks []board.Flow) {
	for _, d := range days {
		monday := d.On.AddDays(-(int(d.On.Weekday()) + 6) % 7)
		for len(weeks) > 0 && weeks[len(weeks)-1].On.Before(monday) {
			weeks = append(weeks, board.Flow{On: weeks[len(weeks)-1].On.AddDays(7)})
		}
		if len(weeks) == 0 {
			weeks = []board.Flow{{On: monday}}
		}
		weeks[len(weeks)-1].Add(d)
	}
	return weeks
}

func (b boardWriter) refusals() boardPart {
	p := boardPart{ID: "refusals", Title: text("board.refusals")}
	no := Bars{Caption: text("board.declines")}
	for _, r := range casefile.DeclineReasons() {
		no.Bars = append(no.Bars, Bar{say(declineText(r)), b.told(b.Declines[r])})
	}
	ends := Bars{Caption: text("board.ends")}
	for _, r := range casefile.ClosureReasons() {
		if n := b.Ends[r]; n > 0 {
			ends.Bars = append(ends.Bars, Bar{say(closureText(r)), b.told(n)})
		}
	}
	p.Bars = []Bars{no}
	if len(ends.Bars) > 0 {
		p.Bars = append(p.Bars, ends)
	}
	return p
}

func (b boardWriter) orders() boardPart {
	orders, levels := b.By(board.ByOrder), b.By(board.ByGrade)
	table := matrix{ID: "by-order", Caption: text("board.by-order"), Head: text("list.order"), Columns: byStatus()}
	grades := matrix{ID: "by-grade", Caption: text("board.by-grade"), Head: text("list.grade"), Columns: byStatus()}
	bars := Bars{Caption: text("board.orders")}
	for _, o := range grade.Orders() {
		if b.filter.order != "" && b.filter.order != o {
			continue
		}
		t := orders[string(o)]
		table.Rows = append(table.Rows, b.row(say(orderText(o)), t, listQuery{order: string(o)}))
		bars.Bars = append(bars.Bars, Bar{say(orderText(o)).to(b.list(listQuery{order: string(o), status: "aperte"})), b.told(t.Open())})
		for year := range 6 {
			l := grade.Level{Order: o, Year: year}
			if t := levels[l.String()]; t != nil {
				grades.Rows = append(grades.Rows, b.row(say(levelText(l)), t, listQuery{order: string(o), grade: strconv.Itoa(year)}))
			}
		}
	}
	return boardPart{ID: "orders", Title: text("list.order"), Bars: []Bars{bars}, Tables: []matrix{table}, More: []matrix{grades}}
}

func (b boardWriter) centres() boardPart {
	centres, channels := b.By(board.ByCentre), b.By(board.ByChannel)
	table := matrix{ID: "by-centre", Caption: text("board.by-centre"), Head: text("board.centre"), Columns: byStatus(), None: text("board.none")}
	for _, x := range b.land.Centres() {
		if t := centres[string(x.Code)]; t != nil {
			table.Rows = append(table.Rows, b.row(marked(plain(x.Name), x.Provisional), t, listQuery{centre: string(x.Code)}))
		}
	}
	from := matrix{ID: "by-channel", Caption: text("board.by-channel"), Head: text("board.channel"), Columns: byStatus()}
	for _, x := range []domain.Channel{domain.ChannelComune, domain.ChannelSchool, domain.ChannelUST} {
		from.Rows = append(from.Rows, b.row(say(text("channel."+string(x))), channels[string(x)], listQuery{channel: string(x)}))
	}
	return boardPart{ID: "centres", Title: text("board.centres"), Tables: []matrix{table, from}}
}

// comuni are the map with its table, and the municipi of Milano.
func (b boardWriter) comuni() boardPart {
	comuni, municipi := b.By(board.ByComune), b.By(board.ByMunicipio)
	p := boardPart{ID: "comuni", Title: text("board.comuni")}
	table := matrix{ID: "by-comune", Caption: text("board.by-comune"), Head: text("list.comune"), Columns: byStatus(), None: text("board.none")}
	sizes := map[string]int{}
	for code, t := range comuni {
		sizes[code] = t.Open()
	}
	for _, code := range most(b.toldOf(sizes), len(sizes)) {
		table.Rows = append(table.Rows, b.row(b.registers.comune(domain.Comune(code)), comuni[code], listQuery{comune: code}))
	}
	p.Tables = []matrix{table}
	if b.scope.Comune == "" {
		bounds, _ := b.land.BoundariesOn(domain.DateOf(b.at)) // those of the day the figures are of, as the register has them now
		p.Map = mapOf(b.land.Comuni(), bounds, func(code domain.Comune) int { return b.told(sizes[string(code)]) })
	}
	city := matrix{ID: "by-municipio", Caption: text("board.by-municipio"), Head: text("board.municipio"), Columns: byStatus()}
	for n := range 9 {
		if t := municipi[strconv.Itoa(n+1)]; t != nil {
			q := listQuery{comune: string(domain.Milano), municipio: strconv.Itoa(n + 1)}
			city.Rows = append(city.Rows, b.row(say(text("board.municipio-n", "n", n+1)), t, q))
		}
	}
	if len(city.Rows) > 0 {
		p.More = []matrix{city}
	}
	return p
}

// seats are the places that schools declared, how old the figures are, and where more pupils wait than there are places.
func (b boardWriter) seats() boardPart {
	sum := func(into *board.Seats, s board.Seats) {
		into.Sites, into.Declared, into.Free, into.Pupils, into.Ages = into.Sites+s.Sites, into.Declared+s.Declared, into.Free+s.Free, into.Pupils+s.Pupils, into.Ages.Join(s.Ages)
	}
	columns := []Text{text("seats.sites"), text("seats.declared"), text("seats.free"), text("seats.pupils"), text("seats.missing")}
	// Declared less free are those who have a place: where small figures are not told, neither of the two is, and what is missing is
	// reckoned from what is told.
	row := func(name Cell, s board.Seats, lacking int, q listQuery) figures {
		q.status = "senza-posto"
		free := b.told(s.Free)
		if b.guarded {
			lacking = max(0, b.told(s.Pupils)-max(0, free))
		}
		return figures{name, []figure{{N: s.Sites}, {N: b.told(s.Declared)}, {N: free}, b.figure(s.Pupils, q), {N: lacking}}}
	}
	orders, lacks, all := map[grade.Order]*board.Seats{}, map[grade.Order]int{}, board.Seats{}
	short := map[string]int{}
	for w, s := range b.boardSources.seats {
		if orders[w.Order] == nil {
			orders[w.Order] = &board.Seats{}
		}
		sum(orders[w.Order], s)
		sum(&all, s)
		lacks[w.Order] += s.Lacking()
		lacking := s.Lacking()
		if b.guarded {
			lacking = b.told(s.Pupils) - max(0, b.told(s.Free))
		}
		if lacking > 0 {
			short[string(w.Comune)+":"+string(w.Order)] = lacking
		}
	}
	p := boardPart{ID: "seats", Title: text("seats.title"), Lead: text("seats.lead", "year", domain.SchoolYearOf(domain.DateOf(b.at)).String())}
	table := matrix{ID: "seats-by-order", Caption: text("seats.by-order"), Head: text("list.order"), Columns: columns}
	for _, o := range grade.Orders() {
		if s := orders[o]; s != nil {
			table.Rows = append(table.Rows, row(say(orderText(o)), *s, lacks[o], listQuery{order: string(o)}))
		}
	}
	where := matrix{ID: "seats-lacking", Caption: text("seats.lacking"), Head: text("list.comune"), Columns: columns, None: text("seats.none-lacking")}
	for _, key := range most(short, b.rows) {
		comune, order, _ := strings.Cut(key, ":")
		s := b.boardSources.seats[board.Where{Comune: domain.Comune(comune), Order: grade.Order(order)}]
		where.Rows = append(where.Rows, row(b.registers.comune(domain.Comune(comune)).over(say(orderText(grade.Order(order)))), s, s.Lacking(), listQuery{comune: comune, order: order}))
	}
	ages, from := Bars{Caption: text("seats.ages")}, 0
	for _, to := range []int{7, 30, 90} {
		ages.Bars = append(ages.Bars, Bar{say(text("board.from-to", "from", from, "to", to)), all.Ages.AtLeast(from) - all.Ages.AtLeast(to+1)})
		from = to + 1
	}
	ages.Bars = append(ages.Bars, Bar{say(text("board.beyond", "days", 90)), all.Ages.AtLeast(from)})
	p.Tables, p.Bars = []matrix{table, where}, []Bars{ages}
	return p
}

// schools are the institutions with most pupils.
func (b boardWriter) schools() (boardPart, error) {
	all := b.Counts(board.ByInstitution)
	sizes := all.Open()
	delete(sizes, "")
	table := matrix{ID: "by-school", Caption: text("board.by-school"), Head: text("board.school"), Columns: byStatus(), None: text("board.none")}
	for _, code := range most(b.toldOf(sizes), b.rows) {
		name, err := school.Institution(b.registers.views, domain.Institution(code))
		if err != nil {
			return boardPart{}, err
		}
		table.Keys = append(table.Keys, code)
		table.Rows = append(table.Rows, b.row(plain(cmp.Or(name, code)), all.Of(code), listQuery{institution: code}))
	}
	return boardPart{ID: "schools", Title: text("board.schools"), Tables: []matrix{table}}, nil
}

// comparison sets two instants side by side.
func (b boardWriter) comparison(other boardSources) boardPart {
	at := func(x boardSources) Text { return text("board.at", "instant", x.at) }
	p := boardPart{ID: "compared", Title: text("board.compared")}
	columns := []Text{at(other), at(b.boardSources), text("board.difference")}
	difference := func(name Cell, was, is int) figures {
		if was == few || is == few || was == untold || is == untold {
			return figures{name, []figure{{N: was}, {N: is}, {N: untold}}}
		}
		return figures{name, []figure{{N: was}, {N: is}, {N: is - was}}}
	}
	row := func(name Cell, was, is int) figures { return difference(name, b.told(was), b.told(is)) }
	sums := matrix{ID: "compared-states", Caption: text("board.compared-states"), Head: text("list.status"), Columns: columns,
		Rows: []figures{row(say(text("board.open")), other.Total.Open(), b.Total.Open())}}
	for _, st := range append(slices.Clone(boardStatuses), casefile.Closed) {
		sums.Rows = append(sums.Rows, row(say(statusText(st)), other.Total[st], b.Total[st]))
	}
	sums.Rows = append(sums.Rows, row(say(text("board.overdue")), other.Overdue, b.Overdue))
	was, is := other.Waiting.Spread(), b.Waiting.Spread()
	sums.Rows = append(sums.Rows, difference(say(text("board.median-now")), b.wait(was, was.Median), b.wait(is, is.Median)))
	p.Tables = []matrix{sums}
	for _, zone := range []struct {
		id      string
		caption Text
		head    Text
		by      board.By
		name    func(string) Cell
	}{{"compared-centres", text("board.compared-centres"), text("board.centre"), board.ByCentre, func(c string) Cell { return b.centreName(domain.Centre(c)) }},
		{"compared-comuni", text("board.compared-comuni"), text("list.comune"), board.ByComune, func(c string) Cell { return b.comuneName(domain.Comune(c)) }}} {
		m := matrix{ID: zone.id, Caption: zone.caption, Head: zone.head, Columns: columns}
		before, now, changed := other.By(zone.by), b.By(zone.by), map[string]int{}
		for key := range now {
			changed[key] = 0
		}
		for key := range before {
			changed[key] = 0
		}
		for key := range changed {
			was, is := max(0, b.told(before[key].Open())), max(0, b.told(now[key].Open()))
			changed[key] = max(is-was, was-is)
		}
		for _, key := range most(changed, len(changed)) {
			m.Rows = append(m.Rows, row(zone.name(key), before[key].Open(), now[key].Open()))
		}
		p.More = append(p.More, m)
	}
	return p
}

func (b boardWriter) centreName(c domain.Centre) Cell { return (&registers{land: b.land}).centre(c) }
func (b boardWriter) comuneName(c domain.Comune) Cell { return (&registers{land: b.land}).comune(c) }
