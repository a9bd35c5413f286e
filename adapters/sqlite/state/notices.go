package state

import (
	"context"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
)

// Notices keeps what people are to be told and were told, and what they have chosen about it.
type Notices struct{ s *Store }

// Notices are kept in the same file.
func (s *Store) Notices() Notices { return Notices{s} }

// Queue adds a notice that is not to leave before due. It reports false, and changes nothing, where it was ever queued and is still known.
func (n Notices) Queue(ctx context.Context, id, account uuid.UUID, content []byte, due, now time.Time) (queued bool, err error) {
	err = n.s.write(ctx, func(c *sqlite.Conn) error {
		err := exec(c, "INSERT OR IGNORE INTO notices (id, account, content, due, status, at) VALUES (?, ?, ?, ?, 'waiting', ?)",
			id[:], account[:], content, ms(due), ms(now))
		queued = c.Changes() > 0
		return err
	})
	return queued && err == nil, err
}

// Drop takes back a notice that waits still. Queued again, it would be a new one.
func (n Notices) Drop(ctx context.Context, id uuid.UUID) error {
	return n.s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, "DELETE FROM notices WHERE id = ? AND status = 'waiting'", id[:])
	})
}

// Due lists accounts for whom something is due, those that have waited longest first.
func (n Notices) Due(ctx context.Context, now time.Time, limit int) (accounts []uuid.UUID, err error) {
	err = n.s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			accounts = append(accounts, id(r, "account"))
			return nil
		}, "SELECT account FROM notices WHERE status = 'waiting' AND due <= ? GROUP BY account ORDER BY min(due), account LIMIT ?", ms(now), limit)
	})
	return accounts, err
}

// Claim takes all that is due for an account into a message, so that nobody else sends it. It gives what the message is to tell, in the
// order it happened, and how often the most tried of it was tried before; nothing where others were faster.
func (n Notices) Claim(ctx context.Context, account, mail uuid.UUID, now time.Time) (contents [][]byte, tries int, err error) {
	err = n.s.write(ctx, func(c *sqlite.Conn) error {
		err := exec(c, "UPDATE notices SET status = 'sending', code = '', mail = ?1, at = ?2 WHERE account = ?3 AND status = 'waiting' AND due <= ?2",
			mail[:], ms(now), account[:])
		if err != nil {
			return err
		}
		return rows(c, func(r *sqlite.Stmt) error {
			contents, tries = append(contents, blob(r, "content")), max(tries, int(r.GetInt64("tries")))
			return nil
		}, "SELECT content, tries FROM notices WHERE mail = ? AND status = 'sending' ORDER BY id", mail[:])
	})
	return contents, tries, err
}

// Sent says that a message that was claimed has left.
func (n Notices) Sent(ctx context.Context, mail uuid.UUID, now time.Time) error {
	return n.move(ctx, mail, "sending", "sent", "", now)
}

// Fail says that a message that was claimed will not be sent, and why.
func (n Notices) Fail(ctx context.Context, mail uuid.UUID, code string, now time.Time) error {
	return n.move(ctx, mail, "sending", "failed", code, now)
}

// Recorded says that a message that has left stands in the journal.
func (n Notices) Recorded(ctx context.Context, mail uuid.UUID, now time.Time) error {
	return n.move(ctx, mail, "sent", "recorded", "", now)
}

func (n Notices) move(ctx context.Context, mail uuid.UUID, from, to, code string, now time.Time) error {
	return n.s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, "UPDATE notices SET status = ?, code = ?, at = ? WHERE mail = ? AND status = ?", to, code, ms(now), mail[:], from)
	})
}

// Return has what a claimed message was to tell wait again, until due.
func (n Notices) Return(ctx context.Context, mail uuid.UUID, code string, due, now time.Time) error {
	return n.s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, "UPDATE notices SET status = 'waiting', code = ?, due = ?, tries = tries + 1, at = ? WHERE mail = ? AND status = 'sending'",
			code, ms(due), ms(now), mail[:])
	})
}

// Abandon fails what was claimed by an instant and of which nobody has said what became of it.
func (n Notices) Abandon(ctx context.Context, code string, by, now time.Time) error {
	return n.s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, "UPDATE notices SET status = 'failed', code = ?, at = ? WHERE status = 'sending' AND at <= ?", code, ms(now), ms(by))
	})
}

// Retry has a message that failed be sent again; false where there is none.
func (n Notices) Retry(ctx context.Context, mail uuid.UUID, now time.Time) (found bool, err error) {
	err = n.s.write(ctx, func(c *sqlite.Conn) error {
		err := exec(c, "UPDATE notices SET status = 'waiting', due = ?, tries = 0, at = ? WHERE mail = ? AND status = 'failed'", ms(now), ms(now), mail[:])
		found = c.Changes() > 0
		return err
	})
	return found && err == nil, err
}

// Unrecorded calls each for the messages that have left and do not stand in the journal yet. It may be given up from within each, and
// asked for more.
func (n Notices) Unrecorded(ctx context.Context, each func(mail, account uuid.UUID, contents [][]byte, at time.Time) error) error {
	type message struct {
		mail, account uuid.UUID
		contents      [][]byte
		at            time.Time
	}
	var all []message
	err := n.s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			if mail := id(r, "mail"); len(all) == 0 || all[len(all)-1].mail != mail {
				all = append(all, message{mail: mail, account: id(r, "account"), at: instant(r, "at")})
			}
			last := &all[len(all)-1]
			last.contents = append(last.contents, blob(r, "content"))
			return nil
		}, "SELECT mail, account, content, at FROM notices WHERE status = 'sent' ORDER BY mail, id")
	})
	for _, m := range all {
		if err == nil {
			err = each(m.mail, m.account, m.contents, m.at)
		}
	}
	return err
}

// Mails calls each for the newest messages: what became of them, and of how many notices. Those that failed come first.
func (n Notices) Mails(ctx context.Context, limit int,
	each func(mail, account uuid.UUID, status, code string, count int, at time.Time) error) error {
	return n.s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			return each(id(r, "mail"), id(r, "account"), r.GetText("status"), r.GetText("code"), int(r.GetInt64("n")), instant(r, "at"))
		}, `SELECT mail, account, status, max(code) AS code, count(*) AS n, max(at) AS at FROM notices WHERE mail IS NOT NULL
			GROUP BY mail, account, status ORDER BY status = 'failed' DESC, max(at) DESC, mail LIMIT ?`, limit)
	})
}

// Preferences gives what an account has chosen; nothing where it has not.
func (n Notices) Preferences(ctx context.Context, account uuid.UUID) (chosen []byte, err error) {
	err = n.s.read(ctx, func(c *sqlite.Conn) error {
		return rows(c, func(r *sqlite.Stmt) error {
			chosen = blob(r, "chosen")
			return nil
		}, "SELECT chosen FROM notice_preferences WHERE account = ?", account[:])
	})
	return chosen, err
}

// SavePreferences keeps what an account has chosen, in the place of what it had.
func (n Notices) SavePreferences(ctx context.Context, account uuid.UUID, chosen []byte) error {
	return n.s.write(ctx, func(c *sqlite.Conn) error {
		return exec(c, "INSERT INTO notice_preferences (account, chosen) VALUES (?, ?) ON CONFLICT (account) DO UPDATE SET chosen = excluded.chosen",
			account[:], chosen)
	})
}
