// Package viewtest makes the events that views are tested with: as they come out of a journal, their personal parts closed.
package viewtest

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/apart"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/grade"
	"approdo/domain/notice"
	"approdo/domain/places"
	"approdo/domain/planning"
	"approdo/domain/reading"
	"approdo/domain/returns"
	"approdo/domain/territory"
	"approdo/projections"
)

// Journal numbers events as a journal does.
type Journal struct {
	t      testing.TB
	Sealer *sealtest.Sealer
	codec  *event.Codec
	last   map[string]event.Revision
	Events []projections.Event
}

// New is an empty journal.
func New(t testing.TB) *Journal {
	s := sealtest.New()
	return &Journal{t: t, Sealer: s, last: map[string]event.Revision{},
		codec: event.NewCodec(s, casefile.Events, places.Events, territory.Events, territory.SchoolEvents, reading.Events, returns.Events, apart.Events, notice.Events, planning.Events)}
}

// Begin is when a journal's first event happens; each that follows is an hour later.
var Begin = time.Date(2022, time.March, 14, 9, 0, 0, 0, time.UTC)

// Add writes events at the end of a stream.
func (j *Journal) Add(stream string, by domain.Actor, events ...any) *Journal {
	j.t.Helper()
	for _, e := range events {
		at, known := j.last[stream]
		if known {
			at++
		}
		j.last[stream] = at
		d, err := j.codec.Encode(j.t.Context(), stream, at, uuid.Must(uuid.NewV7()), e, event.Meta{Actor: by, At: Begin.Add(time.Duration(len(j.Events)) * time.Hour)})
		if err != nil {
			j.t.Fatal(err)
		}
		r := event.Record{Draft: d, Stream: stream, Revision: at, Position: event.Position(len(j.Events) + 1), At: d.Meta.At}
		payload, err := j.codec.Decode(r)
		if err != nil {
			j.t.Fatal(err)
		}
		j.Events = append(j.Events, projections.Event{Record: r, Payload: payload})
	}
	return j
}

// Third is the third year of primaria.
var Third = grade.Level{Order: grade.Primaria, Year: 3}

// Request begins a case of a girl of the third year of primaria.
func (j *Journal) Request(id uuid.UUID, comune domain.Comune, centre domain.Centre, family, given string) *Journal {
	identity := casefile.Identity{FamilyName: domain.NewPersonal(family), GivenName: domain.NewPersonal(given), BirthDate: domain.NewPersonal("2013-05-06")}
	return j.Add(casefile.Stream(id), domain.Actor{Role: domain.RoleComune, Body: string(comune)},
		casefile.RequestRecorded{Channel: domain.ChannelComune, On: domain.DateOf(Begin), At: Begin,
			Facts: casefile.Facts{Comune: comune, SchoolYear: 2021, Level: Third, Sex: casefile.Female},
			Pupil: casefile.Pupil{Identity: domain.Open(id, domain.ClassPersonal, identity)}},
		casefile.Routed{Centre: centre, Policy: "1", At: Begin, Terms: casefile.Terms{TakeCharge: Begin.AddDate(0, 0, 2), FirstOffer: Begin.AddDate(0, 0, 7),
			FirstDay: Begin.AddDate(0, 0, 21)}})
}

// Fold applies the journal to a projection in memory.
func (j *Journal) Fold(p projections.Projection) *projections.Tx {
	j.t.Helper()
	tx, err := projections.Fold(j.t.Context(), p, j.Events...)
	if err != nil {
		j.t.Fatal(err)
	}
	return tx
}
