package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	"github.com/google/uuid"

	"approdo/adapters/session"
	"approdo/domain"
	"approdo/domain/event"
)

// accountCmd is for the first accounts, before anybody can sign in.
type accountCmd struct {
	Invite  inviteCmd  `cmd:"" help:"Invita una persona e stampa il codice con cui sceglie la password, valido una volta e al più 72 ore."`
	Approve approveCmd `cmd:"" help:"Approva un invito che aspetta una seconda persona."`
	Reset   resetCmd   `cmd:"" name:"reset-factor" help:"Azzera il secondo fattore di chi ha perso telefono e codici di recupero: al prossimo accesso ne sceglie un altro."`
}

// inviteCmd begins an account.
type inviteCmd struct {
	storage
	Role string `help:"Ruolo: comune, centre, school, ust, prefettura, administrator." required:""`
	Body string `help:"Codice dell'ente: ISTAT del comune, del centro o dell'istituzione; vuoto per gli altri."`
	User string `help:"Nome con cui entra, di solito l'indirizzo di posta." required:""`
	Name string `help:"Nome e cognome." required:""`
	Mail string `help:"Indirizzo di posta o PEC: il servizio in funzione vi spedisce il collegamento, e qui non si vede." placeholder:"INDIRIZZO"`
}

// Run is the subcommand.
func (c *inviteCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) error {
	h, err := c.load(ctx, true, log)
	if err != nil {
		return err
	}
	defer h.shut(ctx)
	if err := h.directory.CatchUp(ctx); err != nil {
		return err
	}
	origin := event.Origin{ID: uuid.Must(uuid.NewV7()), By: domain.System, At: h.clock()}
	link, err := h.sessions.Invite(ctx, origin, session.Invitation{Role: domain.Role(c.Role), Body: c.Body, Login: domain.NewPersonal(c.User), Name: domain.NewPersonal(c.Name),
		Mail: domain.NewPersonal(c.Mail), ByMail: c.Mail != ""})
	if err != nil {
		return err
	}
	if c.Mail != "" {
		_, err = fmt.Fprintf(out, "Il collegamento parte per posta quando il servizio è in funzione, e vale fino al %s.\n", link.Expires.In(domain.Rome).Format("02/01/2006 15:04"))
		return err
	}
	_, err = fmt.Fprintf(out, "Codice di invito: %s\nSi usa alla pagina /attiva entro il %s.\n", link.Token, link.Expires.In(domain.Rome).Format("02/01/2006 15:04"))
	return err
}
