package casefile_test

import (
	"encoding/binary"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/grade"
	"approdo/domain/places"
)

// world is a small territory in memory: a few cases and sites, their streams, and whoever acts on them. Everything that happens in
// it goes through do and ask, which hold each event against the invariants at once; check holds the whole against them.
type world struct {
	t     *rapid.T
	now   time.Time
	ids   uint64
	files []*file
	sites []*siteFile
	// suspended, by the comune of domicile.
	noIntake, noPlacement map[domain.Comune]bool
	// offers under way: a place is held for them, and the case has not heard of them yet.
	underWay []placing
	// broken off between hold and offer. Whoever sent them may send them again, as the same command.
	brokenOff []placing
	// what the policy that keeps places in step with cases still has to do of its present run.
	policy []errand
	// sent are the commands that were carried out; any of them may come again.
	sent []sent
	seen map[string]int
}

// file is the stream of a case.
type file struct {
	id      uuid.UUID
	state   casefile.State
	events  []casefile.Event
	done    map[uuid.UUID]bool // commands carried out, as event.Execute finds them in the stream
	unmerge casefile.State     // what parting must give back
}

// GoString keeps the account of a failure readable.
func (f *file) GoString() string {
	return fmt.Sprintf("case %d, %s, held by %v", f.id[15], f.state.Status, f.state.Holder())
}

// siteFile is the stream of a site's places.
type siteFile struct {
	code        domain.School
	institution domain.Institution
	state       places.State
	events      []places.Event
}

// GoString keeps the account of a failure readable.
func (s *siteFile) GoString() string { return string(s.code) }

func (s *siteFile) secretary() domain.Actor {
	return domain.Actor{Role: domain.RoleSchool, Body: string(s.institution)}
}

type placing struct {
	ticket  uuid.UUID
	file    *file
	site    *siteFile
	command casefile.OfferPlace
	held    bool // once
}

type errand struct {
	site    *siteFile
	command places.Command
}

type sent struct {
	file    *file
	ticket  uuid.UUID
	command casefile.Command
}

const year domain.SchoolYear = 2021

var (
	comuni  = []domain.Comune{domain.Milano, "015189", "015159"}
	centres = map[domain.Comune]domain.Centre{domain.Milano: "POLO-1", "015189": "CTI-25", "015159": "CTI-24"}
	grades  = []grade.Level{primaria2, primaria3}
)

func newWorld(t *rapid.T) *world {
	return &world{t: t, now: hour(0), seen: map[string]int{},
		noIntake: map[domain.Comune]bool{}, noPlacement: map[domain.Comune]bool{},
		sites: []*siteFile{
			{code: "MIEE8AB012", institution: "MIIC8AB00X"},
			{code: "MIEE8AB023", institution: "MIIC8AB00X"},
			{code: "MIEE8CD01X", institution: "MIIC8CD00V"},
		}}
}

// id gives a new id; the same run gives the same ids.
func (w *world) id() uuid.UUID {
	w.ids++
	id := uuid.UUID{6: 0x80, 8: 0x80}
	binary.BigEndian.PutUint32(id[12:], uint32(w.ids))
	return id
}

func (w *world) site(code domain.School) *siteFile {
	return w.sites[slices.IndexFunc(w.sites, func(s *siteFile) bool { return s.code == code })]
}

func (w *world) file(id uuid.UUID) *file {
	if i := slices.IndexFunc(w.files, func(f *file) bool { return f.id == id }); i >= 0 {
		return w.files[i]
	}
	return nil
}

func fold(events []casefile.Event) casefile.State {
	var s casefile.State
	for _, e := range events {
		s = casefile.Evolve(s, e)
	}
	return s
}

var codec = event.NewCodec(sealtest.New(), casefile.Events, places.Events)

// saw counts events by their stored names.
func (w *world) saw(e any) {
	d, err := codec.Encode(w.t.Context(), "any", 0, uuid.Max, e, event.Meta{})
	if err != nil {
		w.t.Fatal(err)
	}
	w.seen[d.Type]++
}

// do carries a command to a case as event.Execute does: one that was carried out already changes nothing. It reports whether the
// rules allowed it.
func (w *world) do(f *file, ticket uuid.UUID, c casefile.Command) bool {
	if f.done[ticket] {
		return true
	}
	past := f.state
	events, err := casefile.Decide(past, c)
	if !reflect.DeepEqual(past, fold(f.events)) {
		w.t.Fatalf("%T wrote into the state it was given", c)
	}
	if err != nil {
		if len(events) > 0 {
			w.t.Fatalf("%T: refused, and %d events", c, len(events))
		}
		w.t.Logf("%T: %v", c, err)
		return false
	}
	for _, e := range events {
		before := f.state
		f.state = casefile.Evolve(before, e)
		if !reflect.DeepEqual(before, fold(f.events)) {
			w.t.Fatalf("%T was written into the state before it", e)
		}
		f.events = append(f.events, e)
		w.saw(e)
		w.t.Logf("%#v: %T", f, e)
		w.happened(f, c, before, e)
	}
	if len(events) == 0 {
		return true
	}
	f.done[ticket] = true
	w.sent = append(w.sent, sent{f, ticket, c})
	if h := f.state.Holder(); h != past.Holder() && h != (casefile.Holder{}) && !f.state.HeldSince.Equal(c.Issued().At) {
		w.t.Fatalf("%T gave the case to %v, who has it since %v", c, h, f.state.HeldSince)
	}
	if again, err := casefile.Decide(f.state, c); err == nil && len(again) > 0 && !isNews(c) { // invariant 8
		w.t.Fatalf("%T repeated caused %T", c, again[0])
	}
	return true
}

// ask carries a command to a site, and reports whether the rules allowed it.
func (w *world) ask(s *siteFile, c places.Command) bool {
	events, err := places.Decide(s.state, c)
	for _, e := range events {
		before := s.state
		s.state, s.events = places.Evolve(before, e), append(s.events, e)
		w.saw(e)
		w.t.Logf("%s: %+v", s.code, e)
		w.seated(c, before, e)
	}
	if again, err := places.Decide(s.state, c); err == nil && len(again) > 0 { // invariant 8
		w.t.Fatalf("%T repeated caused %T", c, again[0])
	}
	return err == nil
}

// holderMoves lists the events that may give a case to somebody else.
var holderMoves = []string{"RequestRecorded", "AutonomousEnrolmentRecorded", "Routed", "DomicileChanged", "QuestionAsked",
	"QuestionAnswered", "HandedOver",
	"PlaceOffered", "OfferDeclined", "OfferLapsed", "OfferWithdrawn", "AcceptanceTakenBack", "CaseClosed", "CaseReopened", "CaseMerged", "CaseParted"}

// happened holds one event against the rules.
func (w *world) happened(f *file, c casefile.Command, before casefile.State, e casefile.Event) {
	name, act := reflect.TypeOf(e).Name(), c.Issued()
	if before.Holder() != f.state.Holder() && !slices.Contains(holderMoves, name) { // 1
		w.t.Fatalf("%s moved the case from %v to %v", name, before.Holder(), f.state.Holder())
	}
	switch e.(type) {
	case casefile.CaseRestricted, casefile.RestrictionLifted, casefile.ErasureProposed, casefile.ErasureRejected, casefile.HealthErased:
		f.unmerge = casefile.Evolve(f.unmerge, e) // what is decided about reading stands when the cases are parted
	}
	switch e := e.(type) {
	case casefile.ChargeTaken:
		if w.noIntake[before.Comune] { // 7
			w.t.Fatal("charge was taken while intake is suspended")
		}
	case casefile.PlaceOffered:
		override := e.Override != nil
		if override && (act.By.Role != domain.RoleUST || e.Override.Text.IsZero()) {
			w.t.Fatalf("overridden by %s", act.By.Role)
		}
		if c.(casefile.OfferPlace).Suspended && !override { // 7, as it was when the centre looked
			w.t.Fatal("offered while placement is suspended")
		}
		if !override && !w.mayBeAsked(f, e) { // 2
			w.t.Fatalf("offered again to %s, which declined", e.School)
		}
		if w.seatOf(f) == nil { // 3
			w.t.Fatal("offered without a seat")
		}
	case casefile.OfferAccepted:
		if w.noPlacement[before.Comune] { // 7
			w.t.Fatal("accepted while placement is suspended")
		}
		if before.Status != casefile.Offered || before.Offer.ID != e.Offer {
			w.t.Fatal("accepted what was not offered")
		}
	case casefile.AcceptanceTakenBack:
		if before.Status != casefile.Accepted || before.Offer.ID != e.Offer || !before.FirstDay.IsZero() || !w.byItself(f, act.By, e.Offer) {
			w.t.Fatal("taken back what was not accepted, or is attended")
		}
	case casefile.DeclineTakenBack:
		if before.Status != casefile.InCharge || !w.byItself(f, act.By, e.Offer) {
			w.t.Fatal("a decline was taken back that somebody has acted on")
		}
	case casefile.HandedOver:
		if before.Status != casefile.Requested && e.Reason == "taken-back" {
			w.t.Fatalf("taken back from %s, which has taken charge", before.Centre)
		}
	case casefile.OfferLapsed:
		if w.now.Before(before.Offer.Due) {
			w.t.Fatal("lapsed before its time")
		}
	case casefile.CaseMerged:
		f.unmerge = before // 6
	case casefile.PupilErased:
		w.forgotten(act, before, e.Ground, casefile.ErasePupil)
	case casefile.HealthErased:
		w.forgotten(act, before, e.Ground, casefile.EraseHealth)
	}
}

// byItself reports whether it was the UST, or the school that had been asked: of an offer nobody else takes anything back.
func (w *world) byItself(f *file, a domain.Actor, offer uuid.UUID) bool {
	return a.Role == domain.RoleUST || slices.ContainsFunc(f.events, func(e casefile.Event) bool {
		o, ok := e.(casefile.PlaceOffered)
		return ok && o.Offer == offer && a == domain.Actor{Role: domain.RoleSchool, Body: string(o.Institution)}
	})
}

// forgotten wants two persons behind every erasure but one that has happened already, and none while the reading is restricted.
func (w *world) forgotten(second domain.Act, before casefile.State, g casefile.ErasureGround, scope casefile.ErasureScope) {
	p := before.Erasure
	switch {
	case g == casefile.GroundRestored && second.By == domain.System:
	case p == nil || p.Scope != scope || p.Ground != g:
		w.t.Fatalf("erased without a proposal of it: %+v", p)
	case second.By.Role != domain.RoleUST || second.By.Account == p.By:
		w.t.Fatal("one person erased")
	case before.Status.Open() || before.Restriction != "":
		w.t.Fatalf("erased while %s, restricted %q", before.Status, before.Restriction)
	}
}

// mayBeAsked reports whether a school never declined the case, or declared places for the grade since (invariant 2).
func (w *world) mayBeAsked(f *file, offer casefile.PlaceOffered) bool {
	var declined time.Time
	for _, e := range f.events {
		if d, ok := e.(casefile.OfferDeclined); ok && d.School == offer.School {
			declined = d.At
		}
		if d, ok := e.(casefile.DeclineTakenBack); ok && d.School == offer.School {
			declined = time.Time{}
		}
	}
	return declined.IsZero() || slices.ContainsFunc(w.site(offer.School).events, func(e places.Event) bool {
		d, ok := e.(places.PlacesDeclared)
		return ok && d.Level == offer.Level && d.At.After(declined)
	})
}

// seatOf is the seat of the case's offer or enrolment, nil where the site knows of none.
func (w *world) seatOf(f *file) *places.Seat {
	if seat, ok := w.site(f.state.Offer.School).state.Seats[f.state.Offer.ID]; ok {
		return &seat
	}
	return nil
}

// autonomous reports whether an id is that of a school's own enrolment.
func (w *world) autonomous(id uuid.UUID) bool {
	return slices.ContainsFunc(w.files, func(f *file) bool {
		e, ok := f.events[0].(casefile.AutonomousEnrolmentRecorded)
		return ok && e.Enrolment == id
	})
}

// seated holds one event of a site against invariant 3: beyond what was declared only by override, or for a pupil who is there.
func (w *world) seated(c places.Command, before places.State, e places.Event) {
	switch e := e.(type) {
	case places.PlacesDeclared:
		if e.Capacity != before.Used(e.Level)+e.Free {
			w.t.Fatalf("%d free and %d used make %d", e.Free, before.Used(e.Level), e.Capacity)
		}
	case places.PlaceHeld:
		full := before.Free(e.Level) <= 0
		if hold := c.(places.Hold); e.Over != full || full && (!hold.Override || hold.By.Role != domain.RoleUST) {
			w.t.Fatalf("held with %d free, over: %v", before.Free(e.Level), e.Over)
		}
	case places.PlaceTaken:
		if _, held := before.Seats[e.Offer]; held != e.Held || !held && !w.autonomous(e.Offer) {
			w.t.Fatal("taken, and not held before")
		} else if full := before.Free(e.Level) <= 0; !held && e.Over != full {
			w.t.Fatalf("taken with %d free, over: %v", before.Free(e.Level), e.Over)
		}
	}
}

// check holds the world as it stands against the invariants.
func (w *world) check() {
	for _, f := range w.files {
		w.checkHolder(f)
		w.checkDates(f)
		w.checkMerge(f)
		if (f.state.Offer != nil) != f.state.Status.HoldsPlace() { // 1
			w.t.Fatalf("%s, with the offer %v", f.state.Status, f.state.Offer)
		}
		if f.state.Status.HoldsPlace() { // 3: a seat is held before it is offered, and kept as long as it is needed
			if seat := w.seatOf(f); seat == nil && !w.autonomous(f.state.Offer.ID) || seat != nil && seat.Case != f.id {
				w.t.Fatalf("%s without a seat of its own", f.state.Status)
			}
		}
	}
	for _, s := range w.sites { // 3
		taken := map[grade.Level]map[int]bool{primaria2: {}, primaria3: {}}
		for _, seat := range s.state.Seats {
			if seat.Number < 1 || taken[seat.Level][seat.Number] {
				w.t.Fatalf("two pupils on seat %d of %v", seat.Number, seat.Level)
			}
			taken[seat.Level][seat.Number] = true
		}
	}
}

// checkHolder finds the holder by hand, in the events, and wants the case to know the same (invariant 1).
func (w *world) checkHolder(f *file) {
	last := func(is func(casefile.Event) bool) int { return lastIndex(f.events, is) }
	closed := last(func(e casefile.Event) bool { return isA[casefile.CaseClosed](e) })
	back := last(func(e casefile.Event) bool {
		return isA[casefile.OfferDeclined](e) || isA[casefile.OfferLapsed](e) || isA[casefile.OfferWithdrawn](e) ||
			isA[casefile.AcceptanceTakenBack](e)
	})
	placed := last(func(e casefile.Event) bool {
		return isA[casefile.PlaceOffered](e) || isA[casefile.AutonomousEnrolmentRecorded](e)
	})
	question := last(func(e casefile.Event) bool { return isA[casefile.QuestionAsked](e) })
	answer := last(func(e casefile.Event) bool { return isA[casefile.QuestionAnswered](e) })
	centre := last(func(e casefile.Event) bool { return isA[casefile.Routed](e) || isA[casefile.HandedOver](e) })
	ended := closed > last(func(e casefile.Event) bool { return isA[casefile.CaseReopened](e) }) ||
		last(func(e casefile.Event) bool { return isA[casefile.CaseMerged](e) }) >
			last(func(e casefile.Event) bool { return isA[casefile.CaseParted](e) })

	var want casefile.Holder
	if question > max(answer, closed) && !ended {
		want = f.events[question].(casefile.QuestionAsked).To
		if want.Kind == casefile.HeldByComune {
			want.Body = string(f.state.Comune)
		} else if back > question {
			want = casefile.Holder{}
		}
	}
	switch {
	case ended || want != casefile.Holder{}:
	case placed > max(back, closed):
		want = casefile.Holder{Kind: casefile.HeldBySchool, Body: string(institutionOf(f.events[placed]))}
	default:
		want = casefile.Holder{Kind: casefile.HeldByCentre, Body: string(centreOf(f.events[centre]))}
	}
	if f.state.Holder() != want || f.state.Status.Open() == (want == casefile.Holder{}) || !ended && want.Body == "" {
		w.t.Fatalf("%s, held by %v and should be by %v", f.state.Status, f.state.Holder(), want)
	}
}

func isA[T casefile.Event](e casefile.Event) bool { _, ok := e.(T); return ok }

func lastIndex(events []casefile.Event, is func(casefile.Event) bool) int {
	for i := len(events) - 1; i >= 0; i-- {
		if is(events[i]) {
			return i
		}
	}
	return -1
}

func institutionOf(e casefile.Event) domain.Institution {
	if offer, ok := e.(casefile.PlaceOffered); ok {
		return offer.Institution
	}
	return e.(casefile.AutonomousEnrolmentRecorded).Institution
}

func centreOf(e casefile.Event) domain.Centre {
	if routed, ok := e.(casefile.Routed); ok {
		return routed.Centre
	}
	return e.(casefile.HandedOver).To
}

// checkDates wants each date where it belongs and in its order (invariant 4).
func (w *world) checkDates(f *file) {
	s, none := f.state, domain.Date{}
	accepted, first, ended := s.AcceptedOn != none, s.FirstDay != none, s.EndedOn != none
	ok := true
	switch s.Status {
	case casefile.Requested, casefile.InCharge, casefile.Offered:
		ok = !accepted && !first && !ended
	case casefile.Accepted:
		ok = accepted && !first && !ended
	case casefile.Attending:
		ok = accepted && first && !ended
	case casefile.Closed:
		ok = first == ended && (accepted || !first)
	}
	if !ok || accepted && s.AcceptedOn.Before(s.RequestedOn) || first && s.FirstDay.Before(s.AcceptedOn) ||
		ended && s.EndedOn.Before(s.FirstDay) {
		w.t.Fatalf("%s: requested on %v, accepted on %v, from %v, to %v", s.Status, s.RequestedOn, s.AcceptedOn, s.FirstDay,
			s.EndedOn)
	}
	for _, d := range []domain.Date{s.RequestedOn, s.AcceptedOn, s.FirstDay, s.EndedOn} {
		if domain.DateOf(w.now).Before(d) {
			w.t.Fatalf("%s, and %v is to come", s.Status, d)
		}
	}
}

// checkMerge wants that parting gives back what was, and that the id leads to the case that goes on (invariant 6).
func (w *world) checkMerge(f *file) {
	if f.state.Status != casefile.Merged {
		return
	}
	end := f
	for range w.files {
		if end.state.Status == casefile.Merged {
			end = w.file(end.state.MergedInto)
		}
		if end == nil {
			w.t.Fatal("merged into a case that is not there")
		}
	}
	if end.state.Status == casefile.Merged {
		w.t.Fatal("merged in a circle")
	}
	parting, err := casefile.Decide(f.state, casefile.Unmerge{Act: by(ust, w.now), Text: why})
	if f.state.Erased {
		return
	}
	if err != nil || len(parting) != 1 {
		w.t.Fatalf("cannot be parted: %d events, %v", len(parting), err)
	}
	parted := casefile.Evolve(f.state, parting[0])
	parted.HeldSince = f.unmerge.HeldSince
	want := f.unmerge
	want.Erasure = nil // a case that goes on is not proposed any more
	if !reflect.DeepEqual(parted, want) {
		w.t.Fatalf("was %+v, and is %+v", want, parted)
	}
}

// settle lets the policies come to rest, and wants every seat to be some pupil's and every pupil in a school to have one.
func (w *world) settle() {
	for len(w.policy) > 0 {
		w.goOn()
	}
	for _, f := range w.files {
		w.policy = w.follow(f)
		for len(w.policy) > 0 {
			w.goOn()
		}
	}
	w.releaseOrphans()
	seats := 0
	for _, f := range w.files {
		if !f.state.Status.HoldsPlace() {
			continue
		}
		seats++
		if seat := w.seatOf(f); seat == nil || seat.Taken == (f.state.Status == casefile.Offered) {
			w.t.Fatalf("%s, with the seat %+v", f.state.Status, seat)
		}
	}
	for _, p := range w.underWay {
		if o := p.file.state.Offer; o == nil || o.ID != p.command.Offer {
			seats++
		}
	}
	for _, s := range w.sites {
		seats -= len(s.state.Seats)
	}
	if seats != 0 {
		w.t.Fatalf("%d seats too few", seats)
	}
}

// follow is what the places of schools must do to be in step with a case.
func (w *world) follow(f *file) []errand {
	var out []errand
	for _, p := range casefile.Placements(f.events) {
		act := by(domain.System, w.now)
		switch stands := f.state.Status.HoldsPlace() && f.state.Offer.ID == p.Offer; {
		case !stands:
			out = append(out, errand{w.site(p.School), places.Release{Act: act, Offer: p.Offer}})
		case f.state.Status != casefile.Offered:
			out = append(out, errand{w.site(p.School), places.Take{Act: act, Offer: p.Offer, Case: f.id, Level: p.Level}})
		}
	}
	return out
}

// goOn lets the policy do the next thing of its run. Cases may have moved on since it looked.
func (w *world) goOn() {
	next := w.policy[0]
	w.policy = w.policy[1:]
	if !w.ask(next.site, next.command) {
		w.t.Fatalf("the policy's %T was refused", next.command)
	}
}

// releaseOrphans gives back the seats of offers that no case ever heard of, once whoever held them has had the time to offer. A seat
// that was offered is for follow alone: two hands on it could take and release it in the wrong order.
func (w *world) releaseOrphans() {
	for _, s := range w.sites {
		for _, offer := range slices.SortedFunc(maps.Keys(s.state.Seats), inOrder) {
			heard := casefile.Placements(w.file(s.state.Seats[offer].Case).events)
			known := slices.ContainsFunc(heard, func(p casefile.Placement) bool { return p.Offer == offer })
			coming := slices.ContainsFunc(w.underWay, func(p placing) bool { return p.command.Offer == offer })
			if !known && !coming && !w.ask(s, places.Release{Act: by(domain.System, w.now), Offer: offer}) {
				w.t.Fatal("an orphan was not released")
			}
		}
	}
}

func inOrder(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) }
