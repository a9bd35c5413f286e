package audit

import (
	"cmp"
	"log/slog"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"approdo/adapters/memory"
	"approdo/adapters/sqlite/views"
	"approdo/domain"
	"approdo/domain/basis"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/reading"
	"approdo/domain/territory"
	"approdo/projections"
)

var codec = event.NewCodec(sealtest.New(), casefile.Events, territory.Events, reading.Events)

// begin is when the registers of the tests begin; the acts follow within some days.
var begin = time.Date(2022, time.March, 14, 9, 0, 0, 0, time.UTC)

var actors = []domain.Actor{
	domain.System,
	{Account: uuid.NewSHA1(uuid.Nil, []byte("1")), Role: domain.RoleComune, Body: "015189"},
	{Account: uuid.NewSHA1(uuid.Nil, []byte("2")), Role: domain.RoleComune, Body: "015159"},
	{Account: uuid.NewSHA1(uuid.Nil, []byte("3")), Role: domain.RoleCentre, Body: "CTI-24"},
	{Account: uuid.NewSHA1(uuid.Nil, []byte("4")), Role: domain.RoleCentre, Body: "CTI-24"},
	{Account: uuid.NewSHA1(uuid.Nil, []byte("5")), Role: domain.RoleUST},
	{Account: uuid.NewSHA1(uuid.Nil, []byte("6")), Role: domain.RolePrefettura},
}

// record makes the next record of a journal: an act at an instant, and the instant at which the journal took it.
func record(t *testing.T, before []event.Record, stream string, by domain.Actor, at, taken time.Time, e any) event.Record {
	t.Helper()
	revision := event.Revision(0)
	for _, r := range before {
		if r.Stream == stream {
			revision++
		}
	}
	id := uuid.NewSHA1(uuid.Nil, []byte(strconv.Itoa(len(before))))
	d, err := codec.Encode(t.Context(), stream, revision, id, e, event.Meta{Actor: by, At: at, Command: id})
	if err != nil {
		t.Fatal(err)
	}
	return event.Record{Draft: d, Stream: stream, Revision: revision, At: taken}
}

// journal has acts of many kinds by everybody. They are done within six days and taken down in about that order: clocks of several
// nodes are never quite the same.
func journal(t *testing.T, seed uint64, n int) []event.Record {
	random := rand.New(rand.NewPCG(seed, 7))
	var cases []uuid.UUID
	for i := range 1 + n/8 {
		cases = append(cases, uuid.NewSHA1(uuid.Nil, []byte{byte(seed), byte(i), byte(i >> 8)}))
	}
	all := []event.Record{record(t, nil, territory.Stream("015"), domain.System, begin, begin, territory.Founded{Province: "015", Register: territory.Shipped()})}
	for i := range n {
		at := begin.Add(time.Duration(i) * 6 * 24 * time.Hour / time.Duration(n)).Add(time.Duration(random.IntN(90)) * time.Minute)
		taken := at.Add(time.Duration(random.IntN(40)-5) * time.Minute)
		by, id := actors[random.IntN(len(actors))], cases[random.IntN(len(cases))]
		stream := casefile.Stream(id)
		var e any
		switch random.IntN(9) {
		case 0:
			e = casefile.Routed{Centre: "CTI-24", Policy: "1", Terms: casefile.Terms{TakeCharge: at}, At: at}
		case 1:
			e = casefile.ChargeTaken{Centre: "CTI-24", At: at}
		case 2:
			e = casefile.PlaceOffered{Offer: id, School: "ZZEE00001X", At: at, Due: at}
		case 3:
			e = casefile.CaseReopened{At: at}
		case 4:
			e = casefile.OfferDeclined{Reason: "over-ceiling", At: at}
		case 5:
			e, stream = reading.NameOpened{Account: by.Account, Reason: reading.Safety, Until: at}, reading.OpeningStream(id)
		case 6:
			e, stream = territory.ClocksSet{Clocks: territory.Clocks{From: domain.DateOf(at).AddDays(random.IntN(3) - 1)}}, territory.Stream("015")
		case 7:
			e, stream = territory.PolicyAdopted{Policy: territory.Policy{Version: strconv.Itoa(i + 2), From: domain.DateOf(at).AddDays(random.IntN(3) - 1)}}, territory.Stream("015")
		default:
			e = casefile.CaseClosed{Reason: "duplicate", On: domain.DateOf(at)}
		}
		all = append(all, record(t, all, stream, by, at, taken, e))
	}
	return all
}

// kept is a journal with its view.
func keep(t *testing.T, records []event.Record) *projections.Runner {
	t.Helper()
	store := memory.New()
	for some := range slices.Chunk(records, event.MaxEvents) {
		if err := store.Import(t.Context(), some); err != nil {
			t.Fatal(err)
		}
	}
	db, err := views.Open(t.Context(), filepath.Join(t.TempDir(), "views.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	run := projections.NewRunner(store, codec, db, slog.New(slog.DiscardHandler), Projection())
	if err := run.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	return run
}

// wanted is the reference: it reads the records from one end to the other.
func wanted(f Search, records []event.Record) (positions []int64, acts map[string]int) {
	acts = map[string]int{}
	type row struct {
		day      domain.Date
		position int64
	}
	var found []row
	for i, r := range records {
		day, by := domain.DateOf(r.Meta.At), r.Meta.Actor
		id := casefile.IDOf(r.Stream)
		if id == uuid.Nil {
			id = reading.OpeningCase(r.Stream)
		}
		if !f.From.IsZero() && day.Before(f.From) || !f.To.IsZero() && f.To.Before(day) || f.Role != "" && f.Role != by.Role ||
			f.Body != "" && f.Body != by.Body || f.Account != uuid.Nil && f.Account != by.Account || f.Type != "" && f.Type != r.Type ||
			len(f.Cases) > 0 && !slices.Contains(f.Cases, id) || !f.AsOf.IsZero() && r.At.After(f.AsOf) {
			continue
		}
		found = append(found, row{day, int64(i + 1)})
		acts[r.Type]++
	}
	slices.SortFunc(found, func(a, b row) int {
		return cmp.Or(cmp.Compare(b.day.String(), a.day.String()), cmp.Compare(b.position, a.position))
	})
	for _, r := range found {
		positions = append(positions, r.position)
	}
	return positions, acts
}

// searches are each filter alone and many together, at instants before, within and after the journal.
func searches(seed uint64, records []event.Record) (all []Search) {
	random := rand.New(rand.NewPCG(seed, 11))
	any := func() event.Record { return records[random.IntN(len(records))] }
	caseOf := func() uuid.UUID { return casefile.IDOf(any().Stream) }
	fill := []func(*Search){
		func(f *Search) { f.From = domain.DateOf(any().Meta.At) },
		func(f *Search) { f.To = domain.DateOf(any().Meta.At) },
		func(f *Search) { f.Role = any().Meta.Actor.Role },
		func(f *Search) { a := any().Meta.Actor; f.Role, f.Body = a.Role, a.Body },
		func(f *Search) { f.Account = any().Meta.Actor.Account },
		func(f *Search) { f.Type = any().Type },
		func(f *Search) {
			for range 1 + random.IntN(2) {
				if id := caseOf(); id != uuid.Nil {
					f.Cases = append(f.Cases, id)
				}
			}
		},
		func(f *Search) { f.AsOf = any().At },
		func(f *Search) { f.AsOf = any().At.Add(-time.Microsecond) },
		func(f *Search) { f.AsOf = begin.AddDate(0, 0, 30*(1-2*random.IntN(2))) },
	}
	all = append(all, Search{})
	for _, one := range fill {
		for range 6 {
			var f Search
			one(&f)
			all = append(all, f)
		}
	}
	for range 150 {
		var f Search
		for range 2 + random.IntN(3) {
			fill[random.IntN(len(fill))](&f)
		}
		all = append(all, f)
	}
	return all
}

func TestASearchFindsWhatAReadingOfAllRecordsFinds(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		records := journal(t, seed, 400)
		run := keep(t, records)
		for _, f := range searches(seed, records) {
			want, counts := wanted(f, records)
			err := run.Read(t.Context(), func(s *projections.Snapshot) error {
				var got []int64
				for at, pages := (Place{}), 0; pages <= len(records); pages++ {
					page, next, err := Find(s, f, at, 7)
					if err != nil {
						return err
					}
					for _, row := range page {
						got = append(got, row.Position)
					}
					if next == (Place{}) {
						break
					}
					if at, err = ParsePlace(next.String()); err != nil {
						return err
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("seed %d, %+v: found %v, want %v", seed, f, got, want)
				}
				acts, err := Summary(s, f)
				if err != nil {
					return err
				}
				counted := map[string]int{}
				for i, a := range acts {
					counted[a.Type] = a.N
					if i > 0 && (acts[i-1].N < a.N || acts[i-1].N == a.N && acts[i-1].Type > a.Type) {
						t.Errorf("%+v: %v is not in order", f, acts)
					}
				}
				if !gocmp.Equal(counted, counts) {
					t.Errorf("seed %d, %+v: %s", seed, f, gocmp.Diff(counts, counted))
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
	}
}

// What was derived must be what a reader of the journal would find who stops at the record: nothing that was decided later.
func TestMarksAreThoseOfTheRegistersAsTheyStoodAtTheRecord(t *testing.T) {
	t.Parallel()
	records := journal(t, 9, 300)
	run := keep(t, records)
	want, derived := map[int64][]basis.Mark{}, 0
	for i, r := range records {
		known := basis.Registers{}
		for _, earlier := range records[:i] {
			e, err := codec.Decode(earlier)
			if err != nil {
				t.Fatal(err)
			}
			known = known.With(e)
		}
		e, err := codec.Decode(r)
		if err != nil {
			t.Fatal(err)
		}
		want[int64(i+1)] = basis.Marks(e, known, domain.DateOf(r.Meta.At))
		for _, m := range want[int64(i+1)] {
			if m.Derived {
				derived++
			}
		}
	}
	if derived == 0 {
		t.Fatal("nothing was derived: the test shows nothing")
	}
	err := run.Read(t.Context(), func(s *projections.Snapshot) error {
		all, _, err := Find(s, Search{}, Place{}, len(records))
		if err != nil {
			return err
		}
		if len(all) != len(records) {
			t.Errorf("%d rows of %d records", len(all), len(records))
		}
		for _, row := range all {
			if w := want[row.Position]; !gocmp.Equal(row.Marks, w) && len(row.Marks)+len(w) > 0 {
				t.Errorf("record %d: %s", row.Position, gocmp.Diff(w, row.Marks))
			}
			if row.Case == uuid.Nil {
				continue
			}
			ofCase, err := OfCase(s, row.Case)
			if err != nil {
				return err
			}
			if !gocmp.Equal(ofCase[row.Position], row.Marks) {
				t.Errorf("record %d has other marks in its case", row.Position)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func casesOf(records []event.Record) map[uuid.UUID]bool {
	out := map[uuid.UUID]bool{}
	for _, r := range records {
		if id := casefile.IDOf(r.Stream); id != uuid.Nil {
			out[id] = true
		}
	}
	return out
}

func TestAPseudonymIsLookedUpAmongAllCases(t *testing.T) {
	t.Parallel()
	records := journal(t, 3, 120)
	run := keep(t, records)
	there := casesOf(records)
	err := run.Read(t.Context(), func(s *projections.Snapshot) error {
		all, err := CasesWhere(s, func(uuid.UUID) bool { return true })
		if err != nil || len(all) != len(there) {
			t.Errorf("%d cases, want %d", len(all), len(there))
		}
		for _, id := range all {
			if !there[id] {
				t.Errorf("%s is no case", id)
			}
		}
		some, err := CasesWhere(s, func(id uuid.UUID) bool { return id[0] < 128 })
		if err != nil || len(some) == 0 || len(some) == len(all) {
			t.Errorf("%d of %d", len(some), len(all))
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestAPlaceComesBackFromItsText(t *testing.T) {
	t.Parallel()
	p := Place{domain.Date{Year: 2022, Month: time.March, Day: 4}, 1234}
	if got, err := ParsePlace(p.String()); err != nil || got != p {
		t.Errorf("%v, %v", got, err)
	}
	for _, bad := range []string{"", "2022-03-04", "2022-03-04.", "2022-03-04.0", "2022-03-04.-1", "2022-13-04.3", ".3", "2022-03-04.x"} {
		if p, err := ParsePlace(bad); err == nil {
			t.Errorf("%q is %v", bad, p)
		}
	}
}
