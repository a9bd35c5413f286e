package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"zombiezen.com/go/sqlite"
)

// versionCmd says what is running.
type versionCmd struct{}

// Run prints the program's version as its build recorded it, Go's and SQLite's.
func (versionCmd) Run(out io.Writer) error {
	_, err := fmt.Fprintf(out, "approdo %s, %s, SQLite %s\n", build(), runtime.Version(), sqlite.Version)
	return err
}

// build is the program's version as its build recorded it.
func build() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = &debug.BuildInfo{}
	}
	revision := ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			revision += " " + s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			revision += " modified"
		}
	}
	return info.Main.Version + revision
}
