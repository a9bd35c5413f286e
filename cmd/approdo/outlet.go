package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"

	"approdo/adapters/outlet"
	"approdo/domain/event"
)

// outletCmd is for those who keep up the other systems that are told what happens.
type outletCmd struct {
	Replay replayCmd `cmd:"" help:"A servizio fermo: da dove un'uscita ricomincia a raccontare. Chi riceve riconosce i fatti che ha già."`
}

// replayCmd moves the checkpoint of an outlet.
type replayCmd struct {
	storage
	Name string `arg:"" help:"Nome dell'uscita."`
	From string `help:"Posizione del registro dopo la quale ricominciare: 0 per tutto, head per niente di ciò che c'è già." required:""`
}

var (
	errFrom          = errors.New("--from: 0, head, o una posizione fino a quella dell'ultimo evento (su EventStoreDB solo 0 e head)")
	errOutletUnknown = errors.New("nessuna uscita con questo nome ha ancora raccontato qualcosa")
)

// Run is the subcommand.
func (c *replayCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) error {
	h, err := c.load(ctx, true, log)
	if err != nil {
		return err
	}
	defer h.shut(ctx)
	at, err := h.store.Head(ctx)
	if err != nil {
		return err
	}
	known, err := h.passed.Load(ctx, outlet.Policy(c.Name))
	if err != nil {
		return err
	}
	if known == 0 && c.From != "head" {
		return errOutletUnknown
	}
	if c.From != "head" {
		n, err := strconv.ParseUint(c.From, 10, 63)
		if err != nil || event.Position(n) > at || n > 0 && hasScheme(c.Journal, esdbSchemes) {
			return errFrom
		}
		at = event.Position(n)
	}
	if err := h.passed.Save(ctx, outlet.Policy(c.Name), at); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "L'uscita %s ricomincia dopo la posizione %d.\n", c.Name, at)
	return err
}
