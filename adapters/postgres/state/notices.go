package state

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Notices keeps what people are to be told and were told, and what they have chosen about it.
type Notices struct{ s *Store }

// Notices are kept in the same database.
func (s *Store) Notices() Notices { return Notices{s} }

// Queue adds a notice that is not to leave before due. It reports false, and changes nothing, where it was ever queued and is still known.
func (n Notices) Queue(ctx context.Context, id, account uuid.UUID, content []byte, due, now time.Time) (bool, error) {
	changed, err := n.s.exec(ctx, `INSERT INTO state.notices (id, account, content, due, status, at) VALUES ($1, $2, $3, $4, 'waiting', $5)
		ON CONFLICT DO NOTHING`, id, account, content, due, now)
	return changed > 0, err
}

// Drop takes back a notice that waits still. Queued again, it would be a new one.
func (n Notices) Drop(ctx context.Context, id uuid.UUID) error {
	_, err := n.s.exec(ctx, "DELETE FROM state.notices WHERE id = $1 AND status = 'waiting'", id)
	return err
}

// Due lists accounts for whom something is due, those that have waited longest first.
func (n Notices) Due(ctx context.Context, now time.Time, limit int) ([]uuid.UUID, error) {
	return rows(ctx, n.s, pgx.RowTo[uuid.UUID], `SELECT account FROM state.notices WHERE status = 'waiting' AND due <= $1
		GROUP BY account ORDER BY min(due), account LIMIT $2`, now, limit)
}

// Claim takes all that is due for an account into a message, so that nobody else sends it. It gives what the message is to tell, in the
// order it happened, and how often the most tried of it was tried before; nothing where others were faster.
func (n Notices) Claim(ctx context.Context, account, mail uuid.UUID, now time.Time) (contents [][]byte, tries int, err error) {
	type claimed struct {
		ID      uuid.UUID
		Content []byte
		Tries   int
	}
	// A row that another node claims at the same time is passed over; without SKIP LOCKED two nodes could wait for each other.
	all, err := rows(ctx, n.s, pgx.RowToStructByPos[claimed], `WITH due AS (
			SELECT id FROM state.notices WHERE account = $3 AND status = 'waiting' AND due <= $2 ORDER BY id FOR UPDATE SKIP LOCKED),
		taken AS (
			UPDATE state.notices AS n SET status = 'sending', code = '', mail = $1, at = $2 FROM due WHERE n.id = due.id RETURNING n.id, n.content, n.tries)
		SELECT id, content, tries FROM taken ORDER BY id`, mail, now, account)
	for _, c := range all {
		contents, tries = append(contents, c.Content), max(tries, c.Tries)
	}
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
	_, err := n.s.exec(ctx, "UPDATE state.notices SET status = $1, code = $2, at = $3 WHERE mail = $4 AND status = $5", to, code, now, mail, from)
	return err
}

// Return has what a claimed message was to tell wait again, until due.
func (n Notices) Return(ctx context.Context, mail uuid.UUID, code string, due, now time.Time) error {
	_, err := n.s.exec(ctx, `UPDATE state.notices SET status = 'waiting', code = $1, due = $2, tries = tries + 1, at = $3
		WHERE mail = $4 AND status = 'sending'`, code, due, now, mail)
	return err
}

// Abandon fails what was claimed by an instant and of which nobody has said what became of it.
func (n Notices) Abandon(ctx context.Context, code string, by, now time.Time) error {
	_, err := n.s.exec(ctx, "UPDATE state.notices SET status = 'failed', code = $1, at = $2 WHERE status = 'sending' AND at <= $3", code, now, by)
	return err
}

// Retry has a message that failed be sent again; false where there is none.
func (n Notices) Retry(ctx context.Context, mail uuid.UUID, now time.Time) (bool, error) {
	changed, err := n.s.exec(ctx, "UPDATE state.notices SET status = 'waiting', due = $1, tries = 0, at = $1 WHERE mail = $2 AND status = 'failed'", now, mail)
	return changed > 0, err
}

// Unrecorded calls each for the messages that have left and do not stand in the journal yet. It may be given up from within each, and
// asked for more.
func (n Notices) Unrecorded(ctx context.Context, each func(mail, account uuid.UUID, contents [][]byte, at time.Time) error) error {
	type message struct {
		Mail, Account uuid.UUID
		Contents      [][]byte
		At            time.Time
	}
	all, err := rows(ctx, n.s, pgx.RowToStructByPos[message], `SELECT mail, account, array_agg(content ORDER BY id), max(at) FROM state.notices
		WHERE status = 'sent' GROUP BY mail, account ORDER BY mail`)
	for _, m := range all {
		if err == nil {
			err = each(m.Mail, m.Account, m.Contents, m.At.UTC())
		}
	}
	return err
}

// Mails calls each for the newest messages: what became of them, and of how many notices. Those that failed come first.
func (n Notices) Mails(ctx context.Context, limit int,
	each func(mail, account uuid.UUID, status, code string, count int, at time.Time) error) error {
	type message struct {
		Mail, Account uuid.UUID
		Status, Code  string
		Count         int
		At            time.Time
	}
	all, err := rows(ctx, n.s, pgx.RowToStructByPos[message], `SELECT mail, account, status, max(code), count(*), max(at) FROM state.notices
		WHERE mail IS NOT NULL GROUP BY mail, account, status ORDER BY status = 'failed' DESC, max(at) DESC, mail LIMIT $1`, limit)
	for _, m := range all {
		if err == nil {
			err = each(m.Mail, m.Account, m.Status, m.Code, m.Count, m.At.UTC())
		}
	}
	return err
}

// Preferences gives what an account has chosen; nothing where it has not.
func (n Notices) Preferences(ctx context.Context, account uuid.UUID) (chosen []byte, err error) {
	_, err = n.s.row(ctx, []any{&chosen}, "SELECT chosen FROM state.notice_preferences WHERE account = $1", account)
	return chosen, err
}

// SavePreferences keeps what an account has chosen, in the place of what it had.
func (n Notices) SavePreferences(ctx context.Context, account uuid.UUID, chosen []byte) error {
	_, err := n.s.exec(ctx, `INSERT INTO state.notice_preferences (account, chosen) VALUES ($1, $2)
		ON CONFLICT (account) DO UPDATE SET chosen = excluded.chosen`, account, chosen)
	return err
}
