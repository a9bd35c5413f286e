package state_test

import (
	"encoding/hex"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"zombiezen.com/go/sqlite"
	"zombiezen.com/go/sqlite/sqlitex"

	"approdo/domain/policy"
)

func TestWhoGaveARecordUpIsKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "state.db")
	p := openAt(t, path).Parking()
	one := policy.Parked{ID: uuid.New(), Policy: "places-follow-case", Event: uuid.New(), Type: "case.closed", Stream: "case-a", Revision: 4,
		Position: 30, Code: policy.CodeFault, First: now, Last: now}
	ok(t, p.Park(t.Context(), one))
	ok(t, p.Drop(t.Context(), one.ID, anna, "done-by-hand", now.Add(time.Hour)))
	conn, err := sqlite.OpenConn(path, sqlite.OpenReadOnly)
	ok(t, err)
	defer func() { ok(t, conn.Close()) }()
	kept, err := sqlitex.ResultText(conn.Prep(`SELECT group_concat(policy || ' ' || stream || ' ' || position || ' ' || reason || ' ' ||
		lower(hex(account)) || ' ' || at) FROM dropped`))
	ok(t, err)
	if want := "places-follow-case case-a 30 done-by-hand " + hex.EncodeToString(anna[:]) + " 1647252000000"; kept != want {
		t.Errorf("kept of what was dropped: %q, want %q", kept, want)
	}
}
