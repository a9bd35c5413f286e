package outlet

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	nethttp "net/http"
	"net/netip"
	"strconv"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill-http/v2/pkg/http"
	"github.com/ThreeDotsLabs/watermill/message"
)

const (
	shortestSecret = 24 // bytes, as Standard Webhooks asks
	answerWithin   = 10 * time.Second
	answerRead     = 4 << 10 // bytes of an answer's body, so that the connection can serve again
)

// newWebhook publishes to the address that is the topic. Requests are signed as Standard Webhooks 1.0 says
// (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md): HMAC-SHA256 of id, time and body.
func newWebhook(secret []byte) (message.Publisher, error) {
	client := &nethttp.Client{Timeout: answerWithin, Transport: judge{nethttp.DefaultTransport},
		CheckRedirect: func(*nethttp.Request, []*nethttp.Request) error { return nethttp.ErrUseLastResponse }}
	return http.NewPublisher(http.PublisherConfig{Client: client, DoNotLogResponseBodyOnServerError: true,
		MarshalMessageFunc: func(url string, m *message.Message) (*nethttp.Request, error) {
			r, err := nethttp.NewRequestWithContext(m.Context(), nethttp.MethodPost, url, bytes.NewReader(m.Payload))
			if err != nil {
				return nil, err
			}
			at := strconv.FormatInt(time.Now().Unix(), 10)
			r.Header.Set("Content-Type", "application/cloudevents+json")
			r.Header.Set("Webhook-Id", m.UUID)
			r.Header.Set("Webhook-Timestamp", at)
			r.Header.Set("Webhook-Signature", Sign(secret, m.UUID, at, m.Payload))
			return r, nil
		}}, watermill.NopLogger{})
}

// Sign gives the value of Webhook-Signature: what a receiver computes and compares. The time is in Unix seconds, as sent.
func Sign(secret []byte, id, at string, body []byte) string {
	mac := hmac.New(sha256.New, secret)
	fmt.Fprintf(mac, "%s.%s.", id, at)
	mac.Write(body)
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// judge tells a receiver that is away from one that says no, which the publisher's own error does not.
type judge struct{ nethttp.RoundTripper }

func (j judge) RoundTrip(r *nethttp.Request) (*nethttp.Response, error) {
	answer, err := j.RoundTripper.RoundTrip(r)
	if err != nil {
		return nil, away(err)
	}
	status := answer.StatusCode
	if status < 300 {
		return answer, nil
	}
	_, err = io.CopyN(io.Discard, answer.Body, answerRead)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	err = errors.Join(fmt.Errorf("outlet: answered %d", status), err, answer.Body.Close())
	switch {
	case status >= 500, status == nethttp.StatusTooManyRequests, status == nethttp.StatusRequestTimeout, status == nethttp.StatusTooEarly:
		return nil, away(err)
	}
	return nil, refused(err)
}

func isLoopback(host string) bool {
	a, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && a.IsLoopback()
}
