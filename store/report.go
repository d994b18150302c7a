package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// ErrNotLanded: only of a file that has landed can be said what became of it.
var ErrNotLanded = errors.New("the file has not landed")

type reportRow struct {
	File    int64 `gorm:"primaryKey"`
	Created int64
	Updated int64
	Deleted int64
	Errored int64
	Note    string
	ByWhom  string
	At      int64
}

func (reportRow) TableName() string { return "file_reports" }

func (r reportRow) report() job.Report {
	return job.Report{File: r.File, Created: r.Created, Updated: r.Updated, Deleted: r.Deleted, Errored: r.Errored, Note: r.Note, By: r.ByWhom, At: instant(r.At)}
}

// says is what a report says, without who said it and when.
func (r reportRow) says() reportRow {
	r.ByWhom, r.At = "", 0
	return r
}

func (r reportRow) text() string {
	return fmt.Sprintf("%d created, %d updated, %d deleted, %d errored", r.Created, r.Updated, r.Deleted, r.Errored)
}

// ReportFile keeps what became of a landed file, with its event and a line in the audit list, and gives what is kept. The same
// report again changes nothing. Another one is kept only if it is to replace the first: else that is given, and job.ErrExists.
// When nothing of the job is waited for any more, the incident of its silence ends with it.
func (s *Store) ReportFile(ctx context.Context, r job.Report, replace bool) (kept job.Report, err error) {
	err = s.write(ctx, fmt.Sprintf("keep the report of file %d", r.File), func(tx *gorm.DB) error {
		f, err := landedFile(tx, r.File)
		if err != nil {
			return err
		}
		row := reportRow{r.File, r.Created, r.Updated, r.Deleted, r.Errored, r.Note, r.By, s.now()}
		before, found, err := reportOf(tx, r.File)
		if err != nil {
			return err
		}
		kept = before.report()
		switch {
		case found && before.says() == row.says():
			return nil
		case found && !replace:
			return job.ErrExists
		}
		kept = row.report()
		return s.keepReport(tx, f, row, before, found)
	})
	return kept, err
}

func landedFile(tx *gorm.DB, id int64) (job.File, error) {
	var rows []fileRow
	if err := tx.Where("id = ?", id).Find(&rows).Error; err != nil {
		return job.File{}, err
	}
	if len(rows) == 0 {
		return job.File{}, job.ErrNotFound
	}
	f := rows[0].file()
	if f.Type != job.TypeImport || f.State != job.FileLanded {
		return f, ErrNotLanded
	}
	return f, nil
}

func reportOf(tx *gorm.DB, file int64) (row reportRow, found bool, err error) {
	var rows []reportRow
	err = tx.Where("file = ?", file).Find(&rows).Error
	return first(rows), len(rows) > 0, err
}

func (s *Store) keepReport(tx *gorm.DB, f job.File, row, before reportRow, replaces bool) error {
	if err := tx.Save(&row).Error; err != nil {
		return err
	}
	detail := row.text()
	if replaces {
		detail += "; before: " + before.text()
	}
	if err := s.audit(tx, row.ByWhom, "file.outcome", fmt.Sprintf("file %d", f.ID), detail); err != nil {
		return err
	}
	if err := s.tellReport(tx, f, row, replaces); err != nil {
		return err
	}
	if err := tx.Exec(`DELETE FROM report_waits WHERE file = ?`, f.ID).Error; err != nil {
		return err
	}
	return s.endSilence(tx, f.Job, "")
}

// reportEvent is what is told of a report.
type reportEvent struct {
	ID         int64  `json:"id"`
	Run        int64  `json:"run_id,omitempty"`
	Job        string `json:"job"`
	Connection string `json:"connection"`
	Entity     string `json:"entity,omitempty"`
	Local      place  `json:"local"`
	Created    int64  `json:"created"`
	Updated    int64  `json:"updated"`
	Deleted    int64  `json:"deleted"`
	Errored    int64  `json:"errored"`
	Note       string `json:"note,omitempty"`
	By         string `json:"by"`
	Replaces   bool   `json:"replaces"`
}

func (s *Store) tellReport(tx *gorm.DB, f job.File, r reportRow, replaces bool) error {
	of, err := factsOf(tx, runOf{f.Connection, f.Run})
	if err != nil {
		return err
	}
	return s.tell(tx, job.EventFileOutcome, reportEvent{
		ID: f.ID, Run: f.Run, Job: f.Job, Connection: f.Connection, Entity: of.entity,
		Local:   place{Path: short(f.Local), Size: f.Plain.Size, SHA256: f.Plain.SHA256},
		Created: r.Created, Updated: r.Updated, Deleted: r.Deleted, Errored: r.Errored, Note: r.Note, By: r.ByWhom, Replaces: replaces,
	})
}

// reportsAtOnce is how many files one statement asks for.
const reportsAtOnce = 500

// Reports gives what became of files, by their numbers; those of which nobody has said anything are left out.
func (s *Store) Reports(ctx context.Context, files []int64) (map[int64]job.Report, error) {
	reports := map[int64]job.Report{}
	err := s.read(ctx, "read reports of files", func(db *gorm.DB) error {
		for len(files) > 0 {
			some := files[:min(len(files), reportsAtOnce)]
			files = files[len(some):]
			var rows []reportRow
			if err := db.Where("file IN ?", some).Find(&rows).Error; err != nil {
				return err
			}
			for _, r := range rows {
				reports[r.File] = r.report()
			}
		}
		return nil
	})
	return reports, err
}

// nothing is sql.ErrNoRows passed over.
func nothing(err error) error {
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	return err
}
