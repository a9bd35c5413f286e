package rest

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"approdo/domain"
	"approdo/domain/event"
)

// problem is what every error is told as (RFC 9457). Type is a name and leads nowhere; Code is its last part.
type problem struct {
	Type     string       `json:"type"`
	Title    string       `json:"title"`
	Status   int          `json:"status"`
	Detail   string       `json:"detail,omitzero"`
	Instance string       `json:"instance,omitzero"` // of the request, for whoever calls the help desk
	Code     string       `json:"code,omitzero"`
	Errors   []fieldError `json:"errors,omitzero"`
	Views    []viewState  `json:"views,omitzero"` // of /status alone
}

type fieldError struct {
	Field  string `json:"field"`
	Code   string `json:"code"`
	Detail string `json:"detail"`
}

// edgeError is what goes wrong at this edge before the domain is asked.
type edgeError struct {
	status int
	code   string
}

func (e *edgeError) Error() string { return "rest: " + e.code }

var (
	errPath      = &edgeError{status: http.StatusNotFound, code: "path-not-found"}
	errMethod    = &edgeError{status: http.StatusMethodNotAllowed, code: "method-not-allowed"}
	errMediaType = &edgeError{status: http.StatusUnsupportedMediaType, code: "media-type-unsupported"}
	errTooLarge  = &edgeError{status: http.StatusRequestEntityTooLarge, code: "body-too-large"}
	errMalformed = &edgeError{status: http.StatusBadRequest, code: "json-malformed"}
	errIfMatch   = &edgeError{status: http.StatusBadRequest, code: "if-match-malformed"}
	errKey       = &edgeError{status: http.StatusBadRequest, code: "idempotency-key-malformed"}
	errNoKey     = &edgeError{status: http.StatusBadRequest, code: "idempotency-key-missing"}
	errKeyReused = &edgeError{status: http.StatusUnprocessableEntity, code: "idempotency-key-reused"}
	errTooMany   = &edgeError{status: http.StatusTooManyRequests, code: "too-many-requests"}
	errPanic     = errors.New("rest: panic")
)

// statuses is the one table from kind to status.
var statuses = map[domain.Kind]int{
	domain.KindInvalid:      http.StatusUnprocessableEntity,
	domain.KindRefused:      http.StatusConflict,
	domain.KindNotFound:     http.StatusNotFound,
	domain.KindForbidden:    http.StatusForbidden,
	domain.KindConflict:     http.StatusConflict,
	domain.KindUnauthorised: http.StatusUnauthorized,
	domain.KindOverloaded:   http.StatusServiceUnavailable,
	domain.KindUnavailable:  http.StatusServiceUnavailable,
}

// problemOf says what an error is to the client. Conditional: the request came with If-Match.
func problemOf(err error, conditional bool) problem {
	if e, ok := errors.AsType[*edgeError](err); ok {
		return named(e.status, e.code)
	}
	if all, ok := errors.AsType[domain.Errors](err); ok && len(all) > 0 {
		p := named(statuses[domain.KindInvalid], "fields-invalid")
		for _, e := range all {
			p.Errors = append(p.Errors, fieldError{Field: e.Field, Code: e.Code})
		}
		return p
	}
	if _, moved := errors.AsType[*event.ConflictError](err); moved && conditional {
		return named(http.StatusPreconditionFailed, "revision-stale")
	}
	if e, ok := errors.AsType[*domain.Error](err); ok {
		status := statuses[e.Kind]
		switch {
		case e.Kind == domain.KindNotFound && e.Field != "": // what a field names, and not what the path does
			status = http.StatusUnprocessableEntity
		case e.Kind == domain.KindOverloaded && e.Detail["seconds"] != "": // a limit of the caller's own
			status = http.StatusTooManyRequests
		}
		return named(status, e.Code, fieldError{Field: e.Field, Code: e.Code})
	}
	if kind, ok := errors.AsType[domain.Kind](err); ok && statuses[kind] != 0 {
		return named(statuses[kind], string(kind))
	}
	return problem{Type: "about:blank", Status: http.StatusInternalServerError}
}

func named(status int, code string, at ...fieldError) problem {
	p := problem{Type: "urn:approdo:problem:" + code, Status: status, Code: code}
	for _, e := range at {
		if e.Field != "" {
			p.Errors = append(p.Errors, e)
		}
	}
	return p
}

// retryAfter is how long to wait, in seconds, where nobody knows better.
const retryAfter = "2"

// absentAfter is when an answer that something is not there leaves at the earliest: reading somebody else's case and finding none
// then take as long.
const absentAfter = 20 * time.Millisecond

// fail answers with a problem. Details of a fault of ours go to the log and nowhere else.
func (a *api) fail(w http.ResponseWriter, r *http.Request, err error) {
	ctx, v, h := r.Context(), visitOf(r.Context()), w.Header()
	p := problemOf(err, r.Header.Get("If-Match") != "")
	a.tell(&p, v.lang, err)
	p.Instance = "urn:uuid:" + v.id
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="approdo"`)
	case http.StatusNotFound:
		p.Instance = "" // absent and hidden are answered alike, to the byte
		wait(ctx, absentAfter-time.Since(v.began))
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		if h.Get("Retry-After") == "" {
			h.Set("Retry-After", seconds(err))
		}
	case http.StatusInternalServerError:
		if !errors.Is(err, errPanic) && ctx.Err() == nil {
			a.Log.ErrorContext(ctx, "fault", "request", v.id, "error", err.Error())
		}
	}
	a.send(w, r, p.Status, "application/problem+json", p)
}

// tell puts a problem into words.
func (a *api) tell(p *problem, l lang, err error) {
	p.Title = a.texts.say(strconv.Itoa(p.Status), l, nil)
	if p.Code == "" {
		return
	}
	p.Detail = a.texts.say(p.Code, l, detailOf(err, p.Code))
	if p.Detail == "" {
		p.Detail = p.Title
	}
	for i, e := range p.Errors {
		p.Errors[i].Detail = a.texts.say(e.Code, l, detailOf(err, e.Code))
		if p.Errors[i].Detail == "" {
			p.Errors[i].Detail = p.Title
		}
	}
}

// detailOf finds the values for the text of a code.
func detailOf(err error, code string) map[string]string {
	if all, ok := errors.AsType[domain.Errors](err); ok {
		for _, e := range all {
			if e.Code == code {
				return e.Detail
			}
		}
	}
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return e.Detail
	}
	return nil
}

func seconds(err error) string {
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Detail["seconds"] != "" {
		return e.Detail["seconds"]
	}
	return retryAfter
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-time.After(d):
	case <-ctx.Done():
	}
}

// send writes a JSON document in one piece, so that a fault while encoding never leaves half of one.
func (a *api) send(w http.ResponseWriter, r *http.Request, status int, mediaType string, body any) {
	b, err := json.Marshal(body)
	if err != nil {
		a.Log.ErrorContext(r.Context(), "fault", "request", visitOf(r.Context()).id, "error", "rest: encode: "+err.Error())
		status, b, mediaType = http.StatusInternalServerError, []byte(`{"type":"about:blank","title":"Internal Server Error","status":500}`), "application/problem+json"
	}
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Content-Length", strconv.Itoa(len(b)))
	if mediaType == "application/problem+json" {
		h.Set("Content-Language", string(visitOf(r.Context()).lang))
	}
	w.WriteHeader(status)
	if _, err := w.Write(b); err != nil {
		a.Log.DebugContext(r.Context(), "client left", "request", visitOf(r.Context()).id)
	}
}
