package web

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/account"
	"approdo/domain/desk"
	"approdo/domain/event"
	"approdo/projections/school"
)

// Accounts is what the pages ask of package session to manage accounts; *session.Service is it.
type Accounts interface {
	Invite(ctx context.Context, o event.Origin, inv session.Invitation) (session.Link, error)
	Renew(ctx context.Context, o event.Origin, id uuid.UUID, lasts time.Duration) (session.Link, error)
	RenewByMail(ctx context.Context, o event.Origin, id uuid.UUID) error
	Suspend(ctx context.Context, o event.Origin, id uuid.UUID, r account.Reason) error
	Reinstate(ctx context.Context, o event.Origin, id uuid.UUID) error
	Close(ctx context.Context, o event.Origin, id uuid.UUID, r account.Reason) error
	Approve(ctx context.Context, o event.Origin, id uuid.UUID) error
	Refuse(ctx context.Context, o event.Origin, id uuid.UUID) error
	ResetFactors(ctx context.Context, o event.Origin, id uuid.UUID) (done bool, err error)
	KeepFactors(ctx context.Context, o event.Origin, id uuid.UUID) error
}

// Directory is every account there is; *session.Directory is it.
type Directory interface {
	Accounts() []session.Account
	Account(id uuid.UUID) (session.Account, error)
	Person(ctx context.Context, id uuid.UUID) (account.Person, error)
}

func (s *site) accountRoutes(r chi.Router) {
	r.Route("/utenze", func(r chi.Router) {
		r.Get("/", s.page(s.accounts))
		r.Get("/nuova", s.page(s.invite))
		r.Post("/nuova", s.page(s.invitePost))
		r.Get("/{account}", s.page(s.account))
		r.Get("/{account}/{act}", s.page(s.accountAct))
		r.Post("/{account}/{act}", s.page(s.accountActPost))
	})
}

// accountRows is how many accounts a page of the list shows.
const accountRows = 50

var accountsCrumb = Crumb{text("accounts.title"), "/utenze"}

var accountTones = map[account.Status]Tone{account.Invited: Info, account.Active: Success, account.Suspended: Warning, account.Closed: Neutral}

func accountStatus(st account.Status) Cell {
	return badge(accountTones[st], text("account-status."+string(st)))
}

func accountPath(id uuid.UUID) string { return "/utenze/" + id.String() }

// managed are the roles whose accounts an actor manages, in the order they are shown.
func managed(by domain.Role) []domain.Role {
	return slices.DeleteFunc(domain.Roles(), func(of domain.Role) bool { return !account.MayManage(by, of) })
}

// originOf is a form's command as the accounts take it.
func (s *site) originOf(r *http.Request, f *Form) event.Origin {
	a := actorOf(r)
	return event.Origin{ID: desk.KeyedTicket(a, f.Key.String()).ID, By: a, At: s.Clock().UTC()}
}

// accounts lists those the reader manages. Names are opened here, and only for the rows of the page.
func (s *site) accounts(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.ManageAccounts); err != nil {
		return err
	}
	role := domain.Role(r.URL.Query().Get("ruolo"))
	all := slices.DeleteFunc(s.Directory.Accounts(), func(x session.Account) bool {
		return !account.MayManage(a.Role, x.Role) || role != "" && x.Role != role
	})
	from := 0
	if after, err := uuid.Parse(r.URL.Query().Get("da")); err == nil {
		from = slices.IndexFunc(all, func(x session.Account) bool { return x.Account == after }) + 1
	}
	shown := all[from:min(from+rowsOf(r, accountRows), len(all))]
	t := Table{Caption: text("accounts.caption"), Columns: []Column{{Label: text("accounts.person")}, {Label: text("accounts.role")}, {Label: text("accounts.body")},
		{Label: text("list.status")}, {Label: text("accounts.since")}},
		Empty: Empty{Title: text("accounts.none"), Text: text("accounts.none-text"), Action: Action{text("accounts.invite"), "/utenze/nuova"}}}
	err := s.withRegisters(r, func(g *registers) error {
		for _, x := range shown {
			who, err := s.personCell(r.Context(), x.Account)
			if err != nil {
				return err
			}
			body, err := g.bodyOf(x.Actor())
			if err != nil {
				return err
			}
			t.Rows = append(t.Rows, Row{Cells: []Cell{who.to(accountPath(x.Account)), say(roleText(x.Role)), body, accountStatus(x.Status()), on(domain.DateOf(x.Since))}})
		}
		return nil
	})
	if err != nil {
		return err
	}
	query := ""
	if role != "" {
		query = "ruolo=" + string(role) + "&"
	}
	if from > 0 {
		t.Pager.First = "/utenze?" + query
	}
	if from+len(shown) < len(all) {
		t.Pager.Next = "/utenze?" + query + "da=" + shown[len(shown)-1].Account.String()
	}
	t.Pager.Shown = text("accounts.count", "count", len(all))
	c := sheet{Title: text("accounts.title"), Lead: text("accounts.lead"), Actions: []Action{{text("accounts.invite"), "/utenze/nuova"}}, Parts: []part{{Table: &t}}}
	c.Filter = newFilter("/utenze", text("board.filter"), Field{Name: "ruolo", Kind: FieldSelect, Label: text("accounts.role"), Options: roleOptions(a.Role), Optional: true}).
		Set("ruolo", string(role))
	return c.show(s, w, r)
}

func roleOptions(by domain.Role) []Option {
	var out []Option
	for _, x := range managed(by) {
		out = append(out, Option{Value: string(x), Label: say(roleText(x))})
	}
	return out
}

// personCell opens whose account it is.
func (s *site) personCell(ctx context.Context, id uuid.UUID) (Cell, error) {
	p, err := s.Directory.Person(ctx, id)
	if errors.Is(err, domain.ErrForgotten) {
		return say(text("accounts.erased")), nil
	}
	return named(p.Name), err
}

// bodyOf names the body of an account; nothing for the roles without one.
func (g *registers) bodyOf(a domain.Actor) (Cell, error) {
	if a.Body == "" {
		return Cell{}, nil
	}
	c, err := g.actor(a)
	if c.Plain != "" {
		c = c.over(code(a.Body))
	}
	return c, err
}

// managedAccount is the account the address names, absent where it is not the reader's to manage.
func (s *site) managedAccount(r *http.Request) (session.Account, error) {
	a := actorOf(r)
	if err := access.Large(a, access.ManageAccounts); err != nil {
		return session.Account{}, err
	}
	id, err := uuid.Parse(chi.URLParam(r, "account"))
	if err != nil {
		return session.Account{}, account.ErrNoAccount
	}
	x, err := s.Directory.Account(id)
	if err == nil && !account.MayManage(a.Role, x.Role) {
		err = account.ErrNoAccount
	}
	return x, err
}

// accountFacts tell what is known of an account. The sign-in name is shown: whoever forgot it asks.
func (s *site) accountFacts(r *http.Request, x session.Account) ([]Pair, error) {
	p, err := s.Directory.Person(r.Context(), x.Account)
	erased := errors.Is(err, domain.ErrForgotten)
	if err != nil && !erased {
		return nil, err
	}
	facts := []Pair{{text("accounts.person"), named(p.Name)}, {text("accounts.login"), named(p.Login)}}
	if !p.Mail.IsZero() {
		facts = append(facts, Pair{text("accounts.mail"), named(p.Mail)})
	}
	if erased {
		facts = []Pair{{text("accounts.person"), say(text("accounts.erased"))}}
	}
	err = s.withRegisters(r, func(g *registers) error {
		body, err := g.bodyOf(x.Actor())
		if err != nil {
			return err
		}
		facts = append(facts, Pair{text("accounts.role"), say(roleText(x.Role))})
		if x.Body != "" {
			facts = append(facts, Pair{text("accounts.body"), body})
		}
		facts = append(facts, Pair{text("list.status"), accountStatus(x.Status())}, Pair{text("accounts.since"), at(x.Since)})
		if x.Reason != "" {
			facts = append(facts, Pair{text("accounts.reason"), s.wordsFor("account-reason.", string(x.Reason))})
		}
		if !x.Expires.IsZero() {
			facts = append(facts, Pair{text("accounts.expires"), at(x.Expires)}, Pair{text("accounts.delivery"), say(text("delivery." + string(x.Delivery)))})
		}
		facts = append(facts, Pair{text("accounts.invited"), at(x.InvitedAt).over(say(roleText(x.InvitedBy.Role)))})
		return nil
	})
	return facts, err
}

func (s *site) account(w http.ResponseWriter, r *http.Request) error {
	x, err := s.managedAccount(r)
	if err != nil {
		return err
	}
	c := sheet{Title: text("accounts.one")}
	if c.Facts, err = s.accountFacts(r, x); err != nil {
		return err
	}
	if x.Account == actorOf(r).Account {
		c.Callouts = []Callout{{Tone: Info, Title: text("accounts.own"), Text: text("accounts.own-text")}}
		return c.show(s, w, r, accountsCrumb)
	}
	c.Callouts = waitingFor(x, actorOf(r).Account)
	for _, act := range accountActs {
		if act.now(x) && (!act.posts || s.Sessions.Posts()) {
			c.Actions = append(c.Actions, Action{text("account-act." + act.path), accountPath(x.Account) + "/" + act.path})
		}
	}
	return c.show(s, w, r, accountsCrumb)
}

// inviteForm asks for whom an account is to be. Only the body of the chosen role is looked at.
func (s *site) inviteForm(g *registers, by domain.Role) *Form {
	var comuni, centres []Option
	for _, c := range g.land.Comuni() {
		comuni = append(comuni, Option{Value: string(c.Code), Label: plain(c.Name)})
	}
	for _, c := range g.land.Centres() {
		centres = append(centres, Option{Value: string(c.Code), Label: plain(c.Name)})
	}
	fields := []Field{
		{Name: "name", Kind: FieldText, Label: text("accounts.name"), Hint: text("accounts.name-hint"), Width: 40},
		{Name: "login", Kind: FieldText, Label: text("accounts.login"), Hint: text("accounts.login-hint"), Width: 40},
		{Name: "mail", Kind: FieldEmail, Label: text("accounts.mail"), Hint: text("accounts.mail-hint"), Width: 40, Optional: true},
		{Name: "role", Kind: FieldRadios, Label: text("accounts.role"), Options: roleOptions(by)},
		{Name: "comune", Kind: FieldSelect, Label: text("accounts.comune"), Hint: text("accounts.comune-hint"), Options: comuni, Optional: true},
		{Name: "centre", Kind: FieldSelect, Label: text("accounts.centre"), Hint: text("accounts.centre-hint"), Options: centres, Optional: true},
		{Name: "institution", Kind: FieldText, Label: text("accounts.institution"), Hint: text("accounts.institution-hint"), Width: 20, Optional: true},
	}
	if s.Sessions.Posts() {
		fields = append(fields, deliveryField())
	}
	f := newForm("/utenze/nuova", text("accounts.invite"), fields...)
	f.Cancel = "/utenze"
	return f.Set("delivery", string(account.Shown))
}

// deliveryField asks how the link is to reach the person.
func deliveryField() Field {
	var how []Option
	for _, d := range []account.Delivery{account.Shown, account.Mailed} {
		how = append(how, Option{Value: string(d), Label: say(text("delivery." + string(d))), Hint: text("delivery-hint." + string(d))})
	}
	return Field{Name: "delivery", Kind: FieldRadios, Label: text("accounts.delivery"), Options: how}
}

// bodyFields are the form's fields for the body of a role.
var bodyFields = map[domain.Role]string{domain.RoleComune: "comune", domain.RoleCentre: "centre", domain.RoleSchool: "institution"}

func (s *site) invite(w http.ResponseWriter, r *http.Request) error {
	if err := access.Large(actorOf(r), access.ManageAccounts); err != nil {
		return err
	}
	var f *Form
	err := s.withRegisters(r, func(g *registers) error {
		f = s.inviteForm(g, actorOf(r).Role)
		return nil
	})
	if err != nil {
		return err
	}
	return s.showInvite(w, r, f)
}

func (s *site) showInvite(w http.ResponseWriter, r *http.Request, f *Form) error {
	c := confirm{Title: text("accounts.invite-title"), Lead: text("accounts.invite-lead"), Form: f}
	return c.show(s, w, r, accountsCrumb, Crumb{Text: c.Title})
}

func (s *site) invitePost(w http.ResponseWriter, r *http.Request) error {
	a := actorOf(r)
	if err := access.Large(a, access.ManageAccounts); err != nil {
		return err
	}
	var f *Form
	var inv session.Invitation
	err := s.withRegisters(r, func(g *registers) error {
		f = s.inviteForm(g, a.Role)
		if err := f.read(r); err != nil {
			return err
		}
		role := domain.Role(f.value("role"))
		inv = session.Invitation{Role: role, Body: f.value(bodyFields[role]), Login: domain.NewPersonal(f.value("login")), Name: domain.NewPersonal(f.value("name")),
			Mail: domain.NewPersonal(f.value("mail")), ByMail: f.value("delivery") == string(account.Mailed)}
		return checkBody(f, g, &inv)
	})
	if err != nil {
		return err
	}
	if person, err := account.NewPerson(inv.Login.Reveal(), inv.Name.Reveal(), inv.Mail.Reveal()); err != nil {
		f.refuse(err)
	} else {
		inv.Login, inv.Name, inv.Mail = person.Login, person.Name, person.Mail
	}
	if f.Refused() {
		return s.showInvite(w, r, f)
	}
	link, err := s.Accounts.Invite(r.Context(), s.originOf(r, f), inv)
	if err != nil {
		if !f.refuse(onInvitation(err, inv.Role)) {
			return err
		}
		return s.showInvite(w, r, f)
	}
	if inv.ByMail {
		s.redirect(w, r, accountPath(link.Account), "invitation-mailed")
		return nil
	}
	return s.showLink(w, r, link, text("accounts.invited-title"))
}

// checkBody refuses a role or a body that is not in the registers, and puts the body into the form the registers know it by.
func checkBody(f *Form, g *registers, inv *session.Invitation) error {
	if !slices.Contains(domain.Roles(), inv.Role) {
		f.refuse(domain.Invalid("role-unknown").On("role"))
		return nil
	}
	field, wanted := bodyFields[inv.Role]
	if !wanted {
		return nil
	}
	body, err := account.ParseBody(inv.Role, inv.Body)
	if err != nil {
		f.refuse(domain.Invalid("body-malformed").On(field))
		return nil
	}
	inv.Body = body
	switch inv.Role {
	case domain.RoleComune:
		if _, ok := g.land.Comune(domain.Comune(body)); !ok {
			f.refuse(domain.Invalid("comune-unknown").On(field))
		}
	case domain.RoleCentre:
		if _, ok := g.land.Centre(domain.Centre(body)); !ok {
			f.refuse(domain.Invalid("centre-unknown").On(field))
		}
	case domain.RoleSchool:
		name, err := school.Institution(g.views, domain.Institution(body))
		if err != nil {
			return err
		}
		if name == "" {
			f.refuse(domain.Invalid("school-unknown").On(field))
		}
	}
	return nil
}

// onInvitation puts what the accounts refuse beside the form's fields.
func onInvitation(err error, role domain.Role) error {
	switch e, ok := errors.AsType[*domain.Error](err); {
	case errors.Is(err, session.ErrLoginTaken):
		return domain.Invalid("login-taken").On("login")
	case ok && e.Kind == domain.KindForbidden:
		return domain.Invalid(e.Code).On("role")
	case ok && e.Field == "body":
		return e.On(cmp.Or(bodyFields[role], "role"))
	}
	return err
}

// showLink shows the invitation's code, this once: nobody can read it again, and a new one can be made at any time. It is not
// answered with a redirect, since an address is no place for it.
func (s *site) showLink(w http.ResponseWriter, r *http.Request, l session.Link, title Text) error {
	c := sheet{Title: title, Lead: text("accounts.code-lead"),
		Facts:    []Pair{{text("accounts.code"), code(l.Token)}, {text("accounts.where"), code(s.addressOf(r) + "/attiva")}, {text("accounts.expires"), at(l.Expires)}},
		Callouts: []Callout{{Tone: Warning, Title: text("accounts.once"), Text: text("accounts.once-text")}},
		Actions:  []Action{{text("accounts.to-account"), accountPath(l.Account)}, {text("accounts.title"), "/utenze"}}}
	if x, err := s.Directory.Account(l.Account); err == nil {
		c.Callouts = append(waitingFor(x, actorOf(r).Account), c.Callouts...)
	}
	return c.show(s, w, r, accountsCrumb)
}

// addressOf is where this service is reached, as the browser has it.
func (s *site) addressOf(r *http.Request) string {
	if s.Secure {
		return "https://" + r.Host
	}
	return "http://" + r.Host
}

// accountAct is what may be done to an account, and in which statuses.
type accountAct struct {
	path   string
	now    func(session.Account) bool
	reason bool
	danger bool
	notice string // empty: the act shows a code instead
	posts  bool   // there is no such act where no mail is sent
	do     func(s *site, ctx context.Context, o event.Origin, id uuid.UUID, why account.Reason) error
}

var accountActs = []accountAct{
	{path: "approva", notice: "invitation-approved", now: unapproved, do: approveInvitation},
	{path: "rifiuta", notice: "invitation-refused", danger: true, now: unapproved, do: refuseInvitation},
	{path: "invito", now: standing},
	{path: "spedisci", notice: "invitation-mailed", posts: true, now: standing,
		do: func(s *site, ctx context.Context, o event.Origin, id uuid.UUID, _ account.Reason) error {
			return s.Accounts.RenewByMail(ctx, o, id)
		}},
	{path: "riattiva", notice: "account-reinstated", now: func(x session.Account) bool { return x.Status() == account.Suspended },
		do: func(s *site, ctx context.Context, o event.Origin, id uuid.UUID, _ account.Reason) error {
			return s.Accounts.Reinstate(ctx, o, id)
		}},
	{path: "sospendi", notice: "account-suspended", reason: true, danger: true,
		now: standing,
		do: func(s *site, ctx context.Context, o event.Origin, id uuid.UUID, why account.Reason) error {
			return s.Accounts.Suspend(ctx, o, id, why)
		}},
	{path: "chiudi", notice: "account-closed", reason: true, danger: true, now: func(x session.Account) bool { return x.Status() != account.Closed },
		do: func(s *site, ctx context.Context, o event.Origin, id uuid.UUID, why account.Reason) error {
			return s.Accounts.Close(ctx, o, id, why)
		}},
	{path: "fattore", notice: "factors-reset", danger: true, now: func(x session.Account) bool { return x.Status() == account.Active }, do: resetFactors},
	{path: "mantieni", notice: "factors-kept", now: func(x session.Account) bool { return x.Resetter != uuid.Nil }, do: keepFactors},
}

// standing is an account that is invited or active.
func standing(x session.Account) bool {
	return x.Status() == account.Invited || x.Status() == account.Active
}

func accountForm(x session.Account, act accountAct) *Form {
	var fields []Field
	if act.reason {
		var why []Option
		for _, reason := range account.Reasons() {
			why = append(why, Option{Value: string(reason), Label: say(text("account-reason." + string(reason)))})
		}
		fields = []Field{{Name: "reason", Kind: FieldRadios, Label: text("accounts.reason"), Options: why}}
	}
	f := newForm(accountPath(x.Account)+"/"+act.path, text("account-act."+act.path), fields...)
	f.Cancel, f.Danger = accountPath(x.Account), act.danger
	return f
}

// namedAct is the account and the act the address names.
func (s *site) namedAct(r *http.Request) (session.Account, accountAct, error) {
	x, err := s.managedAccount(r)
	if err != nil {
		return x, accountAct{}, err
	}
	i := slices.IndexFunc(accountActs, func(a accountAct) bool { return a.path == chi.URLParam(r, "act") && (!a.posts || s.Sessions.Posts()) })
	if i < 0 {
		return x, accountAct{}, errNoRegister
	}
	return x, accountActs[i], nil
}

func (s *site) accountAct(w http.ResponseWriter, r *http.Request) error {
	x, act, err := s.namedAct(r)
	if err != nil {
		return err
	}
	return s.showAccountAct(w, r, x, act, accountForm(x, act))
}

func (s *site) showAccountAct(w http.ResponseWriter, r *http.Request, x session.Account, act accountAct, f *Form) error {
	facts, err := s.accountFacts(r, x)
	if err != nil {
		return err
	}
	c := confirm{Title: text("account-act." + act.path), Lead: text("account-lead." + act.path), Facts: facts, Form: f}
	return c.show(s, w, r, accountsCrumb, Crumb{text("accounts.one"), accountPath(x.Account)}, Crumb{Text: c.Title})
}

func (s *site) accountActPost(w http.ResponseWriter, r *http.Request) error {
	x, act, err := s.namedAct(r)
	if err != nil {
		return err
	}
	f := accountForm(x, act)
	if err := f.read(r); err != nil {
		return err
	}
	if act.reason && f.value("reason") == "" {
		f.refuse(domain.Invalid("reason-missing").On("reason"))
		return s.showAccountAct(w, r, x, act, f)
	}
	var link session.Link
	if act.do == nil {
		link, err = s.Accounts.Renew(r.Context(), s.originOf(r, f), x.Account, 0)
	} else {
		err = act.do(s, r.Context(), s.originOf(r, f), x.Account, account.Reason(f.value("reason")))
	}
	if err != nil {
		if !f.refuse(err) {
			return err
		}
		return s.showAccountAct(w, r, x, act, f)
	}
	if act.do == nil {
		return s.showLink(w, r, link, text("accounts.renewed-title"))
	}
	s.redirect(w, r, accountPath(x.Account), s.noticeOf(act, x.Account))
	return nil
}
