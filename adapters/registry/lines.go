package registry

import (
	"bufio"
	"encoding/csv"
	"io"
	"strings"
)

const (
	maxLine = 1 << 20 // bytes; the longest line of the real files has 600
	maxJoin = 4       // lines that a quoted field may go on for
)

// lines gives the records of a CSV file one by one. Each begins on a line of its own, so that a quote somebody forgot costs its
// record and not the rest of the file, as it would with a reader of streams.
type lines struct {
	scan  *bufio.Scanner
	ahead []string
	taken int // lines given so far
}

func newLines(r io.Reader) *lines {
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxLine)
	return &lines{scan: s}
}

// peek is the i-th line not yet taken.
func (l *lines) peek(i int) (string, bool) {
	for len(l.ahead) <= i {
		if !l.scan.Scan() {
			return "", false
		}
		l.ahead = append(l.ahead, l.scan.Text())
	}
	return l.ahead[i], true
}

func (l *lines) take(n int) {
	l.ahead = l.ahead[n:]
	l.taken += n
}

// next is the next record with the number of its first line, from 1; nil fields where it is not well quoted, and false at the end.
// The columns decide whether several lines are one record. Blank lines are none.
func (l *lines) next(columns int) (fields []string, line int, ok bool) {
	first, ok := l.peek(0)
	for ok && strings.TrimSpace(first) == "" {
		l.take(1)
		first, ok = l.peek(0)
	}
	if !ok {
		return nil, l.taken + 1, false
	}
	line = l.taken + 1
	if strings.Count(first, `"`)%2 == 0 {
		l.take(1)
		return parse(first), line, true
	}
	joined := first
	for i := 1; i <= maxJoin; i++ {
		more, ok := l.peek(i)
		if !ok {
			break
		}
		joined += "\n" + more
		if fields := parse(joined); len(fields) == columns {
			l.take(i + 1)
			return fields, line, true
		}
	}
	l.take(1)
	return nil, line, true
}

func parse(record string) []string {
	r := csv.NewReader(strings.NewReader(record))
	r.FieldsPerRecord = -1
	fields, err := r.Read()
	if err != nil {
		return nil
	}
	return fields
}
