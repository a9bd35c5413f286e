package notify_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

const (
	submitter  = "approdo"
	passphrase = "una parola segreta"
)

// taken is a message as the server had it.
type taken struct {
	from string
	to   []string
	raw  string
}

func (m taken) parsed(t *testing.T) *mail.Message {
	t.Helper()
	parsed, err := mail.ReadMessage(strings.NewReader(m.raw))
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// postOffice is a submission server in this process.
type postOffice struct {
	address string // host:port
	roots   *x509.CertPool

	mu       sync.Mutex
	messages []taken
	refuse   map[string]*smtp.SMTPError // by recipient
}

func (p *postOffice) all() []taken {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.messages
}

type wanted struct {
	implicit bool // TLS from the start
	plain    bool // no TLS at all
}

func openPostOffice(t *testing.T, w wanted) *postOffice {
	t.Helper()
	p := &postOffice{refuse: map[string]*smtp.SMTPError{}}
	server := smtp.NewServer(smtp.BackendFunc(func(*smtp.Conn) (smtp.Session, error) { return &counter{office: p, open: w.plain}, nil }))
	server.Domain = "posta.example.org"
	server.ErrorLog = log.New(io.Discard, "", 0)
	server.ReadTimeout = time.Minute
	l := listen(t)
	p.address = l.Addr().String()
	if !w.plain {
		server.TLSConfig, p.roots = certificate(t)
	}
	if w.implicit {
		l = tls.NewListener(l, server.TLSConfig)
	}
	go func() {
		if err := server.Serve(l); err != nil && !errors.Is(err, smtp.ErrServerClosed) {
			t.Error(err)
		}
	}()
	t.Cleanup(func() {
		if err := server.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	shape := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, shape, shape, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots
}

// counter serves one connection.
type counter struct {
	office *postOffice
	open   bool // to whoever comes
	known  bool
	now    taken
}

var errUnknown = &smtp.SMTPError{Code: 535, EnhancedCode: smtp.EnhancedCode{5, 7, 8}, Message: "who are you"}

func (c *counter) AuthMechanisms() []string { return []string{sasl.Plain} }

func (c *counter) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if c.known = user == submitter && password == passphrase; !c.known {
			return errUnknown
		}
		return nil
	}), nil
}

func (c *counter) Mail(from string, _ *smtp.MailOptions) error {
	if !c.known && !c.open {
		return errUnknown
	}
	c.now = taken{from: from}
	return nil
}

func (c *counter) Rcpt(to string, _ *smtp.RcptOptions) error {
	c.office.mu.Lock()
	defer c.office.mu.Unlock()
	if refusal := c.office.refuse[to]; refusal != nil {
		return refusal
	}
	c.now.to = append(c.now.to, to)
	return nil
}

func (c *counter) Data(r io.Reader) error {
	b, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	c.now.raw = string(b)
	c.office.mu.Lock()
	defer c.office.mu.Unlock()
	c.office.messages = append(c.office.messages, c.now)
	return nil
}

func (c *counter) Reset()        { c.now = taken{} }
func (c *counter) Logout() error { return nil }

// rude is a server that follows a script: it answers each line that begins with a key by the answer. An empty answer hangs up; a dash says nothing any more.
func rude(t *testing.T, answers map[string]string) (address string) {
	t.Helper()
	l := listen(t)
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			go converse(conn, answers)
		}
	}()
	return l.Addr().String()
}

func converse(conn net.Conn, answers map[string]string) {
	defer conn.Close()
	answer, lines := answers["hello"], bufio.NewScanner(conn)
	for {
		switch answer {
		case "":
			return
		case "-":
			for lines.Scan() {
			}
			return
		}
		if _, err := io.WriteString(conn, answer+"\r\n"); err != nil {
			return
		}
		for answer = "none"; answer == "none"; {
			if !lines.Scan() {
				return
			}
			for begins, a := range answers {
				if strings.HasPrefix(lines.Text(), begins) {
					answer = a
				}
			}
		}
	}
}
