package pgtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// attributes has the kernel stop the server when the thread that started it dies, which waits for it. At SIGQUIT the postmaster takes
// its children along.
func attributes() *syscall.SysProcAttr {
	a := asNobody()
	a.Pdeathsig = syscall.SIGQUIT
	return a
}

// asNobody makes root start a program as nobody: PostgreSQL refuses to run as root. A ^C at the terminal is not for it.
func asNobody() *syscall.SysProcAttr {
	a := &syscall.SysProcAttr{Setpgid: true}
	if uid, gid, root := nobody(); root {
		a.Credential = &syscall.Credential{Uid: uid, Gid: gid}
	}
	return a
}

// nobody is whom root lends a cluster to. The numbers are the kernel's own overflow user where no such name is known.
func nobody() (uid, gid uint32, root bool) {
	uid, gid = 65534, 65534
	if u, err := user.Lookup("nobody"); err == nil {
		if n, err := strconv.ParseUint(u.Uid, 10, 32); err == nil {
			uid = uint32(n)
		}
		if n, err := strconv.ParseUint(u.Gid, 10, 32); err == nil {
			gid = uint32(n)
		}
	}
	return uid, gid, os.Geteuid() == 0
}

// give makes a folder the server's.
func give(dir string) error {
	uid, gid, root := nobody()
	if !root {
		return nil
	}
	return os.Chown(dir, int(uid), int(gid))
}

// own takes the lock that tells that a folder's test program lives. The kernel gives it back when the program ends, however it ends.
func own(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "owner"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// process is a server that runs.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it is gone
}

// run starts a server. The kernel ties the signal at the parent's death to the thread that started the child, so that thread waits.
func run(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		_ = cmd.Wait() // it was killed, and says so
		close(p.done)
	}()
	return p, <-started
}

// killAll ends the server and its children, and waits for them. Stopped, the postmaster neither forks nor reaps, so that the list of
// its children is whole and none of their numbers has passed to a stranger.
func (p *process) killAll() error {
	select {
	case <-p.done:
		return nil
	default:
	}
	if err := adopt(); err != nil {
		return err
	}
	pid := p.cmd.Process.Pid
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		return err
	}
	for state(pid) != 'T' {
		time.Sleep(time.Millisecond)
	}
	list, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	errs := []error{err}
	var children []int
	for _, field := range strings.Fields(string(list)) {
		child, err := strconv.Atoi(field)
		if err == nil {
			err = syscall.Kill(child, syscall.SIGKILL)
		}
		errs, children = append(errs, err), append(children, child)
	}
	errs = append(errs, syscall.Kill(pid, syscall.SIGKILL))
	<-p.done
	for _, child := range children {
		errs = append(errs, reap(child))
	}
	return errors.Join(errs...)
}

// adopt makes this program the parent of children whose own has died, so that it can wait for them.
func adopt() error {
	const setChildSubreaper = 36
	if _, _, errno := syscall.Syscall(syscall.SYS_PRCTL, setChildSubreaper, 1, 0); errno != 0 {
		return errno
	}
	return nil
}

// reap waits for an adopted child that was killed.
func reap(pid int) error {
	for {
		if _, err := syscall.Wait4(pid, nil, 0, nil); err != syscall.EINTR {
			return err
		}
	}
}

// state is the letter the kernel has for a process, 0 where there is none. It stands behind the name, which may hold brackets.
func state(pid int) byte {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	if i := bytes.LastIndexByte(stat, ')'); i >= 0 && i+2 < len(stat) {
		return stat[i+2]
	}
	return 0
}
