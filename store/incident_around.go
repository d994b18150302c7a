package store

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// LastRunsOf gives the last run of the jobs of an incident that had succeeded when it was opened, and the last that did not succeed;
// zero: none. A later run that passed a rejected file by and succeeded says nothing of when all was well.
func (s *Store) LastRunsOf(ctx context.Context, i job.Incident) (good, bad job.Run, err error) {
	err = s.read(ctx, fmt.Sprintf("read the runs around incident %d", i.ID), func(db *gorm.DB) error {
		for _, name := range i.Jobs {
			for which, last := range map[string]*job.Run{"state = 'succeeded' AND ended < @opened": &good, "state IN ('failed', 'partial')": &bad} {
				var rows []struct {
					ID, Ended, Revision int64
					Job                 string
				}
				err := db.Raw(`SELECT id, job, ended, revision FROM runs WHERE job = @job AND `+which+` ORDER BY id DESC LIMIT 1`,
					map[string]any{"job": name, "opened": micros(i.Opened)}).Scan(&rows).Error
				if err != nil {
					return err
				}
				if len(rows) > 0 && rows[0].ID > last.ID {
					*last = job.Run{ID: rows[0].ID, Job: rows[0].Job, Ended: instant(rows[0].Ended), Revision: rows[0].Revision}
				}
			}
		}
		return nil
	})
	return good, bad, err
}

// Change is something that people have changed, or that a server has shown for the first time.
type Change struct {
	At       time.Time
	What, By string
}

const (
	// mostChanges is how many changes are told.
	mostChanges = 50
	// actsLooked is how many lines of the audit list are looked through for them.
	actsLooked = 2000
)

// ChangesSince gives what may be why something no longer works, the newest first: revisions of the configuration, host keys
// that a server has shown for the first time, and what people did to keys, passwords and pins.
func (s *Store) ChangesSince(ctx context.Context, since time.Time, address string) (changes []Change, err error) {
	err = s.read(ctx, "read what has changed", func(db *gorm.DB) error {
		const revisions = `SELECT at, 'configuration revision ' || id AS what, by_whom AS "by" FROM config_revisions WHERE at > @since ORDER BY id DESC LIMIT @most`
		const keys = `SELECT first AS at, 'the server showed another host key: ' || key AS what, '' AS "by" FROM host_keys_seen
			WHERE address = @address AND first > @since ORDER BY first DESC LIMIT @most`
		const acts = `SELECT at, act || ' ' || object || ' ' || detail AS what, who AS "by" FROM (SELECT * FROM audit ORDER BY id DESC LIMIT @looked)
			WHERE at > @since AND (act LIKE 'key.%' OR act LIKE 'pgp.%' OR act LIKE 'secret.%' OR act LIKE 'host-key.%') ORDER BY id DESC LIMIT @most`
		for _, query := range []string{revisions, keys, acts} {
			var rows []struct {
				At       int64
				What, By string
			}
			err := db.Raw(query, map[string]any{"since": micros(since), "address": address, "most": mostChanges, "looked": actsLooked}).Scan(&rows).Error
			if err != nil {
				return err
			}
			for _, r := range rows {
				changes = append(changes, Change{At: instant(r.At), What: short(r.What), By: r.By})
			}
		}
		return nil
	})
	slices.SortStableFunc(changes, func(a, b Change) int { return b.At.Compare(a.At) })
	return changes[:min(len(changes), mostChanges)], err
}
