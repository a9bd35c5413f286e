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

var errFrom = errors.New("--from: una posizione fino a quella dell'ultimo evento, oppure head")

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
	if c.From != "head" {
		n, err := strconv.ParseUint(c.From, 10, 63)
		if err != nil || event.Position(n) > at {
			return errFrom
		}
		at = event.Position(n)
	}
	if err := h.checkpoints.Save(ctx, outlet.Policy(c.Name), at); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "L'uscita %s ricomincia dopo la posizione %d.\n", c.Name, at)
	return err
}
