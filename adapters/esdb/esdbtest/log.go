package esdbtest

import (
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

// Log is what a server, or a cluster of them, keeps on disk: the records in the order of $all. It outlives the servers that serve it.
//
// Like a real log it holds records that nobody asked for: servers write statistics and metadata between those of their clients.
type Log struct {
	mu      sync.Mutex
	records []record
	streams map[string]*stream
	recent  map[uuid.UUID]place // what the writing server remembers of the ids it wrote; gone when it restarts
	end     uint64              // the position of the next record
	appends int
	news    chan struct{} // closed, and replaced, when anything is written
}

// record is an event as the log keeps it. Its position is both commit and prepare position, as it is for everything that was not
// written in an explicit transaction.
type record struct {
	id          uuid.UUID
	stream      string
	revision    uint64
	position    uint64
	kind        string
	contentType string
	created     int64 // ticks of 100 ns since 1970
	data, meta  []byte
}

type stream struct {
	at      []int // places in the log, by revision
	deleted bool
}

type place struct {
	stream   string
	revision int64
}

// The forms of an expected revision that are no revision, with the values the server gives them.
const (
	noStream     = -1
	anyRevision  = -2
	streamExists = -4
)

// statsEvery is after how many appends the server writes a record of its own.
const statsEvery = 5

// NewLog gives a log that holds what a server writes when it starts for the first time.
func NewLog() *Log {
	l := &Log{streams: map[string]*stream{}, recent: map[uuid.UUID]place{}, news: make(chan struct{})}
	l.write("$settings", record{id: uuid.New(), kind: "$settings", contentType: jsonType, data: []byte(`{}`)})
	return l
}

// outcome is what became of an append.
type outcome struct {
	wrong, deleted bool
	current        int64 // the last revision, -1 where there is no stream
	last           int64 // of the append's last event
	position       uint64
}

// append decides as the server's index writer does. With an exact revision or none, the same ids where they would stand are the
// same append, however long ago; with any and exists, only as long as the server remembers the ids. Ids that are there in part are
// answered as a wrong expected version.
func (l *Log) append(name string, expected int64, events []record) outcome {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.streams[name]
	current := int64(-1)
	if s != nil {
		if s.deleted {
			return outcome{deleted: true}
		}
		current = int64(len(s.at)) - 1
	}
	switch {
	case expected == streamExists && current < 0:
		return outcome{wrong: true, current: current}
	case expected == anyRevision || expected == streamExists:
		if o, decided := l.remembered(name, events); decided {
			o.current = current
			return o
		}
	case expected < current:
		return l.inPlace(s, expected, current, events)
	case expected > current:
		return outcome{wrong: true, current: current}
	}
	o := outcome{current: current, last: current}
	for _, r := range events {
		r.position = l.write(name, r)
		l.recent[r.id] = place{name, o.last + 1}
		o.last, o.position = o.last+1, r.position
	}
	if l.appends++; l.appends%statsEvery == 0 {
		l.write("$stats-127.0.0.1:2113", record{id: uuid.New(), kind: "$statsCollected", contentType: jsonType, data: []byte(`{"proc-cpu":1}`)})
	}
	close(l.news)
	l.news = make(chan struct{})
	return o
}

// remembered looks whether an append at any revision is one of those just written. Only when its first id is known does the server
// look at the others.
func (l *Log) remembered(name string, events []record) (outcome, bool) {
	last := int64(-1)
	for i, r := range events {
		p, known := l.recent[r.id]
		switch {
		case known && p.stream == name:
			last = p.revision
		case i == 0:
			return outcome{}, false
		default:
			return outcome{wrong: true}, true
		}
	}
	if last < 0 {
		return outcome{}, false
	}
	return outcome{last: last, position: l.records[l.streams[name].at[last]].position}, true
}

// inPlace looks whether an append stands already where it would have.
func (l *Log) inPlace(s *stream, expected, current int64, events []record) outcome {
	o := outcome{current: current, last: expected}
	for _, r := range events {
		o.last++
		if o.last > current || l.records[s.at[o.last]].id != r.id {
			return outcome{wrong: true, current: current}
		}
		o.position = l.records[s.at[o.last]].position
	}
	o.wrong = len(events) == 0
	return o
}

func (l *Log) write(name string, r record) uint64 {
	s := l.streams[name]
	if s == nil {
		s = &stream{}
		l.streams[name] = s
	}
	r.stream, r.revision, r.position, r.created = name, uint64(len(s.at)), l.end, time.Now().UnixNano()/100
	s.at = append(s.at, len(l.records))
	l.records = append(l.records, r)
	l.end += uint64(100 + len(name) + len(r.data) + len(r.meta))
	return r.position
}

// forget is what a restart does to the memory of the server.
func (l *Log) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.recent)
}

// Delete makes a stream unusable for ever, as a tombstone does that an administrator wrote.
func (l *Log) Delete(name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.streams[name]; s != nil {
		s.deleted = true
	}
}

// all gives the records as they are now, and the channel that closes when there are more. Records never change.
func (l *Log) all() ([]record, <-chan struct{}) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.records[:len(l.records):len(l.records)], l.news
}

// find gives the place of the record at a position; exact says whether there is one.
func find(records []record, position uint64) (at int, exact bool) {
	return slices.BinarySearchFunc(records, position, func(r record, p uint64) int {
		switch {
		case r.position < p:
			return -1
		case r.position > p:
			return 1
		}
		return 0
	})
}

// of gives the records of a stream; there is none where exists is false.
func (l *Log) of(name string) (records []record, exists, deleted bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.streams[name]
	if s == nil {
		return nil, false, false
	}
	records = make([]record, len(s.at))
	for i, at := range s.at {
		records[i] = l.records[at]
	}
	return records, true, s.deleted
}
