package control

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path"
	"time"
	"unicode/utf8"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/naming"
)

// ReportBook keeps what the platform reports of files that landed.
type ReportBook interface {
	ReportFile(ctx context.Context, r job.Report, replace bool) (job.Report, error)
}

// noteMost is how long a note may be, in bytes.
const noteMost = 1000

// ReportFile keeps what became of the records of a landed file, and gives what is kept.
func ReportFile(ctx context.Context, book ReportBook, r job.Report, replace bool) (job.Report, error) {
	if why := unfit(r); why != "" {
		return job.Report{}, &job.Reason{Slug: "report.unfit", What: "no report was kept", Cause: why, Do: "send created, updated, deleted and errored as counts", Who: job.WhoUs}
	}
	kept, err := book.ReportFile(ctx, r, replace)
	switch {
	case errors.Is(err, store.ErrNotLanded):
		return kept, &job.Reason{
			Slug: "report.not_landed", What: "no report was kept", Cause: fmt.Sprintf("file %d has not landed, so nobody can have taken it", r.File),
			Do: fmt.Sprintf("compare the number with the event file.landed; GET /api/v1/files/%d says how the file stands", r.File), Who: job.WhoUs, Err: err,
		}
	case errors.Is(err, job.ErrExists):
		return kept, &job.Reason{
			Slug: "report.differs", What: "the report that is kept stays as it is",
			Cause: fmt.Sprintf("%s reported file %d at %s with other counts or another note", naming.Printable(kept.By, 100), r.File, kept.At.UTC().Format(time.RFC3339)),
			Do:    `look which of both is true; "replace": true replaces the one that is kept`, Who: job.WhoUs, Err: err,
		}
	}
	return kept, err
}

// mostRecords bounds a count: what JSON readers keep exactly.
const mostRecords = 1 << 53

func unfit(r job.Report) string {
	for _, n := range []int64{r.Created, r.Updated, r.Deleted, r.Errored} {
		if n < 0 || n > mostRecords {
			return fmt.Sprintf("%d is no count of records", n)
		}
	}
	if len(r.Note) > noteMost || !utf8.ValidString(r.Note) {
		return fmt.Sprintf("the note is not UTF-8, or longer than %d bytes", noteMost)
	}
	return ""
}

// ReportsWanted are the jobs whose landed files are to be reported, and within how long.
func ReportsWanted(cfg *config.Config) map[string]time.Duration {
	within := map[string]time.Duration{}
	for _, spec := range cfg.Jobs {
		if spec.Import != nil && spec.Import.ReportWithin > 0 {
			within[spec.Name] = spec.Import.ReportWithin
		}
	}
	return within
}

// SilenceBook is what the clock of reports reads and writes.
type SilenceBook interface {
	SilentJobs(ctx context.Context, now time.Time, limit int) (names []string, next time.Time, err error)
	TellSilence(ctx context.Context, jobName string, now time.Time, say func(job.Silence) job.Reason) (told bool, err error)
}

// ReportClock has people told when files landed and nobody reports what became of them. As that of alerts it has no memory:
// what was told is written with the incident, so that a process that dies anywhere tells nothing twice.
type ReportClock struct {
	Book   SilenceBook
	Logger *slog.Logger
}

const (
	reportLook  = 30 * time.Second // how long the clock sleeps at most
	reportBatch = 200
)

// Run looks until the context ends.
func (c *ReportClock) Run(ctx context.Context) {
	beat(ctx, reportLook, c.pass, func(err error) {
		c.Logger.Error("files that nobody reports were not told of; they are once the store can be used", "error", err)
	})
}

// pass tells of all jobs that are silent by now, and gives when the next one is.
func (c *ReportClock) pass(ctx context.Context) (next time.Time, err error) {
	now := time.Now()
	for {
		names, next, err := c.Book.SilentJobs(ctx, now, reportBatch)
		if err != nil || len(names) == 0 {
			return next, err
		}
		for _, name := range names {
			if _, err := c.Book.TellSilence(ctx, name, now, silentReason); err != nil {
				return next, err
			}
			c.Logger.Warn("nobody reports what became of landed files", "job", name)
		}
	}
}

func silentReason(s job.Silence) job.Reason {
	count, have := fmt.Sprintf("%d files", s.Files), "have"
	switch {
	case s.Files == 1:
		count, have = "1 file", "has"
	case s.Files >= job.SilenceCounted:
		count = "at least " + count
	}
	return job.Reason{
		Slug: "report.silent", What: fmt.Sprintf("%s: %s landed and %s not been reported within %s", s.Job, count, have, s.Within),
		Cause: fmt.Sprintf("the platform has not said what became of the records; the oldest is file %d, %s, landed %s", s.First.ID,
			naming.Printable(path.Base(s.First.Path), 200), s.First.Ended.UTC().Format(time.RFC3339)),
		Do:  fmt.Sprintf("look whether the platform takes files; it answers with POST /api/v1/files/%d/outcome", s.First.ID),
		Who: job.WhoUs,
	}
}
