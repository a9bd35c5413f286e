package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"approdo/domain/matching"
)

const million = 1_000_000

// gap solves the problems of a file of the generalised format, one after the other.
func (c *planCmd) gap(ctx context.Context, f io.Reader, out io.Writer) error {
	problems, err := readGeneralised(f, c.Maximise)
	if err != nil {
		return err
	}
	var plans []matching.GeneralisedPlan
	for n, in := range problems {
		p, err := matching.SolveGeneralised(ctx, in, min(c.Steps, math.MaxInt64/million)*million)
		if err != nil {
			return inGeneralisedWords(n, err)
		}
		p.Maximised = c.Maximise
		plans = append(plans, p)
		if _, err := fmt.Fprintln(out, sized(n, in), provenOf(p)); err != nil {
			return err
		}
	}
	if c.Out == "" {
		return nil
	}
	digest, err := writePlans(c.Out, func(w io.Writer) (string, error) { return matching.WriteGeneralised(w, plans) })
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Piani %s scritti in %s.\n", digest, c.Out)
	return err
}

// sized says which problem of a file it is and how large.
func sized(n int, in matching.Generalised) string {
	return fmt.Sprintf("Problema %d (agenti: %d, lavori: %d).", n+1, len(in.Capacities), len(in.Costs[0]))
}

// provenOf says what a plan is worth and what is proven of it.
func provenOf(p matching.GeneralisedPlan) string {
	value, bound, better := p.Value, p.Bound, "meno"
	if p.Maximised {
		value, bound, better = -value, -bound, "più"
	}
	switch {
	case len(p.At) == 0 && p.Optimal():
		return "Non c'è modo di assegnare ogni lavoro, ed è dimostrato."
	case len(p.At) == 0:
		return fmt.Sprintf("Nessun piano trovato; che non ce ne sia non è dimostrato. Nessuno vale %s di %d.", better, bound)
	case p.Optimal():
		return fmt.Sprintf("Obiettivo: %d. Limite: %d. Nessun piano è migliore.", value, bound)
	}
	return fmt.Sprintf("Obiettivo: %d. Limite: %d. Scarto: %d; che nessun piano valga %s del limite è dimostrato, di più no.",
		value, bound, p.Value-p.Bound, better)
}

// readGeneralised reads generalised assignment problems as J. E. Beasley's OR-Library has them: how many problems there are, then for each
// how many agents and jobs, what each job costs each agent, what it takes of the agent's capacity, and the capacities, in whole numbers
// with any white space between. A file of one problem may begin with that problem, as later collections do.
func readGeneralised(r io.Reader, maximise bool) ([]matching.Generalised, error) {
	w, err := readWords(r)
	if err != nil {
		return nil, err
	}
	problems, err := w.problems()
	if err != nil && w.single() {
		w.at = 0
		var in matching.Generalised
		in, err = w.problem(1)
		problems = []matching.Generalised{in}
	}
	if err != nil {
		return nil, err
	}
	for n, in := range problems {
		if maximise {
			for _, costs := range in.Costs {
				for j := range costs {
					costs[j] = -costs[j]
				}
			}
		}
		if err := in.Valid(); err != nil {
			return nil, inGeneralisedWords(n, err)
		}
	}
	return problems, nil
}

// placed are the words of a file, each with its line.
type placed struct {
	text []string
	line []int
	at   int
}

// maxWords is how many numbers are read.
const maxWords = 1 << 23

func readWords(r io.Reader) (*placed, error) {
	var w placed
	line := 1
	words := bufio.NewScanner(r)
	words.Split(func(data []byte, end bool) (int, []byte, error) {
		n, word, err := bufio.ScanWords(data, end)
		breaks := bytes.Count(data[:n], []byte("\n"))
		if word != nil {
			behind := bytes.Count(data[n-1:n], []byte("\n")) // the white space after a word belongs to it
			w.line = append(w.line, line+breaks-behind)
		}
		line += breaks
		return n, word, err
	})
	for words.Scan() {
		if w.text = append(w.text, words.Text()); len(w.text) > maxWords {
			return nil, errGeneralisedLong
		}
	}
	if errors.Is(words.Err(), bufio.ErrTooLong) {
		return nil, fmt.Errorf("riga %d: %w", line, errAssignmentNumber)
	}
	return &w, words.Err()
}

// single reports whether there are just as many words as a single problem needs that nothing goes before.
func (w *placed) single() bool {
	if len(w.text) < 2 {
		return false
	}
	agents, noAgents := strconv.ParseInt(w.text[0], 10, 32)
	jobs, noJobs := strconv.ParseInt(w.text[1], 10, 32)
	return noAgents == nil && noJobs == nil && int64(len(w.text)) == 2+2*agents*jobs+agents
}

// number is the next word as a number between two others; what names it to whoever reads of its fault.
func (w *placed) number(least, most int64, what string, of ...any) (int64, error) {
	what = fmt.Sprintf(what, of...)
	if w.at == len(w.text) {
		last := 1
		if w.at > 0 {
			last = w.line[w.at-1]
		}
		return 0, fmt.Errorf("riga %d: %s: %w", last, what, errGeneralisedShort)
	}
	text, line := w.text[w.at], w.line[w.at]
	w.at++
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < least || n > most {
		return 0, fmt.Errorf("riga %d: %s: %q: %w", line, what, text, errAssignmentNumber)
	}
	return n, nil
}

func (w *placed) problems() (all []matching.Generalised, err error) {
	count, err := w.number(1, maxWords, "numero di problemi")
	if err != nil {
		return nil, err
	}
	for n := range int(count) {
		in, err := w.problem(n + 1)
		if err != nil {
			return nil, err
		}
		all = append(all, in)
	}
	if w.at < len(w.text) {
		return nil, fmt.Errorf("riga %d: %q: %w", w.line[w.at], w.text[w.at], errGeneralisedLong)
	}
	return all, nil
}

func (w *placed) problem(n int) (in matching.Generalised, err error) {
	agents, err := w.number(1, matching.MostPairs, "problema %d, numero di agenti", n)
	if err != nil {
		return in, err
	}
	jobs, err := w.number(1, min(matching.MostJobs, matching.MostPairs/agents), "problema %d, numero di lavori", n)
	if err != nil {
		return in, err
	}
	table := func(least, most int64, what string) (rows [][]int64, err error) {
		for i := range agents {
			row := make([]int64, 0, jobs)
			for j := range jobs {
				x, err := w.number(least, most, "problema %d, %s dell'agente %d per il lavoro %d", n, what, i+1, j+1)
				if err != nil {
					return nil, err
				}
				row = append(row, x)
			}
			rows = append(rows, row)
		}
		return rows, nil
	}
	if in.Costs, err = table(-matching.LargeGeneralised, matching.LargeGeneralised, "costo"); err != nil {
		return in, err
	}
	if in.Resources, err = table(0, math.MaxInt64, "risorsa"); err != nil {
		return in, err
	}
	for i := range agents {
		x, err := w.number(0, math.MaxInt64, "problema %d, capacità dell'agente %d", n, i+1)
		if err != nil {
			return in, err
		}
		in.Capacities = append(in.Capacities, x)
	}
	return in, nil
}

var (
	errGeneralisedShort = errors.New("il file finisce prima")
	errGeneralisedLong  = errors.New("il file ha più numeri di quanti ne annuncia")
)

// generalisedName is how a file of generalised plans begins.
const generalisedName = `{"format":"` + matching.GeneralisedFormat + `"`

// verifyGeneralised tells of each plan of a file whether it is what it says of itself.
func verifyGeneralised(ctx context.Context, r io.Reader, out io.Writer) error {
	plans, digest, err := matching.ReadGeneralised(r)
	if err != nil {
		return inGeneralisedWords(-1, err)
	}
	for n, p := range plans {
		if err := p.Check(ctx); err != nil {
			return inGeneralisedWords(n, err)
		}
		if _, err := fmt.Fprintln(out, "REGGE.", sized(n, p.Instance), provenOf(p)); err != nil {
			return err
		}
	}
	_, err = fmt.Fprintf(out, "Piani %s: tutti reggono.\n", digest)
	return err
}

// generalisedFaults are the faults of generalised problems and plans in the words of whoever reads or verifies them.
var generalisedFaults = map[string]string{
	"no-plan":                "non è un piano scritto da approdo",
	"digest-wrong":           "l'impronta non è quella dei piani: il file è stato cambiato",
	"agents-or-jobs-missing": "mancano agenti o lavori, o non ce n'è lo stesso numero dappertutto",
	"too-many":               "più agenti o lavori di quanti un problema possa avere",
	"below-zero":             "una risorsa o una capacità è sotto zero",
	"cost-too-large":         "un costo è troppo grande",
	"capacity-too-large":     "la capacità è troppo grande: il calcolo ne richiede un passo per ogni unità e lavoro",
	"answers-missing":        "non c'è un agente per ogni lavoro",
	"agent-unknown":          "l'agente non esiste, o viene due volte",
	"job-unknown":            "il lavoro non esiste",
	"capacity-exceeded":      "i lavori superano la capacità dell'agente",
	"value-wrong":            "il piano non costa quello che dice",
	"bound-wrong":            "la prova non dimostra quello che dice",
	"prices-missing":         "la prova non ha un prezzo per ogni lavoro",
	"price-too-large":        "un prezzo della prova è troppo grande",
	"agent-not-considered":   "la prova tace di un agente",
}

// inGeneralisedWords is what is said of a fault of a problem of a file, by its index, or of the whole file; any other is left as it is.
func inGeneralisedWords(problem int, err error) error {
	f, ok := errors.AsType[*matching.GeneralisedFault](err)
	if !ok {
		return err
	}
	at := ""
	if problem >= 0 {
		at += fmt.Sprintf(" Problema %d.", problem+1)
	}
	if f.Agent >= 0 {
		at += fmt.Sprintf(" Agente n. %d.", f.Agent+1)
	}
	if f.Job >= 0 {
		at += fmt.Sprintf(" Lavoro n. %d.", f.Job+1)
	}
	return fmt.Errorf("NON REGGE.%s %s", at, generalisedFaults[f.Code])
}
