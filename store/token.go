package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

type tokenRow struct {
	ID       string `gorm:"primaryKey"`
	Name     string
	Role     string
	Entities string
	Hash     []byte
	ByWhom   string
	Created  int64
	Expires  int64
	Used     int64
	Revoked  int64
}

func (tokenRow) TableName() string { return "tokens" }

func (r tokenRow) token() (job.Token, error) {
	t := job.Token{
		ID: r.ID, Name: r.Name, Role: r.Role, By: r.ByWhom, Created: instant(r.Created), Expires: instant(r.Expires),
		Used: instant(r.Used), Revoked: instant(r.Revoked),
	}
	var err error
	t.Sight, err = sightFrom(r.Entities)
	return t, err
}

// AddToken keeps a token by the hash of its secret, in the place of one of this name that has ended; job.ErrExists when one of this name is
// good still.
func (s *Store) AddToken(ctx context.Context, t job.Token, hash []byte) error {
	return s.write(ctx, "make the token "+t.Name, func(tx *gorm.DB) error {
		row := tokenRow{
			ID: t.ID, Name: t.Name, Role: t.Role, Entities: jsonText(t.Sight), Hash: hash, ByWhom: t.By, Created: s.now(), Expires: micros(t.Expires),
		}
		ended := tx.Exec(`UPDATE tokens SET revoked = ? WHERE name = ? AND revoked = 0 AND expires <= ?`, s.now(), t.Name, s.now())
		if ended.Error == nil && ended.RowsAffected > 0 {
			ended.Error = s.audit(tx, t.By, "token.revoke", t.Name, "it had ended, and another takes its place")
		}
		if ended.Error != nil {
			return ended.Error
		}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return s.audit(tx, t.By, "token.create", t.Name, rights(t.Role, t.Sight)+" until "+utc(t.Expires))
	})
}

// Tokens gives the tokens by name, those that are revoked too; at most 1,000.
func (s *Store) Tokens(ctx context.Context) ([]job.Token, error) {
	tokens := []job.Token{}
	err := s.read(ctx, "read the tokens", func(db *gorm.DB) error {
		var rows []tokenRow
		if err := db.Order("revoked <> 0, name, created").Limit(knownMost).Find(&rows).Error; err != nil {
			return err
		}
		for _, row := range rows {
			t, err := row.token()
			if err != nil {
				return err
			}
			tokens = append(tokens, t)
		}
		return nil
	})
	return tokens, err
}

// Token gives a token by its public half, with the hash of the whole; job.ErrNotFound when there is none.
func (s *Store) Token(ctx context.Context, id string) (t job.Token, hash []byte, err error) {
	err = s.read(ctx, "read a token", func(db *gorm.DB) error {
		var row tokenRow
		if err := db.Where("id = ?", id).Take(&row).Error; err != nil {
			return err
		}
		hash = row.Hash
		t, err = row.token()
		return err
	})
	return t, hash, err
}

// UseToken notes when a token was used.
func (s *Store) UseToken(ctx context.Context, id string, at time.Time) error {
	return s.write(ctx, "note the use of a token", func(tx *gorm.DB) error {
		return tx.Exec(`UPDATE tokens SET used = ? WHERE id = ?`, micros(at), id).Error
	})
}

// RevokeToken ends the token of a name; job.ErrNotFound when none is left to end.
func (s *Store) RevokeToken(ctx context.Context, name, by string) error {
	return s.write(ctx, "revoke the token "+name, func(tx *gorm.DB) error {
		if err := found(tx.Exec(`UPDATE tokens SET revoked = ? WHERE name = ? AND revoked = 0`, s.now(), name)); err != nil {
			return err
		}
		return s.audit(tx, by, "token.revoke", name, "")
	})
}
