package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/desk"
	"approdo/projections"
	"approdo/projections/messages"
	"approdo/projections/worklist"
)

// thread is the conversation of those who follow a case, as far as the reader is a party of it.
type thread struct {
	Said []spoken
	Form *Form // nil where the reader can say nothing now
}

// spoken is one message of a conversation.
type spoken struct {
	Own   bool // from the reader's body
	By    Cell
	To    []Cell
	At    time.Time
	Words domain.Personal // none where they cannot be read any more, or for now
}

// threadAnchor is where on the page of a case the conversation stands.
const threadAnchor = "#messages"

func (s *site) thread(ctx context.Context, g *registers, f desk.File) (t thread, err error) {
	for _, e := range f.Timeline() {
		m, ok := e.Event.(casefile.MessageSent)
		if !ok {
			continue
		}
		x := spoken{Own: casefile.PartyOf(e.Meta.Actor).Is(f.Reader()), At: e.Meta.At}
		if x.By, err = g.actor(e.Meta.Actor); err != nil {
			return t, err
		}
		if x.To, err = g.parties(m.To); err != nil {
			return t, err
		}
		if x.Words, err = f.Words(ctx, e); err != nil {
			return t, err
		}
		t.Said = append(t.Said, x)
	}
	return t, nil
}

// answering is the form at the foot of the conversation; none where nothing can be said.
func (s *site) answering(r *http.Request, g *registers, f desk.File) (*Form, error) {
	i := slices.IndexFunc(acts, func(a actPage) bool { return a.act == access.Message })
	if !slices.Contains(f.May(), access.Message) || s.Desk.Can(r.Context(), f, access.Message) != nil {
		return nil, nil
	}
	form, err := acts[i].form(actContext{s: s, r: r, regs: g, file: f})
	if err != nil {
		return nil, err
	}
	form.Cancel = ""
	return form, nil
}

// parties names bodies.
func (g *registers) parties(all []casefile.Party) (out []Cell, err error) {
	for _, p := range all {
		name, err := g.actor(domain.Actor{Role: p.Role, Body: p.Body})
		if err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, nil
}

// partyValue is a body as a form sends it: with its code, so that what was meant for one does not go to its successor.
func partyValue(p casefile.Party) string { return strings.TrimSpace(string(p.Role) + " " + p.Body) }

func messageFields(c actContext) ([]Field, error) {
	to := Field{Name: "to", Kind: FieldChecks, Label: text("act.message-to")}
	for _, p := range c.file.State.Parties() {
		if p.Is(actorOf(c.r)) {
			continue
		}
		name, err := c.regs.actor(domain.Actor{Role: p.Role, Body: p.Body})
		if err != nil {
			return nil, err
		}
		to.Options = append(to.Options, Option{Value: partyValue(p), Label: name})
	}
	to.values = likelyAddressees(c.file)
	words := wordsField(text("act.message"), false)
	words.Hint = text("act.message-hint", "most", casefile.MaxMessage)
	return []Field{to, words}, nil
}

// likelyAddressees are who a message is probably for: whoever wrote last to the reader, else those he wrote to, else whoever has the case.
func likelyAddressees(f desk.File) (values []string) {
	own := casefile.PartyOf(f.Reader())
	there := func(p casefile.Party) bool { return p != own && slices.Contains(f.State.Parties(), p) }
	for _, e := range slices.Backward(f.Timeline()) {
		m, ok := e.Event.(casefile.MessageSent)
		if !ok {
			continue
		}
		if from := casefile.PartyOf(e.Meta.Actor); there(from) {
			return []string{partyValue(from)}
		}
		for _, p := range m.To {
			if there(p) {
				values = append(values, partyValue(p))
			}
		}
		if len(values) > 0 {
			return values
		}
	}
	h := f.State.Holder()
	if p := (casefile.Party{Role: domain.Role(h.Kind), Body: h.Body}); there(p) {
		return []string{partyValue(p)}
	}
	return nil
}

func doMessage(c actContext, t desk.Ticket, f *Form) (desk.Receipt, error) {
	cmd := casefile.SendMessage{Act: c.act(), Text: c.words(f)}
	to, err := f.Field("to")
	if err != nil {
		return desk.Receipt{}, err
	}
	for _, v := range to.values {
		role, body, _ := strings.Cut(v, " ")
		cmd.To = append(cmd.To, casefile.Party{Role: domain.Role(role), Body: body})
	}
	receipt, err := c.command(t, cmd)
	gone, ok := errors.AsType[*domain.Error](err)
	if !ok || !errors.Is(gone, casefile.ErrAddressee) {
		return receipt, err
	}
	i := slices.IndexFunc(cmd.To, func(p casefile.Party) bool { return p.Body == gone.Detail["body"] })
	if i < 0 {
		return receipt, err
	}
	named, fault := c.partyName(cmd.To[i])
	if fault != nil {
		return receipt, fault
	}
	return receipt, gone.With("body", named)
}

// partyName is how a body is called in the text of a refusal: by its name, and by its code where it has none.
func (c actContext) partyName(p casefile.Party) (name string, err error) {
	err = c.s.read(c.r, func(v *projections.Snapshot) error {
		g, err := c.s.registers(c.r.Context(), v)
		if err != nil {
			return err
		}
		cell, err := g.actor(domain.Actor{Role: p.Role, Body: p.Body})
		name = cmp.Or(cell.Plain, cell.Code, p.Body)
		return err
	})
	return name, err
}

// unreadBadge says how many messages of a case are new to the reader's body.
func unreadBadge(n int) Cell { return badge(Info, text("list.unread", "count", n)) }

// mostUnread is how many cases with new messages the home page shows.
const mostUnread = 10

// unread lists the reader's cases in which somebody has written to his body since it last looked.
func (s *site) unread(r *http.Request, g *registers) (t Table, err error) {
	a := actorOf(r)
	found, err := messages.Unread(g.views, a)
	if err != nil || len(found) == 0 {
		return t, err
	}
	ids := make([]uuid.UUID, 0, len(found))
	for id := range found {
		ids = append(ids, id)
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
	lines, err := worklist.Lines(g.views, a, ids) // what is his no more is not listed
	if err != nil || len(lines) == 0 {
		return t, err
	}
	all := 0
	for _, l := range lines {
		all += found[l.Case]
	}
	return s.lineTable(r, g, text("home.unread", "count", all), lines[:min(len(lines), mostUnread)], Empty{})
}
