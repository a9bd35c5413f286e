package spec

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"

	"approdo/domain"
	"approdo/domain/event"
)

// Update is the flag -update of a test that has golden files: those that are missing are written. Other suites with golden
// files read this one, since a flag can be defined only once.
var Update = flag.Bool("update", false, "write golden files that are missing")

// From says what the golden file of an older schema must become, now that there are newer ones.
type From struct {
	Schema uint16
	Event  any
}

// goldenStream is where golden events stand, at revision 0: what is sealed is sealed for that place.
const goldenStream = "golden"

// Golden holds every stored event name and schema of a codec to a file <name>.v<schema>.json in dir, the payload as the journal
// keeps it. Files are added and never edited: what they show is in somebody's journal. There is one sample for each name, in the
// newest shape, and a From for each older schema. The codec's sealer MUST be deterministic.
//
// It fails where a name has no sample or no file, where a file does not decode or comes to something else than its sample, and
// where a sample is written differently from its file. With -update it writes the files that are missing, of newest schemas only.
func Golden(t *testing.T, codec *event.Codec, dir string, samples ...any) {
	t.Helper()
	if *Update {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, problem := range checkGolden(codec, dir, *Update, samples) {
		t.Error(problem)
	}
}

// goldens is one run over a folder; it collects what is wrong, so that the kit itself can be tested.
type goldens struct {
	codec    *event.Codec
	dir      string
	problems []string
}

func (g *goldens) wrong(format string, args ...any) {
	g.problems = append(g.problems, fmt.Sprintf(format, args...))
}

func checkGolden(codec *event.Codec, dir string, update bool, samples []any) []string {
	g := &goldens{codec: codec, dir: dir}
	newest, older := map[string]event.Draft{}, map[string]any{}
	for _, s := range samples {
		from, isOld := s.(From)
		e := s
		if isOld {
			e = from.Event
		}
		d, err := g.encode(e)
		if err != nil {
			g.wrong("%v", err)
			continue
		}
		if isOld {
			older[fileName(d.Type, from.Schema)] = e
			continue
		}
		if _, twice := newest[d.Type]; twice {
			g.wrong("%s: two samples", d.Type)
		}
		newest[d.Type] = d
		g.roundTrip(d, e)
	}
	names := codec.Names()
	for _, name := range slices.Sorted(maps.Keys(names)) {
		d, ok := newest[name]
		if !ok {
			g.wrong("%s: no sample", name)
			continue
		}
		g.newest(d, update)
		for schema := uint16(1); schema < names[name]; schema++ {
			g.older(name, schema, older)
		}
	}
	g.strangers(names)
	return g.problems
}

// newest compares a sample with its file, and writes the file where it may.
func (g *goldens) newest(d event.Draft, update bool) {
	file := fileName(d.Type, d.Schema)
	kept, err := os.ReadFile(filepath.Join(g.dir, file))
	switch {
	case errors.Is(err, fs.ErrNotExist) && update:
		if err := os.WriteFile(filepath.Join(g.dir, file), indent(d.Data), 0o644); err != nil {
			g.wrong("%v", err)
		}
		return
	case errors.Is(err, fs.ErrNotExist):
		g.wrong("%s: missing; -update writes it", file)
		return
	case err != nil:
		g.wrong("%v", err)
		return
	}
	want, ok := g.decode(d.Type, d.Schema, d.Data)
	got, okFile := g.decode(d.Type, d.Schema, kept)
	if ok && okFile && !reflect.DeepEqual(got, want) {
		g.wrong("%s: decodes into\n  %+v\nand the sample is\n  %+v", file, got, want)
	}
	if !bytes.Equal(canonical(kept), canonical(d.Data)) {
		g.wrong("%s: the sample is now written as\n%s\nA new shape needs a new schema and an upcast", file, indent(d.Data))
	}
}

// older wants that a file of an older schema comes up to what its From says.
func (g *goldens) older(name string, schema uint16, samples map[string]any) {
	file := fileName(name, schema)
	kept, err := os.ReadFile(filepath.Join(g.dir, file))
	if err != nil {
		g.wrong("%s: %v; it stays when a newer schema comes", file, err)
		return
	}
	sample, ok := samples[file]
	if !ok {
		g.wrong("%s: no spec.From says what it becomes", file)
		return
	}
	if got, ok := g.decode(name, schema, kept); ok && !equalButSeals(reflect.ValueOf(got), reflect.ValueOf(sample)) {
		g.wrong("%s: comes up to\n  %+v\nand should be\n  %+v", file, got, sample)
	}
}

// strangers finds files of names the codec does not know: a stored name was dropped or misspelt.
func (g *goldens) strangers(names map[string]uint16) {
	files, err := filepath.Glob(filepath.Join(g.dir, "*.json"))
	if err != nil {
		g.wrong("%v", err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		at := max(0, strings.LastIndex(name, ".v")) // a name may have one too: return.validated
		name, version := name[:at], strings.TrimPrefix(name[at:], ".v")
		schema, err := strconv.ParseUint(version, 10, 16)
		if newest, known := names[name]; err != nil || !known || schema < 1 || schema > uint64(newest) {
			g.wrong("%s: no event is stored under this name and schema", filepath.Base(f))
		}
	}
}

// roundTrip wants that nothing of a sample is lost on the way through the journal.
func (g *goldens) roundTrip(d event.Draft, sample any) {
	if got, ok := g.decode(d.Type, d.Schema, d.Data); ok && !equalButSeals(reflect.ValueOf(got), reflect.ValueOf(sample)) {
		g.wrong("%s: comes back as\n  %+v\nand was\n  %+v", d.Type, got, sample)
	}
}

func (g *goldens) encode(e any) (event.Draft, error) {
	return g.codec.Encode(context.Background(), goldenStream, 0, uuid.Max, e, event.Meta{})
}

func (g *goldens) decode(name string, schema uint16, data []byte) (any, bool) {
	e, err := g.codec.Decode(event.Record{Stream: goldenStream, Draft: event.Draft{Type: name, Schema: schema, Data: data}})
	if err != nil {
		g.wrong("%s: %v", fileName(name, schema), err)
	}
	return e, err == nil
}

func fileName(name string, schema uint16) string { return fmt.Sprintf("%s.v%d.json", name, schema) }

func indent(data []byte) []byte {
	v := jsontext.Value(bytes.Clone(data))
	if err := v.Indent(jsontext.WithIndent("  ")); err != nil {
		return data
	}
	return append(v, '\n')
}

func canonical(data []byte) []byte {
	v := jsontext.Value(bytes.Clone(data))
	if err := v.Canonicalize(); err != nil {
		return data
	}
	return v
}

// sealed is every domain.Sealed: open in a sample and closed when it comes back, so only its presence can be compared.
type sealed interface {
	IsZero() bool
	Box() (domain.Box, bool)
}

// equalButSeals is reflect.DeepEqual that passes over what is inside a seal.
func equalButSeals(a, b reflect.Value) bool {
	if !a.IsValid() || !b.IsValid() {
		return a.IsValid() == b.IsValid()
	}
	if a.Type() != b.Type() {
		return false
	}
	if a.CanInterface() {
		if sa, ok := a.Interface().(sealed); ok {
			return sa.IsZero() == b.Interface().(sealed).IsZero()
		}
	}
	switch a.Kind() {
	case reflect.Struct:
		for i := range a.NumField() {
			if !a.Type().Field(i).IsExported() {
				return reflect.DeepEqual(a.Interface(), b.Interface())
			}
			if !equalButSeals(a.Field(i), b.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Pointer, reflect.Interface:
		if a.IsNil() || b.IsNil() {
			return a.IsNil() == b.IsNil()
		}
		return equalButSeals(a.Elem(), b.Elem())
	case reflect.Slice:
		if a.Len() != b.Len() {
			return false
		}
		for i := range a.Len() {
			if !equalButSeals(a.Index(i), b.Index(i)) {
				return false
			}
		}
		return true
	default:
		return reflect.DeepEqual(a.Interface(), b.Interface())
	}
}
