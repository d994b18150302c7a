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

// Marks gives what was due and what ran. A slot that a run served is that run.
func (b pageBooks) Marks(ctx context.Context, jobs []string, from, to time.Time, most int) ([]page.Mark, error) {
	var marks []page.Mark
	for _, name := range jobs {
		runs, err := b.Store.Runs(ctx, store.RunFilter{Job: name, Since: from, Limit: most})
		if err != nil {
			return nil, err
		}
		for _, r := range runs {
			if r.Started.Before(to) {
				marks = append(marks, page.Mark{Job: name, At: r.Started, Word: string(r.State), Run: r.ID, Why: reasonSlug(r.Reason)})
			}
		}
		slots, err := b.Slots(ctx, name, from)
		if err != nil {
			return nil, err
		}
		for _, slot := range slots {
			if slot.Due.Before(to) && (slot.State == job.SlotSkipped || slot.State == job.SlotMissed) {
				marks = append(marks, page.Mark{Job: name, At: slot.Due, Word: string(slot.State), Run: slot.Run, Why: reasonSlug(slot.Reason)})
			}
		}
	}
	return marks, nil
}

func reasonSlug(r *job.Reason) string {
	if r == nil {
		return ""
	}
	return r.Slug
}

func (b pageBooks) Steps(ctx context.Context, file int64) ([]page.Step, error) {
	steps, err := b.Store.Steps(ctx, file)
	list := make([]page.Step, len(steps))
	for i, s := range steps {
		list[i] = page.Step{Run: s.Run, Step: s.Step, State: s.State, Slug: s.Slug, At: s.At}
	}
	return list, err
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
	return b.FindIncidents(ctx, store.IncidentQuery{Sight: sight})
}

// resolvedMost is how many incidents that are over are shown.
const resolvedMost = 100

func (b pageBooks) Resolved(ctx context.Context, since time.Time, sight job.Sight) ([]job.Incident, error) {
	all, err := b.FindIncidents(ctx, store.IncidentQuery{Sight: sight, Over: true, Since: since})
	over := slices.DeleteFunc(all, func(i job.Incident) bool { return i.Resolved.IsZero() })
	return over[:min(len(over), resolvedMost)], err
}

func (b pageBooks) Ack(ctx context.Context, id int64, by, note string) error {
	_, err := b.AckIncident(ctx, id, by, note, time.Now())
	return err
}

func (b pageBooks) Silence(ctx context.Context, id int64, by, why string, until time.Time) error {
	_, err := b.SilenceIncident(ctx, id, by, why, until, time.Now())
	return err
}

func (b pageBooks) Unsilence(ctx context.Context, id int64, by string) error {
	_, err := b.UnsilenceIncident(ctx, id, by, time.Now())
	return err
}

func (b pageBooks) Arrivals(ctx context.Context, jobName string, limit int) ([]job.File, error) {
	return b.LastArrivals(ctx, jobName, limit)
}

func (b pageBooks) Extend(ctx context.Context, jobName string, until time.Time, by, why string) error {
	_, err := control.ExtendExpectation(ctx, b.Store, jobName, "", until, time.Now(), by, why)
	return err
}

// pageFigures count requests for the pages.
type pageFigures struct{ *control.Daemon }

// Stats counts what a sight shows: of somebody who sees some connections only, each of them by itself.
func (f pageFigures) Stats(ctx context.Context, connection string, days int, zone *time.Location, sight job.Sight) (page.Stats, error) {
	names := []string{connection}
	if connection == "" && !sight.Whole() {
		names = nil
		for name, c := range f.Config().Connections {
			if sight.Sees(c.Entity) {
				names = append(names, name)
			}
		}
		if len(names) == 0 {
			return page.Stats{}, nil
		}
	}
	var total page.Stats
	for _, name := range names {
		stats, err := f.Store.Stats(ctx, name, days, zone, time.Now())
		if err != nil {
			return total, err
		}
		addStats(&total, stats)
	}
	return total, nil
}

func addStats(total *page.Stats, s store.Stats) {
	if total.Days == nil {
		total.Days = make([]page.Day, len(s.Days))
	}
	for i, d := range s.Days {
		into := &total.Days[i]
		into.Date = d.Date
		into.Download.OK, into.Download.Failed = into.Download.OK+d.DownloadOK, into.Download.Failed+d.DownloadFailed
		into.Upload.OK, into.Upload.Failed = into.Upload.OK+d.UploadOK, into.Upload.Failed+d.UploadFailed
		into.BytesDown, into.BytesUp = into.BytesDown+d.BytesDown, into.BytesUp+d.BytesUp
	}
	q := s.Requests
	total.Download.OK, total.Download.Failed = total.Download.OK+q.Download.OK, total.Download.Failed+q.Download.Failed
	total.Upload.OK, total.Upload.Failed = total.Upload.OK+q.Upload.OK, total.Upload.Failed+q.Upload.Failed
	total.BytesDown, total.BytesUp = total.BytesDown+s.Bytes.Down, total.BytesUp+s.Bytes.Up
}
