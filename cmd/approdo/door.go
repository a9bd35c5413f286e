package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"

	"approdo/adapters/notify"
	"approdo/adapters/oidc"
	"approdo/adapters/session"
	"approdo/domain/policy"
)

// publicURL is where people reach the service.
type publicURL struct {
	PublicURL string `name:"public-url" help:"Indirizzo a cui le persone raggiungono il servizio: sta nei messaggi, i gestori d'identità rimandano lì e le passkey valgono solo per quello." placeholder:"https://approdo.ente.it"`
}

// check wants an address and nothing behind it; needed says that one must be there, and plain that the service may be reached without
// TLS: links and sign-ins that go to the address are as safe as it is.
func (p publicURL) check(needed, plain bool) error {
	if p.PublicURL == "" {
		if needed {
			return errors.New("--public-url: manca, e serve ai messaggi e all'accesso con un gestore d'identità")
		}
		return nil
	}
	u, err := url.Parse(p.PublicURL)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" || u.User != nil || u.Path != "" || u.RawQuery != "" || u.Fragment != "" {
		return errors.New("--public-url: deve essere come https://approdo.ente.it, senza altro in fondo")
	}
	if u.Scheme != "https" && !plain {
		return errors.New("--public-url: deve cominciare con https://; http:// solo con --plain")
	}
	return nil
}

// post is how messages leave the house.
type post struct {
	SMTP         string `name:"smtp" help:"Server a cui consegnare i messaggi, di posta o PEC: smtps://utente@host:465, o smtp://utente@host:587 con STARTTLS." placeholder:"URL"`
	PasswordFile string `name:"smtp-password-file" help:"File con la password dell'utente del server di posta." type:"path"`
	From         string `name:"smtp-from" help:"Mittente dei messaggi; per la PEC, la sua casella." placeholder:"INDIRIZZO"`
	Outbox       string `help:"Cartella in cui scrivere i messaggi, invece di spedirli." type:"path"`
	Receipts     string `name:"pec-receipts" help:"Cartella in cui si depositano le ricevute della casella PEC, una per file: diventano fatti registrati." type:"existingdir"`
}

func (p *post) wanted() bool { return p.SMTP != "" || p.Outbox != "" }

// postFaults are the faults of a mail server in the words of whoever configures it.
var postFaults = map[error]string{
	notify.ErrScheme:   "--smtp: deve cominciare con smtps:// o smtp://",
	notify.ErrTLS:      "--smtp: ?tls=none solo con smtp:// e su un indirizzo locale",
	notify.ErrPassword: "--smtp: con un utente serve --smtp-password-file, e la password non sta nell'indirizzo",
	notify.ErrFrom:     "--smtp-from: manca un solo indirizzo, come approdo@ente.it",
}

// server is what the flags say of the mail server.
func (p *post) server() (notify.Server, error) {
	u, err := url.Parse(p.SMTP)
	if err != nil {
		return notify.Server{}, errors.New(postFaults[notify.ErrScheme])
	}
	s := notify.Server{URL: u, From: p.From}
	if p.PasswordFile != "" {
		if s.Password, err = secretOf(p.PasswordFile); err != nil {
			return s, fmt.Errorf("--smtp-password-file: %w", err)
		}
	}
	if err := s.Check(); err != nil {
		return s, errors.New(postFaults[err])
	}
	return s, nil
}

func (p *post) check() error {
	switch {
	case p.SMTP != "" && p.Outbox != "":
		return errors.New("--outbox: i messaggi si spediscono con --smtp o si scrivono con --outbox, non tutti e due")
	case p.SMTP != "":
		_, err := p.server()
		return err
	case p.Receipts != "":
		return errors.New("--pec-receipts: le ricevute sono di messaggi spediti con --smtp")
	case p.PasswordFile != "":
		return errors.New("--smtp-password-file: di quale server? Manca --smtp")
	case p.Outbox != "" && p.From == "":
		return errors.New(postFaults[notify.ErrFrom])
	}
	return nil
}

// letters are all that is written to people.
type letters interface {
	session.Letters
}

// letters are nil where no messages leave the house.
func (p *post) letters(address, owner string) (letters, error) {
	if !p.wanted() {
		return nil, nil
	}
	by, err := p.open()
	if err != nil {
		return nil, err
	}
	return notify.NewLetters(by, address, owner), nil
}

func (p *post) open() (notify.Post, error) {
	if p.Outbox != "" {
		return notify.NewOutbox(p.Outbox, p.From)
	}
	s, err := p.server()
	if err != nil {
		return nil, err
	}
	return notify.NewSMTP(s)
}

// secretOf reads a file with one word in it.
func secretOf(file string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	if b = bytes.TrimSpace(b); len(b) == 0 {
		return "", errors.New("il file è vuoto")
	}
	return string(b), nil
}

// identityProvider lets people sign in elsewhere too.
type identityProvider struct {
	Issuer     string   `name:"oidc-issuer" help:"Gestore d'identità OpenID Connect con cui si può entrare, per esempio un proxy per SPID e CIE." placeholder:"https://…"`
	Client     string   `name:"oidc-client" help:"Nome con cui il gestore conosce Approdo." placeholder:"ID"`
	SecretFile string   `name:"oidc-secret-file" help:"File col segreto concordato col gestore." type:"path"`
	Claim      string   `name:"oidc-claim" help:"Attributo che distingue le persone: sub, o uno uguale ovunque come fiscalNumber." default:"sub"`
	Levels     []string `name:"oidc-acr" help:"Livelli (acr) che valgono come secondo fattore: si chiedono, e gli altri si rifiutano." placeholder:"ACR"`
	Label      string   `name:"oidc-name" help:"Come le persone chiamano il gestore." default:"identità digitale"`
}

// providerFaults are the faults of a provider in the words of whoever configures it.
var providerFaults = map[error]string{
	oidc.ErrIssuer: "--oidc-issuer: deve cominciare con https:// (http:// solo su questa macchina), senza parametri",
	oidc.ErrClient: "--oidc-client, --oidc-secret-file: servono tutti e due",
	oidc.ErrClaim:  "--oidc-claim: manca l'attributo",
}

// config is what the flags say of the provider; false where there is none.
func (p *identityProvider) config(address string) (c oidc.Config, wanted bool, err error) {
	if p.Issuer == "" {
		if p.Client != "" || p.SecretFile != "" || len(p.Levels) > 0 {
			err = errors.New("--oidc-issuer: manca il gestore")
		}
		return c, false, err
	}
	c = oidc.Config{Issuer: p.Issuer, Client: p.Client, Claim: p.Claim, Levels: p.Levels, Label: p.Label, Redirect: address + "/accedi/ritorno"}
	if p.SecretFile != "" {
		if c.Secret, err = secretOf(p.SecretFile); err != nil {
			return c, true, fmt.Errorf("--oidc-secret-file: %w", err)
		}
	}
	if err := c.Check(); err != nil {
		return c, true, errors.New(providerFaults[err])
	}
	return c, true, nil
}

// posts has links sent by letters, nil for a house that has no mail, and resets of second factors carried out.
func (h *house) posts(by letters) {
	h.policies.React(h.sessions.Resets())
	h.policies.React(h.sessions.Post(by))
	h.policies.Every(policy.NameRecoveries, session.RecoveryEvery, h.sessions.Recover)
}

// trusts has people sign in by a provider too, which may be away when the service starts.
func (h *house) trusts(c oidc.Config) error {
	c.Clock, c.Log = h.clock, h.log
	p, err := oidc.New(c)
	if err != nil {
		return err
	}
	h.sessions.Trust(p)
	h.alongside = append(h.alongside, p.Run)
	return nil
}
