package web

import (
	"net/http"
	"strings"
)

// notices are what a page may say after a redirect. The cookie that carries one holds its name and nothing else, so that
// whoever forges it shows a sentence of ours to themself.
var notices = map[string]Text{
	"signed-out":            text("notice.signed-out"),
	"activated":             text("notice.activated"),
	"password-changed":      text("notice.password-changed"),
	"done":                  text("notice.done"),
	"draft-saved":           text("notice.draft-saved"),
	"draft-dropped":         text("notice.draft-dropped"),
	"view-saved":            text("notice.view-saved"),
	"view-dropped":          text("notice.view-dropped"),
	"draft-kept":            text("notice.draft-kept"),
	"sheet-dropped":         text("notice.sheet-dropped"),
	"request-recorded":      text("notice.request-recorded"),
	"household-recorded":    text("notice.household-recorded"),
	"enrolment-recorded":    text("notice.enrolment-recorded"),
	"plan-gone":             text("notice.plan-gone"),
	"places-declared":       text("notice.places-declared"),
	"places-declared-above": text("notice.places-declared-above"),
	"services-declared":     text("notice.services-declared"),
	"register-saved":        text("notice.register-saved"),
	"retention-saved":       text("notice.retention-saved"),
	"return-validated":      text("notice.return-validated"),
	"return-withdrawn":      text("notice.return-withdrawn"),
	"returns-reminded":      text("notice.returns-reminded"),
	"returns-none-open":     text("notice.returns-none-open"),
	"suspended":             text("notice.suspended"),
	"resumed":               text("notice.resumed"),
	"account-suspended":     text("notice.account-suspended"),
	"account-reinstated":    text("notice.account-reinstated"),
	"account-closed":        text("notice.account-closed"),
	"invitation-mailed":     text("notice.invitation-mailed"),
	"provider-bound":        text("notice.provider-bound"),
	"provider-unbound":      text("notice.provider-unbound"),
	"invitation-approved":   text("notice.invitation-approved"),
	"invitation-refused":    text("notice.invitation-refused"),
	"factors-reset":         text("notice.factors-reset"),
	"factors-reset-asked":   text("notice.factors-reset-asked"),
	"factors-kept":          text("notice.factors-kept"),
	"factor-enrolled":       text("notice.factor-enrolled"),
	"factor-removed":        text("notice.factor-removed"),
	"access-ended":          text("notice.access-ended"),
	"accesses-ended":        text("notice.accesses-ended"),
	"name-opened":           text("notice.name-opened"),
	"notices-chosen":        text("notice.notices-chosen"),
	"notice-retried":        text("notice.notice-retried"),
	"released":              text("notice.released"),
	"dropped":               text("notice.dropped"),
}

// redirect answers a post: the next page is read, and says what was done.
func (s *site) redirect(w http.ResponseWriter, r *http.Request, to, notice string) {
	if notice != "" {
		http.SetCookie(w, s.cookie("notice", notice, 60))
	}
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// takeNotice gives the waiting notice, once.
func (s *site) takeNotice(w http.ResponseWriter, r *http.Request) Text {
	c, err := r.Cookie(s.cookieName("notice"))
	if err != nil {
		return Text{}
	}
	http.SetCookie(w, s.cookie("notice", "", -1))
	return notices[c.Value]
}

// sourceOf is the page of ours from which a form was posted, else the home page.
func sourceOf(r *http.Request) string {
	_, rest, found := strings.Cut(r.Referer(), "://"+r.Host)
	if !found {
		return "/"
	}
	path, _, _ := strings.Cut(rest, "?")
	return local(path)
}
