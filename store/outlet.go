package store

import (
	"context"
	"encoding/json"
	"slices"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// outletRow is a channel and how it stands.
type outletRow struct {
	Name       string
	Fallback   string
	Recipients string
	Mark       string
	After      int64
	Failures   int
	Succeeded  int64
	Disabled   int64
	Gone       bool
	Probe      int64
	Removed    int64
}

func (outletRow) TableName() string { return "channels" }

// dead says that nothing is sent any more.
func (r outletRow) dead() bool { return r.Disabled != 0 }

// trip is how many failures in a row let alerts go to the fallback as well.
const trip = 3

// ailing says that alerts are better told elsewhere too.
func (r outletRow) ailing() bool { return r.dead() || r.Failures >= trip }

// targets are the recipients; one without a name where a channel has one target.
func (r outletRow) targets() []string {
	var all []string
	if err := json.Unmarshal([]byte(r.Recipients), &all); err != nil || len(all) == 0 {
		return []string{""}
	}
	return all
}

// outletsOf reads the channels that are in the configuration, by name.
func outletsOf(tx *gorm.DB) (map[string]outletRow, error) {
	var rows []outletRow
	if err := tx.Where("removed = 0").Find(&rows).Error; err != nil {
		return nil, err
	}
	all := make(map[string]outletRow, len(rows))
	for _, r := range rows {
		all[r.Name] = r
	}
	return all, nil
}

// UseOutlets records the channels that the configuration has. A new one is told of what happens from now on, and of nothing that
// was before; one whose configuration has changed gets a new chance if it was dead; what is owed to one that is gone is
// dropped, and incidents about it end.
func (s *Store) UseOutlets(ctx context.Context, outlets []job.Outlet) error {
	return s.Together(ctx, "record which channels there are", func(s *Store) error {
		var gone []string
		err := s.write(ctx, "record the channels", func(tx *gorm.DB) (err error) {
			gone, err = s.useOutlets(tx, outlets)
			return err
		})
		for _, name := range gone {
			if err == nil {
				err = s.channelWell(ctx, name)
			}
		}
		return err
	})
}

func (s *Store) useOutlets(tx *gorm.DB, outlets []job.Outlet) (gone []string, err error) {
	before, err := outletsOf(tx)
	if err != nil {
		return nil, err
	}
	var last int64
	if err := tx.Raw(`SELECT coalesce(max(id), 0) FROM events`).Scan(&last).Error; err != nil {
		return nil, err
	}
	if len(before) == 0 { // nobody was told of what has been so far, and nobody will be
		if err := tx.Exec(`UPDATE routed SET event = max(event, ?)`, last).Error; err != nil {
			return nil, err
		}
	}
	for _, o := range outlets {
		if err := useOutlet(tx, o, last); err != nil {
			return nil, err
		}
	}
	for name := range before {
		if slices.ContainsFunc(outlets, func(o job.Outlet) bool { return o.Name == name }) {
			continue
		}
		gone = append(gone, name)
		if err := s.dropOutlet(tx, name); err != nil {
			return nil, err
		}
	}
	return gone, nil
}

func useOutlet(tx *gorm.DB, o job.Outlet, last int64) error {
	return tx.Exec(`INSERT INTO channels (name, fallback, recipients, mark, after) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET fallback = excluded.fallback, recipients = excluded.recipients, mark = excluded.mark,
		after = CASE removed WHEN 0 THEN after ELSE excluded.after END, removed = 0,
		failures = CASE mark WHEN excluded.mark THEN failures ELSE 0 END,
		disabled = CASE mark WHEN excluded.mark THEN disabled ELSE 0 END,
		gone = CASE mark WHEN excluded.mark THEN gone ELSE 0 END`,
		o.Name, o.Fallback, jsonText(o.Recipients), o.Mark, last).Error
}

func (s *Store) dropOutlet(tx *gorm.DB, name string) error {
	err := tx.Exec(`UPDATE channels SET removed = ?, failures = 0, disabled = 0, gone = 0 WHERE name = ?`, s.now(), name).Error
	if err != nil {
		return err
	}
	return tx.Exec(`UPDATE deliveries SET state = ?, next = 0, detail = ? WHERE channel = ? AND next <> 0`, job.DeliveryDropped, channelGone, name).Error
}
