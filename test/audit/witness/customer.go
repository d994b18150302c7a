package witness

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/haulier/haulier/test/audit"
)

// Customer puts files into a folder, as a customer on their server or a platform in its outbox: whole at once, by a
// rename. Each version is in the log before it is under its name. Its methods may be used by several goroutines.
type Customer struct {
	dir, making string
	log         *log
	mu          sync.Mutex // versions of a name follow each other in the log as on the disk
}

// NewCustomer puts files into dir. They are made in the folder making, on the same file system, where nobody looks.
func NewCustomer(dir, making, logTo string) (*Customer, error) {
	l, err := openLog(logTo)
	if err != nil {
		return nil, err
	}
	return &Customer{dir: dir, making: making, log: l}, errors.Join(os.MkdirAll(dir, 0o755), os.MkdirAll(making, 0o755))
}

// Put makes a version and puts it under its name, in the place of whatever is there. Plain is what a PGP message holds;
// nil: content is not one. A zero time: now.
func (c *Customer) Put(name string, content, plain []byte, mtime time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	temp := filepath.Join(c.making, "making")
	if err := os.WriteFile(temp, content, 0o644); err != nil {
		return fmt.Errorf("make %s: %w", name, err)
	}
	if !mtime.IsZero() {
		if err := os.Chtimes(temp, mtime, mtime); err != nil {
			return err
		}
	}
	info, err := os.Stat(temp)
	if err != nil {
		return err
	}
	v := audit.Version{Name: name, Size: info.Size(), SHA256: hash(content), MTime: info.ModTime().UnixNano(), At: time.Now()}
	if plain != nil {
		v.PlainSHA256 = hash(plain)
	}
	if err := c.log.add(v); err != nil {
		return err
	}
	return os.Rename(temp, filepath.Join(c.dir, name))
}

// Remove takes a name away; one that is not there is fine.
func (c *Customer) Remove(name string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.log.add(audit.Version{Name: name, At: time.Now(), Removed: true}); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(c.dir, name)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Close closes the log.
func (c *Customer) Close() error { return c.log.file.Close() }

func hash(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
