package store

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

type eventRow struct {
	ID   int64 `gorm:"primaryKey"`
	Type string
	At   int64
	Data []byte
}

func (eventRow) TableName() string { return "events" }

var eventRows = &into{"INSERT INTO events (type, at, data)", 3, ""}

// tell puts an event into the queue, within the transaction of what it tells.
func (s *Store) tell(tx *gorm.DB, kind string, data any) error {
	b, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return eventRows.insert(tx, kind, s.now(), b)
}

// Events gives the queue after an event, oldest first; at most limit, or 1,000 when limit is 0.
func (s *Store) Events(ctx context.Context, after int64, limit int) ([]job.Event, error) {
	var rows []eventRow
	err := s.read(ctx, "read events", func(db *gorm.DB) error {
		return db.Where("id > ?", after).Order("id").Limit(bound(limit)).Find(&rows).Error
	})
	events := make([]job.Event, len(rows))
	for i, r := range rows {
		events[i] = job.Event{ID: r.ID, Type: r.Type, At: instant(r.At), Data: r.Data}
	}
	return events, err
}

// bound keeps a list within what a caller can hold.
func bound(limit int) int {
	if limit <= 0 || limit > knownMost {
		return knownMost
	}
	return limit
}

// fileEvent is what is told of a file.
type fileEvent struct {
	ID           int64      `json:"id"`
	Run          int64      `json:"run_id,omitempty"`
	Job          string     `json:"job"`
	Connection   string     `json:"connection"`
	Entity       string     `json:"entity,omitempty"`
	Attempt      int        `json:"attempt,omitempty"`
	ScheduledFor string     `json:"scheduled_for,omitempty"`
	Direction    string     `json:"direction"`
	State        job.State  `json:"state"`
	Remote       place      `json:"remote"`
	Local        place      `json:"local"`
	PGP          *pgpEvent  `json:"pgp,omitempty"`
	Proof        job.Proof  `json:"proof,omitempty"`
	DurationMS   int64      `json:"duration_ms"`
	Error        *errorView `json:"error,omitempty"`
}

type place struct {
	Path    string `json:"path,omitempty"`
	Size    int64  `json:"size"`
	ModTime string `json:"mtime,omitempty"`
	SHA256  string `json:"sha256,omitempty"`
}

type pgpEvent struct {
	Decrypted bool    `json:"decrypted"`
	Encrypted bool    `json:"encrypted"`
	Key       string  `json:"key,omitempty"`
	SignedBy  *string `json:"signed_by"`
}

// errorView is a reason without its technical part, which is for our people only.
type errorView struct {
	Slug  string  `json:"slug"`
	What  string  `json:"what"`
	Cause string  `json:"cause"`
	Do    string  `json:"do"`
	Who   job.Who `json:"who"`
}

func viewOf(r *job.Reason) *errorView {
	if r == nil {
		return nil
	}
	return &errorView{r.Slug, r.What, r.Cause, r.Do, r.Who}
}

// tellFile puts file.STATE into the queue.
func (s *Store) tellFile(tx *gorm.DB, f job.File) error {
	of, err := factsOf(tx, runOf{f.Connection, f.Run})
	if err != nil {
		return err
	}
	e := fileEvent{
		ID: f.ID, Run: f.Run, Job: f.Job, Connection: f.Connection, Entity: of.entity,
		Attempt: of.attempt, ScheduledFor: utc(instant(of.due)), State: f.State, Proof: f.Proof, Error: viewOf(f.Reason),
	}
	if !f.Began.IsZero() {
		e.DurationMS = max(0, f.Ended.Sub(f.Began).Milliseconds())
	}
	e.describe(f)
	if err := s.awaitReport(tx, f); err != nil {
		return err
	}
	return s.tell(tx, "file."+string(f.State), e)
}

func (e *fileEvent) describe(f job.File) {
	seen := place{Path: short(f.Path), Size: f.Size, ModTime: utc(modified(f)), SHA256: f.Received.SHA256}
	switch f.Type {
	case job.TypeExport:
		e.Direction = string(job.Upload)
		e.Remote = place{Path: short(f.Final), Size: f.Received.Size, SHA256: f.Received.SHA256}
		e.Local = place{Path: seen.Path, Size: f.Plain.Size, ModTime: seen.ModTime, SHA256: f.Plain.SHA256}
	default:
		e.Direction = string(job.Download)
		e.Remote = seen
		e.Local = place{Path: short(f.Local), Size: f.Plain.Size, SHA256: f.Plain.SHA256}
	}
	if v := f.Envelope; v != nil {
		e.PGP = &pgpEvent{Decrypted: f.Type == job.TypeImport, Encrypted: f.Type == job.TypeExport, Key: v.DecryptedWith}
		if v.SignedBy != "" {
			e.PGP.SignedBy = &v.SignedBy
		}
	}
}

// short keeps an event small, whatever a server calls its files.
func short(path string) string {
	const most = 1024
	if len(path) > most {
		path = path[:most] + "…"
	}
	return strings.ToValidUTF8(path, "\uFFFD")
}

func utc(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

// modified is when the source was written: servers count seconds, local folders nanoseconds.
func modified(f job.File) time.Time {
	switch {
	case f.ModTime == 0:
		return time.Time{}
	case f.Type == job.TypeExport:
		return time.Unix(0, f.ModTime)
	}
	return time.Unix(f.ModTime, 0)
}
