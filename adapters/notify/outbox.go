package notify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
)

// Outbox writes messages into a folder, as files that mail programs open: for a demo, and for those who send by hand.
type Outbox struct {
	folder string
	from   string
}

// NewOutbox makes the folder where it is missing; only its owner may look into it, as whoever reads a link can use it.
func NewOutbox(folder, from string) (*Outbox, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("notify: %w", err)
	}
	return &Outbox{folder, from}, nil
}

// Send implements Post. A file is there whole or not at all; its name tells when, and not to whom.
func (o *Outbox) Send(_ context.Context, m Message) error {
	text, err := raw(o.from, m)
	if err != nil {
		return err
	}
	at := m.Date
	if at.IsZero() {
		at = time.Now()
	}
	name := filepath.Join(o.folder, at.UTC().Format("20060102T150405")+"-"+uuid.NewString()[:8]+".eml")
	if err := write(name, text); err != nil {
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	return nil
}

func write(name string, text []byte) error {
	unfinished := name + ".part"
	f, err := os.OpenFile(unfinished, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(unfinished, name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(unfinished))
	}
	return nil
}
