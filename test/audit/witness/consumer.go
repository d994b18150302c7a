package witness

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/haulier/haulier/test/audit"
)

// stageDir is where files lie that have not landed.
const stageDir = ".haulier"

// Consumer takes every file away as soon as it is in the landing, as a platform does that cannot wait: within about a
// millisecond. It looks at the whole folder when it starts and after each burst of events, so it misses none, however
// many events are lost.
type Consumer struct {
	landing, taken string
	durable        bool // what is taken stays taken, though the power be lost
	log            *log
	next           int

	stop chan struct{}
	done sync.WaitGroup
	mu   sync.Mutex
	err  error
	wake *os.File // the inotify queue; closing it frees the loop
}

// again is how long the consumer waits for a landing that is not there.
const again = 2 * time.Millisecond

// Consume takes files from landing into the folder taken, on the same file system, with a line each in the file logTo.
// Stop must be called. What an earlier consumer took and died over is logged first.
func Consume(landing, taken, logTo string) (*Consumer, error) {
	return consume(&Consumer{landing: landing, taken: taken, stop: make(chan struct{})}, logTo)
}

// ConsumeDurably is Consume for a disk that may lose its power: the consumer makes its own renames durable before it says
// in its log that it has a file.
func ConsumeDurably(landing, taken, logTo string) (*Consumer, error) {
	return consume(&Consumer{landing: landing, taken: taken, durable: true, stop: make(chan struct{})}, logTo)
}

func consume(c *Consumer, logTo string) (*Consumer, error) {
	if err := errors.Join(os.MkdirAll(c.landing, 0o755), os.MkdirAll(c.taken, 0o755)); err != nil {
		return nil, err
	}
	known, err := takenBefore(logTo)
	if err != nil {
		return nil, err
	}
	if c.log, err = openLog(logTo); err != nil {
		return nil, err
	}
	if err := c.catchUp(known); err != nil {
		return nil, errors.Join(err, c.log.file.Close())
	}
	watch, err := c.watch()
	if err != nil {
		return nil, errors.Join(err, c.log.file.Close())
	}
	c.done.Go(func() { c.fail(c.loop(watch)) })
	return c, nil
}

// Stop ends the consumer, after it has taken what lies there, and says what went wrong while it worked.
func (c *Consumer) Stop() error {
	c.mu.Lock()
	select {
	case <-c.stop:
	default:
		close(c.stop)
	}
	if c.wake != nil {
		_ = c.wake.Close()
	}
	c.mu.Unlock()
	c.done.Wait()
	if c.err != nil {
		return errors.Join(c.err, c.log.file.Close())
	}
	_, err := c.sweep()
	return errors.Join(err, c.log.file.Close())
}

// Await waits for the consumer's own end, which only comes by Stop or by an error.
func (c *Consumer) Await() { c.done.Wait() }

func (c *Consumer) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}

func (c *Consumer) stopped() bool {
	select {
	case <-c.stop:
		return true
	default:
		return false
	}
}

// watch makes an event queue for the landing. It comes before the first look, so that nothing falls between the two.
func (c *Consumer) watch() (*os.File, error) {
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("watch the landing: %w", err)
	}
	queue := os.NewFile(uintptr(fd), "inotify")
	for {
		_, err := unix.InotifyAddWatch(fd, c.landing, unix.IN_MOVED_TO|unix.IN_CREATE|unix.IN_CLOSE_WRITE|unix.IN_DELETE_SELF|unix.IN_MOVE_SELF)
		switch {
		case err == nil:
			c.mu.Lock()
			c.wake = queue
			c.mu.Unlock()
			return queue, nil
		case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, unix.ENOTDIR), c.stopped():
			return nil, errors.Join(fmt.Errorf("watch the landing: %w", err), queue.Close())
		}
		time.Sleep(again) // the landing was taken away: a case of its own
	}
}

// loop takes files until Stop. When the folder itself goes away it watches the next one of that name.
func (c *Consumer) loop(queue *os.File) error {
	events := make([]byte, 64<<10)
	for !c.stopped() {
		there, err := c.sweep()
		if err != nil {
			return errors.Join(err, queue.Close())
		}
		moved := false
		if there && !c.stopped() {
			n, err := queue.Read(events)
			if err != nil && !c.stopped() {
				return fmt.Errorf("read what happens in the landing: %w", err)
			}
			moved = leftUs(events[:max(n, 0)])
		}
		if !there || moved {
			_ = queue.Close()
			if queue, err = c.watch(); err != nil {
				if c.stopped() {
					return nil
				}
				return err
			}
		}
	}
	_ = queue.Close()
	return nil
}

// leftUs says whether events tell that the watched folder is not the landing any more.
func leftUs(events []byte) bool {
	for len(events) >= unix.SizeofInotifyEvent {
		mask := nativeUint32(events[4:])
		if mask&(unix.IN_DELETE_SELF|unix.IN_MOVE_SELF|unix.IN_IGNORED) != 0 {
			return true
		}
		events = events[min(len(events), unix.SizeofInotifyEvent+int(nativeUint32(events[12:]))):]
	}
	return false
}

// sweep takes everything that lies in the landing, and says whether the landing was there.
func (c *Consumer) sweep() (there bool, err error) {
	entries, err := os.ReadDir(c.landing)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENOTDIR) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	for _, entry := range entries {
		if entry.Name() == stageDir || !entry.Type().IsRegular() {
			continue
		}
		if err := c.take(entry.Name()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return true, err
		}
	}
	return true, nil
}

// take takes one file. It is opened before it gets its new name and hashed after it: a writer that is not through with
// it shows by its size or time.
func (c *Consumer) take(name string) error {
	from := filepath.Join(c.landing, name)
	file, err := os.Open(from)
	if err != nil {
		return err
	}
	defer file.Close()
	before, err := file.Stat()
	if err != nil {
		return err
	}
	c.next++
	to := fmt.Sprintf("%08d-%s", c.next, name)
	if err := os.Rename(from, filepath.Join(c.taken, to)); err != nil {
		return err
	}
	if err := c.sync(); err != nil {
		return err
	}
	at := time.Now()
	if got, err := os.Lstat(filepath.Join(c.taken, to)); err != nil || !os.SameFile(got, before) {
		return errors.Join(err, c.recall(to, name)) // another file landed over it in between
	}
	return c.note(file, before, audit.Landing{Name: name, CTime: changed(before), At: at, Taken: to})
}

// sync makes the names in both folders durable, where that is asked for.
func (c *Consumer) sync() error {
	if !c.durable {
		return nil
	}
	for _, path := range []string{c.taken, c.landing} {
		dir, err := os.Open(path)
		if err != nil {
			return err
		}
		if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
			return err
		}
	}
	return nil
}

// note hashes a file that was taken and writes its line.
func (c *Consumer) note(file *os.File, before fs.FileInfo, l audit.Landing) error {
	sum := sha256.New()
	n, err := io.Copy(sum, file)
	if err != nil {
		return err
	}
	after, err := file.Stat()
	if err != nil {
		return err
	}
	l.Size, l.SHA256 = n, hex.EncodeToString(sum.Sum(nil))
	l.Changed = n != before.Size() || after.Size() != before.Size() || !after.ModTime().Equal(before.ModTime())
	return c.log.add(l)
}

// takenBefore gives the names in the consumer's folder that its log knows.
func takenBefore(logTo string) (map[string]bool, error) {
	known := map[string]bool{}
	file, err := os.OpenFile(logTo, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	whole := int64(0)
	for reader := bufio.NewReader(file); ; {
		line, err := reader.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return known, file.Truncate(whole) // a line that was cut off is written anew
		}
		if err != nil {
			return nil, err
		}
		whole += int64(len(line))
		var l audit.Landing
		if err := json.Unmarshal(line, &l); err != nil {
			return nil, fmt.Errorf("%s: %w", logTo, err)
		}
		known[l.Taken] = true
	}
}

// catchUp logs what was taken and not logged. When it came to the landing nobody knows any more.
func (c *Consumer) catchUp(known map[string]bool) error {
	entries, err := os.ReadDir(c.taken)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		number, name, _ := strings.Cut(entry.Name(), "-")
		var n int
		if _, err := fmt.Sscanf(number, "%d", &n); err != nil {
			return fmt.Errorf("%s is nothing that a consumer took", entry.Name())
		}
		c.next = max(c.next, n)
		if known[entry.Name()] {
			continue
		}
		if err := c.recall(entry.Name(), name); err != nil {
			return err
		}
	}
	return nil
}

func (c *Consumer) recall(taken, name string) error {
	file, err := os.Open(filepath.Join(c.taken, taken))
	if err != nil {
		return err
	}
	defer file.Close()
	before, err := file.Stat()
	if err != nil {
		return err
	}
	return c.note(file, before, audit.Landing{Name: name, At: time.Now(), Taken: taken})
}
