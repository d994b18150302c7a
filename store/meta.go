package store

import (
	"context"
	"crypto/rand"
	"encoding/hex"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// The names in the table meta.
const (
	metaEpoch = "epoch"
	// metaKey is the id of the master key that the sealed rows are under.
	metaKey = "master_key"
	// metaCanary is a known text sealed under it.
	metaCanary = "master_canary"
	// While the master key is rotated: the next key's id and canary, and each key sealed under the other, so that the
	// store opens with either.
	metaNext       = "master_next"
	metaNextCanary = "master_next_canary"
	metaNextUnder  = "master_next_under_key"
	metaKeyUnder   = "master_key_under_next"
)

func readMeta(db *gorm.DB) (map[string]string, error) {
	var rows []struct{ Name, Value string }
	if err := db.Table("meta").Find(&rows).Error; err != nil {
		return nil, err
	}
	meta := make(map[string]string, len(rows))
	for _, r := range rows {
		meta[r.Name] = r.Value
	}
	return meta, nil
}

func setMeta(tx *gorm.DB, values map[string]string) error {
	for name, value := range values {
		if err := tx.Exec(`INSERT OR REPLACE INTO meta VALUES (?, ?)`, name, value).Error; err != nil {
			return err
		}
	}
	return nil
}

// Epoch names this life of the ledger. A stage that bears another was filled by a ledger that has been replaced since.
func (s *Store) Epoch(ctx context.Context) (string, error) {
	var epoch string
	err := s.read(ctx, "read the epoch", func(db *gorm.DB) error {
		return db.Raw(`SELECT value FROM meta WHERE name = ?`, metaEpoch).Scan(&epoch).Error
	})
	return epoch, err
}

// NewEpoch begins another life: to be called after a restore, so that every job reconciles before it moves a file. Every
// number that it gives out, of runs, files, events, claims and all else, is greater than above: names on servers and in
// stages bear a row and its fence, and the life that is lost has used some of both.
func (s *Store) NewEpoch(ctx context.Context, above int64) (string, error) {
	epoch := job.RestoredEpoch + randomHex(8)
	err := s.write(ctx, "begin a new epoch", func(tx *gorm.DB) error {
		if err := skipNumbers(tx, above); err != nil {
			return err
		}
		if err := tx.Exec(`UPDATE files SET fence = ? WHERE fence < ? AND (step <> 'done' OR state IN ('held', 'rejected'))`, above, above).Error; err != nil {
			return err
		}
		return setMeta(tx, map[string]string{metaEpoch: epoch})
	})
	return epoch, err
}

// skipNumbers never lowers a number. A table that has had no row yet has none.
func skipNumbers(tx *gorm.DB, above int64) error {
	if err := tx.Exec(`UPDATE sqlite_sequence SET seq = ? WHERE seq < ? AND `+ours, above, above).Error; err != nil {
		return err
	}
	return tx.Exec(`INSERT INTO sqlite_sequence (name, seq) SELECT name, ? FROM sqlite_master
		WHERE type = 'table' AND sql LIKE '%AUTOINCREMENT%' AND name NOT IN (SELECT name FROM sqlite_sequence) AND `+ours, above).Error
}

// ours are the tables whose numbers are ours: another counts migrations.
const ours = `name <> 'goose_db_version'`

// LastNumber is the greatest number that this store has given to anything: a run, a file, an event …
func (s *Store) LastNumber(ctx context.Context) (last int64, err error) {
	err = s.read(ctx, "read the numbers given out", func(db *gorm.DB) error {
		return db.Raw(`SELECT coalesce(max(seq), 0) FROM sqlite_sequence WHERE ` + ours).Scan(&last).Error
	})
	return last, err
}

func (s *Store) ensureEpoch(ctx context.Context) error {
	epoch, err := s.Epoch(ctx)
	if err != nil || epoch != "" {
		return err
	}
	return s.write(ctx, "begin the first epoch", func(tx *gorm.DB) error {
		return tx.Exec(`INSERT OR IGNORE INTO meta VALUES (?, ?)`, metaEpoch, randomHex(8)).Error
	})
}

func randomHex(bytes int) string {
	b := make([]byte, bytes)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}
