package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// answersKept is how long a program may ask again under a key of its.
const answersKept = 7 * 24 * time.Hour

// Answered is what was asked under a key.
type Answered struct {
	Asked  string // hash of the request
	Answer string // empty: it is being done, or the process died meanwhile
}

// Answered gives what was asked under a key; keys are hashes of what names the asker, the place and the key of theirs.
func (s *Store) Answered(ctx context.Context, key string) (a Answered, found bool, err error) {
	err = s.read(ctx, "look for an answer", func(db *gorm.DB) error {
		var rows []Answered
		if err := db.Raw(`SELECT asked, answer FROM answered WHERE key = ?`, key).Scan(&rows).Error; err != nil {
			return err
		}
		a, found = first(rows), len(rows) > 0
		return nil
	})
	return a, found, err
}

// BeginAnswer writes down that a request is being done from now on, with its line in the audit list.
func (s *Store) BeginAnswer(ctx context.Context, key, asked string, line AuditLine) error {
	return s.write(ctx, "begin an answer", func(tx *gorm.DB) error {
		if err := tx.Exec(`INSERT INTO answered VALUES (?, ?, '', ?)`, key, asked, s.now()).Error; err != nil {
			return err
		}
		return s.addAudit(tx, line)
	})
}

// EndAnswer keeps the answer to a request that was begun.
func (s *Store) EndAnswer(ctx context.Context, key, answer string) error {
	return s.write(ctx, "keep an answer", func(tx *gorm.DB) error {
		done := tx.Exec(`UPDATE answered SET answer = ? WHERE key = ?`, answer, key)
		if done.Error == nil && done.RowsAffected == 0 {
			return job.ErrNotFound
		}
		return done.Error
	})
}

// DropAnswer forgets a request that was begun and did nothing.
func (s *Store) DropAnswer(ctx context.Context, key string) error {
	return s.write(ctx, "drop an answer", func(tx *gorm.DB) error {
		return tx.Exec(`DELETE FROM answered WHERE key = ? AND answer = ''`, key).Error
	})
}

// pruneAnswers forgets what nobody asks again by now.
func (s *Store) pruneAnswers(ctx context.Context, now time.Time) error {
	return s.write(ctx, "remove old answers", func(tx *gorm.DB) error {
		return tx.Exec(`DELETE FROM answered WHERE key IN (SELECT key FROM answered WHERE at < ? LIMIT ?)`, micros(now.Add(-answersKept)), pruneBatch).Error
	})
}
