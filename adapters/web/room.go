package web

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/calendar"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/caseline"
	"approdo/projections/messages"
	"approdo/projections/school"
	"approdo/projections/worklist"
)

// awaited is how long a page waits to read what its own request wrote; later it shows what there is.
const awaited = time.Second

// actorOf is whoever is signed in; pages that need nobody must not ask.
func actorOf(r *http.Request) domain.Actor { return visitOf(r).person.Actor }

// read runs f on one state of all views, on behalf of whoever is signed in.
func (s *site) read(r *http.Request, f func(*projections.Snapshot) error) error {
	return s.Views.ReadAs(r.Context(), actorOf(r), f)
}

// settled waits until the views show what a request wrote.
func (s *site) settled(r *http.Request, receipt desk.Receipt) {
	ctx, cancel := context.WithTimeout(r.Context(), awaited)
	defer cancel()
	if err := s.Views.Await(ctx, receipt.Position); err != nil {
		s.Log.WarnContext(r.Context(), "views behind", "request", visitOf(r).id, "position", uint64(receipt.Position))
	}
}

// revisionField carries the revision a person saw, so that nothing is overwritten unseen.
const revisionField = "_revision"

// ticketOf makes a form that was sent twice act once, and stops one that was filled in over an older state.
func ticketOf(r *http.Request, f *Form) desk.Ticket {
	t := desk.KeyedTicket(actorOf(r), f.Key.String())
	if n, err := strconv.ParseInt(r.PostForm.Get(revisionField), 10, 64); err == nil {
		seen := event.Revision(n)
		t.Expected = &seen
	}
	return t
}

// caseID is the case an address names. What is no id is answered like a case that is not there.
func caseID(r *http.Request) (uuid.UUID, error) {
	id, err := uuid.Parse(chi.URLParam(r, "case"))
	if err != nil {
		return id, access.ErrAbsent
	}
	return id, nil
}

// isAbsent is true for whatever must look like an absent page.
func isAbsent(err error) bool { return errors.Is(err, domain.KindNotFound) }

// registers are the names a page needs beside the codes.
type registers struct {
	land  territory.State
	views *projections.Snapshot
	names map[domain.School]string
}

func (s *site) registers(ctx context.Context, v *projections.Snapshot) (*registers, error) {
	land, err := s.Desk.Territory(ctx)
	return &registers{land: land, views: v, names: map[domain.School]string{}}, err
}

// comune names a comune; its code where the register has none.
func (g *registers) comune(c domain.Comune) Cell {
	if known, ok := g.land.Comune(c); ok {
		return plain(known.Name)
	}
	return code(string(c))
}

// centre names a centre.
func (g *registers) centre(c domain.Centre) Cell {
	if known, ok := g.land.Centre(c); ok {
		return plain(known.Name)
	}
	return code(string(c))
}

// school names a site, with its code below.
func (g *registers) school(c domain.School) (Cell, error) {
	if c == "" {
		return Cell{}, nil
	}
	if name, ok := g.names[c]; ok {
		return plain(name).over(code(string(c))), nil
	}
	site, known, err := school.SiteOf(g.views, c)
	if err != nil || !known {
		return code(string(c)), err
	}
	g.names[c] = site.Name
	return plain(site.Name).over(code(string(c))), nil
}

// body names whoever holds a case.
func (g *registers) body(h casefile.Holder) (Cell, error) {
	switch h.Kind {
	case casefile.HeldByComune:
		return g.comune(domain.Comune(h.Body)), nil
	case casefile.HeldByCentre:
		return g.centre(domain.Centre(h.Body)), nil
	case casefile.HeldBySchool:
		name, err := school.Institution(g.views, domain.Institution(h.Body))
		if name == "" {
			return code(h.Body), err
		}
		return plain(name), err
	}
	return Cell{}, nil
}

// statusTones say how a status looks; statuses have words of their own beside it.
var statusTones = map[casefile.Status]Tone{casefile.Requested: Info, casefile.InCharge: Info, casefile.Offered: Warning,
	casefile.Accepted: Success, casefile.Attending: Success, casefile.Closed: Neutral, casefile.Merged: Neutral}

func statusText(st casefile.Status) Text { return text("status." + string(st)) }

func statusBadge(st casefile.Status) Cell { return badge(statusTones[st], statusText(st)) }

// levelText names a grade: "3ª primaria".
func levelText(l grade.Level) Text { return text("grade."+string(l.Order), "year", l.Year) }

func orderText(o grade.Order) Text { return text("order." + string(o)) }

// dueCell says how a running term stands at an instant, in working days.
func dueCell(l caseline.Line, now time.Time) (Cell, Tone) {
	if l.Due.IsZero() {
		return Cell{}, ""
	}
	today, last := domain.DateOf(now), lastDay(l.Due)
	switch days := calendar.WorkingDaysBetween(today, last, l.Comune); {
	case days < 0:
		return badge(Danger, due(days)), Danger
	case days == 0:
		return badge(Warning, due(days)), Warning
	default:
		return say(due(days)), ""
	}
}

// lineRow is a case in a list: who, grade, comune, status and holder, term.
func (s *site) lineRow(r *http.Request, g *registers, l caseline.Line) (Row, error) {
	identity, err := worklist.Name(r.Context(), s.Keys, actorOf(r), l, access.Name)
	if err != nil {
		return Row{}, err
	}
	return s.rowOf(g, l, identity, asOf{})
}

func (s *site) rowOf(g *registers, l caseline.Line, identity casefile.Identity, k asOf) (Row, error) {
	who := named(identity.FamilyName, identity.GivenName)
	if identity.FamilyName.IsZero() {
		who = say(text("case.nameless", "id", l.Case.String()[:8]))
	}
	holder, err := g.body(casefile.Holder{Kind: l.HolderKind, Body: l.HolderBody})
	if err != nil {
		return Row{}, err
	}
	due, tone := dueCell(l, k.or(s.Clock()))
	status := statusBadge(l.Status)
	if l.Question {
		status = badge(Warning, text("status.question"))
	}
	return Row{Tone: tone, Cells: []Cell{who.to(k.on("/pratiche/" + l.Case.String())), say(levelText(l.Level())), g.comune(l.Comune),
		status.over(holder), due, on(l.RequestedOn)}}, nil
}

// lineColumns are the columns of lineRow.
func lineColumns() []Column {
	return []Column{{Label: text("list.pupil")}, {Label: text("list.grade")}, {Label: text("list.comune")}, {Label: text("list.status")},
		{Label: text("list.due")}, {Label: text("list.requested")}}
}

// lineTable is a list of cases.
func (s *site) lineTable(r *http.Request, g *registers, caption Text, lines []caseline.Line, empty Empty) (Table, error) {
	t := Table{Caption: caption, Columns: lineColumns(), Empty: empty}
	unread, err := messages.Unread(g.views, actorOf(r))
	if err != nil {
		return t, err
	}
	for _, l := range lines {
		row, err := s.lineRow(r, g, l)
		if err != nil {
			return t, err
		}
		if n := unread[l.Case]; n > 0 {
			row.Cells[0] = row.Cells[0].over(unreadBadge(n))
		}
		t.Rows = append(t.Rows, row)
	}
	return t, nil
}
