package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

type sessionRow struct {
	Hash     []byte `gorm:"primaryKey"`
	User     string
	Source   string
	Role     string
	Entities string
	Begun    int64
	Seen     int64
}

func (sessionRow) TableName() string { return "sessions" }

// sessionsMost is how many sessions one person may have; the oldest ends for one more.
const sessionsMost = 20

// BeginSession keeps a session, with its line in the audit list. The one that it takes the place of, if any, ends in the same transaction. A user's
// password is the hash that was looked at: job.ErrStale if it is another by now, job.ErrNotFound if the user is gone.
func (s *Store) BeginSession(ctx context.Context, n job.Login, instead []byte, password string) error {
	return s.write(ctx, "begin a session", func(tx *gorm.DB) error {
		if err := tx.Exec(`DELETE FROM sessions WHERE hash = ?`, instead).Error; err != nil {
			return err
		}
		err := tx.Exec(`DELETE FROM sessions WHERE user = ? AND source = ? AND hash NOT IN
			(SELECT hash FROM sessions WHERE user = ? AND source = ? ORDER BY begun DESC LIMIT ?)`, n.User, n.From, n.User, n.From, sessionsMost-1).Error
		if err != nil {
			return err
		}
		if n.From == job.LoginLocal {
			if err := s.enter(tx, n, password); err != nil {
				return err
			}
		}
		who, detail := n.User, "from "+n.Address
		if n.From == job.LoginOIDC {
			who, detail = "oidc:"+n.User, detail+" as "+n.Role
		}
		if err := s.audit(tx, who, "user.login", who, detail); err != nil {
			return err
		}
		return tx.Create(&sessionRow{
			Hash: n.Hash, User: n.User, Source: n.From, Role: n.Role, Entities: jsonText(n.Sight), Begun: micros(n.Begun), Seen: micros(n.Seen),
		}).Error
	})
}

// enter notes that a user of ours has logged in.
func (s *Store) enter(tx *gorm.DB, n job.Login, password string) error {
	var u userRow
	if err := tx.Where("name = ?", n.User).Take(&u).Error; err != nil {
		return err
	}
	if u.Password != password {
		return job.ErrStale
	}
	if err := tx.Exec(`UPDATE users SET login = ? WHERE name = ?`, micros(n.Begun), n.User).Error; err != nil {
		return err
	}
	return s.passLogin(tx, n.User, n.Address)
}

// Session gives a session by its hash; job.ErrNotFound when there is none, or its user is gone.
func (s *Store) Session(ctx context.Context, hash []byte) (job.Login, error) {
	var n job.Login
	err := s.read(ctx, "read a session", func(db *gorm.DB) error {
		var row sessionRow
		if err := db.Where("hash = ?", hash).Take(&row).Error; err != nil {
			return err
		}
		if row.Source == job.LoginLocal {
			var u userRow
			if err := db.Where("name = ?", row.User).Take(&u).Error; err != nil {
				return err
			}
			row.Role, row.Entities = u.Role, u.Entities
		}
		sight, err := sightFrom(row.Entities)
		n = job.Login{Hash: row.Hash, User: row.User, From: row.Source, Role: row.Role, Sight: sight, Begun: instant(row.Begun), Seen: instant(row.Seen)}
		return err
	})
	return n, err
}

// SeeSession notes when a session was used.
func (s *Store) SeeSession(ctx context.Context, hash []byte, at time.Time) error {
	return s.write(ctx, "note the use of a session", func(tx *gorm.DB) error {
		return tx.Exec(`UPDATE sessions SET seen = ? WHERE hash = ?`, micros(at), hash).Error
	})
}

// EndSession ends one session; none is fine. Where somebody asks for it, that is in the audit list.
func (s *Store) EndSession(ctx context.Context, hash []byte, by string) error {
	return s.write(ctx, "end a session", func(tx *gorm.DB) error {
		ended := tx.Exec(`DELETE FROM sessions WHERE hash = ?`, hash)
		if ended.Error != nil || ended.RowsAffected == 0 || by == "" {
			return ended.Error
		}
		return s.audit(tx, by, "user.logout", by, "")
	})
}

// EndSessions ends all sessions of a person, and says how many there were.
func (s *Store) EndSessions(ctx context.Context, user, by string) (int64, error) {
	var n int64
	err := s.write(ctx, "end the sessions of "+user, func(tx *gorm.DB) error {
		if err := tx.Raw(`SELECT count(*) FROM sessions WHERE user = ?`, user).Scan(&n).Error; err != nil {
			return err
		}
		return s.endSessions(tx, user, by, "user.logout", "")
	})
	return n, err
}

func (s *Store) endSessions(tx *gorm.DB, user, by, act, detail string) error {
	if err := tx.Exec(`DELETE FROM sessions WHERE user = ?`, user).Error; err != nil {
		return err
	}
	return s.audit(tx, by, act, user, detail)
}

// pruneAccess removes sessions that have ended long before, and counts of refused logins that hold nobody up any more.
func (s *Store) pruneAccess(ctx context.Context, now time.Time) error {
	return s.write(ctx, "remove old sessions", func(tx *gorm.DB) error {
		if err := tx.Exec(`DELETE FROM sessions WHERE begun < ?`, micros(now.Add(-sessionsKept))).Error; err != nil {
			return err
		}
		return tx.Exec(`DELETE FROM login_tries WHERE last < ? AND passed < ?`, micros(now.Add(-2*triesForget)), micros(now.Add(-knownFor))).Error
	})
}
