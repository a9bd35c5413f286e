package main

import (
	"bytes"
	"context"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/google/uuid"

	"approdo/domain/casefile"
	"approdo/domain/event"
)

// counted is what officers did, counted from the events one after the other.
type counted struct {
	placed, waiting, asked int
	waits                  []time.Duration
	refused, answered      int
}

// countSlowly reads a journal as somebody with a pencil would.
func countSlowly(t *testing.T, where storage) (c counted) {
	t.Helper()
	records, err := where.openRecords(t.Context(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := records.shut(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	events := map[uuid.UUID][]event.Record{}
	for page, err := range records.store.ReadAll(t.Context(), 0, event.ReadAll{Filter: event.Filter{Prefixes: []string{casefile.Category}}}) {
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range page.Records {
			events[casefile.IDOf(r.Stream)] = append(events[casefile.IDOf(r.Stream)], r)
		}
	}
	for _, of := range events {
		var charged, accepted time.Time
		open, offered, duplicate := false, false, false
		for _, r := range of {
			e, err := records.codec.Decode(r)
			if err != nil {
				t.Fatal(err)
			}
			switch e := e.(type) {
			case casefile.ChargeTaken:
				if charged.IsZero() {
					charged = e.At
				}
				open = true
			case casefile.HandedOver:
				open = false
			case casefile.PlaceOffered:
				offered = true
			case casefile.OfferDeclined, casefile.OfferLapsed:
				offered = false
				c.refused, c.answered = c.refused+1, c.answered+1
			case casefile.OfferWithdrawn:
				offered = false
			case casefile.OfferAccepted:
				accepted, open, offered = e.At, false, false
				c.answered++
			case casefile.CaseMerged:
				duplicate = true
			case casefile.CaseParted:
				duplicate = false
			case casefile.CaseClosed:
				open, offered, duplicate = false, false, duplicate || e.Reason == "duplicate"
			case casefile.CaseReopened, casefile.AcceptanceTakenBack:
				t.Fatal("nobody in the demo does this")
			}
		}
		if duplicate {
			continue
		}
		if open {
			c.waiting++
		}
		if open && offered {
			c.asked++
		}
		if !accepted.IsZero() {
			c.placed++
			c.waits = append(c.waits, accepted.Sub(charged))
		}
	}
	slices.Sort(c.waits)
	return c
}

func TestADemoIsReplayed(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	where := storage{Data: filepath.Join(home, "demo"), Key: filepath.Join(home, "demo.key")}
	args := []string{"replay-plans", "--data", where.Data, "--key", where.Key}
	p := start(t, "demo", "--cases", "60", "--data", where.Data, "--listen", "127.0.0.1:0")
	code, table, told := called(t, nil, args...)
	if code != exitOK || !strings.Contains(table, "Uffici") || !strings.Contains(table, "Meglio gli uffici: ") || !strings.Contains(told, "alunni in attesa") {
		t.Errorf("beside the service: code %d, %s, %s", code, table, told)
	}
	p.stop()
	before, err := os.ReadFile(where.file(journalFile))
	if err != nil {
		t.Fatal(err)
	}
	code, lines, told := called(t, nil, append(args, "--json")...)
	if code != exitOK {
		t.Fatalf("code %d, %s", code, told)
	}
	figures := map[string]figure{}
	for line := range strings.Lines(lines) {
		var f figure
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			t.Fatal(err)
		}
		figures[f.Figure] = f
	}
	slow := countSlowly(t, where)
	sum := time.Duration(0)
	for _, w := range slow.waits {
		sum += w
	}
	days := func(d time.Duration) float64 { return d.Hours() / 24 }
	for name, want := range map[string]float64{
		"placed": float64(slow.placed), "waiting": float64(slow.waiting), "asked": float64(slow.asked),
		"wait.mean": days(sum) / float64(slow.placed), "wait.median": days(slow.waits[(slow.placed-1)/2]), "wait.p90": days(slow.waits[(9*slow.placed-1)/10]),
	} {
		if got := figures["replay.plans."+name].Baseline; math.Abs(got-want) > 1e-6 {
			t.Errorf("%s of the officers is %v, and by the events %v", name, got, want)
		}
	}
	if f := figures["replay.refused"]; f.Value != float64(slow.refused) || f.Baseline != float64(slow.answered) || slow.placed < 10 {
		t.Errorf("%v of %v were refused, and by the events %+v", f.Value, f.Baseline, slow)
	}
	for _, name := range []string{"plans", "declined", "free"} {
		placed, both := figures["replay."+name+".placed"].Value, figures["replay."+name+".both"].Value
		if placed < both || both == 0 || figures["replay."+name+".way.mean"].Value == 0 {
			t.Errorf("%s: %v placed, %v by the officers too", name, placed, both)
		}
	}
	if over := figures["replay.plans.over"].Value; over != 0 {
		t.Errorf("plans pass the ceiling %v times", over)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var stdout, stderr bytes.Buffer
	if code := run(ctx, args, func(string) string { return "" }, &stdout, &stderr); code != exitFailed || stdout.Len() > 0 || !strings.Contains(stderr.String(), "interrotto") {
		t.Errorf("interrupted: code %d, %s, %s", code, stdout.String(), stderr.String())
	}
	after, err := os.ReadFile(where.file(journalFile))
	if err != nil || !bytes.Equal(before, after) {
		t.Errorf("the journal is another one, or %v", err)
	}
	if code, _, err := called(t, nil, append(args, "--every", "0", "--from", "31 aprile")...); code != exitUsage || !strings.Contains(err, "--every") || !strings.Contains(err, "--from") {
		t.Errorf("flags at fault: code %d, %s", code, err)
	}
	if code, _, err := called(t, nil, append(args, "--to", "2022-02-28")...); code != exitFailed || !strings.Contains(err, "nulla da confrontare") {
		t.Errorf("nothing to compare: code %d, %s", code, err)
	}
}
