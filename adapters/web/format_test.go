package web

import (
	"testing"
	"time"

	"approdo/domain"
)

func TestNumbersAndDaysAsEachLanguageWritesThem(t *testing.T) {
	t.Parallel()
	it, en := catalogue{lang: Italian}, catalogue{lang: English}
	for n, want := range map[int][2]string{0: {"0", "0"}, 999: {"999", "999"}, 1310: {"1.310", "1,310"}, -1234567: {"−1.234.567", "−1,234,567"}} {
		if got := [2]string{it.number(n), en.number(n)}; got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
	for d, want := range map[domain.Date][2]string{
		{Year: 2026, Month: 11, Day: 20}: {"20 novembre 2026", "20 November 2026"},
		{Year: 2014, Month: 5, Day: 1}:   {"1º maggio 2014", "1 May 2014"},
		{}:                               {"", ""},
	} {
		if got := [2]string{it.day(d), en.day(d)}; got != want {
			t.Errorf("%v: %q", d, got)
		}
	}
}

func TestAnInstantIsShownInRomeAndMarkedInUTC(t *testing.T) {
	t.Parallel()
	it := catalogue{lang: Italian}
	got := it.instant(time.Date(2022, 7, 31, 22, 5, 0, 0, time.UTC))
	if want := `<time datetime="2022-07-31T22:05:00Z">1º agosto 2022, 00:05</time>`; string(got) != want {
		t.Errorf("%s", got)
	}
	if it.instant(time.Time{}) != "" || it.date(domain.Date{}) != "" {
		t.Error("something was shown for nothing")
	}
}

func TestAPersonIsEscapedAndCyrillicMarked(t *testing.T) {
	t.Parallel()
	got := person(domain.NewPersonal("<b>O'Neil"), domain.Personal{}, domain.NewPersonal("Софія"))
	if want := `&lt;b&gt;O&#39;Neil <span lang="uk">Софія</span>`; string(got) != want {
		t.Errorf("%s", got)
	}
}
