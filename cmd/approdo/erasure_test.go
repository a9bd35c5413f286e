package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"
	zombiezen "zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"approdo/adapters/seal"
	"approdo/adapters/web"
	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/policy"
	"approdo/domain/reading"
)

// The two persons an erasure takes.
var (
	proposer = domain.Actor{Account: uuid.MustParse("018f0000-0000-7000-8000-0000000000b1"), Role: domain.RoleUST}
	approver = domain.Actor{Account: uuid.MustParse("018f0000-0000-7000-8000-0000000000b2"), Role: domain.RoleUST}
)

// office is a house as an office has it: files in a folder, the key and the ledger of erasures beside it.
type office struct {
	t     testing.TB
	where storage
	key   seal.MasterKey
	log   *output
	clock domain.Clock
	*house
	stop func()
}

// officeAt opens the house of a folder, and runs it where it is to run.
func officeAt(t testing.TB, dir string, running bool, log *output) *office {
	t.Helper()
	o := &office{t: t, where: storage{Data: dir, Key: dir + ".key"}, log: log, clock: time.Now}
	var err error
	if o.key, err = seal.LoadOrCreateMasterKey(o.where.Key, dir); err != nil {
		t.Fatal(err)
	}
	if o.house, err = openHouse(context.Background(), o.where, o.key, o.clock, true, slog.New(slog.NewTextHandler(log, nil))); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	o.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("the house: %v", err)
		}
		o.shut(context.Background())
		o.stop = func() {}
	}
	t.Cleanup(func() { o.stop() })
	if err := errors.Join(o.found(ctx), o.catchUp(ctx)); err != nil {
		t.Fatal(err)
	}
	if !running {
		done <- nil
		return o
	}
	go func() { done <- o.house.run(ctx) }()
	return o
}

// ok wants no error.
func (o *office) ok(err error) {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
}

// cases gives every case there is, by id.
func (o *office) cases() (out []uuid.UUID) {
	o.t.Helper()
	for page, err := range o.store.ReadAll(context.Background(), 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{casefile.Category}}}) {
		o.ok(err)
		for _, r := range page.Records {
			if r.Revision == 0 {
				out = append(out, casefile.IDOf(r.Stream))
			}
		}
	}
	return out
}

func (o *office) file(id uuid.UUID) desk.File {
	o.t.Helper()
	f, err := o.desk.Case(context.Background(), proposer, id)
	o.ok(err)
	return f
}

// end brings a case to its end.
func (o *office) end(id uuid.UUID) {
	o.t.Helper()
	act := o.desk.Act(proposer)
	var c casefile.Command = casefile.Close{Act: act, Reason: "moved-abroad"}
	switch s := o.file(id).State; {
	case !s.Status.Open():
		return
	case s.Status == casefile.Attending:
		c = casefile.EndAttendance{Act: act, On: domain.DateOf(act.At), Reason: "moved-abroad"}
	}
	_, err := o.desk.Do(context.Background(), desk.NewTicket(), id, c)
	o.ok(err)
}

// decide has two persons decide on an erasure.
func (o *office) decide(id uuid.UUID, scope casefile.ErasureScope) event.Position {
	o.t.Helper()
	_, err := o.desk.ProposeErasure(context.Background(), desk.NewTicket(), proposer, id, scope, casefile.GroundRequest)
	o.ok(err)
	proposal := o.file(id).State.Erasure.ID
	own := casefile.ApproveErasure{Act: o.desk.Act(proposer), Proposal: proposal}
	if _, err := o.desk.Do(context.Background(), desk.NewTicket(), id, own); !errors.Is(err, casefile.ErrErasureOwn) {
		o.t.Fatalf("one person alone: %v", err)
	}
	r, err := o.desk.Do(context.Background(), desk.NewTicket(), id, casefile.ApproveErasure{Act: o.desk.Act(approver), Proposal: proposal})
	o.ok(err)
	return r.Position
}

// clean waits until nothing is left of the erasures up to a position.
func (o *office) clean(at event.Position) {
	o.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	o.ok(o.policies.Await(ctx, policy.NameCleanup, at))
}

// everything is all that is held about a case, every field of it opened.
func (o *office) everything(id uuid.UUID) string {
	o.t.Helper()
	ctx, _ := reading.NewContext(context.Background())
	h, err := o.desk.Held(ctx, proposer, id)
	o.ok(err)
	var out strings.Builder
	open := func(d []desk.Datum) {
		for _, x := range d {
			fmt.Fprintln(&out, x.Field, x.Value.Reveal())
		}
	}
	open(h.Now.Data())
	for _, s := range h.Said {
		open(s.Data())
	}
	for _, m := range h.Moments {
		if m.Meta.Actor.Role != domain.RoleSystem { // terms run out meanwhile
			fmt.Fprintln(&out, m.Type, m.Revision, m.Words.Reveal())
		}
	}
	return out.String()
}

// boxes are the sealed parts of the records of some cases, as the journal has them.
func (o *office) boxes(of []uuid.UUID) (out []domain.Box) {
	o.t.Helper()
	for _, id := range of {
		for _, e := range o.file(id).Trail {
			out = append(out, boxesIn(reflect.ValueOf(e.Event))...)
		}
	}
	return out
}

// column reads the first column of a query on a file of SQLite.
func column(t testing.TB, file, query string, args ...any) (out [][]byte) {
	t.Helper()
	conn, err := zombiezen.OpenConn(file, zombiezen.OpenReadOnly)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	err = sqlitex.ExecuteTransient(conn, query, &sqlitex.ExecOptions{Args: args, ResultFunc: func(s *zombiezen.Stmt) error {
		b := make([]byte, s.ColumnLen(0))
		s.ColumnBytes(0, b)
		out = append(out, b)
		return nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// physical is the name of the table that serves a view.
func physical(t testing.TB, file, view string) string {
	t.Helper()
	all := column(t, file, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE ? ORDER BY name", view+"\\_%")
	if len(all) == 0 {
		all = column(t, file, "SELECT name FROM sqlite_schema WHERE type = 'table' AND name GLOB ? ORDER BY name", view+"_[0-9]*")
	}
	if len(all) != 1 {
		t.Fatalf("%d tables of %s", len(all), view)
	}
	return string(all[0])
}

// wantNone reports what of the needles is in files; the names of the files are looked at as well.
func (h *haystack) wantNone(t testing.TB, where string, files map[string][]byte) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		found := map[string]int{}
		h.find(files[name], func(n needle, _ int) {
			if name == markFile && strings.HasPrefix(n.what, "login ") {
				return
			}
			found[n.what]++
		})
		for what, times := range found {
			t.Errorf("%s: %s holds %s, %d times", where, name, what, times)
		}
	}
}

// bytesIn names the files that hold some bytes, as they are or in base64.
func bytesIn(files map[string][]byte, secret []byte) (in []string) {
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for _, form := range [][]byte{secret, []byte(base64.StdEncoding.EncodeToString(secret)), []byte(base64.RawURLEncoding.EncodeToString(secret))} {
			if bytes.Contains(files[name], form) && !slices.Contains(in, name) {
				in = append(in, name)
			}
		}
	}
	return in
}

// traces are what an erasure must leave nowhere but in the journal: wrapped keys and the salt over them, tokens that are the pupils' own,
// boxes of views, and what was about to be sent.
type traces struct{ keys, tokens, boxes, drafts [][]byte }

func (o *office) traces(erased []uuid.UUID) (out traces) {
	o.t.Helper()
	keys, views := o.where.file(keysFile), o.where.file(viewsFile)
	tokens := physical(o.t, views, "name_keys")
	for _, id := range erased {
		out.keys = append(out.keys, column(o.t, keys, "SELECT wrapped FROM keys WHERE subject = ?", id[:])...)
		out.boxes = append(out.boxes, column(o.t, views, "SELECT identity FROM "+physical(o.t, views, "centre_cases")+" WHERE case_id = ?", id[:])...)
		for _, token := range column(o.t, views, "SELECT token FROM "+tokens+" WHERE case_id = ?", id[:]) {
			if others := column(o.t, views, "SELECT case_id FROM "+tokens+" WHERE token = ?", string(token)); !slices.ContainsFunc(others, func(b []byte) bool {
				return !slices.ContainsFunc(erased, func(e uuid.UUID) bool { return bytes.Equal(b, e[:]) })
			}) {
				out.tokens = append(out.tokens, token)
			}
		}
	}
	out.keys = append(out.keys, column(o.t, keys, "SELECT salt FROM wrappings")...)
	return out
}

// wantGone wants no trace in any file but, of boxes, in the journal, and knows first that they were there.
func (x traces) wantGone(t testing.TB, before, after map[string][]byte) {
	t.Helper()
	for what, all := range map[string][][]byte{"a wrapped key or its salt": x.keys, "a token": x.tokens, "a draft": x.drafts} {
		if len(all) == 0 {
			t.Errorf("no %s to look for", what)
		}
		for _, secret := range all {
			if bytesIn(before, secret) == nil {
				t.Fatalf("%s is not found where it was", what)
			}
			if in := bytesIn(after, secret); in != nil {
				t.Errorf("%s is left in %v", what, in)
			}
		}
	}
	for _, box := range x.boxes {
		if in := bytesIn(after, box); slices.ContainsFunc(in, func(name string) bool { return !strings.HasPrefix(name, journalFile) }) {
			t.Errorf("a box is left in %v", in)
		}
	}
}

// TestTwentyOfTwoHundredAreForgotten erases a tenth of the pupils of a demo, and looks for them everywhere.
func TestTwentyOfTwoHundredAreForgotten(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	dir := filepath.Join(home, "demo")
	start(t, "demo", "--cases", "200", "--data", dir, "--accounts", filepath.Join(home, "accounts.json"), "--listen", "127.0.0.1:0").stop()
	log := &output{}
	o := officeAt(t, dir, false, log)
	all := o.cases()
	if len(all) < 200 {
		t.Fatalf("%d cases in a demo of 200", len(all))
	}
	var erased, others []uuid.UUID
	for i, id := range all {
		if s := o.file(id).State; i%10 == 0 && len(erased) < 20 && s.Status != casefile.Merged {
			erased = append(erased, id)
		} else {
			others = append(others, id)
		}
	}
	for _, id := range erased {
		o.end(id)
	}
	o.ok(o.views.CatchUp(context.Background()))
	before := map[uuid.UUID]string{}
	for _, id := range others {
		before[id] = o.everything(id)
	}
	h, sample := newHaystack(), map[string]string{}
	for _, id := range erased {
		for line := range strings.Lines(o.everything(id)) {
			field, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), " ")
			if !strings.HasPrefix(field, "case.") && value != "yes" {
				h.seekField(field, value)
				if len(value) >= 8 && !codeFields[field] && field != postalCode {
					sample[field] = value
				}
			}
		}
	}
	planted(t, h, sample)
	saved := o.boxes(erased)
	if len(saved) < 40 {
		t.Fatalf("only %d boxes of the pupils", len(saved))
	}
	o.about(erased[0])
	left := o.traces(erased)
	left.drafts = append(left.drafts, column(t, o.where.file(stateFile), "SELECT sealed FROM drafts WHERE kind = ?", web.KeptDraft)...)
	left.drafts = append(left.drafts, []byte("/api/v1/cases/"+erased[0].String()))
	was := filesOf(t, dir)
	older := filepath.Join(home, "older")
	if err := os.CopyFS(older, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	generation, err := o.Generation(t.Context())
	o.ok(err)

	var last event.Position
	for _, id := range erased {
		last = o.decide(id, casefile.ErasePupil)
	}
	o.stop()
	o = officeAt(t, dir, true, log)
	o.clean(last)
	if now, err := o.Generation(t.Context()); err != nil || now != generation+1 {
		t.Errorf("20 erasures at once turned the wrapping from %d to %d, %v", generation, now, err)
	}
	living := filesOf(t, dir)
	after := map[uuid.UUID]string{}
	for _, id := range others {
		after[id] = o.everything(id)
	}
	if !maps.Equal(before, after) {
		t.Error("another pupil is not as before")
	}
	for _, b := range saved {
		if _, err := o.keys.Open(t.Context(), b.Subject, b.Class, b.Context, b.Cipher); !errors.Is(err, domain.ErrForgotten) {
			t.Fatalf("a saved box of an erased pupil: %v", err)
		}
	}
	certificates, err := o.desk.Certificates(t.Context(), proposer, erased[3])
	if err != nil || len(certificates) != 1 || certificates[0].Proposed.Account != proposer.Account || certificates[0].Approved.Account != approver.Account ||
		o.Cleaned() < certificates[0].Position {
		t.Errorf("the certificate: %+v, %v", certificates, err)
	}
	o.stop()
	for state, files := range map[string]map[string][]byte{"while it runs": living, "when it has ended": filesOf(t, dir)} {
		files["the log"] = []byte(log.String())
		h.wantNone(t, state, files)
		left.wantGone(t, was, files)
	}

	// Somebody copies the older files back, all of them: nobody comes back with them.
	if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(older))); err != nil {
		t.Fatal(err)
	}
	o = officeAt(t, dir, true, log)
	head, err := o.store.Head(t.Context())
	o.ok(err)
	o.clean(head)
	for _, id := range erased {
		if s := o.file(id).State; !s.Erased {
			t.Errorf("a case of an older journal does not know that its pupil is erased: %s", s.Status)
		}
	}
	for _, b := range saved {
		if _, err := o.keys.Open(t.Context(), b.Subject, b.Class, b.Context, b.Cipher); !errors.Is(err, domain.ErrForgotten) {
			t.Fatalf("a saved box under older keys: %v", err)
		}
	}
	o.stop()
	again := filesOf(t, dir)
	h.wantNone(t, "with older files", again)
	left.wantGone(t, was, again)
}

// about leaves what somebody was about to send about a case, and an answer that leads to it.
func (o *office) about(id uuid.UUID) {
	o.t.Helper()
	ctx, account, draft := context.Background(), uuid.New(), uuid.New()
	plain, err := json.Marshal(map[string]string{"to": "/pratiche/" + id.String() + "/nota"})
	o.ok(err)
	sealed, err := o.keys.Seal(ctx, account, domain.ClassPersonal, "draft/"+draft.String(), plain)
	o.ok(err)
	o.ok(o.state.SaveDraft(ctx, account, draft, web.KeptDraft, sealed, o.clock()))
	_, _, _, _, err = o.state.Claim(ctx, account, []byte("key"), []byte("request"), o.clock())
	o.ok(err)
	o.ok(o.state.Answer(ctx, account, []byte("key"), 201, 1, "/api/v1/cases/"+id.String()))
}

// Whatever step of an erasure a crash comes after, the next start ends it.
func TestACrashBetweenTheStepsOfAnErasure(t *testing.T) {
	t.Parallel()
	steps := []func(o *office, id uuid.UUID) error{
		func(o *office, id uuid.UUID) error { return o.keys.ForgetClass(context.Background(), "", id) },
		func(o *office, _ uuid.UUID) error { return o.mirrorErasures(context.Background()) },
		func(o *office, id uuid.UUID) error { return o.dropTraces(context.Background(), []uuid.UUID{id}) },
		func(o *office, _ uuid.UUID) error { return o.views.CatchUp(context.Background()) },
		func(o *office, _ uuid.UUID) error { return o.engine.(scrubber).Scrub(context.Background()) },
		func(o *office, _ uuid.UUID) error { return o.state.Scrub(context.Background()) },
	}
	for done := range len(steps) + 1 {
		t.Run(fmt.Sprintf("after %d", done), func(t *testing.T) {
			t.Parallel()
			dir, log := filepath.Join(t.TempDir(), "data"), &output{}
			o := officeAt(t, dir, false, log)
			id, other := o.request("Zabutenko", "Nadiia"), o.request("Lyshytska", "Oksana")
			o.end(id)
			o.ok(o.views.CatchUp(context.Background()))
			stays := o.everything(other)
			o.about(id)
			left := o.traces([]uuid.UUID{id})
			left.drafts = [][]byte{[]byte("/api/v1/cases/" + id.String())}
			was := filesOf(t, dir)
			last := o.decide(id, casefile.ErasePupil)
			for _, step := range steps[:done] {
				o.ok(step(o, id))
			}
			o.stop() // without a policy having run

			o = officeAt(t, dir, true, log)
			o.clean(last)
			if o.everything(other) != stays {
				t.Error("another pupil is not as before")
			}
			if gone, err := o.erasures.All(); err != nil || !slices.ContainsFunc(gone, func(x seal.Tombstone) bool { return x.Subject == id && x.Class == "" }) {
				t.Errorf("not in the ledger of erasures: %d, %v", len(gone), err)
			}
			left.wantGone(t, was, filesOf(t, dir)) // while the logs of the files are still there
			o.stop()
			left.wantGone(t, was, filesOf(t, dir))
		})
	}
}

// request begins a case with everything filled in that leaves traces.
func (o *office) request(family, given string) uuid.UUID {
	o.t.Helper()
	p := domain.NewPersonal
	r, err := o.desk.Request(context.Background(), desk.NewTicket(), domain.Actor{Account: uuid.New(), Role: domain.RoleComune, Body: "015189"},
		desk.RequestForm{FamilyName: p(family), GivenName: p(given), Sex: "F", BirthDate: p("2016-05-02"), Address: p("Via Dimenticata 3"), Vaccination: "yes"})
	o.ok(err)
	return r.ID
}

// What is said of health may go before the rest; only its own key does, and older keys forget it again.
func TestHealthIsForgottenAlone(t *testing.T) {
	t.Parallel()
	dir, log := filepath.Join(t.TempDir(), "data"), &output{}
	o := officeAt(t, dir, false, log)
	id := o.request("Zabutenko", "Nadiia")
	o.end(id)
	if !strings.Contains(o.everything(id), "vaccination yes") {
		t.Fatal("nothing was said of health")
	}
	older := dir + ".older"
	o.stop()
	if err := os.CopyFS(older, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	o = officeAt(t, dir, true, log)
	o.clean(o.decide(id, casefile.EraseHealth))
	for _, state := range []string{"erased", "with older files"} {
		now := o.everything(id)
		if strings.Contains(now, "vaccination yes") || !strings.Contains(now, "family_name Zabutenko") {
			t.Errorf("%s: health is read, or the rest is not", state)
		}
		if s := o.file(id).State; !s.HealthErased || s.Erased {
			t.Errorf("%s: %+v", state, s)
		}
		ctx, _ := reading.NewContext(context.Background())
		if opened, err := o.file(id).Open(ctx); err != nil || opened.Erased {
			t.Errorf("%s: the page of the case takes the pupil for erased: %v", state, err)
		}
		o.stop()
		if state == "erased" {
			if err := errors.Join(os.RemoveAll(dir), os.CopyFS(dir, os.DirFS(older))); err != nil {
				t.Fatal(err)
			}
			o = officeAt(t, dir, true, log)
		}
	}
	if !strings.Contains(log.String(), "forgotten again") {
		t.Error("nobody is told that older keys had come back")
	}
}
