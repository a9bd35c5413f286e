package web

import (
	"errors"
	"net/http"

	"approdo/domain"
)

// What goes wrong at this edge before the domain is asked.
var (
	errMethod      = &edgeError{http.StatusMethodNotAllowed}
	errCrossOrigin = domain.Forbidden("cross-origin")
	errTooLarge    = domain.Invalid("form-too-large")
	errMalformed   = domain.Invalid("form-malformed")
	errPanic       = errors.New("web: panic")
)

// edgeError is a status that no kind of domain.Error stands for.
type edgeError struct{ status int }

func (e *edgeError) Error() string { return http.StatusText(e.status) }

// statuses is the one table from kind to status.
var statuses = map[domain.Kind]int{
	domain.KindInvalid:      http.StatusUnprocessableEntity,
	domain.KindRefused:      http.StatusConflict,
	domain.KindConflict:     http.StatusConflict,
	domain.KindNotFound:     http.StatusNotFound,
	domain.KindForbidden:    http.StatusForbidden,
	domain.KindUnauthorised: http.StatusUnauthorized,
	domain.KindOverloaded:   http.StatusTooManyRequests,
	domain.KindUnavailable:  http.StatusServiceUnavailable,
}

// statusOf is 500 for whatever the domain did not name.
func statusOf(err error) int {
	if e, ok := errors.AsType[*edgeError](err); ok {
		return e.status
	}
	if e, ok := errors.AsType[*domain.Error](err); ok {
		return statuses[e.Kind]
	}
	if kind, ok := errors.AsType[domain.Kind](err); ok {
		return statuses[kind]
	}
	return http.StatusInternalServerError
}

// failure is what the error page shows.
type failure struct {
	Status int
	Title  Text
	Text   Text
	Reason *domain.Error // said instead of Text
	ID     string        // of the request, for whoever calls the help desk
	Back   string
}

var failureView = view[failure]{"error"}

// failures has a page for every status this edge gives.
var failures = map[int]failure{
	http.StatusForbidden:           {Title: text("fault.403"), Text: text("fault.403-text")},
	http.StatusNotFound:            {Title: text("fault.404"), Text: text("fault.404-text")},
	http.StatusMethodNotAllowed:    {Title: text("fault.405"), Text: text("fault.405-text")},
	http.StatusConflict:            {Title: text("fault.409"), Text: text("fault.409-text")},
	http.StatusUnprocessableEntity: {Title: text("fault.422"), Text: text("fault.422-text")},
	http.StatusTooManyRequests:     {Title: text("fault.429"), Text: text("fault.429-text")},
	http.StatusInternalServerError: {Title: text("fault.500"), Text: text("fault.500-text")},
	http.StatusServiceUnavailable:  {Title: text("fault.503"), Text: text("fault.503-text")},
}

// fail answers with the error page. Details of a fault of ours go to the log and nowhere else.
func (s *site) fail(w http.ResponseWriter, r *http.Request, err error) {
	status := statusOf(err)
	v := visitOf(r)
	switch status {
	case http.StatusUnauthorized:
		s.toSignIn(w, r)
		return
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		w.Header().Set("Retry-After", "30")
	case http.StatusInternalServerError:
		if !errors.Is(err, errPanic) {
			s.Log.ErrorContext(r.Context(), "fault", "request", v.id, "error", err.Error())
		}
	}
	f := failures[status]
	f.Status, f.ID, f.Back = status, v.id, "/"
	// Absent and hidden look the same: a code could tell them apart.
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Kind != domain.KindNotFound {
		f.Reason = e
	}
	if r.Method == http.MethodPost {
		f.Back = sourceOf(r)
	}
	if err := failureView.show(s, w, r, status, f.Title, f); err != nil {
		s.Log.ErrorContext(r.Context(), "fault", "request", v.id, "error", err.Error())
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}
