package notify_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"approdo/adapters/notify"
	"approdo/domain"
)

// drawer keeps the messages that were handed over.
type drawer struct{ messages []notify.Message }

func (d *drawer) Send(_ context.Context, m notify.Message) error {
	d.messages = append(d.messages, m)
	return nil
}

func TestAReminderLeadsToTheReturnAndSaysNothingElse(t *testing.T) {
	t.Parallel()
	d := &drawer{}
	letters := notify.NewLetters(d, "https://approdo.example.org/", "UST di prova")
	if err := letters.Remind(t.Context(), domain.NewPersonal(annas), domain.Date{Year: 2022, Month: time.April, Day: 4}); err != nil {
		t.Fatal(err)
	}
	if len(d.messages) != 1 || d.messages[0].To.Reveal() != annas {
		t.Fatalf("%d messages", len(d.messages))
	}
	m := d.messages[0]
	for _, want := range []string{"https://approdo.example.org/rilevazione/2022-04-04", "UST di prova", "lunedì 04/04/2022", "Monday 04/04/2022"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("%q is not in %s", want, m.Text)
		}
	}
	if !strings.HasPrefix(m.Subject, "Approdo: ") || strings.Contains(m.Text, "#") || strings.Contains(m.Text, annas) || strings.Contains(m.Text, "alunn") {
		t.Errorf("subject %q, text %s", m.Subject, m.Text)
	}
}
