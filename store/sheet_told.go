package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// SheetAnswers gives what was filled in for a connection, the latest first: with before only what has a lower number. At most limit,
// or 1,000 when limit is 0.
func (s *Store) SheetAnswers(ctx context.Context, connection string, before int64, limit int) (all []SheetAnswer, err error) {
	err = s.read(ctx, "read the answers for "+connection, func(db *gorm.DB) error {
		var rows []sheetAnswerRow
		query := db.Where("connection = ?", connection)
		if before > 0 {
			query = query.Where("id < ?", before)
		}
		if err := query.Order("id DESC").Limit(bound(limit)).Find(&rows).Error; err != nil {
			return err
		}
		all, err = answersOf(db, rows)
		return err
	})
	return all, err
}

func answersOf(db *gorm.DB, rows []sheetAnswerRow) ([]SheetAnswer, error) {
	links, err := linksOf(db, rows)
	all := make([]SheetAnswer, len(rows))
	for i, r := range rows {
		var one error
		all[i], one = r.answer()
		all[i].Link = links[r.Link]
		err = errors.Join(err, one)
	}
	return all, err
}

func linksOf(db *gorm.DB, rows []sheetAnswerRow) (map[string]LinkOfAnswer, error) {
	hashes := map[string]bool{}
	var asked []string
	for _, r := range rows {
		if !hashes[r.Link] {
			hashes[r.Link], asked = true, append(asked, r.Link)
		}
	}
	var found []sheetLinkRow
	err := db.Where("hash IN ?", asked).Find(&found).Error
	links := make(map[string]LinkOfAnswer, len(found))
	for _, l := range found {
		links[l.Hash] = LinkOfAnswer{l.ByWhom, instant(l.Made)}
	}
	return links, err
}

// SheetTold is how often something came by one link, with what was said first and last.
type SheetTold struct {
	Times       int
	First, Last SheetAnswer
}

// SheetToldByLink gives for the links of a connection by which something came what came first and last, the link that was used last
// first; at most limit links. Nobody who has one of them can push out what came by another, nor what came first.
func (s *Store) SheetToldByLink(ctx context.Context, connection string, limit int) (told []SheetTold, err error) {
	err = s.read(ctx, "read what came by the links to the sheet of "+connection, func(db *gorm.DB) error {
		var ends []struct{ Times, First, Last int64 }
		err := db.Raw(`SELECT count(*) AS times, min(id) AS first, max(id) AS last FROM sheet_answers WHERE connection = ?
			GROUP BY link ORDER BY last DESC LIMIT ?`, connection, bound(limit)).Scan(&ends).Error
		if err != nil {
			return err
		}
		told = make([]SheetTold, len(ends))
		for i, e := range ends {
			var rows []sheetAnswerRow
			if err := db.Where("id IN ?", []int64{e.First, e.Last}).Order("id").Find(&rows).Error; err != nil {
				return err
			}
			both, err := answersOf(db, rows)
			if err != nil {
				return err
			}
			told[i] = SheetTold{int(e.Times), both[0], both[len(both)-1]}
		}
		return nil
	})
	return told, err
}

// LastAnswer is when something came by a link last; zero: never.
func (s *Store) LastAnswer(ctx context.Context, hash string) (at time.Time, err error) {
	var micros int64
	err = s.read(ctx, "read when a link was answered", func(db *gorm.DB) error {
		return db.Raw(`SELECT coalesce((SELECT at FROM sheet_answers WHERE link = ? ORDER BY id DESC LIMIT 1), 0)`, hash).Scan(&micros).Error
	})
	return instant(micros), err
}

// SheetWaits gives the incident that what was filled in for a connection is to be dealt with; 0: nothing is.
func (s *Store) SheetWaits(ctx context.Context, connection string) (incident int64, err error) {
	err = s.read(ctx, "read whether the answers for "+connection+" wait", func(db *gorm.DB) error {
		return db.Raw(`SELECT coalesce((SELECT id FROM incidents WHERE cause = ? AND resolved = 0), 0)`, SheetCause(connection)).Scan(&incident).Error
	})
	return incident, err
}

// HandleSheet records that somebody has dealt with what was filled in for a connection, up to an answer and no further: with it the
// incident ends. job.ErrNotFound: nothing waits, or there is no such answer; job.ErrStale: there is a later one.
func (s *Store) HandleSheet(ctx context.Context, connection string, last int64, by string, at time.Time) error {
	return s.write(ctx, "end the wait of the answers for "+connection, func(tx *gorm.DB) error {
		var latest int64
		if err := tx.Raw(`SELECT coalesce(max(id), 0) FROM sheet_answers WHERE connection = ?`, connection).Scan(&latest).Error; err != nil {
			return err
		}
		var waits int64
		if err := tx.Raw(`SELECT count(*) FROM incidents WHERE cause = ? AND resolved = 0`, SheetCause(connection)).Scan(&waits).Error; err != nil {
			return err
		}
		switch {
		case latest > last && last > 0:
			return job.ErrStale
		case latest != last || waits == 0:
			return job.ErrNotFound
		}
		if err := s.resolve(tx, at, by, tx.Where("cause = ?", SheetCause(connection))); err != nil {
			return err
		}
		return s.addAudit(tx, AuditLine{At: at, Who: by, Act: "sheet.handle", Object: connection, Detail: fmt.Sprintf("answers up to %d", last)})
	})
}

// sheetsKept is how long what customers filled in is kept, and links that have ended by which nothing came.
const sheetsKept = 90 * 24 * time.Hour

// pruneSheets removes old answers, but for the last of each connection, and for all where somebody has to deal with them still; then
// links that ended long ago and have none.
func (s *Store) pruneSheets(ctx context.Context, now time.Time) error {
	before := micros(now.Add(-sheetsKept))
	for n := int64(pruneBatch); n == pruneBatch; {
		err := s.write(ctx, "remove old answers to sheets", func(tx *gorm.DB) error {
			done := tx.Exec(`DELETE FROM sheet_answers WHERE id IN (SELECT id FROM sheet_answers AS old WHERE at < ?
				AND EXISTS (SELECT 1 FROM sheet_answers WHERE connection = old.connection AND id > old.id)
				AND NOT EXISTS (SELECT 1 FROM incidents WHERE cause = 'sheet/' || old.connection || '/onboarding.answered' AND resolved = 0) LIMIT ?)`, before, pruneBatch)
			n = done.RowsAffected
			return done.Error
		})
		if err != nil {
			return err
		}
	}
	return s.write(ctx, "remove old links to sheets", func(tx *gorm.DB) error {
		return tx.Exec(`DELETE FROM sheet_links WHERE hash IN (SELECT hash FROM sheet_links WHERE expires < ?
			AND NOT EXISTS (SELECT 1 FROM sheet_answers WHERE link = sheet_links.hash) LIMIT ?)`, before, pruneBatch).Error
	})
}
