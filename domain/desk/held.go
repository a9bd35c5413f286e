package desk

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/reading"
)

// Held is everything that is held about one pupil, for whoever asks what that is (GDPR art. 15 and 20): the papers as they stand, as they
// were declared and corrected, and all that happened, with the words that were written.
type Held struct {
	File
	Now     Opened
	Said    []Declared
	Changes []Change
	Moments []Moment
	// KeptUntil is the day on which the time of the pupil's data is over; zero while the case is open.
	KeptUntil domain.Date
	Register  string // version of the register of retention by which that is
}

// Declared is what somebody said of the pupil in one event: only the parts that were given.
type Declared struct {
	Entry
	Opened
}

// Moment is an event with the words that go with it.
type Moment struct {
	Entry
	Words domain.Personal
}

// Change is the notice of a rectification (GDPR art. 16 and 19): one datum, as it was and as it is from then on. Field is its name in the
// API.
type Change struct {
	Entry
	Field         string
	Before, After domain.Personal
}

// Held opens everything about a pupil, and notes that in the access record. The error is casefile.ErrErased where there is nothing left.
func (d *Desk) Held(ctx context.Context, a domain.Actor, id uuid.UUID) (Held, error) {
	f, err := d.file(ctx, a, id, access.ReadHeld)
	if err != nil {
		return Held{}, err
	}
	if f.State.Erased {
		return Held{}, casefile.ErrErased
	}
	if may, err := reading.May(ctx); err != nil || !may { // a document with nothing in it would say that nothing is held
		return Held{}, cmp.Or(err, error(reading.ErrNotKept))
	}
	h := Held{File: f}
	if h.Now, err = f.Open(ctx); err != nil || h.Now.Erased {
		return Held{}, orErased(err)
	}
	land, err := d.land.state(ctx)
	if err != nil {
		return Held{}, err
	}
	register := land.RetentionOn(domain.DateOf(d.clock()))
	h.Register = register.Version
	if ended, err := d.endOf(ctx, f.State); err != nil {
		return Held{}, err
	} else if !ended.IsZero() {
		h.KeptUntil = register.Due(DataClass(casefile.ErasePupil), ended)
	}
	var known Opened
	var papers casefile.Papers
	for _, e := range f.Trail {
		words, err := f.Words(ctx, e)
		if err != nil {
			return Held{}, err
		}
		h.Moments = append(h.Moments, Moment{e, words})
		next := papers.With(e.Event)
		said, parts, err := f.said(ctx, e.Event)
		if err != nil {
			return Held{}, err
		}
		now := parts.over(known, said)
		if _, corrected := e.Event.(casefile.RequestAmended); corrected {
			h.Changes = append(h.Changes, changes(e, known, now, papers, next)...)
		}
		if _, moved := e.Event.(casefile.DomicileChanged); moved {
			h.Changes = append(h.Changes, changes(e, known, now, papers, next)...)
		}
		if parts != (given{}) {
			h.Said = append(h.Said, Declared{e, said})
		}
		known, papers = now, next
	}
	return h, nil
}

func orErased(err error) error {
	if err == nil {
		return casefile.ErrErased
	}
	return err
}

// given says which parts of a pupil an event has.
type given struct{ identity, domicile, profile, health bool }

// over puts the parts that were given in the place of those before.
func (g given) over(before, said Opened) Opened {
	if g.identity {
		before.Identity = said.Identity
	}
	if g.domicile {
		before.Domicile = said.Domicile
	}
	if g.profile {
		before.Profile = said.Profile
	}
	if g.health {
		before.Health = said.Health
	}
	return before
}

// said opens what an event declares of the pupil. What was said of health and is forgotten is no error, and is not there.
func (f File) said(ctx context.Context, e casefile.Event) (o Opened, g given, err error) {
	var p casefile.Pupil
	switch e := e.(type) {
	case casefile.RequestRecorded:
		p = e.Pupil
	case casefile.AutonomousEnrolmentRecorded:
		p = e.Pupil
	case casefile.RequestAmended:
		p = e.Pupil
	case casefile.DomicileChanged:
		p.Domicile = e.Domicile
	}
	if may, err := reading.May(ctx); err != nil || !may {
		return o, g, err
	}
	var gone bool
	if o.Identity, err = open(ctx, f.sealer, p.Identity, &gone, true); err != nil {
		return o, g, err
	}
	if o.Domicile, err = open(ctx, f.sealer, p.Domicile, &gone, true); err != nil {
		return o, g, err
	}
	if o.Profile, err = open(ctx, f.sealer, p.Profile, &gone, true); err != nil {
		return o, g, err
	}
	if o.Health, err = open(ctx, f.sealer, p.Health, &gone, true); err != nil {
		return o, g, err
	}
	reading.Note(ctx, f.ID, f.Relation, f.State.Comune, o.fields()...)
	return o, given{!p.Identity.IsZero(), !p.Domicile.IsZero(), !p.Profile.IsZero(), !p.Health.IsZero() && !gone}, nil
}

// Datum is one field of a pupil under its name in the API.
type Datum struct {
	Field string
	Value domain.Personal
}

// Data lists what is open, field by field; those that hold nothing as well.
func (o Opened) Data() []Datum {
	yes := func(is bool) domain.Personal {
		if is {
			return domain.NewPersonal("yes")
		}
		return domain.Personal{}
	}
	out := []Datum{{"family_name", o.FamilyName}, {"given_name", o.GivenName}, {"family_name_cyrillic", o.FamilyNameCyrillic},
		{"given_name_cyrillic", o.GivenNameCyrillic}, {"birth_date", o.BirthDate}, {"birth_place", o.BirthPlace}, {"citizenship", o.Citizenship},
		{"tax_code", o.TaxCode}, {"document", o.Document}, {"address", o.Address}, {"cap", o.CAP}, {"host", o.Host},
		{"arrived_on", o.ArrivedOn}, {"temporary_protection", yes(o.TemporaryProtection)}, {"unaccompanied", yes(o.Unaccompanied)},
		{"with_reserve", yes(o.WithReserve)}, {"last_school", o.LastSchool}, {"last_grade", o.LastGrade}, {"still_online", yes(o.StillOnline)},
		{"languages", o.Languages}, {"italian", domain.NewPersonal(string(o.Italian))}, {"vaccination", domain.NewPersonal(string(o.Vaccination))},
		{"disability", domain.NewPersonal(string(o.Disability))}}
	var adult casefile.Adult
	if len(o.Adults) > 0 {
		adult = o.Adults[0]
	}
	return append(out, Datum{"adult_name", adult.Name}, Datum{"adult_relation", adult.Relation}, Datum{"adult_phone", adult.Phone},
		Datum{"adult_email", adult.Email}, Datum{"adult_language", adult.Language})
}

// changes are the data that differ.
func changes(e Entry, before, after Opened, was, is casefile.Papers) (out []Change) {
	was.Pupil, is.Pupil = casefile.Pupil{}, casefile.Pupil{}
	old := append(before.Data(), facts(was)...)
	for i, now := range append(after.Data(), facts(is)...) {
		if !now.Value.Equal(old[i].Value) {
			out = append(out, Change{e, now.Field, old[i].Value, now.Value})
		}
	}
	return out
}

// facts are the data of a request that stand in clear.
func facts(p casefile.Papers) []Datum {
	text := func(s string) domain.Personal { return domain.NewPersonal(s) }
	asked := ""
	if p.Asked != nil {
		asked = p.Asked.String()
	}
	join := func(n int, at func(int) string) string {
		all := make([]string, n)
		for i := range all {
			all[i] = at(i)
		}
		slices.Sort(all)
		return strings.Join(all, ", ")
	}
	municipio := ""
	if p.Municipio > 0 {
		municipio = fmt.Sprint(p.Municipio)
	}
	return []Datum{{"sex", text(string(p.Sex))}, {"level_by_age", text(p.Level.String())}, {"asked_grade", text(asked)},
		{"preferred_schools", text(join(len(p.Preferred), func(i int) string { return string(p.Preferred[i]) }))},
		{"needs", text(join(len(p.Needs), func(i int) string { return string(p.Needs[i]) }))},
		{"comune", text(string(p.Comune))}, {"municipio", text(municipio)}}
}
