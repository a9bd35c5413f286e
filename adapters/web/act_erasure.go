package web

import (
	"slices"

	"github.com/google/uuid"

	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
)

// proposalFields ask why a pupil is to be forgotten, and how much. Whoever approves is another person.
func proposalFields(actContext) ([]Field, error) {
	scope := Field{Name: "scope", Kind: FieldRadios, Label: text("act.erasure-scope")}
	for _, s := range casefile.ErasureScopes() {
		scope.Options = append(scope.Options, Option{Value: string(s), Label: say(scopeText(s)), Hint: text("erasure-scope-hint." + string(s))})
	}
	why := reasons(erasureText, casefile.ErasureGrounds())
	why.Hint = text("act.erasure-hint")
	return []Field{scope, why}, nil
}

func doProposeErasure(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
	return c.s.Desk.ProposeErasure(c.r.Context(), t, actorOf(c.r), c.file.ID, casefile.ErasureScope(f.value("scope")),
		casefile.ErasureGround(f.value("reason")))
}

// forgettingDetails are the facts of an event about forgetting or restricting.
func forgettingDetails(e casefile.Event) []Pair {
	switch e := e.(type) {
	case casefile.ErasureProposed:
		out := []Pair{{text("case.scope"), say(scopeText(e.Scope))}, {text("case.reason"), say(erasureText(e.Ground))}}
		if e.Register != "" {
			out = append(out, Pair{text("case.register-version"), plain(e.Register)}, Pair{text("case.due-since"), on(e.Since)})
		}
		return out
	case casefile.ErasureRejected:
		if e.Withdrawn {
			return []Pair{{text("case.note"), say(text("case.withdrawn-proposal"))}}
		}
		return []Pair{{text("case.reason"), say(rejectionText(e.Reason))}}
	case casefile.CaseRestricted:
		return []Pair{{text("case.reason"), say(restrictionText(e.Reason))}}
	}
	return nil
}

// forgettingCallouts say that the reading is restricted, that an erasure waits, and that what was said of health is gone.
func forgettingCallouts(f desk.File) []Callout {
	var out []Callout
	if f.State.Restriction != "" {
		c := Callout{Tone: Warning, Title: text("case.restricted"), Text: text("case.restricted-text")}
		if slices.Contains(f.May(), access.LiftRestriction) {
			c.Cells = []Cell{say(restrictionText(f.State.Restriction))}
		}
		out = append(out, c)
	}
	if p := f.State.Erasure; p != nil && slices.Contains(f.May(), access.ApproveErasure) {
		out = append(out, Callout{Tone: Warning, Title: text("case.erasure-waits"), Text: scopeText(p.Scope), Cells: []Cell{say(erasureText(p.Ground))}})
	}
	if f.State.HealthErased && !f.State.Erased {
		out = append(out, Callout{Tone: Neutral, Title: text("case.health-erased"), Text: text("case.health-erased-text")})
	}
	return out
}

// proposal is the erasure that waits for a second person; nil where none does.
func (c actContext) proposal() uuid.UUID {
	if p := c.file.State.Erasure; p != nil {
		return p.ID
	}
	return uuid.Nil
}
