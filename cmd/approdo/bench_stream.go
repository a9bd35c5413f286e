package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"approdo/domain"
	"approdo/domain/desk"
	"approdo/domain/event"
)

// benchStreamCmd has many people look at the board, each with a stream of its own over loopback, while requests are recorded.
type benchStreamCmd struct {
	JSON     bool    `name:"json" help:"Un oggetto JSON per riga."`
	Browsers int     `help:"Quante connessioni guardano il cruscotto." default:"200"`
	Cases    int     `help:"Quanti casi ci sono." default:"20000"`
	Ways     int     `help:"In quanti modi si chiede il cruscotto, da 1 a 5: ogni modo si calcola per sé." default:"5"`
	Requests int     `help:"Quante richieste si registrano." default:"300"`
	Rate     float64 `help:"Quante richieste al secondo." default:"10"`
	Dir      string  `help:"Cartella sul disco da misurare." default:"." type:"existingdir"`
}

// streamsOfOne is how many of the streams belong to one account.
const streamsOfOne = 8

// lastWithin is how long a stream may take to tell of the last request.
const lastWithin = time.Minute

// comesIn is how soon after one browser the next one comes: at the gate there is not room for all at once.
const comesIn = 10 * time.Millisecond

// quietFor is how long nothing was written when there is nothing left to do.
const quietFor = 3 * time.Second

// Run measures and prints one figure: from the acknowledgement of a request by the journal until a stream has told of it, over all requests
// and all streams, beside the time until the views have it, 99th percentiles both. The browsers ask for the board in five ways, all of which count the requests; they
// and the service share the machine. Nothing of a browser is in it: the figures are in its hands, not yet on its screen.
func (c *benchStreamCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) (err error) {
	h, remove, err := benchHouse(ctx, c.Dir, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	crowd, err := newCrowd(ctx, h)
	if err != nil {
		return err
	}
	if err := crowd.fill(ctx, max(1, c.Cases)*leastEvents); err != nil {
		return err
	}
	if err := h.catchUp(ctx); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	var tokens []string
	for range (c.Browsers + streamsOfOne - 1) / streamsOfOne {
		token, err := h.employ(ctx, domain.RoleUST, "")
		if err != nil {
			return err
		}
		tokens = append(tokens, token)
	}
	h.log = slog.New(slog.DiscardHandler) // of requests; one that fails is an error
	ctx, stop := context.WithCancel(ctx)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return h.serve(ctx, l, serving{}) })
	g.Go(func() error {
		defer stop()
		s, views, err := c.measure(ctx, h, "http://"+l.Addr().String(), tokens)
		if err != nil {
			return err
		}
		return compare(fmt.Sprintf("stream.sqlite.browsers%d.ways%d.cases%d", c.Browsers, c.Ways, c.Cases), s, views).print(out, c.JSON)
	})
	return g.Wait()
}

// heard are the instants at which a stream told how far the journal was, in order.
type heard struct {
	mu  sync.Mutex
	at  []time.Time
	pos []event.Position
}

func (h *heard) add(p event.Position) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.at, h.pos = append(h.at, time.Now()), append(h.pos, p)
}

// of is when a stream first told of a position.
func (h *heard) of(p event.Position) (time.Time, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i, told := range h.pos {
		if told >= p {
			return h.at[i], true
		}
	}
	return time.Time{}, false
}

func (c *benchStreamCmd) measure(ctx context.Context, h *house, at string, tokens []string) (s, views sample, err error) {
	land, err := h.desk.Territory(ctx)
	if err != nil {
		return s, views, err
	}
	home := land.Comuni()[0]
	ways := []string{"", "?ordine=primaria", "?ambito=" + string(home.Ambito), "?ordine=primaria&ambito=" + string(home.Ambito), "en"}
	ways = ways[:min(max(1, c.Ways), len(ways))]
	ctx, hangUp := context.WithCancel(ctx)
	defer hangUp()
	streams := make([]heard, c.Browsers)
	begun := make(chan struct{}, c.Browsers)
	g, ctx := errgroup.WithContext(ctx)
	for i := range streams {
		time.Sleep(comesIn)
		g.Go(func() error {
			return unlessStopped(h.hear(ctx, at, tokens[i/streamsOfOne], ways[i%len(ways)], begun, &streams[i]))
		})
	}
	for range streams {
		select {
		case <-begun:
		case <-ctx.Done():
			return s, views, g.Wait()
		}
	}
	if err := h.quiet(ctx); err != nil {
		return s, views, err
	}
	type acknowledged struct {
		at  time.Time
		pos event.Position
	}
	var all []acknowledged
	r := rand.New(rand.NewPCG(2022, 5))
	by := domain.Actor{Account: uuid.Must(uuid.NewV7()), Role: domain.RoleComune, Body: string(home.Code)}
	viewed := make([]time.Duration, c.Requests)
	for i := range c.Requests {
		done, err := h.desk.Request(ctx, desk.NewTicket(), by, requestOf(pupil(r), h.clock().Year()-8))
		if err != nil {
			return s, views, err
		}
		a := acknowledged{time.Now(), done.Position}
		all = append(all, a)
		g.Go(func() error {
			err := h.views.Await(ctx, a.pos)
			viewed[i] = time.Since(a.at)
			return err
		})
		time.Sleep(time.Duration(r.ExpFloat64() / c.Rate * float64(time.Second)))
	}
	last := time.Now().Add(lastWithin)
	for i := range streams {
		for _, a := range all {
			told, ok := streams[i].of(a.pos)
			for ; !ok && time.Now().Before(last); told, ok = streams[i].of(a.pos) {
				time.Sleep(time.Millisecond)
			}
			if !ok {
				return s, views, fmt.Errorf("bench: stream %d never told of a request", i)
			}
			s.latencies = append(s.latencies, max(0, told.Sub(a.at)))
		}
	}
	hangUp()
	views.latencies = viewed
	return s, views, g.Wait()
}

// quiet waits until the policies have answered to all that was written.
func (h *house) quiet(ctx context.Context) error {
	for last, since := event.Position(0), time.Now(); time.Since(since) < quietFor; time.Sleep(quietFor / 10) {
		head, err := h.store.Head(ctx)
		if err != nil {
			return err
		}
		if head != last {
			last, since = head, time.Now()
		}
	}
	return nil
}

// hear follows a stream until ctx ends.
func (h *house) hear(ctx context.Context, at, token, way string, begun chan<- struct{}, into *heard) error {
	language := "it"
	if way == "en" {
		way, language = "", "en"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at+"/cruscotto/vivo"+way, nil)
	if err != nil {
		return err
	}
	request.Header.Set("Accept", "text/event-stream")
	request.Header.Set("Accept-Language", language)
	request.AddCookie(&http.Cookie{Name: h.sessions.CookieName(), Value: token})
	answer, err := http.DefaultTransport.RoundTrip(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the stream answered %d", answer.StatusCode)
	}
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 4<<20)
	for first := true; lines.Scan(); {
		id, found := strings.CutPrefix(lines.Text(), "id: ")
		if !found {
			continue
		}
		p, err := strconv.ParseUint(id, 10, 64)
		if err != nil {
			return err
		}
		if into.add(event.Position(p)); first {
			first = false
			begun <- struct{}{}
		}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return errors.Join(lines.Err(), errors.New("bench: a stream ended"))
}

// requestOf is a form of pupil as the desk takes it, for a child of primaria.
func requestOf(v url.Values, born int) desk.RequestForm {
	return desk.RequestForm{FamilyName: domain.NewPersonal(v.Get("family_name")), GivenName: domain.NewPersonal(v.Get("given_name")), Sex: v.Get("sex"),
		BirthDate: domain.NewPersonal(strconv.Itoa(born) + v.Get("birth_date")[len("2010"):]), AdultName: domain.NewPersonal("Prova"), AdultPhone: domain.NewPersonal("+39 000 1234567"),
		Address: domain.NewPersonal("Via degli Esempi 5")}
}
