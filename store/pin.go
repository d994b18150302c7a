package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/haulier/haulier/job"
)

type pinRow struct {
	Address string
	Key     string
	Added   int64
	ByWhom  string
	Why     string
}

func (pinRow) TableName() string { return "host_pins" }

// Pins gives the host keys that count for [host]:port, oldest first; an empty address means all.
func (s *Store) Pins(ctx context.Context, address string) ([]job.Pin, error) {
	var rows []pinRow
	err := s.read(ctx, "read the pins of "+address, func(db *gorm.DB) error {
		if address != "" {
			db = db.Where("address = ?", address)
		}
		return db.Order("address, added, key").Find(&rows).Error
	})
	pins := make([]job.Pin, len(rows))
	for i, r := range rows {
		pins[i] = job.Pin{Address: r.Address, Key: r.Key, Added: instant(r.Added), By: r.ByWhom, Why: r.Why}
	}
	return pins, err
}

// AddPin accepts a host key and writes the audit line host-key.pin with it. One that counts already is left as it is.
func (s *Store) AddPin(ctx context.Context, p job.Pin) error {
	row := pinRow{p.Address, p.Key, micros(p.Added), p.By, p.Why}
	if row.Added == 0 {
		row.Added = s.now()
	}
	return s.write(ctx, "pin a host key of "+p.Address, func(tx *gorm.DB) error {
		result := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		if result.Error != nil || result.RowsAffected == 0 {
			return result.Error
		}
		if err := tx.Exec(`DELETE FROM host_keys_told WHERE address = ?`, p.Address).Error; err != nil {
			return err
		}
		return s.audit(tx, p.By, "host-key.pin", p.Address, p.Why+": "+p.Key)
	})
}

// RemovePin forgets a host key and writes the audit line host-key.unpin; job.ErrNotFound when it was not pinned.
func (s *Store) RemovePin(ctx context.Context, p job.Pin) error {
	return s.write(ctx, "unpin a host key of "+p.Address, func(tx *gorm.DB) error {
		result := tx.Where("address = ? AND key = ?", p.Address, p.Key).Delete(&pinRow{})
		if result.Error != nil {
			return result.Error
		}
		if result.RowsAffected == 0 {
			return job.ErrNotFound
		}
		return s.audit(tx, p.By, "host-key.unpin", p.Address, p.Why+": "+p.Key)
	})
}

// HostKeySeen is a host key that a server has shown, pinned or not.
type HostKeySeen struct {
	Address string    `json:"address"`
	Key     string    `json:"key"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Count   int       `json:"count"`
}

// seenMost bounds what is remembered of a server that shows another key each time.
const seenMost = 100

// SawHostKey records that a server showed a host key; the last 100 of an address are remembered.
func (s *Store) SawHostKey(ctx context.Context, address, key string) error {
	return s.write(ctx, "record the host key of "+address, func(tx *gorm.DB) error { return s.sawHostKey(tx, address, key) })
}

func (s *Store) sawHostKey(tx *gorm.DB, address, key string) error {
	err := tx.Exec(`INSERT INTO host_keys_seen VALUES (?, ?, ?, ?, 1)
		ON CONFLICT DO UPDATE SET last = excluded.last, count = count + 1`, address, key, s.now(), s.now()).Error
	if err != nil {
		return err
	}
	return tx.Exec(`DELETE FROM host_keys_seen WHERE address = ? AND key IN (SELECT key FROM host_keys_seen
		WHERE address = ? ORDER BY last DESC LIMIT -1 OFFSET ?)`, address, address, seenMost).Error
}

// HostKeysSeen gives what servers have shown at an address, the latest first; at most 1,000.
func (s *Store) HostKeysSeen(ctx context.Context, address string) ([]HostKeySeen, error) {
	var rows []struct {
		Address, Key string
		First, Last  int64
		Count        int
	}
	err := s.read(ctx, "read the host keys of "+address, func(db *gorm.DB) error {
		return db.Table("host_keys_seen").Where("address = ?", address).Order("last DESC").Limit(knownMost).Find(&rows).Error
	})
	seen := make([]HostKeySeen, len(rows))
	for i, r := range rows {
		seen[i] = HostKeySeen{r.Address, r.Key, instant(r.First), instant(r.Last), r.Count}
	}
	return seen, err
}
