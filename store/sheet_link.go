package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// SheetLink is a link to the onboarding sheet of a connection, for people without a login. Its token is not kept: Hash is the
// SHA-256 of it, in hex.
type SheetLink struct {
	Hash       string    `json:"-"`
	Connection string    `json:"connection"`
	Language   string    `json:"language"`
	By         string    `json:"by"`
	Made       time.Time `json:"made"`
	Expires    time.Time `json:"expires"`
	Opened     int       `json:"opened"` // how often
	Last       time.Time `json:"last,omitzero"`
}

type sheetLinkRow struct {
	Hash       string `gorm:"primaryKey"`
	Connection string
	Language   string
	ByWhom     string
	Made       int64
	Expires    int64
	Opened     int
	Last       int64
}

func (sheetLinkRow) TableName() string { return "sheet_links" }

func (r sheetLinkRow) link() SheetLink {
	return SheetLink{r.Hash, r.Connection, r.Language, r.ByWhom, instant(r.Made), instant(r.Expires), r.Opened, instant(r.Last)}
}

// AddSheetLink keeps a link, and a line in the audit list with it.
func (s *Store) AddSheetLink(ctx context.Context, l SheetLink) error {
	return s.write(ctx, "keep a link to the sheet of "+l.Connection, func(tx *gorm.DB) error {
		row := sheetLinkRow{Hash: l.Hash, Connection: l.Connection, Language: l.Language, ByWhom: l.By, Made: micros(l.Made), Expires: micros(l.Expires)}
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		return s.audit(tx, l.By, "sheet.link", l.Connection, "until "+utc(l.Expires))
	})
}

// OpenSheetLink finds the link of a token's hash, counts that it was opened, and gives it; job.ErrNotFound for one that is not
// there, has come to its end, or leads to a connection that is not known. Such are looked for without writing: strangers may ask as often
// as they like, and hold up nobody.
func (s *Store) OpenSheetLink(ctx context.Context, hash string, known func(connection string) bool, now time.Time) (SheetLink, error) {
	var row sheetLinkRow
	err := s.read(ctx, "look for a link to a sheet", func(db *gorm.DB) error {
		found := db.Raw(`SELECT * FROM sheet_links WHERE hash = ? AND expires > ?`, hash, micros(now)).Scan(&row)
		if found.Error == nil && (row.Hash == "" || !known(row.Connection)) {
			return job.ErrNotFound
		}
		return found.Error
	})
	if err != nil {
		return row.link(), err
	}
	row = sheetLinkRow{}
	err = s.write(ctx, "open a link to a sheet", func(tx *gorm.DB) error {
		found := tx.Raw(`UPDATE sheet_links SET opened = opened + 1, last = ? WHERE hash = ? AND expires > ? RETURNING *`, micros(now), hash, micros(now)).Scan(&row)
		if found.Error == nil && (row.Hash == "" || !known(row.Connection)) {
			return job.ErrNotFound // which takes the count back
		}
		return found.Error
	})
	return row.link(), err
}

// SheetLinks gives the links to the sheet of a connection that have not ended, the latest end first.
func (s *Store) SheetLinks(ctx context.Context, connection string, now time.Time) ([]SheetLink, error) {
	var rows []sheetLinkRow
	err := s.read(ctx, "read links to the sheet of "+connection, func(db *gorm.DB) error {
		return db.Where("connection = ? AND expires > ?", connection, micros(now)).Order("expires DESC").Limit(knownMost).Find(&rows).Error
	})
	links := make([]SheetLink, len(rows))
	for i, r := range rows {
		links[i] = r.link()
	}
	return links, err
}

// EndSheetLinks ends all links to the sheet of a connection, and says how many there were.
func (s *Store) EndSheetLinks(ctx context.Context, connection, by string, now time.Time) (ended int64, err error) {
	err = s.write(ctx, "end the links to the sheet of "+connection, func(tx *gorm.DB) error {
		done := tx.Exec(`UPDATE sheet_links SET expires = ? WHERE connection = ? AND expires > ?`, micros(now), connection, micros(now))
		if ended = done.RowsAffected; done.Error != nil || ended == 0 {
			return done.Error
		}
		return s.audit(tx, by, "sheet.unlink", connection, "")
	})
	return ended, err
}
