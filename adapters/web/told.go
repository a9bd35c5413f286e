package web

import (
	"slices"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/desk"
	"approdo/domain/notice"
	"approdo/projections/told"
)

// noticesOf lists what was told of a case as known at an instant: all of it to whoever has the case or oversees it, to others what their own
// body was told. Of a message it tells only those in whose story of the case the message is (desk.File.Timeline). Who of a body was written
// to, and where, nobody reads here.
func (s *site) noticesOf(g *registers, f desk.File, known time.Time) (t Table, err error) {
	all, err := told.Of(g.views, f.ID, known)
	if err != nil {
		return t, err
	}
	t = Table{Caption: text("case.notices"), Columns: []Column{{Label: text("notices.to")}, {Label: text("notices.what")}, {Label: text("audit.when")}, {Label: text("list.status")}}}
	everything := slices.Contains(f.May(), access.ReadNotices)
	story := f.Timeline()
	knows := func(e uuid.UUID) bool {
		return slices.ContainsFunc(story, func(x desk.Entry) bool { return x.ID == e })
	}
	for _, n := range slices.Backward(all) {
		if own := n.Role == f.Reader().Role && n.Body == f.Reader().Body; !own && (!everything || n.Kind == notice.Message && !knows(n.Event)) {
			continue
		}
		to, err := g.actor(domain.Actor{Role: n.Role, Body: n.Body})
		if err != nil {
			return t, err
		}
		what := say(text("event." + n.What))
		t.Rows = append(t.Rows, Row{Cells: []Cell{to, what, at(n.At), farOf(n)}})
	}
	return t, nil
}

// farOf says how far the messages of a notice came: what is worst, and how many there were.
func farOf(n told.Notice) Cell {
	c := badge(Info, text("notices.left-"+string(n.Messages[0].Channel)))
	if r, ok := worst(n.Messages); ok {
		tone := Info
		switch {
		case r.Failed():
			tone = Danger
		case r == notice.Delivered:
			tone = Success
		}
		c = badge(tone, text("notices.receipt-"+string(r)))
	}
	if len(n.Messages) > 1 {
		c = c.over(say(text("notices.people", "count", len(n.Messages))))
	}
	return c
}

// worst is a failure where there is one, else the receipt of the message that came least far; false where one of them has none yet.
func worst(all []told.Message) (least notice.Receipt, ok bool) {
	ok = true
	for _, m := range all {
		for _, r := range m.Receipts {
			if r.Failed() {
				return r, true
			}
		}
		switch {
		case len(m.Receipts) == 0:
			ok = false
		case slices.Contains(m.Receipts, notice.Delivered):
			if least == "" {
				least = notice.Delivered
			}
		default:
			least = m.Receipts[len(m.Receipts)-1]
		}
	}
	return least, ok
}
