// Package desk is what a person asks for. It checks the request against package access, brings the facts a rule needs from outside
// its stream (the route, a suspension, what a school declared), and lets the aggregates decide. REST and web call nothing else.
package desk

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/calendar"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/places"
	"approdo/domain/territory"
)

// Desk carries commands to the journal.
type Desk struct {
	store   event.Store
	codec   *event.Codec
	clock   domain.Clock
	land    land
	schools schools
}

// New makes a desk for the territory of a province ("015").
func New(store event.Store, codec *event.Codec, clock domain.Clock, province string) *Desk {
	return &Desk{store: store, codec: codec, clock: clock, land: land{store: store, codec: codec, stream: territory.Stream(province)},
		schools: schools{store: store, codec: codec}}
}

// Now is the desk's clock.
func (d *Desk) Now() domain.Clock { return d.clock }

// Ticket makes a request harmless to repeat. ID names the command: one that was carried out already changes nothing. Expected,
// where set, is the revision the person saw.
type Ticket struct {
	ID       uuid.UUID
	Expected *event.Revision
}

// NewTicket is for a request that nobody will repeat.
func NewTicket() Ticket { return Ticket{ID: uuid.Must(uuid.NewV7())} }

// KeyedTicket derives the command's id from who asks and the key he chose, so that the same key is the same command.
func KeyedTicket(a domain.Actor, key string) Ticket {
	return Ticket{ID: uuid.NewSHA1(a.Account, []byte("approdo:"+string(a.Role)+":"+a.Body+":"+key))}
}

// Receipt says what came of a request. A reader that has come to Position sees it.
type Receipt struct {
	ID        uuid.UUID // of the case or the account; zero where the thing has a code
	Revision  event.Revision
	Position  event.Position
	Duplicate bool // carried out before; nothing was written now
}

func (t Ticket) origin(a domain.Act) event.Origin {
	return event.Origin{ID: t.ID, By: a.By, At: a.At, Expected: t.Expected}
}

func receipt(id uuid.UUID, r event.Result) Receipt {
	return Receipt{ID: id, Revision: r.Last, Position: r.Position, Duplicate: r.Duplicate}
}

// Act gives the actor's act at this instant.
func (d *Desk) Act(a domain.Actor) domain.Act { return domain.Act{By: a, At: d.clock().UTC()} }

// Do lets a command meet its case. It answers access.ErrAbsent alike for a case that is not there and one that is not the actor's.
// Commands that begin a case go through Request and Enrol instead, offers through Offer.
func (d *Desk) Do(ctx context.Context, t Ticket, id uuid.UUID, c casefile.Command) (Receipt, error) {
	act, ok := actOf(c)
	if !ok {
		return Receipt{}, access.ErrNotAllowed
	}
	s, err := d.allowed(ctx, c.Issued().By, id, act)
	if err != nil {
		return Receipt{}, err
	}
	if c, err = d.complete(ctx, s, id, c); err != nil {
		return Receipt{}, err
	}
	out, err := event.Execute(ctx, d.store, d.codec, casefile.Decider, casefile.Stream(id), c, t.origin(c.Issued()))
	return receipt(id, out.Result), err
}

// allowed loads a case for an act.
func (d *Desk) allowed(ctx context.Context, a domain.Actor, id uuid.UUID, act access.Act) (casefile.State, error) {
	out, err := event.Load(ctx, d.store, d.codec, casefile.Decider, casefile.Stream(id))
	if err != nil {
		return casefile.State{}, err
	}
	if out.State.Status == "" {
		return casefile.State{}, access.ErrAbsent
	}
	return out.State, access.Case(a, access.Relate(a, FactsOf(out.State)), act)
}

// FactsOf gives what a relation is made of.
func FactsOf(s casefile.State) access.Facts {
	f := access.Facts{Comune: s.Comune, Centre: s.Centre, PastCentres: s.PastCentres, PastInstitutions: s.PastInstitutions}
	if s.Offer != nil {
		f.Institution, f.Offered = s.Offer.Institution, s.Status == casefile.Offered
	}
	h := s.Holder()
	f.Restricted, f.Holder = s.Restriction != "", domain.Actor{Role: domain.Role(h.Kind), Body: h.Body}
	return f
}

// actOf names the act of a command on an existing case.
func actOf(c casefile.Command) (access.Act, bool) {
	switch c.(type) {
	case casefile.AmendRequest:
		return access.Amend, true
	case casefile.ChangeDomicile:
		return access.ChangeDomicile, true
	case casefile.TakeCharge:
		return access.TakeCharge, true
	case casefile.AskQuestion:
		return access.Ask, true
	case casefile.AnswerQuestion:
		return access.Answer, true
	case casefile.DetermineGrade:
		return access.DetermineGrade, true
	case casefile.HandOver:
		return access.HandOver, true
	case casefile.AcceptOffer:
		return access.Accept, true
	case casefile.DeclineOffer:
		return access.Decline, true
	case casefile.WithdrawOffer:
		return access.WithdrawOffer, true
	case casefile.RecordFirstDay:
		return access.RecordFirstDay, true
	case casefile.EndAttendance:
		return access.EndAttendance, true
	case casefile.WithdrawRequest:
		return access.WithdrawRequest, true
	case casefile.Close:
		return access.Close, true
	case casefile.Reopen:
		return access.Reopen, true
	case casefile.Merge:
		return access.Merge, true
	case casefile.Unmerge:
		return access.Unmerge, true
	case casefile.AddNote:
		return access.Note, true
	case casefile.SendMessage:
		return access.Message, true
	case casefile.TakeBackHandOver:
		return access.TakeBackHandOver, true
	case casefile.TakeBackAcceptance:
		return access.TakeBackAcceptance, true
	case casefile.TakeBackDecline:
		return access.TakeBackDecline, true
	case casefile.AnnulFirstDay:
		return access.AnnulFirstDay, true
	case casefile.ProposeErasure:
		return access.Erase, true
	case casefile.ApproveErasure:
		return access.ApproveErasure, true
	case casefile.RejectErasure:
		return access.RejectErasure, true
	case casefile.WithdrawErasure:
		return access.WithdrawErasure, true
	case casefile.Restrict:
		return access.Restrict, true
	case casefile.LiftRestriction:
		return access.LiftRestriction, true
	}
	return "", false
}

// complete adds what the command must know of the world outside the case.
func (d *Desk) complete(ctx context.Context, s casefile.State, id uuid.UUID, c casefile.Command) (casefile.Command, error) {
	switch c := c.(type) {
	case casefile.ChangeDomicile:
		r, err := d.route(ctx, c.Comune, c.Municipio, "", s.Level.Order, c.At)
		c.Route = r
		return c, err
	case casefile.TakeCharge:
		suspended, err := d.suspended(ctx, territory.Intake, s.Comune, c.Act)
		c.Suspended = suspended
		return c, err
	case casefile.AcceptOffer:
		suspended, err := d.suspended(ctx, territory.Placement, s.Comune, c.Act)
		c.Suspended = suspended
		return c, err
	case casefile.HandOver:
		state, err := d.land.state(ctx)
		if err != nil {
			return c, err
		}
		if _, ok := state.Centre(c.To); !ok {
			return c, domain.Invalid("centre-unknown").On("to")
		}
		c.Terms = casefile.Terms{TakeCharge: terms(state.ClocksOn(domain.DateOf(c.At)), s.Comune, c.At).TakeCharge}
		return c, nil
	case casefile.TakeBackHandOver:
		state, err := d.land.state(ctx)
		c.Terms = casefile.Terms{TakeCharge: terms(state.ClocksOn(domain.DateOf(c.At)), s.Comune, c.At).TakeCharge}
		_, c.Suspended = state.Suspended(territory.Intake, s.Comune, c.At)
		return c, err
	case casefile.Reopen:
		state, err := d.land.state(ctx)
		c.Terms = terms(state.ClocksOn(domain.DateOf(c.At)), s.Comune, c.At)
		return c, err
	case casefile.SendMessage:
		if words, _ := c.Text.Value(); utf8.RuneCountInString(words.Reveal()) > casefile.MaxMessage {
			return c, casefile.ErrTextTooLong.On("text")
		}
		return c, nil
	case casefile.ProposeErasure:
		return d.dueErasure(ctx, s, c)
	case casefile.Merge:
		if c.Into == id {
			return c, casefile.ErrMergeIntoItself
		}
		other, err := event.Load(ctx, d.store, d.codec, casefile.Decider, casefile.Stream(c.Into))
		c.IntoStatus = other.State.Status
		return c, err
	}
	return c, nil
}

func (d *Desk) suspended(ctx context.Context, kind territory.Kind, comune domain.Comune, a domain.Act) (bool, error) {
	state, err := d.land.state(ctx)
	if err != nil {
		return false, err
	}
	_, is := state.Suspended(kind, comune, a.At)
	return is, nil
}

// Placement is an offer a centre makes.
type Placement struct {
	School         domain.School
	Level          grade.Level
	OverrideReason domain.Personal // the UST's; empty otherwise
	Plan           uuid.UUID       // that it confirms; zero: none
}

// Offer holds a place at the school and then offers it in the case. When the case refuses, the place is given back at once; should
// the program end in between, a policy gives it back.
func (d *Desk) Offer(ctx context.Context, t Ticket, id uuid.UUID, a domain.Actor, p Placement) (Receipt, error) {
	act := d.Act(a)
	s, err := d.allowed(ctx, a, id, access.Offer)
	if err != nil {
		return Receipt{}, err
	}
	var override *casefile.Override
	if !p.OverrideReason.IsZero() {
		if _, err := d.allowed(ctx, a, id, access.Override); err != nil {
			return Receipt{}, err
		}
		override = &casefile.Override{Rule: "placement", Text: domain.Open(id, domain.ClassPersonal, p.OverrideReason)}
	}
	if err := d.planned(ctx, a, id, p); err != nil {
		return Receipt{}, err
	}
	school, err := d.School(ctx, p.School)
	if err != nil {
		return Receipt{}, err
	}
	if ok, _ := school.Offerable(p.Level, s.SchoolYear); !ok {
		return Receipt{}, domain.Refused("school-not-offerable").On("school")
	}
	state, err := d.land.state(ctx)
	if err != nil {
		return Receipt{}, err
	}
	_, suspended := state.Suspended(territory.Placement, s.Comune, act.At)
	today := domain.DateOf(act.At)
	due := calendar.Deadline(act.At, state.ClocksOn(today).SchoolAnswer, school.School.Comune)
	offer := event.DeriveID(t.ID, "offer", 0)
	c := casefile.OfferPlace{Act: act, Offer: offer, School: p.School, Institution: school.School.Institution, Level: p.Level,
		Due: due, Suspended: suspended, Override: override, Weights: state.WeightsOn(today).Version, Plan: p.Plan}

	// The rules of the case are asked first, so that a refusal of theirs leaves no trace in the school's stream.
	stream := places.Stream(p.School, s.SchoolYear)
	declared, err := event.Load(ctx, d.store, d.codec, places.Decider, stream)
	if err != nil {
		return Receipt{}, err
	}
	c.DeclaredAt = declared.State.Declared[p.Level].At
	if events, err := casefile.Decide(s, c); err != nil || len(events) == 0 {
		return d.executeOffer(ctx, t, id, c) // the refusal, or the receipt of the first time
	}
	hold := places.Hold{Act: act, Offer: offer, Case: id, Level: p.Level, Override: override != nil}
	held, err := event.Execute(ctx, d.store, d.codec, places.Decider, stream, places.Command(hold), Ticket{ID: t.ID}.origin(act))
	if err != nil {
		return Receipt{}, err
	}
	if _, still := held.State.Seats[offer]; !still { // a retry, so late that the seat was given back meanwhile
		return Receipt{}, casefile.ErrNoSuchOffer
	}
	r, err := d.executeOffer(ctx, t, id, c)
	if err != nil && !errors.Is(err, event.ErrUnknownOutcome) {
		release := places.Release{Act: act, Offer: offer}
		undo := event.Origin{ID: event.DeriveID(t.ID, "release", 0), By: act.By, At: act.At}
		if _, undoErr := event.Execute(ctx, d.store, d.codec, places.Decider, stream, places.Command(release), undo); undoErr != nil {
			return Receipt{}, errors.Join(err, undoErr)
		}
	}
	return r, err
}

func (d *Desk) executeOffer(ctx context.Context, t Ticket, id uuid.UUID, c casefile.OfferPlace) (Receipt, error) {
	out, err := event.Execute(ctx, d.store, d.codec, casefile.Decider, casefile.Stream(id), casefile.Command(c), t.origin(c.Act))
	return receipt(id, out.Result), err
}

// School reads a site in the register; domain.KindInvalid on field school where there is none.
func (d *Desk) School(ctx context.Context, code domain.School) (territory.SchoolState, error) {
	out, err := event.Load(ctx, d.store, d.codec, territory.SchoolDecider, territory.SchoolStream(code))
	if err != nil {
		return territory.SchoolState{}, err
	}
	if out.State.School.Code == "" {
		return territory.SchoolState{}, domain.Invalid("school-unknown").On("school")
	}
	return out.State, nil
}

// DeclarePlaces records what a school says of one grade of a site.
func (d *Desk) DeclarePlaces(ctx context.Context, t Ticket, site domain.School, y domain.SchoolYear, c places.Declare) (Receipt, error) {
	if err := access.Large(c.By, access.DeclarePlaces); err != nil {
		return Receipt{}, err
	}
	school, err := d.School(ctx, site)
	if err != nil {
		return Receipt{}, err
	}
	if ok, _ := school.Offerable(c.Level, y); !ok {
		return Receipt{}, domain.Refused("school-not-offerable").On("level")
	}
	c.Institution = school.School.Institution
	out, err := event.Execute(ctx, d.store, d.codec, places.Decider, places.Stream(site, y), places.Command(c), t.origin(c.Act))
	return receipt(uuid.Nil, out.Result), err
}

// Territory reads the register of the territory.
func (d *Desk) Territory(ctx context.Context) (territory.State, error) { return d.land.state(ctx) }

// TerritoryAsOf is the register of the territory as it was known at an instant; the zero time is now.
func (d *Desk) TerritoryAsOf(ctx context.Context, at time.Time) (territory.State, error) {
	return d.land.asOf(ctx, at)
}

// EditTerritory carries a command to the register of the territory.
func (d *Desk) EditTerritory(ctx context.Context, t Ticket, c territory.Command) (Receipt, error) {
	act := access.EditRegisters
	switch c.(type) {
	case territory.Suspend, territory.Resume:
		act = access.Suspend
	}
	if err := access.Large(c.Issued().By, act); err != nil {
		return Receipt{}, err
	}
	out, err := event.Execute(ctx, d.store, d.codec, territory.Decider, d.land.stream, c, t.origin(c.Issued()))
	return receipt(uuid.Nil, out.Result), err
}
