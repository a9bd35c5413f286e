package web

import (
	"net/http"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/desk"
	"approdo/projections"
	"approdo/projections/readings"
)

// heldFile is everything that is held about one pupil, for a program to read (GDPR art. 20). Data have the names they have in the API.
type heldFile struct {
	ID             uuid.UUID         `json:"id"`
	ProducedAt     time.Time         `json:"produced_at"`
	KeptUntil      domain.Date       `json:"kept_until,omitzero"`
	Data           map[string]string `json:"data"`
	Declarations   []heldSaid        `json:"declarations"`
	Rectifications []heldChange      `json:"rectifications"`
	Events         []heldEvent       `json:"events"`
	Siblings       []string          `json:"siblings"` // pseudonyms
	Readings       []heldReading     `json:"readings"`
}

// heldBy is when something was done, and by which body.
type heldBy struct {
	At   time.Time   `json:"at"`
	Role domain.Role `json:"role"`
	Body string      `json:"body,omitzero"`
}

type heldSaid struct {
	heldBy
	Data map[string]string `json:"data"`
}

type heldChange struct {
	heldBy
	Field  string `json:"field"`
	Before string `json:"before"`
	After  string `json:"after"`
}

type heldEvent struct {
	heldBy
	Type string `json:"type"`
	Text string `json:"text,omitzero"`
}

type heldReading struct {
	heldBy
	Fields []string `json:"fields"`
}

// dataOf is what is open, by name; it is written in the clear right before it is sent, and kept nowhere.
func dataOf(o desk.Opened) map[string]string {
	out := map[string]string{}
	for _, d := range o.Data() {
		if !d.Value.IsZero() {
			out[d.Field] = d.Value.Reveal()
		}
	}
	return out
}

func byOf(e desk.Entry) heldBy {
	return heldBy{e.Meta.At.UTC(), e.Meta.Actor.Role, e.Meta.Actor.Body}
}

func (s *site) heldJSON(w http.ResponseWriter, r *http.Request) error {
	id, err := caseID(r)
	if err != nil {
		return err
	}
	h, err := s.Desk.Held(r.Context(), actorOf(r), id)
	if err != nil {
		return err
	}
	out := heldFile{ID: id, ProducedAt: s.Clock().UTC(), KeptUntil: h.KeptUntil, Data: dataOf(h.Now), Declarations: []heldSaid{},
		Rectifications: []heldChange{}, Events: []heldEvent{}, Siblings: []string{}, Readings: []heldReading{}}
	for _, d := range h.Said {
		out.Declarations = append(out.Declarations, heldSaid{byOf(d.Entry), dataOf(d.Opened)})
	}
	for _, c := range h.Changes {
		out.Rectifications = append(out.Rectifications, heldChange{byOf(c.Entry), c.Field, c.Before.Reveal(), c.After.Reveal()})
	}
	for _, m := range h.Moments {
		out.Events = append(out.Events, heldEvent{byOf(m.Entry), m.Type, m.Words.Reveal()})
	}
	err = s.read(r, func(v *projections.Snapshot) error {
		kin, err := s.siblingPseudonyms(r, v, h.File)
		if err != nil {
			return err
		}
		out.Siblings = append(out.Siblings, kin...)
		seen, err := readings.Of(v, id, 0)
		for _, x := range seen {
			read := heldReading{heldBy{x.Last.UTC(), x.Role, x.Body}, []string{}}
			for _, f := range x.Seen() {
				read.Fields = append(read.Fields, string(f))
			}
			out.Readings = append(out.Readings, read)
		}
		return err
	})
	if err != nil {
		return err
	}
	body, err := json.Marshal(out, json.Deterministic(true), jsontext.WithIndent("  "))
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="accesso-`+id.String()+`.json"`)
	_, err = w.Write(body)
	return err
}
