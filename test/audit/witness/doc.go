// Package witness writes the logs that package audit reads: a customer (or platform) that puts files out, and a consumer
// that takes files away as they land. Each line is on the disk before what it tells of can have consequences, or right
// after.
package witness

import (
	"encoding/json"
	"fmt"
	"os"
	"sync"
)

// log appends durable lines of JSON to a file.
type log struct {
	mu   sync.Mutex
	file *os.File
}

func openLog(path string) (*log, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	return &log{file: file}, nil
}

func (l *log) add(line any) error {
	b, err := json.Marshal(line)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, err := l.file.Write(append(b, '\n')); err != nil {
		return fmt.Errorf("write the log: %w", err)
	}
	return l.file.Sync()
}
