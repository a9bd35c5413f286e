package web

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/notice"
)

// Notices is what people have chosen about being told, and what became of the messages.
type Notices interface {
	Preferences(ctx context.Context, account uuid.UUID) ([]byte, error)
	SavePreferences(ctx context.Context, account uuid.UUID, chosen []byte) error
	// Mails calls each for the newest messages, those that failed first.
	Mails(ctx context.Context, limit int, each func(mail, account uuid.UUID, status, code string, count int, at time.Time) error) error
	// Retry has a message that failed be sent again; false where there is none.
	Retry(ctx context.Context, mail uuid.UUID, now time.Time) (bool, error)
	// Receipts are what the provider of certified mail said of a message.
	Receipts(ctx context.Context, mail uuid.UUID) ([]notice.Receipt, error)
}

const (
	noticesPath = "/avvisi"
	mailsPath   = "/funzionamento/avvisi"
)

func (s *site) noticeRoutes(r chi.Router) {
	r.Get(noticesPath, s.page(s.chosenNotices))
	r.Post(noticesPath, s.page(s.chooseNotices))
	r.Get(mailsPath, s.page(s.mails))
	r.Get(mailsPath+"/{mail}", s.page(s.mail))
	r.Post(mailsPath+"/{mail}/riprova", s.page(s.retryMail))
}

func noticesForm(p notice.Preferences) *Form {
	var ways []Option
	for _, w := range notice.Ways() {
		ways = append(ways, Option{Value: string(w), Label: say(text("notices.way-" + string(w)))})
	}
	var fields []Field
	for _, k := range notice.Kinds() {
		fields = append(fields, Field{Name: string(k), Kind: FieldRadios, Label: text("notices.kind-" + string(k)), Hint: text("notices.hint-" + string(k)), Options: ways})
	}
	fields = append(fields, Field{Name: "language", Kind: FieldRadios, Label: text("notices.language"),
		Options: []Option{{Value: string(notice.Italian), Label: plain("Italiano")}, {Value: string(notice.English), Label: plain("English")}}})
	f := newForm(noticesPath, text("notices.save"), fields...).Set("language", string(p.Speaks()))
	for _, k := range notice.Kinds() {
		f.Set(string(k), string(p.Way(k)))
	}
	return f
}

var errNoticeChoice = domain.Invalid("choice-unknown")

// preferencesIn reads what was chosen.
func preferencesIn(f *Form) (p notice.Preferences, err error) {
	p = notice.Preferences{Language: notice.Language(f.value("language")), Ways: map[notice.Kind]notice.Way{}}
	var errs domain.Errors
	if !slices.Contains(notice.Languages(), p.Language) {
		errs = append(errs, errNoticeChoice.On("language"))
	}
	for _, k := range notice.Kinds() {
		p.Ways[k] = notice.Way(f.value(string(k)))
		if !slices.Contains(notice.Ways(), p.Ways[k]) {
			errs = append(errs, errNoticeChoice.On(string(k)))
		}
	}
	if errs != nil {
		return p, errs
	}
	return p, nil
}

func (s *site) chosenNotices(w http.ResponseWriter, r *http.Request) error {
	b, err := s.Notices.Preferences(r.Context(), actorOf(r).Account)
	if err != nil {
		return err
	}
	p, err := notice.DecodePreferences(b)
	if err != nil {
		return err
	}
	return s.showNotices(w, r, noticesForm(p))
}

func (s *site) showNotices(w http.ResponseWriter, r *http.Request, f *Form) error {
	c := sheet{Title: text("notices.title"), Lead: text("notices.lead"), Parts: []part{{ID: "choose", Form: f}}}
	person, err := s.Directory.Person(r.Context(), actorOf(r).Account)
	if err != nil {
		return err
	}
	switch {
	case !s.Sessions.Posts():
		c.Callouts = []Callout{{Tone: Warning, Title: text("notices.no-mail"), Text: text("notices.no-mail-text")}}
	case person.Mail.IsZero():
		c.Callouts = []Callout{{Tone: Warning, Title: text("notices.no-mailbox"), Text: text("notices.no-mailbox-text")}}
	}
	return c.show(s, w, r)
}

func (s *site) chooseNotices(w http.ResponseWriter, r *http.Request) error {
	f := noticesForm(notice.Preferences{})
	if err := f.read(r); err != nil {
		return err
	}
	p, err := preferencesIn(f)
	if err != nil {
		f.refuse(err)
		return s.showNotices(w, r, f)
	}
	b, err := p.Encode()
	if err != nil {
		return err
	}
	if err := s.Notices.SavePreferences(r.Context(), actorOf(r).Account, b); err != nil {
		if !f.refuse(err) {
			return err
		}
		return s.showNotices(w, r, f)
	}
	s.redirect(w, r, noticesPath, "notices-chosen")
	return nil
}

// mostMails bounds the list of messages, the newest.
const mostMails = 100

// mailing is a message and what became of it.
type mailing struct {
	mail, account uuid.UUID
	status, code  string
	count         int
	at            time.Time
}

func (s *site) messages(r *http.Request) (all []mailing, err error) {
	if err := access.Large(actorOf(r), access.ReadOperations); err != nil {
		return nil, err
	}
	err = s.Notices.Mails(r.Context(), mostMails, func(mail, account uuid.UUID, status, code string, count int, at time.Time) error {
		all = append(all, mailing{mail, account, status, code, count, at})
		return nil
	})
	return all, err
}

var mailTones = map[string]Tone{"waiting": Warning, "sending": Info, "sent": Success, "recorded": Success, "failed": Danger}

func (s *site) mails(w http.ResponseWriter, r *http.Request) error {
	all, err := s.messages(r)
	if err != nil {
		return err
	}
	t := Table{Caption: text("notices.mails-caption"), Columns: []Column{{Label: text("notices.to")}, {Label: text("list.status")}, {Label: text("notices.receipts")},
		{Label: text("notices.count"), Numeric: true}, {Label: text("notices.at")}}, Empty: Empty{Title: text("notices.mails-none")}}
	err = s.withRegisters(r, func(g *registers) error {
		for _, m := range all {
			to, err := s.addressee(g, m)
			if err != nil {
				return err
			}
			receipts, err := s.receiptCell(r, m)
			if err != nil {
				return err
			}
			t.Rows = append(t.Rows, Row{Cells: []Cell{to.to(mailsPath + "/" + m.mail.String()), s.mailState(m), receipts, count(m.count), at(m.at)}})
		}
		return nil
	})
	if err != nil {
		return err
	}
	c := sheet{Title: text("notices.mails"), Lead: text("notices.mails-lead"), Parts: []part{{ID: "mails", Table: &t}}}
	return c.show(s, w, r, Crumb{text("operations.title"), "/funzionamento"})
}

// addressee is the body whose person is told, not the person.
func (s *site) addressee(g *registers, m mailing) (Cell, error) {
	a, err := s.Directory.Account(m.account)
	if err != nil {
		return code(m.account.String()[:8]), nil // closed and gone since
	}
	body, err := g.actor(a.Actor())
	if err != nil || a.Body == "" {
		return say(roleText(a.Role)), err
	}
	return body, nil
}

func (s *site) mailState(m mailing) Cell {
	c := badge(mailTones[m.status], text("notices.status-"+m.status))
	if m.code != "" {
		c = c.over(s.wordsFor("notices.code-", m.code))
	}
	return c
}

func (s *site) receiptCell(r *http.Request, m mailing) (Cell, error) {
	all, err := s.Notices.Receipts(r.Context(), m.mail)
	if err != nil || len(all) == 0 {
		return plain("–"), err
	}
	last := all[len(all)-1]
	tone := Info
	switch {
	case slices.ContainsFunc(all, notice.Receipt.Failed):
		tone = Danger
	case slices.Contains(all, notice.Delivered):
		tone, last = Success, notice.Delivered
	}
	return badge(tone, text("notices.receipt-"+string(last))), nil
}

func retryForm(id uuid.UUID) *Form {
	return newForm(mailsPath+"/"+id.String()+"/riprova", text("notices.retry"))
}

var errNoMail = domain.NotFound("notice-not-found")

func (s *site) mailOf(r *http.Request) (mailing, error) {
	all, err := s.messages(r)
	if err != nil {
		return mailing{}, err
	}
	for _, m := range all {
		if m.mail.String() == chi.URLParam(r, "mail") {
			return m, nil
		}
	}
	return mailing{}, errNoMail
}

func (s *site) mail(w http.ResponseWriter, r *http.Request) error {
	m, err := s.mailOf(r)
	if err != nil {
		return err
	}
	return s.showMail(w, r, m, retryForm(m.mail))
}

func (s *site) showMail(w http.ResponseWriter, r *http.Request, m mailing, retry *Form) error {
	c := sheet{Title: text("notices.mail")}
	err := s.withRegisters(r, func(g *registers) error {
		to, err := s.addressee(g, m)
		if err != nil {
			return err
		}
		receipts, err := s.receiptCell(r, m)
		c.Facts = []Pair{{text("notices.to"), to}, {text("list.status"), s.mailState(m)}, {text("notices.receipts"), receipts}, {text("notices.count"), count(m.count)},
			{text("notices.at"), at(m.at)}, {text("operations.code"), code(m.mail.String())}}
		return err
	})
	if err != nil {
		return err
	}
	if m.status == "failed" {
		c.Parts = []part{{ID: "retry", Title: text("notices.retry"), Text: text("notices.retry-text"), Form: retry}}
	}
	return c.show(s, w, r, Crumb{text("operations.title"), "/funzionamento"}, Crumb{text("notices.mails"), mailsPath})
}

func (s *site) retryMail(w http.ResponseWriter, r *http.Request) error {
	m, err := s.mailOf(r)
	if err != nil {
		return err
	}
	found, err := s.Notices.Retry(r.Context(), m.mail, s.Clock())
	if err == nil && !found {
		err = errNoMail
	}
	if err != nil {
		f := retryForm(m.mail)
		if !f.refuse(err) {
			return err
		}
		return s.showMail(w, r, m, f)
	}
	s.redirect(w, r, mailsPath, "notice-retried")
	return nil
}
