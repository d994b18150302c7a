package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

const (
	// logMost bounds the log of one run, in bytes of its lines.
	logMost = 10 << 20
	// logLineMost bounds one line.
	logLineMost = 16 << 10
)

// LogLine is a line of a run's log.
type LogLine struct {
	ID    int64     `json:"id"` // given by the store
	Run   int64     `json:"run"`
	At    time.Time `json:"at"`
	Level string    `json:"level"` // DEBUG, INFO, WARN, ERROR
	Line  string    `json:"line"`
}

type logRow struct {
	ID    int64 `gorm:"primaryKey"`
	Run   int64
	At    int64
	Level string
	Line  string
}

func (logRow) TableName() string { return "run_logs" }

// AddLogLines adds lines to the log of their run, now unless they say when. A line is cut at 16 KiB. A log ends at
// 10 MiB with a line that says so; what comes later is dropped without an error.
func (s *Store) AddLogLines(ctx context.Context, run int64, lines []LogLine) error {
	if len(lines) == 0 {
		return nil
	}
	return s.step(ctx, fmt.Sprintf("add to the log of run %d", run), func(tx *gorm.DB) error {
		var size int64
		var full bool
		err := query(tx, `SELECT log_bytes, log_full FROM runs WHERE id = ?`, run).Scan(&size, &full)
		if errors.Is(err, sql.ErrNoRows) {
			return job.ErrNotFound
		}
		if err != nil || full {
			return err
		}
		values, size, full := s.fit(run, lines, size)
		if err := logRows.insert(tx, values...); err != nil {
			return err
		}
		_, err = exec(tx, `UPDATE runs SET log_bytes = ?, log_full = ? WHERE id = ?`, size, full, run)
		return err
	})
}

var logRows = &into{"INSERT INTO run_logs (run, at, level, line)", 4, ""}

// fit takes the lines that the log still holds.
func (s *Store) fit(run int64, lines []LogLine, size int64) (values []any, after int64, full bool) {
	for _, l := range lines {
		at, line := micros(l.At), cut(l.Line)
		if at == 0 {
			at = s.now()
		}
		if size += int64(len(line)); size > logMost {
			return append(values, run, at, "WARN", "the log of this run has reached 10 MiB; what follows is not kept"), size, true
		}
		values = append(values, run, at, l.Level, line)
	}
	return values, size, false
}

func cut(line string) string {
	if len(line) > logLineMost {
		line = line[:logLineMost] + "…"
	}
	return strings.ToValidUTF8(line, "\uFFFD")
}

// LogLines gives lines of a run's log after a line, oldest first; at most limit, or 1,000 when limit is 0.
func (s *Store) LogLines(ctx context.Context, run, after int64, limit int) ([]LogLine, error) {
	var rows []logRow
	err := s.read(ctx, fmt.Sprintf("read the log of run %d", run), func(db *gorm.DB) error {
		return db.Where("run = ? AND id > ?", run, after).Order("id").Limit(bound(limit)).Find(&rows).Error
	})
	lines := make([]LogLine, len(rows))
	for i, r := range rows {
		lines[i] = LogLine{r.ID, r.Run, instant(r.At), r.Level, r.Line}
	}
	return lines, err
}
