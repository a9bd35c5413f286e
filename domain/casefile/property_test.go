package casefile_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/places"
)

// Random people do random things to random cases and sites, in any order and over again; after every step all eight invariants of
// domain.md hold. See world.
func TestInvariantsHoldWhateverHappens(t *testing.T) {
	seen := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.seen = seen
		for _, s := range w.sites {
			w.declare(t, s, s.secretary(), primaria3, rapid.IntRange(0, 4).Draw(t, "free"))
		}
		w.request(t)
		w.request(t)
		actions := map[string]func(*rapid.T){
			"request":          w.request,
			"enrol":            w.enrol,
			"act":              w.act,
			"act on":           w.act, // more of what makes a life
			"act again":        w.act,
			"offer":            w.beginOffer,
			"offer more":       w.beginOffer,
			"offer once more":  w.beginOffer,
			"finish an offer":  w.finishOffer,
			"finish the offer": w.finishOffer,
			"break off":        w.breakOff,
			"send again":       w.sendAgain,
			"places declared":  w.declareSome,
			"suspension":       w.suspend,
			"policy":           w.runPolicy,
			"policies rest":    func(*rapid.T) { w.settle() },
			"orphans":          func(*rapid.T) { w.releaseOrphans() },
			"clock":            w.passTime,
			"again, as sent":   w.repeat,
			"again, anew":      w.repeatAnew,
			"":                 func(t *rapid.T) { w.t = t; w.check() },
		}
		for range 12 {
			t.Repeat(actions)
		}
		w.settle()
	})
	t.Log(seen)
	for _, table := range []event.Table{casefile.Events, places.Events} {
		for _, e := range table {
			if seen[e.Name()] == 0 {
				t.Errorf("%s never happened", e.Name())
			}
		}
	}
}

func pick[T any](t *rapid.T, label string, from ...T) T {
	return rapid.SampledFrom(from).Draw(t, label)
}

func (w *world) request(t *rapid.T) {
	if w.t = t; len(w.files) > 4 {
		t.Skip("enough cases")
	}
	comune := rapid.SampledFrom(comuni).Draw(t, "comune")
	f := &file{id: w.id(), done: map[uuid.UUID]bool{}}
	c := casefile.RecordRequest{Act: by(domain.Actor{Role: domain.RoleComune, Body: string(comune)}, w.now),
		Channel: domain.ChannelComune, On: domain.DateOf(w.now).AddDays(-rapid.IntRange(0, 400).Draw(t, "days ago")),
		Facts: casefile.Facts{Comune: comune, SchoolYear: year, Level: rapid.SampledFrom(grades).Draw(t, "grade")},
		Route: casefile.Route{Centre: centres[comune]}}
	if rapid.Bool().Draw(t, "mail to the UST") {
		c.By, c.Channel = ust, domain.ChannelUST
	}
	if rapid.Bool().Draw(t, "papers") {
		c.Pupil = pupil
	}
	// Invariants 5 and 7: no want of papers, no date and no suspension refuses a request.
	if !w.do(f, w.id(), c) || len(f.events) != 2 {
		t.Fatal("a request was refused")
	}
	w.files = append(w.files, f)
}

func (w *world) enrol(t *rapid.T) {
	if w.t = t; len(w.files) > 4 || rapid.Bool().Draw(t, "rather a request") {
		t.Skip("enough cases")
	}
	s := rapid.SampledFrom(w.sites).Draw(t, "site")
	comune := rapid.SampledFrom(comuni).Draw(t, "comune")
	f := &file{id: w.id(), done: map[uuid.UUID]bool{}}
	c := casefile.RecordAutonomousEnrolment{Act: by(s.secretary(), w.now), School: s.code,
		Institution: s.institution, Enrolment: w.id(), On: domain.DateOf(w.now).AddDays(-rapid.IntRange(0, 60).Draw(t, "days ago")),
		Facts: casefile.Facts{Comune: comune, SchoolYear: year, Level: rapid.SampledFrom(grades).Draw(t, "grade")},
		Route: casefile.Route{Centre: centres[comune]}}
	if rapid.Bool().Draw(t, "attends") {
		c.FirstDay = domain.DateOf(w.now)
	}
	w.files = append(w.files, f) // a site asks whose enrolment it is
	if !w.do(f, w.id(), c) {
		t.Fatal("an enrolment was refused")
	}
}

// likely are the things that people do to a case as it stands.
var likely = map[casefile.Status][]string{
	casefile.Requested: {"take charge", "take charge", "take charge", "take charge", "take charge", "hand over", "move",
		"amend", "determine", "withdraw", "close", "merge", "note", "expire", "hand over back", "hand over back", "hand over back"},
	casefile.InCharge: {"ask comune", "answer", "answer", "determine", "determine", "hand over", "move", "amend", "amend",
		"close", "merge", "message", "expire", "hand over", "decline back", "decline back", "decline back"},
	casefile.Offered: {"accept", "accept", "accept", "decline", "decline", "lapse", "lapse", "lapse", "withdraw offer",
		"ask school", "answer", "move", "amend", "withdraw", "merge", "message"},
	casefile.Accepted: {"first day", "first day", "ask comune", "ask school", "answer", "move", "amend", "determine",
		"close", "merge", "expire", "accept back", "accept back"},
	casefile.Attending: {"end", "end", "first day", "first day back", "ask comune", "answer", "move", "determine"},
	casefile.Closed:    {"reopen", "reopen", "reopen", "note", "propose", "second", "second", "restrict", "unrestrict"},
	casefile.Merged:    {"part", "part", "part", "note", "propose", "second", "second"},
}

var acts = []string{"take charge", "ask comune", "ask school", "answer", "determine", "hand over", "accept", "decline",
	"lapse", "withdraw offer",
	"first day", "end", "amend", "move", "withdraw", "close", "reopen", "merge", "part", "note", "message", "expire",
	"hand over back", "accept back", "decline back", "first day back",
	"propose", "second", "restore", "restrict", "unrestrict"}

func (w *world) act(t *rapid.T) {
	w.t = t
	f := rapid.SampledFrom(w.files).Draw(t, "case")
	of := likely[f.state.Status]
	if rapid.IntRange(0, 9).Draw(t, "likely") == 0 {
		of = acts
	}
	if f.state.Question != nil && rapid.Bool().Draw(t, "the question") {
		of = []string{"answer"}
	}
	if f.state.Erasure != nil && !f.state.Erased && rapid.IntRange(0, 3).Draw(t, "the proposal") > 0 {
		of = []string{"second"}
	}
	name := rapid.SampledFrom(of).Draw(t, "act")
	if name == "restore" && rapid.IntRange(0, 3).Draw(t, "forget") > 0 {
		t.Skip("not yet")
	}
	c := w.command(t, f, name)
	if w.do(f, w.id(), c) {
		return
	}
	by := c.Issued().By
	theirs := by.Role == domain.RoleUST || by == domain.Actor{Role: domain.RoleComune, Body: string(f.state.Comune)}
	if name == "amend" && theirs && f.state.Status.Open() { // 5: a correction is never too late
		t.Fatal("a correction was refused")
	}
}

// actor is mostly whoever the act is for, sometimes the UST, and now and then anybody.
func (w *world) actor(t *rapid.T, f *file, name string) domain.Actor {
	s := f.state
	centre := domain.Actor{Role: domain.RoleCentre, Body: string(s.Centre)}
	sits := domain.Actor{Role: domain.RoleSchool}
	if s.Offer != nil {
		sits.Body = string(s.Offer.Institution)
	}
	lives := domain.Actor{Role: domain.RoleComune, Body: string(s.Comune)}
	switch rapid.IntRange(0, 9).Draw(t, "who") {
	case 0:
		return pick(t, "anybody", rozzano, opera, cti, cti2, school, school2, prefect, domain.System, centre, sits, lives,
			domain.Actor{})
	case 1, 2:
		return ust
	}
	switch name {
	case "accept", "decline", "first day", "end":
		return sits
	case "accept back", "first day back":
		return sits
	case "decline back":
		if s.LastDecline != nil {
			return domain.Actor{Role: domain.RoleSchool, Body: string(s.LastDecline.Institution)}
		}
	case "hand over back":
		if s.Handed != nil {
			return domain.Actor{Role: domain.RoleCentre, Body: string(s.Handed.Centre)}
		}
	case "reopen":
		return pick(t, "opens", centre, centre, lives)
	case "answer":
		if s.Question != nil {
			return domain.Actor{Role: domain.Role(s.Question.To.Kind), Body: s.Question.To.Body}
		}
	case "move", "amend", "withdraw":
		return lives
	case "close":
		return pick(t, "closes", centre, centre, sits)
	case "lapse", "expire":
		return domain.System
	case "merge", "part", "restrict", "unrestrict":
		return ust
	case "propose", "second":
		return pick(t, "of the two", ust, ust2)
	case "restore":
		return domain.System
	}
	return centre
}

func (w *world) command(t *rapid.T, f *file, name string) casefile.Command {
	s, act := f.state, by(w.actor(t, f, name), w.now)
	day := domain.DateOf(w.now).AddDays(pick(t, "day", 0, 0, 0, 0, -1, -2, -30, -500, 1))
	level := rapid.SampledFrom(grades).Draw(t, "level")
	offer := uuid.Max
	if s.Offer != nil {
		offer = s.Offer.ID
	}
	switch name {
	case "take charge":
		return casefile.TakeCharge{Act: act, Suspended: w.noIntake[s.Comune]}
	case "ask comune":
		return casefile.AskQuestion{Act: act, To: casefile.HeldByComune, Topic: "contacts"}
	case "ask school":
		return casefile.AskQuestion{Act: act, To: casefile.HeldBySchool, Topic: "schooling", Text: why}
	case "answer":
		return casefile.AnswerQuestion{Act: act}
	case "determine":
		return casefile.DetermineGrade{Act: act, Level: level, Resolution: pick(t, "resolution", nil, resolution)}
	case "hand over":
		return casefile.HandOver{Act: act, To: pick[domain.Centre](t, "to", "CTI-24", "CTI-25", "POLO-1"), Reason: "agreed"}
	case "accept":
		return casefile.AcceptOffer{Act: act, Offer: offer, On: day, Suspended: w.noPlacement[s.Comune]}
	case "decline":
		return casefile.DeclineOffer{Act: act, Offer: offer, Reason: pick(t, "reason", casefile.DeclineReasons()...)}
	case "lapse":
		return casefile.LapseOffer{Act: act, Offer: offer}
	case "withdraw offer":
		return casefile.WithdrawOffer{Act: act, Offer: offer, Reason: "family-asked"}
	case "first day":
		return casefile.RecordFirstDay{Act: act, On: day}
	case "end":
		return casefile.EndAttendance{Act: act, On: day, Reason: pick(t, "reason", casefile.ClosureReasons()...)}
	case "amend":
		c := casefile.AmendRequest{Act: act, Level: &level, Sex: pick(t, "sex", casefile.Female, casefile.Male)}
		if rapid.Bool().Draw(t, "identity") {
			c.Pupil = pupil
		}
		return c
	case "move":
		comune := rapid.SampledFrom(comuni).Draw(t, "comune")
		return casefile.ChangeDomicile{Act: act, Comune: comune, From: day, Route: casefile.Route{Centre: centres[comune]}}
	case "withdraw":
		return casefile.WithdrawRequest{Act: act, Reason: "moved-abroad"}
	case "close":
		return casefile.Close{Act: act, Reason: pick(t, "reason", casefile.ClosureReasons()...)}
	case "reopen":
		return casefile.Reopen{Act: act}
	case "merge":
		into := rapid.SampledFrom(w.files).Draw(t, "into")
		if into == f {
			t.Skip("one case is not two") // the desk's to refuse
		}
		return casefile.Merge{Act: act, Into: into.id, IntoStatus: into.state.Status, Text: why}
	case "part":
		return casefile.Unmerge{Act: act, Text: why}
	case "note":
		return casefile.AddNote{Act: act, Text: why}
	case "hand over back":
		return casefile.TakeBackHandOver{Act: act, Text: why, Suspended: w.noIntake[s.Comune]}
	case "accept back":
		return casefile.TakeBackAcceptance{Act: act, Offer: offer, Reason: "wrong-case", Text: why}
	case "decline back":
		if s.LastDecline != nil {
			offer = s.LastDecline.Offer
		}
		return casefile.TakeBackDecline{Act: act, Offer: offer, Reason: "too-early"}
	case "first day back":
		return casefile.AnnulFirstDay{Act: act, Reason: "new-facts"}
	case "message":
		return casefile.SendMessage{Act: act, To: []casefile.Party{pick(t, "addressee", append(s.Parties(), toSchool, toNext)...)}, Text: why}
	case "propose":
		return casefile.ProposeErasure{Act: act, Proposal: w.id(), Scope: pick(t, "scope", casefile.ErasureScopes()...),
			Ground: pick(t, "ground", casefile.ErasureGrounds()...), Register: "1", Since: day}
	case "second":
		proposal := uuid.Max
		if s.Erasure != nil {
			proposal = s.Erasure.ID
		}
		return pick[casefile.Command](t, "second", casefile.ApproveErasure{Act: act, Proposal: proposal},
			casefile.RejectErasure{Act: act, Proposal: proposal, Reason: "still-needed"}, casefile.WithdrawErasure{Act: act, Proposal: proposal})
	case "restore":
		return casefile.RestoreErasure{Act: act, Scope: pick(t, "scope", casefile.ErasureScopes()...)}
	case "restrict":
		return casefile.Restrict{Act: act, Reason: pick(t, "reason", casefile.RestrictionReasons()...)}
	case "unrestrict":
		return casefile.LiftRestriction{Act: act}
	default:
		return casefile.ExpireClock{Act: act,
			Clock: pick(t, "clock", casefile.ClockTakeCharge, casefile.ClockFirstOffer, casefile.ClockFirstDay),
			Due:   w.now.Add(-pick(t, "overdue", 0, time.Hour, -time.Hour)), To: pick(t, "to", domain.RoleCentre, domain.RoleUST)}
	}
}

func (w *world) beginOffer(t *rapid.T) {
	w.t = t
	looking := slices.DeleteFunc(slices.Clone(w.files), func(f *file) bool { return f.state.Status != casefile.InCharge })
	if len(looking) == 0 || rapid.IntRange(0, 9).Draw(t, "any case") == 0 {
		looking = w.files
	}
	p := placing{ticket: w.id(), file: rapid.SampledFrom(looking).Draw(t, "case"), site: rapid.SampledFrom(w.sites).Draw(t, "site")}
	p.command = casefile.OfferPlace{Act: by(w.actor(t, p.file, "offer"), w.now), Offer: w.id(), School: p.site.code,
		Institution: p.site.institution, Level: pick(t, "level", p.file.state.Level, p.file.state.Level, p.file.state.Level, primaria2)}
	if rapid.IntRange(0, 3).Draw(t, "override") == 0 {
		p.command.Override = over
	}
	w.begin(p)
}

// begin is the first half of desk.Offer: the case is asked whether it would take the offer, and a place is held for it.
func (w *world) begin(p placing) {
	c := &p.command
	c.At, c.Due = w.now, w.now.Add(72*time.Hour)
	c.DeclaredAt, c.Suspended = p.site.state.Declared[c.Level].At, w.noPlacement[p.file.state.Comune]
	if events, err := casefile.Decide(p.file.state, *c); err != nil || len(events) == 0 {
		w.do(p.file, p.ticket, *c)
		return
	}
	_, seat := p.site.state.Seats[c.Offer]
	if p.held && !seat {
		return // a retry, so late that the seat was given back meanwhile
	}
	p.held = p.held || w.ask(p.site, places.Hold{Act: c.Act, Offer: c.Offer, Case: p.file.id, Level: c.Level,
		Override: c.Override != nil && c.By.Role == domain.RoleUST})
	if p.held {
		w.underWay = append(w.underWay, p)
	}
}

// finishOffer is the second half: the case is offered the place, which is given back unless the offer stands then.
func (w *world) finishOffer(t *rapid.T) {
	w.t = t
	p := w.takeUnderWay(t)
	w.do(p.file, p.ticket, p.command) // a refusal is as good: the case has moved on
	if o := p.file.state.Offer; o == nil || o.ID != p.command.Offer {
		w.ask(p.site, places.Release{Act: p.command.Act, Offer: p.command.Offer})
	}
}

func (w *world) takeUnderWay(t *rapid.T) placing {
	return takeOut(t, &w.underWay, "under way")
}

func takeOut[T any](t *rapid.T, from *[]T, label string) T {
	if len(*from) == 0 {
		t.Skip("none " + label)
	}
	i := rapid.IntRange(0, len(*from)-1).Draw(t, label)
	out := (*from)[i]
	*from = append((*from)[:i:i], (*from)[i+1:]...)
	return out
}

// breakOff is the program's end between hold and offer.
func (w *world) breakOff(t *rapid.T) {
	w.t = t
	w.brokenOff = append(w.brokenOff, w.takeUnderWay(t))
}

// sendAgain is a client that heard no answer: the same ticket, so the same offer, in a world that has gone on.
func (w *world) sendAgain(t *rapid.T) {
	w.t = t
	w.begin(takeOut(t, &w.brokenOff, "broken off"))
}

func (w *world) declareSome(t *rapid.T) {
	w.t = t
	s := rapid.SampledFrom(w.sites).Draw(t, "site")
	who := pick(t, "who", ust, school, school2, cti, s.secretary())
	w.declare(t, s, who, rapid.SampledFrom(grades).Draw(t, "level"), rapid.IntRange(0, 2).Draw(t, "free"))
}

func (w *world) declare(t *rapid.T, s *siteFile, who domain.Actor, l grade.Level, free int) {
	w.t = t
	done := w.ask(s, places.Declare{Act: by(who, w.now), Institution: s.institution, Level: l, Free: free})
	if may := who.Role == domain.RoleUST || who.Role == domain.RoleSchool && who.Body == string(s.institution); may != done {
		t.Fatalf("declared by %v: %v", who, done)
	}
}

func (w *world) suspend(t *rapid.T) {
	kind := pick(t, "kind", w.noIntake, w.noPlacement)
	comune := rapid.SampledFrom(comuni).Draw(t, "comune")
	kind[comune] = !kind[comune] && rapid.IntRange(0, 2).Draw(t, "suspended") == 0
}

// runPolicy looks at a case, or does one thing of what it found, or breaks off: then it looks at some case anew later.
func (w *world) runPolicy(t *rapid.T) {
	w.t = t
	switch {
	case len(w.policy) == 0:
		w.policy = w.follow(rapid.SampledFrom(w.files).Draw(t, "case"))
	case rapid.IntRange(0, 9).Draw(t, "breaks off") == 0:
		w.policy = nil
	default:
		w.goOn()
	}
}

func (w *world) passTime(t *rapid.T) {
	w.now = w.now.Add(pick(t, "time", time.Nanosecond, time.Minute, time.Hour, 25*time.Hour, 80*time.Hour, 80*time.Hour))
}

func (w *world) repeat(t *rapid.T) {
	if w.t = t; len(w.sent) == 0 {
		t.Skip("nothing sent")
	}
	s := rapid.SampledFrom(w.sent).Draw(t, "sent")
	before := len(s.file.events)
	if !w.do(s.file, s.ticket, s.command) || len(s.file.events) != before { // 8
		t.Fatalf("%T acted twice", s.command)
	}
}

// repeatAnew sends an old command as a new one, but not one that brings facts of its own time along: the desk looks them up anew.
func (w *world) repeatAnew(t *rapid.T) {
	if w.t = t; len(w.sent) == 0 {
		t.Skip("nothing sent")
	}
	s := rapid.SampledFrom(w.sent).Draw(t, "sent")
	switch s.command.(type) {
	case casefile.OfferPlace, casefile.TakeCharge, casefile.TakeBackHandOver, casefile.AcceptOffer, casefile.Merge, casefile.RecordRequest,
		casefile.RecordAutonomousEnrolment:
		t.Skip("brings facts along")
	}
	w.do(s.file, w.id(), s.command)
}
