package store

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/haulier/haulier/internal/failpoint"
	"github.com/haulier/haulier/internal/secret"
)

// RotateMasterKey seals every secret anew under the next master key, one row a transaction.
//
// It may be cut off anywhere and called again with the same key: until it has ended the store opens with either key.
// When all rows are under the next key, keep must put that key where Options.MasterKey finds it; only then is the old
// one forgotten. A store without sealed rows only calls keep.
func (s *Store) RotateMasterKey(ctx context.Context, next secret.Text, keep func() error) error {
	a, err := aead(next)
	if err != nil {
		return failure("rotate the master key", err)
	}
	rotation := rotation{store: s, next: next, id: keyID(next)}
	started := false
	err = failpoint.Around("rotate.begin", func() error {
		started, err = rotation.begin(ctx, seal(a, []byte(canaryText), "canary"))
		return err
	})
	if err != nil || !started {
		return errors.Join(err, callIf(err == nil, keep))
	}
	for more := true; more; {
		if more, err = rotation.rewrapOne(ctx); err != nil {
			return err
		}
	}
	if err := failpoint.Around("rotate.keep", keep); err != nil {
		return failure("keep the next master key", err)
	}
	return failpoint.Around("rotate.end", func() error { return rotation.end(ctx) })
}

// NextMasterKey gives the key that a rotation which has not ended goes to; empty: none is under way.
func (s *Store) NextMasterKey(ctx context.Context) (next secret.Text, err error) {
	err = s.read(ctx, "look for a rotation of the master key", func(db *gorm.DB) error {
		meta, err := readMeta(db)
		if err != nil || meta[metaNext] == "" {
			return err
		}
		ring, err := s.ringFor(meta)
		if err != nil {
			return err
		}
		key, err := unseal(ring.keys[meta[metaKey]], meta[metaNextUnder], "bridge")
		if err != nil {
			return fmt.Errorf("%w: the next key of the rotation does not open", ErrMasterKey)
		}
		defer clear(key)
		next = secret.New(key)
		return nil
	})
	return next, err
}

func callIf(yes bool, do func() error) error {
	if !yes {
		return nil
	}
	return do()
}

type rotation struct {
	store *Store
	next  secret.Text
	id    string
}

// begin remembers both keys, each sealed under the other. It says whether there is anything to rotate.
func (r rotation) begin(ctx context.Context, canary string) (started bool, err error) {
	err = r.store.write(ctx, "begin to rotate the master key", func(tx *gorm.DB) error {
		meta, err := readMeta(tx)
		if err != nil || meta[metaKey] == "" || meta[metaKey] == r.id && meta[metaNext] == "" {
			return err
		}
		started = true
		if meta[metaNext] != "" {
			return r.resumes(meta)
		}
		bridge, err := r.bridge(meta)
		if err != nil {
			return err
		}
		bridge[metaNext], bridge[metaNextCanary] = r.id, canary
		return setMeta(tx, bridge)
	})
	return started, err
}

func (r rotation) resumes(meta map[string]string) error {
	if meta[metaNext] == r.id {
		return nil
	}
	return fmt.Errorf("%w: a rotation to key %s has begun and must end first", ErrMasterKey, meta[metaNext])
}

// bridge seals each key under the other.
func (r rotation) bridge(meta map[string]string) (map[string]string, error) {
	ring, err := r.store.ringFor(meta)
	if err != nil {
		return nil, err
	}
	current, err := r.store.options.MasterKey(false)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMasterKey, err)
	}
	defer current.Wipe()
	if keyID(current) != meta[metaKey] {
		return nil, fmt.Errorf("%w: it is not the one that is in use", ErrMasterKey)
	}
	a, err := aead(r.next)
	if err != nil {
		return nil, err
	}
	return map[string]string{
		metaNextUnder: seal(ring.keys[meta[metaKey]], r.next.Reveal(), "bridge"),
		metaKeyUnder:  seal(a, current.Reveal(), "bridge"),
	}, nil
}

// rewrapOne takes one row that is still under the old key. It says whether there was one.
func (r rotation) rewrapOne(ctx context.Context) (more bool, err error) {
	err = failpoint.Around("rotate.row", func() error { return r.rewrapNext(ctx, &more) })
	return more && err == nil, err
}

func (r rotation) rewrapNext(ctx context.Context, more *bool) error {
	return r.store.write(ctx, "seal a secret under the next master key", func(tx *gorm.DB) error {
		var rows []sealedRow
		if err := tx.Where("key_id <> ?", r.id).Order("kind, name, version").Limit(1).Find(&rows).Error; err != nil {
			return err
		}
		if len(rows) == 0 {
			return nil
		}
		*more = true
		meta, err := readMeta(tx)
		if err != nil {
			return err
		}
		ring, err := r.store.ringFor(meta)
		if err != nil {
			return err
		}
		return ring.rewrap(tx, rows[0])
	})
}

func (r *ring) rewrap(tx *gorm.DB, row sealedRow) error {
	text, err := r.open(row)
	if err != nil {
		return fmt.Errorf("%s secret %s@%d: %w", row.Kind, row.Name, row.Version, err)
	}
	defer text.Wipe()
	r.seal(&row, text)
	return one(tx.Exec(`UPDATE secrets SET key_id = ?, nonce = ?, sealed = ? WHERE kind = ? AND name = ? AND version = ?`,
		row.KeyID, row.Nonce, row.Sealed, row.Kind, row.Name, row.Version))
}

// end forgets the old key.
func (r rotation) end(ctx context.Context) error {
	return r.store.write(ctx, "end the rotation of the master key", func(tx *gorm.DB) error {
		meta, err := readMeta(tx)
		if err != nil {
			return err
		}
		if meta[metaKey] == r.id && meta[metaNext] == "" {
			return nil // another process has ended it
		}
		var left int64
		if err := tx.Model(&sealedRow{}).Where("key_id <> ?", r.id).Count(&left).Error; err != nil {
			return err
		}
		if left > 0 || meta[metaNext] != r.id {
			return fmt.Errorf("%d secrets are still under another key: rotate again", left)
		}
		if err := setMeta(tx, map[string]string{metaKey: r.id, metaCanary: meta[metaNextCanary]}); err != nil {
			return err
		}
		return tx.Exec(`DELETE FROM meta WHERE name IN (?, ?, ?, ?)`, metaNext, metaNextCanary, metaNextUnder, metaKeyUnder).Error
	})
}
