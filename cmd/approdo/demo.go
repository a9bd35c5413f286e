package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"approdo/adapters/registry"
	"approdo/adapters/seal"
	"approdo/adapters/session"
	"approdo/cmd/approdo/year2022"
	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/grade"
	"approdo/domain/policy"
	"approdo/domain/returns"
	"approdo/projections"
	"approdo/projections/school"
)

// demoCmd invents the year 2022 and serves it.
type demoCmd struct {
	Data     string `help:"Cartella dei dati; la chiave maestra sta accanto, in CARTELLA.key." default:"data/demo" type:"path"`
	Listen   string `help:"Indirizzo su cui rispondere." default:"127.0.0.1:8080"`
	Cases    int    `help:"Alunni inseriti nell'anno dimostrativo." default:"1310"`
	Seed     uint64 `help:"Seme: lo stesso seme dà lo stesso anno." default:"2022"`
	Accounts string `help:"File in cui scrivere le utenze, in JSON." type:"path"`
	Schools  string `help:"Anagrafe delle scuole del Ministero (CSV); senza, le scuole sono inventate." type:"existingfile"`
}

// demoMark remembers which instants belong together: the invented one at which the year ended and the real one at which it was made,
// so that a demo that is started again goes on from there.
type demoMark struct {
	Made     time.Time     `json:"made"`
	Invented bool          `json:"invented_schools"`
	Accounts []demoAccount `json:"accounts"`
}

// demoAccount is a way in. The person does not exist; the password is made anew for every demo.
type demoAccount struct {
	Role     string `json:"role"`
	Body     string `json:"body"`
	Username string `json:"username"`
	Password string `json:"password"`
	URL      string `json:"url"`
}

const markFile = "demo.json"

// demoOwner is the body that would run it.
const demoOwner = "Ufficio scolastico territoriale di Milano"

// Run is the subcommand.
func (c *demoCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) error {
	if c.Cases < 1 || c.Cases > 100_000 {
		return errors.New("--cases: da 1 a 100000")
	}
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	defer l.Close()
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("--data: %w", err)
	}
	master, err := seal.LoadOrCreateMasterKey(strings.TrimRight(c.Data, string(filepath.Separator))+".key", c.Data)
	if err != nil {
		return err
	}
	clock := &year2022.Clock{}
	clock.Set(year2022.Start)
	h, err := openHouse(ctx, storage{Data: c.Data, Erasures: seal.ErasuresBeside(strings.TrimRight(c.Data, string(filepath.Separator)) + ".key")}, master, clock.Now, true, log,
		func(s *session.Config) { s.FactorsOptional = true })
	if err != nil {
		return err
	}
	defer h.shut(ctx)
	url := "http://" + l.Addr().String()
	mail := post{Outbox: filepath.Join(c.Data, "posta"), From: "approdo@example.org"}
	letters, err := mail.letters(url, demoOwner)
	if err != nil {
		return err
	}
	h.posts(letters)
	if err := h.tells(ctx, &mail, url, demoOwner); err != nil {
		return err
	}
	mark, err := c.readMark()
	if errors.Is(err, os.ErrNotExist) {
		mark, err = c.make(ctx, h, clock, url, out)
	}
	if err != nil {
		return err
	}
	clock.Set(year2022.Today)
	clock.Run(mark.Made)
	if err := h.catchUp(ctx); err != nil {
		return err
	}
	for i := range mark.Accounts {
		mark.Accounts[i].URL = url
	}
	if err := c.tell(mark, url, out); err != nil {
		return err
	}
	return h.serve(ctx, l, serving{owner: demoOwner, email: "approdo@example.org", demo: true})
}

func (c *demoCmd) readMark() (m demoMark, err error) {
	b, err := os.ReadFile(filepath.Join(c.Data, markFile))
	if err != nil {
		return m, err
	}
	return m, json.Unmarshal(b, &m)
}

// make founds the territory, lists schools, invites one person for each kind of body, and lives through the year.
func (c *demoCmd) make(ctx context.Context, h *house, clock *year2022.Clock, url string, out io.Writer) (demoMark, error) {
	m := demoMark{Invented: c.Schools == ""}
	if head, err := h.store.Head(ctx); err != nil || head > 0 {
		return m, errors.Join(err, fmt.Errorf("%s contiene già dei dati ma non una dimostrazione finita: indicate un'altra cartella con --data", c.Data))
	}
	act := domain.Act{By: domain.System, At: clock.Now()}
	if err := year2022.Found(ctx, h.store, h.codec, act); err != nil {
		return m, err
	}
	if err := c.schools(ctx, h, act, out); err != nil {
		return m, err
	}
	follow := year2022.Follower(h.store, policy.PlacesFollowCase(h.store, h.codec))
	clocks := policy.NewClocks(h.store, h.codec, standing{h.views}, h.clock)
	monday, last := year2022.FirstReturn, returns.Last(year2022.Today)
	endOfDay := func(ctx context.Context) error {
		if err := h.views.CatchUp(ctx); err != nil {
			return err
		}
		if err := clocks.Run(ctx); err != nil {
			return err
		}
		for ; returns.Due(monday).AddDate(0, 0, 2).Before(h.clock()) && monday != last; monday = monday.AddDays(7) {
			if err := year2022.AnswerReturn(ctx, h.views, h.desk, monday, ""); err != nil {
				return err
			}
		}
		return nil
	}
	began := time.Now()
	err := year2022.Make(ctx, year2022.Config{Enrolled: c.Cases, Seed: c.Seed, Store: h.store, Codec: h.codec, Desk: h.desk, Clock: clock, Follow: follow, EndOfDay: endOfDay,
		Progress: func(day domain.Date, enrolled int) {
			fmt.Fprintf(out, "\rAnno dimostrativo: %s, %d alunni inseriti ", day, enrolled)
		}})
	if err != nil {
		return m, err
	}
	fmt.Fprintf(out, "in %.1f s\n", time.Since(began).Seconds())
	if err := h.views.CatchUp(ctx); err != nil {
		return m, err
	}
	institution, err := h.busiestInstitution(ctx)
	if err != nil {
		return m, err
	}
	if err := year2022.AnswerReturn(ctx, h.views, h.desk, last, institution); err != nil { // the one that people look at is left to them
		return m, err
	}
	if err := h.passPolicies(ctx); err != nil {
		return m, err
	}
	if err := h.catchUp(ctx); err != nil {
		return m, err
	}
	if m.Accounts, err = h.invitePeople(ctx, url); err != nil {
		return m, err
	}
	if err := h.tellSince(ctx, year2022.Today.AddDate(0, 0, -3), year2022.Today, clock.Set); err != nil {
		return m, err
	}
	if err := year2022.DrawPlans(ctx, h.views, h.desk, h.board, "CTI-23", "POLO-1"); err != nil {
		return m, err
	}
	if err := h.catchUp(ctx); err != nil {
		return m, err
	}
	m.Made = time.Now()
	b, err := json.Marshal(m, jsontext.Multiline(true))
	if err != nil {
		return m, err
	}
	return m, os.WriteFile(filepath.Join(c.Data, markFile), b, 0o600)
}

func (c *demoCmd) schools(ctx context.Context, h *house, act domain.Act, out io.Writer) error {
	if c.Schools == "" {
		return year2022.InventSchools(ctx, h.store, h.codec, act)
	}
	_, err := h.importSchools(ctx, c.Schools, registry.Options{}, out)
	return err
}

// passPolicies lets the policies begin where the invented year ends: what they ask for was carried out along the way.
func (h *house) passPolicies(ctx context.Context) error {
	head, err := h.store.Head(ctx)
	if err != nil {
		return err
	}
	for _, name := range policy.Names() {
		if err := h.passed.Save(ctx, name, head); err != nil {
			return err
		}
	}
	return nil
}

// invitePeople gives one person of each kind of body an account. Whoever comes first has something waiting.
func (h *house) invitePeople(ctx context.Context, url string) ([]demoAccount, error) {
	institution, err := h.busiestInstitution(ctx)
	if err != nil {
		return nil, err
	}
	var out []demoAccount
	for _, p := range []struct {
		kind, login, name string
		role              domain.Role
		body              string
	}{
		{"comune", "comune", "Giulia Esempio", domain.RoleComune, string(domain.Milano)},
		{"cti", "cti", "Marco Campione", domain.RoleCentre, "CTI-23"},
		{"polo_start", "polo", "Sara Modello", domain.RoleCentre, "POLO-1"},
		{"scuola", "scuola", "Paolo Prova", domain.RoleSchool, string(institution)},
		{"ust", "ust", "Elena Traccia", domain.RoleUST, ""},
		{"prefettura", "prefettura", "Luca Saggio", domain.RolePrefettura, ""},
		{"admin", "admin", "Anna Bozza", domain.RoleAdmin, ""},
	} {
		login := p.login + "@demo.example.org"
		password := uuid.NewString()
		at := h.clock()
		origin := event.Origin{ID: uuid.Must(uuid.NewV7()), By: domain.System, At: at}
		link, err := h.sessions.Invite(ctx, origin, session.Invitation{Role: p.role, Body: p.body, Login: domain.NewPersonal(login), Name: domain.NewPersonal(p.name),
			Mail: domain.NewPersonal(login)})
		if err != nil {
			return nil, fmt.Errorf("account %s: %w", p.kind, err)
		}
		if err := h.directory.CatchUp(ctx); err != nil {
			return nil, err
		}
		if err := h.sessions.Activate(ctx, link.Token, password); err != nil {
			return nil, fmt.Errorf("account %s: %w", p.kind, err)
		}
		out = append(out, demoAccount{Role: p.kind, Body: p.body, Username: login, Password: password, URL: url})
	}
	return out, h.directory.CatchUp(ctx)
}

// busiestInstitution is one that must answer an offer and has sites of the first cycle.
func (h *house) busiestInstitution(ctx context.Context) (i domain.Institution, err error) {
	err = h.views.Read(ctx, func(s *projections.Snapshot) error {
		i, err = school.Busiest(s, grade.Primaria)
		return err
	})
	return i, err
}

// tell prints the address and the accounts, and writes them where asked.
func (c *demoCmd) tell(m demoMark, url string, out io.Writer) error {
	fmt.Fprintf(out, "\nApprodo – dimostrazione con persone inventate. Oggi, qui, è il %s.\n%s\n\n", domain.DateOf(year2022.Today), url)
	for _, a := range m.Accounts {
		fmt.Fprintf(out, "  %-11s %-26s %s  %s\n", a.Role, a.Username, a.Password, a.Body)
	}
	if m.Invented {
		fmt.Fprintf(out, "\nLe scuole sono inventate (codici ZZ…); con --schools FILE si usa l'anagrafe del Ministero.\n")
	}
	fmt.Fprintf(out, "\nLa posta non parte: i messaggi si leggono in %s.\n\n", filepath.Join(c.Data, "posta"))
	if c.Accounts == "" {
		return nil
	}
	b, err := json.Marshal(m.Accounts, jsontext.Multiline(true))
	if err != nil {
		return err
	}
	return os.WriteFile(c.Accounts, append(b, '\n'), 0o600)
}
