// Package fact is what other systems are told: an event of a case without anything personal in it, in the envelope of CloudEvents 1.0
// with JSON data (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md).
//
// A fact carries codes, dates and bodies. Names, addresses, sex, languages, needs, free text and who lives with whom stay in the house;
// so do amendments, questions and notes, which say nothing to anybody outside. A case is known by its id alone.
package fact

import (
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/grade"
)

// Source is where facts come from.
const Source = "/approdo"

// Fact is one event as others see it. Its id is the event's, and the same however often it is sent.
type Fact struct {
	SpecVersion string    `json:"specversion"`
	ID          uuid.UUID `json:"id"`
	Source      string    `json:"source"`
	Type        string    `json:"type"`    // stored name of the event, "case.place-offered"
	Subject     uuid.UUID `json:"subject"` // the case
	Time        time.Time `json:"time"`    // when the act was done, UTC
	ContentType string    `json:"datacontenttype"`
	Sequence    string    `json:"sequence"` // within the case, from "0"; it grows and may have holes (CloudEvents extension "sequence")
	Data        Data      `json:"data"`
}

// Data is what an event says. What it does not say is left out.
type Data struct {
	Role        domain.Role        `json:"role"`            // who did it; "system" for a policy
	Body        string             `json:"body,omitzero"`   // for which comune, centre or institution
	Comune      domain.Comune      `json:"comune,omitzero"` // ISTAT code, of the domicile
	Municipio   domain.Municipio   `json:"municipio,omitzero"`
	Centre      domain.Centre      `json:"centre,omitzero"`
	From        domain.Centre      `json:"from,omitzero"` // of a hand-over
	School      domain.School      `json:"school,omitzero"`
	Institution domain.Institution `json:"institution,omitzero"`
	SchoolYear  domain.SchoolYear  `json:"school_year,omitzero"` // the year it begins in
	Order       grade.Order        `json:"order,omitzero"`
	Grade       int                `json:"grade,omitzero"`
	Channel     domain.Channel     `json:"channel,omitzero"`
	Offer       uuid.UUID          `json:"offer,omitzero"`
	Other       uuid.UUID          `json:"other_case,omitzero"` // of a merge
	Reason      string             `json:"reason,omitzero"`     // coded
	On          domain.Date        `json:"on,omitzero"`         // the date the event is about, in Rome
	Due         time.Time          `json:"due,omitzero"`        // UTC
}

// Of gives the fact of a record, false for a record that others are not told of. The payload is what the record decodes to.
func Of(r event.Record, payload any) (Fact, bool) {
	d := Data{Role: r.Meta.Actor.Role, Body: r.Meta.Actor.Body}
	switch e := payload.(type) {
	case casefile.RequestRecorded:
		d.Channel, d.On = e.Channel, e.On
		d.pupil(e.Facts)
	case casefile.AutonomousEnrolmentRecorded:
		d.School, d.Institution, d.Offer, d.On, d.Channel = e.School, e.Institution, e.Enrolment, e.On, domain.ChannelSchool
		d.pupil(e.Facts)
	case casefile.Routed:
		d.Centre = e.Centre
	case casefile.DomicileChanged:
		d.Comune, d.Municipio, d.On = e.Comune, e.Municipio, e.From
	case casefile.ChargeTaken:
		d.Centre = e.Centre
	case casefile.GradeDetermined:
		d.level(e.Level)
	case casefile.HandedOver:
		d.From, d.Centre, d.Reason = e.From, e.To, string(e.Reason)
	case casefile.PlaceOffered:
		d.Offer, d.School, d.Institution, d.Due = e.Offer, e.School, e.Institution, e.Due
		d.level(e.Level)
	case casefile.OfferDeclined:
		d.Offer, d.School, d.Reason = e.Offer, e.School, string(e.Reason)
	case casefile.OfferLapsed:
		d.Offer, d.School = e.Offer, e.School
	case casefile.OfferWithdrawn:
		d.Offer, d.School, d.Reason = e.Offer, e.School, string(e.Reason)
	case casefile.OfferAccepted:
		d.Offer, d.School, d.Institution, d.On = e.Offer, e.School, e.Institution, e.On
		d.level(e.Level)
	case casefile.FirstDayRecorded:
		d.On = e.On
	case casefile.FirstDayAnnulled:
		d.Reason = string(e.Reason)
	case casefile.AcceptanceTakenBack:
		d.Offer, d.School, d.Reason = e.Offer, e.School, string(e.Reason)
	case casefile.DeclineTakenBack:
		d.Offer, d.School, d.Reason = e.Offer, e.School, string(e.Reason)
	case casefile.AttendanceEnded:
		d.On = e.On
	case casefile.CaseClosed:
		d.Reason, d.On = string(e.Reason), e.On
	case casefile.CaseReopened:
	case casefile.CaseMerged:
		d.Other = e.Into
	case casefile.CaseParted:
		d.Other = e.From
	case casefile.ClockExpired:
		d.Reason, d.Due = string(e.Clock), e.Due
	case casefile.PupilErased:
		d.Reason = string(e.Ground)
	case casefile.HealthErased:
		d.Reason = string(e.Ground)
	default:
		return Fact{}, false
	}
	return Fact{SpecVersion: "1.0", ID: r.ID, Source: Source, Type: r.Type, Subject: casefile.IDOf(r.Stream), Time: r.Meta.At.UTC(),
		ContentType: "application/json", Sequence: strconv.FormatInt(int64(r.Revision), 10), Data: d}, true
}

func (d *Data) pupil(f casefile.Facts) {
	d.Comune, d.Municipio, d.SchoolYear = f.Comune, f.Municipio, f.SchoolYear
	d.level(f.Level)
}

func (d *Data) level(l grade.Level) { d.Order, d.Grade = l.Order, l.Year }

// withheld are the events of a case that make no fact.
var withheld = []string{"case.erasure-proposed", "case.erasure-rejected", "case.restricted", "case.restriction-lifted", "case.amended", "case.question-asked", "case.question-answered", "case.note-added", "case.message-sent"}

// Types lists the stored names of the events that make facts, in the order of their table.
func Types() (names []string) {
	for _, t := range casefile.Events {
		if !slices.Contains(withheld, t.Name()) {
			names = append(names, t.Name())
		}
	}
	return names
}
