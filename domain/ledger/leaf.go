// Package ledger makes a journal one that cannot be altered unseen. Its records are the leaves of a Merkle tree as RFC 6962 describes
// it; the root of the tree is signed now and then (Checkpoint), and whoever keeps a signed root can tell years later whether the
// journal is still the one it was (Verify, Inclusion, Consistency).
//
// What the tree holds of a record has nothing of an engine: a journal that moves from one to another keeps its root.
package ledger

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/tlog"

	"approdo/domain/event"
)

// instant is how a leaf writes when the engine took the record: to the microsecond, since all engines keep that.
const instant = "2006-01-02T15:04:05.000000Z"

// Leaf is what the tree holds of a record: one line of JSON, with everything but its position, and the SHA-256 of the payload in the
// payload's place. Its form never changes: the roots of all journals hang on it. Texts that are not UTF-8 have U+FFFD where they
// are not.
func Leaf(r event.Record) []byte {
	return closeLeaf(appendHeader(make([]byte, 0, 640), r), r.Data)
}

// LeafHash is the hash of a record as the tree has it.
func LeafHash(r event.Record) tlog.Hash { return tlog.RecordHash(Leaf(r)) }

// appendHeader writes a leaf as far as the payload.
func appendHeader(b []byte, r event.Record) []byte {
	b = quoted(append(b, `{"id":`...), r.ID.String())
	b = quoted(append(b, `,"stream":`...), r.Stream)
	b = strconv.AppendInt(append(b, `,"revision":`...), int64(r.Revision), 10)
	b = quoted(append(b, `,"type":`...), r.Type)
	b = strconv.AppendUint(append(b, `,"schema":`...), uint64(r.Schema), 10)
	b = appendMeta(append(b, `,"meta":`...), r.Meta)
	b = append(b, `,"at":"`...)
	return append(r.At.UTC().AppendFormat(b, instant), '"')
}

// appendMeta writes metadata as event.Meta.Encode does, by hand: a field that comes to Meta later must not change old leaves.
func appendMeta(b []byte, m event.Meta) []byte {
	b = append(b, `{"actor":{`...)
	if m.Actor.Account != uuid.Nil {
		b = append(quoted(append(b, `"account":`...), m.Actor.Account.String()), ',')
	}
	b = quoted(append(b, `"role":`...), string(m.Actor.Role))
	if m.Actor.Body != "" {
		b = quoted(append(b, `,"body":`...), m.Actor.Body)
	}
	b = append(m.At.UTC().AppendFormat(append(b, `},"at":"`...), time.RFC3339Nano), '"')
	b = quoted(append(b, `,"command":`...), m.Command.String())
	if m.Correlation != uuid.Nil {
		b = quoted(append(b, `,"correlation":`...), m.Correlation.String())
	}
	if m.Causation != uuid.Nil {
		b = quoted(append(b, `,"causation":`...), m.Causation.String())
	}
	return append(b, '}')
}

// closeLeaf ends a leaf with the hash of the payload.
func closeLeaf(header, payload []byte) []byte {
	sum := sha256.Sum256(payload)
	return append(hex.AppendEncode(append(header, `,"payload":"`...), sum[:]), `"}`...)
}

func quoted(b []byte, text string) []byte {
	b, err := jsontext.AppendQuote(b, strings.ToValidUTF8(text, "\ufffd"))
	if err != nil {
		panic("ledger: " + err.Error()) // only for what is not UTF-8
	}
	return b
}
