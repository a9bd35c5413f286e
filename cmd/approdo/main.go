// Command approdo places newly arrived pupils in the schools of a province: comuni ask, centres place, schools answer.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"strings"
	"syscall"
	_ "time/tzdata" // days begin in Rome, on machines without a zone database too

	"github.com/alecthomas/kong"
)

// commands are the subcommands. Each is a struct in a file of its own whose fields are its flags and whose Run method may ask for
// a context.Context that ends with the program, an io.Writer for its results, and a *slog.Logger or, where its form is a flag, a diary.
type commands struct {
	Serve   serveCmd        `cmd:"" help:"Avvia il servizio."`
	Demo    demoCmd         `cmd:"" help:"Inventa l'anno 2022 e lo mostra: persone, indirizzi e documenti non esistono."`
	Import  importCmd       `cmd:"" help:"Legge i registri ufficiali."`
	Account accountCmd      `cmd:"" help:"Gestisce le prime utenze."`
	Outlet  outletCmd       `cmd:"" help:"Gestisce le uscite verso altri sistemi."`
	Key     keyCmd          `cmd:"" help:"Crea la chiave maestra."`
	Rebuild rebuildCmd      `cmd:"" help:"Rifà le viste dal giornale."`
	Migrate migrateCmd      `cmd:"" help:"Copia il registro degli eventi da un motore a un altro."`
	Breach  breachReportCmd `cmd:"" name:"breach-report" help:"Dice quali dati di minori un'utenza ha visto in certi giorni, e quali enti ne sono toccati."`
	Backup  backupCmd       `cmd:"" help:"Copia la casa mentre lavora, cifrata, e prova la copia."`
	Restore restoreCmd      `cmd:"" help:"Rifà una casa da una copia, o prova se si può."`
	Export  exportCmd       `cmd:"" help:"Scrive il registro in un file che si può verificare anche fra anni."`
	Verify  verifyCmd       `cmd:"" help:"Accerta che un'esportazione, una prova o un punto di controllo reggano."`
	Public  verifierCmd     `cmd:"" name:"verifier" help:"Mostra la chiave di verifica del registro."`
	Witness witnessCmd      `cmd:"" help:"Ricorda l'ultimo punto di controllo e rifiuta un registro accorciato o diverso."`
	Plan    planCmd         `cmd:"" help:"Risolve un problema di assegnamento pubblicato, con la prova che non c'è di meglio."`
	Proof   verifyPlanCmd   `cmd:"" name:"verify-plan" help:"Accerta che un piano sia quello che dice di essere."`
	Replay  replayPlansCmd  `cmd:"" name:"replay-plans" help:"Rilegge il registro e confronta ciò che hanno fatto gli uffici con ciò che avrebbero fatto i piani."`
	Bench   benchCmd        `cmd:"" help:"Misura la velocità su questa macchina."`
	Version versionCmd      `cmd:"" help:"Mostra la versione."`
}

// Exit codes.
const (
	exitOK = iota
	exitFailed
	exitUsage
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the program at once
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

// run is the program but for what belongs to the process. Every flag --some-name can also be set as APPRODO_SOME_NAME.
func run(ctx context.Context, args []string, getenv func(string) string, stdout, stderr io.Writer) (code int) {
	defer func() {
		if asked, ok := recover().(exit); ok {
			code = int(asked)
		}
	}()
	parser, err := kong.New(&commands{},
		kong.Name("approdo"),
		kong.Description("Accoglienza e inserimento scolastico degli alunni neoarrivati."),
		kong.Writers(stdout, stderr),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.Resolvers(environment(getenv)),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(stdout, (*io.Writer)(nil)),
		kong.Bind(slog.New(slog.NewTextHandler(stderr, nil)), diary{stderr}),
	)
	if err != nil {
		panic(err) // a tag in commands is wrong
	}
	command, err := parser.Parse(args)
	if err != nil {
		fmt.Fprintf(stderr, "approdo: %v\n", err)
		return exitUsage
	}
	if err := command.Run(); err != nil {
		fmt.Fprintf(stderr, "approdo: %s\n", inItalian(err))
		return exitFailed
	}
	return exitOK
}

// diary is where the program tells what it does. Nothing in it is about people.
type diary struct{ io.Writer }

func (d diary) logger(form string) *slog.Logger {
	if form == "json" {
		return slog.New(slog.NewJSONHandler(d, nil))
	}
	return slog.New(slog.NewTextHandler(d, nil))
}

// exit carries the wish of --help to end the program.
type exit int

// environment sets flags from variables.
func environment(getenv func(string) string) kong.ResolverFunc {
	return func(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
		name := "APPRODO_" + strings.ToUpper(strings.ReplaceAll(flag.Name, "-", "_"))
		if v := getenv(name); v != "" {
			return v, nil
		}
		return nil, nil
	}
}
