// Package reading is the access record: who saw which pupil's data, when, and on what ground. Whoever answers for the data of minors
// must be able to show it (GDPR art. 5(2) and 32; d.lgs. 196/2003 art. 2-sexies).
//
// A request that may show pupils' data carries a Sheet. Whatever opens a pupil's data to show it says so on the sheet, and gets
// ErrUnrecorded where there is none. Before the answer leaves, the sheet becomes one event of the journal, durable like any other; an
// answer whose reading cannot be recorded is not given.
//
// What the event says is sealed under a key of its month (Europe/Rome), so that a whole month can be forgotten when its time has come
// while the journal stays as it is and its ledger holds.
package reading

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/event"
)

// Category begins the name of every stream of the access record. A stream is one answer.
const Category = "reading-"

// Events is the table of stored names.
var Events = event.Table{event.TypeOf[PupilsRead]("reading.pupils-read"), event.TypeOf[NameOpened]("reading.name-opened")}

// PupilsRead says that an answer showed pupils' data. The record's own actor is the system: who it was is inside.
type PupilsRead struct {
	Answer domain.Sealed[Answer] `json:"answer"`
}

// Answer is one answer to one reader.
type Answer struct {
	By      domain.Actor `json:"by"`
	Request string       `json:"request"` // as the diary of the service has it
	Route   string       `json:"route"`   // "GET /pratiche/{case}"
	Pupils  []Pupils     `json:"pupils"`
	// Messages are the cases of which messages were shown; none of answers that were given before this was written down.
	Messages []Messages `json:"messages,omitzero"`
}

// Messages says up to which revision of a case an answer showed the messages.
type Messages struct {
	Case uuid.UUID      `json:"case"`
	Upto event.Revision `json:"upto"`
}

// Pupils are those of whom an answer showed the same fields on the same ground.
type Pupils struct {
	Ground access.Relation `json:"ground"`
	Fields []access.Field  `json:"fields"`
	Comune domain.Comune   `json:"comune"` // of domicile then
	Cases  []uuid.UUID     `json:"cases"`
}

// The refusals.
var (
	// ErrUnrecorded is a fault of the program: pupils' data was about to be shown where nobody records it.
	ErrUnrecorded = errors.New("reading: a pupil's data without an access record")
	// ErrNotKept means that the record could not be written now, and that nothing was shown.
	ErrNotKept = &domain.Error{Kind: domain.KindUnavailable, Code: "reading-not-kept"}
)

// Month names the month of an instant, in Rome: "2022-03".
func Month(at time.Time) string { return at.In(domain.Rome).Format("2006-01") }

// months is the namespace of their subjects.
var months = uuid.MustParse("5d9a2c1e-0f6b-4f5a-9c43-7a1e52b0c9d8")

// Subject is under whose key a month is sealed.
func Subject(month string) uuid.UUID { return uuid.NewSHA1(months, []byte(month)) }

// Sheet gathers what one answer shows. It may be used by many goroutines.
type Sheet struct {
	mu       sync.Mutex
	withheld bool
	shown    map[pupil]map[access.Field]bool
	said     map[uuid.UUID]event.Revision // the newest message of each case
}

type pupil struct {
	id     uuid.UUID
	ground access.Relation
	comune domain.Comune
}

type sheetKey struct{}

// NewContext begins a sheet.
func NewContext(ctx context.Context) (context.Context, *Sheet) {
	s := &Sheet{shown: map[pupil]map[access.Field]bool{}, said: map[uuid.UUID]event.Revision{}}
	return context.WithValue(ctx, sheetKey{}, s), s
}

// Withheld is a context in which no pupil's data is shown: for an answer whose reading could not be recorded.
func Withheld(ctx context.Context) context.Context {
	return context.WithValue(ctx, sheetKey{}, &Sheet{withheld: true})
}

// Unshown is a context for comparing a pupil's data with what is sent in. None of it may leave in an answer.
func Unshown(ctx context.Context) context.Context {
	ctx, _ = NewContext(ctx)
	return ctx
}

// May reports whether a pupil's data can be shown here at all; ErrUnrecorded where nobody would record it.
func May(ctx context.Context) (bool, error) {
	s, ok := ctx.Value(sheetKey{}).(*Sheet)
	if !ok {
		return false, ErrUnrecorded
	}
	return !s.withheld, nil
}

// Note says that fields of a pupil are shown: those that hold something and that the reader may see. It comes after May.
func Note(ctx context.Context, id uuid.UUID, ground access.Relation, comune domain.Comune, fields ...access.Field) {
	s := ctx.Value(sheetKey{}).(*Sheet)
	if len(fields) == 0 || s.withheld {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := pupil{id, ground, comune}
	if s.shown[p] == nil {
		s.shown[p] = map[access.Field]bool{}
	}
	for _, f := range fields {
		s.shown[p][f] = true
	}
}

// NoteMessage says that the words of the message at a revision of a case are shown. It comes beside Note.
func NoteMessage(ctx context.Context, id uuid.UUID, at event.Revision) {
	s := ctx.Value(sheetKey{}).(*Sheet)
	if s.withheld {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if newest, ok := s.said[id]; !ok || at > newest {
		s.said[id] = at
	}
}

// Messages gives up to where messages are on the sheet, in an order that depends on nothing else.
func (s *Sheet) Messages() (out []Messages) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, at := range s.said {
		out = append(out, Messages{id, at})
	}
	slices.SortFunc(out, func(a, b Messages) int { return slices.Compare(a.Case[:], b.Case[:]) })
	return out
}

// Pupils gives what is on the sheet, in an order that depends on nothing else.
func (s *Sheet) Pupils() []Pupils {
	s.mu.Lock()
	defer s.mu.Unlock()
	groups := map[string]*Pupils{}
	for p, fields := range s.shown {
		names := slices.Sorted(maps.Keys(fields))
		key := strings.Join([]string{string(p.ground), string(p.comune)}, "/")
		for _, f := range names {
			key += "/" + string(f)
		}
		if groups[key] == nil {
			groups[key] = &Pupils{Ground: p.ground, Fields: names, Comune: p.comune}
		}
		groups[key].Cases = append(groups[key].Cases, p.id)
	}
	var out []Pupils
	for _, key := range slices.Sorted(maps.Keys(groups)) {
		slices.SortFunc(groups[key].Cases, func(a, b uuid.UUID) int { return slices.Compare(a[:], b[:]) })
		out = append(out, *groups[key])
	}
	return out
}

// Recorder writes sheets into the journal.
type Recorder struct {
	store event.Store
	codec *event.Codec
	clock domain.Clock
}

// NewRecorder gives a recorder over a journal.
func NewRecorder(store event.Store, codec *event.Codec, clock domain.Clock) *Recorder {
	return &Recorder{store, codec, clock}
}

// tries bounds how often an append whose outcome is unknown is repeated.
const tries = 3

// Keep records a sheet and returns when that is durable; a sheet with nothing on it is not recorded. The error is ErrNotKept, with
// what happened.
func (r *Recorder) Keep(ctx context.Context, by domain.Actor, request, route string, s *Sheet) error {
	pupils := s.Pupils()
	if len(pupils) == 0 {
		return nil
	}
	if err := r.keep(ctx, Answer{By: by, Request: request, Route: route, Pupils: pupils, Messages: s.Messages()}); err != nil {
		return fmt.Errorf("%w: %w", ErrNotKept, err)
	}
	return nil
}

func (r *Recorder) keep(ctx context.Context, a Answer) error {
	id, at := uuid.Must(uuid.NewV7()), r.clock().UTC()
	stream := Category + id.String()
	e := PupilsRead{Answer: domain.Open(Subject(Month(at)), domain.ClassPersonal, a)}
	draft, err := r.codec.Encode(ctx, stream, 0, event.DeriveID(id, stream, 0), e, event.Meta{Actor: domain.System, At: at, Command: id, Correlation: id})
	if err != nil {
		return err
	}
	for try := 1; ; try++ {
		_, err = r.store.Append(ctx, event.Append{Stream: stream, Expected: event.NoStream, Events: []event.Draft{draft}})
		if !errors.Is(err, event.ErrUnknownOutcome) || try == tries || ctx.Err() != nil {
			return err
		}
	}
}

// Read yields the answers of a journal in order. Of those whose month is forgotten only when they were given is left.
func Read(ctx context.Context, store event.Store, codec *event.Codec) iter.Seq2[Given, error] {
	return func(yield func(Given, error) bool) {
		for page, err := range store.ReadAll(ctx, 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{Category}}}) {
			if err != nil {
				yield(Given{}, err)
				return
			}
			for _, r := range page.Records {
				a, err := open(ctx, codec, r)
				forgotten := errors.Is(err, domain.ErrForgotten)
				if forgotten {
					err = nil
				}
				if !yield(Given{a, r.Meta.At, forgotten}, err) || err != nil {
					return
				}
			}
		}
	}
}

// Given is an answer and when it was given (UTC).
type Given struct {
	Answer
	At        time.Time
	Forgotten bool // its month is: the answer is empty
}

func open(ctx context.Context, codec *event.Codec, r event.Record) (Answer, error) {
	e, err := codec.Decode(r)
	if err != nil {
		return Answer{}, err
	}
	read, ok := e.(PupilsRead)
	if !ok {
		return Answer{}, fmt.Errorf("%w: %s in %s", event.ErrUnknownEvent, r.Type, r.Stream)
	}
	return read.Answer.Unseal(ctx, codec.Sealer())
}
