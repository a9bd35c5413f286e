package rest

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/projections"
	"approdo/projections/audit"
	"approdo/projections/board"
	"approdo/projections/worklist"
)

// boardAnswer counts the reader's cases: of his body, or of the province for UST and Prefettura.
type boardAnswer struct {
	At          time.Time          `json:"at"`
	Comune      domain.Comune      `json:"comune,omitzero"`
	Centre      domain.Centre      `json:"centre,omitzero"`
	Institution domain.Institution `json:"institution,omitzero"`
	ByComune    []count            `json:"by_comune"`
	ByCentre    []count            `json:"by_centre"`
	ByOrder     []count            `json:"by_order"`
	ByChannel   []count            `json:"by_channel"`
	WaitingNow  waiting            `json:"waiting_now"` // for their first day
	Waited      waiting            `json:"waited"`      // until their first day
	Overdue     []overdue          `json:"overdue"`
}

type count struct {
	Key    string          `json:"key"`
	Status casefile.Status `json:"status"`
	tally
}

type overdue struct {
	Holder string `json:"holder_kind"`
	tally
}

// tally is a number of cases as the reader may be told it; Few where it is one or two and may not be.
type tally struct {
	Cases int  `json:"cases"`
	Few   bool `json:"few,omitzero"`
}

// tallyOf guards a figure from whoever sees no lists.
func tallyOf(n int, guarded bool) tally {
	if !guarded {
		return tally{Cases: n}
	}
	n = board.Guarded(n)
	return tally{max(n, 0), n == board.Few}
}

// waiting is the spread of waits, in days.
type waiting struct {
	Pupils        int  `json:"pupils"`
	Median        int  `json:"median"`
	NinetyPercent int  `json:"ninety_percent"` // nine in ten wait no longer
	Longest       int  `json:"longest"`
	Few           bool `json:"few,omitzero"`
}

func (a *api) readBoard(r *http.Request) (answer, error) {
	scope, err := worklist.Board(actorOf(r.Context()))
	if err != nil {
		return answer{}, err
	}
	q := queryOf(r)
	asOf := q.instant("as_of")
	if err := q.err(); err != nil {
		return answer{}, err
	}
	now := a.Clock().UTC()
	guarded := actorOf(r.Context()).Role == domain.RolePrefettura
	if guarded && !asOf.IsZero() { // the second at which a figure passes from few to three would tell whose it is
		asOf = domain.DateOf(asOf).AddDays(1).Start().Add(-time.Microsecond)
	}
	out := boardAnswer{At: now, Comune: scope.Comune, Centre: scope.Centre, Institution: scope.Institution, Overdue: []overdue{}}
	var f board.Figures
	if asOf.IsZero() || asOf.After(now) {
		f, err = a.Board.Now(r.Context(), scope, now)
	} else {
		out.At = asOf.UTC()
		f, err = a.Board.AsOf(r.Context(), scope, asOf)
	}
	if err != nil {
		return answer{}, err
	}
	out.ByComune, out.ByCentre, out.ByOrder, out.ByChannel = countsOf(f.By(board.ByComune), guarded), countsOf(f.By(board.ByCentre), guarded),
		countsOf(f.By(board.ByOrder), guarded), countsOf(f.By(board.ByChannel), guarded)
	out.WaitingNow, out.Waited = waitingOf(f.Waiting, guarded), waitingOf(f.Waited, guarded)
	late := f.OverdueBy(board.ByHolder)
	for _, kind := range slices.Sorted(maps.Keys(late)) {
		out.Overdue = append(out.Overdue, overdue{kind, tallyOf(late[kind], guarded)})
	}
	return answer{body: out}, nil
}

// enough is of how many pupils a spread of waits may be told to whoever sees no lists.
const enough = 10

// waitingOf sums waits up; those of few pupils would tell about each.
func waitingOf(d board.Days, guarded bool) waiting {
	s := d.Spread()
	w := waiting{Pupils: s.Pupils, Median: s.Median, NinetyPercent: s.NinetyPercent, Longest: s.Longest}
	if !guarded {
		return w
	}
	told := tallyOf(w.Pupils, true)
	if w.Pupils < enough { // each would be told about
		return waiting{Pupils: told.Cases, Few: told.Few}
	}
	w.Pupils = told.Cases
	return w
}

func countsOf(tallies map[string]board.Tally, guarded bool) []count {
	out := []count{}
	for _, key := range slices.Sorted(maps.Keys(tallies)) {
		for _, status := range slices.Sorted(maps.Keys(tallies[key])) {
			out = append(out, count{key, status, tallyOf(tallies[key][status], guarded)})
		}
	}
	return out
}

// auditDay is a page of who did what on a day in Rome.
type auditDay struct {
	Date  domain.Date `json:"date"`
	Total int         `json:"total"`
	page[auditRow]
}

// auditRow is one record of the journal. Cases have a pseudonym for the Prefettura, and their id to read the trail by.
type auditRow struct {
	Position  int64       `json:"position"`
	At        time.Time   `json:"at"`
	Type      string      `json:"type"`
	Stream    string      `json:"stream"`
	Case      uuid.UUID   `json:"case_id,omitzero"`
	Pseudonym string      `json:"pseudonym,omitzero"`
	Role      domain.Role `json:"role"`
	Body      string      `json:"body,omitzero"`
	Account   uuid.UUID   `json:"account_id,omitzero"`
	auditBasis
}

func (a *api) readDay(r *http.Request) (answer, error) {
	actor := actorOf(r.Context())
	if err := access.Large(actor, access.ReadDay); err != nil {
		return answer{}, err
	}
	q := queryOf(r)
	text, limit := q.text("cursor"), q.limit()
	after, err := strconv.ParseInt(text, 10, 64)
	if text != "" && (err != nil || after < 0) {
		q.fail("cursor", "cursor-malformed")
	}
	day, err := domain.ParseDate(chi.URLParam(r, "date"))
	if err != nil {
		q.fail("date", "date-malformed")
	}
	if err := q.err(); err != nil {
		return answer{}, err
	}
	out := auditDay{Date: day}
	err = a.Views.ReadAs(r.Context(), actorOf(r.Context()), func(s *projections.Snapshot) error {
		rows, next, err := audit.Day(s, day, after, limit)
		if err != nil {
			return err
		}
		cursor := ""
		if next > 0 {
			cursor = strconv.FormatInt(next, 10)
		}
		out.page = pageOf(rows, cursor, func(row audit.Row) auditRow { return a.auditRow(actor, row) })
		out.Total, err = audit.Count(s, day)
		return err
	})
	return answer{body: out}, err
}
