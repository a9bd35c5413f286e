// Command mutants removes every check from some Go files, one at a time, and wants a test to fail for each.
//
//	go run ./cmd/mutants -test "go test ./domain/ledger" domain/ledger/verify.go domain/ledger/proof.go
//
// A check is a condition that refuses: of an if statement whose body ends in a return, of which the last result is neither nil nor true;
// of such a case of a switch without a subject; and each part of an || in those, unless the part only looks whether there is an
// error. A check is removed by making its condition false. What survives is named, and the exit code is 1.
//
// With -build it is who may do what that is tried: every call of access.Case, access.Large and access.Sees in the files is put out, and
// every condition of package access is made always so and never so. That is one program, built once, and the variable MUTANT says
// which mutant it is; -first and -last go on where a run ended, or share one out.
//
// The files are not touched: the test command sees the changed ones by GOFLAGS=-overlay.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	test := flag.String("test", "", "command that must fail without the check, run by sh")
	limit := flag.Duration("timeout", 2*time.Minute, "of one run of the command; a check without which it does not end is missed")
	build := flag.String("build", "", "of the checks of package access: command that builds the tests into $MUTANTS, once")
	first, last := flag.Int("first", 1, "number of the first mutant, with -build"), flag.Int("last", 0, "number of the last, with -build; 0: all")
	flag.Parse()
	var survivors []string
	var err error
	if *build != "" {
		survivors, err = tryAccess(ctx, *build, *test, *limit, *first, *last, flag.Args())
	} else {
		survivors, err = try(ctx, *test, *limit, flag.Args())
	}
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "mutants:", err)
		os.Exit(2)
	}
	for _, s := range survivors {
		fmt.Println("survives:", s)
	}
	if len(survivors) > 0 {
		os.Exit(1)
	}
}

// try gives the checks without which the tests pass.
func try(ctx context.Context, test string, limit time.Duration, files []string) (survivors []string, err error) {
	if test == "" || len(files) == 0 {
		return nil, errors.New("wants -test and Go files")
	}
	dir, err := os.MkdirTemp("", "mutants-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if out, passed, err := run(ctx, test, limit); err != nil || !passed {
		return nil, errors.Join(err, fmt.Errorf("the tests fail with every check in its place:\n%s", out))
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			return nil, err
		}
		checks, err := find(file, source)
		if err != nil {
			return nil, err
		}
		for i, c := range checks {
			name := fmt.Sprintf("%s:%d: %s", file, c.line, c.text)
			began := time.Now()
			overlay, err := lay(dir, file, c.without(source))
			if err != nil {
				return nil, err
			}
			out, passed, err := run(ctx, test, limit, overlaid(overlay))
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			word := "missed"
			switch {
			case passed:
				word = "SURVIVES"
				survivors = append(survivors, name)
			case bytes.Contains(out, []byte("[build failed]")):
				return nil, fmt.Errorf("%s: what is left is no program:\n%s", name, out)
			}
			fmt.Printf("%3d/%d %-8s %5.1f s  %s\n", i+1, len(checks), word, time.Since(began).Seconds(), name)
		}
	}
	return survivors, nil
}

// lay writes a file that stands in for another, and the overlay that says so.
func lay(dir, file string, source []byte) (string, error) {
	path, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	mutant, overlay := filepath.Join(dir, "mutant.go"), filepath.Join(dir, "overlay.json")
	b, err := json.Marshal(struct{ Replace map[string]string }{map[string]string{path: mutant}})
	if err != nil {
		return "", err
	}
	return overlay, errors.Join(os.WriteFile(mutant, source, 0o600), os.WriteFile(overlay, b, 0o600))
}

// overlaid makes the go command see what is laid over files.
func overlaid(overlay string) string {
	return "GOFLAGS=" + strings.TrimSpace(os.Getenv("GOFLAGS")+" -overlay="+overlay)
}

// run tells what the tests say, and whether they pass. One that does not end does not pass.
func run(ctx context.Context, test string, limit time.Duration, env ...string) (out []byte, passed bool, err error) {
	inner, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	cmd := exec.CommandContext(inner, "sh", "-c", test)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // what the shell started ends with it
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = time.Second
	cmd.Env = append(os.Environ(), env...)
	out, err = cmd.CombinedOutput()
	if ctx.Err() != nil {
		return out, false, ctx.Err()
	}
	if exited := (*exec.ExitError)(nil); errors.As(err, &exited) || inner.Err() != nil {
		return out, false, nil
	}
	return out, err == nil, err
}
