//go:build failpoints

package failpoint

import (
	"errors"
	"fmt"
	"os"
	"sync"
	"syscall"
	"time"
)

// Enabled says whether this build has failpoints.
const Enabled = true

// ErrHit is the failure of a failpoint whose action is err.
var ErrHit = errors.New("a failpoint")

var plan = sync.OnceValue(func() *points {
	p, err := parse(os.Getenv("HAULIER_FAILPOINTS"))
	if err != nil {
		panic("HAULIER_FAILPOINTS: " + err.Error())
	}
	return p
})

// journal is where actions are noted; nil: nowhere.
var journal = sync.OnceValue(func() *os.File {
	path := os.Getenv("HAULIER_FAILPOINTS_LOG")
	if path == "" {
		return nil
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		panic("HAULIER_FAILPOINTS_LOG: " + err.Error())
	}
	return file
})

// Hit is the moment of this name.
func Hit(name string) error {
	act, due := plan().at(name)
	if !due {
		return nil
	}
	if file := journal(); file != nil {
		if _, err := fmt.Fprintln(file, name); err != nil {
			panic("HAULIER_FAILPOINTS_LOG: " + err.Error())
		}
	}
	switch act.verb {
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "note":
		return nil
	case "panic":
		panic("failpoint " + name)
	case "sleep":
		time.Sleep(act.sleep)
		return nil
	}
	return fmt.Errorf("%s: %w", name, ErrHit)
}
