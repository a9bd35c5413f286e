package web

import (
	"context"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/event"
	"approdo/domain/ledger"
)

// Ledger is what the pages ask of whoever signs the journal; *notary.Notary is it.
type Ledger interface {
	VerifierKey() string
	Newest(ctx context.Context, below int64, limit int) ([]ledger.Signed, error)
	Refused(ctx context.Context) (code string, since time.Time, err error)
	Checkpoint(ctx context.Context, size int64) (ledger.File, error)
	Continues(ctx context.Context, older, newer int64) (ledger.File, error)
	Inclusion(ctx context.Context, p event.Position) (ledger.File, error)
	Selection(ctx context.Context, positions []event.Position, w io.Writer) error
}

const (
	proofsPath = "/registro/prove"
	// proofRows is how many checkpoints a page shows.
	proofRows = 50
)

func (s *site) proofRoutes(r chi.Router) {
	r.Get(proofsPath, s.page(s.proofs))
	r.Get(proofsPath+"/chiave", s.page(s.proofFile(func(*http.Request) (ledger.File, error) {
		return ledger.File{Name: "approdo-verifier-key.txt", Text: []byte(s.Ledger.VerifierKey() + "\n")}, nil
	})))
	r.Get(proofsPath+"/punti/{size}", s.page(s.proofFile(func(r *http.Request) (ledger.File, error) {
		return s.Ledger.Checkpoint(r.Context(), sizeOf(chi.URLParam(r, "size")))
	})))
	r.Get(proofsPath+"/continuita", s.page(s.proofFile(func(r *http.Request) (ledger.File, error) {
		older, newer := sizeOf(r.URL.Query().Get("da")), sizeOf(r.URL.Query().Get("a"))
		return s.Ledger.Continues(r.Context(), min(older, newer), max(older, newer))
	})))
	r.Get(proofsPath+"/eventi/{position}", s.page(s.proofFile(func(r *http.Request) (ledger.File, error) {
		return s.Ledger.Inclusion(r.Context(), event.Position(sizeOf(chi.URLParam(r, "position"))))
	})))
}

// proofPath leads to the proof that a record is in the journal.
func proofPath(p event.Position) string {
	return proofsPath + "/eventi/" + strconv.FormatUint(uint64(p), 10)
}

// sizeOf is 0, which no checkpoint and no record has, for what is no number.
func sizeOf(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// proofFile sends a file whose name holds numbers alone.
func (s *site) proofFile(make func(*http.Request) (ledger.File, error)) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := access.Large(actorOf(r), access.ReadDay); err != nil {
			return err
		}
		f, err := make(r)
		if err != nil {
			return err
		}
		h := w.Header()
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("Content-Disposition", `attachment; filename="`+f.Name+`"`)
		w.WriteHeader(http.StatusOK)
		w.Write(f.Text) // a browser that went away is no fault of ours
		return nil
	}
}

// proofsPage is what was signed, and the way to prove it.
type proofsPage struct {
	Callouts []Callout
	Key      string
	Facts    []Pair
	Between  *Form // two checkpoints
	Table    Table
}

var proofsView = view[proofsPage]{"ledger"}

func (s *site) proofs(w http.ResponseWriter, r *http.Request) error {
	if err := access.Large(actorOf(r), access.ReadDay); err != nil {
		return err
	}
	below := int64(math.MaxInt64)
	if from := sizeOf(r.URL.Query().Get("prima")); from > 0 {
		below = from
	}
	found, err := s.Ledger.Newest(r.Context(), below, proofRows+1)
	if err != nil {
		return err
	}
	code, since, err := s.Ledger.Refused(r.Context())
	if err != nil {
		return err
	}
	c := proofsPage{Key: s.Ledger.VerifierKey()}
	if code != "" {
		c.Callouts = []Callout{{Tone: Danger, Title: text("ledger.refused", "instant", since.In(domain.Rome).Format("02/01/2006 15:04")),
			Text: text("error." + code)}}
	}
	c.Table = Table{Caption: text("ledger.caption"), Columns: []Column{{Label: text("ledger.records")}, {Label: text("ledger.signed-at")},
		{Label: text("ledger.file")}}, Empty: Empty{Title: text("ledger.none"), Text: text("ledger.none-text")}}
	if len(found) > proofRows {
		found = found[:proofRows]
		c.Table.Pager.Next = proofsPath + "?prima=" + strconv.FormatInt(found[proofRows-1].Size, 10)
	}
	if below < math.MaxInt64 {
		c.Table.Pager.First = proofsPath
	}
	var choices []Option
	for _, x := range found {
		size := strconv.FormatInt(x.Size, 10)
		c.Table.Rows = append(c.Table.Rows, Row{Cells: []Cell{say(text("ledger.choice", "count", int(x.Size))), at(x.At), say(text("ledger.download")).to(proofsPath + "/punti/" + size)}})
		choices = append(choices, Option{Value: size, Label: say(text("ledger.choice", "count", int(x.Size)))})
	}
	if len(choices) > 1 {
		c.Between = newFilter(proofsPath+"/continuita", text("ledger.download-proof"),
			Field{Name: "da", Kind: FieldSelect, Label: text("ledger.older"), Options: choices, Filter: true},
			Field{Name: "a", Kind: FieldSelect, Label: text("ledger.newer"), Options: choices, Filter: true}).
			Set("da", choices[len(choices)-1].Value).Set("a", choices[0].Value)
	}
	return proofsView.show(s, w, r, http.StatusOK, text("ledger.title"), c, Crumb{text("audit.title"), "/registro"}, Crumb{Text: text("ledger.title")})
}
