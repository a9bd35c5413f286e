package corpus_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"approdo/domain/names/corpus"
)

func TestASeedGivesTheSameCorpusAndAnotherAnother(t *testing.T) {
	t.Parallel()
	if !reflect.DeepEqual(corpus.Pairs(7, 50), corpus.Pairs(7, 50)) || !reflect.DeepEqual(corpus.Register(7, 50), corpus.Register(7, 50)) {
		t.Error("one seed, two corpora")
	}
	if reflect.DeepEqual(corpus.Pairs(7, 50), corpus.Pairs(8, 50)) {
		t.Error("two seeds, one corpus")
	}
}

func TestEveryKindIsThereAndEveryRecordCanBeCompared(t *testing.T) {
	t.Parallel()
	seen := map[corpus.Kind]int{}
	same := 0
	pairs := corpus.Pairs(7, 3000)
	for _, p := range pairs {
		if p.Same {
			same++
		}
		for _, k := range p.Kinds {
			seen[k]++
		}
		for _, x := range []corpus.Person{p.A, p.B} {
			if x.Family == "" || x.Given == "" {
				t.Fatalf("a record of %v has no name", p.Kinds)
			}
			if born, err := time.Parse(time.DateOnly, x.BirthDate); err != nil || born.Year() < 1995 || born.Year() > 2029 {
				t.Fatalf("a record of %v has the birth date %s", p.Kinds, x.BirthDate)
			}
		}
	}
	if same != 3000 || len(pairs) != 3000*(1+corpus.StrangersPerPair) {
		t.Errorf("%d of %d are of one child", same, len(pairs))
	}
	for _, k := range []corpus.Kind{corpus.Plain, corpus.OtherSpelling, corpus.OtherLanguage, corpus.ShortForm, corpus.Patronymic, corpus.PartOfName,
		corpus.OtherEnding, corpus.SignDropped, corpus.Doubled, corpus.Exchanged, corpus.SlipFamily, corpus.SlipGiven, corpus.CyrillicOnly,
		corpus.DayMonth, corpus.DateDigit, corpus.DateYear, corpus.SexMissing, corpus.SexWrong, corpus.TaxCodeOther, corpus.Stranger,
		corpus.Sibling, corpus.Twin, corpus.Cousin, corpus.Namesake, corpus.SameDay, corpus.AlikeSameDay, corpus.AlikeSameYear} {
		if seen[k] < 5 {
			t.Errorf("%s: %d pairs", k, seen[k])
		}
	}
}

func TestTwinsAreTwinsAndNamesakesNamesakes(t *testing.T) {
	t.Parallel()
	days, others := 0, 0
	for _, p := range corpus.Pairs(7, 1000) {
		switch {
		case slices.Contains(p.Kinds, corpus.Twin):
			if others++; p.A.BirthDate == p.B.BirthDate {
				days++
			}
		case slices.Contains(p.Kinds, corpus.Namesake) && p.A.BirthDate == p.B.BirthDate:
			t.Error("namesakes born on one day are hardly two")
		}
	}
	if days < others*8/10 {
		t.Errorf("%d of %d twins are written down with one birth date", days, others)
	}
}

func TestARegisterHasATenthOfItsChildrenTwice(t *testing.T) {
	t.Parallel()
	records := map[int]int{}
	for _, e := range corpus.Register(7, 3000) {
		records[e.Child]++
	}
	twice := 0
	for _, n := range records {
		if n > 2 {
			t.Fatalf("a child is there %d times", n)
		}
		twice += n - 1
	}
	if share := float64(twice) / float64(len(records)); share < 0.08 || share > 0.12 {
		t.Errorf("%.3f of the children are there twice", share)
	}
}
