package web

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"approdo/domain"
	"approdo/domain/territory"
)

func TestTheUSTSetsWhenSchoolsAreRemindedOrStopsIt(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	if _, body := o.get(atCTI, remindersPath); !strings.Contains(body, "alle 15") || !strings.Contains(body, "alle 9") || strings.Contains(body, "<form method=\"post\" action=\""+remindersPath) {
		t.Error("a centre reads the hours and sets none")
	}
	today := domain.DateOf(now)
	off := url.Values{"monday": {"0"}, "tuesday": {"11"}, "from": {today.AddDays(7).String()}}
	if code, _, _ := o.post(atUST, remindersPath, remindersPath, off); code != http.StatusSeeOther {
		t.Fatalf("setting: %d", code)
	}
	if got := o.land().RemindersOn(today.AddDays(7)); got != (territory.Reminders{From: today.AddDays(7), Tuesday: 11}) {
		t.Errorf("%+v", got)
	}
	if got := o.land().RemindersOn(today); got.Monday != 15 || got.Tuesday != 9 {
		t.Errorf("today: %+v", got)
	}
	if _, body := o.get(atUST, remindersPath); !strings.Contains(body, "nessun sollecito") || strings.Count(body, "In vigore oggi") != 1 {
		t.Error("the versions of the hours")
	}
	for field, value := range map[string]string{"monday": "14", "tuesday": "x", "from": "ieri"} {
		bad := url.Values{"monday": {"15"}, "tuesday": {"9"}, "from": {""}}
		bad.Set(field, value)
		if code, _, _ := o.post(atUST, remindersPath, remindersPath, bad); code != http.StatusUnprocessableEntity {
			t.Errorf("%s %q: %d", field, value, code)
		}
	}
}
