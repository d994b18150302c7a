package main

import (
	"context"
	"fmt"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/naming"
)

// reportsOf finds what was reported of the files of a run.
func reportsOf(ctx context.Context, s *store.Store, outcomes []job.Outcome) (map[int64]job.Report, error) {
	ids := make([]int64, len(outcomes))
	for i, o := range outcomes {
		ids[i] = o.File.ID
	}
	return s.Reports(ctx, ids)
}

func reportOf(reports map[int64]job.Report, file int64) *job.Report {
	if r, found := reports[file]; found {
		return &r
	}
	return nil
}

// reportText is a report as people read it, in a line.
func reportText(r job.Report, zone *time.Location) string {
	text := fmt.Sprintf("%d created, %d updated, %d deleted, %d errored; reported by %s on %s", r.Created, r.Updated, r.Deleted, r.Errored,
		naming.Printable(r.By, 100), r.At.In(zone).Format("2006-01-02 15:04:05 MST"))
	if r.Note != "" {
		text += ": " + naming.Printable(r.Note, 1000)
	}
	return text
}
