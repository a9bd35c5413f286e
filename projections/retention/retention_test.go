package retention

import (
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/casefile"
	"approdo/projections/viewtest"
)

var (
	ust     = domain.Actor{Account: uuid.MustParse("018f0000-0000-7000-8000-0000000000b1"), Role: domain.RoleUST}
	closing = domain.DateOf(viewtest.Begin).AddDays(30)
	over    = casefile.CaseClosed{Reason: "moved-abroad", On: closing}
)

func row(t *testing.T, j *viewtest.Journal, id uuid.UUID) Row {
	t.Helper()
	r, ok := cases.Get(j.Fold(Projection()), id)
	if !ok {
		t.Fatal("no row")
	}
	return r
}

func TestARowFollowsItsCase(t *testing.T) {
	t.Parallel()
	id, into, proposal := uuid.New(), uuid.New(), uuid.New()
	stream := casefile.Stream(id)
	j := viewtest.New(t).Request(id, "015189", "CTI-25", "Shevchenko", "Olha")
	if r := row(t, j, id); r.Comune != "015189" || !r.EndedOn.IsZero() || r.Health {
		t.Errorf("requested: %+v", r)
	}
	health := domain.Open(id, domain.ClassSpecial, casefile.Health{Vaccination: casefile.HealthPending})
	j.Add(stream, ust, casefile.RequestAmended{Pupil: casefile.Pupil{Health: health}}, over)
	if r := row(t, j, id); r.EndedOn != closing || !r.Health {
		t.Errorf("closed: %+v", r)
	}
	proposed := casefile.ErasureProposed{Proposal: proposal, Scope: casefile.ErasePupil, Ground: casefile.GroundRequest, By: ust.Account, At: viewtest.Begin}
	waiting := row(t, j.Add(stream, ust, proposed), id)
	if waiting.Proposal != proposal || waiting.ProposedBy != ust.Account {
		t.Errorf("proposed: %+v", waiting)
	}
	for name, e := range map[string]casefile.Event{"rejected": casefile.ErasureRejected{Proposal: proposal}, "reopened": casefile.CaseReopened{At: viewtest.Begin},
		"parted": casefile.CaseParted{From: into}, "erased": casefile.PupilErased{Ground: casefile.GroundRequest},
		"health erased": casefile.HealthErased{Ground: casefile.GroundRequest}} {
		r := waiting.with(e)
		if r.Proposal != uuid.Nil || !r.ProposedAt.IsZero() || r.Erased != (name == "erased") || name == "health erased" && r.Health {
			t.Errorf("%s: %+v", name, r)
		}
	}
	limited := waiting.with(casefile.CaseRestricted{Reason: "objection"})
	if limited.Restricted != "objection" || limited.with(casefile.RestrictionLifted{}) != waiting {
		t.Errorf("restricted: %+v", limited)
	}
	if joined := waiting.with(casefile.CaseMerged{Into: into}); joined.MergedInto != into {
		t.Errorf("merged: %+v", joined)
	}
}

func TestAnErasureIsRemembered(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	j := viewtest.New(t).Request(id, "015189", "CTI-25", "Shevchenko", "Olha")
	j.Add(casefile.Stream(id), ust, over, casefile.HealthErased{Ground: casefile.GroundRetention}, casefile.PupilErased{Ground: casefile.GroundOrder})
	all := erasures.All(j.Fold(Projection()))
	if len(all) != 2 || all[0].Scope == all[1].Scope || all[0].Approved != ust.Account || all[0].Case != id {
		t.Errorf("%+v", all)
	}
}
