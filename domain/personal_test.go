package domain_test

import (
	"bytes"
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/domain"
)

type xorSealer struct{}

func (xorSealer) Seal(_ context.Context, _ uuid.UUID, _ domain.Class, place string, plain []byte) ([]byte, error) {
	return append([]byte(place+"|"), bytes.ToUpper(plain)...), nil
}

func (xorSealer) Open(_ context.Context, _ uuid.UUID, _ domain.Class, place string, sealed []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, []byte(place+"|"))
	if !ok {
		return nil, errors.New("moved")
	}
	return bytes.ToLower(plain), nil
}

type minor struct {
	Name domain.Personal `json:"name"`
}

type requested struct {
	Grade int                  `json:"grade"`
	Minor domain.Sealed[minor] `json:"minor,omitzero"`
	Note  domain.Sealed[minor] `json:"note,omitzero"`
}

func TestPersonalTextIsNeverPrinted(t *testing.T) {
	p := domain.NewPersonal("oksana")
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "p", p, "struct", minor{p}, "ptr", &minor{p})
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "p", p, "struct", minor{p})
	shown := log.String()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		shown += fmt.Sprintf(verb, p) + fmt.Sprintf(verb, minor{p}) + fmt.Sprintf(verb, &p) +
			fmt.Sprintf(verb, domain.Open(uuid.Nil, domain.ClassPersonal, minor{p}))
	}
	if b, err := json.Marshal(minor{p}); err == nil {
		t.Errorf("json v2 wrote %s", b)
	}
	if b, err := stdjson.Marshal(minor{p}); err == nil {
		t.Errorf("encoding/json wrote %s", b)
	}
	for _, clear := range []string{"oksana", "6f6b73616e61", "6F6B73616E61"} {
		if strings.Contains(shown, clear) {
			t.Errorf("%q was printed", clear)
		}
	}
}

func TestSealedComesBackOnlyAtItsOwnPlace(t *testing.T) {
	ctx := context.Background()
	place := domain.Place("case-1", 0, "case.requested")
	in := requested{Grade: 3, Minor: domain.Open(uuid.New(), domain.ClassPersonal, minor{domain.NewPersonal("oksana")})}
	data, err := json.Marshal(in, domain.SealInto(ctx, xorSealer{}, place))
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(data, []byte("oksana")) {
		t.Fatal("written in clear")
	}
	var out requested
	if err := json.Unmarshal(data, &out, domain.BoxesFrom(place)); err != nil {
		t.Fatal(err)
	}
	if !out.Note.IsZero() {
		t.Error("an absent part came back")
	}
	got, err := out.Minor.Unseal(ctx, xorSealer{})
	if err != nil || got.Name.Reveal() != "oksana" || out.Grade != 3 {
		t.Errorf("grade %d, err %v", out.Grade, err)
	}
	var moved requested
	if err := json.Unmarshal(data, &moved, domain.BoxesFrom(domain.Place("case-2", 0, "case.requested"))); err != nil {
		t.Fatal(err)
	}
	if _, err := moved.Minor.Unseal(ctx, xorSealer{}); err == nil {
		t.Error("a box opened at a place it was not sealed for")
	}
}
