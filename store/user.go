package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// ErrLastAdmin: without this user nobody could give rights over the network any more.
var ErrLastAdmin = errors.New("this is the last user who is admin of everything")

type userRow struct {
	Name     string `gorm:"primaryKey"`
	Role     string
	Entities string
	Password string
	Created  int64
	Login    int64
}

func (userRow) TableName() string { return "users" }

func (r userRow) user() (job.User, error) {
	u := job.User{Name: r.Name, Role: r.Role, Created: instant(r.Created), Login: instant(r.Login)}
	var err error
	u.Sight, err = sightFrom(r.Entities)
	return u, err
}

// sightFrom reads entities; what cannot be read is an error, and never everything.
func sightFrom(text string) (job.Sight, error) {
	sight := job.Sight{}
	if err := json.Unmarshal([]byte(text), &sight); err != nil {
		return job.Sight{}, fmt.Errorf("the entities of a row cannot be read: %w", err)
	}
	return sight, nil
}

// AddUser makes a user; job.ErrExists when there is one of this name. Password is a hash that says how it was made.
func (s *Store) AddUser(ctx context.Context, u job.User, password, by string) error {
	return s.write(ctx, "make the user "+u.Name, func(tx *gorm.DB) error {
		row := userRow{Name: u.Name, Role: u.Role, Entities: jsonText(u.Sight), Password: password, Created: s.now()}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return s.audit(tx, by, "user.add", u.Name, rights(u.Role, u.Sight))
	})
}

// rights are a role and a sight in words.
func rights(role string, sight job.Sight) string {
	if sight.Whole() {
		return role + " of everything"
	}
	return role + " of " + jsonText(sight)
}

// Users gives all users by name.
func (s *Store) Users(ctx context.Context) ([]job.User, error) {
	users := []job.User{}
	err := s.read(ctx, "read the users", func(db *gorm.DB) error {
		var rows []userRow
		if err := db.Order("name").Limit(knownMost).Find(&rows).Error; err != nil {
			return err
		}
		for _, row := range rows {
			u, err := row.user()
			if err != nil {
				return err
			}
			users = append(users, u)
		}
		return nil
	})
	return users, err
}

// User gives a user and the hash of the password; job.ErrNotFound when there is none.
func (s *Store) User(ctx context.Context, name string) (u job.User, password string, err error) {
	err = s.read(ctx, "read a user", func(db *gorm.DB) error {
		var row userRow
		if err := db.Where("name = ?", name).Take(&row).Error; err != nil {
			return err
		}
		password = row.Password
		u, err = row.user()
		return err
	})
	return u, password, err
}

// ChangeUser gives a user another role and sight, and ends the sessions.
func (s *Store) ChangeUser(ctx context.Context, u job.User, by string, force bool) error {
	return s.write(ctx, "change the user "+u.Name, func(tx *gorm.DB) error {
		if err := s.spareLastAdmin(tx, u, force); err != nil {
			return err
		}
		err := found(tx.Exec(`UPDATE users SET role = ?, entities = ? WHERE name = ?`, u.Role, jsonText(u.Sight), u.Name))
		if err != nil {
			return err
		}
		return s.endSessions(tx, u.Name, by, "user.role", rights(u.Role, u.Sight))
	})
}

// SetPassword gives a user another password, and ends the sessions and every wait after refused logins.
func (s *Store) SetPassword(ctx context.Context, name, password, by string) error {
	return s.write(ctx, "change the password of "+name, func(tx *gorm.DB) error {
		if err := found(tx.Exec(`UPDATE users SET password = ? WHERE name = ?`, password, name)); err != nil {
			return err
		}
		if err := forgetTries(tx, name); err != nil {
			return err
		}
		return s.endSessions(tx, name, by, "user.password", "")
	})
}

// RemoveUser forgets a user and ends the sessions.
func (s *Store) RemoveUser(ctx context.Context, name, by string, force bool) error {
	return s.write(ctx, "remove the user "+name, func(tx *gorm.DB) error {
		if err := s.spareLastAdmin(tx, job.User{Name: name}, force); err != nil {
			return err
		}
		if err := found(tx.Exec(`DELETE FROM users WHERE name = ?`, name)); err != nil {
			return err
		}
		if err := forgetTries(tx, name); err != nil {
			return err
		}
		return s.endSessions(tx, name, by, "user.remove", "")
	})
}

// spareLastAdmin refuses a change after which no admin of everything would be left.
func (s *Store) spareLastAdmin(tx *gorm.DB, to job.User, force bool) error {
	if force || to.Role == "admin" && to.Sight.Whole() {
		return nil
	}
	var is, others int64
	err := tx.Raw(`SELECT count(*) FROM users WHERE role = 'admin' AND entities = 'null' AND name = ?`, to.Name).Scan(&is).Error
	if err != nil || is == 0 {
		return err
	}
	err = tx.Raw(`SELECT count(*) FROM users WHERE role = 'admin' AND entities = 'null' AND name <> ?`, to.Name).Scan(&others).Error
	if err == nil && others == 0 {
		return ErrLastAdmin
	}
	return err
}

// found says that a row was there to be changed.
func found(result *gorm.DB) error {
	if result.Error == nil && result.RowsAffected == 0 {
		return job.ErrNotFound
	}
	return result.Error
}
