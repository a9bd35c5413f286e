package web

import (
	"context"
	"math"
	"net/http"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/grade"
	"approdo/domain/territory"
	"approdo/projections/board"
	"approdo/projections/worklist"
)

func (s *site) boardRoutes(r chi.Router) {
	r.Get("/cruscotto", s.page(s.board))
	r.Get(openDataPath, s.page(s.openData))
}

// boardPage is the territorial monitoring board as far as its reader may count.
type boardPage struct {
	At       time.Time
	Scope    Text
	Callouts []Callout
	Filter   *Form
	Parts    []boardPart
	Files    []Action
	Live     *liveLink
	Links    bool // figures lead to lists
	City     bool // an ambito of Milano is asked for, and Milano lies in two
	Guarded  bool // small figures are not told
	Past     bool // an instant is asked for
	known    asOf
}

// boardPart is a section of the board: what stands in it comes in this order.
type boardPart struct {
	ID     string
	Title  Text
	Lead   Text
	Tiles  []Tile
	Bars   []Bars
	Chart  *chart
	Map    *mapOfComuni
	Tables []matrix
	More   []matrix // behind a word
}

var boardView = view[boardPage]{"board"}

// matrix is a table of figures: what the rows are of, by what the columns are.
type matrix struct {
	ID      string // of the table's frame in the page, and of its sheet in a file
	Caption Text
	Head    Text
	Columns []Text
	Rows    []figures
	Keys    []string // of the rows, where two may be called alike
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
	known  asOf
	other  asOf // an instant to compare with
}

// boardSources are the figures of a board at one instant.
type boardSources struct {
	board.Figures
	seats map[board.Where]board.Seats
	at    time.Time
}

func (s *site) boardAt(ctx context.Context, scope board.Scope, k asOf) (x boardSources, err error) {
	x.at = k.or(s.Clock())
	year := domain.SchoolYearOf(domain.DateOf(x.at))
	if k.past() {
		x.Figures, err = s.Board.AsOf(ctx, scope, k.at)
	} else {
		x.Figures, err = s.Board.Now(ctx, scope, x.at)
	}
	if err == nil {
		x.seats, err = s.Board.Places(ctx, x.Figures, year)
	}
	return x, err
}

func (s *site) board(w http.ResponseWriter, r *http.Request) error {
	if f, ok := formatOf(r); ok {
		return s.boardFile(w, r, f)
	}
	c, err := s.boardOf(r, false, false)
	if err != nil {
		return err
	}
	c.Files = downloads(r, "")
	if actorOf(r).Body == "" {
		c.Files = append(c.Files, Action{text("board.open-data"), c.known.on(openDataPath)})
	}
	return boardView.show(s, w, r, http.StatusOK, text("board.title"), c, Crumb{Text: text("board.title")})
}

// boardOf counts what the reader may: whole, with the rows that a page has no room for; open, as everybody may read it.
func (s *site) boardOf(r *http.Request, whole, open bool) (c boardPage, err error) {
	a := actorOf(r)
	scope, err := worklist.Board(a)
	if err != nil {
		return c, err
	}
	land, err := s.Desk.Territory(r.Context())
	if err != nil {
		return c, err
	}
	guarded := a.Role == domain.RolePrefettura || open
	f, err := s.boardFilterOf(r, land, guarded)
	if err != nil {
		return c, err
	}
	scope.Order = f.order
	c = boardPage{Scope: boardScopeText(a.Role), Links: access.Large(a, access.ListCases) == nil, Guarded: guarded}
	if f.ambito != "" {
		scope.Comuni = comuniOf(land, f.ambito)
		milano, _ := land.Comune(domain.Milano)
		c.City = milano.In(f.ambito)
	}
	x, err := s.boardAt(r.Context(), scope, f.known)
	if err != nil {
		return c, err
	}
	c.known, c.Past = f.known, f.known.past() || f.other.past()
	c.Live = c.live(r, f)
	c.At, c.Filter, c.Callouts = x.at, filterOfBoard(land, f, a.Body == ""), provisionalCallouts(land, a.Body == "")
	if f.known.past() {
		c.Callouts = append([]Callout{f.known.callout("/cruscotto")}, c.Callouts...)
	}
	b := boardWriter{boardSources: x, land: land, scope: scope, filter: f, links: c.Links, guarded: c.Guarded, rows: mostRows}
	if whole {
		b.rows = math.MaxInt
	}
	if f.other.past() {
		other, err := s.boardAt(r.Context(), scope, f.other)
		if err != nil {
			return c, err
		}
		c.Parts = append(c.Parts, b.comparison(other))
	}
	err = s.withRegisters(r, func(g *registers) error {
		b.registers = g
		parts, err := b.parts()
		c.Parts = append(c.Parts, parts...)
		return err
	})
	return c, err
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

// boardFilterOf passes over what no register knows: an old address then shows more, and nothing wrong. An instant must be one.
func (s *site) boardFilterOf(r *http.Request, land territory.State, guarded bool) (f boardFilter, err error) {
	v := r.URL.Query()
	if o := grade.Order(v.Get("ordine")); o.Valid() {
		f.order = o
	}
	if a := domain.Ambito(v.Get("ambito")); actorOf(r).Body == "" && slices.Contains(ambiti(land), a) {
		f.ambito = a
	}
	if f.known, err = s.knownOf(r); err != nil {
		return f, err
	}
	if f.other, err = knownAt(s.Clock(), v.Get("confronto"), v.Get("confronto-ora"), "confronto", "confronto-ora"); err != nil || !guarded {
		return f, err
	}
	// Whoever may choose the second finds out when a figure passes from few to three: he is told whole days.
	if f.known, err = knownAt(s.Clock(), f.known.day, "", "noto", ""); err == nil {
		f.other, err = knownAt(s.Clock(), f.other.day, "", "confronto", "")
	}
	return f, err
}

// ambiti are those that have a CTI.
func ambiti(land territory.State) []domain.Ambito {
	var all []domain.Ambito
	for _, c := range land.Centres() {
		if c.Ambito != "" {
			all = append(all, c.Ambito)
		}
	}
	return all
}

// comuniOf are the comuni that lie in an ambito.
func comuniOf(land territory.State, a domain.Ambito) []domain.Comune {
	all := []domain.Comune{}
	for _, c := range land.Comuni() {
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

func filterOfBoard(land territory.State, f boardFilter, everything bool) *Form {
	var fields []Field
	if everything {
		fields = append(fields, Field{Name: "ambito", Kind: FieldSelect, Label: text("board.ambito"), Options: ambitoOptions(land), Optional: true})
	}
	fields = append(fields, Field{Name: "ordine", Kind: FieldSelect, Label: text("list.order"), Options: orderOptions(), Optional: true})
	fields = append(fields, f.known.fields()...)
	fields = append(fields, Field{Name: "confronto", Kind: FieldDate, Label: text("board.compare"), Optional: true},
		Field{Name: "confronto-ora", Kind: FieldTime, Label: text("known.hour"), Optional: true})
	return newFilter("/cruscotto", text("board.filter"), fields...).Set("ambito", string(f.ambito)).Set("ordine", string(f.order)).
		Set("noto", f.known.day).Set("ora", f.known.hour).Set("confronto", f.other.day).Set("confronto-ora", f.other.hour)
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

// boardStatuses are the columns of every matrix of cases. Cases that were joined to another are counted there alone.
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

// marked says below a name that its register is provisional.
func marked(c Cell, provisional bool) Cell {
	if provisional {
		return c.over(say(text("territory.unconfirmed")))
	}
	return c
}
