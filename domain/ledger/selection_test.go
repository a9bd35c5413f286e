package ledger

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"golang.org/x/mod/sumdb/tlog"
)

// selection gives the lines of a selection of records, the latest first.
func selection(t testing.TB, j journal, size int, indexes ...int) []string {
	t.Helper()
	return chosen(t, sign(t, j.at(size), j.key), choose(t, j, size, indexes...)...)
}

func choose(t testing.TB, j journal, size int, indexes ...int) (out []Chosen) {
	t.Helper()
	for _, i := range indexes {
		p := included(t, j, size, i)
		out = append(out, Chosen{p.Index, p.Leaf, p.Path})
	}
	return out
}

func chosen(t testing.TB, note []byte, records ...Chosen) []string {
	t.Helper()
	var b bytes.Buffer
	if err := Select(&b, note, records); err != nil {
		t.Fatal(err)
	}
	return slices.Collect(strings.Lines(b.String()))
}

func verifySelection(lines []string) (Selected, error) {
	return VerifySelection(strings.NewReader(strings.Join(lines, "")), ourKey)
}

func TestASelectionHolds(t *testing.T) {
	t.Parallel()
	j := lived(40)
	for size, indexes := range map[int][]int{1: {0}, 2: {1, 0}, 7: {6, 3}, 32: {31, 16, 15, 0}, 40: {39, 38, 17, 5, 4, 0}, 33: {}} {
		lines := selection(t, j, size, indexes...)
		got, err := verifySelection(lines)
		if err != nil || got.Checkpoint != j.at(size) || got.Records != int64(len(indexes)) {
			t.Errorf("%v of %d: %+v, %v", indexes, size, got, err)
		}
		if !IsSelection([]byte(lines[0])) || IsSelection([]byte(lines[0][:SelectionBegins-1])) || IsProof([]byte(lines[0])) {
			t.Errorf("%v of %d is not told from other files", indexes, size)
		}
		for i, line := range lines[1:] { // the payload is not in it, and all the rest of the record is
			if strings.Contains(line, `"data"`) || !strings.Contains(line, j.records[indexes[i]].ID.String()) {
				t.Errorf("line %s", line)
			}
		}
	}
}

func TestASelectionIsInOrder(t *testing.T) {
	t.Parallel()
	j := lived(9)
	for _, wrong := range [][]int{{1, 2}, {3, 3}} {
		if err := Select(&bytes.Buffer{}, sign(t, j.at(9), ours), choose(t, j, 9, wrong...)); !errors.Is(err, ErrOrder) {
			t.Errorf("%v: %v", wrong, err)
		}
	}
}

func TestEveryByteOfASelectionMatters(t *testing.T) {
	t.Parallel()
	file := []byte(strings.Join(selection(t, lived(20), 20, 19, 8, 3), ""))
	head := bytes.IndexByte(file, '\n')
	for i := range file {
		for _, bit := range []byte{1, 2, 4, 32, 128} {
			changed := bytes.Clone(file)
			changed[i] ^= bit
			_, err := VerifySelection(bytes.NewReader(changed), ourKey)
			if fault, ok := errors.AsType[*Fault](err); !ok {
				t.Fatalf("byte %d (%q became %q): %v", i, file[i], changed[i], err)
			} else if i > head && fault.Line > int64(bytes.Count(file[:i], []byte("\n")))+1 {
				t.Fatalf("byte %d: told of line %d", i, fault.Line)
			}
		}
	}
	for n := range len(file) {
		if _, err := VerifySelection(bytes.NewReader(file[:n]), ourKey); err == nil {
			t.Fatalf("%d bytes of %d hold", n, len(file))
		}
	}
}

func TestAForgedSelectionIsRefused(t *testing.T) {
	t.Parallel()
	j := lived(40)
	good := selection(t, j, 40, 30, 20, 10)
	foreign, other := lived(40), lived(40)
	foreign.key = theirs
	other.records[20].Type = "case.other"
	note := sign(t, j.at(40), ours)
	moved := choose(t, j, 40, 30, 20, 10)
	moved[1].Index = 21
	swapped := choose(t, j, 40, 30, 20, 10)
	swapped[1].Leaf = Leaf(j.records[21])
	beyond := choose(t, j, 40, 30)
	beyond[0].Index = 40
	short := choose(t, j, 40, 30)
	short[0].Path = short[0].Path[1:]
	long := choose(t, j, 40, 30)
	long[0].Path = append(long[0].Path, tlog.Hash{})
	for name, c := range map[string]struct {
		lines []string
		why   Reason
	}{
		"nothing":               {nil, NoExport},
		"an export":             {lived(3, 3).export(t), NoExport},
		"a line taken away":     {slices.Delete(slices.Clone(good), 2, 3), Truncated},
		"the last line away":    {good[:3], Truncated},
		"a line twice":          {slices.Insert(slices.Clone(good), 2, good[2]), Malformed},
		"a line added":          {append(slices.Clone(good), selection(t, j, 40, 5)[1]), Surplus},
		"two lines swapped":     {[]string{good[0], good[2], good[1], good[3]}, Malformed},
		"another's key":         {selection(t, foreign, 40, 30, 20), Foreign},
		"another journal":       {chosen(t, note, choose(t, other, 40, 30, 20)...), Altered},
		"another record":        {chosen(t, note, swapped...), Altered},
		"another place":         {chosen(t, note, moved...), Altered},
		"behind the checkpoint": {chosen(t, note, beyond...), Malformed},
		"an older tree":         {chosen(t, sign(t, j.at(33), ours), choose(t, j, 40, 30)...), Altered},
		"a path cut":            {chosen(t, note, short...), Altered},
		"a path grown":          {chosen(t, note, long...), Altered},
		"no checkpoint":         {append([]string{strings.Replace(good[0], "approdo/registro", "approdo/registra", 1)}, good[1:]...), Foreign},
		"a word added":          {[]string{good[0], strings.Replace(good[1], `"path"`, `"more":1,"path"`, 1), good[2], good[3]}, Altered},
		"a word behind":         {[]string{good[0], strings.Replace(good[1], "]}\n", "],\"x\":1}\n", 1), good[2], good[3]}, Malformed},
		"a space":               {[]string{good[0], strings.Replace(good[1], `,"path":`, `, "path":`, 1), good[2], good[3]}, Malformed},
		"no end of line":        {append(slices.Clone(good[:3]), strings.TrimSuffix(good[3], "\n")), Truncated},
		"something behind":      {append(slices.Clone(good), "x"), Truncated},
		"fewer were said":       {append([]string{strings.Replace(good[0], `"records":3`, `"records":2`, 1)}, good[1:]...), Surplus},
		"a space in the head":   {append([]string{strings.Replace(good[0], `,"records"`, `, "records"`, 1)}, good[1:]...), Malformed},
		"no path":               {[]string{good[0], "{\"n\":30}\n", good[2], good[3]}, Malformed},
		"a negative number":     {append([]string{strings.Replace(good[0], `"records":3`, `"records":-3`, 1)}, good[1:]...), Malformed},
	} {
		_, err := verifySelection(c.lines)
		if fault, ok := errors.AsType[*Fault](err); !ok || fault.Reason != c.why {
			t.Errorf("%s: %v, want %s", name, err, c.why)
		}
	}
	if _, err := VerifySelection(iotest.ErrReader(errors.New("torn")), ourKey); err == nil {
		t.Error("a file that cannot be read holds")
	}
	if _, err := VerifySelection(strings.NewReader(strings.Join(good, "")), VerifierKey(theirs.Public().(ed25519.PublicKey))); err == nil {
		t.Error("it holds under another key")
	}
}
