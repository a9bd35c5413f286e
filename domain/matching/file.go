package matching

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// The layouts of a file, so that one of years ago is still understood: of formatAlone are plans from before households counted, of formatMore
// those with a tree, or maximised.
const (
	formatAlone = "approdo-plan/1"
	format      = "approdo-plan/2"
	formatMore  = "approdo-plan/3"
)

// more reports whether a plan says what files did not say before.
func (p Plan) more() bool { return p.Tree != nil || p.Maximised }

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
	f := file{format, digestOf(b), b}
	if p.more() {
		f.Format = formatMore
	}
	return f.Digest, json.MarshalWrite(w, f)
}

// maxFile bounds what is read of a file that may be anything; one with MostChoices is no larger.
const maxFile = 1 << 29

// Read reads a plan, whose digest it gives, and checks it; the error is a *Fault where the file says anything that does not hold. Nothing
// that found the plan is asked.
func Read(r io.Reader) (p Plan, digest string, err error) {
	var f file
	err = json.UnmarshalRead(io.LimitReader(r, maxFile), &f, json.RejectUnknownMembers(true))
	if err != nil || f.Format != formatMore && f.Format != format && f.Format != formatAlone {
		return Plan{}, "", ofAll("no-plan")
	}
	if f.Digest != digestOf(f.Plan) {
		return Plan{}, "", ofAll("digest-wrong")
	}
	if err := json.Unmarshal(f.Plan, &p, json.RejectUnknownMembers(true), counted()); errors.Is(err, errTooMany) {
		return Plan{}, "", ofAll("too-many")
	} else if err != nil || p.more() != (f.Format == formatMore) {
		return Plan{}, "", ofAll("no-plan")
	}
	return p, f.Digest, p.Check()
}

var errTooMany = errors.New("matching: more than an instance may have")

// counted stops where more comes than an instance may have: a small file can say a great deal of nothing.
func counted() json.Options {
	return json.WithUnmarshalers(json.JoinUnmarshalers(atMost[Pupil](Most), atMost[Places](Most), atMost[Choice](MostChoices), atMost[Branch](MostBranches)))
}

func atMost[T any](most int) *json.Unmarshalers {
	n := 0
	return json.UnmarshalFromFunc(func(*jsontext.Decoder, *T) error {
		if n++; n > most {
			return errTooMany
		}
		return errors.ErrUnsupported
	})
}

func digestOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
