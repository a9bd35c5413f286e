package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/event"
	"approdo/projections"
	"approdo/projections/caseline"
	"approdo/projections/centre"
)

// benchViewsCmd asks the service for its pages while cases keep coming: with hardly any yet, and with as many as wanted.
type benchViewsCmd struct {
	JSON     bool   `name:"json" help:"Un oggetto JSON per riga."`
	Cases    int    `help:"Quanti casi ci sono." default:"100000"`
	Requests int    `help:"Quante volte si chiede ogni pagina." default:"200"`
	Dir      string `help:"Cartella sul disco da misurare." default:"." type:"existingdir"`
}

// comesEvery is how often a new case comes while pages are read.
const comesEvery = 50 * time.Millisecond

// leastEvents is how many events a case has at least, with those of its seat.
const leastEvents = 10

// visit is a page that somebody reads.
type visit struct{ name, path, token string }

// Run measures and prints a figure for each page. Value and baseline are the 95th percentiles.
func (c *benchViewsCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) (err error) {
	h, remove, err := benchHouse(ctx, c.Dir, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	crowd, err := newCrowd(ctx, h)
	if err != nil {
		return err
	}
	if err := crowd.fill(ctx, 1); err != nil {
		return err
	}
	if err := h.catchUp(ctx); err != nil {
		return err
	}
	h.log = slog.New(slog.DiscardHandler) // of requests; one that fails is an error
	handler, err := h.handler(serving{})
	if err != nil {
		return err
	}
	visits, err := visitsOf(ctx, h)
	if err != nil {
		return err
	}
	few := make([]sample, len(visits))
	for i, r := range visits {
		if few[i], err = c.ask(ctx, crowd, handler, r); err != nil {
			return err
		}
	}
	for left := c.Cases; left > 0; left = c.Cases - int(crowd.number.Load()) {
		if err := crowd.fill(ctx, left*leastEvents); err != nil {
			return err
		}
	}
	if err := h.catchUp(ctx); err != nil {
		return err
	}
	for i := range visits {
		if visits[i].name == "board-past" { // as it was with half of the cases
			half := cameAt(c.Cases / 2)
			visits[i].path = "/cruscotto?" + url.Values{"noto": {domain.DateOf(half).String()}, "ora": {half.In(domain.Rome).Format("15:04:05")}}.Encode()
		}
	}
	for i, r := range visits {
		many, err := c.ask(ctx, crowd, handler, r)
		if err != nil {
			return err
		}
		p95, baseline := many.quantile(0.95)*1000, few[i].quantile(0.95)*1000
		f := figure{Figure: fmt.Sprintf("views.sqlite.%s.cases%d", r.name, c.Cases), Value: p95, Unit: "µs", Baseline: baseline, Ratio: p95 / baseline,
			P50: many.quantile(0.5), P99: many.quantile(0.99)}
		if err := f.print(out, c.JSON); err != nil {
			return err
		}
	}
	return nil
}

// visitsOf are what proof asks for: the list of a comune, the queue of a centre, one case, and the board of the UST.
func visitsOf(ctx context.Context, h *house) ([]visit, error) {
	var first []caseline.Line
	if err := h.views.Read(ctx, func(s *projections.Snapshot) (err error) {
		first, _, err = centre.All(s, caseline.Filter{}, "", 1)
		return err
	}); err != nil {
		return nil, err
	}
	comune, err := h.employ(ctx, domain.RoleComune, string(first[0].Comune))
	if err != nil {
		return nil, err
	}
	centre, err := h.employ(ctx, domain.RoleCentre, string(first[0].Centre))
	if err != nil {
		return nil, err
	}
	ust, err := h.employ(ctx, domain.RoleUST, "")
	if err != nil {
		return nil, err
	}
	return []visit{{"list", "/pratiche", comune}, {"queue", "/pratiche?ordina=due", centre},
		{"case", "/pratiche/" + first[0].Case.String(), centre}, {"board", "/cruscotto", ust},
		{"board-past", "/cruscotto?noto=" + domain.DateOf(time.Now()).AddDays(-1).String(), ust}}, nil
}

// employ gives a body one more person, who has signed in.
func (h *house) employ(ctx context.Context, role domain.Role, body string) (token string, err error) {
	login, password := uuid.NewString()+"@example.org", uuid.NewString()
	origin := event.Origin{ID: uuid.Must(uuid.NewV7()), By: domain.System, At: h.clock()}
	link, err := h.sessions.Invite(ctx, origin, session.Invitation{Role: role, Body: body, Login: domain.NewPersonal(login), Name: domain.NewPersonal("Prova")})
	if err != nil {
		return "", err
	}
	if err := h.directory.CatchUp(ctx); err != nil {
		return "", err
	}
	if err := h.sessions.Activate(ctx, link.Token, password); err != nil {
		return "", err
	}
	if err := h.directory.CatchUp(ctx); err != nil {
		return "", err
	}
	token, _, err = h.sessions.SignIn(ctx, login, password, "127.0.0.1")
	return token, err
}

// ask reads a page again and again while cases keep coming.
func (c *benchViewsCmd) ask(ctx context.Context, h *crowd, handler http.Handler, r visit) (s sample, err error) {
	g, ctx := errgroup.WithContext(ctx)
	ctx, stop := context.WithCancel(ctx)
	g.Go(func() error { return unlessStopped(h.views.Run(ctx)) })
	g.Go(func() error { return unlessStopped(h.keepComing(ctx)) })
	g.Go(func() error {
		defer stop()
		for range c.Requests {
			request := httptest.NewRequestWithContext(ctx, http.MethodGet, r.path, nil)
			request.AddCookie(&http.Cookie{Name: h.sessions.CookieName(), Value: r.token})
			answer := httptest.NewRecorder()
			began := time.Now()
			handler.ServeHTTP(answer, request)
			s.latencies = append(s.latencies, time.Since(began))
			if answer.Code != http.StatusOK {
				return fmt.Errorf("%s answered %d", r.path, answer.Code)
			}
		}
		return nil
	})
	err = g.Wait()
	slices.Sort(s.latencies)
	return s, err
}

// unlessStopped lets pass what is no mere end.
func unlessStopped(err error) error {
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// keepComing lives through one more case now and then, until ctx ends.
func (c *crowd) keepComing(ctx context.Context) error {
	r := rand.New(rand.NewPCG(2022, uint64(c.number.Load())))
	for {
		select {
		case <-time.After(comesEvery):
		case <-ctx.Done():
			return ctx.Err()
		}
		if _, err := c.another(ctx, r); err != nil {
			return err
		}
	}
}
