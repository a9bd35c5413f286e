package main

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"approdo/domain/matching"
)

// twoProblems has one with a best plan of 9 and a dearest of 13, and one in which two jobs are too much for the one agent.
const twoProblems = ` 2
 2 3
 1 5 4
 3 2 6
 2 2 2
 1 1 1
 2 3

 1 2
 7 7
 1 1
 1
`

func TestAllGeneralisedProblemsOfAFileAreSolvedAndVerified(t *testing.T) {
	t.Parallel()
	instance := written(t, twoProblems)
	out, code := spoken(t, "plan", "--format", "or-gap", instance)
	want := "Problema 1 (agenti: 2, lavori: 3). Obiettivo: 9. Limite: 9. Nessun piano è migliore.\n" +
		"Problema 2 (agenti: 1, lavori: 2). Non c'è modo di assegnare ogni lavoro, ed è dimostrato.\n"
	if code != exitOK || out != want {
		t.Errorf("%d: %s", code, out)
	}
	plan := filepath.Join(t.TempDir(), "plan.json")
	out, code = spoken(t, "plan", "--format", "or-gap", "--maximise", "--out", plan, instance)
	if code != exitOK || !strings.Contains(out, "Obiettivo: 14. Limite: 14. Nessun piano è migliore.\n") {
		t.Errorf("%d: %s", code, out)
	}
	out, code = spoken(t, "verify-plan", plan)
	held := regexp.MustCompile(`^REGGE. Problema 1 .* Obiettivo: 14. .*\nREGGE. Problema 2 .*\nPiani [0-9a-f]{64}: tutti reggono.\n$`)
	if code != exitOK || !held.MatchString(out) {
		t.Errorf("%d: %s", code, out)
	}
	if out, code := spoken(t, "plan", "--format", "or-gap", "--out", plan, instance); code != exitFailed {
		t.Errorf("a plan is written over another: %s", out)
	}
}

// A file with one problem is the same with and without the number of problems before it.
func TestAProblemAloneNeedsNoNumberBeforeIt(t *testing.T) {
	t.Parallel()
	problem := "2 2\n1 5\n3 2\n1 1\n1 1\n1 1\n"
	counted, _ := spoken(t, "plan", "--format", "or-gap", written(t, "1\n"+problem))
	alone, code := spoken(t, "plan", "--format", "or-gap", written(t, problem))
	if code != exitOK || alone != counted || !strings.Contains(alone, "Obiettivo: 3.") {
		t.Errorf("%d: %s, %s", code, alone, counted)
	}
}

func TestWhatIsLeftOpenIsSaid(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	fmt.Fprintln(&text, 1)
	in := class(rand.New(rand.NewPCG(2022, 0)), 'D', 10, 40)
	fmt.Fprintln(&text, 10, 40)
	for _, row := range append(append(in.Costs, in.Resources...), in.Capacities) {
		fmt.Fprintln(&text, strings.Trim(fmt.Sprint(row), "[]"))
	}
	instance, plan := written(t, text.String()), filepath.Join(t.TempDir(), "plan.json")
	open := regexp.MustCompile(`Obiettivo: \d+. Limite: \d+. Scarto: [1-9]\d*; che nessun piano valga meno del limite è dimostrato, di più no.`)
	if out, code := spoken(t, "plan", "--format", "or-gap", "--steps", "3", "--out", plan, instance); code != exitOK || !open.MatchString(out) {
		t.Errorf("%d: %s", code, out)
	}
	if out, code := spoken(t, "verify-plan", plan); code != exitOK || !open.MatchString(out) {
		t.Errorf("%d: %s", code, out)
	}
	// Fifteen jobs of two do not go into six times five.
	odd := "1\n6 15\n" + strings.Repeat("1 ", 6*15) + strings.Repeat("2 ", 6*15) + strings.Repeat("5 ", 6)
	out, code := spoken(t, "plan", "--format", "or-gap", "--steps", "0", written(t, odd))
	if code != exitOK || !strings.Contains(out, "Nessun piano trovato; che non ce ne sia non è dimostrato.") {
		t.Errorf("%d: %s", code, out)
	}
}

func TestAGeneralisedProblemThatCannotBeReadIsRefusedWithItsPlace(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                                "riga 1: numero di problemi: il file finisce prima",
		"0":                               `riga 1: numero di problemi: "0": non è un numero`,
		"1\n2":                            "riga 2: problema 1, numero di lavori: il file finisce prima",
		"1\n1 9999999":                    `riga 2: problema 1, numero di lavori: "9999999": non è un numero`,
		"1\n1 2\n3 x 1 1\n":               `riga 3: problema 1, costo dell'agente 1 per il lavoro 2: "x": non è un numero`,
		"1\n1 2\n3 9999999 1 1\n":         `riga 3: problema 1, costo dell'agente 1 per il lavoro 2: "9999999": non è un numero`,
		"1\n1 2\n3 4\n1 -1\n2":            `riga 4: problema 1, risorsa dell'agente 1 per il lavoro 2: "-1": non è un numero`,
		"1\n1 2\n3 4\n1 1\n":              "riga 4: problema 1, capacità dell'agente 1: il file finisce prima",
		"2\n1 2\n3 4\n1 1\n2\n\n1 1\n1 1": "riga 8: problema 2, capacità dell'agente 1: il file finisce prima",
		"1\n1 2\n3 4\n1 1\n2\n5\n":        `riga 6: "5": il file ha più numeri`,
		"1 2\n3 4\n1 1.5\n2\n":            `riga 3: problema 1, risorsa dell'agente 1 per il lavoro 2: "1.5": non è un numero`,
		"1 1 2 3 4 9000000000 9000000000 9000000000": "Problema 1. Agente n. 1. la capacità è troppo grande",
		strings.Repeat("7", 100_000):                 "riga 1: non è un numero",
	} {
		if out, code := spoken(t, "plan", "--format", "or-gap", written(t, text)); code != exitFailed || !strings.Contains(out, want) {
			t.Errorf("%.40q: %d: %s", text, code, out)
		}
	}
}

func TestEveryFaultOfAGeneralisedPlanHasItsWords(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, name := range []string{"gap.go", "gapproof.go", "gapfile.go"} {
		b, err := os.ReadFile(filepath.Join("..", "..", "domain", "matching", name))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range regexp.MustCompile(`of(?:Generalised|AgentAndJob)\((?:[^()]*, )?"([a-z-]+)"\)`).FindAllSubmatch(b, -1) {
			if seen[string(c[1])] = true; generalisedFaults[string(c[1])] == "" {
				t.Errorf("%s has no words", c[1])
			}
		}
	}
	for code := range generalisedFaults {
		if !seen[code] {
			t.Errorf("nothing is refused as %s", code)
		}
	}
	changed := written(t, `{"format":"approdo-gap/1","digest":"0","plans":[]}`)
	if out, code := spoken(t, "verify-plan", changed); code != exitFailed || !strings.Contains(out, "NON REGGE. l'impronta non è") {
		t.Errorf("%d: %s", code, out)
	}
}

// class draws a problem of the classes A to E of the literature: A to D as Chu and Beasley, A genetic algorithm for the generalised
// assignment problem, Computers and Operations Research 24 (1997); E as Laguna, Kelly, González-Velarde and Glover, Tabu search for the
// multilevel generalized assignment problem, European Journal of Operational Research 82 (1995).
func class(r *rand.Rand, kind rune, agents, jobs int) (in matching.Generalised) {
	between := func(a, b int64) int64 { return a + r.Int64N(b-a+1) }
	for range agents {
		costs, resources, sum := make([]int64, jobs), make([]int64, jobs), int64(0)
		for j := range jobs {
			switch kind {
			case 'D':
				resources[j] = between(1, 100)
				costs[j] = 111 - resources[j] + between(-10, 10)
			case 'E':
				resources[j] = int64(1 - 10*math.Log(1-r.Float64()))
				costs[j] = int64(1000/float64(resources[j]) - 10*r.Float64())
			default:
				resources[j], costs[j] = between(5, 25), between(10, 50)
			}
			sum += resources[j]
		}
		in.Costs, in.Resources = append(in.Costs, costs), append(in.Resources, resources)
		in.Capacities = append(in.Capacities, sum*8/int64(10*agents))
	}
	if kind == 'A' || kind == 'B' { // as much as the busiest would have, were every job with its cheapest agent
		busy := make([]int64, agents)
		for j := range jobs {
			cheapest := 0
			for i := range agents {
				if in.Costs[i][j] < in.Costs[cheapest][j] {
					cheapest = i
				}
			}
			busy[cheapest] += in.Resources[cheapest][j]
		}
		most := int64(0)
		for _, b := range busy {
			most = max(most, b)
		}
		for i := range in.Capacities {
			if in.Capacities[i] = int64(9*jobs/agents) + most*4/10; kind == 'B' {
				in.Capacities[i] = in.Capacities[i] * 7 / 10
			}
		}
	}
	return in
}

// HiGHS shares nothing with the planner but the problems.
func TestNoOtherSolverFindsABetterGeneralisedPlan(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	if _, err := os.Stat(filepath.Join(root, "node_modules", "highs")); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("highs is not installed: npm ci")
		}
		t.Skip("highs is not installed: npm ci")
	}
	script, err := os.ReadFile("highs_gap.mjs")
	if err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(2022, 1))
	var problems []matching.Generalised
	for _, kind := range "ABCDE" {
		for _, size := range [][2]int{{2, 8}, {3, 12}, {4, 16}} {
			problems = append(problems, class(r, kind, size[0], size[1]))
		}
	}
	problems = append(problems, class(r, 'A', 10, 100), class(r, 'C', 8, 40), class(r, 'E', 5, 20))
	crowded := class(r, 'C', 5, 20)
	for i := range crowded.Capacities {
		crowded.Capacities[i] = crowded.Capacities[i] * 3 / 5
	}
	problems = append(problems, crowded)
	question, err := json.Marshal(problems)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", "--input-type=module", "-e", string(script))
	var said bytes.Buffer
	cmd.Dir, cmd.Stdin, cmd.Stderr = root, bytes.NewReader(question), &said
	b, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, said.Bytes())
	}
	var answers []struct {
		Status string `json:"status"`
		At     []int  `json:"at"`
	}
	if err := json.Unmarshal(b, &answers); err != nil || len(answers) != len(problems) {
		t.Fatalf("%d answers to %d problems (%v)", len(answers), len(problems), err)
	}
	full := 0
	for n, in := range problems {
		p, err := matching.SolveGeneralised(t.Context(), in, 1<<30)
		if err != nil || !p.Optimal() || p.Check(t.Context()) != nil {
			t.Fatalf("problem %d: %d to %d (%v)", n, p.Bound, p.Value, err)
		}
		none := len(p.At) == 0
		if none {
			full++
		}
		if answers[n].Status == "open" || none != (answers[n].Status == "infeasible") {
			t.Fatalf("problem %d: %s, and a plan of %d jobs", n, answers[n].Status, len(p.At))
		}
		other, err := matching.GeneralisedPlan{Instance: in, At: answers[n].At}.Cost()
		if err != nil || other != p.Value {
			t.Errorf("problem %d: HiGHS finds %d, the planner %d (%v)", n, other, p.Value, err)
		}
	}
	if full == 0 || full > len(problems)/2 {
		t.Errorf("%d of %d problems have no plan", full, len(problems))
	}
}
