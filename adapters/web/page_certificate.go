package web

import (
	"context"
	"net/http"
	"strconv"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/domain/desk"
)

// certificate is a document to hand over after an erasure: who decided it, and what was destroyed; nothing of the pupil.
func (s *site) certificate(w http.ResponseWriter, r *http.Request) error {
	id, err := caseID(r)
	if err != nil {
		return err
	}
	a := actorOf(r)
	all, err := s.Desk.Certificates(r.Context(), a, id)
	if err != nil {
		return err
	}
	destroyed, err := s.Forgetting.Destroyed(r.Context(), id)
	if err != nil {
		return err
	}
	generation, err := s.Forgetting.Generation(r.Context())
	if err != nil {
		return err
	}
	c := sheet{Title: text("certificate.title"), Lead: text("certificate.lead"), Facts: []Pair{{text("certificate.case"), code(id.String())}}}
	for _, x := range all {
		p := progressOf(destroyed[id], x.Scope, x.Position, s.Forgetting.Cleaned())
		if !p.done() && len(c.Callouts) == 0 {
			c.Callouts = []Callout{{Tone: Warning, Title: text("error.certificate-not-ready"), Text: text("certificate.not-ready")}}
		}
		decided, err := s.decisionPart(r.Context(), x)
		if err != nil {
			return err
		}
		c.Parts = append(c.Parts, decided, s.destroyedPart(x, destroyed[id], p, generation))
	}
	c.Parts = append(c.Parts, part{Text: text("certificate.remains")}, part{Text: text("certificate.print")})
	return c.show(s, w, r, Crumb{text("cases.title"), "/pratiche"}, Crumb{namelessText(id), "/pratiche/" + id.String()})
}

// decisionPart says what was erased, why, and by whom.
func (s *site) decisionPart(ctx context.Context, x desk.Certificate) (part, error) {
	facts := []Pair{{text("certificate.ground"), s.wordsFor("erasure.", string(x.Ground))}}
	if x.Register != "" {
		facts = append(facts, Pair{text("certificate.register"), plain(x.Register)}, Pair{text("certificate.since"), on(x.Since)})
	}
	if x.Proposed.Role != "" {
		by, err := s.stepCell(ctx, x.Proposed)
		if err != nil {
			return part{}, err
		}
		facts = append(facts, Pair{text("certificate.proposed-by"), by})
	}
	by, err := s.stepCell(ctx, x.Approved)
	if err != nil {
		return part{}, err
	}
	label := text("certificate.approved-by")
	if x.Ground == casefile.GroundRestored {
		label = text("certificate.restored-by")
	}
	return part{ID: "decided-" + x.Event.String(), Title: scopeText(x.Scope), Facts: append(facts, Pair{label, by})}, nil
}

// stepCell names who took a step: the person, the role, and when.
func (s *site) stepCell(ctx context.Context, x desk.Step) (Cell, error) {
	when := say(roleText(x.Role)).over(at(x.At))
	if x.Role == domain.RoleSystem {
		return when, nil
	}
	who, err := s.personCell(ctx, x.Account)
	return who.over(when), err
}

// destroyedPart says what of it is done, and where it stands in the journal.
func (s *site) destroyedPart(x desk.Certificate, d desk.Destroyed, p progress, generation int64) part {
	state := func(done bool) Cell {
		if done {
			return badge(Success, text("certificate.done"))
		}
		return badge(Warning, text("certificate.waiting"))
	}
	var facts []Pair
	if x.Scope == casefile.ErasePupil {
		facts = append(facts, Pair{text("certificate.keys-personal"), state(!d.Personal.IsZero()).over(at(d.Personal))})
	}
	facts = append(facts, Pair{text("certificate.keys-special"), state(!d.Special.IsZero()).over(at(d.Special))},
		Pair{text("certificate.generation"), plain(strconv.FormatInt(generation, 10))}, Pair{text("certificate.views"), state(p.clean)},
		Pair{text("certificate.files"), state(p.clean).over(say(text("certificate.files-text")))},
		Pair{text("certificate.position"), plain(strconv.FormatUint(uint64(x.Position), 10))}, Pair{text("certificate.event"), code(x.Event.String())},
		Pair{text("certificate.proof"), say(text("certificate.proof-open")).to("/registro/prove/eventi/" + strconv.FormatUint(uint64(x.Position), 10))})
	return part{ID: "destroyed-" + x.Event.String(), Title: text("certificate.destroyed"), Facts: facts}
}
