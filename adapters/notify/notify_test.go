package notify_test

import (
	"errors"
	"io"
	"mime"
	"mime/quotedprintable"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"approdo/adapters/notify"
	"approdo/domain"
)

const (
	sender = "approdo@ust.example.org"
	annas  = "anna.verdi@pec.example.org"
	token  = "dGhpcyBpcyBub3QgYSByZWFsIHRva2VuLCBvbmx5IGE"
)

func toAnna() notify.Message {
	return notify.Message{To: domain.NewPersonal(annas), Subject: "Prova: è così", Text: "Buongiorno, città.\n.\nE poi altro.\n"}
}

func server(t *testing.T, address string) notify.Server {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return notify.Server{URL: u, From: sender, Password: passphrase, Patience: 10 * time.Second}
}

func open(t *testing.T, s notify.Server) *notify.SMTP {
	t.Helper()
	p, err := notify.NewSMTP(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAMessageGoesToOnePersonOverTLS(t *testing.T) {
	t.Parallel()
	for name, w := range map[string]wanted{"STARTTLS": {}, "TLS from the start": {implicit: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			office := openPostOffice(t, w)
			scheme := "smtp"
			if w.implicit {
				scheme = "smtps"
			}
			s := server(t, scheme+"://"+submitter+"@"+office.address)
			s.Roots = office.roots
			post := open(t, s)
			for range 2 {
				if err := post.Send(t.Context(), toAnna()); err != nil {
					t.Fatal(err)
				}
			}
			got := office.all()
			if len(got) != 2 || got[0].from != sender || !slices.Equal(got[0].to, []string{annas}) {
				t.Fatalf("%d messages, from %s to %v", len(got), got[0].from, got[0].to)
			}
			m, again := got[0].parsed(t), got[1].parsed(t)
			subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
			if err != nil || subject != "Prova: è così" {
				t.Errorf("subject %q, %v", subject, err)
			}
			if body := decoded(t, m.Body); body != strings.ReplaceAll(toAnna().Text, "\n", "\r\n") {
				t.Errorf("text %q", body)
			}
			for header, want := range map[string]string{"To": "<" + annas + ">", "From": "<" + sender + ">", "Auto-Submitted": "auto-generated", "Cc": "", "Bcc": ""} {
				if v := m.Header.Get(header); v != want {
					t.Errorf("%s is %q", header, v)
				}
			}
			if id := m.Header.Get("Message-ID"); id == again.Header.Get("Message-ID") || !strings.HasSuffix(id, "@ust.example.org>") {
				t.Errorf("message id %q", id)
			}
		})
	}
}

func decoded(t *testing.T, r io.Reader) string {
	t.Helper()
	b, err := io.ReadAll(quotedprintable.NewReader(r))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// What a server says that it did not take is not lost, and no word of it holds an address: servers like to repeat them.
func TestWhatIsNotTakenIsSaidWithoutTheAddress(t *testing.T) {
	t.Parallel()
	const greeting, fine = "220 posta.example.org", "250 fine"
	for name, tc := range map[string]struct {
		answers map[string]string
		want    error
	}{
		"nobody greets":                   {map[string]string{"hello": "-"}, notify.ErrAway},
		"hangs up at once":                {map[string]string{}, notify.ErrAway},
		"too busy to greet":               {map[string]string{"hello": "421 later, " + annas}, notify.ErrAway},
		"hangs at the sender":             {map[string]string{"hello": greeting, "EHLO": fine, "NOOP": fine, "MAIL": "-"}, notify.ErrAway},
		"greylists":                       {map[string]string{"hello": greeting, "EHLO": fine, "NOOP": fine, "MAIL": fine, "RCPT": "450 4.2.0 <" + annas + "> later", "RSET": fine, "QUIT": "221 bye"}, notify.ErrRecipient},
		"full":                            {map[string]string{"hello": greeting, "EHLO": fine, "NOOP": fine, "MAIL": "452 4.3.1 " + annas, "RSET": fine, "QUIT": "221 bye"}, notify.ErrAway},
		"does not know the recipient":     {map[string]string{"hello": greeting, "EHLO": fine, "NOOP": fine, "MAIL": fine, "RCPT": "550 5.1.1 <" + annas + "> unknown", "RSET": fine, "QUIT": "221 bye"}, notify.ErrRecipient},
		"does not want the sender":        {map[string]string{"hello": greeting, "EHLO": fine, "NOOP": fine, "MAIL": "550 5.7.1 not for " + annas, "RSET": fine, "QUIT": "221 bye"}, notify.ErrRefused},
		"does not want what it says":      {map[string]string{"hello": greeting, "EHLO": fine, "NOOP": fine, "MAIL": fine, "RCPT": fine, "DATA": "354 go on", ".": "554 5.6.0 " + annas, "QUIT": "221 bye"}, notify.ErrRefused},
		"dies in the middle of the text":  {map[string]string{"hello": greeting, "EHLO": fine, "NOOP": fine, "MAIL": fine, "RCPT": fine, "DATA": "354 go on", "Subject": ""}, notify.ErrAway},
		"dies after the text":             {map[string]string{"hello": greeting, "EHLO": fine, "NOOP": fine, "MAIL": fine, "RCPT": fine, "DATA": "354 go on", ".": ""}, notify.ErrAway},
		"says nothing after the text":     {map[string]string{"hello": greeting, "EHLO": fine, "NOOP": fine, "MAIL": fine, "RCPT": fine, "DATA": "354 go on", ".": "-"}, notify.ErrAway},
		"dies once it has taken the text": {map[string]string{"hello": greeting, "EHLO": fine, "NOOP": fine, "MAIL": fine, "RCPT": fine, "DATA": "354 go on", ".": "250 taken", "RSET": "", "QUIT": ""}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := server(t, "smtp://"+rude(t, tc.answers)+"?tls=none")
			s.Password = ""
			for _, answer := range tc.answers {
				if answer == "-" { // however long it is waited for, nothing comes
					s.Patience = 300 * time.Millisecond
				}
			}
			err := open(t, s).Send(t.Context(), toAnna())
			if !errors.Is(err, tc.want) || tc.want == nil && err != nil {
				t.Fatalf("%v, want %v", err, tc.want)
			}
			if err != nil && strings.Contains(err.Error(), "anna") {
				t.Errorf("the error names somebody: %v", err)
			}
		})
	}
}

func TestNothingIsSentToAServerThatIsNotTheOneMeant(t *testing.T) {
	t.Parallel()
	office, bare := openPostOffice(t, wanted{}), openPostOffice(t, wanted{plain: true})
	office.refuse["gone@example.org"] = &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "<gone@example.org> is no more"}
	known := server(t, "smtp://"+submitter+"@"+office.address)
	known.Roots = office.roots
	stranger, wrong := known, known
	stranger.Roots = nil
	wrong.Password = "another word"
	strip := server(t, "smtp://"+bare.address) // as if somebody on the way had taken STARTTLS out
	strip.Password = ""
	to := func(address string) notify.Message {
		m := toAnna()
		m.To = domain.NewPersonal(address)
		return m
	}
	for name, tc := range map[string]struct {
		server  notify.Server
		message notify.Message
		want    error
	}{
		"a certificate nobody vouches for": {stranger, toAnna(), notify.ErrAway},
		"no TLS where it is required":      {strip, toAnna(), notify.ErrAway},
		"a password that is not ours":      {wrong, toAnna(), notify.ErrAway},
		"nobody of that name":              {known, to("gone@example.org"), notify.ErrRecipient},
		"two recipients":                   {known, to("a@example.org, b@example.org"), notify.ErrRecipient},
		"a header in the address":          {known, to("a@example.org\r\nBcc: b@example.org"), notify.ErrRecipient},
		"nobody":                           {known, to(""), notify.ErrRecipient},
	} {
		err := open(t, tc.server).Send(t.Context(), tc.message)
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
		if err != nil && strings.Contains(err.Error(), "example.org") {
			t.Errorf("%s: the error names somebody: %v", name, err)
		}
	}
	if n := len(office.all()) + len(bare.all()); n != 0 {
		t.Errorf("%d messages were sent", n)
	}
	header := toAnna()
	header.Subject = "Prova\r\nBcc: b@example.org"
	if err := open(t, known).Send(t.Context(), header); err != nil {
		t.Fatal(err)
	}
	if m := office.all()[0]; len(m.to) != 1 || m.parsed(t).Header.Get("Bcc") != "" {
		t.Errorf("a subject wrote a header: %s", m.raw)
	}
}

func TestAServerIsChecked(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		address, password, from string
		want                    error
	}{
		{"smtps://a@posta.example.org", "x", sender, nil},
		{"smtp://posta.example.org:587", "", sender, nil},
		{"smtp://127.0.0.1:25?tls=none", "", sender, nil},
		{"smtp://[::1]:25?tls=none", "", sender, nil},
		{"http://posta.example.org", "", sender, notify.ErrScheme},
		{"smtp://", "", sender, notify.ErrScheme},
		{"smtp://posta.example.org?tls=none", "", sender, notify.ErrTLS},
		{"smtps://127.0.0.1?tls=none", "", sender, notify.ErrTLS},
		{"smtp://127.0.0.1?tls=maybe", "", sender, notify.ErrTLS},
		{"smtps://a@posta.example.org", "", sender, notify.ErrPassword},
		{"smtps://posta.example.org", "x", sender, notify.ErrPassword},
		{"smtps://a:x@posta.example.org", "x", sender, notify.ErrPassword},
		{"smtps://posta.example.org", "", "Approdo <a@example.org>", notify.ErrFrom},
		{"smtps://posta.example.org", "", "", notify.ErrFrom},
	} {
		s := server(t, tc.address)
		s.Password, s.From = tc.password, tc.from
		if err := s.Check(); !errors.Is(err, tc.want) || tc.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", tc.address, err, tc.want)
		}
	}
}

func TestAnOutboxKeepsWhatIsToBeSent(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "posta")
	post, err := notify.NewOutbox(folder, sender)
	if err != nil {
		t.Fatal(err)
	}
	letters := notify.NewLetters(post, "https://approdo.example.org/", "UST di prova")
	until := time.Date(2022, time.March, 17, 9, 0, 0, 0, time.UTC)
	for _, renewed := range []bool{false, true} {
		if err := letters.Link(t.Context(), domain.NewPersonal(annas), token, until, renewed); err != nil {
			t.Fatal(err)
		}
	}
	files, err := filepath.Glob(filepath.Join(folder, "*"))
	if err != nil || len(files) != 2 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, file := range files {
		if filepath.Ext(file) != ".eml" || strings.Contains(file, "anna") {
			t.Errorf("a file is called %s", filepath.Base(file))
		}
		for name, mode := range map[string]os.FileMode{file: 0o600, folder: 0o700} {
			if info, err := os.Stat(name); err != nil || info.Mode().Perm() != mode {
				t.Errorf("%s is %v, %v", filepath.Base(name), info.Mode(), err)
			}
		}
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		m := taken{raw: string(b)}.parsed(t)
		text := decoded(t, m.Body)
		for _, want := range []string{"https://approdo.example.org/attiva#" + token, "UST di prova", "17/03/2022 10:00", "The link works once", "vale una volta sola"} {
			if !strings.Contains(text, want) {
				t.Errorf("%q is not in %s", want, text)
			}
		}
		if strings.Contains(text, "<no value>") || strings.Contains(text, annas) || strings.Contains(text, "?"+token) {
			t.Errorf("the text is %s", text)
		}
		subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
		if err != nil || !strings.HasPrefix(subject, "Approdo: ") || strings.Contains(subject, token) {
			t.Errorf("subject %q, %v", subject, err)
		}
	}
}
