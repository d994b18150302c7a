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

// isUp notes that a connection works again, if no failure of it is open.
func (s *Store) isUp(tx *gorm.DB, name string, at int64, by string) error {
	var rows []connectionRow
	const standing = `SELECT 1 FROM incidents WHERE resolved = 0 AND connection = connections.name AND substr(cause, 1, 11) = 'connection/'`
	err := tx.Where("name = ? AND down <> 0 AND NOT EXISTS ("+standing+")", name).Find(&rows).Error
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

// HostKeyChanged records a host key that was refused because others are pinned. It is told when it is shown for the first time, or for the
// first time since another was accepted; where there is no key to tell it by, when the connection goes down.
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
	if c.Key == "" {
		err = tx.Raw(`SELECT EXISTS (SELECT 1 FROM connections WHERE name = ? AND active = 1 AND down = 0)`, c.Connection).Scan(&news).Error
		return news, err
	}
	err = tx.Raw(`SELECT NOT EXISTS (SELECT 1 FROM host_keys_seen WHERE address = @address AND key = @key
		AND last >= (SELECT coalesce(max(added), 0) FROM host_pins WHERE address = @address))`,
		map[string]any{"address": c.Address, "key": c.Key}).Scan(&news).Error
	if err != nil {
		return false, err
	}
	return news, s.sawHostKey(tx, c.Address, c.Key)
}
