package matching

import (
	"io"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// GeneralisedFormat names the layout of a file of generalised plans.
const GeneralisedFormat = "approdo-gap/1"

// generalisedFile are the plans of all problems of a file; the digest is of their bytes as they stand there.
type generalisedFile struct {
	Format string         `json:"format"`
	Digest string         `json:"digest"` // SHA-256, in hex
	Plans  jsontext.Value `json:"plans"`
}

// WriteGeneralised writes plans as a file that ReadGeneralised understands, and gives its digest. The format's name stands first.
func WriteGeneralised(w io.Writer, plans []GeneralisedPlan) (digest string, err error) {
	b, err := json.Marshal(plans, json.Deterministic(true))
	if err != nil {
		return "", err
	}
	digest = digestOf(b)
	return digest, json.MarshalWrite(w, generalisedFile{GeneralisedFormat, digest, b})
}

// ReadGeneralised reads plans, whose digest it gives, and does not check them: a check takes long, and is for each to be told of.
// The error is a *GeneralisedFault where the file is none, or was changed.
func ReadGeneralised(r io.Reader) (plans []GeneralisedPlan, digest string, err error) {
	var f generalisedFile
	if err := json.UnmarshalRead(io.LimitReader(r, maxFile), &f, json.RejectUnknownMembers(true)); err != nil || f.Format != GeneralisedFormat {
		return nil, "", ofGeneralised("no-plan")
	}
	if f.Digest != digestOf(f.Plans) {
		return nil, "", ofGeneralised("digest-wrong")
	}
	if err := json.Unmarshal(f.Plans, &plans, json.RejectUnknownMembers(true)); err != nil || len(plans) == 0 {
		return nil, "", ofGeneralised("no-plan")
	}
	return plans, f.Digest, nil
}
