package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/access"
	"approdo/domain/account"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/reading"
)

// breachReportCmd says what somebody saw who should not have: for the notice to the Garante and to the families (GDPR art. 33 and 34).
type breachReportCmd struct {
	storage
	User string `help:"Utenza: il nome con cui entra, o il suo identificativo." required:""`
	From string `help:"Primo giorno, 2022-03-14." required:""`
	To   string `help:"Ultimo giorno, 2022-03-14." required:""`
	JSON bool   `name:"json" help:"Un oggetto JSON invece della tabella."`
}

// breachReport is what one account was shown in a span of days. Nothing in it names a pupil: the cases do, to whoever may open them.
type breachReport struct {
	Account uuid.UUID `json:"account"`
	From    string    `json:"from"`
	To      string    `json:"to"` // included; days of Rome
	Answers int       `json:"answers"`
	// Forgotten are answers of those days, to anybody, of which nobody can say any more what they showed.
	Forgotten int            `json:"forgotten"`
	Cases     []breachedCase `json:"cases"`
	Bodies    []string       `json:"bodies"` // that have those cases now
	Fields    []access.Field `json:"fields"`
}

// breachedCase is what was seen of one pupil. Instants are UTC.
type breachedCase struct {
	Case        uuid.UUID          `json:"case"`
	Fields      []access.Field     `json:"fields"`
	Grounds     []access.Relation  `json:"grounds"`
	First       time.Time          `json:"first"`
	Last        time.Time          `json:"last"`
	Times       int                `json:"times"`
	Erased      bool               `json:"erased,omitzero"`
	Comune      domain.Comune      `json:"comune"`
	Centre      domain.Centre      `json:"centre,omitzero"`
	Institution domain.Institution `json:"institution,omitzero"`
}

var errNoUser = errors.New("--user: nessuna utenza ha questo nome")

// Run is the subcommand. The service may be running.
func (c *breachReportCmd) Run(ctx context.Context, out io.Writer, log *slog.Logger) (err error) {
	from, errFrom := domain.ParseDate(c.From)
	to, errTo := domain.ParseDate(c.To)
	if errFrom != nil || errTo != nil || to.Before(from) {
		return errors.New("--from, --to: due giorni come 2022-03-14, il secondo non prima del primo")
	}
	h, err := c.openRecords(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.shut(ctx)) }()
	id, err := uuid.Parse(c.User)
	if err != nil {
		if id, err = accountOf(ctx, h.store, h.codec, c.User); err != nil {
			return err
		}
	}
	report, err := reportBreach(ctx, h.store, h.codec, id, from, to)
	if err != nil {
		return err
	}
	if c.JSON {
		return json.MarshalWrite(out, report, jsontext.WithIndent("  "))
	}
	return report.print(out)
}

// accountOf finds an account by what its person types to sign in.
func accountOf(ctx context.Context, store event.Store, codec *event.Codec, login string) (found uuid.UUID, err error) {
	for page, err := range store.ReadAll(ctx, 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{account.Prefix}}}) {
		if err != nil {
			return found, err
		}
		for _, r := range page.Records {
			e, err := codec.Decode(r)
			if err != nil {
				return found, err
			}
			invited, ok := e.(account.AccountInvited)
			if !ok {
				continue
			}
			who, err := invited.Person.Unseal(ctx, codec.Sealer())
			if err != nil && !errors.Is(err, domain.ErrForgotten) {
				return found, err
			}
			if !who.Login.IsZero() && strings.EqualFold(who.Login.Reveal(), strings.TrimSpace(login)) {
				found = invited.Account // a later one took the name over
			}
		}
	}
	if found == uuid.Nil {
		return found, errNoUser
	}
	return found, nil
}

func reportBreach(ctx context.Context, store event.Store, codec *event.Codec, who uuid.UUID, from, to domain.Date) (breachReport, error) {
	out := breachReport{Account: who, From: from.String(), To: to.String(), Cases: []breachedCase{}}
	seen := map[uuid.UUID]*breachedCase{}
	for given, err := range reading.Read(ctx, store, codec) {
		if err != nil {
			return out, err
		}
		if day := domain.DateOf(given.At); day.Before(from) || to.Before(day) {
			continue
		}
		if given.Forgotten {
			out.Forgotten++
		}
		if given.Forgotten || given.By.Account != who {
			continue
		}
		out.Answers++
		for _, p := range given.Pupils {
			out.Fields = union(out.Fields, p.Fields)
			for _, id := range p.Cases {
				x := seen[id]
				if x == nil {
					x = &breachedCase{Case: id, First: given.At}
					seen[id] = x
				}
				x.Last, x.Fields, x.Grounds = given.At, union(x.Fields, p.Fields), union(x.Grounds, []access.Relation{p.Ground})
				x.Times++
			}
		}
	}
	for id, x := range seen {
		now, err := event.Load(ctx, store, codec, casefile.Decider, casefile.Stream(id))
		if err != nil {
			return out, err
		}
		x.Erased, x.Comune, x.Centre = now.State.Erased, now.State.Comune, now.State.Centre
		out.Bodies = union(out.Bodies, []string{string(x.Comune), string(x.Centre)})
		if now.State.Offer != nil {
			x.Institution = now.State.Offer.Institution
			out.Bodies = union(out.Bodies, []string{string(x.Institution)})
		}
		out.Cases = append(out.Cases, *x)
	}
	slices.SortFunc(out.Cases, func(a, b breachedCase) int { return a.First.Compare(b.First)*2 + slices.Compare(a.Case[:], b.Case[:]) })
	slices.Sort(out.Bodies)
	return out, nil
}

// union adds what is not there yet, and nothing that is empty.
func union[T ~string](have, more []T) []T {
	for _, x := range more {
		if x != "" && !slices.Contains(have, x) {
			have = append(have, x)
		}
	}
	return have
}

func (b breachReport) print(out io.Writer) error {
	fmt.Fprintf(out, "Utenza %s, dal %s al %s: %d pagine, %d minori.\nDati: %s\nEnti: %s\n\n", b.Account, b.From, b.To, b.Answers, len(b.Cases), texts(b.Fields), strings.Join(b.Bodies, ", "))
	if b.Forgotten > 0 {
		fmt.Fprintf(out, "ATTENZIONE: di %d letture di quei giorni, di chiunque, non resta che l'ora: il tempo di conservazione è finito.\n\n", b.Forgotten)
	}
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "PRATICA\tVOLTE\tPRIMA\tULTIMA\tDATI\tTITOLO\tCOMUNE\tCENTRO\tISTITUTO")
	for _, x := range b.Cases {
		fmt.Fprintf(w, "%s\t%d\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", x.Case, x.Times, x.First.Format(time.RFC3339), x.Last.Format(time.RFC3339), texts(x.Fields), texts(x.Grounds), x.Comune, x.Centre, x.Institution)
	}
	return w.Flush()
}

func texts[T ~string](all []T) string {
	var out []string
	for _, x := range all {
		out = append(out, string(x))
	}
	return strings.Join(out, " ")
}
