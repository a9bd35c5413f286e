package ledger

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/uuid"
	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"approdo/domain"
	"approdo/domain/event"
)

var (
	ours   = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize))
	theirs = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize))
	ourKey = VerifierKey(ours.Public().(ed25519.PublicKey))
)

// recordAt is the i-th record of a journal that could be.
func recordAt(i int) event.Record {
	id := uuid.NewSHA1(uuid.Nil, fmt.Append(nil, i))
	at := time.Date(2022, 3, 14, 9, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Second)
	return event.Record{
		Draft: event.Draft{ID: id, Type: "case.noted", Schema: 1, Data: fmt.Appendf(nil, `{"n":%d,"data":"x"}`, i),
			Meta: event.Meta{Actor: domain.System, At: at, Command: id}},
		Stream: fmt.Sprintf("case-%d", i%7), Revision: event.Revision(i / 7), Position: event.Position(i + 1), At: at,
	}
}

func sign(t testing.TB, c Checkpoint, key ed25519.PrivateKey) []byte {
	t.Helper()
	b, err := c.Sign(key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// journal is a journal as it is exported, with checkpoints at some sizes.
type journal struct {
	records []event.Record
	signed  []int
	key     ed25519.PrivateKey
}

func (j journal) at(size int) Checkpoint {
	var tree Tree
	for _, r := range j.records[:size] {
		tree.Add(LeafHash(r))
	}
	return Checkpoint{tree.Size(), tree.Root()}
}

// export gives the lines of an export, each with its end.
func (j journal) export(t testing.TB) []string {
	t.Helper()
	records := func(yield func(event.Record, error) bool) {
		for _, r := range j.records {
			if !yield(r, nil) {
				return
			}
		}
	}
	var notes []Signed
	for _, size := range j.signed {
		c := j.at(size)
		notes = append(notes, Signed{Size: c.Size, Note: sign(t, c, j.key)})
	}
	checkpoints := func(yield func(Signed, error) bool) {
		for _, s := range notes {
			if !yield(s, nil) {
				return
			}
		}
	}
	var b bytes.Buffer
	if err := Export(&b, int64(j.signed[len(j.signed)-1]), records, checkpoints, nil); err != nil {
		t.Fatal(err)
	}
	return slices.Collect(strings.Lines(b.String()))
}

// lived is a journal of so many records, signed with our key.
func lived(n int, signed ...int) journal {
	j := journal{signed: signed, key: ours}
	for i := range n {
		j.records = append(j.records, recordAt(i))
	}
	return j
}

func verify(lines []string, kept ...[]byte) (Verified, error) {
	return Verify(strings.NewReader(strings.Join(lines, "")), ourKey, nil, kept...)
}

// refused wants a fault with a reason, at records and line.
func refused(t *testing.T, err error, why Reason, first, last, line int64) {
	t.Helper()
	var f *Fault
	if !errors.As(err, &f) {
		t.Fatalf("got %v, want %s", err, why)
	}
	if f.Reason != why || f.First != first || f.Last != last || f.Line != line || !strings.Contains(f.Error(), string(why)) {
		t.Errorf("got %v; want %s of %d to %d in line %d", f, why, first, last, line)
	}
}

func TestAnExportHoldsAsItWasWritten(t *testing.T) {
	t.Parallel()
	j := lived(50, 1, 20, 21, 50)
	lines := j.export(t)
	if len(lines) != 1+50+4 {
		t.Fatalf("%d lines", len(lines))
	}
	told := 0
	whole := strings.Join(lines, "")
	got, err := Verify(iotest.OneByteReader(strings.NewReader(whole)), " "+ourKey+"\n", func(Verified) { told++ },
		sign(t, j.at(33), ours), sign(t, j.at(7), ours), sign(t, j.at(50), ours), sign(t, j.at(7), ours))
	want := Verified{Checkpoint: j.at(50), Checkpoints: 4, Kept: 4}
	if err != nil || got != want || told != 0 {
		t.Errorf("got %+v, %v, told %d times", got, err, told)
	}
	if _, err := Verify(strings.NewReader(strings.Join(lived(1999, 1999).export(t), "")), ourKey, func(Verified) { told++ }); err != nil || told != 2 {
		t.Errorf("progress was told %d times, %v", told, err)
	}
}

// Every kind of tampering, and what each is called. The numbers are of records that stand where something was done.
func TestWhatDoesNotHoldIsNamed(t *testing.T) {
	t.Parallel()
	j := lived(30, 10, 20, 30) // header, 0–9, checkpoint, 10–19, checkpoint, 20–29, checkpoint
	base := j.export(t)
	const at10 = 12 // the line of record 10, from 0
	renumber := func(lines []string) []string {
		n := 0
		for i, line := range lines {
			if _, rest, ok := strings.Cut(line, ","); ok && strings.HasPrefix(line, `{"n":`) {
				lines[i] = fmt.Sprintf(`{"n":%d,%s`, n, rest)
				n++
			}
		}
		return lines
	}
	other := lived(30, 10, 20, 30)
	other.records[14].Type = "case.closed"
	forged := other.export(t)
	foreign := lived(30, 10, 20, 30)
	foreign.key = theirs
	for name, c := range map[string]struct {
		change      func(l []string) []string
		why         Reason
		first, last int64
		line        int64
	}{
		"an empty file":             {func([]string) []string { return nil }, NoExport, 0, 0, 1},
		"no header":                 {func(l []string) []string { return l[1:] }, NoExport, 0, 0, 1},
		"a header with more":        {func(l []string) []string { l[0] = strings.Replace(l[0], "}", "} ", 1); return l }, NoExport, 0, 0, 1},
		"a header with less":        {func(l []string) []string { l[0] = "{\"format\":\"approdo-export-1\",\"records\":30\n"; return l }, NoExport, 0, 0, 1},
		"a header of nothing":       {func([]string) []string { return []string{fmt.Sprintf(header+"\n", 0)} }, NoExport, 0, 0, 1},
		"a header of fewer":         {func(l []string) []string { l[0] = fmt.Sprintf(header+"\n", 29); return l }, Surplus, 29, 29, 35},
		"a header of more":          {func(l []string) []string { l[0] = fmt.Sprintf(header+"\n", 31); return l }, Truncated, 30, 30, 35},
		"an endless line":           {func(l []string) []string { l[at10] = strings.Repeat("x", maxLine+1); return l }, Malformed, 10, 10, 13},
		"an empty line":             {func(l []string) []string { l[at10] = "\n"; return l }, Malformed, 10, 10, 13},
		"a line of something else":  {func(l []string) []string { l[at10] = `{"n":10,"id":"7"}` + "\n"; return l }, Malformed, 10, 10, 13},
		"a line that breaks off":    {func(l []string) []string { l[at10] = l[at10][:len(l[at10])-80] + "\n"; return l }, Malformed, 10, 10, 13},
		"a line too short for one":  {func(l []string) []string { l[at10] = `{"n":10,"id":"7","data":{},"leaf":""}` + "\n"; return l }, Malformed, 10, 10, 13},
		"a record altered":          {func(l []string) []string { l[at10] = strings.Replace(l[at10], "noted", "notes", 1); return l }, Altered, 10, 10, 13},
		"a payload altered":         {func(l []string) []string { l[at10] = strings.Replace(l[at10], `"x"`, `"y"`, 1); return l }, Altered, 10, 10, 13},
		"a hash altered":            {func(l []string) []string { l[at10] = l[at10][:len(l[at10])-6] + "AA=\"}\n"; return l }, Altered, 10, 10, 13},
		"altered with its hash":     {func(l []string) []string { l[16] = forged[16]; return l }, Rewritten, 10, 19, 23},
		"deletion":                  {func(l []string) []string { return slices.Delete(l, at10, at10+1) }, Missing, 10, 10, 13},
		"deletion before a signing": {func(l []string) []string { return slices.Delete(l, at10-2, at10-1) }, Missing, 0, 9, 11},
		"deletion, renumbered":      {func(l []string) []string { return renumber(slices.Delete(l, at10, at10+1)) }, Missing, 10, 19, 22},
		"insertion":                 {func(l []string) []string { return slices.Insert(l, at10+1, l[at10]) }, Surplus, 11, 11, 14},
		"insertion, renumbered":     {func(l []string) []string { return renumber(slices.Insert(l, at10+1, l[at10])) }, Surplus, 10, 21, 24},
		"swap":                      {func(l []string) []string { l[at10], l[at10+1] = l[at10+1], l[at10]; return l }, Missing, 10, 10, 13},
		"swap, renumbered": {func(l []string) []string {
			l[at10], l[at10+1] = l[at10+1], l[at10]
			return renumber(l)
		}, Rewritten, 10, 19, 23},
		"truncation of a byte":     {func(l []string) []string { l[33] = l[33][:len(l[33])-1]; return l }, Truncated, 30, 30, 34},
		"truncation at a record":   {func(l []string) []string { return l[:at10+3] }, Truncated, 13, 29, 16},
		"truncation at a signing":  {func(l []string) []string { return l[:at10] }, Truncated, 10, 29, 13},
		"truncation of the last":   {func(l []string) []string { return l[:33] }, Truncated, 30, 29, 34},
		"records nobody signed":    {func(l []string) []string { return append(l, lived(31, 31).export(t)[31]) }, Surplus, 30, 30, 36},
		"a checkpoint twice":       {func(l []string) []string { return append(l, l[33]) }, Surplus, 30, 30, 35},
		"a checkpoint elsewhere":   {func(l []string) []string { l[11], l[at10] = l[at10], l[11]; return l }, Surplus, 0, 11, 13},
		"a checkpoint of another":  {func(l []string) []string { l[22] = forged[22]; return l }, Rewritten, 10, 19, 23},
		"a checkpoint not ours":    {func(l []string) []string { l[22] = foreign.export(t)[22]; return l }, Foreign, 20, 20, 23},
		"a checkpoint with more":   {func(l []string) []string { l[22] = strings.Replace(l[22], `"}`, `" }`, 1); return l }, Malformed, 20, 20, 23},
		"a checkpoint not in JSON": {func(l []string) []string { l[22] = noteKey + "\n"; return l }, Malformed, 20, 20, 23},
		"a checkpoint of no text":  {func(l []string) []string { l[22] = noteKey + `"hello"}` + "\n"; return l }, Malformed, 20, 20, 23},
		"everything by another":    {func([]string) []string { return foreign.export(t) }, Foreign, 10, 10, 12},
	} {
		_, err := verify(c.change(slices.Clone(base)))
		t.Run(name, func(t *testing.T) { refused(t, err, c.why, c.first, c.last, c.line) })
	}
}

func TestWhatWasKeptElsewhereTellsMore(t *testing.T) {
	t.Parallel()
	j := lived(30, 10, 20, 30)
	whole := j.export(t)
	_, err := verify(lived(20, 10, 20).export(t), sign(t, j.at(30), ours))
	t.Run("rollback", func(t *testing.T) { refused(t, err, Rollback, 20, 29, 24) })
	_, err = verify(lived(20, 10, 20).export(t), sign(t, j.at(15), ours), sign(t, j.at(21), ours))
	t.Run("rollback by one", func(t *testing.T) { refused(t, err, Rollback, 20, 20, 24) })

	// The house itself wrote its past anew and signed all of it.
	other := lived(30, 10, 20, 30)
	other.records[14].Type = "case.closed"
	if _, err := verify(other.export(t)); err != nil {
		t.Errorf("what nobody kept anything of: %v", err)
	}
	_, err = verify(other.export(t), sign(t, j.at(30), ours))
	t.Run("fork", func(t *testing.T) { refused(t, err, Fork, 20, 29, 33) })
	_, err = verify(other.export(t), sign(t, j.at(30), ours), sign(t, j.at(16), ours), sign(t, j.at(14), ours))
	t.Run("fork, narrowed", func(t *testing.T) { refused(t, err, Fork, 14, 15, 18) })

	_, err = verify(whole, sign(t, j.at(30), theirs))
	t.Run("kept of another", func(t *testing.T) { refused(t, err, BadKept, 0, 0, 1) })
	_, err = verify(whole, []byte("hello"))
	t.Run("kept of nothing", func(t *testing.T) { refused(t, err, BadKept, 0, 0, 1) })
	if _, err := Verify(strings.NewReader(strings.Join(whole, "")), VerifierKey(theirs.Public().(ed25519.PublicKey)), nil); !errors.Is(err, ErrForeign) {
		t.Errorf("with a key that is not the house's: %v", err)
	}
	if _, err := Verify(strings.NewReader(strings.Join(whole, "")), "no key", nil); !errors.Is(err, ErrKey) {
		t.Errorf("with no key: %v", err)
	}
	broken := errors.New("the disk")
	_, err = Verify(io.MultiReader(strings.NewReader(whole[0]+whole[1]), iotest.ErrReader(broken)), ourKey, nil)
	t.Run("unread", func(t *testing.T) { refused(t, err, Unread, 1, 1, 3) })
	if !errors.Is(err, broken) {
		t.Errorf("the cause is lost: %v", err)
	}
}

func TestAFaultSaysWhereItsLineBegins(t *testing.T) {
	t.Parallel()
	lines := lived(10, 10).export(t)
	lines[4] = strings.Replace(lines[4], "noted", "voted", 1)
	_, err := verify(lines)
	var f *Fault
	if want := len(strings.Join(lines[:4], "")); !errors.As(err, &f) || f.Offset != int64(want) {
		t.Errorf("got %v, want byte %d", err, want)
	}
}

// Flips hits every byte of an export of so many records, each with one of its bits, and gives the numbers of those that went unseen.
// A line is judged where the lines before it have led: so it is judged in the whole, and nothing has to be read again.
func flips(t *testing.T, n int, only func(line int) bool) (tried int, unseen []string) {
	t.Helper()
	lines := lived(n, n/3, n).export(t)
	v := &verifier{key: ourKey}
	judge := func(v verifier, line []byte) error {
		v.tree.peaks = slices.Clone(v.tree.peaks)
		for part := range bytes.SplitSeq(line, []byte("\n")) {
			if err := v.take(part); err != nil {
				return err
			}
		}
		return nil
	}
	for i, line := range lines[1:] {
		for at := range line {
			if !only(i) {
				break
			}
			spoilt := []byte(line)
			spoilt[at] ^= 1 << (at % 8)
			if at == len(line)-1 && i+2 < len(lines) {
				spoilt = append(spoilt, strings.TrimSuffix(lines[i+2], "\n")...) // two lines have become one
			} else if at < len(line)-1 {
				spoilt = spoilt[:len(spoilt)-1]
			} else {
				continue // the end of the file: see "truncation of a byte"
			}
			if tried++; judge(*v, spoilt) == nil {
				unseen = append(unseen, fmt.Sprintf("line %d byte %d: %s", i+2, at, spoilt))
			}
		}
		if err := v.take([]byte(strings.TrimSuffix(line, "\n"))); err != nil {
			t.Fatalf("line %d: %v", i+2, err)
		}
	}
	return tried, unseen
}

func TestEveryFlippedByteOfTenThousandRecordsIsFound(t *testing.T) {
	t.Parallel()
	only := func(int) bool { return true }
	if underRace || testing.Short() {
		only = func(line int) bool { return line%40 == 0 || line > 9_990 || line > 3_325 && line < 3_340 }
	}
	tried, unseen := flips(t, 10_000, only)
	if len(unseen) > 0 {
		t.Errorf("%d flips went unseen, such as %s", len(unseen), unseen[0])
	}
	t.Logf("%d flips", tried)
}

// The whole verifier reads some of the files whose lines the test above judges one by one, and names the record.
func TestTheVerifierFindsFlipsInAWholeExport(t *testing.T) {
	t.Parallel()
	lines := lived(200, 60, 200).export(t)
	whole := []byte(strings.Join(lines, ""))
	r := rand.New(rand.NewPCG(4, 2))
	places := []int{len(whole) - 1, len(whole) - 2, 0}
	for range 500 {
		places = append(places, r.IntN(len(whole)))
	}
	for i := range len(lines[0]) {
		places = append(places, i)
	}
	for _, at := range places {
		spoilt := slices.Clone(whole)
		spoilt[at] ^= 1 << r.IntN(8)
		_, err := Verify(bytes.NewReader(spoilt), ourKey, nil)
		line := int64(bytes.Count(whole[:at], []byte("\n")) + 1)
		var f *Fault
		if !errors.As(err, &f) || f.Line != line && line > 1 {
			t.Fatalf("byte %d, in line %d: %v", at, line, err)
		}
	}
}

// So a record that is altered together with its hash is found at the next checkpoint.
func TestAnotherLeafIsAnotherRoot(t *testing.T) {
	t.Parallel()
	const n = 200
	roots := map[tlog.Hash]int{}
	for changed := -1; changed < n; changed++ {
		var tree Tree
		for i := range n {
			leaf := tlog.RecordHash(fmt.Append(nil, i))
			if i == changed {
				leaf[i%32] ^= 1
			}
			tree.Add(leaf)
		}
		if other, seen := roots[tree.Root()]; seen {
			t.Fatalf("leaves %d and %d changed give one root", other, changed)
		}
		roots[tree.Root()] = changed
	}
}

func TestACheckpointHasOneFormOnly(t *testing.T) {
	t.Parallel()
	c := lived(5, 5).at(5)
	signed := string(sign(t, c, ours))
	if got, err := Open([]byte(signed), ourKey); err != nil || got != c {
		t.Fatalf("%+v, %v", got, err)
	}
	if again := string(sign(t, c, ours)); again != signed {
		t.Error("signed twice it is two")
	}
	resigned := func(text string) string {
		b, err := note.Sign(&note.Note{Text: text}, signer{ours})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	spare := []byte(signed)
	spare[len(spare)-3]++ // the last letter before "=", of which two bits say nothing
	root := c.Root.String()
	for name, tt := range map[string]struct {
		signed string
		want   error
	}{
		"nothing":                       {"", ErrMalformed},
		"no signature":                  {c.Text(), ErrMalformed},
		"of another":                    {string(sign(t, c, theirs)), ErrForeign},
		"a signature of something else": {strings.Replace(signed, "\n5\n", "\n6\n", 1), ErrForeign},
		"two signatures":                {signed + strings.SplitAfter(string(sign(t, c, theirs)), "\n")[4], ErrMalformed},
		"spare bits":                    {string(spare), ErrMalformed},
		"of no record":                  {resigned(Checkpoint{0, c.Root}.Text()), ErrMalformed},
		"a size with a +":               {resigned(Origin + "\n+5\n" + root + "\n"), ErrMalformed},
		"a size in words":               {resigned(Origin + "\nfive\n" + root + "\n"), ErrMalformed},
		"a short root":                  {resigned(Origin + "\n5\n" + root[4:] + "\n"), ErrMalformed},
		"another origin":                {resigned("other\n5\n" + root + "\n"), ErrMalformed},
		"further lines":                 {resigned(c.Text() + "more\n"), ErrMalformed},
		"one line":                      {resigned("hello\n"), ErrMalformed},
		"too few lines":                 {resigned(Origin + "\n5\n"), ErrMalformed},
	} {
		if got, err := Open([]byte(tt.signed), ourKey); !errors.Is(err, tt.want) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
	if _, err := Open([]byte(signed), "hello"); !errors.Is(err, ErrKey) {
		t.Errorf("without a key: %v", err)
	}
}

func TestAnExportStopsWhereItsSourcesDo(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	records := func(n int, err error) iter.Seq2[event.Record, error] {
		return func(yield func(event.Record, error) bool) {
			for i := range n {
				if !yield(recordAt(i), nil) {
					return
				}
			}
			if err != nil {
				yield(event.Record{}, err)
			}
		}
	}
	odd := recordAt(0)
	odd.Data = []byte("{\n}")
	worse := recordAt(0)
	worse.Data = []byte("{")
	one := func(r event.Record) iter.Seq2[event.Record, error] {
		return func(yield func(event.Record, error) bool) { yield(r, nil) }
	}
	checkpoints := func(size int64, err error) iter.Seq2[Signed, error] {
		return func(yield func(Signed, error) bool) { yield(Signed{Size: size}, err) }
	}
	for name, c := range map[string]struct {
		records     iter.Seq2[event.Record, error]
		checkpoints iter.Seq2[Signed, error]
		want        error
	}{
		"too few records":    {records(2, nil), checkpoints(3, nil), ErrShort},
		"a broken journal":   {records(2, broken), checkpoints(3, nil), broken},
		"broken checkpoints": {records(3, nil), checkpoints(3, broken), broken},
		"two lines":          {one(odd), checkpoints(1, nil), ErrPayload},
		"no JSON":            {one(worse), checkpoints(1, nil), ErrPayload},
	} {
		if err := Export(io.Discard, 3, c.records, c.checkpoints, nil); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	told := 0
	if err := Export(io.Discard, 1500, records(1500, nil), checkpoints(1500, nil), func(int64) { told++ }); err != nil || told != 2 {
		t.Errorf("told %d times, %v", told, err)
	}
	for _, room := range []int{0, 1, 2, 3} {
		if err := Export(&full{room}, 2, records(2, nil), checkpoints(2, nil), nil); !errors.Is(err, errFull) {
			t.Errorf("with room for %d lines: %v", room, err)
		}
	}
}

// full is a disk that has no room once, after so many lines.
type full struct{ room int }

var errFull = errors.New("full")

func (f *full) Write(b []byte) (int, error) {
	if f.room--; f.room == -1 {
		return 0, errFull
	}
	return len(b), nil
}
