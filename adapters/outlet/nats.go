package outlet

import (
	"log/slog"
	"net/url"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	wnats "github.com/ThreeDotsLabs/watermill-nats/v2/pkg/nats"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/nats-io/nats.go"
)

// natsPublisher publishes to a subject of JetStream, and returns once the stream has stored the message. The stream must be there; it
// drops a message whose id it has seen lately.
type natsPublisher struct{ message.Publisher }

func newNATS(address *url.URL, name string, log *slog.Logger) (message.Publisher, error) {
	server := *address
	server.Path = ""
	p, err := wnats.NewPublisher(wnats.PublisherConfig{URL: server.String(), Marshaler: &wnats.NATSMarshaler{},
		NatsOptions: []nats.Option{nats.Name("approdo " + name), nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1),
			nats.ReconnectWait(time.Second), nats.Timeout(answerWithin), nats.ReconnectBufSize(-1),
			nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
				if err != nil {
					log.Warn("outlet lost its broker", "outlet", name, "error", err)
				}
			})},
		JetStream: wnats.JetStreamConfig{TrackMsgId: true, ConnectOptions: []nats.JSOpt{nats.MaxWait(answerWithin)}},
	}, watermill.NopLogger{})
	if err != nil {
		return nil, err
	}
	return natsPublisher{p}, nil
}

// Publish counts every failure as one of the broker: it takes any bytes.
func (p natsPublisher) Publish(topic string, messages ...*message.Message) error {
	if err := p.Publisher.Publish(topic, messages...); err != nil {
		return away(err)
	}
	return nil
}
