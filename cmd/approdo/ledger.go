package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"approdo/adapters/notary"
	"approdo/adapters/notify"
	"approdo/adapters/seal"
	"approdo/domain"
	"approdo/domain/ledger"
	"approdo/domain/policy"
)

// signedLedger is what an engine keeps of the ledger: the checkpoints that were signed, and to whom they were sent.
type signedLedger interface {
	notary.Storage
	Oldest(ctx context.Context, above int64, limit int) ([]ledger.Signed, error)
}

// keepLedger has the journal signed while the house runs.
func (h *house) keepLedger(master seal.MasterKey) {
	h.notary = notary.New(notary.Config{Journal: h.store, Views: h.views, Storage: h.signed, Key: master.LedgerKey(), Clock: h.clock, Log: h.log})
	h.policies.Every(policy.NameLedger, notary.Interval, h.notary.Tick)
	h.metrics.Signing(h.notary, h.log)
}

// checkpointFlags say who keeps the signed checkpoints of the ledger elsewhere.
type checkpointFlags struct {
	Checkpoints       string `help:"Cartella, meglio se su un altro disco, in cui lasciare ogni punto di controllo firmato del registro." placeholder:"CARTELLA"`
	CheckpointWebhook string `help:"Indirizzo https a cui mandare ogni punto di controllo firmato." placeholder:"URL"`
	CheckpointMail    string `help:"Indirizzo di posta a cui mandarne uno al giorno; vuole la posta configurata." placeholder:"INDIRIZZO"`
}

// mailEvery is how often a checkpoint goes out by mail.
const mailEvery = 24 * time.Hour

var (
	errCheckpoints = errors.New("--checkpoints: non è una cartella")
	errWebhook     = errors.New("--checkpoint-webhook: l'indirizzo comincia con https:// (http:// solo su questa macchina)")
	errNoPost      = errors.New("--checkpoint-mail: manca --smtp o --outbox")
)

// tell has the notary send checkpoints where the flags say.
func (c checkpointFlags) tell(n *notary.Notary, p *post) error {
	if c.Checkpoints != "" {
		if info, err := os.Stat(c.Checkpoints); err != nil || !info.IsDir() {
			return errCheckpoints
		}
		n.Tell("folder", 0, notary.Folder(c.Checkpoints))
	}
	if c.CheckpointWebhook != "" {
		hook, err := notary.NewWebhook(c.CheckpointWebhook)
		if err != nil {
			return errWebhook
		}
		n.Tell("webhook", 0, hook)
	}
	if c.CheckpointMail != "" {
		if !p.wanted() {
			return errNoPost
		}
		by, err := p.open()
		if err != nil {
			return err
		}
		n.Tell("mail", mailEvery, letter{by, domain.NewPersonal(c.CheckpointMail), n.VerifierKey()})
	}
	return nil
}

// letter sends checkpoints to a mailbox.
type letter struct {
	post notify.Post
	to   domain.Personal
	key  string
}

// Send implements notary.Destination.
func (l letter) Send(ctx context.Context, c ledger.Signed) error {
	return l.post.Send(ctx, notify.Message{To: l.to, Subject: fmt.Sprintf("Registro di Approdo: punto di controllo di %d eventi", c.Size),
		Text: fmt.Sprintf("Conservate questo messaggio: con il punto di controllo qui sotto e la chiave di verifica chiunque potrà accertare, anche fra anni, "+
			"che i primi %d eventi del registro non sono cambiati.\n\nChiave di verifica:\n%s\n\nPunto di controllo:\n\n%s", c.Size, l.key, c.Note)})
}
