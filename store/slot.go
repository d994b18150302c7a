package store

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/haulier/haulier/job"
)

type slotRow struct {
	Job       string
	Wall      string
	UTCOffset int `gorm:"column:utc_offset"`
	Due       int64
	Zone      string
	State     string
	Reason    string
	Run       int64
}

func (slotRow) TableName() string { return "slots" }

func (r slotRow) slot() job.Slot {
	return job.Slot{
		Job: r.Job, Wall: r.Wall, Offset: r.UTCOffset, Due: instant(r.Due), Zone: r.Zone,
		State: job.SlotState(r.State), Reason: reasonFrom(r.Reason), Run: r.Run,
	}
}

func slotsOf(rows []slotRow) []job.Slot {
	slots := make([]job.Slot, len(rows))
	for i, r := range rows {
		slots[i] = r.slot()
	}
	return slots
}

// AddSlot records a due time, due unless the slot says otherwise. It says whether the slot is new: one that was
// recorded before, in whatever state, is left alone.
func (s *Store) AddSlot(ctx context.Context, slot job.Slot) (created bool, err error) {
	row := slotRow{slot.Job, slot.Wall, slot.Offset, micros(slot.Due), slot.Zone, string(slot.State), reasonText(slot.Reason), slot.Run}
	if row.State == "" {
		row.State = string(job.SlotDue)
	}
	err = s.write(ctx, fmt.Sprintf("record slot %s of %s", slot.Wall, slot.Job), func(tx *gorm.DB) error {
		result := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&row)
		created = result.RowsAffected == 1
		return result.Error
	})
	return created && err == nil, err
}

// EndSlot records how a slot ended. The same end again is fine and may name the run; another end gives job.ErrStale,
// and a slot that was never added job.ErrNotFound.
func (s *Store) EndSlot(ctx context.Context, slot job.Slot) error {
	return s.write(ctx, fmt.Sprintf("end slot %s of %s", slot.Wall, slot.Job), func(tx *gorm.DB) error {
		is := tx.Where("job = ? AND wall = ? AND utc_offset = ?", slot.Job, slot.Wall, slot.Offset)
		result := tx.Model(&slotRow{}).Where(is).Where("state IN ?", []string{string(job.SlotDue), string(slot.State)}).
			Updates(map[string]any{"state": string(slot.State), "reason": reasonText(slot.Reason), "run": slot.Run})
		if result.Error != nil || result.RowsAffected > 0 {
			return result.Error
		}
		return orNotFound(tx.Model(&slotRow{}).Where(is))
	})
}

// orNotFound tells a row that has moved on from one that is not there.
func orNotFound(query *gorm.DB) error {
	var n int64
	if err := query.Count(&n).Error; err != nil {
		return err
	}
	if n == 0 {
		return job.ErrNotFound
	}
	return job.ErrStale
}

// OpenSlots gives the slots of a job that have not ended, oldest first.
func (s *Store) OpenSlots(ctx context.Context, jobName string) ([]job.Slot, error) {
	var rows []slotRow
	err := s.read(ctx, "read open slots of "+jobName, func(db *gorm.DB) error {
		return db.Where("job = ? AND state = 'due'", jobName).Order("due").Find(&rows).Error
	})
	return slotsOf(rows), err
}

// LastSlot gives the latest slot of a job, if there is one.
func (s *Store) LastSlot(ctx context.Context, jobName string) (job.Slot, bool, error) {
	var rows []slotRow
	err := s.read(ctx, "read the last slot of "+jobName, func(db *gorm.DB) error {
		return db.Where("job = ?", jobName).Order("due DESC, wall DESC").Limit(1).Find(&rows).Error
	})
	if err != nil || len(rows) == 0 {
		return job.Slot{}, false, err
	}
	return rows[0].slot(), true, nil
}

// Slots gives the slots of a job since a time, oldest first; the last 1,000.
func (s *Store) Slots(ctx context.Context, jobName string, since time.Time) ([]job.Slot, error) {
	var rows []slotRow
	err := s.read(ctx, "read the slots of "+jobName, func(db *gorm.DB) error {
		latest := db.Model(&slotRow{}).Where("job = ? AND due >= ?", jobName, micros(since)).Order("due DESC").Limit(knownMost)
		return db.Table("(?) AS s", latest).Order("due, wall").Find(&rows).Error
	})
	return slotsOf(rows), err
}
