package casefile

import (
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/grade"
)

// Papers are what is known of the pupil and the request now: the latest of each part that was declared. The sealed parts come
// closed out of the journal.
type Papers struct {
	Channel domain.Channel
	On      domain.Date // of the request or the enrolment
	Facts
	Asked *grade.Level
	Pupil
}

// With folds one more event into the papers.
func (p Papers) With(e Event) Papers {
	switch e := e.(type) {
	case RequestRecorded:
		p = Papers{Channel: e.Channel, On: e.On, Facts: e.Facts, Asked: e.Asked, Pupil: e.Pupil}
	case AutonomousEnrolmentRecorded:
		p = Papers{Channel: domain.ChannelSchool, On: e.On, Facts: e.Facts, Pupil: e.Pupil}
	case RequestAmended:
		p.amend(e)
	case DomicileChanged:
		p.Comune, p.Municipio = e.Comune, e.Municipio
		if !e.Domicile.IsZero() {
			p.Domicile = e.Domicile
		}
	case HealthErased:
		p.Health = domain.Sealed[Health]{}
	}
	return p
}

func (p *Papers) amend(e RequestAmended) {
	if e.Level != nil {
		p.Level = *e.Level
	}
	if e.Sex != "" {
		p.Sex = e.Sex
	}
	if e.Asked != nil {
		p.Asked = e.Asked
	}
	if e.Preferred != nil {
		p.Preferred = e.Preferred
	}
	if e.Needs != nil {
		p.Needs = e.Needs
	}
	if !e.Identity.IsZero() {
		p.Identity = e.Identity
	}
	if !e.Domicile.IsZero() {
		p.Domicile = e.Domicile
	}
	if !e.Profile.IsZero() {
		p.Profile = e.Profile
	}
	if !e.Health.IsZero() {
		p.Health = e.Health
	}
}

// Placement is an offer or an enrolment by a school, as a policy needs it to keep the school's places in step.
type Placement struct {
	Offer  uuid.UUID
	School domain.School
	Level  grade.Level
}

// Placements lists every offer and enrolment a case has seen, oldest first.
func Placements(events []Event) []Placement {
	var out []Placement
	for _, e := range events {
		switch e := e.(type) {
		case PlaceOffered:
			out = append(out, Placement{e.Offer, e.School, e.Level})
		case AutonomousEnrolmentRecorded:
			out = append(out, Placement{e.Enrolment, e.School, e.Level})
		}
	}
	return out
}

// TextOf gives the free text of an event, empty where it has none.
func TextOf(e Event) Text {
	switch e := e.(type) {
	case QuestionAsked:
		return e.Text
	case QuestionAnswered:
		return e.Text
	case HandedOver:
		return e.Text
	case OfferDeclined:
		return e.Text
	case PlaceOffered:
		if e.Override != nil {
			return e.Override.Text
		}
	case CaseClosed:
		return e.Text
	case CaseReopened:
		return e.Text
	case CaseMerged:
		return e.Text
	case CaseParted:
		return e.Text
	case NoteAdded:
		return e.Text
	case MessageSent:
		return e.Text
	case AcceptanceTakenBack:
		return e.Text
	case DeclineTakenBack:
		return e.Text
	case FirstDayAnnulled:
		return e.Text
	}
	return Text{}
}
