package store

import (
	"context"
	"time"

	"gorm.io/gorm"
)

// Stats are the figures of a connection over a number of days: what connections stats prints.
type Stats struct {
	Requests RequestStats `json:"requests"`
	// SuccessRate is ok / (ok + failed), from 0 to 1; nil without requests.
	SuccessRate *float64  `json:"success_rate"`
	Bytes       ByteStats `json:"bytes"`
	Days        []Day     `json:"days"` // oldest first, days without requests included
	Hours       []Day     `json:"hours,omitempty"`
}

// RequestStats counts requests by outcome and by direction.
type RequestStats struct {
	Total    int64       `json:"total"`
	OK       int64       `json:"ok"`
	Failed   int64       `json:"failed"`
	Download OutcomeStat `json:"download"`
	Upload   OutcomeStat `json:"upload"`
}

// OutcomeStat counts requests of one direction by outcome.
type OutcomeStat struct {
	OK     int64 `json:"ok"`
	Failed int64 `json:"failed"`
}

// ByteStats are bytes on the wire, those of failed attempts included.
type ByteStats struct {
	Down int64 `json:"down"`
	Up   int64 `json:"up"`
}

// Day is one day, or one hour, of the three series.
type Day struct {
	Date           string `json:"date"` // 2006-01-02 in the zone asked for; of an hour, when it began
	DownloadOK     int64  `json:"download_ok"`
	DownloadFailed int64  `json:"download_failed"`
	UploadOK       int64  `json:"upload_ok"`
	UploadFailed   int64  `json:"upload_failed"`
	BytesDown      int64  `json:"bytes_down"`
	BytesUp        int64  `json:"bytes_up"`
}

type quarterSum struct {
	Quarter   int64
	Direction string
	OK        int64 `gorm:"column:ok"`
	Failed    int64
	Bytes     int64
}

// Stats gives the figures of a connection, or of all when it is empty, for today and the days before, in the zone; a day at least.
func (s *Store) Stats(ctx context.Context, connection string, days int, zone *time.Location, now time.Time) (Stats, error) {
	return s.StatsOf(ctx, StatsQuery{Connection: connection, Days: max(days, 1), Zone: zone, Now: now})
}

// calendar gives the last days up to now. It counts dates, not hours, so that a day of 23 or 25 hours is one.
func calendar(days int, zone *time.Location, now time.Time) []Day {
	year, month, today := now.In(zone).Date()
	list := make([]Day, days)
	for i := range list {
		list[i].Date = time.Date(year, month, today-days+1+i, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	}
	return list
}

func (d *Day) add(r quarterSum) {
	if r.Direction == "upload" {
		d.UploadOK, d.UploadFailed, d.BytesUp = d.UploadOK+r.OK, d.UploadFailed+r.Failed, d.BytesUp+r.Bytes
		return
	}
	d.DownloadOK, d.DownloadFailed, d.BytesDown = d.DownloadOK+r.OK, d.DownloadFailed+r.Failed, d.BytesDown+r.Bytes
}

func (s *Stats) sum(points []Day) {
	q := &s.Requests
	for _, d := range points {
		q.Download.OK, q.Download.Failed = q.Download.OK+d.DownloadOK, q.Download.Failed+d.DownloadFailed
		q.Upload.OK, q.Upload.Failed = q.Upload.OK+d.UploadOK, q.Upload.Failed+d.UploadFailed
		s.Bytes.Down, s.Bytes.Up = s.Bytes.Down+d.BytesDown, s.Bytes.Up+d.BytesUp
	}
	q.OK, q.Failed = q.Download.OK+q.Upload.OK, q.Download.Failed+q.Upload.Failed
	if q.Total = q.OK + q.Failed; q.Total > 0 {
		rate := float64(q.OK) / float64(q.Total)
		s.SuccessRate = &rate
	}
}

// Total counts the requests of one connection, job and direction since the store began.
type Total struct {
	Connection string
	Job        string
	Direction  string
	OK         int64 `gorm:"column:ok"`
	Failed     int64 // may fall: a retry that succeeds turns a failed request into a good one
	Bytes      int64

	// Attempts never fall, as a counter for Prometheus must not.
	AttemptsOK     int64 `gorm:"column:attempts_ok"`
	AttemptsFailed int64
}

// Totals gives the counts for the process metrics.
func (s *Store) Totals(ctx context.Context) ([]Total, error) {
	var totals []Total
	err := s.read(ctx, "count all requests", func(db *gorm.DB) error {
		return db.Table("request_totals").Order("connection, job, direction").Find(&totals).Error
	})
	return totals, err
}

// RunTotal counts the ended runs of a job by state.
type RunTotal struct {
	Job   string
	State string
	Count int64
}

// RunTotals gives the counts of runs for the process metrics.
func (s *Store) RunTotals(ctx context.Context) ([]RunTotal, error) {
	var totals []RunTotal
	err := s.read(ctx, "count all runs", func(db *gorm.DB) error {
		return db.Table("run_totals").Order("job, state").Find(&totals).Error
	})
	return totals, err
}
