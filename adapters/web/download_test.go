package web

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"approdo/adapters/spreadsheet"
	"approdo/domain"
	"approdo/projections"
	"approdo/projections/readings"
)

// fileOf asks for a list as a file and reads it.
func (w *world) fileOf(a domain.Actor, target string) (name string, table spreadsheet.Table) {
	w.t.Helper()
	got := do(w.site.handler(), http.MethodGet, target, "", w.as(a))
	if got.Code != http.StatusOK {
		w.t.Fatalf("%s: %d", target, got.Code)
	}
	table, err := spreadsheet.Read(got.Body.Bytes(), "")
	if err != nil {
		w.t.Fatalf("%s: %v", target, err)
	}
	return got.Header().Get("Content-Disposition"), table
}

func TestAListIsAFileWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, new(bytes.Buffer))
	for i := range 2*pageSize + 3 {
		w.request(fmt.Sprintf("Koval%02d", i), "Olha")
	}
	for _, f := range spreadsheet.Formats() {
		name, table := w.fileOf(atRozzano, "/pratiche?stato=requested&da=nowhere&formato="+string(f))
		if len(table.Rows) != 2*pageSize+3 || name != `attachment; filename="pratiche.`+string(f)+`"` {
			t.Errorf("%s: %d rows in %s", f, len(table.Rows), name)
		}
		if want := []string{"Minore", "Anno di corso", "Comune", "Stato", "Stato (2)", "Scadenza", "Richiesta del"}; !slices.Equal(table.Heading, want) {
			t.Errorf("%s: %q", f, table.Heading)
		}
		if !strings.HasPrefix(table.Rows[0].Cells[0], "Koval") || table.Rows[0].Cells[2] != "Rozzano" {
			t.Errorf("%s: %q", f, table.Rows[0].Cells)
		}
	}
	if _, table := w.fileOf(atUST, "/scuole?formato=csv"); len(table.Rows) == 0 {
		t.Error("no schools")
	}
}

// Whoever takes a list away has read each name in it, and the record says so.
func TestAFileOfNamesIsAReadingOfEach(t *testing.T) {
	t.Parallel()
	w := newWorld(t, new(bytes.Buffer))
	var ids []uuid.UUID
	for i := range pageSize + 2 {
		ids = append(ids, w.request(fmt.Sprintf("Koval%02d", i), "Olha"))
	}
	w.fileOf(atRozzano, "/pratiche?formato=xlsx")
	w.follow()
	err := w.views.Read(t.Context(), func(v *projections.Snapshot) error {
		for _, id := range ids {
			seen, err := readings.Of(v, id, 0)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(seen, func(x readings.Row) bool { return x.Account == atRozzano.Account && len(x.Seen()) > 0 }) {
				t.Errorf("case %s: %+v", id, seen)
			}
		}
		return nil
	})
	w.check(err)
}

func TestWhoHasNoListHasNoFileOfIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, new(bytes.Buffer))
	for target, a := range map[string]domain.Actor{"/pratiche?formato=csv": atPrefettura, "/scuole?formato=xlsx": atRozzano, "/utenze/?formato=csv": atRozzano,
		"/registro/2022-04-04?formato=csv": atUST} {
		got := do(w.site.handler(), http.MethodGet, target, "", w.as(a))
		want := do(w.site.handler(), http.MethodGet, strings.Split(target, "?")[0], "", w.as(a))
		if got.Code != want.Code || want.Code == http.StatusOK && !strings.HasPrefix(got.Header().Get("Content-Type"), "text/csv") {
			t.Errorf("%s: %d, the page %d", target, got.Code, want.Code)
		}
	}
	if got := do(w.site.handler(), http.MethodGet, "/territorio/centri?formato=csv&tabella=nothing", "", w.as(atUST)); got.Code != http.StatusNotFound {
		t.Errorf("a table that is not there: %d", got.Code)
	}
	if got := do(w.site.handler(), http.MethodGet, "/pratiche?formato=pdf", "", w.as(atRozzano)); got.Code != http.StatusOK ||
		!strings.HasPrefix(got.Header().Get("Content-Type"), "text/html") || !strings.Contains(got.Body.String(), "formato=xlsx") && strings.Contains(got.Body.String(), "<table") {
		t.Errorf("another format: %d", got.Code)
	}
}

func TestAFileHasTheFiltersOfItsPageAndNotItsPlace(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "/pratiche?stato=requested&da=x&dopo=y&prima=z", nil)
	for i, want := range []string{"/pratiche?formato=csv&stato=requested&tabella=all", "/pratiche?formato=xlsx&stato=requested&tabella=all"} {
		if got := downloads(r, "all")[i].Href; got != want {
			t.Errorf("%s, not %s", got, want)
		}
	}
}
