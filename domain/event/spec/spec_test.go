package spec

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
)

// A toy aggregate: a lamp that can be lit and put out, and broken for good.
type (
	lampEvent   interface{ lamp() }
	lampCommand interface{}

	lit struct {
		Watts int                      `json:"watts"`
		By    domain.Sealed[signature] `json:"by,omitzero"`
	}
	broken    struct{ Reasons []string }
	signature struct{ Name domain.Personal }

	light   struct{ Watts int }
	smash   struct{}
	hum     struct{}
	flicker struct{}

	lamp struct {
		watts  int
		broken bool
		seen   map[string]int
	}
)

func (lit) lamp()    {}
func (broken) lamp() {}

var (
	errBroken = domain.Refused("lamp-broken")
	errOther  = domain.Refused("lamp-elsewhere")
	flickered int
)

var lampDecider = event.Decider[lamp, lampCommand, lampEvent]{
	Initial: func() lamp { return lamp{seen: map[string]int{}} },
	Decide: func(s lamp, c lampCommand) ([]lampEvent, error) {
		switch c := c.(type) {
		case light:
			if s.broken {
				return nil, errBroken.With("watts", "0")
			}
			if s.watts == c.Watts {
				return nil, nil
			}
			return []lampEvent{lit{Watts: c.Watts}}, nil
		case smash:
			return []lampEvent{broken{}}, nil // not silent when repeated
		case hum:
			s.seen["hum"]++
		case flicker:
			flickered++
			return []lampEvent{lit{Watts: flickered}}, nil
		}
		return nil, nil
	},
	Evolve: func(s lamp, e lampEvent) lamp {
		switch e := e.(type) {
		case lit:
			s.watts = e.Watts
		case broken:
			s.broken = true
		}
		return s
	},
}

func given(t testing.TB, past ...lampEvent) Past[lamp, lampCommand, lampEvent] {
	return Given(t, lampDecider, past...)
}

// listener is a testing.TB that keeps what it is told.
type listener struct {
	testing.TB
	said []string
}

func (l *listener) Helper()                   {}
func (l *listener) Errorf(f string, a ...any) { l.said = append(l.said, fmt.Sprintf(f, a...)) }
func listen(t *testing.T, part string, story func(testing.TB)) {
	t.Helper()
	l := &listener{TB: t}
	story(l)
	said := strings.Join(l.said, "\n")
	if part == "" && said != "" || part != "" && !strings.Contains(said, part) {
		t.Errorf("said %q, want %q in it", said, part)
	}
}

func TestTheKitAgreesWithWhatIsTrue(t *testing.T) {
	listen(t, "", func(t testing.TB) {
		given(t).When(light{40}).Then(lit{Watts: 40}).When(light{60}).Then(lit{Watts: 60})
		given(t, lit{Watts: 40}).When(light{40}).ThenNothing()
		given(t, lit{Watts: 40}, broken{}).When(light{60}).ThenRefused(errBroken)
		given(t, lit{Watts: 40}).And(broken{}).When(light{60}).ThenRefused(domain.KindRefused)
	})
	if got := given(t, lit{Watts: 40}, broken{}).State(); got.watts != 40 || !got.broken {
		t.Errorf("state %+v", got)
	}
}

func TestTheKitCatches(t *testing.T) {
	stories := map[string]func(testing.TB){
		"want\n  spec.lit":              func(t testing.TB) { given(t).When(light{40}).Then(lit{Watts: 41}) },
		"repeated, it caused":           func(t testing.TB) { given(t).When(smash{}).Then(broken{}) },
		"changed the state":             func(t testing.TB) { given(t).When(hum{}).ThenNothing() },
		"decided twice":                 func(t testing.TB) { given(t).When(flicker{}) },
		"refused with":                  func(t testing.TB) { given(t, broken{}).When(light{1}).ThenRefused(errOther) },
		"want the refusal":              func(t testing.TB) { given(t).When(light{1}).ThenRefused(errBroken) },
		"want silence":                  func(t testing.TB) { given(t).When(light{1}).ThenNothing() },
		"lamp-broken, want silence":     func(t testing.TB) { given(t, broken{}).When(light{1}).ThenNothing() },
		"say ThenNothing":               func(t testing.TB) { given(t, lit{Watts: 1}).When(light{1}).Then() },
		"lamp-broken\nwant":             func(t testing.TB) { given(t, broken{}).When(light{1}).Then(lit{Watts: 1}) },
		"differ only in what is sealed": func(t testing.TB) { given(t).When(light{1}).Then(lit{Watts: 1, By: signed("x")}) },
	}
	for part, story := range stories {
		listen(t, part, story)
	}
}

func signed(name string) domain.Sealed[signature] {
	return domain.Open(uuid.Max, domain.ClassPersonal, signature{domain.NewPersonal(name)})
}

// plainSealer is deterministic and hides nothing: it is for invented names only.
type plainSealer struct{}

func (plainSealer) Seal(_ context.Context, _ uuid.UUID, _ domain.Class, place string, plain []byte) ([]byte, error) {
	return append([]byte(place+"|"), plain...), nil
}

func (plainSealer) Open(_ context.Context, _ uuid.UUID, _ domain.Class, place string, sealed []byte) ([]byte, error) {
	plain, ok := bytes.CutPrefix(sealed, []byte(place+"|"))
	if !ok {
		return nil, errors.New("moved")
	}
	return plain, nil
}

// inWatts is the upcast of a time when lamps were measured in candles.
func inWatts(data []byte) ([]byte, error) {
	return bytes.Replace(data, []byte(`"candles"`), []byte(`"watts"`), 1), nil
}

func TestGoldenFilesHoldEveryNameAndSchema(t *testing.T) {
	v1 := event.NewCodec(plainSealer{}, event.Table{event.TypeOf[lit]("lamp.lit")})
	v2 := event.NewCodec(plainSealer{}, event.Table{event.TypeOf[lit]("lamp.lit", inWatts), event.TypeOf[broken]("lamp.broken")})
	sample := lit{Watts: 40, By: signed("anna")}
	dir := t.TempDir()
	wants := func(codec *event.Codec, update bool, part string, samples ...any) {
		t.Helper()
		problems := strings.Join(checkGolden(codec, dir, update, samples), "\n")
		if part == "" && problems != "" || part != "" && !strings.Contains(problems, part) {
			t.Errorf("problems %q, want %q in them", problems, part)
		}
	}
	write := func(file, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	wants(v1, false, "lamp.lit.v1.json: missing", sample)
	wants(v1, true, "", sample)
	wants(v1, false, "", sample)
	wants(v1, false, "no sample")
	wants(v1, false, "two samples", sample, sample)
	wants(v1, true, "decodes into", lit{Watts: 41, By: signed("anna")})
	wants(v1, true, "is now written as", lit{Watts: 40, By: signed("bruno")})
	wants(v1, false, "unknown event", sample, broken{})

	write("lamp.lit.v1.json", `{"candles": 40}`)
	wants(v2, true, "no spec.From says", lit{Watts: 60}, broken{})
	wants(v2, true, "", lit{Watts: 60}, broken{}, From{1, lit{Watts: 40}})
	wants(v2, false, "should be", lit{Watts: 60}, broken{}, From{1, lit{Watts: 41}})
	write("lamp.lit.v1.json", `{"candles": "forty"}`)
	wants(v2, false, "decode lamp.lit", lit{Watts: 60}, broken{}, From{1, lit{Watts: 40}})
	write("lamp.lit.v1.json", `{"candles": 40}`)
	write("lamp.lost.v1.json", `{}`)
	wants(v2, false, "no event is stored under this name", lit{Watts: 60}, broken{}, From{1, lit{Watts: 40}})
	if err := os.Remove(filepath.Join(dir, "lamp.lost.v1.json")); err != nil {
		t.Fatal(err)
	}
	write("lamp.lit.v2.json", `{"watts": 60, "colour": "red"}`)
	wants(v2, false, "is now written as", lit{Watts: 60}, broken{}, From{1, lit{Watts: 40}})
}

// forgetful loses a field on its way.
type forgetful struct {
	Kept int `json:"kept"`
	Lost int `json:"-"`
}

func TestASampleThatLosesAFieldIsFound(t *testing.T) {
	codec := event.NewCodec(plainSealer{}, event.Table{event.TypeOf[forgetful]("toy.forgetful")})
	problems := checkGolden(codec, t.TempDir(), true, []any{forgetful{1, 2}})
	if len(problems) != 1 || !strings.Contains(problems[0], "comes back as") {
		t.Errorf("problems %q", problems)
	}
}
