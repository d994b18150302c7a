package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
)

// kindStored marks the secrets that people set; private keys bear the kind of their key.
const kindStored = "stored"

// SetSecret seals a value under a name, replacing what was there.
func (s *Store) SetSecret(ctx context.Context, name string, value secret.Text) error {
	return s.write(ctx, "seal the secret "+name, func(tx *gorm.DB) error {
		return s.putSealed(tx, sealedRow{Kind: kindStored, Name: name}, value)
	})
}

// Secret opens the value of a name; job.ErrNotFound when there is none.
func (s *Store) Secret(ctx context.Context, name string) (secret.Text, error) {
	return s.takeSealed(ctx, "open the secret "+name, kindStored, name, 0)
}

// SecretNames gives the names of the stored secrets, sorted.
func (s *Store) SecretNames(ctx context.Context) ([]string, error) {
	names := []string{}
	err := s.read(ctx, "read the names of secrets", func(db *gorm.DB) error {
		return db.Model(&sealedRow{}).Where("kind = ?", kindStored).Order("name").Pluck("name", &names).Error
	})
	return names, err
}

// RemoveSecret forgets a stored secret; job.ErrNotFound when there is none.
func (s *Store) RemoveSecret(ctx context.Context, name string) error {
	return s.write(ctx, "remove the secret "+name, func(tx *gorm.DB) error {
		result := tx.Where("kind = ? AND name = ?", kindStored, name).Delete(&sealedRow{})
		if result.Error == nil && result.RowsAffected == 0 {
			return job.ErrNotFound
		}
		return result.Error
	})
}

// SecretSet says when a stored secret was set last; job.ErrNotFound when there is none.
func (s *Store) SecretSet(ctx context.Context, name string) (time.Time, error) {
	var row sealedRow
	err := s.read(ctx, "look at the secret "+name, func(db *gorm.DB) error {
		return db.Where("kind = ? AND name = ?", kindStored, name).Take(&row).Error
	})
	return instant(row.At), err
}
