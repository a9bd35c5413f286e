package casefile_test

import (
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"approdo/domain/casefile"
)

func TestTaxCodes(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]bool{
		"RSSMRA85T10A562S":    true, // the ministry's own example
		"MRTMTT25D09F205Z":    true,
		"MRTMTT91D08F205J":    true,
		"rssmra85t10a562s":    true,
		" RSSMRA85T10A562S\t": true,

		// The same person, with letters for digits from the right, as the revenue agency gives them to namesakes.
		"RSSMRA85T10A56NH": true,
		"RSSMRA85T10A5SNT": true,
		"RSSMRAURTMLARSNL": true,
		// A surname that begins like a temporary code: Stepanenko.
		"STPLNA10A41Z138N": true,

		"RSSMRA85T10A562T":  false, // check character
		"RSSMRA85T10A526S":  false, // two digits swapped
		"RSSMRA85T10A562":   false,
		"RSSMRA85T10A562SS": false,
		"RSSMRA85F10A562S":  false, // no month
		"R5SMRA85T10A562S":  false, // a digit in the surname
		"RSSMRA85T10A56OS":  false, // O stands for no digit
		"RSSMRA85T10A56ÀS":  false,
		"AAAAAAAAAAAAAAAA":  false,

		"STP0300123456789":   true,
		"ENI0300123456789":   true,
		"STP03001234567":     false,
		"STP03001234567X9":   false,
		"STP030012345678901": false,

		"12345678903": true,
		"99900000011": true,
		"12345678904": false,
		"1234567890":  false,
		"1234567890X": false,

		"":        false,
		"pending": false,
	} {
		if got := casefile.TaxCodeWellFormed(code); got != want {
			t.Errorf("%q: %v", code, got)
		}
	}
}

// A single digit mistyped never passes in an 11-digit code; that is what its check digit is for.
func TestOneDigitMistypedIsFound(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		body := strconv.Itoa(rapid.IntRange(1_000_000_000, 9_999_999_999).Draw(t, "body"))
		var well []string
		for check := range 10 {
			if code := body + strconv.Itoa(check); casefile.TaxCodeWellFormed(code) {
				well = append(well, code)
			}
		}
		if len(well) != 1 {
			t.Fatalf("%s has %d check digits", body, len(well))
		}
		at := rapid.IntRange(0, 10).Draw(t, "at")
		other := strings.ReplaceAll("0123456789", well[0][at:at+1], "")[rapid.IntRange(0, 8).Draw(t, "digit")]
		if wrong := well[0][:at] + string(other) + well[0][at+1:]; casefile.TaxCodeWellFormed(wrong) {
			t.Fatalf("%s and %s", well[0], wrong)
		}
	})
}
