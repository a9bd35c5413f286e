package year2022_test

import (
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"approdo/adapters/sqlite/views"
	"approdo/cmd/approdo/year2022"
	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/places"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/board"
)

// A figure of the board is what somebody would find who read the whole journal as far as the instant and counted by hand.
func TestTheBoardIsWhatTheJournalSaysAtAnyInstant(t *testing.T) {
	t.Parallel()
	store, codec := made(t, 250, 7)
	known := history(t, store, codec)
	db, err := views.Open(t.Context(), filepath.Join(t.TempDir(), "views.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	r := projections.NewRunner(store, codec, db, slog.New(slog.DiscardHandler), board.Projection())
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	b := board.New(r)
	random := rand.New(rand.NewPCG(2022, 11))
	some := known[len(known)/2]
	scopes := map[string]board.Scope{"territory": {}, "order": {Order: grade.Primaria}, "ambito": {Comuni: []domain.Comune{domain.Milano, "015189", "015209"}},
		"nobody's": {Comune: "015999"}, "no comune": {Comuni: []domain.Comune{}}, "channel": {Channel: domain.ChannelSchool}}
	offers, ends := map[uuid.UUID]domain.Institution{}, time.Time{}
	for _, k := range known {
		if o, ok := k.event.(casefile.PlaceOffered); ok {
			offers[o.Offer] = o.Institution
		}
		if d, ok := k.event.(casefile.OfferDeclined); ok { // what it declined it has no more, and its refusals it has
			scopes["institution"] = board.Scope{Institution: offers[d.Offer]}
		}
		if l, ok := k.event.(casefile.Routed); ok {
			ends = l.Terms.FirstOffer
		}
		if e, ok := k.event.(casefile.HandedOver); ok {
			scopes["centre"] = board.Scope{Centre: e.From}
		}
		if e, ok := k.event.(casefile.DomicileChanged); ok {
			scopes["comune"] = board.Scope{Comune: e.Comune, Order: grade.Primaria}
		}
	}
	if len(scopes) != 9 {
		t.Fatalf("the year has no case of %d scopes", 9-len(scopes))
	}
	instants := []time.Time{some.at, some.at.Add(-time.Microsecond), ends} // to the instant, just before, and when a term ends
	for range 10 {
		instants = append(instants, year2022.Start.Add(time.Duration(random.Int64N(int64(400*24*time.Hour)))))
	}
	counted, declared := 0, 0
	for _, at := range instants {
		for name, scope := range scopes {
			got, err := b.AsOf(t.Context(), scope, at)
			if err != nil {
				t.Fatal(err)
			}
			want := countByHand(known, scope, at)
			if diff := cmp.Diff(want, tallied(got)); diff != "" {
				t.Errorf("%s as of %s (- by hand, + the board):\n%s", name, at, diff)
			}
			counted += want.Funnel.Known
			seats, err := b.Places(t.Context(), got, domain.SchoolYearOf(domain.DateOf(at)))
			if err != nil {
				t.Fatal(err)
			}
			wanted := seatsByHand(t, store, codec, known, scope, at)
			if diff := cmp.Diff(wanted, summed(seats)); diff != "" {
				t.Errorf("places, %s as of %s (- by hand, + the board):\n%s", name, at, diff)
			}
			for _, w := range wanted {
				declared += w.Declared
			}
		}
	}
	if counted < 1000 {
		t.Errorf("only %d cases were counted in all", counted)
	}
	if declared < 1000 {
		t.Errorf("only %d places were counted in all", declared)
	}
	end := known[len(known)-1].at.AddDate(0, 0, 1)
	now, err := b.Now(t.Context(), board.Scope{}, end)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(countByHand(known, board.Scope{}, end), tallied(now)); diff != "" {
		t.Errorf("now (- by hand, + the board):\n%s", diff)
	}
}

// occurrence is an event of a case and when it became known.
type occurrence struct {
	id    uuid.UUID
	at    time.Time
	event casefile.Event
}

func history(t *testing.T, store event.Store, codec *event.Codec) (all []occurrence) {
	t.Helper()
	for page, err := range store.ReadAll(t.Context(), 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{casefile.Category}}}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Records {
			e, err := codec.Decode(r)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, occurrence{casefile.IDOf(r.Stream), r.Meta.At, e.(casefile.Event)})
		}
	}
	return all
}

// byHand is what can be counted of a board.
type byHand struct {
	By               map[board.By]map[string]board.Tally
	Waiting, Waited  board.Waiting
	WaitingIn, Waits map[board.By]map[string]board.Waiting
	Overdue          int
	OverdueBy        map[board.By]map[string]int
	Declines         map[casefile.DeclineReason]int
	Ends             map[casefile.ClosureReason]int
	Funnel           board.Funnel
	Flow             map[domain.Date]board.Flow
}

func newByHand() byHand {
	return byHand{By: map[board.By]map[string]board.Tally{}, WaitingIn: map[board.By]map[string]board.Waiting{}, Waits: map[board.By]map[string]board.Waiting{},
		OverdueBy: map[board.By]map[string]int{}, Declines: map[casefile.DeclineReason]int{}, Ends: map[casefile.ClosureReason]int{}, Flow: map[domain.Date]board.Flow{}}
}

var allBys = []board.By{board.ByStatus, board.ByHolder, board.ByHolderBody, board.ByChannel, board.ByComune, board.ByMunicipio, board.ByCentre, board.BySchool,
	board.ByInstitution, board.ByOrder, board.ByGrade}

// tallied brings the board's answer into the same form.
func tallied(f board.Figures) byHand {
	h := newByHand()
	for _, by := range allBys {
		if len(f.By(by)) > 0 {
			h.By[by] = f.By(by)
		}
		for key, d := range f.WaitingBy(by) {
			put(h.WaitingIn, by, key, d.Spread())
		}
		for key, d := range f.WaitedBy(by) {
			put(h.Waits, by, key, d.Spread())
		}
		for key, n := range f.OverdueBy(by) {
			put(h.OverdueBy, by, key, n)
		}
	}
	h.Waiting, h.Waited, h.Overdue, h.Declines, h.Ends, h.Funnel = f.Waiting.Spread(), f.Waited.Spread(), f.Overdue, f.Declines, f.Ends, f.Funnel
	for _, day := range f.Flow {
		h.Flow[day.On] = day
	}
	return h
}

func put[T any](m map[board.By]map[string]T, by board.By, key string, v T) {
	if m[by] == nil {
		m[by] = map[string]T{}
	}
	m[by][key] = v
}

// life is what is known of one case.
type life struct {
	casefile.State
	terms casefile.Terms
	had   casefile.Offer // the place at which the case was closed
	funnel
}

type funnel struct{ charged, offered, placed, begun bool }

// where says what the case counts under; in is whether a scope holds it.
func (l life) where() map[board.By]string {
	w := map[board.By]string{board.ByStatus: string(l.Status), board.ByHolder: string(l.Holder().Kind), board.ByChannel: string(l.Channel), board.ByComune: string(l.Comune),
		board.ByCentre: string(l.Centre), board.ByOrder: string(l.Level.Order), board.ByGrade: l.Level.String(), board.ByHolderBody: "", board.ByMunicipio: "",
		board.BySchool: "", board.ByInstitution: ""}
	if h := l.Holder(); h.Kind != "" {
		w[board.ByHolderBody] = string(h.Kind) + ":" + h.Body
	}
	if l.Municipio > 0 {
		w[board.ByMunicipio] = string(rune('0' + l.Municipio))
	}
	if l.Status == casefile.Closed {
		w[board.BySchool], w[board.ByInstitution] = string(l.had.School), string(l.had.Institution)
	}
	if l.Status.HoldsPlace() {
		w[board.BySchool], w[board.ByInstitution] = string(l.Offer.School), string(l.Offer.Institution)
	}
	return w
}

func (l life) in(s board.Scope) bool {
	w := l.where()
	return (s.Comune == "" || s.Comune == l.Comune) && (s.Centre == "" || s.Centre == l.Centre) && (s.Order == "" || s.Order == l.Level.Order) &&
		(s.Channel == "" || s.Channel == l.Channel) && (s.Institution == "" || string(s.Institution) == w[board.ByInstitution]) &&
		(s.Comuni == nil || slices.Contains(s.Comuni, l.Comune))
}

// due is when the running term ends; zero where none runs.
func (l life) due() time.Time {
	switch {
	case l.Status == casefile.Requested:
		return l.terms.TakeCharge
	case l.Status == casefile.Offered:
		return l.Offer.Due
	case l.Status == casefile.InCharge && l.Offers == 0:
		return l.terms.FirstOffer
	case l.Status == casefile.InCharge, l.Status == casefile.Accepted:
		return l.terms.FirstDay
	}
	return time.Time{}
}

func later(t *time.Time, other time.Time) {
	if !other.IsZero() {
		*t = other
	}
}

func countByHand(known []occurrence, scope board.Scope, at time.Time) byHand {
	h := newByHand()
	lives := map[uuid.UUID]life{}
	for _, o := range known {
		if o.at.After(at) {
			continue
		}
		before := lives[o.id]
		l := before
		l.State = casefile.Evolve(l.State, o.event)
		var terms casefile.Terms
		day := board.Flow{}
		switch e := o.event.(type) {
		case casefile.RequestRecorded:
			day.Arrived++
		case casefile.AutonomousEnrolmentRecorded:
			l.placed = true
			day.Arrived, day.Placed = 1, 1
		case casefile.Routed:
			terms = e.Terms
		case casefile.HandedOver:
			terms = e.Terms
		case casefile.CaseReopened:
			terms, l.had = e.Terms, casefile.Offer{}
		case casefile.ChargeTaken:
			l.charged = true
			day.Charged++
		case casefile.PlaceOffered:
			l.offered = true
			day.Offered++
		case casefile.OfferDeclined, casefile.OfferLapsed:
			day.Declined++
		case casefile.OfferAccepted:
			l.placed = true
			day.Placed++
		case casefile.FirstDayRecorded:
			l.begun = true
			if before.FirstDay.IsZero() {
				day.Begun++
			}
		case casefile.CaseClosed:
			day.Departed++
			if before.Status == casefile.Accepted || before.Status == casefile.Attending {
				l.had = *before.Offer
			}
		}
		later(&l.terms.TakeCharge, terms.TakeCharge)
		later(&l.terms.FirstOffer, terms.FirstOffer)
		later(&l.terms.FirstDay, terms.FirstDay)
		lives[o.id] = l
		if day == (board.Flow{}) || !l.in(scope) && (before.Status == "" || !before.in(scope)) {
			continue
		}
		switch e := o.event.(type) {
		case casefile.OfferDeclined:
			h.Declines[e.Reason]++
		case casefile.CaseClosed:
			h.Ends[e.Reason]++
		}
		on := domain.DateOf(o.at)
		sum := h.Flow[on]
		h.Flow[on] = board.Flow{On: on, Arrived: sum.Arrived + day.Arrived, Charged: sum.Charged + day.Charged, Offered: sum.Offered + day.Offered,
			Declined: sum.Declined + day.Declined, Placed: sum.Placed + day.Placed, Begun: sum.Begun + day.Begun, Departed: sum.Departed + day.Departed}
	}
	var waiting, waited []int
	waitingIn, waitedIn := map[board.By]map[string][]int{}, map[board.By]map[string][]int{}
	for _, l := range lives {
		if !l.in(scope) {
			continue
		}
		for by, key := range l.where() {
			if h.By[by] == nil {
				h.By[by] = map[string]board.Tally{}
			}
			if h.By[by][key] == nil {
				h.By[by][key] = board.Tally{}
			}
			h.By[by][key][l.Status]++
		}
		if l.Status == casefile.Merged {
			continue
		}
		h.Funnel.Known++
		for n, step := range map[*int]bool{&h.Funnel.Charged: l.charged, &h.Funnel.Offered: l.offered, &h.Funnel.Placed: l.placed, &h.Funnel.Begun: l.begun} {
			if step {
				*n++
			}
		}
		of, days := waitedIn, l.RequestedOn.DaysUntil(l.FirstDay)
		switch {
		case l.Status.Open() && l.Status != casefile.Attending:
			of, days = waitingIn, max(0, l.RequestedOn.DaysUntil(domain.DateOf(at)))
			waiting = append(waiting, days)
		case l.FirstDay.IsZero():
			of = nil
		default:
			days = max(0, days)
			waited = append(waited, days)
		}
		for _, by := range []board.By{board.ByComune, board.ByCentre} {
			if of != nil {
				key := l.where()[by]
				var all []int
				if of[by] != nil {
					all = of[by][key]
				}
				put(of, by, key, append(all, days))
			}
		}
		if due := l.due(); !due.IsZero() && !due.After(at) {
			h.Overdue++
			for _, by := range []board.By{board.ByHolder, board.ByHolderBody, board.ByCentre} {
				key := l.where()[by]
				put(h.OverdueBy, by, key, h.OverdueBy[by][key]+1)
			}
		}
	}
	h.Waiting, h.Waited = spreadOf(waiting), spreadOf(waited)
	for by, zones := range waitingIn {
		for key, days := range zones {
			put(h.WaitingIn, by, key, spreadOf(days))
		}
	}
	for by, zones := range waitedIn {
		for key, days := range zones {
			put(h.Waits, by, key, spreadOf(days))
		}
	}
	return h
}

// spreadOf takes the middle one, the one at nine tenths and the last of those in a row.
func spreadOf(days []int) board.Waiting {
	if len(days) == 0 {
		return board.Waiting{}
	}
	slices.Sort(days)
	n := len(days)
	return board.Waiting{Pupils: n, Median: days[(n+1)/2-1], NinetyPercent: days[(n*9+9)/10-1], Longest: days[n-1]}
}

// seatsOf is what can be counted of places: the ages by how many of each.
type seatsOf struct {
	Sites, Declared, Free, Pupils int
	Ages                          board.Waiting
}

func summed(of map[board.Where]board.Seats) map[board.Where]seatsOf {
	out := map[board.Where]seatsOf{}
	for w, s := range of {
		out[w] = seatsOf{s.Sites, s.Declared, s.Free, s.Pupils, s.Ages.Spread()}
	}
	return out
}

func seatsByHand(t *testing.T, store event.Store, codec *event.Codec, known []occurrence, scope board.Scope, at time.Time) map[board.Where]seatsOf {
	t.Helper()
	schools, states := map[domain.School]domain.Comune{}, map[string]places.State{}
	for page, err := range store.ReadAll(t.Context(), 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{places.Category, territory.SchoolCategory}}}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Records {
			e, err := codec.Decode(r)
			if err != nil {
				t.Fatal(err)
			}
			switch e := e.(type) {
			case territory.SchoolListed:
				schools[e.School.Code] = e.School.Comune
			case places.Event:
				if !r.Meta.At.After(at) {
					states[r.Stream] = places.Evolve(states[r.Stream], e)
				}
			}
		}
	}
	out, ages := map[board.Where]seatsOf{}, map[board.Where][]int{}
	in := func(w board.Where) bool {
		return (scope.Comune == "" || scope.Comune == w.Comune) && (scope.Order == "" || scope.Order == w.Order) &&
			(scope.Comuni == nil || slices.Contains(scope.Comuni, w.Comune))
	}
	for stream, s := range states {
		code, year, _ := places.ParseStream(stream)
		if year != domain.SchoolYearOf(domain.DateOf(at)) {
			continue
		}
		here := map[board.Where]bool{}
		for level, d := range s.Declared {
			w := board.Where{Comune: schools[code], Order: level.Order}
			if !in(w) {
				continue
			}
			used := 0
			for _, seat := range s.Seats {
				if seat.Level == level {
					used++
				}
			}
			sum := out[w]
			if !here[w] {
				sum.Sites++
			}
			here[w] = true
			sum.Declared += d.Capacity
			sum.Free += max(0, d.Capacity-used)
			out[w] = sum
			ages[w] = append(ages[w], domain.DateOf(d.At).DaysUntil(domain.DateOf(at)))
		}
	}
	for w, days := range ages {
		sum := out[w]
		sum.Ages = spreadOf(days)
		out[w] = sum
	}
	lives := map[uuid.UUID]life{}
	for _, o := range known {
		if !o.at.After(at) {
			l := lives[o.id]
			l.State = casefile.Evolve(l.State, o.event)
			lives[o.id] = l
		}
	}
	for _, l := range lives {
		if l.in(scope) && (l.Status == casefile.Requested || l.Status == casefile.InCharge) {
			w := board.Where{Comune: l.Comune, Order: l.Level.Order}
			sum := out[w]
			sum.Pupils++
			out[w] = sum
		}
	}
	return out
}
