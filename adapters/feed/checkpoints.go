package feed

import (
	"context"
	"sync"

	"approdo/domain/event"
)

// OfJournal gives the checkpoints of one journal: those that were saved in another, whose positions mean something else, are not found,
// and what follows the journal begins anew.
func OfJournal(c Checkpoints, s event.Store) Checkpoints { return &ofJournal{kept: c, store: s} }

type ofJournal struct {
	kept  Checkpoints
	store event.Store

	mu   sync.Mutex
	name string // once there is a record
}

// Load implements Checkpoints.
func (o *ofJournal) Load(ctx context.Context, policy string) (event.Position, error) {
	key, err := o.key(ctx, policy)
	if err != nil || key == "" {
		return 0, err
	}
	return o.kept.Load(ctx, key)
}

// Save implements Checkpoints. In a journal without records there is nothing to keep.
func (o *ofJournal) Save(ctx context.Context, policy string, p event.Position) error {
	key, err := o.key(ctx, policy)
	if err != nil || key == "" {
		return err
	}
	return o.kept.Save(ctx, key, p)
}

// key names a policy's checkpoint in this journal; empty while that has no record.
func (o *ofJournal) key(ctx context.Context, policy string) (string, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.name == "" {
		var err error
		if o.name, err = event.Name(ctx, o.store); err != nil || o.name == "" {
			return "", err
		}
	}
	return policy + " of " + o.name, nil
}
