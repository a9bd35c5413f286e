package web

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"approdo/domain/event"
)

// shown is what a page shows at an instant that may change while it is looked at: figures, in the words of the page, by the key that they
// have there. A tone is that of a tile.
type shown struct {
	at      time.Time
	when    string // as the page writes it
	figures map[string]string
	tones   map[string]Tone
}

// message is an event of a stream. A figure that is no longer there is empty.
type message struct {
	ID      event.Position    `json:"id"`
	At      time.Time         `json:"at"`
	When    string            `json:"when"`
	Figures map[string]string `json:"figures"`
	Tones   map[string]Tone   `json:"tones,omitempty"`
}

// since is what differs from how it was.
func (x shown) since(was shown) shown {
	out := shown{x.at, x.when, map[string]string{}, map[string]Tone{}}
	for key, figure := range x.figures {
		if before, known := was.figures[key]; !known || before != figure || was.tones[key] != x.tones[key] {
			out.figures[key] = figure
			if tone := x.tones[key]; tone != "" {
				out.tones[key] = tone
			}
		}
	}
	for key := range was.figures {
		if _, still := x.figures[key]; !still {
			out.figures[key] = ""
		}
	}
	return out
}

// json is the same for the same figures, since they come in order.
func (x shown) json(id event.Position) ([]byte, error) {
	return json.Marshal(message{id, x.at.UTC().Truncate(time.Second), x.when, x.figures, x.tones}, json.Deterministic(true))
}

// message is an event as a stream carries it.
func (x shown) message(id event.Position) ([]byte, error) {
	data, err := x.json(id)
	if err != nil {
		return nil, err
	}
	out := append(strconv.AppendUint([]byte("id: "), uint64(id), 10), "\ndata: "...)
	return append(append(out, data...), "\n\n"...), nil
}

// tag is the same as long as the figures are.
func (x shown) tag() (string, error) {
	data, err := shown{figures: x.figures, tones: x.tones}.json(0)
	sum := sha256.Sum256(data)
	return `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`, err
}
