package session

import (
	"context"
	"encoding/hex"
	"time"

	"approdo/domain"
)

// ErrNoAccess refuses to end a session that is none of the person's.
var ErrNoAccess = domain.NotFound("session-not-found")

// Access is a session as its owner sees it among others.
type Access struct {
	ID    string // as Session.ID
	Proof Proof
	Since time.Time
	Seen  time.Time // within a minute
	This  bool      // the one that asks
}

// Accesses are the sessions of the person whose token this is, the newest first.
func (s *Service) Accesses(ctx context.Context, token string) (all []Access, err error) {
	sess, err := s.Lookup(ctx, token)
	if err != nil {
		return nil, err
	}
	now := s.clock()
	err = s.storage.Sessions(ctx, sess.Actor.Account, func(hash []byte, proof string, created, seen, expires time.Time) error {
		if now.Before(expires) {
			id := idOf(hash)
			all = append(all, Access{ID: id, Proof: Proof(proof), Since: created, Seen: seen, This: id == sess.ID})
		}
		return nil
	})
	return all, err
}

// EndAccess ends one of the person's sessions.
func (s *Service) EndAccess(ctx context.Context, token, id string) error {
	sess, err := s.Lookup(ctx, token)
	if err != nil {
		return err
	}
	var found []byte
	err = s.storage.Sessions(ctx, sess.Actor.Account, func(hash []byte, _ string, _, _, _ time.Time) error {
		if idOf(hash) == id {
			found = hash
		}
		return nil
	})
	if err == nil && found == nil {
		err = ErrNoAccess
	}
	if err != nil {
		return err
	}
	return s.storage.EndSession(ctx, found)
}

// EndOtherAccesses ends all of the person's sessions but this one.
func (s *Service) EndOtherAccesses(ctx context.Context, token string) error {
	sess, hash, _, err := s.holder(ctx, token)
	if err != nil {
		return err
	}
	return s.storage.EndOtherSessions(ctx, sess.Actor.Account, hash)
}

// idOf names a session in logs, limits and lists; it opens nothing.
func idOf(hash []byte) string { return hex.EncodeToString(hash[:12]) }
