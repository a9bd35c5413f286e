package rest

import (
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/basis"
	"approdo/projections"
	"approdo/projections/audit"
)

// auditBasis is what an act rests on: the laws, and by what it was decided.
type auditBasis struct {
	Recorded time.Time      `json:"recorded_at"` // when the journal took it
	Law      []basis.Source `json:"law"`
	Decided  []mark         `json:"decided_by"`
}

// mark is one thing that an act was decided by. Derived: the record does not say it, the register of that moment does.
type mark struct {
	Kind    basis.Kind  `json:"kind"`
	Value   string      `json:"value,omitzero"`
	Since   domain.Date `json:"since,omitzero"`
	Derived bool        `json:"derived"`
}

func (a *api) auditRow(actor domain.Actor, row audit.Row) auditRow {
	law, _ := basis.Of(row.Type)
	dto := auditRow{Position: row.Position, At: row.At.UTC(), Type: row.Type, Stream: row.Stream, Case: row.Case, Role: row.Role, Body: row.Body,
		Account: row.Account, auditBasis: auditBasis{Recorded: row.Known.UTC(), Law: append([]basis.Source{}, law...), Decided: []mark{}}}
	for _, m := range row.Marks {
		dto.Decided = append(dto.Decided, mark{m.Kind, m.Value, m.Since, m.Derived})
	}
	if actor.Role == domain.RolePrefettura && row.Case != uuid.Nil {
		dto.Pseudonym = a.Pseudonym(actor, row.Case)
	}
	return dto
}

// auditSearch is a page of the audit trail searched, with how many acts of each kind the whole search has.
type auditSearch struct {
	Total int         `json:"total"`
	Acts  []auditActs `json:"acts"`
	page[auditRow]
}

type auditActs struct {
	Type string `json:"type"`
	N    int    `json:"count"`
}

func (a *api) searchAudit(r *http.Request) (answer, error) {
	actor := actorOf(r.Context())
	if err := access.Large(actor, access.ReadDay); err != nil {
		return answer{}, err
	}
	q := queryOf(r)
	f := audit.Search{From: q.date("from"), To: q.date("to"), Role: oneOf(q, "role", append(domain.Roles(), domain.RoleSystem)...), Body: q.text("body"),
		Account: q.id("account_id"), Type: q.text("type"), AsOf: q.instant("as_of")}
	pupil, limit := q.text("case"), q.limit()
	if f.Body != "" && f.Role == "" {
		q.fail("role", "field-required")
	}
	if _, known := basis.Of(f.Type); f.Type != "" && !known {
		q.fail("type", "choice-unknown")
	}
	behind, err := audit.ParsePlace(q.text("cursor"))
	if err != nil && q.text("cursor") != "" {
		q.fail("cursor", "cursor-malformed")
	}
	if err := q.err(); err != nil {
		return answer{}, err
	}
	out := auditSearch{Acts: []auditActs{}, page: page[auditRow]{Items: []auditRow{}}}
	err = a.Views.ReadAs(r.Context(), actor, func(s *projections.Snapshot) error {
		if pupil != "" {
			if f.Cases, err = audit.CasesWhere(s, a.called(actor, pupil)); err != nil || len(f.Cases) == 0 {
				return err // nothing is found of a case that is not there
			}
		}
		acts, err := audit.Summary(s, f)
		if err != nil {
			return err
		}
		for _, x := range acts {
			out.Total += x.N
			out.Acts = append(out.Acts, auditActs{x.Type, x.N})
		}
		rows, next, err := audit.Find(s, f, behind, limit)
		if err != nil {
			return err
		}
		cursor := ""
		if next != (audit.Place{}) {
			cursor = next.String()
		}
		out.page = pageOf(rows, cursor, func(row audit.Row) auditRow { return a.auditRow(actor, row) })
		return nil
	})
	return answer{body: out}, err
}

// called tells whether a case has an id, or the pseudonym, by which the reader calls it.
func (a *api) called(reader domain.Actor, text string) func(uuid.UUID) bool {
	if id, err := uuid.Parse(text); err == nil {
		return func(x uuid.UUID) bool { return x == id }
	}
	return func(x uuid.UUID) bool { return strings.EqualFold(a.Pseudonym(reader, x), text) }
}

// date reads a day in Rome.
func (q *query) date(name string) (d domain.Date) {
	if text := q.text(name); text != "" {
		var err error
		if d, err = domain.ParseDate(text); err != nil {
			q.fail(name, "date-malformed")
		}
	}
	return d
}

// instant reads a moment as RFC 3339 writes it.
func (q *query) instant(name string) (t time.Time) {
	if text := q.text(name); text != "" {
		var err error
		if t, err = time.Parse(time.RFC3339, text); err != nil {
			q.fail(name, codeValueMalformed)
		}
	}
	return t.UTC()
}

// id reads an id.
func (q *query) id(name string) (id uuid.UUID) {
	if text := q.text(name); text != "" {
		var err error
		if id, err = uuid.Parse(text); err != nil {
			q.fail(name, codeValueMalformed)
		}
	}
	return id
}
