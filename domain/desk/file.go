package desk

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/reading"
)

func errorAs(err error) (*domain.Error, bool) { return errors.AsType[*domain.Error](err) }

// File is a case as one actor may see it: read from the journal itself, so it is never behind.
type File struct {
	ID       uuid.UUID
	State    casefile.State
	Papers   casefile.Papers // sealed parts closed; Open gives those the actor may see
	Trail    []Entry
	Revision event.Revision
	Relation access.Relation
	// OpenUntil is until when the pupil's name is open to whoever audits (UTC); zero where it is not, and for everybody else.
	OpenUntil time.Time
	actor     domain.Actor
	sealer    domain.Sealer
}

// Entry is one event of a case's timeline. Its sealed parts are closed; File.Words opens them.
type Entry struct {
	event.Record
	Event casefile.Event
}

// Case reads a case for an actor; access.ErrAbsent alike for one that is not there and one that is not his.
func (d *Desk) Case(ctx context.Context, a domain.Actor, id uuid.UUID) (File, error) {
	return d.file(ctx, a, id, access.ReadCase)
}

// Trail reads a case's audit trail: for the Prefettura, without any of the pupil's data.
func (d *Desk) Trail(ctx context.Context, a domain.Actor, id uuid.UUID) (File, error) {
	return d.file(ctx, a, id, access.ReadTrail)
}

func (d *Desk) file(ctx context.Context, a domain.Actor, id uuid.UUID, act access.Act) (File, error) {
	f := File{ID: id, actor: a, sealer: d.codec.Sealer(), Revision: -1}
	for r, err := range d.store.ReadStream(ctx, casefile.Stream(id), event.ReadStream{}) {
		if err != nil {
			return File{}, err
		}
		decoded, err := d.codec.Decode(r)
		if err != nil {
			return File{}, err
		}
		e, ok := decoded.(casefile.Event)
		if !ok {
			return File{}, event.ErrUnknownEvent
		}
		f.State, f.Papers = casefile.Evolve(f.State, e), f.Papers.With(e)
		f.Trail, f.Revision = append(f.Trail, Entry{r, e}), r.Revision
	}
	if f.State.Status == "" {
		return File{}, access.ErrAbsent
	}
	var openings reading.Openings
	if a.Role == domain.RolePrefettura {
		opened, err := event.Load(ctx, d.store, d.codec, reading.OpeningDecider, reading.OpeningStream(id))
		if err != nil {
			return File{}, err
		}
		openings = opened.State
		f.OpenUntil = openings.Standing(a.Account, d.clock())
	}
	f.Relation = relate(a, f.State, openings, d.clock())
	return f, access.Case(a, f.Relation, act)
}

// AsOf gives the case as it was known at an instant. Who may read it now may read of its past what was the actor's then, too:
// access.ErrAbsent where it was nobody's yet or another's, and of its data what both allow. Nothing can be done to the past.
func (f File) AsOf(at time.Time) (File, error) {
	then := f
	then.State, then.Papers, then.Trail = casefile.State{}, casefile.Papers{}, nil
	for _, e := range f.Trail {
		if e.Meta.At.After(at) {
			break
		}
		then.State, then.Papers = casefile.Evolve(then.State, e.Event), then.Papers.With(e.Event)
		then.Trail = append(then.Trail, e)
	}
	if then.State.Status == "" {
		return File{}, access.ErrAbsent
	}
	then.State.Erased, then.State.HealthErased, then.State.Restriction = f.State.Erased, f.State.HealthErased, f.State.Restriction
	was := access.Relate(f.actor, FactsOf(then.State))
	if err := access.Case(f.actor, was, access.ReadCase); err != nil {
		return File{}, access.ErrAbsent
	}
	then.Relation = access.Narrower(f.actor.Role, f.Relation, was)
	return then, nil
}

// relate says what an actor is to a case at an instant.
func relate(a domain.Actor, s casefile.State, o reading.Openings, at time.Time) access.Relation {
	facts := FactsOf(s)
	facts.Named = !o.Standing(a.Account, at).IsZero()
	return access.Relate(a, facts)
}

// Reader is whose view of the case it is.
func (f File) Reader() domain.Actor { return f.actor }

// May lists the acts the actor may do, as far as roles go; the rules of the case may still refuse.
func (f File) May() []access.Act { return access.Acts(f.actor.Role, f.Relation) }

// Sees reports whether the actor may see a group of the pupil's data.
func (f File) Sees(field access.Field) bool { return access.Sees(f.actor.Role, f.Relation, field) }

// Timeline is what of the trail the actor may see. A school reads from the event that brought the case to it: what was said before is
// not its business. A body that once had the case reads what it did and what concerned it, and nothing of what came after. A message is
// in the timeline of its parties, of the UST, and of whoever audits, who never reads the words.
func (f File) Timeline() []Entry {
	from := len(f.Trail) // whoever has the case now reads everything from here on
	switch {
	case f.Relation == access.Past:
	case f.actor.Role == domain.RoleSchool:
		for i, e := range f.Trail {
			if f.brought(e.Event) {
				from = i
			}
		}
	default:
		from = 0
	}
	var out []Entry
	offers := map[uuid.UUID]bool{} // made to the actor
	for i, e := range f.Trail {
		if o, ok := e.Event.(casefile.PlaceOffered); ok && f.brought(o) {
			offers[o.Offer] = true
		}
		if m, ok := e.Event.(casefile.MessageSent); ok && !f.party(e, m) && f.actor.Role != domain.RolePrefettura {
			continue
		}
		if i >= from || f.concerns(e, offers) {
			out = append(out, e)
		}
	}
	return out
}

// party reports whether the actor is one whom a message is from or to. The comune and the centre of the case go on with the conversation
// of those before them; a school knows only of its own. The UST reads every message.
func (f File) party(e Entry, m casefile.MessageSent) bool {
	heir := f.Relation == access.Own || f.Relation == access.Withheld
	is := func(p casefile.Party) bool {
		return p.Is(f.actor) || heir && p.Role == f.actor.Role
	}
	return f.Relation == access.Oversees || is(casefile.PartyOf(e.Meta.Actor)) || slices.ContainsFunc(m.To, is)
}

// brought reports whether an event brought the case to the actor's body.
func (f File) brought(e casefile.Event) bool {
	switch e := e.(type) {
	case casefile.PlaceOffered:
		return f.actor.Role == domain.RoleSchool && string(e.Institution) == f.actor.Body
	case casefile.AutonomousEnrolmentRecorded:
		return f.actor.Role == domain.RoleSchool && string(e.Institution) == f.actor.Body
	case casefile.Routed:
		return f.actor.Role == domain.RoleCentre && string(e.Centre) == f.actor.Body
	case casefile.HandedOver:
		return f.actor.Role == domain.RoleCentre && string(e.To) == f.actor.Body
	}
	return false
}

// concerns reports whether an entry is the actor's own act, brought him the case, asked him, or ended an offer made to him.
func (f File) concerns(e Entry, offers map[uuid.UUID]bool) bool {
	if e.Meta.Actor.Role == f.actor.Role && e.Meta.Actor.Body == f.actor.Body || f.brought(e.Event) {
		return true
	}
	switch e := e.Event.(type) {
	case casefile.QuestionAsked:
		return e.To.Is(f.actor)
	case casefile.MessageSent:
		return true // Timeline knows whose it is
	case casefile.OfferLapsed:
		return offers[e.Offer]
	case casefile.OfferWithdrawn:
		return offers[e.Offer]
	case casefile.OfferAccepted:
		return offers[e.Offer]
	case casefile.OfferDeclined:
		return offers[e.Offer]
	case casefile.AcceptanceTakenBack:
		return offers[e.Offer]
	case casefile.DeclineTakenBack:
		return offers[e.Offer]
	}
	return false
}

// Opened holds the parts of a pupil that an actor may see; the others are zero.
type Opened struct {
	casefile.Identity
	casefile.Domicile
	casefile.Profile
	casefile.Health
	Erased bool
}

// Open unseals the parts of the pupil the actor may see, or of these the wanted ones, and notes them in the access record. An erased
// pupil is no error: Erased says so. The error is reading.ErrUnrecorded where ctx has no sheet.
func (f File) Open(ctx context.Context, wanted ...access.Field) (o Opened, err error) {
	if may, err := reading.May(ctx); err != nil || !may {
		return o, err
	}
	if f.State.Erased { // the keys may outlive the decision for a moment
		return Opened{Erased: true}, nil
	}
	sees := func(field access.Field) bool {
		return f.Sees(field) && (len(wanted) == 0 || slices.Contains(wanted, field))
	}
	identity, err := open(ctx, f.sealer, f.Papers.Identity, &o.Erased, sees(access.Name) || sees(access.BirthDate) || sees(access.Papers))
	if err != nil {
		return o, err
	}
	o.Identity = identity.Only(sees(access.Name), sees(access.BirthDate), sees(access.Papers))
	if o.Domicile, err = open(ctx, f.sealer, f.Papers.Domicile, &o.Erased, sees(access.Domicile)); err != nil {
		return o, err
	}
	profile, err := open(ctx, f.sealer, f.Papers.Profile, &o.Erased, sees(access.Schooling) || sees(access.Adults))
	if err != nil {
		return o, err
	}
	if !sees(access.Adults) {
		profile.Adults = nil
	}
	if !sees(access.Schooling) {
		profile = casefile.Profile{Adults: profile.Adults}
	}
	o.Profile = profile
	if o.Health, err = open(ctx, f.sealer, f.Papers.Health, &o.Erased, sees(access.Health)); err != nil {
		return o, err
	}
	reading.Note(ctx, f.ID, f.Relation, f.State.Comune, o.fields()...)
	return o, nil
}

// fields are the groups in which something is open.
func (o Opened) fields() []access.Field {
	var out []access.Field
	note := func(f access.Field, is bool) {
		if is {
			out = append(out, f)
		}
	}
	note(access.Name, o.Identity.Only(true, false, false) != casefile.Identity{})
	note(access.BirthDate, !o.BirthDate.IsZero())
	note(access.Papers, o.Identity.Only(false, false, true) != casefile.Identity{})
	note(access.Domicile, o.Domicile != casefile.Domicile{})
	note(access.Adults, len(o.Adults) > 0)
	schooling := o.Profile
	schooling.Adults = nil
	note(access.Schooling, !reflect.ValueOf(schooling).IsZero())
	note(access.Health, o.Health != casefile.Health{})
	return out
}

// Words opens the free text of an entry, or gives none where the actor may not read it, and notes it in the access record. What he
// wrote himself, what he is asked and the messages he is a party of he always reads; of other messages he reads none.
func (f File) Words(ctx context.Context, e Entry) (words domain.Personal, err error) {
	if may, err := reading.May(ctx); err != nil || !may || f.State.Erased {
		return words, err
	}
	own := e.Meta.Actor.Role == f.actor.Role && e.Meta.Actor.Body == f.actor.Body
	question, isQuestion := e.Event.(casefile.QuestionAsked)
	message, isMessage := e.Event.(casefile.MessageSent)
	party := isMessage && f.party(e, message)
	mine := f.Relation != access.Past && f.Relation != access.Withheld && (own || party || isQuestion && question.To.Is(f.actor))
	var erased bool
	words, err = open(ctx, f.sealer, casefile.TextOf(e.Event), &erased, mine || !isMessage && access.Sees(f.actor.Role, f.Relation, access.Words))
	if err == nil && !words.IsZero() {
		reading.Note(ctx, f.ID, f.Relation, f.State.Comune, access.Words)
		if isMessage {
			reading.NoteMessage(ctx, f.ID, e.Revision)
		}
	}
	return words, err
}

func open[T any](ctx context.Context, k domain.Sealer, s domain.Sealed[T], erased *bool, allowed bool) (T, error) {
	var none T
	if !allowed {
		return none, nil
	}
	v, err := s.Unseal(ctx, k)
	if errors.Is(err, domain.ErrForgotten) {
		*erased = true
		return none, nil
	}
	return v, err
}
