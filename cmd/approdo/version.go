package main

import (
	"fmt"
	"io"
	"runtime/debug"

	"zombiezen.com/go/sqlite"
)

// versionCmd says what is running.
type versionCmd struct{}

// Run prints the program's version as its build recorded it, Go's and SQLite's.
func (versionCmd) Run(out io.Writer) error {
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
	_, err := fmt.Fprintf(out, "approdo %s%s, %s, SQLite %s\n", info.Main.Version, revision, info.GoVersion, sqlite.Version)
	return err
}
