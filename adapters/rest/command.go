package rest

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/desk"
	"approdo/domain/event"
)

// order is a command on its way: who gives it, under which ticket, to what.
type order struct {
	ctx    context.Context
	r      *http.Request
	actor  domain.Actor
	act    domain.Act // the actor's, now
	ticket desk.Ticket
}

// origin is for what does not go through the desk.
func (o order) origin() event.Origin { return event.Origin{ID: o.ticket.ID, By: o.actor, At: o.act.At} }

// id is that of the path; nil, which nothing has, where it is none.
func (o order) id(name string) uuid.UUID { return pathID(o.r, name) }

func pathID(r *http.Request, name string) uuid.UUID {
	id, err := uuid.Parse(chi.URLParam(r, name))
	if err != nil {
		return uuid.Nil
	}
	return id
}

// deed is what came of a command.
type deed struct {
	status   int    // 0: 200
	location string // of what was created
	position event.Position
	once     string // told to whoever did it, and not to whoever repeats it: a link
}

// subject is what a deed was done to: what it created, or else what the path names.
func (o order) subject(d deed) uuid.UUID {
	if id, err := uuid.Parse(d.location[strings.LastIndexByte(d.location, '/')+1:]); err == nil {
		return id
	}
	return o.id("id")
}

// created is the deed that began something.
func created(location string, position event.Position) deed {
	return deed{status: http.StatusCreated, location: location, position: position}
}

// viewsWait is how long a command waits for the views, so that the next request sees what it did.
const viewsWait = time.Second

// post serves a command. Do carries it out; show says how things stand afterwards, also to a client that comes again with a key it
// used before: then nothing is done.
func post[In any](a *api, do func(order, In) (deed, error), show func(order, deed) (answer, error)) http.HandlerFunc {
	return a.read(func(r *http.Request) (answer, error) {
		actor := actorOf(r.Context())
		o := order{ctx: r.Context(), r: r, actor: actor, act: a.Desk.Act(actor), ticket: desk.NewTicket()}
		body, err := bodyOf(r)
		if err != nil {
			return answer{}, err
		}
		if o.ticket.Expected, err = expectedOf(r); err != nil {
			return answer{}, err
		}
		k, d, err := a.claim(&o, body)
		if err != nil {
			return answer{}, err
		}
		if d.status == 0 {
			in, err := decode[In](body)
			if err != nil {
				return answer{}, err
			}
			if d, err = do(o, in); err != nil {
				return answer{}, err
			}
			d.status = max(d.status, http.StatusOK)
			a.keep(o, k, d)
			a.await(o.ctx, d.position)
		}
		out, err := show(o, d)
		out.status, out.location = d.status, d.location
		return out, err
	})
}

// key names a keyed request in the store of answers; nil where there is no key.
type key []byte

// claim looks whether the request was answered before; the deed is zero where it was not.
func (a *api) claim(o *order, body []byte) (key, deed, error) {
	text := o.r.Header.Get("Idempotency-Key")
	if text == "" {
		return nil, deed{}, nil
	}
	if len(text) > 128 || strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c > '~' }) {
		return nil, deed{}, errKey
	}
	text += " " + o.r.Method + " " + o.r.URL.Path
	o.ticket.ID = desk.KeyedTicket(o.actor, text).ID
	k := key(a.Tokens.Of("idempotency-key", text))
	same, status, position, location, err := a.Answers.Claim(o.ctx, o.actor.Account, k, a.Tokens.Of("request-body", string(body)), a.Clock())
	switch {
	case err != nil:
		return nil, deed{}, err
	case !same:
		return nil, deed{}, errKeyReused
	}
	return k, deed{status: status, position: event.Position(position), location: location}, nil
}

// keep remembers what came of a keyed request. What was done is done: a store that fails now costs a repetition its answer, and the
// command's id still keeps it from acting twice.
func (a *api) keep(o order, k key, d deed) {
	if k == nil {
		return
	}
	err := a.Answers.Answer(context.WithoutCancel(o.ctx), o.actor.Account, k, d.status, uint64(d.position), d.location)
	if err != nil {
		a.Log.WarnContext(o.ctx, "answer not kept", "request", visitOf(o.ctx).id, "error", err.Error())
	}
}

// await lets the views come up. Where they do not, the command is no less done.
func (a *api) await(ctx context.Context, at event.Position) {
	ctx, cancel := context.WithTimeout(ctx, viewsWait)
	defer cancel()
	if err := a.Views.Await(ctx, at); err != nil {
		a.Log.WarnContext(ctx, "views behind", "request", visitOf(ctx).id, "error", err.Error())
	}
}

// expectedOf reads If-Match: one entity tag as GET gave it, or * for any.
func expectedOf(r *http.Request) (*event.Revision, error) {
	text := strings.TrimSpace(r.Header.Get("If-Match"))
	if text == "" || text == "*" {
		return nil, nil
	}
	digits, quoted := strings.CutPrefix(text, `"`)
	digits, closed := strings.CutSuffix(digits, `"`)
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || !quoted || !closed || n < 0 {
		return nil, errIfMatch
	}
	revision := event.Revision(n)
	return &revision, nil
}

// renamed gives fields at fault the names they have here.
func renamed(err error, from, to string) error {
	if all, ok := errors.AsType[domain.Errors](err); ok {
		out := make(domain.Errors, len(all))
		for i, e := range all {
			if out[i] = e; e.Field == from {
				out[i] = e.On(to)
			}
		}
		return out
	}
	if e, ok := errors.AsType[*domain.Error](err); ok && e.Field == from {
		return e.On(to)
	}
	return err
}
