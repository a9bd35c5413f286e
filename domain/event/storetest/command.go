package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
)

// counter is the smallest aggregate there is: it counts, up to ten.
type (
	add     struct{ N int }
	added   struct{ N int }
	counted int
)

var errFull = domain.Refused("counter-full")

var counter = event.Decider[counted, add, added]{
	Initial: func() counted { return 0 },
	Decide: func(c counted, a add) ([]added, error) {
		if int(c)+a.N > 10 {
			return nil, errFull
		}
		out := make([]added, a.N)
		for i := range out {
			out[i].N = 1
		}
		return out, nil
	},
	Evolve: func(c counted, e added) counted { return c + counted(e.N) },
}

var counterCodec = event.NewCodec(nil, event.Table{event.TypeOf[added]("counter.added")})

func (j *journal) count(s event.Store, n int, o event.Origin) (event.Outcome[counted, added], error) {
	return event.Execute(j.ctx, s, counterCodec, counter, "counter-1", add{n}, o)
}

func origin() event.Origin {
	return event.Origin{ID: uuid.Must(uuid.NewV7()), By: domain.System, At: time.Date(2022, 3, 14, 9, 0, 0, 0, time.UTC)}
}

// unsure loses the answer of its first append.
type unsure struct {
	event.Store
	lost bool
}

func (u *unsure) Append(ctx context.Context, a event.Append) (event.Result, error) {
	res, err := u.Store.Append(ctx, a)
	if !u.lost && err == nil {
		u.lost = true
		return event.Result{}, event.ErrUnknownOutcome
	}
	return res, err
}

// outrun lets somebody else append before its first append.
type outrun struct {
	event.Store
	other func()
}

func (o *outrun) Append(ctx context.Context, a event.Append) (event.Result, error) {
	if first := o.other; first != nil {
		o.other = nil
		first()
	}
	return o.Store.Append(ctx, a)
}

var commandRules = []rule{
	{"a command appends what it causes, caused by it", func(j *journal) {
		o := origin()
		out, err := j.count(j, 3, o)
		if err != nil || out.State != 3 || out.Last != 2 || len(out.Events) != 3 {
			j.Fatalf("%+v, %v", out, err)
		}
		for i, r := range j.stream("counter-1", event.ReadStream{}) {
			if r.Meta.Command != o.ID || r.Meta.Correlation != o.ID || r.ID != event.DeriveID(o.ID, "counter-1", i) {
				j.Errorf("record %d has id %s and metadata %+v", i, r.ID, r.Meta)
			}
		}
	}},
	{"a command carried out twice appends once", func(j *journal) {
		o := origin()
		first, err := j.count(j, 3, o)
		if err != nil {
			j.Fatal(err)
		}
		second, err := j.count(j, 3, o)
		if err != nil || !second.Duplicate || len(second.Events) != 0 || second.State != 3 || second.Position != first.Position {
			j.Errorf("%+v, %v", second, err)
		}
		j.unchanged(first.Position)
	}},
	{"a command carried out twice at the same time appends once", func(j *journal) {
		o := origin()
		j.together(6, func(int) error {
			_, err := j.count(j, 3, o)
			return err
		})
		if n := len(j.stream("counter-1", event.ReadStream{})); n != 3 {
			j.Errorf("%d records, want 3", n)
		}
	}},
	{"a command that causes nothing appends nothing", func(j *journal) {
		out, err := j.count(j, 0, origin())
		if err != nil || out.Last != -1 || out.State != 0 {
			j.Errorf("%+v, %v", out, err)
		}
		j.unchanged(0)
	}},
	{"a command that a rule forbids appends nothing", func(j *journal) {
		if _, err := j.count(j, 11, origin()); !errors.Is(err, errFull) {
			j.Errorf("error is %v", err)
		}
		j.unchanged(0)
	}},
	{"a command whose outcome was unknown is settled and appends once", func(j *journal) {
		out, err := j.count(&unsure{Store: j.Store}, 3, origin())
		if err != nil || out.State != 3 || out.Last != 2 {
			j.Errorf("%+v, %v", out, err)
		}
		if n := len(j.stream("counter-1", event.ReadStream{})); n != 3 {
			j.Errorf("%d records, want 3", n)
		}
	}},
	{"a command that was outrun is decided anew on what is there", func(j *journal) {
		out, err := j.count(&outrun{j.Store, func() { j.add("counter-1", noStream, counterEvent()) }}, 10, origin())
		if !errors.Is(err, errFull) {
			j.Errorf("%+v, %v", out, err)
		}
		out, err = j.count(&outrun{j.Store, func() { j.add("counter-1", 0, counterEvent()) }}, 3, origin())
		if err != nil || out.State != 5 || out.Last != 4 {
			j.Errorf("%+v, %v", out, err)
		}
	}},
	{"a command on a revision that was seen is a conflict once the stream has moved on", func(j *journal) {
		seen := j.add("counter-1", noStream, counterEvent()).Last
		o := origin()
		o.Expected = &seen
		if _, err := j.count(j, 1, o); err != nil {
			j.Fatal(err)
		}
		o.ID = uuid.Must(uuid.NewV7())
		var conflict *event.ConflictError
		if _, err := j.count(j, 1, o); !errors.As(err, &conflict) || conflict.Actual != 1 {
			j.Errorf("error is %v", err)
		}
	}},
	{"commands at the same time leave the sum of what they did", func(j *journal) {
		j.together(5, func(int) error {
			_, err := j.count(j, 2, origin())
			return err
		})
		out, err := event.Load(j.ctx, j.Store, counterCodec, counter, "counter-1")
		if err != nil || out.State != 10 || out.Last != 9 {
			j.Errorf("%+v, %v", out, err)
		}
	}},
	{"an event this program does not know stops a command", func(j *journal) {
		j.add("counter-1", noStream, draft())
		if _, err := j.count(j, 1, origin()); !errors.Is(err, event.ErrUnknownEvent) {
			j.Errorf("error is %v", err)
		}
	}},
}

func counterEvent() event.Draft {
	d := draft()
	d.Type, d.Data = "counter.added", []byte(`{"N":1}`)
	return d
}
