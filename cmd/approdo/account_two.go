package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/event"
)

// approveCmd is the second person's word where there is no second administrator yet.
type approveCmd struct {
	storage
	User string `help:"Nome con cui la persona entra." required:""`
}

// resetCmd is for the administrator who has nobody to ask.
type resetCmd struct {
	storage
	User string `help:"Nome con cui la persona entra." required:""`
}

// Run is the subcommand.
func (c *approveCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) error {
	err := c.storage.onAccount(ctx, c.User, log, func(h *house, o event.Origin, x session.Account) error {
		if x.Inviter == uuid.Nil {
			return errors.New("--user: questo invito non aspetta nessuno")
		}
		return h.sessions.Approve(ctx, o, x.Account)
	})
	if err == nil {
		_, err = fmt.Fprintln(out, "L'invito è approvato.")
	}
	return err
}

// Run is the subcommand.
func (c *resetCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) error {
	err := c.storage.onAccount(ctx, c.User, log, func(h *house, o event.Origin, x session.Account) error {
		_, err := h.sessions.ResetFactors(ctx, o, x.Account)
		return err
	})
	if err == nil {
		_, err = fmt.Fprintln(out, "Il secondo fattore è azzerato.")
	}
	return err
}

// onAccount does something, as the operator, to the account that has a login and is not closed.
func (s *storage) onAccount(ctx context.Context, login string, log *slog.Logger, do func(*house, event.Origin, session.Account) error) error {
	h, err := s.load(ctx, true, log)
	if err != nil {
		return err
	}
	defer h.shut(ctx)
	if err := h.directory.CatchUp(ctx); err != nil {
		return err
	}
	for _, x := range h.directory.Accounts() {
		if x.Status() == account.Closed {
			continue
		}
		p, err := h.directory.Person(ctx, x.Account)
		if errors.Is(err, domain.ErrForgotten) {
			continue
		}
		if err != nil {
			return err
		}
		if strings.EqualFold(p.Login.Reveal(), strings.TrimSpace(login)) {
			return do(h, event.Origin{ID: uuid.Must(uuid.NewV7()), By: domain.System, At: h.clock()}, x)
		}
	}
	return errors.New("--user: nessuno entra con questo nome")
}
