package rest

import (
	"context"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/event"
	"approdo/domain/ledger"
)

// Ledger is what the API asks of whoever signs the journal; *notary.Notary is it.
type Ledger interface {
	VerifierKey() string
	Last(ctx context.Context) (ledger.Signed, error)
	Newest(ctx context.Context, below int64, limit int) ([]ledger.Signed, error)
	Checkpoint(ctx context.Context, size int64) (ledger.File, error)
	Continues(ctx context.Context, older, newer int64) (ledger.File, error)
	Inclusion(ctx context.Context, p event.Position) (ledger.File, error)
	InclusionOf(ctx context.Context, id uuid.UUID) (ledger.File, error)
}

// checkpoints are those that were signed, the newest first, and the key that tells that they were.
type checkpoints struct {
	VerifierKey string `json:"verifier_key"`
	page[checkpoint]
}

// checkpoint is one: Note is the file, to the byte.
type checkpoint struct {
	Records  int64     `json:"records"`
	SignedAt time.Time `json:"signed_at"`
	Note     string    `json:"note"`
}

func (a *api) listCheckpoints(r *http.Request) (answer, error) {
	if err := access.Large(actorOf(r.Context()), access.ReadDay); err != nil {
		return answer{}, err
	}
	q := queryOf(r)
	cursor, limit := q.text("cursor"), q.limit()
	below := int64(math.MaxInt64)
	if cursor != "" {
		var err error
		if below, err = strconv.ParseInt(cursor, 10, 64); err != nil || below < 1 {
			q.fail("cursor", "cursor-malformed")
		}
	}
	if err := q.err(); err != nil {
		return answer{}, err
	}
	found, err := a.Ledger.Newest(r.Context(), below, limit+1)
	if err != nil {
		return answer{}, err
	}
	next := ""
	if len(found) > limit {
		found = found[:limit]
		next = strconv.FormatInt(found[limit-1].Size, 10)
	}
	return answer{body: checkpoints{a.Ledger.VerifierKey(), pageOf(found, next, func(c ledger.Signed) checkpoint {
		return checkpoint{c.Size, c.At.UTC(), string(c.Note)}
	})}}, nil
}

// file serves a checkpoint or a proof as it is to be kept. None of them is about a person.
func (a *api) file(make func(*http.Request) (ledger.File, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		err := access.Large(actorOf(r.Context()), access.ReadDay)
		var f ledger.File
		if err == nil {
			f, err = make(r)
		}
		if err != nil {
			a.fail(w, r, err)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "text/plain; charset=utf-8")
		h.Set("Content-Disposition", `attachment; filename="`+f.Name+`"`)
		h.Set("Content-Length", strconv.Itoa(len(f.Text)))
		w.WriteHeader(http.StatusOK)
		if _, err := w.Write(f.Text); err != nil {
			a.Log.DebugContext(r.Context(), "client left", "request", visitOf(r.Context()).id)
		}
	}
}

func (a *api) readCheckpoint(r *http.Request) (ledger.File, error) {
	if err := queryOf(r).err(); err != nil {
		return ledger.File{}, err
	}
	text := chi.URLParam(r, "size")
	if text == "latest" {
		last, err := a.Ledger.Last(r.Context())
		if err != nil {
			return ledger.File{}, err
		}
		return a.Ledger.Checkpoint(r.Context(), last.Size)
	}
	size, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		size = 0 // which no checkpoint has
	}
	return a.Ledger.Checkpoint(r.Context(), size)
}

func (a *api) proveConsistency(r *http.Request) (ledger.File, error) {
	q := queryOf(r)
	older, newer := q.number("older", 1, math.MaxInt, 0), q.number("newer", 1, math.MaxInt, 0)
	for name, n := range map[string]int{"older": older, "newer": newer} {
		if n == 0 && q.text(name) == "" {
			q.fail(name, codeOutOfRange)
		}
	}
	if err := q.err(); err != nil {
		return ledger.File{}, err
	}
	return a.Ledger.Continues(r.Context(), int64(older), int64(newer))
}

// proveInclusion finds the record by its position or by its id.
func (a *api) proveInclusion(r *http.Request) (ledger.File, error) {
	q := queryOf(r)
	position, text := q.number("position", 1, math.MaxInt, 0), q.text("event_id")
	id, err := uuid.Parse(text)
	if text != "" && err != nil {
		q.fail("event_id", codeValueMalformed)
	}
	if (text == "") == (q.text("position") == "") {
		q.errs = append(q.errs, domain.Invalid(codeOutOfRange).On("position"))
	}
	if err := q.err(); err != nil {
		return ledger.File{}, err
	}
	if text != "" {
		return a.Ledger.InclusionOf(r.Context(), id)
	}
	return a.Ledger.Inclusion(r.Context(), event.Position(position))
}
