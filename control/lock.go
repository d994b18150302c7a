package control

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/haulier/haulier/job"
)

// Lock makes a process the only one that runs jobs on a data folder. It ends with the process, however that dies.
type Lock struct{ file *os.File }

// ErrLocked: another process holds the data folder.
var ErrLocked = errors.New("the data folder is in use")

// SlugLocked: another process holds the data folder.
const SlugLocked = "local.locked"

// TakeLock takes the lock of a data folder. When another process holds it, the error wraps ErrLocked and names its pid.
func TakeLock(dataDir string) (*Lock, error) {
	path := filepath.Join(dataDir, "lock")
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	if err := lockAlone(file); err != nil {
		holder := readPid(path)
		closeErr := file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, lockedReason(dataDir, holder)
		}
		return nil, errors.Join(fmt.Errorf("lock the data folder: %w", err), closeErr)
	}
	return &Lock{file}, writePid(file)
}

// lockAlone takes the lock alone. Somebody may be asking whether it is free at this very moment, which looks as if it were not.
func lockAlone(file *os.File) error {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	for range 5 {
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		time.Sleep(time.Millisecond)
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	return err
}

// Locked says whether a process works on a data folder. Where that cannot be found out, one might.
func Locked(dataDir string) bool {
	file, err := os.Open(filepath.Join(dataDir, "lock"))
	if err != nil {
		return !errors.Is(err, fs.ErrNotExist)
	}
	defer file.Close()
	return syscall.Flock(int(file.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) != nil
}

func writePid(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

func readPid(path string) string {
	text, err := os.ReadFile(path)
	if pid := strings.TrimSpace(string(text)); err == nil && pid != "" {
		return "process " + pid
	}
	return "another process"
}

func lockedReason(dataDir, holder string) *job.Reason {
	return &job.Reason{
		Slug: SlugLocked, What: "nothing was done", Cause: fmt.Sprintf("%s uses the data folder %s", holder, dataDir),
		Do: "ask that one, or stop it first", Who: job.WhoUs, Err: ErrLocked,
	}
}

// Release gives the data folder free.
func (l *Lock) Release() error { return l.file.Close() }
