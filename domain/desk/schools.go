package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/territory"
)

// schools keeps what the register says of every site, and since when, and reads only what was added since.
type schools struct {
	store event.Store
	codec *event.Codec

	mu    sync.Mutex
	after event.Position
	kept  map[domain.School]*sitePast
}

// sitePast is one site now, and all that led to it.
type sitePast struct {
	now  territory.SchoolState
	past []siteEvent
}

type siteEvent struct {
	at time.Time
	territory.SchoolEvent
}

func (s *schools) refresh(ctx context.Context) error {
	if s.kept == nil {
		s.kept = map[domain.School]*sitePast{}
	}
	for page, err := range s.store.ReadAll(ctx, s.after, event.ReadAll{Filter: event.Filter{Prefixes: []string{territory.SchoolCategory}}, PageSize: looked}) {
		if err != nil {
			return err
		}
		for _, r := range page.Records {
			decoded, err := s.codec.Decode(r)
			if err != nil {
				return err
			}
			e, ok := decoded.(territory.SchoolEvent)
			if !ok {
				return fmt.Errorf("%w: %s in %s", event.ErrUnknownEvent, r.Type, r.Stream)
			}
			code := domain.School(strings.TrimPrefix(r.Stream, territory.SchoolCategory))
			of := s.kept[code]
			if of == nil {
				of = &sitePast{}
				s.kept[code] = of
			}
			of.now, of.past = territory.EvolveSchool(of.now, e), append(of.past, siteEvent{r.Meta.At, e})
			s.after = r.Position
		}
		s.after = page.Checkpoint
	}
	return nil
}

// asOf is the site as it was known at an instant; the zero time is now.
func (p *sitePast) asOf(at time.Time) territory.SchoolState {
	if at.IsZero() {
		return p.now
	}
	known := slices.IndexFunc(p.past, func(e siteEvent) bool { return e.at.After(at) })
	if known < 0 {
		return p.now
	}
	var s territory.SchoolState
	for _, e := range p.past[:known] {
		s = territory.EvolveSchool(s, e.SchoolEvent)
	}
	return s
}

// Schools gives every site of the register as it was known at an instant (the zero time is now), those apart that no register held yet. Whoever reads it may read
// the register (access.ReadRegisters) or rank for a case.
func (d *Desk) Schools(ctx context.Context, at time.Time) ([]territory.SchoolState, error) {
	d.schools.mu.Lock()
	defer d.schools.mu.Unlock()
	if err := d.schools.refresh(ctx); err != nil {
		return nil, err
	}
	var out []territory.SchoolState
	for _, p := range d.schools.kept {
		if s := p.asOf(at); s.School.Code != "" {
			out = append(out, s)
		}
	}
	return out, nil
}
