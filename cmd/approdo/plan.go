package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"approdo/domain/matching"
)

// planCmd solves a published instance, so that anybody can try the planner on a set with known optima.
type planCmd struct {
	File     string `arg:"" help:"Istanza da risolvere." type:"existingfile"`
	Format   string `help:"Formato dell'istanza: or-assign, il problema di assegnamento della OR-Library, oppure or-gap, quello generalizzato." enum:"or-assign,or-gap" required:""`
	Maximise bool   `help:"Cerca il massimo invece del minimo."`
	Steps    int64  `help:"Quanto cercare in ogni problema or-gap, in milioni di passi; poi si dice che cosa è dimostrato. Il tempo non conta." default:"8000"`
	Out      string `help:"Dove scrivere il piano con la sua prova." placeholder:"FILE"`
}

// Run prints what the best plan costs and, where asked, writes it.
func (c *planCmd) Run(ctx context.Context, out io.Writer) (err error) {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if c.Format == "or-gap" {
		return c.gap(ctx, f, out)
	}
	in, err := readAssignment(f, c.Maximise)
	if err != nil {
		return err
	}
	told := false
	p, err := matching.Solve(ctx, in, func(done, total int) {
		if total >= 1000 {
			fmt.Fprintf(out, "\rRighe considerate: %d di %d ", done, total)
			told = true
		}
	})
	if told {
		fmt.Fprintln(out)
	}
	if err != nil {
		return inPlanWords(err)
	}
	p.Maximised = c.Maximise
	if fmt.Fprintf(out, "Assegnate %d righe su %d. %s. %s\n", len(in.Pupils)-int(p.Value[0]), len(in.Pupils), objective(p), proven(p)); c.Out == "" {
		return nil
	}
	digest, err := writePlans(c.Out, p.Write)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Piano %s scritto in %s.\n", digest, c.Out)
	return err
}

// writePlans writes plans into a new file.
func writePlans(path string, write func(io.Writer) (digest string, err error)) (digest string, err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", err
	}
	w := bufio.NewWriter(f)
	digest, err = write(w)
	return digest, errors.Join(err, w.Flush(), f.Close())
}

// objective says what a published problem's plan is worth.
func objective(p matching.Plan) string {
	if p.Maximised {
		return fmt.Sprintf("Obiettivo: %d", -p.Value[1])
	}
	return fmt.Sprintf("Obiettivo: %d", p.Value[1])
}

// proven says how good a plan is known to be.
func proven(p matching.Plan) string {
	if p.Optimal() {
		return "Nessun piano è migliore."
	}
	return fmt.Sprintf("Il piano costa %v; che nessuno costi meno di %v è dimostrato, di più no.", p.Value, p.Bound)
}

// readAssignment reads an assignment problem as J. E. Beasley's OR-Library has them: how many rows and columns, then the cost of each
// column for each row, in whole numbers with any white space between. Every row wants a column of its own.
func readAssignment(r io.Reader, maximise bool) (in matching.Instance, err error) {
	words := bufio.NewScanner(r)
	words.Split(bufio.ScanWords)
	number := func(limit int64) (int64, error) {
		if !words.Scan() {
			return 0, errors.Join(errAssignmentShort, words.Err())
		}
		n, err := strconv.ParseInt(words.Text(), 10, 64)
		if err != nil || n > limit || n < -limit {
			return 0, fmt.Errorf("%q: %w", words.Text(), errAssignmentNumber)
		}
		return n, nil
	}
	n, err := number(maxAssignment)
	if err != nil {
		return in, err
	}
	if n < 1 {
		return in, errAssignmentNumber
	}
	for i := range int(n) {
		name := fmt.Sprintf("%05d", i+1)
		in.Places = append(in.Places, matching.Places{ID: name, Costs: make([]matching.Cost, 1)})
		in.Pupils = append(in.Pupils, matching.Pupil{ID: name, Unplaced: matching.Cost{1}})
	}
	largest := in.Largest()
	for i := range in.Pupils {
		p := &in.Pupils[i]
		p.Choices = make([]matching.Choice, n)
		for j := range p.Choices {
			cost, err := number(largest)
			if err != nil {
				return in, fmt.Errorf("riga %d, colonna %d: %w", i+1, j+1, err)
			}
			if maximise {
				cost = -cost
			}
			p.Choices[j] = matching.Choice{Places: j, Cost: matching.Cost{0, cost}}
		}
	}
	if words.Scan() {
		return in, errAssignmentLong
	}
	return in, words.Err()
}

// maxAssignment is how many rows are read: twenty-five million costs, more than a gigabyte.
const maxAssignment = 5000

var (
	errAssignmentShort  = errors.New("il file finisce prima dei costi che annuncia")
	errAssignmentLong   = errors.New("il file ha più numeri di quanti ne annuncia: questo formato ne ha uno per le righe e poi righe × righe")
	errAssignmentNumber = errors.New("non è un numero intero che si possa usare qui")
)

// verifyPlanCmd tells whether a plan is what it says of itself. It needs the file and nothing else.
type verifyPlanCmd struct {
	File string `arg:"" help:"Piano scritto da approdo." type:"existingfile"`
}

// Run is the subcommand.
func (c *verifyPlanCmd) Run(ctx context.Context, out io.Writer) (err error) {
	f, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	r := bufio.NewReader(f)
	if name, _ := r.Peek(len(generalisedName)); string(name) == generalisedName {
		return verifyGeneralised(ctx, r, out)
	}
	p, digest, err := matching.Read(r)
	if err != nil {
		return inPlanWords(err)
	}
	left := 0
	for _, at := range p.At {
		if at == matching.Unplaced {
			left++
		}
	}
	worth := fmt.Sprintf("costo %v", p.Value)
	if p.Maximised {
		worth = objective(p)
	}
	_, err = fmt.Fprintf(out, "REGGE. Piano %s: %d alunni, %d senza posto; %s. %s\n", digest, len(p.At), left, worth, proven(p))
	return err
}

// planFaults are the faults of a plan in the words of whoever verifies it.
var planFaults = map[string]string{
	"no-plan":             "non è un piano scritto da approdo",
	"digest-wrong":        "l'impronta non è quella del piano: il file è stato cambiato",
	"id-missing-or-twice": "il codice manca o è di un altro",
	"cost-too-large":      "un costo è troppo grande",
	"places-get-cheaper":  "un posto costa meno di quello prima",
	"places-unknown":      "tra le scelte ci sono posti che non esistono",
	"places-chosen-twice": "gli stessi posti sono scelti due volte",
	"too-many":            "più alunni, posti o parti della prova di quanti un piano possa avere",
	"answers-missing":     "non c'è un posto, o nessun posto, per ogni alunno",
	"prices-missing":      "non c'è un prezzo per tutti i posti",
	"price-too-large":     "il prezzo è troppo grande",
	"place-not-chosen":    "siede dove non può",
	"too-many-pupils":     "ci siedono più alunni di quanti siano i posti",
	"value-wrong":         "il piano non costa quello che dice",
	"bound-wrong":         "la prova non dimostra quello che dice",
	"weights-wrong":       "i pesi della prova non sono tali che si possa contare con essi",
	"branch-missing":      "la prova tace di una parte dei piani",
	"household-unknown":   "la prova distingue i piani secondo fratelli che non ci sono",
}

// inPlanWords is what is said of a fault of a plan; any other is left as it is.
func inPlanWords(err error) error {
	f, ok := errors.AsType[*matching.Fault](err)
	switch {
	case !ok:
		return err
	case f.Pupil >= 0:
		return fmt.Errorf("NON REGGE. Alunno n. %d: %s", f.Pupil+1, planFaults[f.Code])
	case f.Places >= 0:
		return fmt.Errorf("NON REGGE. Posti n. %d: %s", f.Places+1, planFaults[f.Code])
	}
	return fmt.Errorf("NON REGGE: %s", planFaults[f.Code])
}
