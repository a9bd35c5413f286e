package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"approdo/adapters/outlet"
	"approdo/adapters/rest"
	"approdo/adapters/session"
	"approdo/adapters/web"
	"approdo/domain"
	"approdo/domain/desk"
	"approdo/domain/territory"
	"approdo/projections"
	"approdo/projections/school"
)

// serveCmd runs the service. Several nodes may serve one database.
type serveCmd struct {
	storage
	publicURL
	post
	identityProvider
	checkpointFlags
	certificate
	Listen  string            `help:"Indirizzo su cui rispondere." default:"127.0.0.1:8080"`
	Metrics string            `help:"Indirizzo, da non esporre, su cui rispondere a Prometheus (/metrics)." placeholder:"HOST:PORT"`
	Owner   string            `help:"Ente che eroga il servizio." default:"Ufficio scolastico territoriale di Milano"`
	Email   string            `help:"Indirizzo per accessibilità e privacy."`
	Agid    string            `help:"Indirizzo della dichiarazione di accessibilità depositata presso AgID."`
	Plain   bool              `help:"Cookie anche su http, solo per provare su un indirizzo locale."`
	Proxies []string          `name:"trusted-proxies" help:"Reti dei proxy a cui si crede quando dicono da dove viene una richiesta (X-Forwarded-For)." placeholder:"127.0.0.1/32"`
	Drain   time.Duration     `help:"Quanto si risponde ancora, dicendosi non pronti, prima di fermarsi: quanto basta al bilanciatore per accorgersene." default:"0s"`
	Outlet  map[string]string `help:"Altri sistemi a cui raccontare che cosa accade, senza dati personali: nome=https://… o nome=nats://host:4222/soggetto." placeholder:"NOME=URL"`
	Secret  map[string]string `name:"outlet-secret" help:"File col segreto con cui si firmano i messaggi di un'uscita https." placeholder:"NOME=FILE"`
	Logs    string            `help:"Forma del diario: text o json." enum:"text,json" default:"text"`
}

// Validate names every flag that is at fault.
func (c *serveCmd) Validate() error {
	errs := []error{c.storage.Validate()}
	fail := func(flag, why string) { errs = append(errs, fmt.Errorf("%s: %s", flag, why)) }
	if !isAddress(c.Listen) {
		fail("--listen", "non è un indirizzo come 127.0.0.1:8080")
	}
	if c.Metrics != "" && !isAddress(c.Metrics) {
		fail("--metrics", "non è un indirizzo come 127.0.0.1:9090")
	}
	if c.Email == "" {
		fail("--email", "manca l'indirizzo per accessibilità e privacy")
	}
	if c.Drain < 0 || c.Drain > time.Minute {
		fail("--drain", "da 0s a 1m")
	}
	if _, err := c.proxies(); err != nil {
		errs = append(errs, err)
	}
	for name := range c.Secret {
		if c.Outlet[name] == "" {
			fail("--outlet-secret", fmt.Sprintf("%q non è un'uscita", name))
		}
	}
	errs = append(errs, c.certificate.check(c.Plain))
	_, err := c.outlets()
	_, provided, providerErr := c.identityProvider.config(c.PublicURL)
	return errors.Join(append(errs, err, c.publicURL.check(c.post.wanted() || provided, c.Plain), c.post.check(), providerErr)...)
}

func isAddress(text string) bool {
	_, port, err := net.SplitHostPort(text)
	return err == nil && port != ""
}

// proxies reads the networks of the proxies.
func (c *serveCmd) proxies() (trusted []netip.Prefix, err error) {
	var errs []error
	for _, text := range c.Proxies {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			errs = append(errs, fmt.Errorf("--trusted-proxies %s: non è una rete come 127.0.0.1/32", text))
		}
		trusted = append(trusted, p)
	}
	return trusted, errors.Join(errs...)
}

// outletFaults are the faults of an outlet in the words of whoever configures it.
var outletFaults = map[error]string{
	outlet.ErrName:    "il nome ha lettere a-z, cifre e trattini, al più 30",
	outlet.ErrScheme:  "l'indirizzo comincia con https:// (http:// solo su questa macchina) o nats://",
	outlet.ErrSecret:  "manca il segreto della firma, di almeno 24 caratteri: --outlet-secret NOME=FILE",
	outlet.ErrSubject: "l'indirizzo finisce col soggetto: nats://host:4222/approdo.facts",
}

// outlets reads what the flags say of them.
func (c *serveCmd) outlets() (configs []outlet.Config, err error) {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.Outlet)) {
		address, err := url.Parse(c.Outlet[name])
		if err != nil {
			errs = append(errs, fmt.Errorf("--outlet %s: non è un indirizzo", name))
			continue
		}
		config := outlet.Config{Name: name, URL: address}
		if file := c.Secret[name]; file != "" {
			secret, err := os.ReadFile(file)
			if err != nil {
				errs = append(errs, fmt.Errorf("--outlet-secret %s: %w", name, err))
				continue
			}
			config.Secret = bytes.TrimSpace(secret)
		}
		if err := config.Check(); err != nil {
			errs = append(errs, fmt.Errorf("--outlet %s: %s", name, outletFaults[err]))
		}
		configs = append(configs, config)
	}
	return configs, errors.Join(errs...)
}

// Run is the subcommand. The master key is required and never made here.
func (c *serveCmd) Run(ctx context.Context, out io.Writer, diary diary) error {
	log := diary.logger(c.Logs)
	l, err := net.Listen("tcp", c.Listen)
	if err != nil {
		return fmt.Errorf("--listen: %w", err)
	}
	defer l.Close()
	if c.Plain && !isLoopback(l.Addr()) {
		return errPlain
	}
	h, err := c.load(ctx, c.Plain, log, func(s *session.Config) { s.PublicURL = c.PublicURL })
	if err != nil {
		return err
	}
	defer h.shut(ctx)
	trusted, err := c.proxies()
	if err != nil {
		return err
	}
	secure, err := c.certificate.config()
	if err != nil {
		return err
	}
	configs, err := c.outlets()
	if err != nil {
		return err
	}
	for _, config := range configs {
		o, err := outlet.Open(config, log)
		if err != nil {
			return fmt.Errorf("--outlet %s: %w", config.Name, err)
		}
		defer o.Close()
		h.policies.React(o.Reaction(h.codec))
	}
	letters, err := c.post.letters(c.PublicURL, c.Owner)
	if err != nil {
		return err
	}
	h.posts(letters)
	if err := h.tells(ctx, &c.post, c.PublicURL, c.Owner); err != nil {
		return err
	}
	provider, provided, err := c.identityProvider.config(c.PublicURL)
	if err != nil {
		return err
	}
	if provided {
		if err := h.trusts(provider); err != nil {
			return err
		}
	}
	if err := c.checkpointFlags.tell(h.notary, &c.post); err != nil {
		return err
	}
	if err := h.found(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "Approdo risponde su %s\n", l.Addr())
	return h.serve(ctx, l, serving{owner: c.Owner, email: c.Email, declaration: c.Agid, secure: !c.Plain, drain: c.Drain, metrics: c.Metrics, proxies: trusted, tls: secure})
}

var errPlain = errors.New("--plain: solo su un indirizzo locale, come 127.0.0.1")

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

// serving is how the service presents itself.
type serving struct {
	owner, email, declaration string
	secure                    bool // reached over https
	demo                      bool
	drain                     time.Duration // between saying that it is not ready and stopping
	proxies                   []netip.Prefix
	tls                       *tls.Config     // nil: behind a proxy, or for this machine alone
	metrics                   string          // where Prometheus asks; empty: nowhere
	ending                    <-chan struct{} // closed when streams are to end
}

// requestsPerMinute is how many requests a session, or an address without one, may make of the API. Each node counts its own.
const requestsPerMinute = 600

// handler is everything the program answers: the API below /api and at /status, whether it lives and is ready, pages elsewhere.
func (h *house) handler(c serving) (http.Handler, error) {
	api := rest.New(rest.Config{Ledger: h.notary, Desk: h.desk, Views: h.views, Board: h.board, Sessions: h.sessions, Directory: h.directory, Answers: h.state, Readings: h.readings,
		Forgetting: h, Limiter: session.NewLimiter(requestsPerMinute, time.Minute, h.clock), Sealer: h.keys, Tokens: h.tokens, Pseudonym: h.pseudonym,
		Clock: h.clock, Log: h.log, Secure: c.secure})
	intake := web.NewIntake(web.Intake{Desk: h.desk, Imports: h.state, Keys: h.keys, Account: h.sender, Log: h.log, Clock: h.clock})
	h.alongside = append(h.alongside, intake.Run)
	pages, err := web.New(web.Config{Imports: h.state, Intake: intake, Sessions: h.sessions, Desk: h.desk, Views: h.views, Board: h.board, Readings: h.readings, Keys: h.keys, Tokens: h.tokens, BodyName: h.bodyName,
		Drafts: h.state, Accounts: h.sessions, Directory: h.directory, Policies: h.policies, Notices: noticePages{h.notices, h}, Ledger: h.notary, Forgetting: h, Log: h.log, Clock: h.clock, Ending: c.ending, Owner: c.owner, Contact: c.email, Declaration: c.declaration, Secure: c.secure, Demo: c.demo})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/api/", api)
	mux.Handle("/status", api)
	mux.Handle("/", spared(pages, session.NewLimiter(costlyPerMinute, time.Minute, h.clock), h.sessions.Authenticate))
	measured := h.metrics.HTTP(mux)
	all := http.NewServeMux()
	all.HandleFunc("GET /livez", live)
	all.HandleFunc("GET /readyz", h.ready)
	behind := session.BehindProxies(c.proxies, newGate(gateInside, gateLine, gatePatience).bound(measured))
	all.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if !h.caughtUp.Load() {
			notReady(w)
			return
		}
		behind.ServeHTTP(w, r)
	})
	return guarded(c.secure, all), nil
}

// live answers as long as the process does: who gets no answer starts it anew.
func live(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprintln(w, "live")
}

// readyWithin bounds the question whether a node is ready.
const readyWithin = 2 * time.Second

// ready says whether requests should come here: not while the journal is away, while a view has no tables yet, or when the node is about
// to stop.
func (h *house) ready(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if err := h.readiness(r.Context()); err != nil {
		h.log.Warn("not ready", "error", err)
		notReady(w)
		return
	}
	fmt.Fprintln(w, "ready")
}

func notReady(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Retry-After", "2")
	http.Error(w, "not ready", http.StatusServiceUnavailable)
}

var (
	errStopping = errors.New("stopping")
	errBehind   = errors.New("the views have not come to the journal's head yet")
	errBuilding = errors.New("a view is being built for the first time")
)

func (h *house) readiness(ctx context.Context) error {
	switch {
	case h.stopping.Load():
		return errStopping
	case !h.caughtUp.Load():
		return errBehind
	}
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	views, err := h.views.Status(ctx)
	if err != nil {
		return err
	}
	for _, v := range views {
		if v.State == projections.Building {
			return errBuilding
		}
	}
	return nil
}

// serve answers until ctx ends, while views, directory and policies follow the journal.
func (h *house) serve(ctx context.Context, l net.Listener, c serving) error {
	ending := make(chan struct{})
	c.ending = ending
	handler, err := h.handler(c)
	if err != nil {
		return err
	}
	var watched net.Listener
	if c.metrics != "" {
		if watched, err = net.Listen("tcp", c.metrics); err != nil {
			return fmt.Errorf("--metrics: %w", err)
		}
		h.log.Info("metrics", "address", watched.Addr())
	}
	// What follows the journal outlives the answers under way.
	inside, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	g, failed := errgroup.WithContext(inside)
	g.Go(func() error {
		switch err := h.catchUp(failed); {
		case failed.Err() != nil: // asked to stop before it was ready
			return nil
		case err != nil:
			return err
		}
		return h.run(failed)
	})
	if watched != nil {
		mux := http.NewServeMux()
		mux.Handle("GET /metrics", h.metrics.Handler())
		g.Go(func() error { return listenAndServe(failed, watched, mux, nil, h.log) })
	}
	g.Go(func() error {
		defer stop()
		until, cancel := context.WithCancel(context.WithoutCancel(ctx))
		defer cancel()
		defer context.AfterFunc(failed, cancel)()
		defer context.AfterFunc(until, func() { close(ending) })() // whoever listens would keep the server
		defer context.AfterFunc(ctx, func() {
			h.stopping.Store(true)
			time.AfterFunc(c.drain, cancel)
		})()
		return listenAndServe(until, l, handler, c.tls, h.log)
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
