package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/go-json-experiment/json"

	"approdo/domain/names"
	"approdo/domain/names/corpus"
	"approdo/domain/names/measure"
)

// benchDuplicatesCmd tells how well children who were written down twice are scored. It measures no time: the same seeds give the same
// figures on every machine.
type benchDuplicatesCmd struct {
	JSON     bool     `name:"json" help:"Un oggetto JSON per riga; altrimenti tabelle in Markdown."`
	Seed     []uint64 `help:"Semi dei corpora; con più d'uno si contano insieme. Il seme 1 è quello della messa a punto." default:"101,202,303"`
	Pairs    int      `help:"Quante coppie dello stesso minore per seme; altre due volte tante sono di minori diversi." default:"5000"`
	Children int      `help:"Quanti minori ha il registro di ogni seme." default:"4000"`
	Weights  bool     `help:"Anche quanto pesa ogni motivo secondo il primo seme, accanto al peso in uso."`
	Curve    string   `help:"File SVG dove disegnare precisione e richiamo." placeholder:"FILE"`
}

// scored is one line of what was measured: of a threshold, a kind of noise or of strangers, a reason, or the keys.
type scored struct {
	Table     string  `json:"table"` // pairs, register, noise, strangers, reasons, keys, weights
	Name      string  `json:"name,omitzero"`
	Threshold float64 `json:"threshold,omitzero"`
	Of        int     `json:"of,omitzero"`    // pairs of one child, or of strangers
	Right     int     `json:"right,omitzero"` // of one child, and shown
	Wrong     int     `json:"wrong,omitzero"` // of two, and shown
	Precision float64 `json:"precision,omitzero"`
	Recall    float64 `json:"recall,omitzero"`
	F         float64 `json:"f,omitzero"`
	Bits      float64 `json:"bits,omitzero"`      // in use
	Estimated float64 `json:"estimated,omitzero"` // by the corpus
}

// thresholds are those that the table has; names.Likely is in use.
var thresholds = []float64{0.1, 0.3, names.Likely, 0.7, 0.9, 0.97, 0.99}

// Run measures and prints.
func (c *benchDuplicatesCmd) Run(out io.Writer) error {
	var pairs []measure.Judged
	var registers []measure.Register
	for _, seed := range c.Seed {
		pairs = append(pairs, measure.Pairs(corpus.Pairs(seed, c.Pairs), names.Compare)...)
		registers = append(registers, measure.Shared(corpus.Register(seed, c.Children), names.Compare))
	}
	lines := measured(pairs, registers)
	if c.Weights {
		for _, e := range measure.Estimates(c.Seed[0]) {
			lines = append(lines, scored{Table: "weights", Name: string(e.Reason), Bits: e.Reason.Bits(), Estimated: e.Bits})
		}
	}
	if c.Curve != "" {
		if err := os.WriteFile(c.Curve, []byte(curve(pairs, registers)), 0o644); err != nil {
			return err
		}
	}
	if c.JSON {
		for _, l := range lines {
			b, err := json.Marshal(l)
			if err != nil {
				return err
			}
			if _, err := fmt.Fprintf(out, "%s\n", b); err != nil {
				return err
			}
		}
		return nil
	}
	_, err := io.WriteString(out, markdown(lines))
	return err
}

func measured(pairs []measure.Judged, registers []measure.Register) []scored {
	var lines []scored
	quality := func(table string, q measure.Quality) {
		lines = append(lines, scored{Table: table, Threshold: q.Threshold, Of: q.Right + q.Missed, Right: q.Right, Wrong: q.Wrong,
			Precision: q.Precision(), Recall: q.Recall(), F: q.F()})
	}
	for _, t := range thresholds {
		quality("pairs", measure.At(pairs, t))
	}
	for _, t := range thresholds {
		quality("register", registersAt(registers, t))
	}
	for _, k := range measure.ByKind(pairs, names.Likely) {
		if k.Same > 0 {
			lines = append(lines, scored{Table: "noise", Name: string(k.Name), Of: k.Same, Right: k.SameShown, Recall: share(k.SameShown, k.Same)})
		} else {
			lines = append(lines, scored{Table: "strangers", Name: string(k.Name), Of: k.Other, Wrong: k.Shown})
		}
	}
	var shared []measure.Judged
	keys := scored{Table: "keys"}
	for _, r := range registers {
		shared = append(shared, r.Judged...)
		keys.Of, keys.Right, keys.Wrong = keys.Of+r.Twice, keys.Right+r.Together, keys.Wrong+len(r.Judged)-r.Together
	}
	keys.Recall = share(keys.Right, keys.Of)
	lines = append(lines, keys)
	for _, r := range measure.ByReason(shared, names.Likely) {
		if r.SameShown+r.Shown > 0 {
			lines = append(lines, scored{Table: "reasons", Name: string(r.Name), Of: r.Same, Right: r.SameShown, Wrong: r.Shown,
				Precision: share(r.SameShown, r.SameShown+r.Shown), Recall: share(r.SameShown, r.Same)})
		}
	}
	return lines
}

func registersAt(registers []measure.Register, threshold float64) measure.Quality {
	q := measure.Quality{Threshold: threshold}
	for _, r := range registers {
		q = q.And(r.At(threshold))
	}
	return q
}

func share(part, whole int) float64 {
	if whole == 0 {
		return 1
	}
	return float64(part) / float64(whole)
}

// tables are the headings of what is printed for people, and the columns.
var tables = []struct {
	table, heading string
	row            func(scored) string
}{
	{"pairs", "Coppie\n\n| soglia | coppie dello stesso minore | trovate | mostrate a torto | precisione | richiamo | F |\n|--:|--:|--:|--:|--:|--:|--:|", thresholdRow},
	{"register", "Registro intero\n\n| soglia | minori scritti due volte | trovati | mostrate a torto | precisione | richiamo | F |\n|--:|--:|--:|--:|--:|--:|--:|", thresholdRow},
	{"noise", "Per differenza fra le due scritture\n\n| differenza | coppie | trovate | richiamo |\n|---|--:|--:|--:|", func(f scored) string {
		return fmt.Sprintf("| %s | %d | %d | %.1f %% |", f.Name, f.Of, f.Right, f.Recall*100)
	}},
	{"strangers", "Minori diversi che si somigliano\n\n| chi sono | coppie | mostrate a torto | |\n|---|--:|--:|--:|", func(f scored) string {
		return fmt.Sprintf("| %s | %d | %d | %.1f %% |", f.Name, f.Of, f.Wrong, share(f.Wrong, f.Of)*100)
	}},
	{"keys", "Chiavi\n\n| minori scritti due volte | con una chiave in comune | richiamo | coppie confrontate a vuoto |\n|--:|--:|--:|--:|", func(f scored) string {
		return fmt.Sprintf("| %d | %d | %.2f %% | %d |", f.Of, f.Right, f.Recall*100, f.Wrong)
	}},
	{"reasons", "Per motivo, nel registro\n\n| motivo | coppie dello stesso minore | trovate | mostrate a torto | precisione |\n|---|--:|--:|--:|--:|", func(f scored) string {
		return fmt.Sprintf("| %s | %d | %d | %d | %.1f %% |", f.Name, f.Of, f.Right, f.Wrong, f.Precision*100)
	}},
	{"weights", "Pesi\n\n| motivo | stimato (bit) | in uso (bit) |\n|---|--:|--:|", func(f scored) string {
		return fmt.Sprintf("| %s | %.1f | %.1f |", f.Name, f.Estimated, f.Bits)
	}},
}

func thresholdRow(f scored) string {
	return fmt.Sprintf("| %.2f | %d | %d | %d | %.2f %% | %.2f %% | %.2f %% |", f.Threshold, f.Of, f.Right, f.Wrong, f.Precision*100, f.Recall*100, f.F*100)
}

func markdown(lines []scored) string {
	var out strings.Builder
	for _, t := range tables {
		begun := false
		for _, l := range lines {
			if l.Table != t.table {
				continue
			}
			if !begun {
				out.WriteString("### " + t.heading + "\n")
				begun = true
			}
			out.WriteString(t.row(l) + "\n")
		}
		if begun {
			out.WriteString("\n")
		}
	}
	return strings.TrimRight(out.String(), "\n") + "\n"
}
