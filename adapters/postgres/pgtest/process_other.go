//go:build !linux

package pgtest

import (
	"os"
	"os/exec"
	"syscall"
)

// Elsewhere nothing ends a server whose test program was killed, so none is started.

type process struct{ done chan struct{} }

func attributes() *syscall.SysProcAttr { return nil }

func asNobody() *syscall.SysProcAttr { return nil }

func own(string) (*os.File, error) { return nil, errAbsent }

func give(string) error { return errAbsent }

func run(*exec.Cmd) (*process, error) { return nil, errAbsent }

func (p *process) killAll() error { return nil }
