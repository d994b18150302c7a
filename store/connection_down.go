package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// connectionEvent is what is told of a connection.
type connectionEvent struct {
	Connection string     `json:"connection"`
	Entity     string     `json:"entity,omitempty"`
	Since      string     `json:"since"`                  // it is down, or was
	DownFor    int64      `json:"down_seconds,omitempty"` // once it is up
	By         string     `json:"by,omitempty"`           // whose decision ended it; empty: it works again
	Address    string     `json:"address,omitempty"`      // of the host key
	Shown      string     `json:"shown,omitempty"`
	Pinned     []string   `json:"pinned,omitempty"`
	Error      *errorView `json:"error,omitempty"`
}

// isDown notes that a connection that has worked does not: its account was refused, or a failure of it is open. It is told once, until it
// is up again. One that has never worked was not up.
func (s *Store) isDown(tx *gorm.DB, name string, at int64, why *job.Reason) error {
	var entity []string
	err := tx.Raw(`UPDATE connections SET down = ? WHERE name = ? AND active = 1 AND down = 0 RETURNING entity`, at, name).Scan(&entity).Error
	if err != nil || len(entity) == 0 {
		return err
	}
	return s.tell(tx, job.EventConnectionDown, connectionEvent{Connection: name, Entity: entity[0], Since: utc(instant(at)), Error: viewOf(why)})
}

// isUp notes that a connection works again, if no failure of it is open, and no account that refused it has its breaker open: runs over older
// sessions may go well all the same. Whoever has decided that it is over need not wait for that.
func (s *Store) isUp(tx *gorm.DB, name string, at int64, by string) error {
	var rows []connectionRow
	const standing = `SELECT 1 FROM incidents WHERE resolved = 0 AND connection = connections.name AND substr(cause, 1, 11) = 'connection/'`
	const kept = `SELECT 1 FROM refused_logins JOIN breakers USING (host, port, user) WHERE connection = connections.name AND open = 1`
	err := tx.Where("name = ? AND down <> 0 AND NOT EXISTS ("+standing+") AND (? <> '' OR NOT EXISTS ("+kept+"))", name, by).Find(&rows).Error
	if err != nil || len(rows) == 0 {
		return err
	}
	if err := tx.Exec(`UPDATE connections SET down = 0 WHERE name = ?`, name).Error; err != nil {
		return err
	}
	return s.tell(tx, job.EventConnectionUp, connectionEvent{
		Connection: name, Entity: rows[0].Entity, Since: utc(instant(rows[0].Down)), DownFor: max(0, (at-rows[0].Down)/1_000_000), By: by,
	})
}

// HostKeyChanged records a host key that was refused because others are pinned. It is told to each connection that meets it once, and anew
// when it comes back a day later behind a login over one that counts, or after another was trusted. None of a pinned type is one key more.
func (s *Store) HostKeyChanged(ctx context.Context, c job.HostKeyChange) error {
	return s.write(ctx, "record the host key of "+c.Address, func(tx *gorm.DB) error {
		news, err := s.isNews(tx, c)
		if err != nil || !news {
			return err
		}
		var entity string
		err = tx.Raw(`SELECT coalesce((SELECT entity FROM connections WHERE name = ?), '')`, c.Connection).Scan(&entity).Error
		if err != nil {
			return err
		}
		return s.tell(tx, job.EventHostKeyChanged, connectionEvent{
			Connection: c.Connection, Entity: entity, Since: utc(instant(s.now())), Address: short(c.Address), Shown: short(c.Shown), Pinned: c.Pinned,
			Error: viewOf(&c.Reason),
		})
	})
}

func (s *Store) isNews(tx *gorm.DB, c job.HostKeyChange) (news bool, err error) {
	if c.Key != "" {
		if err := s.sawHostKey(tx, c.Address, c.Key); err != nil {
			return false, err
		}
	}
	result := tx.Exec(`INSERT INTO host_keys_told VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`, c.Connection, c.Address, c.Key, s.now())
	if result.Error != nil || result.RowsAffected == 0 {
		return false, result.Error
	}
	return true, tx.Exec(`DELETE FROM host_keys_told WHERE connection = @connection AND address = @address AND key IN (SELECT key FROM host_keys_told
		WHERE connection = @connection AND address = @address ORDER BY at DESC LIMIT -1 OFFSET @most)`,
		map[string]any{"connection": c.Connection, "address": c.Address, "most": seenMost}).Error
}
