package rest

import (
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/grade"
)

// events is a page of what happened to a case. The pseudonym is the Prefettura's name for the pupil.
type events struct {
	page[eventEntry]
	Pseudonym string `json:"pseudonym,omitzero"`
}

// eventEntry is one event in codes, with the words somebody wrote where the reader may see them. Account is for whoever reads the
// trail: others learn the body that acted, not the person.
type eventEntry struct {
	Revision    int64             `json:"revision"`
	At          time.Time         `json:"at"`
	Type        string            `json:"type"`
	Role        domain.Role       `json:"role"`
	Body        string            `json:"body,omitzero"`
	Account     uuid.UUID         `json:"account_id,omitzero"`
	Text        string            `json:"text,omitzero"`
	On          domain.Date       `json:"on,omitzero"`
	Reason      string            `json:"reason,omitzero"`
	Comune      domain.Comune     `json:"comune,omitzero"`
	Centre      domain.Centre     `json:"centre,omitzero"`
	FromCentre  domain.Centre     `json:"from_centre,omitzero"`
	Policy      string            `json:"policy,omitzero"`
	Provisional bool              `json:"provisional"`
	School      domain.School     `json:"school,omitzero"`
	Offer       uuid.UUID         `json:"offer_id,omitzero"`
	Level       string            `json:"level,omitzero"`
	Resolution  *grade.Resolution `json:"resolution,omitzero"`
	Override    bool              `json:"override"`
	Due         time.Time         `json:"due,omitzero"`
	Question    *question         `json:"question,omitzero"`
	OtherCase   uuid.UUID         `json:"other_case_id,omitzero"`
	Clock       string            `json:"clock,omitzero"`
	Proposal    uuid.UUID         `json:"proposal_id,omitzero"` // of an erasure
	To          []casefile.Party  `json:"to,omitzero"`          // of a message
}

func (a *api) readEvents(r *http.Request) (answer, error) {
	ctx, actor := r.Context(), actorOf(r.Context())
	q := queryOf(r)
	cursor, limit := q.text("cursor"), q.limit()
	after, err := strconv.ParseInt(cursor, 10, 64)
	if cursor != "" && err != nil {
		q.fail("cursor", "cursor-malformed")
	} else if cursor == "" {
		after = -1
	}
	if err := q.err(); err != nil {
		return answer{}, err
	}
	read := a.Desk.Case
	if actor.Role == domain.RolePrefettura {
		read = a.Desk.Trail
	}
	f, err := read(ctx, actor, pathID(r, "id"))
	if err != nil {
		return answer{}, err
	}
	out := events{page: page[eventEntry]{Items: []eventEntry{}}}
	if actor.Role == domain.RolePrefettura {
		out.Pseudonym = a.Pseudonym(actor, f.ID)
	}
	for _, e := range f.Timeline() {
		if int64(e.Revision) <= after {
			continue
		}
		if len(out.Items) == limit {
			out.NextCursor = strconv.FormatInt(out.Items[limit-1].Revision, 10)
			break
		}
		entry := entryOf(e)
		if slices.Contains(f.May(), access.ReadTrail) {
			entry.Account = e.Meta.Actor.Account
		}
		if !f.State.Erased { // the keys may outlive the decision for a moment
			words, err := f.Words(ctx, e)
			if err != nil {
				return answer{}, err
			}
			entry.Text = words.Reveal()
		}
		out.Items = append(out.Items, entry)
	}
	return answer{body: out, etag: etag(f.Revision)}, nil
}

func entryOf(e desk.Entry) eventEntry {
	out := eventEntry{Revision: int64(e.Revision), At: e.Meta.At.UTC(), Type: e.Type, Role: e.Meta.Actor.Role, Body: e.Meta.Actor.Body}
	switch e := e.Event.(type) {
	case casefile.RequestRecorded:
		out.On, out.Comune, out.Level = e.On, e.Comune, e.Level.String()
	case casefile.AutonomousEnrolmentRecorded:
		out.On, out.Comune, out.Level, out.School, out.Offer = e.On, e.Comune, e.Level.String(), e.School, e.Enrolment
	case casefile.Routed:
		out.Centre, out.Policy, out.Provisional = e.Centre, e.Policy, e.Provisional
	case casefile.RequestAmended:
		if e.Level != nil {
			out.Level = e.Level.String()
		}
	case casefile.DomicileChanged:
		out.On, out.Comune = e.From, e.Comune
	case casefile.ChargeTaken:
		out.Centre = e.Centre
	case casefile.QuestionAsked:
		out.Question = &question{holder{Kind: e.To.Kind, Body: e.To.Body}, e.Topic}
	case casefile.MessageSent:
		out.To = e.To
	case casefile.GradeDetermined:
		out.Level, out.Resolution = e.Level.String(), e.Resolution
	case casefile.HandedOver:
		out.FromCentre, out.Centre, out.Reason = e.From, e.To, string(e.Reason)
	case casefile.PlaceOffered:
		out.Offer, out.School, out.Level, out.Due, out.Override = e.Offer, e.School, e.Level.String(), e.Due.UTC(), e.Override != nil
	case casefile.OfferDeclined:
		out.Offer, out.School, out.Reason = e.Offer, e.School, string(e.Reason)
	case casefile.OfferLapsed:
		out.Offer, out.School = e.Offer, e.School
	case casefile.OfferWithdrawn:
		out.Offer, out.School, out.Reason = e.Offer, e.School, string(e.Reason)
	case casefile.OfferAccepted:
		out.Offer, out.School, out.Level, out.On = e.Offer, e.School, e.Level.String(), e.On
	case casefile.FirstDayRecorded:
		out.On = e.On
	case casefile.AttendanceEnded:
		out.On = e.On
	case casefile.AcceptanceTakenBack:
		out.Offer, out.School, out.Reason = e.Offer, e.School, string(e.Reason)
	case casefile.DeclineTakenBack:
		out.Offer, out.School, out.Reason = e.Offer, e.School, string(e.Reason)
	case casefile.FirstDayAnnulled:
		out.Reason = string(e.Reason)
	case casefile.CaseClosed:
		out.On, out.Reason = e.On, string(e.Reason)
	case casefile.CaseMerged:
		out.OtherCase = e.Into
	case casefile.CaseParted:
		out.OtherCase = e.From
	case casefile.ClockExpired:
		out.Clock, out.Due = string(e.Clock), e.Due.UTC()
	case casefile.PupilErased:
		out.Reason = string(e.Ground)
	case casefile.HealthErased:
		out.Reason = string(e.Ground)
	case casefile.ErasureProposed:
		out.Reason, out.On, out.Proposal = string(e.Ground), e.Since, e.Proposal
	case casefile.ErasureRejected:
		out.Reason, out.Proposal = string(e.Reason), e.Proposal
	case casefile.CaseRestricted:
		out.Reason = string(e.Reason)
	}
	return out
}
