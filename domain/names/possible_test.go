package names

import "testing"

func TestNothingLikelyIsRuledOutBeforeItsNamesAreRead(t *testing.T) {
	t.Parallel()
	var all []Person
	for _, n := range [][2]string{{"Shevchenko", "Oleksandra"}, {"Scevcenco", "Alessandra"}, {"Bondar", "Iryna"}} {
		for _, birth := range []string{"", "2013-05-06", "2013-06-05", "2009-01-02"} {
			for _, sex := range []string{"F", "M"} {
				for _, tax := range []string{"", "99900002173", "99900002174"} {
					for _, document := range []string{"", "XX102821"} {
						all = append(all, Person{Family: n[0], Given: n[1], BirthDate: birth, Sex: sex, TaxCode: tax, Document: document})
					}
				}
			}
		}
	}
	likely, ruledOut := 0, 0
	for i, a := range all {
		for _, b := range all[i+1:] {
			score, possible := Compare(a, b), Possible(a, b)
			if score.Value >= Likely {
				likely++
			}
			if !possible {
				ruledOut++
			}
			if score.Value >= Likely && !possible {
				t.Fatalf("ruled out with a score of %v for %v", score.Value, score.Reasons)
			}
		}
	}
	if likely == 0 || ruledOut == 0 {
		t.Errorf("%d likely, %d ruled out: this shows nothing", likely, ruledOut)
	}
}
