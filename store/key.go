package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
)

type keyRow struct {
	Kind        string
	Name        string
	Version     int
	Algorithm   string
	Slot        string
	Public      string
	Fingerprint string
	KeyIDs      string `gorm:"column:key_ids"`
	Created     int64
	Expires     int64
	LastUsed    int64
	Origin      string
}

func (keyRow) TableName() string { return "keys" }

func keyRowOf(k job.Key) keyRow {
	return keyRow{
		string(k.Kind), k.Name, k.Version, k.Algorithm, string(k.Slot), k.Public, k.Fingerprint, jsonText(k.KeyIDs),
		micros(k.Created), micros(k.Expires), micros(k.LastUsed), k.Origin,
	}
}

func (r keyRow) key() job.Key {
	k := job.Key{
		Kind: job.KeyKind(r.Kind), Name: r.Name, Version: r.Version, Algorithm: r.Algorithm, Slot: job.KeySlot(r.Slot),
		Public: r.Public, Fingerprint: r.Fingerprint, Created: instant(r.Created), Expires: instant(r.Expires),
		LastUsed: instant(r.LastUsed), Origin: r.Origin,
	}
	_ = json.Unmarshal([]byte(r.KeyIDs), &k.KeyIDs) // written by keyRowOf
	return k
}

// label is the name that people know a key by.
func label(k job.Key) string { return fmt.Sprintf("%s key %s@%d", k.Kind, k.Name, k.Version) }

// Keys gives all versions of a key, or of all keys of the kind when name is empty, oldest first.
func (s *Store) Keys(ctx context.Context, kind job.KeyKind, name string) ([]job.Key, error) {
	var rows []keyRow
	err := s.read(ctx, fmt.Sprintf("read %s keys %s", kind, name), func(db *gorm.DB) error {
		db = db.Where("kind = ?", string(kind))
		if name != "" {
			db = db.Where("name = ?", name)
		}
		return db.Order("name, version").Find(&rows).Error
	})
	keys := make([]job.Key, len(rows))
	for i, r := range rows {
		keys[i] = r.key()
	}
	return keys, err
}

// AddKey keeps a key and seals its private part, which is empty for a customer's key. Version 0 takes the next one;
// one that is taken gives job.ErrExists. Created is now and the slot current unless the key says otherwise. A current key
// takes the place of the one before, which is in grace from then on, in the same transaction.
func (s *Store) AddKey(ctx context.Context, k job.Key, private secret.Text) (job.Key, error) {
	if k.Created.IsZero() {
		k.Created = instant(s.now())
	}
	if k.Slot == "" {
		k.Slot = job.SlotCurrent
	}
	err := s.write(ctx, "keep "+label(k), func(tx *gorm.DB) error {
		if k.Version == 0 {
			err := tx.Raw(`SELECT coalesce(max(version), 0) + 1 FROM keys WHERE kind = ? AND name = ?`, string(k.Kind), k.Name).
				Scan(&k.Version).Error
			if err != nil {
				return err
			}
		}
		if k.Slot == job.SlotCurrent {
			if err := makeWay(tx, k); err != nil {
				return err
			}
		}
		row := keyRowOf(k)
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		if err := s.rotated(tx, k); err != nil || private.Empty() {
			return err
		}
		return s.putSealed(tx, sealedRow{Kind: string(k.Kind), Name: k.Name, Version: k.Version}, private)
	})
	if err != nil {
		return job.Key{}, err
	}
	return keyRowOf(k).key(), nil
}

// rotationEvent is what is told of a key that takes another's place, or waits to.
type rotationEvent struct {
	Kind        job.KeyKind `json:"kind"`
	Name        string      `json:"name"`
	Version     int         `json:"version"`
	Slot        job.KeySlot `json:"slot"` // next: it waits until a server takes it; current: it is in use from now on
	Algorithm   string      `json:"algorithm"`
	Fingerprint string      `json:"fingerprint"`
	Before      int         `json:"before"` // version of the one before it
}

// rotated tells of a key that has one before it. The first of its name takes nobody's place.
func (s *Store) rotated(tx *gorm.DB, k job.Key) error {
	var before int
	err := tx.Raw(`SELECT coalesce(max(version), 0) FROM keys WHERE kind = ? AND name = ? AND version < ?`, string(k.Kind), k.Name, k.Version).Scan(&before).Error
	if err != nil || before == 0 {
		return err
	}
	return s.tell(tx, job.EventKeyRotated, rotationEvent{k.Kind, k.Name, k.Version, k.Slot, k.Algorithm, k.Fingerprint, before})
}

// makeWay puts the current version of a key's name into grace.
func makeWay(tx *gorm.DB, k job.Key) error {
	return tx.Exec(`UPDATE keys SET slot = ? WHERE kind = ? AND name = ? AND slot = ?`,
		string(job.SlotGrace), string(k.Kind), k.Name, string(job.SlotCurrent)).Error
}

// Private opens the private part of a key; job.ErrNotFound when there is none.
func (s *Store) Private(ctx context.Context, k job.Key) (secret.Text, error) {
	return s.takeSealed(ctx, "open the private part of "+label(k), string(k.Kind), k.Name, k.Version)
}

// SetKeySlot puts a key into another place of its rotation; job.ErrNotFound when there is no such key.
func (s *Store) SetKeySlot(ctx context.Context, k job.Key, slot job.KeySlot) error {
	return s.setKey(ctx, k, fmt.Sprintf("make %s %s", label(k), slot), "slot", string(slot))
}

// KeyUsed records when a key was used last; an earlier time than the one known changes nothing.
func (s *Store) KeyUsed(ctx context.Context, k job.Key, at time.Time) error {
	return s.setKey(ctx, k, "record the use of "+label(k), "last_used", gorm.Expr("max(last_used, ?)", micros(at)))
}

func (s *Store) setKey(ctx context.Context, k job.Key, act, column string, value any) error {
	return s.write(ctx, act, func(tx *gorm.DB) error {
		result := tx.Model(&keyRow{}).Scopes(isKey(k)).Update(column, value)
		if result.Error == nil && result.RowsAffected == 0 {
			return job.ErrNotFound
		}
		return result.Error
	})
}

func isKey(k job.Key) func(*gorm.DB) *gorm.DB {
	return func(db *gorm.DB) *gorm.DB {
		return db.Where("kind = ? AND name = ? AND version = ?", string(k.Kind), k.Name, k.Version)
	}
}

// PromoteKey makes the next key the current one and the former current one grace, in one transaction. A key that is
// current already is left so; one in another slot gives job.ErrStale.
func (s *Store) PromoteKey(ctx context.Context, k job.Key) error {
	return s.write(ctx, "promote "+label(k), func(tx *gorm.DB) error {
		var row keyRow
		if err := tx.Scopes(isKey(k)).Take(&row).Error; err != nil {
			return err
		}
		switch job.KeySlot(row.Slot) {
		case job.SlotCurrent:
			return nil
		case job.SlotNext:
		default:
			return job.ErrStale
		}
		if err := makeWay(tx, k); err != nil {
			return err
		}
		row.Slot = string(job.SlotCurrent)
		if err := tx.Model(&keyRow{}).Scopes(isKey(k)).Update("slot", row.Slot).Error; err != nil {
			return err
		}
		return s.rotated(tx, row.key())
	})
}

// DropPrivate destroys the private part of a key and keeps what is public; one that is gone already is fine.
func (s *Store) DropPrivate(ctx context.Context, k job.Key) error {
	return s.write(ctx, "destroy the private part of "+label(k), func(tx *gorm.DB) error {
		return tx.Scopes(isKey(k)).Delete(&sealedRow{}).Error
	})
}

// DeleteKeys forgets all versions of a key, their private parts first.
func (s *Store) DeleteKeys(ctx context.Context, kind job.KeyKind, name string) error {
	return s.write(ctx, fmt.Sprintf("delete the %s keys %s", kind, name), func(tx *gorm.DB) error {
		if err := tx.Where("kind = ? AND name = ?", string(kind), name).Delete(&sealedRow{}).Error; err != nil {
			return err
		}
		return tx.Where("kind = ? AND name = ?", string(kind), name).Delete(&keyRow{}).Error
	})
}
