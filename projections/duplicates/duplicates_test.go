package duplicates

import (
	"crypto/sha256"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/apart"
	"approdo/domain/casefile"
	"approdo/domain/names"
	"approdo/projections/viewtest"
)

// open makes tokens that a test can read.
type open struct{}

func (open) Of(kind, text string) []byte { return []byte(kind + ":" + text) }

// shared counts the tokens that a case has in common with a person.
func shared(j *viewtest.Journal, id uuid.UUID, family, given string) int {
	wanted := map[string]bool{}
	for _, token := range tokensOf(names.Person{Family: family, Given: given}, open{}) {
		wanted[token] = true
	}
	n := 0
	for _, k := range keys.All(j.Fold(Projection(j.Sealer, open{}))) {
		if k.Case == id && wanted[k.Token] {
			n++
		}
	}
	return n
}

func TestAChildIsFoundHoweverTheNameWasWritten(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	j := viewtest.New(t).Request(id, "015189", "CTI-25", "Shevchenko", "Oleksandra")
	for _, p := range [][2]string{{"Shevchenko", "Oleksandra"}, {"Scevcenco", "Alessandra"}, {"Шевченко", "Олександра"}} {
		if shared(j, id, p[0], p[1]) == 0 {
			t.Errorf("%d letters of another spelling share no token", len(p[0]))
		}
	}
	if shared(j, id, "Bondarenko", "Iryna") > 0 {
		t.Error("somebody else shares a token")
	}
}

func TestCorrectionReplacesTheTokensAndErasureDropsThem(t *testing.T) {
	t.Parallel()
	id := uuid.New()
	ust := domain.Actor{Role: domain.RoleUST}
	j := viewtest.New(t).Request(id, "015189", "CTI-25", "Shevchenko", "Olha")
	corrected := casefile.Identity{FamilyName: domain.NewPersonal("Bondarenko"), GivenName: domain.NewPersonal("Iryna"), BirthDate: domain.NewPersonal("2013-05-06")}
	j.Add(casefile.Stream(id), ust, casefile.RequestAmended{Pupil: casefile.Pupil{Identity: domain.Open(id, domain.ClassPersonal, corrected)}})
	if shared(j, id, "Shevchenko", "Olha") > 0 || shared(j, id, "Bondarenko", "Iryna") == 0 {
		t.Error("the tokens are not the corrected name's")
	}
	j.Add(casefile.Stream(id), ust, casefile.CaseClosed{Reason: "returned-home", On: domain.DateOf(viewtest.Begin)}, casefile.PupilErased{Ground: "request"})
	tx := j.Fold(Projection(j.Sealer, open{}))
	if len(keys.All(tx)) > 0 || len(cases.All(tx)) > 0 {
		t.Error("tokens outlive the pupil")
	}
	if err := j.Sealer.Forget(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if rebuilt := j.Fold(Projection(j.Sealer, open{})); len(keys.All(rebuilt)) > 0 {
		t.Error("a rebuild brings tokens back")
	}
}

// toldApart lists the pairs that the view remembers.
func toldApart(j *viewtest.Journal) (out []apart.Pair) {
	for _, x := range told.All(j.Fold(Projection(j.Sealer, open{}))) {
		out = append(out, x.Key())
	}
	return out
}

func TestWhatWasToldApartStaysSoThroughCorrections(t *testing.T) {
	t.Parallel()
	one, other := uuid.New(), uuid.New()
	pair := apart.Of(one, other)
	ust := domain.Actor{Role: domain.RoleUST}
	j := viewtest.New(t).Request(one, "015189", "CTI-25", "Shevchenko", "Olha").Request(other, "015159", "CTI-25", "Shevchenko", "Olena")
	j.Add(pair.Stream(), ust, apart.ToldApart{Reason: "siblings"})
	corrected := casefile.Identity{FamilyName: domain.NewPersonal("Shevchenko"), GivenName: domain.NewPersonal("Olga"), BirthDate: domain.NewPersonal("2013-05-06")}
	j.Add(casefile.Stream(other), ust, casefile.RequestAmended{Pupil: casefile.Pupil{Identity: domain.Open(other, domain.ClassPersonal, corrected)}})
	if got := toldApart(j); !slices.Equal(got, []apart.Pair{pair}) {
		t.Errorf("after a correction: %v", got)
	}
	j.Add(pair.Stream(), ust, apart.DoubtedAgain{})
	if got := toldApart(j); len(got) > 0 {
		t.Errorf("taken back: %v", got)
	}
}

func TestWhoeverPartsTwoCasesHasToldThemApart(t *testing.T) {
	t.Parallel()
	one, other := uuid.New(), uuid.New()
	ust := domain.Actor{Role: domain.RoleUST}
	j := viewtest.New(t).Request(one, "015189", "CTI-25", "Shevchenko", "Olha").Request(other, "015159", "CTI-25", "Shevchenko", "Olha")
	j.Add(casefile.Stream(other), ust, casefile.CaseMerged{Into: one})
	j.Add(casefile.Stream(other), domain.System, casefile.CaseParted{From: one, At: viewtest.Begin})
	if got := toldApart(j); len(got) > 0 {
		t.Errorf("a policy tells children apart: %v", got)
	}
	j.Add(casefile.Stream(other), ust, casefile.CaseMerged{Into: one}, casefile.CaseParted{From: one, At: viewtest.Begin})
	if got := toldApart(j); !slices.Equal(got, []apart.Pair{apart.Of(one, other)}) {
		t.Errorf("parted by the UST: %v", got)
	}
	j.Add(casefile.Stream(one), ust, casefile.CaseMerged{Into: other})
	if got := toldApart(j); len(got) > 0 {
		t.Errorf("joined again, the other way: %v", got)
	}
}

func TestATokenTellsItsKindAndNothingElse(t *testing.T) {
	t.Parallel()
	for _, token := range tokensOf(names.Person{Family: "Shevchenko", Given: "Olha", BirthDate: "2013-05-06", Document: "XX102821"}, hashed{}) {
		kind, rest, ok := strings.Cut(token, ":")
		if !ok || !strings.Contains("f b e p d t n", kind) || strings.Contains(strings.ToLower(token), "she") || strings.Contains(rest, "2013") {
			t.Errorf("a token is %q", token)
		}
	}
}

// hashed make tokens that say nothing, as the real ones.
type hashed struct{}

func (hashed) Of(kind, text string) []byte {
	sum := sha256.Sum256([]byte(kind + "\x00" + text))
	return sum[:]
}
