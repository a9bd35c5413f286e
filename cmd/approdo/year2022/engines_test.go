package year2022_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"approdo/adapters/postgres/pgtest"
	postgres "approdo/adapters/postgres/views"
	sqlite "approdo/adapters/sqlite/views"
	"approdo/cmd/approdo/year2022"
	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/grade"
	"approdo/domain/names"
	"approdo/projections"
	"approdo/projections/audit"
	"approdo/projections/board"
	"approdo/projections/caseline"
	"approdo/projections/centre"
	"approdo/projections/comune"
	"approdo/projections/duplicates"
	"approdo/projections/school"
	"approdo/projections/worklist"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// tokens are keyed tokens as a test needs them: the same text gives the same.
type tokens struct{}

func (tokens) Of(kind, text string) []byte {
	sum := sha256.Sum256([]byte(kind + "|" + text))
	return sum[:16]
}

// A query that forgets whom it is for finds nothing of anybody else where the engine has walls.
func TestAForgottenConditionShowsNothingOfOthers(t *testing.T) {
	t.Parallel()
	sealer := sealtest.New()
	store, codec := madeWith(t, sealer, 60, 3)
	engine, err := postgres.Open(t.Context(), pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Close()
	r := projections.NewRunner(store, codec, engine, slog.New(slog.DiscardHandler), all(sealer)...)
	if err := r.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	bodies := func(s *projections.Snapshot, table, column string) map[string]bool {
		found := map[string]bool{}
		for body, err := range projections.Select[string](s, "SELECT DISTINCT "+column+" FROM {"+table+"}") {
			if err != nil {
				t.Fatal(err)
			}
			found[body] = true
		}
		return found
	}
	asUST := domain.Actor{Role: domain.RoleUST}
	for _, c := range []struct {
		role   domain.Role
		column string
		tables []string
	}{
		{domain.RoleComune, "comune", []string{"comune_cases", "centre_cases", "school_cases", "board_cases", "board_changes"}},
		{domain.RoleCentre, "centre", []string{"comune_cases", "centre_cases", "school_cases", "board_cases", "board_changes"}},
		{domain.RoleSchool, "institution", []string{"comune_cases", "centre_cases", "school_cases", "board_cases", "board_changes"}},
	} {
		for _, table := range c.tables {
			var there map[string]bool
			if err := r.Read(t.Context(), func(s *projections.Snapshot) error {
				there = bodies(s, table, c.column)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if len(there) < 2 {
				t.Errorf("%s has rows of %d bodies: without a wall nothing would be seen either", table, len(there))
			}
			delete(there, "")
			for body := range there {
				a := domain.Actor{Role: c.role, Body: body}
				if err := r.ReadAs(t.Context(), a, func(s *projections.Snapshot) error {
					if seen := bodies(s, table, c.column); len(seen) != 1 || !seen[body] {
						t.Errorf("%s %s sees %d bodies in %s", c.role, body, len(seen), table)
					}
					return nil
				}); err != nil {
					t.Fatal(err)
				}
				break
			}
		}
	}
	for _, c := range []struct {
		by    domain.Actor
		table string
		sees  bool
	}{
		{asUST, "centre_cases", true}, {asUST, "audit_rows", true}, {asUST, "name_keys", true}, {asUST, "name_cases", false},
		{asUST, "comune_departures", false}, {asUST, "school_sites", true},
		{domain.Actor{Role: domain.RolePrefettura}, "centre_cases", false}, {domain.Actor{Role: domain.RolePrefettura}, "board_changes", true},
		{domain.Actor{Role: domain.RoleAdmin}, "board_changes", false}, {domain.Actor{Role: domain.RoleComune, Body: "015146"}, "audit_rows", false},
		{domain.Actor{Role: domain.RolePrefettura}, "audit_rows", true}, {domain.Actor{Role: domain.RolePrefettura}, "audit_tallies", true},
		{domain.Actor{Role: domain.RolePrefettura}, "audit_cases", true}, {domain.Actor{Role: domain.RoleComune, Body: "015146"}, "audit_tallies", false},
		{domain.Actor{Role: domain.RoleCentre, Body: "CTI-24"}, "audit_cases", false}, {domain.Actor{Role: domain.RoleSchool, Body: "ZZIC00001X"}, "audit_registers", false},
		{domain.Actor{Role: domain.RoleAdmin}, "audit_rows", false},
		{domain.Actor{}, "centre_cases", false}, {domain.Actor{}, "school_sites", true},
		{domain.Actor{Role: domain.RoleComune, Body: "' OR true OR '"}, "centre_cases", false},
	} {
		if err := r.ReadAs(t.Context(), c.by, func(s *projections.Snapshot) error {
			n, _, err := projections.One[int](s, "SELECT count(*) FROM {"+c.table+"}")
			if (n > 0) != c.sees {
				t.Errorf("%s sees %d rows of %s", c.by.Role, n, c.table)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// all are the projections of the program.
func all(sealer domain.Sealer) []projections.Projection {
	return []projections.Projection{comune.Projection(), centre.Projection(), school.Projection(), board.Projection(), audit.Projection(),
		duplicates.Projection(sealer, tokens{})}
}

// growing is a journal of which only so much is there yet.
type growing struct {
	event.Store
	head event.Position
}

func (g *growing) Head(context.Context) (event.Position, error) { return g.head, nil }

func (g *growing) ReadAll(ctx context.Context, after event.Position, o event.ReadAll) iter.Seq2[event.Page, error] {
	return func(yield func(event.Page, error) bool) {
		for p, err := range g.Store.ReadAll(ctx, after, o) {
			n := slices.IndexFunc(p.Records, func(r event.Record) bool { return r.Position > g.head })
			if n >= 0 {
				p.Records, p.Checkpoint, p.CaughtUp = p.Records[:n], g.head, true
			}
			if len(p.Records) > 0 && !yield(p, err) || n >= 0 {
				return
			}
		}
	}
}

func TestEveryEngineGivesTheSameViewsAndAnswers(t *testing.T) {
	t.Parallel()
	sealer := sealtest.New()
	store, codec := madeWith(t, sealer, 120, 7)
	head, err := store.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	onFile, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "views.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer onFile.Close()
	onServer, err := postgres.Open(t.Context(), pgtest.Database(t))
	if err != nil {
		t.Fatal(err)
	}
	defer onServer.Close()
	var dumps, answers []string
	for _, engine := range []projections.Engine{onFile, onServer} {
		so := &growing{Store: store}
		var r *projections.Runner
		for so.head < head {
			so.head = min(head, so.head+head/4) // a quarter at a time, each by a program that remembers no row
			r = projections.NewRunner(so, codec, engine, slog.New(slog.DiscardHandler), all(sealer)...)
			if err := r.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		var dump strings.Builder
		if err := r.Dump(t.Context(), &dump); err != nil {
			t.Fatal(err)
		}
		grown := dump.String()
		a := asked(t, r, sealer)
		if _, err := r.Rebuild(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		dump.Reset()
		if err := r.Dump(t.Context(), &dump); err != nil {
			t.Fatal(err)
		}
		if dump.String() != grown {
			t.Errorf("%T: grown by quarters and rebuilt the views differ", engine)
		}
		dumps, answers = append(dumps, grown), append(answers, a)
	}
	if diff := cmp.Diff(strings.Split(dumps[0], "\n"), strings.Split(dumps[1], "\n")); diff != "" {
		t.Errorf("rows differ (-SQLite +PostgreSQL):\n%.5000s", diff)
	}
	if diff := cmp.Diff(strings.Split(answers[0], "\n"), strings.Split(answers[1], "\n")); diff != "" {
		t.Errorf("answers differ (-SQLite +PostgreSQL):\n%.5000s", diff)
	}
	t.Logf("%d rows, %d answers", strings.Count(dumps[0], "\n"), strings.Count(answers[0], "\n"))
	if strings.Count(answers[0], "\n") < 1000 {
		t.Error("hardly anything was asked")
	}
}

// questions asks every question that the program's packages know, of every body there is.
type questions struct {
	t      *testing.T
	s      *projections.Snapshot
	board  *board.Board
	sealer domain.Sealer
	out    strings.Builder
}

func asked(t *testing.T, r projections.Reader, sealer domain.Sealer) string {
	t.Helper()
	q := &questions{t: t, board: board.New(r), sealer: sealer}
	var lines []caseline.Line
	bodies := map[domain.Actor]bool{{Role: domain.RoleUST}: true, {Role: domain.RolePrefettura}: true}
	if err := r.Read(t.Context(), func(s *projections.Snapshot) (err error) {
		q.s = s
		if lines, _, err = centre.All(s, caseline.Filter{}, "", 10_000); err != nil {
			return err
		}
		return q.registers(lines)
	}); err != nil {
		t.Fatal(err)
	}
	for _, l := range lines {
		bodies[domain.Actor{Role: domain.RoleComune, Body: string(l.Comune)}] = true
		bodies[domain.Actor{Role: domain.RoleCentre, Body: string(l.Centre)}] = true
		if l.Institution != "" {
			bodies[domain.Actor{Role: domain.RoleSchool, Body: string(l.Institution)}] = true
		}
	}
	for _, a := range sorted(bodies, func(a domain.Actor) string { return string(a.Role) + a.Body }) {
		if err := r.ReadAs(t.Context(), a, func(s *projections.Snapshot) error {
			q.s = s
			return q.body(a, lines)
		}); err != nil {
			t.Fatalf("%s %s: %v", a.Role, a.Body, err)
		}
	}
	return q.out.String()
}

// middle is an instant in the middle of the year.
func middle(lines []caseline.Line) time.Time { return lines[len(lines)/2].UpdatedAt }

// body asks on behalf of one.
func (q *questions) body(a domain.Actor, lines []caseline.Line) error {
	now := middle(lines)
	if err := errors.Join(q.lists(a, now), q.counts(a, now), q.searches(a, lines)); err != nil {
		return err
	}
	switch a.Role {
	case domain.RoleSchool:
		return q.institution(domain.Institution(a.Body))
	case domain.RoleComune:
		return tellAll(q, "departures of "+a.Body, comune.Departures(q.s, domain.Comune(a.Body), 50))
	case domain.RoleUST, domain.RolePrefettura:
		return q.trail(now)
	}
	return nil
}

func (q *questions) tell(what string, answer any, err error) error {
	fmt.Fprintf(&q.out, "%s: %+v\n", what, answer)
	return err
}

func tellAll[R any](q *questions, what string, rows iter.Seq2[R, error]) error {
	all, err := projections.Collect(rows)
	for _, row := range all {
		fmt.Fprintf(&q.out, "%s: %+v\n", what, row)
	}
	return err
}

func (q *questions) registers(lines []caseline.Line) error {
	orders, households, comuni := map[grade.Order]bool{}, map[string]bool{}, map[domain.Comune]bool{}
	for _, l := range lines {
		orders[l.Order], households[l.Household], comuni[l.Comune] = true, true, true
	}
	for _, h := range sorted(households, func(h string) string { return h }) {
		if err := tellAll(q, "household", centre.Household(q.s, h)); err != nil {
			return err
		}
	}
	for _, o := range sorted(orders, func(o grade.Order) string { return string(o) }) {
		i, err := school.Busiest(q.s, o)
		if err := q.tell("busiest", i, err); err != nil {
			return err
		}
		for _, c := range sorted(comuni, func(c domain.Comune) string { return string(c) }) {
			if err := errors.Join(tellAll(q, "candidates", school.Candidates(q.s, c, o)),
				tellAll(q, "register", school.Register(q.s, "ist", c, o, "", 30))); err != nil {
				return err
			}
		}
	}
	for _, text := range []string{"", " SCUOLA", "a%_", `\`, "\x00", "zzz", "\xff"} {
		if err := tellAll(q, "register", school.Register(q.s, text, "", "", "MIEE", 20)); err != nil {
			return err
		}
	}
	return tellAll(q, "due", centre.Due(q.s, middle(lines)))
}

func sorted[T comparable](set map[T]bool, by func(T) string) []T {
	var all []T
	for v := range set {
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b T) int { return strings.Compare(by(a), by(b)) })
	return all
}

func (q *questions) lists(a domain.Actor, now time.Time) error {
	for _, f := range []caseline.Filter{{}, {Statuses: []casefile.Status{casefile.Requested, casefile.InCharge, casefile.Offered}},
		{Overdue: now}, {Order: grade.Primaria, Channel: domain.ChannelSchool}, {Holder: casefile.Holder{Kind: casefile.HeldByCentre}},
		{Comuni: []domain.Comune{"015146", "015209"}}} {
		for _, by := range []caseline.By{caseline.ByChange, caseline.ByDue} {
			after := caseline.Cursor("")
			for page := 0; page == 0 || after != "" && page < 5; page++ {
				page, err := worklist.List(q.t.Context(), q.board, a, f, by, after, 7)
				if a.Role == domain.RolePrefettura {
					return nil
				}
				if err != nil {
					return err
				}
				lines, next, err := page.Lines(q.s)
				for _, l := range lines {
					l.Identity = domain.Box{}
					fmt.Fprintf(&q.out, "list %s %s %s: %+v\n", a.Role, a.Body, by, l)
				}
				if err != nil {
					return err
				}
				after = next
			}
		}
	}
	n, err := worklist.Counts(q.t.Context(), q.board, a)
	return q.tell("counts", n, err)
}

func (q *questions) counts(a domain.Actor, now time.Time) error {
	scope, err := worklist.Board(a)
	if err != nil {
		return err
	}
	for _, scope := range []board.Scope{scope, {Comune: scope.Comune, Centre: scope.Centre, Institution: scope.Institution, Order: grade.Primaria, Comuni: []domain.Comune{"015146", "015209"}}} {
		for _, at := range []time.Time{now, now.AddDate(0, -2, 0), now.AddDate(0, -5, -3)} {
			f, err := q.board.AsOf(q.t.Context(), scope, at)
			if err := q.tell("board", f, err); err != nil {
				return err
			}
		}
	}
	return nil
}

func (q *questions) searches(a domain.Actor, lines []caseline.Line) error {
	if a.Role == domain.RolePrefettura {
		return nil
	}
	for _, l := range lines[:min(10, len(lines))] {
		identity, err := domain.Closed[casefile.Identity](l.Identity).Unseal(q.t.Context(), q.sealer)
		if errors.Is(err, domain.ErrForgotten) {
			continue
		}
		if err != nil {
			return err
		}
		for _, p := range []names.Person{duplicates.PersonOf(identity, l.Sex), {Family: identity.FamilyName.Reveal()}} {
			found, err := worklist.Search(q.t.Context(), q.s, a, q.sealer, tokens{}, p, false)
			if err != nil {
				return err
			}
			for _, m := range found {
				fmt.Fprintf(&q.out, "found by %s %s: %s %v\n", a.Role, a.Body, m.Case, m.Value)
			}
		}
	}
	if a.Role != domain.RoleUST {
		return nil
	}
	pairs, err := worklist.Pairs(q.t.Context(), q.s, a, q.sealer)
	for _, p := range pairs {
		fmt.Fprintf(&q.out, "pair %s %s: %v\n", p.First.Case, p.Second.Case, p.Value)
	}
	return err
}

func (q *questions) institution(i domain.Institution) error {
	name, err := school.Institution(q.s, i)
	if err := q.tell("institution", name, err); err != nil {
		return err
	}
	sites, err := projections.Collect(school.Sites(q.s, i))
	if err != nil {
		return err
	}
	for _, s := range sites {
		site, known, err := school.SiteOf(q.s, s.Code)
		if err := errors.Join(q.tell("site", site, err), q.tell("known", known, nil)); err != nil {
			return err
		}
	}
	return errors.Join(tellAll(q, "places of 2021", school.PlacesOf(q.s, i, 2021)), tellAll(q, "places of 2022", school.PlacesOf(q.s, i, 2022)))
}

func (q *questions) trail(now time.Time) error {
	for _, d := range []domain.Date{domain.DateOf(year2022.Start), domain.DateOf(now)} {
		rows, next, err := audit.Day(q.s, d, 0, 40)
		if err := q.tell("trail", next, err); err != nil {
			return err
		}
		for _, r := range rows {
			fmt.Fprintf(&q.out, "trail: %+v\n", r)
		}
		n, err1 := audit.Count(q.s, d)
		acts, err2 := audit.Summary(q.s, audit.Search{From: d, To: d})
		if err := errors.Join(q.tell("trail of the day", n, err1), q.tell("acts", acts, err2)); err != nil {
			return err
		}
	}
	day := domain.DateOf(now)
	newest, _, err := audit.Find(q.s, audit.Search{}, audit.Place{}, 1)
	if err != nil || len(newest) == 0 {
		return errors.Join(err, q.tell("newest", len(newest), nil))
	}
	last := newest[0]
	for _, f := range []audit.Search{{}, {From: day.AddDays(-30), To: day}, {Role: domain.RoleSchool}, {Role: domain.RoleUST, Type: "case.closed"},
		{Role: last.Role, Body: last.Body}, {Account: last.Account}, {Cases: []uuid.UUID{last.Case}}, {AsOf: last.Known}, {AsOf: last.Known.Add(-time.Microsecond)},
		{AsOf: last.Known.AddDate(-1, 0, 0)}, {Role: last.Role, Body: last.Body, AsOf: last.Known.Add(-time.Microsecond)}} {
		rows, next, err := audit.Find(q.s, f, audit.Place{}, 20)
		if err := q.tell("found", next, err); err != nil {
			return err
		}
		more, end, err := audit.Find(q.s, f, next, 20)
		if err := q.tell("found then", end, err); err != nil {
			return err
		}
		for _, r := range append(rows, more...) {
			fmt.Fprintf(&q.out, "found: %+v\n", r)
		}
		acts, err := audit.Summary(q.s, f)
		if err := q.tell("summary", acts, err); err != nil {
			return err
		}
	}
	return nil
}
