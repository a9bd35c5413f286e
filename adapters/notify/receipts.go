package notify

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/domain/notice"
)

// Receipts takes the receipts of certified mail out of a folder, where whoever collects the sender's mailbox puts each message as a file
// of its own, and writes them into the journal. The receipts' S/MIME signature is not checked: whoever can write into the folder is
// believed.
type Receipts struct {
	folder  string
	journal event.Store
	codec   *event.Codec
	clock   domain.Clock
	log     *slog.Logger
}

// NewReceipts reads from a folder, which is to be there. What was dealt with goes into its folder "lette"; what is no receipt of a message
// of ours into "scartate", for people to look at.
func NewReceipts(folder string, journal event.Store, codec *event.Codec, clock domain.Clock, log *slog.Logger) *Receipts {
	return &Receipts{folder, journal, codec, clock, log}
}

// ReceiptsEvery is how often to look for receipts.
const ReceiptsEvery = time.Minute

const (
	readFolder, asideFolder = "lette", "scartate"
	// mostReceipt is what a receipt may measure. One of delivery holds the whole message, which is short.
	mostReceipt = 1 << 20
	// settled is how long a file must have been left alone: who writes it may not be done.
	settled = 5 * time.Second
)

// Take deals with every file that is there. One that cannot be understood stops no other; the error is the folder's or the journal's.
func (r *Receipts) Take(ctx context.Context) error {
	files, err := os.ReadDir(r.folder)
	if err != nil {
		return fmt.Errorf("notify: receipts: %w", unnamed(err))
	}
	for _, f := range files {
		info, err := f.Info()
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("notify: receipts: %w", unnamed(err))
		}
		if !info.Mode().IsRegular() || strings.HasPrefix(f.Name(), ".") || time.Since(info.ModTime()) < settled {
			continue
		}
		to := readFolder
		if err := r.take(ctx, filepath.Join(r.folder, f.Name()), info.Size()); err != nil {
			if !foreign(err) {
				return err
			}
			r.log.Warn("this is no receipt of a message of ours", "moved_to", asideFolder, "size", info.Size(), "error", err)
			to = asideFolder
		}
		if err := r.move(f.Name(), to); err != nil {
			return fmt.Errorf("notify: receipts: %w", unnamed(err))
		}
	}
	return nil
}

// errNoReceipt is what a file is that nobody can make anything of.
var errNoReceipt = errors.New("notify: no receipt")

func foreign(err error) bool {
	return errors.Is(err, errNoReceipt) || errors.Is(err, notice.ErrNoNotice) || errors.Is(err, notice.ErrReceipt)
}

// unnamed leaves out the path of a fault: names of files come from outside, and addresses stand in them.
func unnamed(err error) error {
	if p, ok := errors.AsType[*os.PathError](err); ok {
		return p.Err
	}
	if l, ok := errors.AsType[*os.LinkError](err); ok {
		return l.Err
	}
	return err
}

func (r *Receipts) move(name, to string) error {
	if err := os.MkdirAll(filepath.Join(r.folder, to), 0o700); err != nil {
		return err
	}
	return os.Rename(filepath.Join(r.folder, name), filepath.Join(r.folder, to, uuid.NewString()[:8]+"-"+name))
}

func (r *Receipts) take(ctx context.Context, path string, size int64) error {
	if size > mostReceipt {
		return fmt.Errorf("%w: too large", errNoReceipt)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("notify: receipts: %w", unnamed(err))
	}
	id, receipted, err := parseReceipt(raw)
	if err != nil {
		return err
	}
	o := event.Origin{ID: event.DeriveID(id, "receipt/"+string(receipted.Receipt), 0), By: domain.System, At: r.clock()}
	c := notice.Command(notice.Receive{Act: domain.Act{By: o.By, At: o.At}, Receipted: receipted})
	_, err = event.Execute(ctx, r.journal, r.codec, notice.Decider, notice.Stream(id), c, o)
	return err
}

// parseReceipt reads a receipt: which message it is about, and what it says. Header and daticert.xml must say the same.
func parseReceipt(raw []byte) (uuid.UUID, notice.Receipted, error) {
	fail := func(what string) (uuid.UUID, notice.Receipted, error) {
		return uuid.Nil, notice.Receipted{}, fmt.Errorf("%w: %s", errNoReceipt, what)
	}
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return fail("no message")
	}
	kind := notice.Receipt(strings.ToLower(strings.TrimSpace(m.Header.Get("X-Ricevuta"))))
	if !slices.Contains(notice.Receipts(), kind) {
		return fail("no X-Ricevuta that is known")
	}
	text, err := certificate(m.Header.Get("Content-Type"), m.Body, 0)
	if err != nil {
		return fail("not readable")
	}
	if text == nil {
		return fail("no daticert.xml")
	}
	var data postacert
	if err := xml.Unmarshal(text, &data); err != nil {
		return fail("daticert.xml is not XML")
	}
	if data.Kind != string(kind) {
		return fail("header and daticert.xml differ")
	}
	id := messageIn(data.Data.Message)
	if id == uuid.Nil {
		id = messageIn(m.Header.Get("X-Riferimento-Message-ID"))
	}
	if id == uuid.Nil {
		return fail("of a message that is not ours")
	}
	at, err := data.at()
	if err != nil {
		if at, err = m.Header.Date(); err != nil {
			return fail("without a date")
		}
	}
	return id, notice.Receipted{Receipt: kind, At: at.UTC()}, nil
}

// messageIn is the message that a Message-ID of ours names; the nil UUID for any other.
func messageIn(messageID string) uuid.UUID {
	local, _, _ := strings.Cut(strings.Trim(strings.TrimSpace(messageID), "<>"), "@")
	id, err := uuid.Parse(local)
	if err != nil {
		return uuid.Nil
	}
	return id
}

// postacert is the part of daticert.xml that matters (RFC 6109, 4.4).
type postacert struct {
	XMLName xml.Name `xml:"postacert"`
	Kind    string   `xml:"tipo,attr"`
	Data    struct {
		Date struct {
			Zone string `xml:"zona,attr"`
			Day  string `xml:"giorno"`
			Hour string `xml:"ora"`
		} `xml:"data"`
		Message string `xml:"msgid"`
	} `xml:"dati"`
}

func (p postacert) at() (time.Time, error) {
	d := p.Data.Date
	return time.Parse("02/01/2006 15:04:05 -0700", strings.TrimSpace(d.Day)+" "+strings.TrimSpace(d.Hour)+" "+strings.TrimSpace(d.Zone))
}

// deepest is how far parts may lie in parts: a receipt is signed, and in it is a mixed message.
const deepest = 4

// certificate finds daticert.xml; nil where there is none. It does not look into the message that a receipt of delivery brings back.
func certificate(contentType string, body io.Reader, depth int) ([]byte, error) {
	kind, params, err := mime.ParseMediaType(contentType)
	if err != nil || depth > deepest || !strings.HasPrefix(kind, "multipart/") {
		return nil, nil // a part of another kind is not the one, nor is one whose kind cannot be read
	}
	parts := multipart.NewReader(body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		inner := part.Header.Get("Content-Type")
		if name := strings.ToLower(part.FileName()); name == "daticert.xml" || named(inner) {
			return io.ReadAll(plain(part.Header.Get("Content-Transfer-Encoding"), part))
		}
		if found, err := certificate(inner, part, depth+1); found != nil || err != nil {
			return found, err
		}
	}
}

func named(contentType string) bool {
	_, params, err := mime.ParseMediaType(contentType)
	return err == nil && strings.EqualFold(params["name"], "daticert.xml")
}

func plain(encoding string, r io.Reader) io.Reader {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		return base64.NewDecoder(base64.StdEncoding, r)
	case "quoted-printable":
		return quotedprintable.NewReader(r)
	}
	return r
}
