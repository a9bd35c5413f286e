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
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"
)

// benchOverloadCmd asks the whole service for pages and sends it requests, over loopback and through its own bounds: first by as many
// clients as it answers most for, then ten times as much. Nothing is switched off: the pages that are asked for are none of those that are
// counted for each person.
type benchOverloadCmd struct {
	JSON    bool    `name:"json" help:"Un oggetto JSON per riga."`
	Cases   int     `help:"Quanti casi ci sono." default:"2000"`
	Clients []int   `help:"Con quanti clienti si cerca il massimo." default:"8,16,32,64"`
	Seconds float64 `help:"Quanti secondi dura una misura." default:"5"`
	Rounds  int     `help:"Quante volte si misura; vale la mediana." default:"3"`
	Dir     string  `help:"Cartella sul disco da misurare." default:"." type:"existingdir"`
}

// An answer that comes later than readersWait is none: its reader has gone.
const readersWait = 2 * time.Second

// overload is how many times what the service can do is asked of it.
const overload = 10

// Run measures and prints two figures: the answers a second under overload beside those at the peak, and the refusals beside all that was
// asked. Clients and service share the machine.
func (c *benchOverloadCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) (err error) {
	h, remove, err := benchHouse(ctx, c.Dir, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	crowd, err := newCrowd(ctx, h)
	if err != nil {
		return err
	}
	if err := crowd.fill(ctx, c.Cases*leastEvents); err != nil {
		return err
	}
	if err := h.catchUp(ctx); err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	visits, err := visitsOf(ctx, h)
	if err != nil {
		return err
	}
	asks := visitors{address: l.Addr().String(), cookie: h.sessions.CookieName(), visits: visits}
	h.log = slog.New(slog.DiscardHandler) // of requests; one that fails is an error
	ctx, stop := context.WithCancel(ctx)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return h.serve(ctx, l, serving{}) })
	g.Go(func() error {
		defer stop()
		return c.measure(ctx, asks, out)
	})
	return g.Wait()
}

func (c *benchOverloadCmd) measure(ctx context.Context, v visitors, out io.Writer) error {
	clients, most := c.Clients[0], 0.0
	for _, n := range c.Clients {
		t, err := v.come(ctx, n, 0, c.Seconds)
		if err != nil {
			return err
		}
		if rate := t.goodput(); rate > most {
			clients, most = n, rate
		}
	}
	var peaks, goodputs, refused, offered []float64
	var answers, refusals sample
	for range max(1, c.Rounds) {
		peak, err := v.come(ctx, clients, 0, c.Seconds)
		if err != nil {
			return err
		}
		if len(peak.answers) == 0 {
			return errors.New("bench: nothing was answered in time")
		}
		// Each asks as often as at the peak, answered or not. Those whom the service has taken in do not ask meanwhile: so many more come.
		every := time.Duration(float64(clients) / peak.goodput() * float64(time.Second))
		over, err := v.come(ctx, overload*clients+gateInside+gateLine, every, c.Seconds)
		if err != nil {
			return err
		}
		peaks, goodputs = append(peaks, peak.goodput()), append(goodputs, over.goodput())
		refused, offered = append(refused, float64(len(over.refusals))/over.seconds), append(offered, over.offered())
		answers.latencies, refusals.latencies = append(answers.latencies, over.answers...), append(refusals.latencies, over.refusals...)
	}
	for _, f := range []figure{
		figure{Figure: fmt.Sprintf("overload.sqlite.clients%d", clients), Value: median(goodputs), Baseline: median(peaks)}.spread(answers),
		figure{Figure: "overload.sqlite.refused", Value: median(refused), Baseline: median(offered)}.spread(refusals),
	} {
		f.Unit, f.Ratio, f.Seconds = "answers/s", f.Value/f.Baseline, c.Seconds*float64(len(peaks))
		if err := f.print(out, c.JSON); err != nil {
			return err
		}
	}
	return nil
}

// spread is the figure with the latencies of what was counted, if there were any.
func (f figure) spread(s sample) figure {
	if slices.Sort(s.latencies); len(s.latencies) > 0 {
		f.P50, f.P99 = s.quantile(0.5), s.quantile(0.99)
	}
	return f
}

// tally is what became of the requests of one measurement.
type tally struct {
	seconds  float64
	answers  []time.Duration // those in time
	refusals []time.Duration
	late     int
}

func (t tally) goodput() float64 { return float64(len(t.answers)) / t.seconds }
func (t tally) offered() float64 {
	return float64(len(t.answers)+len(t.refusals)+t.late) / t.seconds
}

// visitors are people at work: the comuni look at their lists and send requests, the centres open cases, the UST has its board.
type visitors struct {
	address, cookie string
	visits          []visit
}

// come sends so many clients for so long, each with a connection of its own, and asking no more often than every so long.
func (v visitors) come(ctx context.Context, clients int, every time.Duration, seconds float64) (all tally, err error) {
	tallies, conns := make([]tally, clients), make([]net.Conn, clients)
	var dialer net.Dialer
	for i := range conns {
		if conns[i], err = dialer.DialContext(ctx, "tcp", v.address); err != nil {
			return all, err
		}
		defer conns[i].Close()
	}
	began := time.Now()
	end := began.Add(time.Duration(seconds * float64(time.Second)))
	g, ctx := errgroup.WithContext(ctx)
	for i, conn := range conns {
		g.Go(func() error {
			return v.ask(ctx, conn, rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())), every, end, &tallies[i])
		})
	}
	err = g.Wait()
	all.seconds = time.Since(began).Seconds()
	for _, t := range tallies {
		all.answers, all.refusals, all.late = append(all.answers, t.answers...), append(all.refusals, t.refusals...), all.late+t.late
	}
	return all, err
}

func (v visitors) ask(ctx context.Context, conn net.Conn, r *rand.Rand, every time.Duration, end time.Time, t *tally) error {
	in := bufio.NewReader(conn)
	for next := time.Now().Add(time.Duration(r.Float64() * float64(every))); ; {
		select {
		case <-time.After(time.Until(next)):
		case <-ctx.Done():
			return ctx.Err()
		}
		began := time.Now()
		if !began.Before(end) {
			return nil
		}
		next = began.Add(every)
		request, err := v.request(r)
		if err != nil {
			return err
		}
		if err := request.Write(conn); err != nil {
			return err
		}
		answer, err := http.ReadResponse(in, request)
		if err != nil {
			return err
		}
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			return err
		}
		took := time.Since(began)
		switch {
		case answer.StatusCode == http.StatusServiceUnavailable && answer.Header.Get("Retry-After") != "":
			t.refusals = append(t.refusals, took)
		case answer.StatusCode/100 != 2 && answer.StatusCode/100 != 3:
			return fmt.Errorf("%s %s answered %d", request.Method, request.URL.Path, answer.StatusCode)
		case took > readersWait:
			t.late++
		default:
			t.answers = append(t.answers, took)
		}
	}
}

// request is the next that somebody makes: every fifth is that for a new pupil.
func (v visitors) request(r *rand.Rand) (request *http.Request, err error) {
	who := v.visits[r.IntN(len(v.visits))]
	if r.IntN(5) == 0 {
		who = v.visits[0]
		request, err = http.NewRequest(http.MethodPost, "http://"+v.address+"/pratiche/nuova", strings.NewReader(pupil(r).Encode()))
	} else {
		request, err = http.NewRequest(http.MethodGet, "http://"+v.address+who.path, nil)
	}
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	request.AddCookie(&http.Cookie{Name: v.cookie, Value: who.token})
	return request, nil
}

// pupil is a filled-in form, of a child who is like no other.
func pupil(r *rand.Rand) url.Values {
	name := func() string {
		letters := make([]byte, 10)
		for i := range letters {
			letters[i] = byte('a' + r.IntN(26))
		}
		return "Z" + string(letters)
	}
	return url.Values{"_key": {uuid.NewString()}, "family_name": {name()}, "given_name": {name()}, "sex": {"F"},
		"birth_date": {fmt.Sprintf("%d-%02d-%02d", 2010+r.IntN(6), 1+r.IntN(12), 1+r.IntN(28))}}
}
