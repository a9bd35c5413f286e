package views_test

import (
	"context"
	"encoding/binary"
	"iter"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
	"approdo/projections"
	"approdo/projections/enginetest"
)

// million is a journal of a million events in memory, ten to a parcel, of 100,000 parcels that are under way at the same time in
// thousands. Reading it costs what no engine can save: the metadata is decoded.
type million struct {
	enginetest.Journal
	drafts []event.Draft
	metas  [][]byte
	names  []string
}

const (
	records  = 1_000_000
	perCase  = 10
	together = 5_000 // parcels under way at a time
)

func newMillion() *million {
	j := enginetest.NewJournal()
	var id uuid.UUID
	for i := range 512 {
		depot := enginetest.Depots[i%len(enginetest.Depots)] + string(rune('a'+i%23))
		j.Add(enginetest.Stream(id), enginetest.Sent{
			Depot: depot, Weight: int64(i), On: domain.Date{Year: 2022, Month: 3, Day: 1 + i%28}, Fields: enginetest.Depots[:i%4],
			Paper: domain.Open(id, domain.ClassPersonal, enginetest.Paper{Name: domain.NewPersonal(strings.Repeat("x", 150))}),
		})
		j.Add(enginetest.Stream(id), enginetest.Carried{
			Depot: depot, Van: uuid.New(), Route: "via " + depot, Due: time.Date(2022, 3, 1+i%28, 12, 0, 0, 0, time.UTC),
		})
	}
	j.Add(enginetest.Stream(id), enginetest.Delivered{})
	m := &million{names: make([]string, records/perCase)}
	for _, r := range j.Records() {
		meta, err := r.Meta.Encode()
		if err != nil {
			panic(err)
		}
		m.drafts, m.metas = append(m.drafts, r.Draft), append(m.metas, meta)
	}
	for i := range m.names {
		binary.BigEndian.PutUint64(id[:], uint64(i)*0x9E3779B97F4A7C15)
		m.names[i] = enginetest.Stream(id)
	}
	return m
}

// record is the one at a position: ten rounds through the parcels that are under way together.
func (m *million) record(p event.Position) event.Record {
	i := int(p) - 1
	block, within := i/(together*perCase), i%(together*perCase)
	round, parcel := within/together, block*together+within%together
	draft := len(m.drafts) - 1
	switch {
	case round == 0:
		draft = parcel % 512 * 2
	case round < perCase-1 || parcel%2 == 0:
		draft = (parcel+round)%512*2 + 1
	}
	r := event.Record{Draft: m.drafts[draft], Stream: m.names[parcel], Revision: event.Revision(round), Position: p}
	meta, err := event.DecodeMeta(m.metas[draft])
	if err != nil {
		panic(err)
	}
	r.Meta = meta
	binary.BigEndian.PutUint64(r.ID[8:], uint64(p))
	return r
}

func (m *million) ReadAll(ctx context.Context, after event.Position, _ event.ReadAll) iter.Seq2[event.Page, error] {
	return func(yield func(event.Page, error) bool) {
		for after < records {
			p := event.Page{Checkpoint: min(records, after+1000)}
			p.Records = make([]event.Record, 0, 1000)
			for after < p.Checkpoint {
				after++
				p.Records = append(p.Records, m.record(after))
			}
			p.CaughtUp = after == records
			if !yield(p, ctx.Err()) {
				return
			}
		}
	}
}

func (m *million) Head(context.Context) (event.Position, error) { return records, nil }

// BenchmarkRebuild builds three projections from a million events, against reading and decoding them for nobody, in time and in
// processor time: on a busy machine the second tells more.
func BenchmarkRebuild(b *testing.B) {
	m := newMillion()
	codec := event.NewCodec(enginetest.Wrap{}, enginetest.Types)
	for b.Loop() {
		wall, cpu := time.Now(), processorTime(b)
		for p, err := range m.ReadAll(b.Context(), 0, event.ReadAll{}) {
			if err != nil {
				b.Fatal(err)
			}
			for _, r := range p.Records {
				if _, err := codec.Decode(r); err != nil {
					b.Fatal(err)
				}
			}
		}
		wallDecode, cpuDecode := time.Since(wall).Seconds(), (processorTime(b) - cpu).Seconds()
		db := opened(b)
		r := projections.NewRunner(m, codec, db, enginetest.Quiet, enginetest.Toys()...)
		cpu = processorTime(b)
		progress, err := r.Rebuild(b.Context(), nil)
		if err != nil {
			b.Fatal(err)
		}
		cpuRebuild := (processorTime(b) - cpu).Seconds()
		b.ReportMetric(wallDecode, "decode-s")
		b.ReportMetric(progress.Elapsed.Seconds(), "rebuild-s")
		b.ReportMetric(progress.Elapsed.Seconds()/wallDecode, "times-decode")
		b.ReportMetric(cpuDecode, "cpu-decode-s")
		b.ReportMetric(cpuRebuild, "cpu-rebuild-s")
		b.ReportMetric(cpuRebuild/cpuDecode, "cpu-times-decode")
		b.ReportMetric(progress.Rate(), "records/s")
	}
}

func processorTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRead reads a page of fifty rows through an index, of 20,000.
func BenchmarkRead(b *testing.B) {
	j, db := enginetest.NewJournal(), opened(b)
	enginetest.Fill(j, 20_000)
	r := enginetest.NewRunner(j, db, enginetest.Toys()...)
	enginetest.CatchUp(b, r)
	for b.Loop() {
		if err := r.Read(b.Context(), func(s *projections.Snapshot) error {
			rows, err := projections.Collect(enginetest.Parcels.Where(s, "depot = $1 ORDER BY since DESC LIMIT $2", "Bra", 50))
			if len(rows) != 50 {
				b.Fatalf("%d rows", len(rows))
			}
			return err
		}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkAwait appends one event and waits until it can be read.
func BenchmarkAwait(b *testing.B) {
	j, db := enginetest.NewJournal(), opened(b)
	r := enginetest.NewRunner(j, db, enginetest.Toys()...)
	enginetest.Follow(b, r)
	enginetest.Await(b, r, enginetest.Fill(j, 2_000))
	i := 0
	for b.Loop() {
		i++
		enginetest.Await(b, r, j.Add(enginetest.Stream(enginetest.Nth(i%2000)), enginetest.Carried{Depot: enginetest.Depots[i%4]}))
	}
}
