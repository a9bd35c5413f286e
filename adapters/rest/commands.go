package rest

import (
	"net/http"
	"slices"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/grade"
)

// caseCommands are the acts on a case, each a sub-resource of it.
func (a *api) caseCommands(r route) {
	r.post("/cases/{id}/amendments", post(a, a.amend, a.showCase))
	r.post("/cases/{id}/domicile-changes", post(a, a.move, a.showCase))
	r.post("/cases/{id}/charge", command(a, func(c *checker, o order, _ nothing) casefile.Command {
		return casefile.TakeCharge{Act: o.act}
	}))
	r.post("/cases/{id}/questions", command(a, func(c *checker, o order, in asked) casefile.Command {
		return casefile.AskQuestion{Act: o.act, To: in.To, Topic: in.Topic, Text: c.sealed(o, in.Text)}
	}))
	r.post("/cases/{id}/answers", command(a, func(c *checker, o order, in said) casefile.Command {
		return casefile.AnswerQuestion{Act: o.act, Text: c.sealed(o, in.Text)}
	}))
	r.post("/cases/{id}/grade-determinations", command(a, func(c *checker, o order, in determined) casefile.Command {
		return casefile.DetermineGrade{Act: o.act, Level: c.level("level", in.Level), Resolution: in.Resolution}
	}))
	r.post("/cases/{id}/hand-overs", command(a, func(c *checker, o order, in handedOver) casefile.Command {
		return casefile.HandOver{Act: o.act, To: in.To, Reason: in.Reason, Text: c.sealed(o, in.Text)}
	}))
	r.post("/cases/{id}/offers", post(a, a.offer, a.showCase))
	r.post("/cases/{id}/offers/{offer}/acceptance", command(a, func(c *checker, o order, in accepted) casefile.Command {
		return casefile.AcceptOffer{Act: o.act, Offer: o.id("offer"), On: dayOr(in.On, o.act), Section: in.Section}
	}))
	r.post("/cases/{id}/offers/{offer}/decline", command(a, func(c *checker, o order, in refused) casefile.Command {
		return casefile.DeclineOffer{Act: o.act, Offer: o.id("offer"), Reason: in.Reason, Text: c.sealed(o, in.Text)}
	}))
	r.post("/cases/{id}/offers/{offer}/withdrawal", command(a, func(c *checker, o order, in takenBack) casefile.Command {
		return casefile.WithdrawOffer{Act: o.act, Offer: o.id("offer"), Reason: in.Reason}
	}))
	r.post("/cases/{id}/first-day", command(a, func(c *checker, o order, in began) casefile.Command {
		return casefile.RecordFirstDay{Act: o.act, On: dayOr(in.FirstDay, o.act)}
	}))
	r.post("/cases/{id}/attendance-end", command(a, func(c *checker, o order, in ended) casefile.Command {
		return casefile.EndAttendance{Act: o.act, On: dayOr(in.On, o.act), Reason: in.Reason, Text: c.sealed(o, in.Text)}
	}))
	r.post("/cases/{id}/withdrawal", command(a, func(c *checker, o order, in closed) casefile.Command {
		return casefile.WithdrawRequest{Act: o.act, Reason: in.Reason, Text: c.sealed(o, in.Text)}
	}))
	r.post("/cases/{id}/closure", command(a, func(c *checker, o order, in closed) casefile.Command {
		return casefile.Close{Act: o.act, Reason: in.Reason, Text: c.sealed(o, in.Text)}
	}))
	r.post("/cases/{id}/reopening", command(a, func(c *checker, o order, in said) casefile.Command {
		return casefile.Reopen{Act: o.act, Text: c.sealed(o, in.Text)}
	}))
	r.post("/cases/{id}/merge", command(a, func(c *checker, o order, in merged) casefile.Command {
		into, err := uuid.Parse(in.Into)
		c.note("into", err, codeValueMalformed)
		return casefile.Merge{Act: o.act, Into: into, Text: c.sealed(o, in.Text)}
	}))
	r.post("/cases/{id}/un-merge", command(a, func(c *checker, o order, in said) casefile.Command {
		return casefile.Unmerge{Act: o.act, Text: c.sealed(o, in.Text)}
	}))
	r.post("/cases/{id}/notes", command(a, func(c *checker, o order, in said) casefile.Command {
		return casefile.AddNote{Act: o.act, Text: c.sealed(o, in.Text)}
	}))
	r.post("/cases/{id}/messages", command(a, func(c *checker, o order, in written) casefile.Command {
		return casefile.SendMessage{Act: o.act, To: in.To, Text: c.sealed(o, in.Text)}
	}))
	r.post("/cases/{id}/hand-over-taking-back", command(a, func(c *checker, o order, in said) casefile.Command {
		return casefile.TakeBackHandOver{Act: o.act, Text: c.sealed(o, in.Text)}
	}))
	r.post("/cases/{id}/offers/{offer}/acceptance-taking-back", command(a, func(c *checker, o order, in undone) casefile.Command {
		return casefile.TakeBackAcceptance{Act: o.act, Offer: o.id("offer"), Reason: in.Reason, Text: c.sealed(o, in.Text)}
	}))
	r.post("/cases/{id}/offers/{offer}/decline-taking-back", command(a, func(c *checker, o order, in undone) casefile.Command {
		return casefile.TakeBackDecline{Act: o.act, Offer: o.id("offer"), Reason: in.Reason, Text: c.sealed(o, in.Text)}
	}))
	r.post("/cases/{id}/first-day-annulment", command(a, func(c *checker, o order, in undone) casefile.Command {
		return casefile.AnnulFirstDay{Act: o.act, Reason: in.Reason, Text: c.sealed(o, in.Text)}
	}))
	a.forgettingCommands(r)
}

// command serves an act that one command is all of.
func command[In any](a *api, make func(*checker, order, In) casefile.Command) http.HandlerFunc {
	return post(a, func(o order, in In) (deed, error) {
		var c checker
		cmd := make(&c, o, in)
		if err := c.err(); err != nil {
			return deed{}, err
		}
		r, err := a.Desk.Do(o.ctx, o.ticket, o.id("id"), cmd)
		return deed{position: r.Position}, err
	}, a.showCase)
}

// sealed reads free text and closes it under the pupil's key; nothing where there is none.
func (c *checker) sealed(o order, p domain.Personal) casefile.Text {
	if p = c.words("text", p); p.IsZero() {
		return casefile.Text{}
	}
	return domain.Open(o.id("id"), domain.ClassPersonal, p)
}

// dayOr is a day, or the day of the act where none is given.
func dayOr(d domain.Date, act domain.Act) domain.Date {
	if d.IsZero() {
		return domain.DateOf(act.At)
	}
	return d
}

// What the acts are told.
type (
	nothing struct{}
	said    struct {
		Text domain.Personal `json:"text,omitzero"`
	}
	undone struct {
		Reason casefile.TakingBackReason `json:"reason"`
		Text   domain.Personal           `json:"text,omitzero"`
	}
	written struct {
		To   []casefile.Party `json:"to"`
		Text domain.Personal  `json:"text"`
	}
	asked struct {
		To    casefile.HolderKind    `json:"to"`
		Topic casefile.QuestionTopic `json:"topic"`
		Text  domain.Personal        `json:"text,omitzero"`
	}
	determined struct {
		Level      string            `json:"level"`
		Resolution *grade.Resolution `json:"resolution,omitzero"`
	}
	handedOver struct {
		To     domain.Centre           `json:"to"`
		Reason casefile.HandOverReason `json:"reason"`
		Text   domain.Personal         `json:"text,omitzero"`
	}
	accepted struct {
		On      domain.Date `json:"on,omitzero"`
		Section string      `json:"section,omitzero"`
	}
	refused struct {
		Reason casefile.DeclineReason `json:"reason"`
		Text   domain.Personal        `json:"text,omitzero"`
	}
	takenBack struct {
		Reason casefile.OfferWithdrawalReason `json:"reason"`
	}
	began struct {
		FirstDay domain.Date `json:"first_day,omitzero"`
	}
	ended struct {
		On     domain.Date            `json:"on,omitzero"`
		Reason casefile.ClosureReason `json:"reason"`
		Text   domain.Personal        `json:"text,omitzero"`
	}
	closed struct {
		Reason casefile.ClosureReason `json:"reason"`
		Text   domain.Personal        `json:"text,omitzero"`
	}
	merged struct {
		Into string          `json:"into"`
		Text domain.Personal `json:"text"`
	}
	placement struct {
		School         string          `json:"school"`
		Level          string          `json:"level"`
		OverrideReason domain.Personal `json:"override_reason,omitzero"`
	}
)

func (a *api) offer(o order, in placement) (deed, error) {
	var c checker
	p := desk.Placement{School: c.school("school", in.School), Level: c.level("level", in.Level),
		OverrideReason: c.words("override_reason", in.OverrideReason)}
	if err := c.err(); err != nil {
		return deed{}, err
	}
	r, err := a.Desk.Offer(o.ctx, o.ticket, o.id("id"), o.actor, p)
	return deed{position: r.Position}, err
}

// mayOffer is for what only those need who look for a place.
func mayOffer(f desk.File) bool { return slices.Contains(f.May(), access.Offer) }
