package ledger

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/tlog"
)

// stored is a tree of which everything is kept.
type stored []tlog.Hash

func storedOf(t testing.TB, j journal) (all stored) {
	t.Helper()
	for i, r := range j.records {
		more, err := tlog.StoredHashes(int64(i), Leaf(r), all)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, more...)
	}
	return all
}

func (s stored) ReadHashes(indexes []int64) (out []tlog.Hash, err error) {
	for _, i := range indexes {
		out = append(out, s[i])
	}
	return out, nil
}

func included(t testing.TB, j journal, size, index int) Inclusion {
	t.Helper()
	path, err := tlog.ProveRecord(int64(size), int64(index), storedOf(t, j))
	if err != nil {
		t.Fatal(err)
	}
	return Inclusion{int64(index), Leaf(j.records[index]), path, sign(t, j.at(size), j.key)}
}

func consistent(t testing.TB, j journal, older, newer int) Consistency {
	t.Helper()
	path, err := tlog.ProveTree(int64(newer), int64(older), storedOf(t, j))
	if err != nil {
		t.Fatal(err)
	}
	return Consistency{path, sign(t, j.at(older), j.key), sign(t, j.at(newer), j.key)}
}

func TestAProofThatARecordIsThere(t *testing.T) {
	t.Parallel()
	j := lived(40)
	for _, size := range []int{1, 2, 7, 32, 40} {
		for index := range size {
			p := included(t, j, size, index)
			got, c, err := OpenInclusion(p.Text(), ourKey)
			if err != nil || c != j.at(size) || got.Index != int64(index) || string(got.Leaf) != string(p.Leaf) || !IsProof(p.Text()) {
				t.Fatalf("record %d of %d: %+v, %v", index, size, got, err)
			}
		}
	}
	p := included(t, j, 40, 17)
	elsewhere, other, foreign := p, p, p
	elsewhere.Index = 18
	other.Leaf = Leaf(j.records[18])
	foreign.Note = sign(t, j.at(40), theirs)
	text := string(p.Text())
	for name, c := range map[string]struct {
		file string
		want error
	}{
		"another place":     {string(elsewhere.Text()), ErrProofFails},
		"another record":    {string(other.Text()), ErrProofFails},
		"another's":         {string(foreign.Text()), ErrForeign},
		"nothing":           {"", ErrNoProof},
		"the beginning":     {inclusionKind + "\n", ErrNoProof},
		"no number":         {strings.Replace(text, "record 17", "record x", 1), ErrNoProof},
		"a number with +":   {strings.Replace(text, "record 17", "record +17", 1), ErrNoProof},
		"no hash":           {strings.Replace(text, "path ", "path x", 1), ErrNoProof},
		"no checkpoint":     {text[:strings.Index(text, "\n\n")+2], ErrMalformed},
		"no empty line":     {text[:strings.Index(text, "\n\n")+1], ErrNoProof},
		"more than a proof": {text + "\n", ErrMalformed},
	} {
		if _, _, err := OpenInclusion([]byte(c.file), ourKey); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestAProofThatNothingWasTakenAway(t *testing.T) {
	t.Parallel()
	j := lived(40)
	for newer := 1; newer <= 40; newer++ {
		if underRace && newer%9 != 4 {
			continue
		}
		for older := 1; older <= newer; older++ {
			p := consistent(t, j, older, newer)
			a, b, err := OpenConsistency(p.Text(), ourKey)
			if err != nil || a != j.at(older) || b != j.at(newer) || !IsProof(p.Text()) {
				t.Fatalf("%d to %d: %+v, %+v, %v", older, newer, a, b, err)
			}
		}
	}
	p := consistent(t, j, 11, 40)
	forked := lived(40)
	forked.records[3].Type = "case.closed"
	fork, back, ofOther, byOther := p, p, p, p
	fork.Older = sign(t, forked.at(11), ours)
	back.Older, back.Newer = p.Newer, p.Older
	ofOther.Older = sign(t, j.at(11), theirs)
	byOther.Newer = sign(t, j.at(40), theirs)
	text := string(p.Text())
	for name, c := range map[string]struct {
		file string
		want error
	}{
		"a fork":                {string(fork.Text()), ErrProofFails},
		"backwards":             {string(back.Text()), ErrProofFails},
		"an older by another":   {string(ofOther.Text()), ErrForeign},
		"a newer by another":    {string(byOther.Text()), ErrForeign},
		"nothing":               {"", ErrNoProof},
		"the first line":        {consistencyKind + "\n", ErrNoProof},
		"no checkpoints":        {text[:strings.Index(text, "\n\n")+2], ErrNoProof},
		"one checkpoint":        {text[:strings.Index(text, "\n\n")+2] + string(p.Older), ErrNoProof},
		"one, and an empty one": {text[:strings.Index(text, "\n\n")+2] + string(p.Older) + "\n", ErrMalformed},
		"no hash":               {strings.Replace(text, "path ", "path x", 1), ErrNoProof},
		"another kind":          {strings.Replace(text, "consistency", "consistence", 1), ErrNoProof},
		"no line between":       {strings.Replace(text, "\n\n"+Origin+"\n40", "\n"+Origin+"\n40", 1), ErrNoProof},
	} {
		if _, _, err := OpenConsistency([]byte(c.file), ourKey); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	if IsProof([]byte(strings.Join(lived(1, 1).export(t), ""))) {
		t.Error("an export is taken for a proof")
	}
}

func TestEveryFlippedByteOfAProofIsFound(t *testing.T) {
	t.Parallel()
	j := lived(40)
	for name, proof := range map[string]struct {
		text []byte
		open func([]byte) error
	}{
		"inclusion": {included(t, j, 40, 17).Text(), func(b []byte) error {
			_, _, err := OpenInclusion(b, ourKey)
			return err
		}},
		"consistency": {consistent(t, j, 11, 40).Text(), func(b []byte) error {
			_, _, err := OpenConsistency(b, ourKey)
			return err
		}},
	} {
		for at := range proof.text {
			for bit := range 8 {
				if underRace && bit != at%8 {
					continue
				}
				spoilt := slices.Clone(proof.text)
				spoilt[at] ^= 1 << bit
				if proof.open(spoilt) == nil {
					t.Fatalf("%s: bit %d of byte %d went unseen:\n%s", name, bit, at, spoilt)
				}
			}
			if proof.open(proof.text[:at]) == nil {
				t.Fatalf("%s: cut off at %d it holds", name, at)
			}
		}
	}
}

func TestAWitnessRefusesToForget(t *testing.T) {
	t.Parallel()
	j := lived(40)
	forked := lived(40)
	forked.records[3].Type = "case.closed"
	kept, seen := sign(t, j.at(11), ours), sign(t, j.at(40), ours)
	proof := consistent(t, j, 11, 40).Text()
	for name, c := range map[string]struct {
		kept, seen, proof []byte
		want              error
	}{
		"goes on":             {kept, seen, proof, nil},
		"stands still":        {kept, kept, nil, nil},
		"shrinks":             {seen, kept, proof, ErrShrunk},
		"forks in place":      {kept, sign(t, forked.at(11), ours), nil, ErrForked},
		"forks":               {kept, sign(t, forked.at(40), ours), consistent(t, forked, 11, 40).Text(), ErrForked},
		"shows another proof": {kept, seen, consistent(t, j, 12, 40).Text(), ErrForked},
		"shows no proof":      {kept, seen, nil, ErrNoProof},
		"is another's":        {kept, sign(t, j.at(40), theirs), proof, ErrForeign},
		"kept another's":      {sign(t, j.at(11), theirs), seen, proof, ErrForeign},
	} {
		if got, err := Extends(c.kept, c.seen, c.proof, ourKey); !errors.Is(err, c.want) || err == nil && got.Size == 0 {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}
}
