// Package board is the territorial monitoring board: how many cases stand where, how long they wait and what has become of them, now
// and as it was known at any instant. It holds nothing of any pupil.
//
// The view is a log: each row says how a case stands from one record of the journal on. A Board keeps the log in memory, in 48 bytes a
// row, and answers every question by going through it once: a figure of the past costs what one of today does, and no figure that can be
// asked for has to be foreseen.
package board

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/grade"
	"approdo/domain/places"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/caseline"
)

// wall lets the Prefettura count what the UST counts.
var wall = projections.Wall{domain.RoleComune: "comune", domain.RoleCentre: "centre", domain.RoleSchool: "institution",
	domain.RoleUST: "", domain.RolePrefettura: ""}

// standing is what the view remembers of one case, to go on from.
type standing struct {
	caseline.Line
}

func (s standing) Key() uuid.UUID { return s.Case }

var cases = projections.TableOf[standing, uuid.UUID]("board_cases").Behind(wall)

// change says how a case stands from a record on, until its next change.
type change struct {
	Position int64     `col:"position,key"`
	Case     uuid.UUID `col:"case_id"`
	At       time.Time `col:"at"` // when it was known
	Act      Act       `col:"act"`
	Reason   string    `col:"reason"` // of a refusal or a closure
	place
}

// place is where a case stands.
type place struct {
	Status      casefile.Status     `col:"status"`
	HolderKind  casefile.HolderKind `col:"holder_kind"`
	HolderBody  string              `col:"holder_body"`
	Channel     domain.Channel      `col:"channel"`
	Comune      domain.Comune       `col:"comune"`
	Municipio   domain.Municipio    `col:"municipio"`
	Centre      domain.Centre       `col:"centre"`
	School      domain.School       `col:"school"`
	Institution domain.Institution  `col:"institution"`
	Order       grade.Order         `col:"school_order"`
	Grade       int                 `col:"grade"`
	Due         time.Time           `col:"due"`
	RequestedOn domain.Date         `col:"requested_on"`
	FirstDay    domain.Date         `col:"first_day"`
}

var changes = projections.LogOf[change]("board_changes").Behind(wall)

// Act is what changed how a case stands, where the board counts how often that happens.
type Act string

// The acts that are counted. The others have no name.
const (
	Arrived  Act = "arrived"
	Charged  Act = "charged"
	Offered  Act = "offered"
	Declined Act = "declined"
	Lapsed   Act = "lapsed"
	Placed   Act = "placed"
	Begun    Act = "begun" // the first day of lessons was recorded
	Departed Act = "departed"
)

// The numbers of the acts in memory.
const (
	_ = iota
	arrived
	charged
	offered
	declined
	lapsed
	placed
	begun
	departed
	beyond
)

var acts = [beyond]Act{arrived: Arrived, charged: Charged, offered: Offered, declined: Declined, lapsed: Lapsed, placed: Placed, begun: Begun, departed: Departed}

// name is the projection's, by which its place in the journal is found.
const name = "board"

// Projection keeps the view.
func Projection() projections.Projection {
	return projections.Projection{
		Name: name, Version: 4, Streams: []string{casefile.Category, places.Category, territory.SchoolCategory},
		Tables: []projections.Relation{cases, changes, sites, held, seatsChanges},
		Apply: func(_ context.Context, tx *projections.Tx, r projections.Event) error {
			switch e := r.Payload.(type) {
			case casefile.Event:
				applyCase(tx, r, e)
			case places.Event:
				return applyPlaces(tx, r, e)
			case territory.SchoolEvent:
				applySite(tx, r, e)
			default:
				return fmt.Errorf("board: %s is none of its events", r.Type)
			}
			return nil
		},
	}
}

func applyCase(tx *projections.Tx, r projections.Event, e casefile.Event) {
	id := casefile.IDOf(r.Stream)
	before, known := cases.Get(tx, id)
	after := standing{before.Line}
	after.Case = id
	after.Line = after.Remembered(r.Record, e)
	after.Identity = domain.Box{}
	cases.Put(tx, after)
	act, reason := actOf(e, before.Line)
	from, to := placeOf(before.Line), placeOf(after.Line)
	if !known || from != to || act != "" {
		changes.Append(tx, change{Position: int64(r.Position), Case: id, At: r.Meta.At, Act: act, Reason: reason, place: to})
	}
}

func placeOf(l caseline.Line) place {
	p := place{Status: l.Status, HolderKind: l.HolderKind, HolderBody: l.HolderBody, Channel: l.Channel, Comune: l.Comune,
		Municipio: l.Municipio, Centre: l.Centre, Order: l.Order, Grade: l.Grade, Due: l.Due, RequestedOn: l.RequestedOn, FirstDay: l.FirstDay}
	if l.Status.HoldsPlace() || l.Status == casefile.Closed {
		p.School, p.Institution = l.School, l.Institution
	}
	return p
}

// actOf names what an event does to a case that stood as before.
func actOf(e casefile.Event, before caseline.Line) (a Act, reason string) {
	switch e := e.(type) {
	case casefile.RequestRecorded:
		return Arrived, ""
	case casefile.AutonomousEnrolmentRecorded:
		return Arrived, "" // and placed at once: see Flow
	case casefile.ChargeTaken:
		return Charged, ""
	case casefile.PlaceOffered:
		return Offered, ""
	case casefile.OfferDeclined:
		return Declined, string(e.Reason)
	case casefile.OfferLapsed:
		return Lapsed, ""
	case casefile.OfferAccepted:
		return Placed, ""
	case casefile.FirstDayRecorded:
		if before.FirstDay.IsZero() {
			return Begun, ""
		}
	case casefile.CaseClosed:
		return Departed, string(e.Reason)
	}
	return "", ""
}
