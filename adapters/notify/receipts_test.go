package notify_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/adapters/notify"
	"approdo/domain/event"
	"approdo/domain/notice"
)

// receipt is a receipt of a provider: a signed message, in it a text for people, daticert.xml and, for a delivery, the message itself.
func receipt(header, tipo, about, encoding string) string {
	data := fmt.Sprintf(`<?xml version="1.0" encoding="UTF-8"?>
<postacert tipo="%s" errore="nessuno"><intestazione><mittente>approdo@ust.example.org</mittente>
<destinatari tipo="certificato">rossi.mario@pec.example.org</destinatari><risposte>approdo@ust.example.org</risposte><oggetto>Approdo: 2 avvisi</oggetto></intestazione>
<dati><gestore-emittente>Gestore di prova</gestore-emittente><data zona="+0100"><giorno>15/03/2022</giorno><ora>07:00:12</ora></data>
<identificativo>opec1.20220315@pec.example.org</identificativo><msgid>%s</msgid></dati></postacert>`,
		tipo, strings.NewReplacer("<", "&lt;", ">", "&gt;").Replace(about))
	if encoding == "base64" {
		data = base64.StdEncoding.EncodeToString([]byte(data))
	}
	text := `From: posta-certificata@pec.example.org
To: approdo@ust.example.org
Subject: RICEVUTA: Approdo
Date: Tue, 15 Mar 2022 07:00:12 +0100
X-Ricevuta: ` + header + `
X-Riferimento-Message-ID: ` + about + `
MIME-Version: 1.0
Content-Type: multipart/signed; protocol="application/x-pkcs7-signature"; micalg=sha256; boundary="outer"

--outer
Content-Type: multipart/mixed; boundary="inner"

--inner
Content-Type: text/plain; charset=utf-8

Il giorno 15/03/2022 il messaggio diretto a rossi.mario@pec.example.org è stato trattato.
--inner
Content-Type: application/xml; name="daticert.xml"
Content-Disposition: inline; filename="daticert.xml"
Content-Transfer-Encoding: ` + encoding + `

` + data + `
--inner
Content-Type: message/rfc822; name="postacert.eml"

Subject: Approdo: 2 avvisi
X-Ricevuta: errore-consegna

testo
--inner--
--outer
Content-Type: application/x-pkcs7-signature; name="smime.p7s"
Content-Transfer-Encoding: base64

MIIB
--outer--
`
	return strings.ReplaceAll(text, "\n", "\r\n")
}

// dropped is a house with one message that was sent, and a folder for receipts.
type dropped struct {
	*house
	folder string
	mail   uuid.UUID
	about  string
}

func newDropped(t *testing.T) *dropped {
	h := newHouse(t)
	h.prefer(verdi, atOnce)
	n := h.notices()
	h.react(n, h.request(official, h.now))
	h.send(n)
	about := h.recorded()[0].Message
	local, _, _ := strings.Cut(strings.Trim(about, "<>"), "@")
	return &dropped{house: h, folder: t.TempDir(), mail: uuid.MustParse(local), about: about}
}

// drop leaves a file as the collector of a mailbox does, some time ago.
func (d *dropped) drop(name, text string) {
	d.t.Helper()
	path := filepath.Join(d.folder, name)
	old := time.Now().Add(-time.Minute)
	if err := errors.Join(os.WriteFile(path, []byte(text), 0o600), os.Chtimes(path, old, old)); err != nil {
		d.t.Fatal(err)
	}
}

func (d *dropped) take() {
	d.t.Helper()
	log := slog.New(slog.NewTextHandler(&d.log, nil))
	if err := notify.NewReceipts(d.folder, d.journal, d.codec, func() time.Time { return d.now }, log).Take(d.t.Context()); err != nil {
		d.t.Fatal(err)
	}
}

func (d *dropped) receipts() []notice.Receipt {
	d.t.Helper()
	now, err := event.Load(d.t.Context(), d.journal, d.codec, notice.Decider, notice.Stream(d.mail))
	if err != nil {
		d.t.Fatal(err)
	}
	return now.State.Receipts
}

// lies is how many files are in the folder and in those below it.
func (d *dropped) lies(waiting, read, aside int) {
	d.t.Helper()
	count := func(folder string) (n int) {
		files, err := os.ReadDir(filepath.Join(d.folder, folder))
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			d.t.Fatal(err)
		}
		for _, f := range files {
			if !f.IsDir() {
				n++
			}
		}
		return n
	}
	if got := []int{count(""), count("lette"), count("scartate")}; !slices.Equal(got, []int{waiting, read, aside}) {
		d.t.Errorf("waiting, read and put aside are %v, want %v", got, []int{waiting, read, aside})
	}
}

func TestReceiptsBecomeFacts(t *testing.T) {
	t.Parallel()
	d := newDropped(t)
	d.drop("1", receipt("accettazione", "accettazione", d.about, "7bit"))
	d.take()
	d.drop("2", receipt("avvenuta-consegna", "avvenuta-consegna", d.about, "base64"))
	d.drop("3", receipt("avvenuta-consegna", "avvenuta-consegna", d.about, "base64")) // once more
	d.take()
	d.take()
	if got := d.receipts(); !slices.Equal(got, []notice.Receipt{notice.Accepted, notice.Delivered}) {
		t.Errorf("receipts %v", got)
	}
	d.lies(0, 3, 0)
	for r, err := range d.journal.ReadStream(t.Context(), notice.Stream(d.mail), event.ReadStream{From: 1, Limit: 1}) {
		if err != nil {
			t.Fatal(err)
		}
		e, err := d.codec.Decode(r)
		if got, ok := e.(notice.Receipted); err != nil || !ok || got.At.Format(time.RFC3339) != "2022-03-15T06:00:12Z" {
			t.Errorf("%+v, %v", e, err)
		}
		if bytes.Contains(r.Data, []byte("rossi")) {
			t.Error("the journal has an address")
		}
	}
}

func TestEveryKindOfReceiptIsKnown(t *testing.T) {
	t.Parallel()
	for _, kind := range notice.Receipts() {
		d := newDropped(t)
		d.drop("x", receipt(string(kind), string(kind), d.about, "7bit"))
		d.take()
		if got := d.receipts(); !slices.Equal(got, []notice.Receipt{kind}) || kind.Failed() != slices.Contains([]notice.Receipt{"non-accettazione", "errore-consegna", "rilevazione-virus"}, kind) {
			t.Errorf("%s: %v", kind, got)
		}
	}
}

func TestWhatIsNoReceiptIsPutAside(t *testing.T) {
	t.Parallel()
	other := notify.MessageID(uuid.New(), sender)
	for name, text := range map[string]func(about string) string{
		"garbage": func(string) string { return "\x00\x01 rossi.mario@pec.example.org" },
		"nothing": func(string) string { return "" },
		"a letter": func(string) string {
			return "From: rossi.mario@pec.example.org\r\nSubject: Buongiorno\r\n\r\nTesto\r\n"
		},
		"of another message": func(string) string { return receipt("avvenuta-consegna", "avvenuta-consegna", other, "7bit") },
		"of somebody's own": func(string) string {
			return receipt("avvenuta-consegna", "avvenuta-consegna", "<abc@pec.example.org>", "7bit")
		},
		"two things at once":  func(about string) string { return receipt("avvenuta-consegna", "errore-consegna", about, "7bit") },
		"a kind nobody knows": func(about string) string { return receipt("posta-certificata", "posta-certificata", about, "7bit") },
		"no certificate": func(about string) string {
			return strings.ReplaceAll(receipt("accettazione", "accettazione", about, "7bit"), "daticert", "altro")
		},
		"a certificate cut short": func(about string) string {
			return strings.ReplaceAll(receipt("accettazione", "accettazione", about, "7bit"), "</dati>", "")
		},
		"a message cut short": func(about string) string {
			whole := receipt("accettazione", "accettazione", about, "7bit")
			return whole[:len(whole)/2]
		},
		"too large": func(about string) string {
			return receipt("accettazione", "accettazione", about, "7bit") + strings.Repeat("x", 1<<20)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDropped(t)
			d.drop("rossi.mario", text(d.about))
			d.drop("z-good", receipt("accettazione", "accettazione", d.about, "7bit"))
			d.take()
			d.lies(0, 1, 1)
			if got := d.receipts(); !slices.Equal(got, []notice.Receipt{notice.Accepted}) {
				t.Errorf("receipts %v", got)
			}
			if log := d.log.String(); !strings.Contains(log, "no receipt") || strings.Contains(log, "rossi") {
				t.Errorf("the log says %s", log)
			}
		})
	}
}

// A file that is still written, or hidden, is left alone; and what the folder or the journal refuses is told, and nothing is lost.
func TestReceiptsWaitForWhoeverWritesThem(t *testing.T) {
	t.Parallel()
	d := newDropped(t)
	d.drop(".hidden", "x")
	if err := os.WriteFile(filepath.Join(d.folder, "new"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	d.take()
	d.lies(2, 0, 0)

	d.drop("good", receipt("accettazione", "accettazione", d.about, "7bit"))
	away := errors.New("away")
	log := slog.New(slog.DiscardHandler)
	clock := func() time.Time { return d.now }
	if err := notify.NewReceipts(d.folder, refusing{d.journal, away}, d.codec, clock, log).Take(t.Context()); !errors.Is(err, away) {
		t.Errorf("a journal that takes nothing: %v", err)
	}
	d.lies(3, 0, 0)
	gone := filepath.Join(d.folder, "rossi.mario")
	if err := notify.NewReceipts(gone, d.journal, d.codec, clock, log).Take(t.Context()); !errors.Is(err, os.ErrNotExist) || strings.Contains(err.Error(), "rossi") {
		t.Errorf("a folder that is not there: %v", err)
	}
}
