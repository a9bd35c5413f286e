package web

import (
	"context"
	"maps"
	"net/http"
	"slices"

	"github.com/go-chi/chi/v5"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/policy"
	"approdo/projections"
)

// Policies is what the pages ask of what reacts to the journal; *feed.Router is it.
type Policies interface {
	Positions() map[string]event.Position
	Parked(ctx context.Context) ([]policy.Parked, error)
	Release(ctx context.Context, id uuid.UUID) error
	Drop(ctx context.Context, id uuid.UUID, by domain.Actor, reason policy.DropReason) error
}

func (s *site) operationRoutes(r chi.Router) {
	r.Route("/funzionamento", func(r chi.Router) {
		r.Get("/", s.page(s.operations))
		r.Get("/{parked}", s.page(s.parked))
		r.Post("/{parked}/riprova", s.page(s.releasePost))
		r.Post("/{parked}/rinuncia", s.page(s.dropPost))
	})
}

func (s *site) operations(w http.ResponseWriter, r *http.Request) error {
	if err := access.Large(actorOf(r), access.ReadOperations); err != nil {
		return err
	}
	views, err := s.Views.Status(r.Context())
	if err != nil {
		return err
	}
	parked, err := s.Policies.Parked(r.Context())
	if err != nil {
		return err
	}
	head := event.Position(0)
	for _, v := range views {
		head = max(head, v.Head)
	}
	lists, reactions, stuck := s.viewTable(views), s.policyTable(head, parked), s.parkedTable(parked)
	c := sheet{Title: text("operations.title"), Lead: text("operations.lead"), Actions: []Action{{text("operations.notices"), mailsPath}}, Facts: []Pair{{text("operations.head"), count(int(head))}, {text("operations.as-of"), at(s.Clock())}},
		Parts: []part{{ID: "parked", Title: text("operations.parked"), Text: text("operations.parked-text"), Table: &stuck},
			{ID: "views", Title: text("operations.views"), Text: text("operations.views-text"), Table: &lists},
			{ID: "policies", Title: text("operations.policies"), Text: text("operations.policies-text"), Table: &reactions}}}
	if len(parked) == 0 {
		c.Callouts = []Callout{{Tone: Success, Title: text("operations.nothing-parked")}}
	} else {
		c.Callouts = []Callout{{Tone: Danger, Title: text("operations.some-parked", "count", len(parked))}}
	}
	for _, v := range views {
		if v.State == projections.Halted {
			c.Callouts = append(c.Callouts, Callout{Tone: Danger, Title: text("operations.view-halted"), Text: text("operations.view-halted-text")})
			break
		}
	}
	return c.show(s, w, r)
}

var viewTones = map[projections.State]Tone{projections.Live: Success, projections.Building: Info, projections.Halted: Danger}

func (s *site) viewTable(views []projections.Status) Table {
	t := Table{Caption: text("operations.views-caption"), Columns: []Column{{Label: text("operations.view")}, {Label: text("list.status")},
		{Label: text("operations.position"), Numeric: true}, {Label: text("operations.lag"), Numeric: true}}}
	for _, v := range views {
		state := badge(viewTones[v.State], text("view-state."+string(v.State)))
		var tone Tone
		switch {
		case v.State == projections.Halted:
			tone = Danger
			state = state.over(s.wordsFor("view-reason.", string(v.Reason)).over(say(text("operations.stuck", "position", int(v.Stuck)))))
		case v.Build != nil:
			state = state.over(say(text("operations.progress", "position", int(v.Build.Position), "head", int(v.Build.Head))))
		}
		t.Rows = append(t.Rows, Row{Tone: tone, Cells: []Cell{s.wordsFor("view.", v.Projection), state, count(int(v.Position)), count(int(v.Lag()))}})
	}
	return t
}

func (s *site) policyTable(head event.Position, parked []policy.Parked) Table {
	t := Table{Caption: text("operations.policies-caption"), Columns: []Column{{Label: text("operations.policy")}, {Label: text("operations.position"), Numeric: true},
		{Label: text("operations.lag"), Numeric: true}, {Label: text("operations.stopped"), Numeric: true}}}
	stopped := map[string]int{}
	for _, p := range parked {
		stopped[p.Policy]++
	}
	positions := s.Policies.Positions()
	for _, name := range slices.Sorted(maps.Keys(positions)) {
		at := positions[name]
		t.Rows = append(t.Rows, Row{Cells: []Cell{s.wordsFor("policy-name.", name), count(int(at)), count(int(max(head, at) - at)), count(stopped[name])}})
	}
	return t
}

func parkedPath(id uuid.UUID) string { return "/funzionamento/" + id.String() }

func (s *site) parkedTable(parked []policy.Parked) Table {
	t := Table{Caption: text("operations.parked-caption"), Columns: []Column{{Label: text("operations.policy")}, {Label: text("operations.act")}, {Label: text("operations.why")},
		{Label: text("operations.attempts"), Numeric: true}, {Label: text("operations.last")}},
		Empty: Empty{Title: text("operations.none"), Text: text("operations.none-text")}}
	for _, p := range parked {
		tone := Danger
		if p.Code == policy.CodeBehind {
			tone = Warning
		}
		t.Rows = append(t.Rows, Row{Tone: tone, Cells: []Cell{s.wordsFor("policy-name.", p.Policy).to(parkedPath(p.ID)), s.parkedAct(p), s.parkedWhy(p), count(p.Attempts), at(p.Last)}})
	}
	return t
}

// parkedAct says which record it is about; the clocks answer to none.
func (s *site) parkedAct(p policy.Parked) Cell {
	if p.Type == "" {
		return say(text("operations.no-record"))
	}
	return s.wordsFor("event.", p.Type)
}

// parkedWhy tells the code of the last error in words: those of the policies, else those of the refusals.
func (s *site) parkedWhy(p policy.Parked) Cell {
	if c := s.wordsFor("parked.", p.Code); !c.Text.IsZero() {
		return c
	}
	return s.wordsFor("error.", p.Code)
}

// parkedOf is the parked record the address names.
func (s *site) parkedOf(r *http.Request) (policy.Parked, error) {
	if err := access.Large(actorOf(r), access.ReadOperations); err != nil {
		return policy.Parked{}, err
	}
	id, err := uuid.Parse(chi.URLParam(r, "parked"))
	if err != nil {
		return policy.Parked{}, policy.ErrNotParked
	}
	all, err := s.Policies.Parked(r.Context())
	if err != nil {
		return policy.Parked{}, err
	}
	for _, p := range all {
		if p.ID == id {
			return p, nil
		}
	}
	return policy.Parked{}, policy.ErrNotParked
}

func releaseForm(id uuid.UUID) *Form {
	return newForm(parkedPath(id)+"/riprova", text("operations.release"))
}

func dropForm(id uuid.UUID) *Form {
	var why []Option
	for _, reason := range policy.DropReasons() {
		why = append(why, Option{Value: string(reason), Label: say(text("drop." + string(reason)))})
	}
	f := newForm(parkedPath(id)+"/rinuncia", text("operations.drop"), Field{Name: "reason", Kind: FieldRadios, Label: text("accounts.reason"), Options: why})
	f.Danger = true
	return f
}

func (s *site) parked(w http.ResponseWriter, r *http.Request) error {
	p, err := s.parkedOf(r)
	if err != nil {
		return err
	}
	return s.showParked(w, r, p, releaseForm(p.ID), dropForm(p.ID))
}

func (s *site) showParked(w http.ResponseWriter, r *http.Request, p policy.Parked, release, drop *Form) error {
	stream := code(p.Stream)
	if id := casefile.IDOf(p.Stream); id != uuid.Nil {
		stream = code(s.pseudonym(actorOf(r), id))
		if actorOf(r).Role == domain.RoleUST {
			stream = stream.to(trailPath(id))
		}
	}
	c := sheet{Title: text("operations.parked-title"), Facts: []Pair{{text("operations.policy"), s.wordsFor("policy-name.", p.Policy)}, {text("operations.act"), s.parkedAct(p)},
		{text("operations.stream"), stream}, {text("operations.position"), count(int(p.Position))}, {text("operations.why"), s.parkedWhy(p)},
		{text("operations.code"), code(p.Code)}, {text("operations.attempts"), count(p.Attempts)}, {text("operations.first"), at(p.First)}, {text("operations.last"), at(p.Last)}},
		Parts: []part{{ID: "release", Title: text("operations.release"), Text: text("operations.release-text"), Form: release},
			{ID: "drop", Title: text("operations.drop"), Text: text("operations.drop-text"), Form: drop}}}
	return c.show(s, w, r, Crumb{text("operations.title"), "/funzionamento"})
}

func (s *site) releasePost(w http.ResponseWriter, r *http.Request) error {
	p, err := s.parkedOf(r)
	if err != nil {
		return err
	}
	f := releaseForm(p.ID)
	if err := s.Policies.Release(r.Context(), p.ID); err != nil {
		if !f.refuse(err) {
			return err
		}
		return s.showParked(w, r, p, f, dropForm(p.ID))
	}
	s.redirect(w, r, "/funzionamento", "released")
	return nil
}

func (s *site) dropPost(w http.ResponseWriter, r *http.Request) error {
	p, err := s.parkedOf(r)
	if err != nil {
		return err
	}
	f := dropForm(p.ID)
	if err := f.read(r); err != nil {
		return err
	}
	reason := policy.DropReason(f.value("reason"))
	if !slices.Contains(policy.DropReasons(), reason) {
		f.refuse(policy.ErrDropReason)
		return s.showParked(w, r, p, releaseForm(p.ID), f)
	}
	if err := s.Policies.Drop(r.Context(), p.ID, actorOf(r), reason); err != nil {
		if !f.refuse(err) {
			return err
		}
		return s.showParked(w, r, p, releaseForm(p.ID), f)
	}
	s.redirect(w, r, "/funzionamento", "dropped")
	return nil
}
