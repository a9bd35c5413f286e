package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"approdo/domain/matching"
)

// spoken runs the program and gives what it says, to either side.
func spoken(t *testing.T, args ...string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	code := run(t.Context(), args, func(string) string { return "" }, &out, &out)
	return out.String(), code
}

func written(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestAPublishedInstanceIsSolvedAndItsPlanVerified(t *testing.T) {
	t.Parallel()
	instance := written(t, " 4\n 8 4 2 6\n 0 9 5 5\n3 8 9 2 6 5\n4 7\n")
	out, code := spoken(t, "plan", "--format", "or-assign", instance)
	if want := "Assegnate 4 righe su 4. Obiettivo: 9. Nessun piano è migliore.\n"; code != exitOK || out != want {
		t.Errorf("%d: %s", code, out)
	}
	plan := filepath.Join(t.TempDir(), "plan.json")
	out, code = spoken(t, "plan", "--format", "or-assign", "--maximise", "--out", plan, instance)
	if code != exitOK || !strings.Contains(out, "Obiettivo: 33. Nessun piano è migliore.\nPiano ") {
		t.Errorf("%d: %s", code, out)
	}
	out, code = spoken(t, "verify-plan", plan)
	if code != exitOK || !regexp.MustCompile(`^REGGE. Piano [0-9a-f]{64}: 4 alunni, 0 senza posto; Obiettivo: 33. Nessun piano è migliore.\n$`).MatchString(out) {
		t.Errorf("%d: %s", code, out)
	}
	if out, code := spoken(t, "plan", "--format", "or-assign", "--out", plan, instance); code != exitFailed {
		t.Errorf("a plan is written over another: %s", out)
	}
	out, code = spoken(t, "plan", "--format", "or-assign", written(t, "2 70368744177664 5 1 -70368744177664"))
	if code != exitOK || !strings.Contains(out, "Obiettivo: 0.") {
		t.Errorf("the dearest a small one may be: %d: %s", code, out)
	}
}

func TestAnInstanceThatCannotBeReadIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                 "finisce prima",
		"0":                "non è un numero",
		"9999999":          "non è un numero",
		"2 1 2 3":          "riga 2, colonna 2: il file finisce prima",
		"2 1 2 3 4 5":      "più numeri",
		"2 1 x 3 4":        `riga 1, colonna 2: "x": non è un numero`,
		"1 99999999999999": "non è un numero",
		"1 70368744177665": "non è un numero",
	} {
		if out, code := spoken(t, "plan", "--format", "or-assign", written(t, text)); code != exitFailed || !strings.Contains(out, want) {
			t.Errorf("%q: %d: %s", text, code, out)
		}
	}
}

// Every number of a file is changed in turn, and every other byte.
func TestAPlanThatWasTamperedWithIsRefused(t *testing.T) {
	t.Parallel()
	in := matching.Instance{
		Places: []matching.Places{{ID: "a", Costs: []matching.Cost{{}, {0, 0, 4}}}, {ID: "b", Costs: []matching.Cost{{}}}},
		Pupils: []matching.Pupil{{ID: "p", Unplaced: matching.Cost{7}, Choices: []matching.Choice{{Places: 0, Cost: matching.Cost{0, 5}}, {Places: 1, Cost: matching.Cost{0, 1}}}},
			{ID: "q", Unplaced: matching.Cost{7}, Choices: []matching.Choice{{Places: 1, Cost: matching.Cost{0, 2}}}}, {ID: "r", Unplaced: matching.Cost{7}}}}
	p, err := matching.Solve(t.Context(), in, nil)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "plan.json")
	if _, err := writePlans(name, p.Write); err != nil {
		t.Fatal(err)
	}
	honest, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if out, code := spoken(t, "verify-plan", name); code != exitOK || !strings.Contains(out, "1 senza posto") {
		t.Fatalf("%d: %s", code, out)
	}
	for i := range honest {
		spoilt := bytes.Clone(honest)
		if spoilt[i]++; spoilt[i] == '9'+1 {
			spoilt[i] = '0'
		}
		if _, _, err := matching.Read(bytes.NewReader(spoilt)); err == nil {
			t.Errorf("byte %d of %s: nobody sees it", i, honest)
		}
	}
}

func TestEveryFaultOfAPlanHasItsWords(t *testing.T) {
	t.Parallel()
	source := ""
	for _, name := range []string{"instance.go", "plan.go", "tree.go", "file.go"} {
		b, err := os.ReadFile(filepath.Join("..", "..", "domain", "matching", name))
		if err != nil {
			t.Fatal(err)
		}
		source += string(b)
	}
	codes := regexp.MustCompile(`of(?:Places|Pupil|All)\((?:[\w.]+, )?"([a-z-]+)"\)`).FindAllStringSubmatch(source, -1)
	seen := map[string]bool{}
	for _, c := range codes {
		if seen[c[1]] = true; planFaults[c[1]] == "" {
			t.Errorf("%s has no words", c[1])
		}
	}
	for code := range planFaults {
		if !seen[code] {
			t.Errorf("nothing is refused as %s", code)
		}
	}
	for want, f := range map[string]*matching.Fault{"Alunno n. 3": {Code: "place-not-chosen", Pupil: 2, Places: -1}, "Posti n. 1": {Code: "too-many-pupils", Pupil: -1}} {
		if got := fmt.Sprint(inPlanWords(f)); !strings.Contains(got, want) {
			t.Errorf("%s, want %s", got, want)
		}
	}
}
