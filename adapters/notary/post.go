package notary

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"approdo/domain"
	"approdo/domain/ledger"
)

// post is a destination and what is due to it.
type post struct {
	name  string
	every time.Duration
	to    Destination
}

// Tell has checkpoints sent to a destination, under a name by which it is remembered, no more often than every so long. Where several
// were signed meanwhile the newest is enough. Call it before the first Tick.
func (n *Notary) Tell(name string, every time.Duration, to Destination) {
	n.posts = append(n.posts, post{name, every, to})
}

// send tells those who have not been told of the newest. One that is away is tried again at the next Tick, and keeps nobody from signing.
func (n *Notary) send(ctx context.Context) error {
	last, err := n.Last(ctx)
	if err != nil || last.Size == 0 {
		return err
	}
	for _, p := range n.posts {
		size, at, err := n.Storage.Sent(ctx, p.name)
		if err != nil {
			return err
		}
		if size >= last.Size || n.Clock().Sub(at) < p.every {
			continue
		}
		if err := p.to.Send(ctx, last); err != nil {
			n.Log.WarnContext(ctx, "checkpoint not sent", "destination", p.name, "records", last.Size, "error", err)
			continue
		}
		if err := n.Storage.MarkSent(ctx, p.name, last.Size, n.Clock().UTC()); err != nil {
			return err
		}
	}
	return nil
}

// Folder puts checkpoints into a folder, best on another disk: each under its size, and the newest also as latest.txt.
type Folder string

// Send implements Destination. A file is there whole or not at all.
func (f Folder) Send(_ context.Context, c ledger.Signed) error {
	for _, name := range []string{fmt.Sprintf("checkpoint-%012d.txt", c.Size), "latest.txt"} {
		if err := replace(filepath.Join(string(f), name), c.Note); err != nil {
			return err
		}
	}
	return nil
}

func replace(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".checkpoint-*")
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// Webhook posts checkpoints to an address as plain text. They are signed themselves.
type Webhook struct{ url *url.URL }

// ErrAddress is an address that checkpoints are not sent to.
var ErrAddress = errors.New("notary: the address begins with https://, or with http:// on this machine")

// NewWebhook checks the address.
func NewWebhook(address string) (Webhook, error) {
	u, err := url.Parse(address)
	here := err == nil && u.Scheme == "http" && (u.Hostname() == "127.0.0.1" || u.Hostname() == "::1" || u.Hostname() == "localhost")
	if err != nil || u.Host == "" || u.Scheme != "https" && !here {
		return Webhook{}, ErrAddress
	}
	return Webhook{u}, nil
}

// answerWithin is how long a receiver may take.
const answerWithin = 10 * time.Second

var client = &http.Client{Timeout: answerWithin, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// errAway is a receiver that did not take what it was sent.
var errAway = &domain.Error{Kind: domain.KindUnavailable, Code: "receiver-away"}

// Send implements Destination. The error does not hold the address, which may hold what only the receiver should know.
func (w Webhook) Send(ctx context.Context, c ledger.Signed) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url.String(), bytes.NewReader(c.Note))
	if err != nil {
		return errAway
	}
	req.Header.Set("Content-Type", "text/plain; charset=utf-8")
	res, err := client.Do(req)
	if told, ok := errors.AsType[*url.Error](err); ok {
		return fmt.Errorf("%w: %w", errAway, told.Err)
	}
	if err != nil {
		return errAway
	}
	_, err = io.Copy(io.Discard, io.LimitReader(res.Body, 1<<16))
	if err = errors.Join(err, res.Body.Close()); err == nil && res.StatusCode/100 != 2 {
		err = fmt.Errorf("status %d", res.StatusCode)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errAway, err)
	}
	return nil
}
