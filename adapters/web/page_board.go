package web

import (
	"cmp"
	"net/http"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/grade"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/board"
	"approdo/projections/worklist"
)

func (s *site) boardRoutes(r chi.Router) {
	r.Get("/cruscotto", s.page(s.board))
}

// boardPage is the territorial monitoring board as far as its reader may count.
type boardPage struct {
	At       time.Time
	Scope    Text
	Callouts []Callout
	Filter   *Form
	Tiles    []Tile
	Orders   Bars
	Waiting  Table
	Bounds   []Tile // who waits longer than the directives want
	Overdue  []Tile
	Centres  matrix
	ByOrder  matrix
	Channels matrix
	Comuni   matrix
	Map      *mapOfComuni // nil for a comune, which has but one
	Links    bool         // figures lead to lists
	City     bool         // an ambito of Milano is asked for, and Milano lies in two
}

var boardView = view[boardPage]{"board"}

// matrix is a table of figures: what the rows are of, by status.
type matrix struct {
	ID      string // of the table's frame in the page
	Caption Text
	Head    Text
	Columns []Text
	Rows    []figures
	None    Text
}

// figures is a row of a matrix.
type figures struct {
	Name  Cell
	Cells []figure
}

// figure is a count and the list behind it, where the reader may open one.
type figure struct {
	N    int
	Href string
}

// boardFilter is what the reader asks for within what is his.
type boardFilter struct {
	ambito domain.Ambito
	order  grade.Order
}

func (s *site) board(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	scope, err := worklist.Board(a)
	if err != nil {
		return err
	}
	now := s.Clock()
	c := boardPage{At: now, Scope: boardScopeText(a.Role), Links: access.Large(a, access.ListCases) == nil}
	var g *registers
	if err := s.read(r, func(v *projections.Snapshot) (err error) {
		g, err = s.registers(r.Context(), v)
		return err
	}); err != nil {
		return err
	}
	everything := a.Body == ""
	f := boardFilterOf(r, g, everything)
	scope.Order = f.order
	if f.ambito != "" {
		scope.Comuni = g.comuniOf(f.ambito)
		milano, _ := g.land.Comune(domain.Milano)
		c.City = milano.In(f.ambito)
	}
	c.Filter = filterOfBoard(g, f, everything)
	c.Callouts = provisionalCallouts(g.land, everything)
	x, err := s.Board.Now(r.Context(), scope, now)
	if err != nil {
		return err
	}
	c.count(x, g, scope, f, now)
	return boardView.show(s, w, r, http.StatusOK, text("board.title"), c, Crumb{Text: text("board.title")})
}

// boardScopeText says whose cases are counted.
func boardScopeText(role domain.Role) Text {
	switch role {
	case domain.RoleComune:
		return text("board.scope-comune")
	case domain.RoleCentre:
		return text("board.scope-centre")
	case domain.RoleSchool:
		return text("board.scope-school")
	}
	return text("board.scope-all")
}

// boardFilterOf passes over what no register knows: an old address then shows more, and nothing wrong.
func boardFilterOf(r *http.Request, g *registers, everything bool) boardFilter {
	var f boardFilter
	if o := grade.Order(r.URL.Query().Get("ordine")); o.Valid() {
		f.order = o
	}
	if a := domain.Ambito(r.URL.Query().Get("ambito")); everything && slices.Contains(g.ambiti(), a) {
		f.ambito = a
	}
	return f
}

// ambiti are those that have a CTI.
func (g *registers) ambiti() []domain.Ambito {
	var all []domain.Ambito
	for _, c := range g.land.Centres() {
		if c.Ambito != "" {
			all = append(all, c.Ambito)
		}
	}
	return all
}

// comuniOf are the comuni that lie in an ambito.
func (g *registers) comuniOf(a domain.Ambito) []domain.Comune {
	var all []domain.Comune
	for _, c := range g.land.Comuni() {
		if c.In(a) {
			all = append(all, c.Code)
		}
	}
	return all
}

// ambitoOptions name the ambiti by their CTI.
func ambitoOptions(land territory.State) []Option {
	var out []Option
	for _, c := range land.Centres() {
		if c.Ambito != "" {
			out = append(out, Option{Value: string(c.Ambito), Label: plain(string(c.Ambito) + " · " + c.Name)})
		}
	}
	return out
}

func filterOfBoard(g *registers, f boardFilter, everything bool) *Form {
	var fields []Field
	if everything {
		fields = append(fields, Field{Name: "ambito", Kind: FieldSelect, Label: text("board.ambito"), Options: ambitoOptions(g.land), Optional: true})
	}
	fields = append(fields, Field{Name: "ordine", Kind: FieldSelect, Label: text("list.order"), Options: orderOptions(), Optional: true})
	return newFilter("/cruscotto", text("board.filter"), fields...).Set("ambito", string(f.ambito)).Set("ordine", string(f.order))
}

// provisionalCallouts say that the registers behind the figures are not confirmed.
func provisionalCallouts(land territory.State, everything bool) []Callout {
	comuni, centres, policy := land.Provisional()
	if !everything || len(comuni)+len(centres) == 0 && policy == "" {
		return nil
	}
	return []Callout{{Tone: Warning, Title: text("territory.provisional"),
		Text: text("territory.provisional-counts", "comuni", len(comuni), "centres", len(centres))}}
}

// boardStatuses are the columns of every matrix. Cases that were joined to another are counted there alone.
var boardStatuses = []casefile.Status{casefile.Requested, casefile.InCharge, casefile.Offered, casefile.Accepted, casefile.Attending}

// shortStatus names a status at the head of a column.
func shortStatus(st casefile.Status) Text { return text("short-status." + string(st)) }

// toneOf is calm while there is nothing.
func toneOf(n int, some Tone) Tone {
	if n > 0 {
		return some
	}
	return Success
}

// count fills the page. Closed cases leave a school's scope, though its list still has those it taught: they are not counted for it.
func (c *boardPage) count(x board.Figures, g *registers, scope board.Scope, f boardFilter, now time.Time) {
	closed := scope.Institution == ""
	list := func(q listQuery) string {
		if !c.Links {
			return ""
		}
		q.order = cmp.Or(q.order, string(f.order))
		if q.comune == "" {
			q.ambito = string(f.ambito)
		}
		return q.href("")
	}
	row := func(name Cell, t board.Tally, q listQuery) figures {
		out := figures{Name: name}
		cell := func(n int, status string) {
			q.status = status
			out.Cells = append(out.Cells, figure{n, list(q)})
		}
		cell(t.Open(), "aperte")
		for _, st := range boardStatuses {
			cell(t[st], string(st))
		}
		if closed {
			cell(t[casefile.Closed], string(casefile.Closed))
		}
		return out
	}
	columns := []Text{text("board.open")}
	for _, st := range boardStatuses {
		columns = append(columns, shortStatus(st))
	}
	if closed {
		columns = append(columns, shortStatus(casefile.Closed))
	}
	orders := x.By(board.ByOrder)
	c.ByOrder = matrix{ID: "by-order", Caption: text("board.by-order"), Head: text("list.order"), Columns: columns}
	c.Orders.Caption = text("board.orders")
	for _, o := range grade.Orders() {
		t := orders[string(o)]
		if f.order == "" || f.order == o {
			name, q := say(orderText(o)), listQuery{order: string(o)}
			c.ByOrder.Rows = append(c.ByOrder.Rows, row(name, t, q))
			q.status = "aperte"
			c.Orders.Bars = append(c.Orders.Bars, Bar{name.to(list(q)), t.Open()})
		}
	}
	c.Tiles = []Tile{{Tone: Info, Label: text("board.open"), Value: x.Total.Open(), Href: list(listQuery{status: "aperte"})}}
	for _, st := range boardStatuses {
		c.Tiles = append(c.Tiles, Tile{Tone: statusTones[st], Label: statusText(st), Value: x.Total[st], Href: list(listQuery{status: string(st)})})
	}
	centres := x.By(board.ByCentre)
	c.Centres = matrix{ID: "by-centre", Caption: text("board.by-centre"), Head: text("board.centre"), Columns: columns, None: text("board.none")}
	for _, centre := range g.land.Centres() {
		if t := centres[string(centre.Code)]; t != nil {
			c.Centres.Rows = append(c.Centres.Rows, row(marked(plain(centre.Name), centre.Provisional), t, listQuery{centre: string(centre.Code)}))
		}
	}
	channels := x.By(board.ByChannel)
	c.Channels = matrix{ID: "by-channel", Caption: text("board.by-channel"), Head: text("board.channel"), Columns: columns}
	for _, ch := range []domain.Channel{domain.ChannelComune, domain.ChannelSchool, domain.ChannelUST} {
		c.Channels.Rows = append(c.Channels.Rows, row(say(text("channel."+string(ch))), channels[string(ch)], listQuery{channel: string(ch)}))
	}
	comuni := x.By(board.ByComune)
	c.Comuni = matrix{ID: "by-comune", Caption: text("board.by-comune"), Head: text("list.comune"), Columns: columns, None: text("board.none")}
	most := func(a, b territory.Comune) int {
		return cmp.Compare(comuni[string(b.Code)].Open(), comuni[string(a.Code)].Open())
	}
	for _, comune := range slices.SortedStableFunc(slices.Values(g.land.Comuni()), most) {
		if t := comuni[string(comune.Code)]; t != nil {
			c.Comuni.Rows = append(c.Comuni.Rows, row(plain(comune.Name), t, listQuery{comune: string(comune.Code)}))
		}
	}
	if scope.Comune == "" {
		c.Map = mapOf(g.land.Comuni(), func(code domain.Comune) int { return comuni[string(code)].Open() })
	}
	c.wait(x, now, g.land.ClocksOn(domain.DateOf(now)), list(listQuery{status: "in-attesa"}))
	c.late(x, list)
}

// marked says below a name that its register is provisional.
func marked(c Cell, provisional bool) Cell {
	if provisional {
		return c.over(say(text("territory.unconfirmed")))
	}
	return c
}

// wait says how long those wait who have no first day yet, whose list is at waiters, and how long those had waited who have one.
func (c *boardPage) wait(x board.Figures, now time.Time, clocks territory.Clocks, waiters string) {
	today := domain.DateOf(now)
	row := func(name Text, x board.Waiting, href string) Row {
		days := func(n int) Cell {
			if x.Pupils == 0 {
				return say(text("board.nobody"))
			}
			return say(text("board.days", "count", n))
		}
		pupils := count(x.Pupils)
		if x.Pupils > 0 {
			pupils = pupils.to(href)
		}
		return Row{Cells: []Cell{say(name), pupils, days(x.Median), days(x.NinetyPercent), days(x.Longest)}}
	}
	c.Waiting = Table{Caption: text("board.waiting"),
		Columns: []Column{{Label: text("board.who")}, {Label: text("board.pupils"), Numeric: true}, {Label: text("board.median"), Numeric: true},
			{Label: text("board.ninety"), Numeric: true}, {Label: text("board.longest"), Numeric: true}},
		Rows: []Row{row(text("board.waiting-now"), x.Waiting.Spread(), waiters), row(text("board.waited"), x.Waited.Spread(), "")}}
	for _, bound := range []struct {
		label  Text
		months int
	}{{text("board.recast"), clocks.RecastMonths}, {text("board.access"), clocks.AccessMonths}} {
		n := x.Waiting.AtLeast(domain.DateOf(now.In(domain.Rome).AddDate(0, -bound.months, 0)).DaysUntil(today))
		c.Bounds = append(c.Bounds, Tile{Tone: toneOf(n, Warning), Label: text("board.months", "count", bound.months), Value: n, Note: bound.label})
	}
}

// late counts what is overdue by whose turn it is.
func (c *boardPage) late(x board.Figures, list func(listQuery) string) {
	late, all := x.OverdueBy(board.ByHolder), x.Overdue
	c.Overdue = []Tile{{Tone: toneOf(all, Danger), Label: text("board.overdue-all"), Value: all, Href: list(listQuery{overdue: true})}}
	for _, h := range []struct {
		kind  casefile.HolderKind
		label Text
	}{{casefile.HeldByCentre, text("board.overdue-centre")}, {casefile.HeldBySchool, text("board.overdue-school")},
		{casefile.HeldByComune, text("board.overdue-comune")}} {
		c.Overdue = append(c.Overdue, Tile{Tone: toneOf(late[string(h.kind)], Danger), Label: h.label, Value: late[string(h.kind)],
			Href: list(listQuery{holder: string(h.kind), overdue: true})})
	}
}
