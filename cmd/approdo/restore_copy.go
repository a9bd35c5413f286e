package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"filippo.io/age"
	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"approdo/adapters/archive"
	"approdo/adapters/seal"
	"approdo/domain"
	"approdo/domain/account"
	"approdo/domain/casefile"
	"approdo/domain/event"
	"approdo/domain/ledger"
)

// copied is a backup as it is read: the set, those it continues, and where its keys lie.
type copied struct {
	chain      []*archive.Set // the set is the last
	keys       *archive.Set
	identities []age.Identity
}

// openCopied finds the sets. Keys may come from a later set of the same journal, which has all that this one's journal needs.
func openCopied(from, keysFrom string, identityFiles []string) (c *copied, err error) {
	c = &copied{}
	if c.identities, err = identitiesOf(identityFiles); err != nil {
		return nil, fmt.Errorf("--identity: %w", err)
	}
	set, err := archive.Open(from)
	if err != nil {
		return nil, err
	}
	if c.chain, err = set.Chain(); err != nil {
		return nil, err
	}
	c.keys = set
	if keysFrom != "" {
		if c.keys, err = archive.Open(keysFrom); err != nil {
			return nil, err
		}
	}
	switch {
	case !set.Has(archive.Journal):
		return nil, fmt.Errorf("%s: qui ci sono le sole chiavi; il registro sta nell'altra cartella", set.Dir)
	case !c.keys.Has(archive.Keys) && keysFrom == "":
		return nil, fmt.Errorf("%s: le chiavi di questa copia stanno altrove: indicate la loro cartella con --keys-from", set.Dir)
	case c.keys.Journal != set.Journal:
		return nil, fmt.Errorf("%s: queste chiavi sono di un altro registro", c.keys.Dir)
	case c.keys.Size < set.Size:
		return nil, fmt.Errorf("%s: queste chiavi sono più vecchie del registro, e mancano quelle di chi è arrivato dopo", c.keys.Dir)
	case c.keys.Size == set.Size && c.keys.Root != set.Root:
		return nil, fmt.Errorf("%s: queste chiavi sono di un altro registro", c.keys.Dir)
	}
	return c, nil
}

func identitiesOf(files []string) (all []age.Identity, err error) {
	for _, file := range files {
		f, err := os.Open(file)
		if err != nil {
			return nil, err
		}
		ids, err := age.ParseIdentities(f)
		if err = errors.Join(err, f.Close()); err != nil {
			return nil, fmt.Errorf("%s: non è un'identità di age (AGE-SECRET-KEY-…)", file)
		}
		all = append(all, ids...)
	}
	return all, nil
}

func (c *copied) set() *archive.Set { return c.chain[len(c.chain)-1] }

// check holds the archives against the manifests. It needs no identity.
func (c *copied) check() error {
	for _, s := range c.chain {
		if err := s.Check(archive.Journal, c.identities...); err != nil {
			return err
		}
	}
	return errors.Join(c.set().Check(archive.State, c.identities...), c.keys.Check(archive.Keys, c.identities...))
}

// records gives the records of the whole journal. At the end of every set size, root and head are those of its manifest, or the error says
// that they are not.
func (c *copied) records() iter.Seq2[event.Record, error] {
	return func(yield func(event.Record, error) bool) {
		var tree ledger.Tree
		var head event.Position
		for _, s := range c.chain {
			for r, err := range s.Records(c.identities...) {
				if err == nil && r.Position <= head {
					err = &archive.Fault{Reason: archive.OtherRoot, File: s.Dir}
				}
				if err != nil {
					yield(r, err)
					return
				}
				head = r.Position
				tree.Add(ledger.LeafHash(r))
				if !yield(r, nil) {
					return
				}
			}
			if tree.Size() != s.Size || tree.Root() != s.Root || head != s.Head {
				yield(event.Record{}, &archive.Fault{Reason: archive.OtherRoot, File: s.Dir})
				return
			}
		}
	}
}

// until is the end of what is to be restored: a position, an instant, or where the zero value is, the end.
type until struct {
	position event.Position
	instant  time.Time
}

func parseUntil(text string) (u until, err error) {
	if text == "" {
		return u, nil
	}
	if n, err := strconv.ParseUint(text, 10, 63); err == nil && n > 0 {
		return until{position: event.Position(n)}, nil
	}
	if u.instant, err = time.Parse(time.RFC3339, text); err != nil {
		return u, errors.New("--until: una posizione, o un istante come 2026-11-22T12:00:00+01:00")
	}
	return u, nil
}

// past tells whether a record comes after. The first one that does ends the journal, whatever instants others have.
func (u until) past(r event.Record) bool {
	return u.position > 0 && r.Position > u.position || !u.instant.IsZero() && r.At.After(u.instant)
}

// within wants an end that the set knows of.
func (u until) within(f archive.Facts) error {
	if u.position > f.Head || u.instant.After(f.Taken) {
		return fmt.Errorf("--until: la copia finisce alla posizione %d, %s: di ciò che è venuto dopo non sa nulla", f.Head, inRome(f.Taken))
	}
	return nil
}

// extent is what of a copy is to be restored, as it was found by reading all of it.
type extent struct {
	size     int64
	head     event.Position // in the journal that was copied
	at       time.Time      // when its last record was written
	root     tlog.Hash
	accounts map[uuid.UUID]bool
	pupils   map[uuid.UUID]bool
	erased   map[domain.Class][]uuid.UUID // pupils whose keys are to be gone, by class; empty: all of them
}

// measure reads everything, and leaves nothing unread that could be false. Of the checkpoints it tells how many it could hold the journal
// against: those of more records than it has say nothing of it.
func (c *copied) measure(ctx context.Context, u until, checkpoints []ledger.Checkpoint, out io.Writer) (x extent, held int, err error) {
	if err := u.within(c.set().Facts); err != nil {
		return x, 0, err
	}
	x.accounts, x.pupils, x.erased = map[uuid.UUID]bool{}, map[uuid.UUID]bool{}, map[domain.Class][]uuid.UUID{}
	wanted := map[int64]tlog.Hash{}
	for _, k := range checkpoints {
		if other, twice := wanted[k.Size]; twice && other != k.Root {
			return x, 0, fmt.Errorf("--checkpoint: due di %d eventi non dicono lo stesso", k.Size)
		}
		wanted[k.Size] = k.Root
	}
	var tree ledger.Tree
	ended := false
	for r, err := range c.records() {
		if err = errors.Join(err, ctx.Err()); err != nil {
			return x, 0, err
		}
		tree.Add(ledger.LeafHash(r))
		if root, kept := wanted[tree.Size()]; kept {
			if root != tree.Root() {
				return x, 0, fmt.Errorf("--checkpoint: il registro della copia non è quello attestato: con %d eventi ha un'altra radice", tree.Size())
			}
			held++
		}
		if ended = ended || u.past(r); ended {
			continue
		}
		x.size, x.head, x.at, x.root = tree.Size(), r.Position, r.At, tree.Root()
		if id := casefile.IDOf(r.Stream); id != uuid.Nil {
			x.pupils[id] = true
			if class, gone := erasing[r.Type]; gone {
				x.erased[class] = append(x.erased[class], id)
			}
		}
		if id, ok := strings.CutPrefix(r.Stream, account.Prefix); ok {
			if id, err := uuid.Parse(id); err == nil {
				x.accounts[id] = true
			}
		}
		if x.size%progressEvery == 0 {
			fmt.Fprintf(out, "\rEventi controllati: %d ", x.size)
		}
	}
	fmt.Fprintf(out, "\rEventi controllati: %d \n", tree.Size())
	if x.size == 0 {
		return x, 0, errors.New("--until: prima di allora il registro era vuoto")
	}
	return x, held, nil
}

// erasing are the records behind which keys go, and of which class.
var erasing = map[string]domain.Class{"case.pupil-erased": "", "case.health-erased": domain.ClassSpecial}

func isCase(r event.Record) bool { return strings.HasPrefix(r.Stream, casefile.Category) }

// contents reads the other two archives.
func (c *copied) contents() (b belongings, keys seal.Copy, err error) {
	if b, err = archive.Value[belongings](c.set(), archive.State, c.identities...); err != nil {
		return b, keys, err
	}
	keys, err = archive.Value[seal.Copy](c.keys, archive.Keys, c.identities...)
	return b, keys, err
}

// upTo leaves of belongings what an extent knows of. Progress is only kept in a journal with the positions of the one that was copied.
func (b *belongings) upTo(x extent, samePositions bool) {
	stranger := func(account uuid.UUID) bool { return !x.accounts[account] }
	b.Passwords = slices.DeleteFunc(b.Passwords, func(p credential) bool { return stranger(p.Account) })
	b.Identities = slices.DeleteFunc(b.Identities, func(i providedIdentity) bool { return stranger(i.Account) })
	b.Factors = slices.DeleteFunc(b.Factors, func(f secondFactor) bool { return stranger(f.Account) })
	b.RecoveryCodes = slices.DeleteFunc(b.RecoveryCodes, func(r recoveryCodes) bool { return stranger(r.Account) })
	b.Signed = slices.DeleteFunc(b.Signed, func(c ledger.Signed) bool { return c.Size > x.size })
	if !samePositions {
		b.Checkpoints, b.Parked = nil, nil
		return
	}
	for name, at := range b.Checkpoints {
		b.Checkpoints[name] = min(at, x.head)
	}
	for i := len(b.Parked) - 1; i >= 0; i-- {
		if b.Parked[i].Position > x.head {
			b.Parked = slices.Delete(b.Parked, i, i+1)
		}
	}
}

// rehearse restores a copy into a folder of its own, which it removes: into files, with the keys where there is a master key.
func (c *copied) rehearse(ctx context.Context, scratch string, master seal.MasterKey, out io.Writer, log logger) (err error) {
	if err := os.MkdirAll(scratch, 0o700); err != nil {
		return err
	}
	dir, err := os.MkdirTemp(scratch, "approdo-prova-*.part") // the next backup sweeps away what a crash leaves of it
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	x, _, err := c.measure(ctx, until{}, nil, out)
	if err != nil {
		return err
	}
	r := restoring{copied: c, extent: x, where: storage{Data: filepath.Join(dir, "dati")}, master: master, out: out, log: log}
	if err := r.build(ctx); err != nil {
		return err
	}
	without := ""
	if master.IsZero() {
		without = " Le chiavi sono state lette ma non provate: per farlo serve anche la chiave maestra (approdo restore --check … --key FILE)."
	}
	_, err = fmt.Fprintf(out, "Ripristinata per prova: %d eventi, stessa radice del manifesto.%s\n", x.size, without)
	return err
}
