package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"approdo/adapters/spreadsheet"
	"approdo/domain"
	"approdo/domain/desk"
)

// benchImportCmd has a comune upload a sheet, look at it and record it, as a browser would.
type benchImportCmd struct {
	JSON   bool   `name:"json" help:"Un oggetto JSON per riga."`
	Rows   int    `help:"Quante righe ha il foglio." default:"500"`
	Rounds int    `help:"Quante volte, ogni volta con altri minori." default:"5"`
	Dir    string `help:"Cartella sul disco da misurare." default:"." type:"existingdir"`
}

// Run measures and prints, in milliseconds: the upload, the page that checks every row, the recording until the last row is settled, and
// all three. The baseline is as many requests through the desk, one after the other.
func (c *benchImportCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) (err error) {
	if c.Rounds < 1 || c.Rounds > 5 {
		return errors.New("--rounds: da 1 a 5")
	}
	if c.Rows < 1 || c.Rows > spreadsheet.MaxRows {
		return fmt.Errorf("--rows: da 1 a %d", spreadsheet.MaxRows)
	}
	h, remove, err := benchHouse(ctx, c.Dir, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	if err := h.catchUp(ctx); err != nil {
		return err
	}
	h.log = slog.New(slog.DiscardHandler) // of requests; one that fails is an error
	handler, err := h.handler(serving{})
	if err != nil {
		return err
	}
	const comune = "015189"
	token, err := h.employ(ctx, domain.RoleComune, comune)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return unlessStopped(h.run(ctx)) })
	g.Go(func() error {
		defer stop()
		return c.measure(ctx, h, browser{handler, h.sessions.CookieName(), token}, domain.Actor{Account: uuid.New(), Role: domain.RoleComune, Body: comune}, out)
	})
	return g.Wait()
}

// browser is one with somebody signed in.
type browser struct {
	pages         http.Handler
	cookie, token string
}

// send asks for a page and wants a status.
func (b browser) send(ctx context.Context, method, path, kind string, body io.Reader, want int) (*httptest.ResponseRecorder, error) {
	r := httptest.NewRequestWithContext(ctx, method, path, body)
	r.Header.Set("Content-Type", kind)
	r.AddCookie(&http.Cookie{Name: b.cookie, Value: b.token})
	answer := httptest.NewRecorder()
	b.pages.ServeHTTP(answer, r)
	if answer.Code != want {
		return nil, fmt.Errorf("%s %s answered %d", method, path, answer.Code)
	}
	return answer, nil
}

func (c *benchImportCmd) measure(ctx context.Context, h *house, by browser, a domain.Actor, out io.Writer) error {
	var uploads, checks, records, all, singly []float64
	since := func(began time.Time) float64 { return float64(time.Since(began).Microseconds()) / 1000 }
	for round := range c.Rounds {
		began := time.Now()
		kind, body := c.sheet(2 * round)
		answer, err := by.send(ctx, http.MethodPost, "/fogli/richieste", kind, body, http.StatusSeeOther)
		if err != nil {
			return err
		}
		uploads = append(uploads, since(began))
		at, checked := answer.Header().Get("Location"), time.Now()
		if answer, err = by.send(ctx, http.MethodGet, at, "", nil, http.StatusOK); err != nil {
			return err
		}
		if want := fmt.Sprintf("Registra le %d righe", c.Rows); !strings.Contains(answer.Body.String(), want) {
			return errors.New("not every row is ready")
		}
		checks = append(checks, since(checked))
		recording := time.Now()
		if _, err = by.send(ctx, http.MethodPost, at+"/registra", "application/x-www-form-urlencoded", strings.NewReader(""), http.StatusSeeOther); err != nil {
			return err
		}
		for done := false; !done; {
			if answer, err = by.send(ctx, http.MethodGet, at, "", nil, http.StatusOK); err != nil {
				return err
			}
			done = answer.Header().Get("Refresh") == ""
		}
		if want := fmt.Sprintf("%d righe registrate", c.Rows); !strings.Contains(answer.Body.String(), want) {
			return errors.New("not every row was recorded")
		}
		records, all = append(records, since(recording)), append(all, since(began))
		began = time.Now()
		for i := range c.Rows {
			if _, err := h.desk.Request(ctx, desk.NewTicket(), a, childOf(2*round+1, i)); err != nil {
				return err
			}
		}
		singly = append(singly, since(began))
	}
	baseline := median(singly)
	for _, m := range []struct {
		name   string
		values []float64
	}{{"upload", uploads}, {"check", checks}, {"record", records}, {"all", all}} {
		v := median(m.values)
		f := figure{Figure: fmt.Sprintf("import.sqlite.%s.rows%d", m.name, c.Rows), Value: v, Unit: "ms", Baseline: baseline, Ratio: v / baseline}
		if err := f.print(out, c.JSON); err != nil {
			return err
		}
	}
	return nil
}

// childOf is a child of a round that nobody would take for another.
func childOf(round, i int) desk.RequestForm {
	syllables := []string{"da", "le", "mi", "no", "ru", "sa", "te", "vi", "zo", "ga"}
	name := "Ko"
	for _, n := range []int{round, i / 1000, i / 100, i / 10, i} {
		name += syllables[n%10]
	}
	given := []string{"Olha", "Taras", "Nadiia", "Bohdan", "Kateryna", "Yurii", "Zlata", "Fedir", "Iryna", "Pavlo"}[round%10]
	return desk.RequestForm{FamilyName: domain.NewPersonal(name), GivenName: domain.NewPersonal(given), Sex: "F",
		BirthDate: domain.NewPersonal(fmt.Sprintf("%d-%02d-%02d", 2009+round%7, 1+(i+5*round)%12, 1+(i+9*round)%28)), CAP: domain.NewPersonal("20089")}
}

// sheet is a form with a CSV file of children.
func (c *benchImportCmd) sheet(round int) (kind string, body io.Reader) {
	var out bytes.Buffer
	form := multipart.NewWriter(&out)
	file, err := form.CreateFormFile("file", "elenco.csv")
	if err == nil {
		_, err = fmt.Fprintln(file, "Cognome;Nome;Data di nascita;Sesso;CAP")
	}
	for i := range c.Rows {
		x := childOf(round, i)
		if err == nil {
			_, err = fmt.Fprintf(file, "%s;%s;%s;%s;%s\n", x.FamilyName.Reveal(), x.GivenName.Reveal(), x.BirthDate.Reveal(), x.Sex, x.CAP.Reveal())
		}
	}
	if err = errors.Join(err, form.Close()); err != nil {
		panic(err) // a buffer in memory takes everything
	}
	return form.FormDataContentType(), &out
}
