package notify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/notify"
	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/event/sealtest"
	"approdo/domain/notice"
	"approdo/domain/returns"
)

var (
	secretary = domain.Actor{Account: numbered(5), Role: domain.RoleSchool, Body: "MIIC8AB00X"}
	head      = domain.Actor{Account: numbered(6), Role: domain.RoleSchool, Body: "MIIC8AB00X"}
	elsewhere = domain.Actor{Account: numbered(7), Role: domain.RoleSchool, Body: "MIIC8CD00V"}
	theReturn = returns.Subject{Institution: "MIIC8AB00X", Monday: domain.Date{Year: 2022, Month: time.March, Day: 14}}
)

// schoolHouse has two people at one school and one at another, on Monday at 15:00.
func schoolHouse(t *testing.T) *house {
	h := newHouse(t)
	h.codec = event.NewCodec(sealtest.New(), casefile.Events, notice.Events, returns.Events)
	h.people = append(h.people, secretary, head, elsewhere)
	h.now = returns.Due(theReturn.Monday)
	return h
}

// did carries out a command and gives the records of the return.
func (h *house) did(c returns.Command) (all []event.Record) {
	h.t.Helper()
	o := event.Origin{ID: uuid.New(), By: c.Issued().By, At: c.Issued().At}
	stream := returns.Stream(c.Of().Institution, c.Of().Monday)
	if _, err := event.Execute(h.t.Context(), h.journal, h.codec, returns.Decider, stream, c, o); err != nil {
		h.t.Fatal(err)
	}
	for r, err := range h.journal.ReadStream(h.t.Context(), stream, event.ReadStream{}) {
		if err != nil {
			h.t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

func (h *house) remind() event.Record {
	h.t.Helper()
	all := h.did(returns.Remind{Act: domain.Act{By: domain.System, At: h.now}, Subject: theReturn})
	return all[len(all)-1]
}

func (h *house) validate() event.Record {
	h.t.Helper()
	all := h.did(returns.Validate{Act: domain.Act{By: secretary, At: h.now}, Subject: theReturn, AsOf: returns.Due(theReturn.Monday)})
	return all[len(all)-1]
}

func (h *house) follow(n *notify.Notices, r event.Record) {
	h.t.Helper()
	if err := n.Returns().React(h.t.Context(), r); err != nil {
		h.t.Fatal(err)
	}
}

func TestAReminderLeavesLikeEveryNotice(t *testing.T) {
	t.Parallel()
	h := schoolHouse(t)
	h.prefer(head, notice.Preferences{Language: notice.English, Ways: map[notice.Kind]notice.Way{notice.Return: notice.Daily}})
	r := h.remind()
	for range 2 { // the record comes again, on another node
		h.follow(h.notices(), r)
	}
	if err := h.notices().Send(t.Context()); err != nil || len(h.sent) != 1 {
		t.Fatalf("%d messages, %v", len(h.sent), err)
	}
	m := h.sent[0]
	for _, want := range []string{site + "/rilevazione/2022-03-14", "lunedì 14/03/2022", "UST di prova"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("%q is not in\n%s", want, m.Text)
		}
	}
	if m.Subject != "Approdo: Rilevazione di lunedì 14/03/2022 da validare" || strings.Contains(m.Text, "Pratica :") || strings.Contains(m.Text, "00000000") {
		t.Errorf("%q:\n%s", m.Subject, m.Text)
	}
	if got := h.taken(); got != "5" {
		t.Errorf("at once to %q", got)
	}
	h.now = tuesday7
	if err := h.notices().Send(t.Context()); err != nil || len(h.sent) != 1 || !strings.Contains(h.sent[0].Subject, "Return of Monday 14/03/2022") {
		t.Fatalf("%+v, %v", h.sent, err)
	}
	if got := h.taken(); got != "6" {
		t.Errorf("in the morning to %q", got)
	}
	all := h.recorded()
	if len(all) != 2 || all[0].Body != "MIIC8AB00X" || len(all[0].Items) != 1 || all[0].Items[0].Kind != notice.Return || all[0].Items[0].Event != r.ID || all[0].Items[0].Case != uuid.Nil {
		t.Errorf("%+v", all)
	}
}

func TestASchoolThatHasAnsweredIsAskedNoMore(t *testing.T) {
	t.Parallel()
	h := schoolHouse(t)
	h.prefer(head, notice.Preferences{Ways: map[notice.Kind]notice.Way{notice.Return: notice.Daily}})
	h.prefer(secretary, notice.Preferences{Ways: map[notice.Kind]notice.Way{notice.Return: notice.Never}})
	r := h.remind()
	h.follow(h.notices(), r)
	h.now = h.now.Add(time.Hour)
	answer := h.validate()
	h.follow(h.notices(), answer)
	h.now = tuesday7.Add(time.Hour)
	if got := h.send(h.notices()); got != "" {
		t.Errorf("what was answered is asked of %q", got)
	}
	h.follow(h.notices(), r) // it comes again, after the answer
	if got := h.send(h.notices()); got != "" {
		t.Errorf("what was answered is asked of %q", got)
	}
}
