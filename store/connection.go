package store

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

type connectionRow struct {
	Name    string
	Entity  string
	Active  bool
	Profile string
	Removed int64
	Down    int64
}

func (connectionRow) TableName() string { return "connections" }

func (s *Store) connection(ctx context.Context, name string) (connectionRow, error) {
	var row connectionRow
	err := s.read(ctx, "read connection "+name, func(db *gorm.DB) error {
		return db.Where("name = ?", name).Take(&row).Error
	})
	if errors.Is(err, job.ErrNotFound) {
		return connectionRow{Name: name}, nil
	}
	return row, err
}

// Profile gives what is known of a connection's server; nothing is known of one that was never met.
func (s *Store) Profile(ctx context.Context, connection string) (job.Profile, error) {
	var p job.Profile
	row, err := s.connection(ctx, connection)
	if err != nil || row.Profile == "" {
		return p, err
	}
	return p, failure("read the profile of "+connection, json.Unmarshal([]byte(row.Profile), &p))
}

// SaveProfile keeps what is known of a connection's server.
func (s *Store) SaveProfile(ctx context.Context, connection string, p job.Profile) error {
	return s.write(ctx, "keep the profile of "+connection, func(tx *gorm.DB) error {
		return tx.Exec(`INSERT INTO connections (name, profile) VALUES (?, ?) ON CONFLICT DO UPDATE SET profile = excluded.profile`,
			connection, jsonText(p)).Error
	})
}

// ConnectionState says whether a connection has ever logged in over a pinned key: active, else draft.
func (s *Store) ConnectionState(ctx context.Context, name string) (active bool, err error) {
	row, err := s.connection(ctx, name)
	return row.Active, err
}

// ActiveConnections are those that have ever logged in over a pinned key.
func (s *Store) ActiveConnections(ctx context.Context) (active map[string]bool, err error) {
	var names []string
	err = s.read(ctx, "read which connections are active", func(db *gorm.DB) error {
		return db.Raw(`SELECT name FROM connections WHERE active`).Scan(&names).Error
	})
	active = make(map[string]bool, len(names))
	for _, name := range names {
		active[name] = true
	}
	return active, err
}

// Activate makes a connection active.
func (s *Store) Activate(ctx context.Context, name string) error { return s.setActive(ctx, name, true) }

// Deactivate makes a connection a draft again.
func (s *Store) Deactivate(ctx context.Context, name string) error {
	return s.setActive(ctx, name, false)
}

func (s *Store) setActive(ctx context.Context, name string, active bool) error {
	return s.write(ctx, "record the state of connection "+name, func(tx *gorm.DB) error {
		return tx.Exec(`INSERT INTO connections (name, active) VALUES (?, ?) ON CONFLICT DO UPDATE SET active = excluded.active`,
			name, active).Error
	})
}

// PurgeConnection forgets what was learned of a connection: it is a draft again, with nothing known of its server, nothing that
// was filled in for it, and no link to its sheet. Its history stays; keys, pins and secrets are removed by their own names.
func (s *Store) PurgeConnection(ctx context.Context, name string) error {
	return s.write(ctx, "purge connection "+name, func(tx *gorm.DB) error {
		for _, statement := range []string{
			`DELETE FROM sheet_answers WHERE connection = ?`, `DELETE FROM sheet_links WHERE connection = ?`,
			`DELETE FROM host_keys_told WHERE connection = ?`, `DELETE FROM refused_logins WHERE connection = ?`,
			`UPDATE connections SET active = 0, profile = '', down = 0 WHERE name = ?`,
		} {
			if err := tx.Exec(statement, name).Error; err != nil {
				return err
			}
		}
		return nil
	})
}

type breakerRow struct {
	Host   string
	Port   int
	User   string
	Open   bool
	Reason string
	Since  int64
	Until  int64
	Waits  int
	Mark   string
}

func (breakerRow) TableName() string { return "breakers" }

// Breaker gives the breaker of an account; a closed one when none was ever saved.
func (s *Store) Breaker(ctx context.Context, a job.Account) (job.Breaker, error) {
	var rows []breakerRow
	err := s.read(ctx, "read the breaker of "+a.User+" at "+a.Host, func(db *gorm.DB) error {
		return db.Where("host = ? AND port = ? AND user = ?", a.Host, a.Port, a.User).Find(&rows).Error
	})
	if err != nil || len(rows) == 0 {
		return job.Breaker{}, err
	}
	r := rows[0]
	return job.Breaker{
		Open: r.Open, Reason: reasonFrom(r.Reason), Since: instant(r.Since), Until: instant(r.Until), Waits: r.Waits, Mark: r.Mark,
	}, nil
}

// SaveBreaker keeps the breaker of an account. One that opens has its connection down, one that closes may have it up again.
func (s *Store) SaveBreaker(ctx context.Context, a job.Account, b job.Breaker) error {
	return s.write(ctx, "keep the breaker of "+a.User+" at "+a.Host, func(tx *gorm.DB) error {
		var was bool
		err := tx.Raw(`SELECT coalesce((SELECT open FROM breakers WHERE host = ? AND port = ? AND user = ?), 0)`, a.Host, a.Port, a.User).Scan(&was).Error
		if err != nil {
			return err
		}
		err = tx.Exec(`INSERT OR REPLACE INTO breakers VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, a.Host, a.Port, a.User,
			b.Open, reasonText(b.Reason), micros(b.Since), micros(b.Until), b.Waits, b.Mark).Error
		if err == nil {
			err = refusedLogin(tx, a, b)
		}
		switch {
		case err != nil || b.Open == was:
			return err
		case b.Open:
			return s.isDown(tx, b.Connection, micros(b.Since), b.Reason)
		}
		return s.isUp(tx, b.Connection, s.now(), "")
	})
}

// refusedLogin notes which connection an account keeps out while its breaker is open.
func refusedLogin(tx *gorm.DB, a job.Account, b job.Breaker) error {
	switch {
	case !b.Open:
		return tx.Exec(`DELETE FROM refused_logins WHERE host = ? AND port = ? AND user = ?`, a.Host, a.Port, a.User).Error
	case b.Connection == "":
		return nil
	}
	return tx.Exec(`INSERT INTO refused_logins VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`, b.Connection, a.Host, a.Port, a.User).Error
}

// toldAnew is how long a host key that was refused and told is not told once more, though the connection logs in over another.
const toldAnew = 24 * time.Hour

// LoggedIn records that a server showed a host key that counts and took a login of a connection: what it shows from now on instead is news,
// and no account keeps the connection out. Of a key that was told within a day it is not: behind a balancer two machines may show two keys in turn.
func (s *Store) LoggedIn(ctx context.Context, connection, address, key string) error {
	return s.write(ctx, "record the login of "+connection, func(tx *gorm.DB) error {
		if err := tx.Exec(`DELETE FROM host_keys_told WHERE connection = ? AND address = ? AND at < ?`, connection, address, s.now()-toldAnew.Microseconds()).Error; err != nil {
			return err
		}
		if err := tx.Exec(`DELETE FROM refused_logins WHERE connection = ?`, connection).Error; err != nil {
			return err
		}
		return s.sawHostKey(tx, address, key)
	})
}
