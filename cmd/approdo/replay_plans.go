package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"text/tabwriter"
	"time"

	"approdo/domain"
	"approdo/projections/replay"
)

// replayPlansCmd goes through the journal again and compares what officers did with what plans would have done.
type replayPlansCmd struct {
	storage
	Every int    `help:"Ogni quanti giorni un piano; il primo è di lunedì." default:"7"`
	From  string `help:"Primo giorno, 2022-03-14; senza, il primo del registro."`
	To    string `help:"Ultimo giorno, 2022-03-14; senza, l'ultimo del registro."`
	Seed  uint64 `help:"Seme dei rifiuti estratti a sorte: lo stesso seme dà gli stessi rifiuti." default:"2022"`
	JSON  bool   `name:"json" help:"Una riga JSON per ogni misura invece della tabella."`
}

// Help tells what is compared, for --help.
func (c *replayPlansCmd) Help() string {
	return `Rilegge il registro dal primo giorno e, ogni lunedì alle otto (--every), fa un piano per tutti gli alunni che a quel punto aspetterebbero un
posto: presi in carico, con la pratica aperta e non unita a un'altra, senza una domanda in sospeso e non ancora collocati da un piano precedente. I posti sono
quelli che le scuole avevano dichiarato fino a quel momento, meno quelli presi con iscrizioni autonome e quelli già dati dai piani. Chi secondo il registro
se ne va (ritiro, chiusura, unione, fine della frequenza) restituisce il posto. Ciò che fu offerto prima di --from resta com'era, e non si conta.

Ogni proposta si considera accettata dopo il tempo mediano con cui le scuole hanno risposto in quello stesso registro: così le attese si confrontano. Ma
nessuna scuola dice di no, e questo favorisce i piani: perciò c'è una seconda prova, in cui le proposte sono rifiutate con la frequenza con cui lo
furono, o scaddero, quelle degli uffici, a sorte (--seed), e l'alunno aspetta il piano seguente.

Altro sfavorisce i piani: conoscono solo i posti già dichiarati, mentre spesso una scuola li dichiara quando un ufficio li chiede, e non superano mai il tetto
di alunni senza cittadinanza italiana, mentre gli uffici possono. Perciò c'è una terza prova, con la libertà degli uffici: il tetto non vincola, e si sa già ciò
che le scuole dichiareranno fino al piano seguente.

Le strade si misurano come nella graduatoria delle scuole, in linea d'aria. Le famiglie sono quelle di più alunni, di cui almeno uno ha avuto un posto
offerto. Non apre nessun dato di minori e non scrive nulla; il servizio può essere acceso.`
}

// Validate names every flag that is at fault.
func (c *replayPlansCmd) Validate() error {
	err := c.storage.Validate()
	if c.Every < 1 || c.Every > 365 {
		err = errors.Join(err, errors.New("--every: da 1 a 365 giorni"))
	}
	if _, _, errDays := c.days(); errDays != nil {
		err = errors.Join(err, errDays)
	}
	return err
}

func (c *replayPlansCmd) days() (from, to domain.Date, err error) {
	var errs [2]error
	if c.From != "" {
		from, errs[0] = domain.ParseDate(c.From)
	}
	if c.To != "" {
		to, errs[1] = domain.ParseDate(c.To)
	}
	if errs[0] != nil || errs[1] != nil || !to.IsZero() && to.Before(from) {
		return from, to, errors.New("--from, --to: giorni come 2022-03-14, il secondo non prima del primo")
	}
	return from, to, nil
}

var (
	errReplayNothing     = errors.New("in questi giorni nessun posto offerto è stato accettato: non c'è nulla da confrontare")
	errReplayInterrupted = errors.New("interrotto: nessun confronto, e nulla è stato scritto")
)

// Run is the subcommand. The service may be running.
func (c *replayPlansCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger, told diary) (err error) {
	from, to, err := c.days()
	if err != nil {
		return err
	}
	defer func() {
		if ctx.Err() != nil {
			err = errReplayInterrupted
		}
	}()
	h, err := c.openRecords(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.shut(ctx)) }()
	began := false
	report, err := replay.Run(ctx, replay.Config{Store: h.store, Codec: h.codec, Every: c.Every, From: from, To: to, Seed: c.Seed,
		Progress: func(day domain.Date, waiting int) {
			fmt.Fprintf(told, "\rPiano del %s: %d alunni in attesa ", day, waiting)
			began = true
		}})
	if began {
		fmt.Fprintln(told)
	}
	if errors.Is(err, replay.ErrNothing) {
		return errReplayNothing
	}
	if err != nil {
		return err
	}
	if c.JSON {
		for _, f := range replayFigures(report) {
			if err := f.print(out, true); err != nil {
				return err
			}
		}
		return nil
	}
	return printReplay(out, report)
}

// replayColumns are the plans beside the officers, with the names their figures have.
func replayColumns(r replay.Report) []struct {
	name string
	replay.Column
} {
	return []struct {
		name string
		replay.Column
	}{{"plans", r.Plans}, {"declined", r.Declined}, {"free", r.Free}}
}

// replayFigures have the plans' for their value and the officers' for their baseline.
func replayFigures(r replay.Report) (out []figure) {
	add := func(name, unit string, value, baseline float64) {
		f := figure{Figure: "replay." + name, Value: value, Unit: unit, Baseline: baseline}
		if baseline != 0 {
			f.Ratio = value / baseline
		}
		out = append(out, f)
	}
	o := r.Officers
	for _, c := range replayColumns(r) {
		for _, x := range []struct {
			name            string
			value, baseline int
		}{
			{"placed", c.Placed, o.Placed}, {"both", c.Both.Pupils, o.Placed}, {"far", c.Far, o.Far}, {"over", c.Over, o.Over},
			{"waiting", c.Waiting, o.Waiting}, {"asked", c.Asked, o.Asked}, {"twice", c.Twice, o.Twice},
		} {
			add(c.name+"."+x.name, "pupils", float64(x.value), float64(x.baseline))
		}
		add(c.name+".together", "households", float64(c.Together), float64(o.Together))
		add(c.name+".apart", "households", float64(c.Apart), float64(o.Apart))
		add(c.name+".way.mean", "m", float64(c.Ways.Mean), float64(o.Ways.Mean))
		add(c.name+".way.median", "m", float64(c.Ways.Median), float64(o.Ways.Median))
		add(c.name+".way.both", "m", float64(c.Both.Ways), float64(c.Both.OfficersWays))
		add(c.name+".wait.mean", "days", inDays(c.Waits.Mean), inDays(o.Waits.Mean))
		add(c.name+".wait.median", "days", inDays(c.Waits.Median), inDays(o.Waits.Median))
		add(c.name+".wait.p90", "days", inDays(c.Waits.P90), inDays(o.Waits.P90))
		add(c.name+".wait.both", "days", inDays(c.Both.Waits), inDays(c.Both.OfficersWaits))
	}
	add("answer", "days", inDays(r.Answer), 0)
	add("refused", "offers", float64(r.Refused), float64(r.Answered))
	return out
}

func inDays(d time.Duration) float64 { return d.Hours() / 24 }

// replayRow is one line of the table: what is better, and how it is told. Better is above zero where more is, below where less is, 0 where neither.
type replayRow struct {
	name   string
	better int
	of     func(replay.Column) float64
	format string
}

// plain is the name within a sentence, without its unit.
func (r replayRow) plain() string {
	name, _, _ := strings.Cut(strings.ToLower(r.name), ", km")
	name, _, _ = strings.Cut(name, ", giorni")
	return strings.ReplaceAll(name, ",", "")
}

func replayRows() []replayRow {
	km := func(of func(replay.Column) int) func(replay.Column) float64 {
		return func(c replay.Column) float64 { return float64(of(c)) / 1000 }
	}
	n := func(of func(replay.Column) int) func(replay.Column) float64 {
		return func(c replay.Column) float64 { return float64(of(c)) }
	}
	days := func(of func(replay.Column) time.Duration) func(replay.Column) float64 {
		return func(c replay.Column) float64 { return inDays(of(c)) }
	}
	return []replayRow{
		{"Alunni con un posto offerto e accettato", 1, n(func(c replay.Column) int { return c.Placed }), "%.0f"},
		{"Strada media, km", -1, km(func(c replay.Column) int { return c.Ways.Mean }), "%.2f"},
		{"Strada mediana, km", -1, km(func(c replay.Column) int { return c.Ways.Median }), "%.2f"},
		{"Strade oltre il limite", -1, n(func(c replay.Column) int { return c.Far }), "%.0f"},
		{"In classi oltre il tetto", -1, n(func(c replay.Column) int { return c.Over }), "%.0f"},
		{"Attesa media, giorni", -1, days(func(c replay.Column) time.Duration { return c.Waits.Mean }), "%.1f"},
		{"Attesa mediana, giorni", -1, days(func(c replay.Column) time.Duration { return c.Waits.Median }), "%.1f"},
		{"Attesa di nove su dieci, giorni", -1, days(func(c replay.Column) time.Duration { return c.Waits.P90 }), "%.1f"},
		{"Famiglie di più alunni, insieme", 1, n(func(c replay.Column) int { return c.Together }), "%.0f"},
		{"Famiglie di più alunni, divise", -1, n(func(c replay.Column) int { return c.Apart }), "%.0f"},
		{"Ancora in attesa alla fine", -1, n(func(c replay.Column) int { return c.Waiting }), "%.0f"},
		{"di cui con una scuola interpellata", 0, n(func(c replay.Column) int { return c.Asked }), "%.0f"},
		{"Posti dati a doppioni", -1, n(func(c replay.Column) int { return c.Twice }), "%.0f"},
		{"Stessi alunni degli uffici", 0, n(func(c replay.Column) int { return c.Both.Pupils }), "%.0f"},
		{"loro strada media, km", 0, km(func(c replay.Column) int { return c.Both.Ways }), "%.2f"},
		{"con gli uffici", 0, km(func(c replay.Column) int { return c.Both.OfficersWays }), "%.2f"},
		{"loro attesa media, giorni", 0, days(func(c replay.Column) time.Duration { return c.Both.Waits }), "%.1f"},
		{"con gli uffici", 0, days(func(c replay.Column) time.Duration { return c.Both.OfficersWaits }), "%.1f"},
	}
}

// printReplay writes the table for people, what it flatters, and who did better at what.
func printReplay(out io.Writer, r replay.Report) error {
	fmt.Fprintf(out, "Dal %s al %s, un piano ogni %d giorni e per ogni anno scolastico: %d piani, di cui %d provati i migliori.\n\n",
		r.From, r.To, r.Every, r.Plans.Plans, r.Plans.Proven)
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(w, "\tUffici\tPiani\tcon rifiuti\tpiù liberi\t")
	for _, row := range replayRows() {
		fmt.Fprintf(w, "%s\t", row.name)
		for _, c := range []replay.Column{r.Officers, r.Plans, r.Declined, r.Free} {
			fmt.Fprintf(w, row.format+"\t", row.of(c))
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	fmt.Fprintf(out, `
Piani: ogni proposta è accettata dopo %.1f giorni, la mediana delle risposte delle scuole: nessuna rifiuta, e questo li favorisce. Conoscono solo
i posti già dichiarati, che spesso una scuola dichiara quando un ufficio li chiede, e non superano mai il tetto: questo li sfavorisce.
Con rifiuti: come i piani, ma è rifiutata la stessa parte delle proposte che lo fu, o scadde, agli uffici: %d su %d, estratte a sorte.
Più liberi: come i piani, ma liberi come gli uffici: il tetto non vincola, e le scuole dicono già ciò che diranno entro il piano seguente.
Le attese vanno dalla presa in carico all'accettazione. Le strade sono in linea d'aria. Chi decide sa anche ciò che nel registro non c'è.

`, inDays(r.Answer), r.Refused, r.Answered)
	if n := r.Officers.Unmeasured; n > 0 {
		fmt.Fprintf(out, "Di %d alunni collocati dagli uffici la strada non si sa: la scuola non è nell'anagrafe.\n\n", n)
	}
	for i, name := range []string{"piani", "piani con rifiuti", "piani più liberi"} {
		officers, plans := betterAt(r.Officers, replayColumns(r)[i].Column)
		fmt.Fprintf(out, "Uffici e %s.\n  Meglio gli uffici: %s.\n  Meglio i piani: %s.\n", name, officers, plans)
	}
	return nil
}

// betterAt names the lines in which one column is better than the other, and the other way round.
func betterAt(a, b replay.Column) (first, second string) {
	var names [2][]string
	for _, row := range replayRows() {
		switch x := float64(row.better) * (row.of(a) - row.of(b)); {
		case x > 0:
			names[0] = append(names[0], row.plain())
		case x < 0:
			names[1] = append(names[1], row.plain())
		}
	}
	const nothing = "nulla"
	return cmp.Or(strings.Join(names[0], "; "), nothing), cmp.Or(strings.Join(names[1], "; "), nothing)
}
