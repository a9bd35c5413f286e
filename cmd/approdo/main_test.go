package main

import (
	"context"
	"strings"
	"testing"
)

// called runs the program and gives its exit code and what it wrote.
func called(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err strings.Builder
	code = run(t.Context(), args, func(name string) string { return env[name] }, &out, &err)
	return code, out.String(), err.String()
}

func TestVersionNamesWhatItIsMadeOf(t *testing.T) {
	t.Parallel()
	code, out, err := called(t, nil, "version")
	if code != exitOK || !strings.HasPrefix(out, "approdo ") || !strings.Contains(out, "SQLite 3.") || err != "" {
		t.Errorf("code %d, %q, %q", code, out, err)
	}
}

func TestHelpIsNoFailure(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"--help"}, {"bench", "append", "--help"}} {
		if code, out, err := called(t, nil, args...); code != exitOK || !strings.Contains(out, "Usage: approdo") || err != "" {
			t.Errorf("%v: code %d, %q, %q", args, code, out, err)
		}
	}
}

func TestWhatIsNotUnderstoodIsSaidOnStandardError(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{}, {"fly"}, {"version", "--loud"}, {"bench", "append", "--seconds", "soon"}} {
		if code, out, err := called(t, nil, args...); code != exitUsage || out != "" || !strings.HasPrefix(err, "approdo: ") {
			t.Errorf("%v: code %d, %q, %q", args, code, out, err)
		}
	}
}

func TestFlagsCanBeSetByVariables(t *testing.T) {
	t.Parallel()
	code, _, err := called(t, map[string]string{"APPRODO_SECONDS": "soon"}, "bench", "append")
	if code != exitUsage || !strings.Contains(err, "soon") {
		t.Errorf("code %d, %q", code, err)
	}
}

func TestACommandThatFailsSaysWhy(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, err strings.Builder
	code := run(ctx, []string{"bench", "append", "--dir", t.TempDir()}, func(string) string { return "" }, &out, &err)
	if code != exitFailed || !strings.Contains(err.String(), "canceled") {
		t.Errorf("code %d, %q", code, err.String())
	}
}
