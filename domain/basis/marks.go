package basis

import (
	"maps"
	"slices"
	"strconv"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/casefile"
	"approdo/domain/planning"
	"approdo/domain/reading"
	"approdo/domain/territory"
)

// Kind is what a mark is about.
type Kind string

// The kinds. The value of the first five is a version.
const (
	Routing    Kind = "routing"
	Clocks     Kind = "clocks"
	Ceiling    Kind = "ceiling"
	Retention  Kind = "retention"
	Weights    Kind = "weights"
	Reason     Kind = "reason"      // a code, of the family of the event
	Reference  Kind = "reference"   // of the collegio docenti's resolution: number and date
	Override   Kind = "override"    // code of the rule that was set aside
	Term       Kind = "term"        // the clock that ran out
	Suspension Kind = "suspension"  // its number
	Plan       Kind = "plan"        // that it confirms, by its id
	Trial      Kind = "provisional" // by a register that nobody had confirmed
)

// Kinds lists them in the order they are shown.
func Kinds() []Kind {
	return []Kind{Routing, Clocks, Ceiling, Retention, Weights, Plan, Trial, Reason, Reference, Override, Term, Suspension}
}

// Mark is one thing that an act was decided by.
type Mark struct {
	Kind  Kind        `json:"kind"`
	Value string      `json:"value,omitzero"`
	Since domain.Date `json:"since,omitzero"` // from when the version holds
	// Derived: the event does not say it. It is what the register was when the record came into the journal, on the day of the act.
	Derived bool `json:"derived,omitzero"`
}

// Version is one version of a register. Those that the territory gives no name are counted from 1, the first of all being the one
// it was founded with.
type Version struct {
	Name string      `json:"name"`
	From domain.Date `json:"from"`
}

// Registers are the versions that there are at one moment of the journal, by the day from which they hold.
type Registers map[Kind][]Version

// with puts a version in its place, in a copy; of two of one day the later one counts.
func (r Registers) with(k Kind, name string, from domain.Date) Registers {
	if name == "" {
		name = r.next(k)
	}
	at := len(r[k])
	for at > 0 && from.Before(r[k][at-1].From) {
		at--
	}
	r = maps.Clone(r)
	r[k] = slices.Insert(slices.Clone(r[k]), at, Version{name, from})
	return r
}

// next names the version that comes next, for registers whose versions the territory does not name.
func (r Registers) next(k Kind) string { return strconv.Itoa(len(r[k]) + 1) }

// With is what the registers are after a record. What they were stays as it is.
func (r Registers) With(payload any) Registers {
	switch e := payload.(type) {
	case territory.Founded:
		shipped := territory.Evolve(territory.State{}, e)
		kept, weights := shipped.Retentions()[0], shipped.Weights()[0]
		return Registers{}.with(Routing, e.Register.Policy.Version, e.Register.Policy.From).with(Clocks, "", e.Register.Clocks.From).
			with(Ceiling, "", e.Register.Ceiling.From).with(Retention, kept.Version, kept.From).with(Weights, weights.Version, weights.From)
	case territory.PolicyAdopted:
		return r.with(Routing, e.Policy.Version, e.Policy.From)
	case territory.ClocksSet:
		return r.with(Clocks, "", e.Clocks.From)
	case territory.CeilingSet:
		return r.with(Ceiling, "", e.Ceiling.From)
	case territory.RetentionSet:
		return r.with(Retention, e.Retention.Version, e.Retention.From)
	case territory.WeightsSet:
		return r.with(Weights, e.Weights.Version, e.Weights.From)
	}
	return r
}

// On is the version of a register in force on a day, before the first one that one; false where there is none.
func (r Registers) On(k Kind, d domain.Date) (v Version, ok bool) {
	for _, v = range slices.Backward(r[k]) {
		if !d.Before(v.From) {
			break
		}
	}
	return v, len(r[k]) > 0
}

// overCeiling is the one refusal of a school that a register decides.
const overCeiling casefile.DeclineReason = "over-ceiling"

// Marks says by what an act was decided: what the event itself records, and what it leaves to the registers, which are those of just
// before the record; the day is the act's, in Rome.
func Marks(payload any, r Registers, day domain.Date) (out []Mark) {
	add := func(k Kind, value string) {
		if value != "" {
			out = append(out, Mark{Kind: k, Value: value})
		}
	}
	version := func(k Kind, name string, from domain.Date) {
		out = append(out, Mark{Kind: k, Value: name, Since: from})
	}
	recorded := func(k Kind, name string) {
		if name == "" {
			return
		}
		m := Mark{Kind: k, Value: name}
		for _, v := range r[k] {
			if v.Name == name {
				m.Since = v.From
			}
		}
		out = append(out, m)
	}
	derived := func(k Kind) {
		if v, ok := r.On(k, day); ok {
			out = append(out, Mark{Kind: k, Value: v.Name, Since: v.From, Derived: true})
		}
	}
	forgotten := func(g casefile.ErasureGround) {
		if g == casefile.GroundRetention {
			derived(Retention)
		}
		add(Reason, string(g))
	}
	switch e := payload.(type) {
	case casefile.Routed:
		recorded(Routing, e.Policy)
		if e.Terms != (casefile.Terms{}) {
			derived(Clocks)
		}
		if e.Provisional {
			out = append(out, Mark{Kind: Trial})
		}
	case casefile.HandedOver:
		derived(Clocks)
		add(Reason, string(e.Reason))
	case casefile.CaseReopened:
		derived(Clocks)
	case casefile.GradeDetermined:
		if e.Resolution != nil {
			add(Reason, string(e.Resolution.Reason))
			add(Reference, e.Resolution.Reference)
		}
	case casefile.PlaceOffered:
		derived(Clocks)
		derived(Ceiling)
		recorded(Weights, e.Weights)
		if e.Plan != uuid.Nil {
			add(Plan, e.Plan.String())
		}
		if e.Override != nil {
			add(Override, e.Override.Rule)
		}
	case planning.Drawn:
		derived(Ceiling)
		recorded(Weights, e.Weights)
	case casefile.OfferDeclined:
		if e.Reason == overCeiling {
			derived(Ceiling)
		}
		add(Reason, string(e.Reason))
	case casefile.AcceptanceTakenBack:
		add(Reason, string(e.Reason))
	case casefile.DeclineTakenBack:
		add(Reason, string(e.Reason))
	case casefile.FirstDayAnnulled:
		add(Reason, string(e.Reason))
	case casefile.OfferWithdrawn:
		add(Reason, string(e.Reason))
	case casefile.CaseClosed:
		add(Reason, string(e.Reason))
	case casefile.ClockExpired:
		add(Term, string(e.Clock))
	case casefile.ErasureProposed:
		recorded(Retention, e.Register)
		add(Reason, string(e.Ground))
	case casefile.ErasureRejected:
		add(Reason, string(e.Reason))
	case casefile.PupilErased:
		forgotten(e.Ground)
	case casefile.HealthErased:
		forgotten(e.Ground)
	case casefile.CaseRestricted:
		add(Reason, string(e.Reason))
	case territory.Confirmed:
		recorded(Routing, e.Policy)
	case territory.PolicyAdopted:
		version(Routing, e.Policy.Version, e.Policy.From)
	case territory.ClocksSet:
		version(Clocks, r.next(Clocks), e.Clocks.From)
	case territory.CeilingSet:
		version(Ceiling, r.next(Ceiling), e.Ceiling.From)
	case territory.RetentionSet:
		version(Retention, e.Retention.Version, e.Retention.From)
	case territory.WeightsSet:
		version(Weights, e.Weights.Version, e.Weights.From)
	case territory.Suspended:
		add(Suspension, strconv.Itoa(e.Number))
	case territory.Resumed:
		add(Suspension, strconv.Itoa(e.Number))
	case account.AccountSuspended:
		add(Reason, string(e.Reason))
	case account.AccountClosed:
		add(Reason, string(e.Reason))
	case reading.NameOpened:
		add(Reason, string(e.Reason))
	}
	return out
}
