package rest

import (
	"bytes"
	_ "embed"
	"net/http"
	"time"

	"approdo/projections"
)

// viewState is how a view is doing. Lag is how far it is behind the journal, in positions.
type viewState struct {
	View  string            `json:"view"`
	State projections.State `json:"state"`
	Lag   int64             `json:"lag"`
}

// status tells whether the service is up: it is not while the journal cannot be read or a view has no tables yet. A view that halted
// serves what it has and says so: whoever takes traffic away for that would take the service away.
func (a *api) status(w http.ResponseWriter, r *http.Request) {
	all, err := a.Views.Status(r.Context())
	lang := visitOf(r.Context()).lang
	p := problem{Type: "about:blank", Status: http.StatusOK, Views: []viewState{}}
	for _, s := range all {
		p.Views = append(p.Views, viewState{s.Projection, s.State, int64(min(s.Lag(), 1<<62))})
		if s.State == projections.Building {
			p.Status = http.StatusServiceUnavailable
		}
	}
	if err != nil {
		a.Log.ErrorContext(r.Context(), "status", "error", err.Error())
		p.Status = http.StatusServiceUnavailable
	}
	p.Title = a.texts.say("up", lang, nil)
	if p.Status != http.StatusOK {
		p.Title = a.texts.say("down", lang, nil)
		w.Header().Set("Retry-After", retryAfter)
	}
	p.Detail = p.Title
	a.send(w, r, p.Status, "application/problem+json", p)
}

//go:embed openapi.yaml
var openapi []byte

// document serves the contract.
func document(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/yaml; charset=utf-8")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(openapi))
}
