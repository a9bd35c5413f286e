package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"approdo/adapters/rest"
	"approdo/adapters/seal"
	"approdo/adapters/session"
	"approdo/adapters/web"
	"approdo/domain"
	"approdo/domain/desk"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/school"
)

// serveCmd runs the service on a data directory.
type serveCmd struct {
	Data   string `help:"Cartella dei dati." required:"" type:"path"`
	Key    string `help:"File della chiave maestra, fuori dalla cartella dei dati. Si crea con: approdo key FILE." required:"" type:"path"`
	Listen string `help:"Indirizzo su cui rispondere." default:"127.0.0.1:8080"`
	Owner  string `help:"Ente che eroga il servizio." default:"Ufficio scolastico territoriale di Milano"`
	Email  string `help:"Indirizzo per accessibilità e privacy." required:""`
	Agid   string `help:"Indirizzo della dichiarazione di accessibilità depositata presso AgID."`
	Plain  bool   `help:"Cookie anche su http, solo per provare su un indirizzo locale."`
}

// Run is the subcommand. The master key is required and never made here.
func (c *serveCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) error {
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	defer l.Close()
	if c.Plain && !isLoopback(l.Addr()) {
		return errors.New("--plain: solo su un indirizzo locale, come 127.0.0.1")
	}
	master, err := seal.LoadMasterKey(c.Key, c.Data)
	if err != nil {
		return err
	}
	h, err := openHouse(ctx, c.Data, master, time.Now, c.Plain, log)
	if err != nil {
		return err
	}
	defer h.shut(ctx)
	if err := h.found(ctx); err != nil {
		return err
	}
	if err := h.catchUp(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "Approdo risponde su %s\n", l.Addr())
	return h.serve(ctx, l, serving{owner: c.Owner, email: c.Email, declaration: c.Agid, secure: !c.Plain})
}

// found begins the territory with the register the program ships, where there is none.
func (h *house) found(ctx context.Context) error {
	land, err := h.desk.Territory(ctx)
	if err != nil || land.IsFounded() {
		return err
	}
	act := h.desk.Act(domain.System)
	_, err = h.desk.EditTerritory(ctx, desk.NewTicket(), territory.Found{Act: act, Province: territory.Province015, Register: territory.Shipped()})
	return err
}

func isLoopback(a net.Addr) bool {
	p, err := netip.ParseAddrPort(a.String())
	return err == nil && p.Addr().IsLoopback()
}

// serving is how the pages present themselves.
type serving struct {
	owner, email, declaration string
	secure                    bool // reached over https
	demo                      bool
}

// requestsPerMinute is how many requests a session, or an address without one, may make of the API.
const requestsPerMinute = 600

// handler is everything the program answers: the API below /api and at /status, pages elsewhere.
func (h *house) handler(c serving) (http.Handler, error) {
	api := rest.New(rest.Config{Desk: h.desk, Views: h.views, Sessions: h.sessions, Directory: h.directory, Answers: h.state,
		Limiter: session.NewLimiter(requestsPerMinute, time.Minute, h.clock), Sealer: h.keys, Tokens: h.tokens, Pseudonym: h.pseudonym,
		Clock: h.clock, Log: h.log, Secure: c.secure})
	pages, err := web.New(web.Config{Sessions: h.sessions, Desk: h.desk, Views: h.views, Keys: h.keys, Tokens: h.tokens, BodyName: h.bodyName,
		Drafts: h.state, Accounts: h.sessions, Directory: h.directory, Policies: h.policies, Log: h.log, Clock: h.clock, Owner: c.owner, Contact: c.email, Declaration: c.declaration, Secure: c.secure, Demo: c.demo})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/api/", api)
	mux.Handle("/status", api)
	mux.Handle("/", pages)
	return mux, nil
}

// serve answers until ctx ends, while views, directory and policies follow the journal.
func (h *house) serve(ctx context.Context, l net.Listener, c serving) error {
	handler, err := h.handler(c)
	if err != nil {
		return err
	}
	// What follows the journal outlives the answers under way.
	inside, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g, failed := errgroup.WithContext(inside)
	g.Go(func() error { return h.run(failed) })
	g.Go(func() error {
		defer stop()
		until, cancel := context.WithCancel(ctx)
		defer cancel()
		defer context.AfterFunc(failed, cancel)()
		return listenAndServe(until, l, handler, h.log)
	})
	return g.Wait()
}

// bodyName is what the body of an actor is called.
func (h *house) bodyName(ctx context.Context, a domain.Actor) (name string, err error) {
	land, err := h.desk.Territory(ctx)
	if err != nil {
		return "", err
	}
	switch a.Role {
	case domain.RoleComune:
		if c, ok := land.Comune(domain.Comune(a.Body)); ok {
			return "Comune di " + c.Name, nil
		}
	case domain.RoleCentre:
		if c, ok := land.Centre(domain.Centre(a.Body)); ok {
			return c.Name, nil
		}
	case domain.RoleSchool:
		err = h.views.Read(ctx, func(s *projections.Snapshot) error {
			name, err = school.Institution(s, domain.Institution(a.Body))
			return err
		})
		return name, err
	}
	return "", nil
}

// pseudonym names a pupil for one reader.
func (h *house) pseudonym(reader domain.Actor, pupil uuid.UUID) string {
	return h.tokens.Pseudonym(reader.Account.String(), pupil)
}
