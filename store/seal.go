package store

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/haulier/haulier/internal/secret"
)

// sealedRow is a secret under the master key KeyID, bound to its place.
type sealedRow struct {
	Kind    string
	Name    string
	Version int
	KeyID   string `gorm:"column:key_id"`
	Nonce   []byte
	Sealed  []byte
	At      int64
}

func (sealedRow) TableName() string { return "secrets" }

// aad binds the ciphertext to its row: one that was put into another row does not open.
func (r sealedRow) aad() []byte {
	return fmt.Appendf(nil, "secrets\x00%s\x00%s\x00%d", r.Kind, r.Name, r.Version)
}

// inspectSeals refuses a store whose sealed rows the master key at hand does not open, before anything is written.
func (s *Store) inspectSeals(ctx context.Context, db *sql.DB) (err error) {
	rows, err := db.QueryContext(ctx, `SELECT name, value FROM meta`)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	meta := map[string]string{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return err
		}
		meta[name] = value
	}
	if err := rows.Err(); err != nil || meta[metaKey] == "" {
		return err
	}
	_, err = s.ringFor(meta)
	return err
}

// ringFor gives the keys for what the store remembers, asking for the master key when the ones at hand are others.
func (s *Store) ringFor(meta map[string]string) (*ring, error) {
	s.sealing.Lock()
	defer s.sealing.Unlock()
	if s.ring.fits(meta) {
		return s.ring, nil
	}
	if s.options.MasterKey == nil {
		return nil, fmt.Errorf("%w: none was given", ErrMasterKey)
	}
	key, err := s.options.MasterKey(false)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMasterKey, err)
	}
	defer key.Wipe()
	if s.ring, err = openRing(meta, key); err != nil {
		s.ring = nil
	}
	return s.ring, err
}

// fits says whether the keys at hand are all that the store's rows may be under.
func (r *ring) fits(meta map[string]string) bool {
	if r == nil || r.keys[meta[metaKey]] == nil {
		return false
	}
	next := meta[metaNext]
	return next == "" && r.seals == meta[metaKey] || next != "" && r.keys[next] != nil && r.seals == next
}

// firstSeal makes the master key, or takes the one that is there, and remembers it.
func (s *Store) firstSeal(tx *gorm.DB, meta map[string]string) error {
	if s.options.MasterKey == nil {
		return fmt.Errorf("%w: none was given", ErrMasterKey)
	}
	key, err := s.options.MasterKey(true)
	if err != nil {
		return err
	}
	defer key.Wipe()
	a, err := aead(key)
	if err != nil {
		return err
	}
	meta[metaKey], meta[metaCanary] = keyID(key), seal(a, []byte(canaryText), "canary")
	return setMeta(tx, map[string]string{metaKey: meta[metaKey], metaCanary: meta[metaCanary]})
}

// putSealed seals a secret into its row, within the transaction of what it belongs to.
func (s *Store) putSealed(tx *gorm.DB, row sealedRow, text secret.Text) error {
	meta, err := readMeta(tx)
	if err != nil {
		return err
	}
	if meta[metaKey] == "" {
		if err := s.firstSeal(tx, meta); err != nil {
			return err
		}
	}
	r, err := s.ringFor(meta)
	if err != nil {
		return err
	}
	row.At = s.now()
	r.seal(&row, text)
	return tx.Exec(`INSERT OR REPLACE INTO secrets VALUES (?, ?, ?, ?, ?, ?, ?)`,
		row.Kind, row.Name, row.Version, row.KeyID, row.Nonce, row.Sealed, row.At).Error
}

func (r *ring) seal(row *sealedRow, text secret.Text) {
	a := r.keys[r.seals]
	row.KeyID, row.Nonce = r.seals, make([]byte, a.NonceSize())
	_, _ = rand.Read(row.Nonce) // never fails
	row.Sealed = a.Seal(nil, row.Nonce, text.Reveal(), row.aad())
}

// open gives what is sealed in the row. ErrSealed when it does not open there.
func (r *ring) open(row sealedRow) (secret.Text, error) {
	a := r.keys[row.KeyID]
	if a == nil {
		return secret.Text{}, fmt.Errorf("%w: it is under key %s, which is none of this store", ErrSealed, row.KeyID)
	}
	if len(row.Nonce) != a.NonceSize() {
		return secret.Text{}, ErrSealed
	}
	text, err := a.Open(nil, row.Nonce, row.Sealed, row.aad())
	if err != nil {
		return secret.Text{}, ErrSealed
	}
	defer clear(text)
	return secret.New(text), nil
}

// takeSealed opens the secret of a row; job.ErrNotFound when there is none.
func (s *Store) takeSealed(ctx context.Context, act, kind, name string, version int) (text secret.Text, err error) {
	err = s.read(ctx, act, func(db *gorm.DB) error {
		var row sealedRow
		if err := db.Where("kind = ? AND name = ? AND version = ?", kind, name, version).Take(&row).Error; err != nil {
			return err
		}
		meta, err := readMeta(db)
		if err != nil {
			return err
		}
		r, err := s.ringFor(meta)
		if err != nil {
			return err
		}
		text, err = r.open(row)
		return err
	})
	return text, err
}
