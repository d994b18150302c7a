package main

import (
	"context"
	"slices"
	"time"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web/page"
)

// pageBooks read for the pages what the store remembers.
type pageBooks struct{ *store.Store }

func (b pageBooks) Runs(ctx context.Context, q page.RunQuery) ([]job.Run, int64, error) {
	p, err := b.RunPage(ctx, store.RunFilter{
		Job: q.Job, Connection: q.Connection, States: q.States, Since: q.Since, FileGlob: q.File, Sight: q.Sight, Before: q.Before, Limit: q.Limit,
	})
	return p.Runs, p.Next, err
}

func (b pageBooks) Outcomes(ctx context.Context, run, after int64) ([]job.Outcome, error) {
	return b.RunFilesAfter(ctx, run, after)
}

func (b pageBooks) Files(ctx context.Context, q page.FileQuery) ([]job.File, int64, error) {
	p, err := b.FilePage(ctx, store.FileFilter{Job: q.Job, States: q.States, Name: q.Name, SHA256: q.SHA256, Sight: q.Sight, Before: q.Before, Limit: q.Limit})
	return p.Files, p.Next, err
}

func (b pageBooks) Marks(ctx context.Context, jobs []string, from, to time.Time, most int) ([]page.Mark, error) {
	marks, err := b.Store.Marks(ctx, jobs, from, to, most)
	list := make([]page.Mark, len(marks))
	for i, m := range marks {
		list[i] = page.Mark{Job: m.Job, At: m.At, Word: m.State, Run: m.Run, Why: m.Slug}
	}
	return list, err
}

func (b pageBooks) Steps(ctx context.Context, run int64, files []int64) (map[int64][]page.Step, error) {
	steps, err := b.StepsOf(ctx, run, files)
	lists := make(map[int64][]page.Step, len(steps))
	for file, list := range steps {
		for _, s := range list {
			lists[file] = append(lists[file], page.Step{Run: s.Run, Step: s.Step, State: s.State, Slug: s.Slug, At: s.At})
		}
	}
	return lists, err
}

func (b pageBooks) Log(ctx context.Context, run, after int64, limit int) ([]page.LogLine, error) {
	lines, err := b.LogLines(ctx, run, after, limit)
	list := make([]page.LogLine, len(lines))
	for i, l := range lines {
		list[i] = page.LogLine{ID: l.ID, At: l.At, Level: l.Level, Line: l.Line}
	}
	return list, err
}

func (b pageBooks) Requests(ctx context.Context, run int64) ([]job.Request, error) {
	requests, err := b.Store.Requests(ctx, run)
	list := make([]job.Request, len(requests))
	for i, r := range requests {
		list[i] = r.Request
	}
	return list, err
}

// auditLooked is how many lines of the audit list are looked at for those about an object.
const auditLooked = 1000

func (b pageBooks) Audit(ctx context.Context, before int64, limit int, objects ...string) ([]page.AuditLine, error) {
	ask := limit
	if len(objects) > 0 {
		ask = auditLooked
	}
	lines, err := b.Store.Audit(ctx, before, ask)
	var list []page.AuditLine
	for _, l := range lines {
		if len(list) < limit && (len(objects) == 0 || slices.Contains(objects, l.Object)) {
			list = append(list, page.AuditLine{ID: l.ID, At: l.At, Who: l.Who, Act: l.Act, Object: l.Object, Detail: l.Detail})
		}
	}
	return list, err
}

func (b pageBooks) Incidents(ctx context.Context, sight job.Sight) ([]job.Incident, error) {
	return b.care().Incidents(ctx, sight)
}

func (b pageBooks) care() control.Care { return control.Care{Store: b.Store} }

// resolvedMost is how many incidents that are over are shown.
const resolvedMost = 100

func (b pageBooks) Resolved(ctx context.Context, since time.Time, sight job.Sight) ([]job.Incident, error) {
	over, err := b.care().Resolved(ctx, since, sight)
	return over[:min(len(over), resolvedMost)], err
}

func (b pageBooks) Ack(ctx context.Context, id int64, by, note string) error {
	return b.care().Ack(ctx, id, by, note)
}

func (b pageBooks) Silence(ctx context.Context, id int64, by, why string, until time.Time) error {
	return b.care().Silence(ctx, id, by, why, until)
}

func (b pageBooks) Unsilence(ctx context.Context, id int64, by string) error {
	return b.care().Unsilence(ctx, id, by)
}

func (b pageBooks) Arrivals(ctx context.Context, jobName string, limit int) ([]job.File, error) {
	return b.Arrived(ctx, jobName, limit)
}

func (b pageBooks) Extend(ctx context.Context, jobName string, until time.Time, by, why string) error {
	_, err := control.ExtendExpectation(ctx, b.Store, jobName, "", until, time.Now(), by, why)
	return err
}

// pageFigures count requests for the pages.
type pageFigures struct{ *control.Daemon }

func (f pageFigures) Stats(ctx context.Context, connection string, days int, zone *time.Location, sight job.Sight) (page.Stats, error) {
	s, err := f.Store.StatsOf(ctx, store.StatsQuery{Connection: connection, Sight: sight, Days: days, Zone: zone, Now: time.Now()})
	shown := page.Stats{
		Download: page.Tally(s.Requests.Download), Upload: page.Tally(s.Requests.Upload), BytesDown: s.Bytes.Down, BytesUp: s.Bytes.Up, Days: make([]page.Day, len(s.Days)),
	}
	for i, d := range s.Days {
		shown.Days[i] = page.Day{
			Date: d.Date, Download: page.Tally{OK: d.DownloadOK, Failed: d.DownloadFailed}, Upload: page.Tally{OK: d.UploadOK, Failed: d.UploadFailed},
			BytesDown: d.BytesDown, BytesUp: d.BytesUp,
		}
	}
	return shown, err
}
