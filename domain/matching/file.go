package matching

import (
	"crypto/sha256"
	"encoding/hex"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// format names the layout of a file, so that one of years ago is still understood.
const format = "approdo-plan/1"

// file is a plan in a file. The digest is of the plan's bytes as they stand there: it names the plan, and another plan is no longer the one of
// that name.
type file struct {
	Format string         `json:"format"`
	Digest string         `json:"digest"` // SHA-256, in hex
	Plan   jsontext.Value `json:"plan"`
}

// Write writes a plan as a file that Read understands, and gives its digest.
func (p Plan) Write(w io.Writer) (digest string, err error) {
	b, err := json.Marshal(p, json.Deterministic(true))
	if err != nil {
		return "", err
	}
	digest = digestOf(b)
	return digest, json.MarshalWrite(w, file{format, digest, b})
}

// maxFile bounds what is read of a file that may be anything: an instance with Most pupils who can each go anywhere is larger than what a
// centre plans with by a hundred times.
const maxFile = 1 << 30

// Read reads a plan, whose digest it gives, and checks it; the error is a *Fault where the file says anything that does not hold. Nothing
// that found the plan is asked.
func Read(r io.Reader) (p Plan, digest string, err error) {
	var f file
	if err := json.UnmarshalRead(io.LimitReader(r, maxFile), &f, json.RejectUnknownMembers(true)); err != nil || f.Format != format {
		return Plan{}, "", ofAll("no-plan")
	}
	if f.Digest != digestOf(f.Plan) {
		return Plan{}, "", ofAll("digest-wrong")
	}
	if err := json.Unmarshal(f.Plan, &p, json.RejectUnknownMembers(true)); err != nil {
		return Plan{}, "", ofAll("no-plan")
	}
	return p, f.Digest, p.Check()
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
