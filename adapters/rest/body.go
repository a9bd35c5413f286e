package rest

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"

	"approdo/domain"
)

// The codes of what this edge refuses by itself.
const (
	codeFieldUnknown     = "field-unknown"
	codeValueMalformed   = "value-malformed"
	codeParameterUnknown = "parameter-unknown"
	codeOutOfRange       = "number-out-of-range"
)

// bodyOf reads a body of JSON, or none.
func bodyOf(r *http.Request) ([]byte, error) {
	b, err := io.ReadAll(r.Body)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, errTooLarge
	}
	if err != nil {
		return nil, errMalformed
	}
	if len(b) == 0 {
		return nil, nil
	}
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/json" {
		return nil, errMediaType
	}
	return b, nil
}

// decode reads a document; no body is an empty one.
func decode[T any](body []byte) (in T, err error) {
	if len(bytes.TrimSpace(body)) == 0 {
		body = []byte("{}")
	}
	return in, unmarshal(body, &in)
}

// unmarshal lays a document over what is there. What is no JSON is malformed, what does not fit is a refusal that names the field,
// and never the value.
func unmarshal(body []byte, in any) error {
	err := json.Unmarshal(body, in, json.RejectUnknownMembers(true))
	if err == nil {
		return nil
	}
	misfit, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return errMalformed
	}
	refusal := domain.Invalid(codeValueMalformed)
	if e, ok := errors.AsType[*domain.Error](err); ok {
		refusal = e
	} else if errors.Is(err, json.ErrUnknownName) {
		refusal = domain.Invalid(codeFieldUnknown)
	}
	return domain.Errors{refusal.On(fieldOf(string(misfit.JSONPointer)))}
}

// longestField is longer than any name of ours: what is more was not meant as one.
const longestField = 60

// fieldOf writes a JSON pointer as the field names of the API: "scope.comuni.0".
func fieldOf(pointer string) string {
	field := strings.ReplaceAll(strings.TrimPrefix(pointer, "/"), "/", ".")
	if len(field) > longestField {
		return ""
	}
	return field
}
