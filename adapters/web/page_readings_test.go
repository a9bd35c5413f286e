package web

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/event"
	"approdo/domain/reading"
)

// full is a journal whose disk is full for readings.
type full struct{ event.Store }

func (full) Append(context.Context, event.Append) (event.Result, error) {
	return event.Result{}, event.ErrUnavailable
}

func TestWithoutAnAccessRecordNoNameIsShown(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id := w.request("Zrazkova", "Olha")
	path := "/pratiche/" + id.String()
	if status, body := w.get(atRozzano, path+"/"); status != http.StatusOK || !strings.Contains(body, "Zrazkova") {
		t.Fatalf("%d", status)
	}
	w.site.Readings = reading.NewRecorder(full{w.store}, w.codec, w.site.Clock)
	for page, want := range map[string]int{path + "/": 200, "/pratiche": 200, path + "/nota": 200, path + "/correzione": 503, "/": 200} {
		status, body := w.get(atRozzano, page)
		if status != want {
			t.Errorf("%s answers %d", page, status)
		}
		for _, text := range []string{"Zrazkova", "Olha", "2013", "Via degli Esempi"} {
			if strings.Contains(body, text) {
				t.Errorf("%s shows %q and nobody recorded it", page, text)
			}
		}
		if want == 200 && page != "/" && strings.Count(body, "non riusciamo a registrare chi li legge") != 1 {
			t.Errorf("%s does not say why there are no names", page)
		}
	}
	for _, page := range []string{path + "/accesso", path + "/accesso.json"} {
		if status, body := w.get(atUST, page); status != http.StatusServiceUnavailable || strings.Contains(body, "declarations") {
			t.Errorf("%s says that nothing is held: %d", page, status)
		}
	}
	if status, body := w.submit(atRozzano, path+"/nota", url.Values{"text": {"Telefonato"}}); status != http.StatusSeeOther {
		t.Errorf("what shows nothing is refused: %d %.300s", status, body)
	}
	if status, body := w.submitTo(atRozzano, "/cerca", url.Values{"family_name": {"Zrazkova"}}); status != http.StatusServiceUnavailable || strings.Contains(body, "Olha") {
		t.Errorf("a search answers %d", status)
	}
}

// staff is a directory in which everybody has the same name.
type staff struct{ Directory }

func (staff) Accounts() []session.Account { return nil }

func (staff) Person(context.Context, uuid.UUID) (account.Person, error) {
	return account.Person{Name: domain.NewPersonal("Persona Inventata")}, nil
}

func TestWhoSawAndWhoSees(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id := w.request("Zrazkova", "Olha")
	path := "/pratiche/" + id.String()
	w.site.Directory = staff{}
	w.get(atRozzano, "/pratiche")
	w.get(atRozzano, path+"/")
	w.follow()
	for _, who := range []domain.Actor{atUST, atPrefettura} {
		status, body := w.get(who, path+"/letture")
		if status != http.StatusOK || !strings.Contains(body, "il minore è seguito dal suo ente") || !strings.Contains(body, "nome, data di nascita") || strings.Contains(body, "Zrazkova") {
			t.Errorf("%s: %d %.2000s", who.Role, status, body)
		}
	}
	status, body := w.get(atUST, path+"/letture.csv")
	rows, err := csvOf(body)
	if status != http.StatusOK || err != nil || len(rows) != 2 || rows[1][0] != domain.DateOf(now).String() || rows[1][3] != "2" || rows[1][6] != "015189" {
		t.Errorf("%d %v %q", status, err, rows)
	}
}

// csvOf reads a file as a spreadsheet would.
func csvOf(body string) ([][]string, error) {
	body, ok := strings.CutPrefix(body, "\ufeff")
	if !ok {
		return nil, errors.New("no byte order mark")
	}
	r := csv.NewReader(strings.NewReader(body))
	r.Comma = ';'
	return r.ReadAll()
}

func TestThePrefetturaOpensANameForAReason(t *testing.T) {
	t.Parallel()
	w := newWorld(t, io.Discard)
	id := w.request("Zrazkova", "Olha")
	path := "/pratiche/" + id.String()
	w.site.Directory = staff{}
	clock := now
	w.site.Clock = func() time.Time { return clock }
	names := func() bool {
		t.Helper()
		status, body := w.get(atPrefettura, path+"/registro")
		if status != http.StatusOK {
			t.Fatalf("%d", status)
		}
		return strings.Contains(body, "Zrazkova")
	}
	if names() {
		t.Error("a name nobody opened")
	}
	if status, body := w.submit(atPrefettura, path+"/nome", url.Values{"words": {"Protocollo 12"}}); status != http.StatusUnprocessableEntity || !strings.Contains(body, "Protocollo 12") {
		t.Errorf("without a reason: %d", status)
	}
	if status, _ := w.submit(atPrefettura, path+"/nome", url.Values{"reason": {"complaint"}, "words": {"Protocollo 12"}}); status != http.StatusSeeOther {
		t.Errorf("with a reason: %d", status)
	}
	if !names() {
		t.Error("an opened name is not shown")
	}
	other := atPrefettura
	other.Account = uuid.MustParse("019a3c1e-8f5d-7a10-9b1c-0000000000f2")
	if _, body := w.get(other, path+"/registro"); strings.Contains(body, "Zrazkova") {
		t.Error("a name somebody else opened")
	}
	w.follow()
	if status, body := w.get(atUST, "/letture"); status != http.StatusOK || !strings.Contains(body, "Esposto o reclamo") || !strings.Contains(body, "Protocollo 12") {
		t.Errorf("the UST is not told: %d", status)
	}
	if status, _ := w.get(atPrefettura, path+"/"); status != http.StatusForbidden {
		t.Errorf("an opened name opens the case: %d", status)
	}
}
