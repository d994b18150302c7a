package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// StatsQuery says which figures are wanted.
type StatsQuery struct {
	Connection string // empty: of all that Sight shows
	Sight      job.Sight
	Days       int // today and the days before, at most 3,660; 0: the hour under way and the 23 before it
	Zone       *time.Location
	Now        time.Time
}

const (
	mostDays   = 3660
	hoursInDay = 24
)

// StatsOf gives the figures of a connection, or of all. They come from the roll-ups, so they never change when old rows are pruned.
func (s *Store) StatsOf(ctx context.Context, q StatsQuery) (Stats, error) {
	series := seriesOf(q)
	var rows []quarterSum
	err := s.read(ctx, "count the requests of "+q.Connection, func(db *gorm.DB) error {
		// Connections come first: the roll-ups are in their order, and of each only the end is wanted.
		of := seen(equal(db.Table("request_totals").Distinct("connection"), "connection", q.Connection), "connection", q.Sight)
		return db.Raw(`SELECT quarter, direction, sum(ok) AS ok, sum(failed) AS failed, sum(bytes) AS bytes FROM (?) AS c
			CROSS JOIN request_quarters AS q WHERE q.connection = c.connection AND quarter >= ? AND quarter <= ? GROUP BY quarter, direction`,
			of, quarter(micros(series.from)), quarter(micros(q.Now))).Scan(&rows).Error
	})
	for _, r := range rows {
		if i, in := series.index[series.label(time.Unix(r.Quarter*900, 0).In(q.Zone))]; in {
			series.points[i].add(r)
		}
	}
	return series.stats(q.Days > 0), err
}

// series are the days, or the hours, in which requests are counted.
type series struct {
	from   time.Time // no later than the first begins
	points []Day
	index  map[string]int
	label  func(time.Time) string
}

func seriesOf(q StatsQuery) series {
	s := series{index: map[string]int{}}
	if q.Days > 0 {
		s.points, s.label = calendar(min(q.Days, mostDays), q.Zone, q.Now), func(t time.Time) string { return t.Format(time.DateOnly) }
		first, _ := time.ParseInLocation(time.DateOnly, s.points[0].Date, q.Zone) // written by calendar
		s.from = first.Add(-time.Hour)                                            // a day may begin with a change of clocks
	} else {
		now := hourOf(q.Now.In(q.Zone))
		s.from, s.label = now.Add((1-hoursInDay)*time.Hour), func(t time.Time) string { return hourOf(t).Format(time.RFC3339) }
		for i := range hoursInDay { // hours that pass, of which two may have one name when clocks change
			s.points = append(s.points, Day{Date: s.label(s.from.Add(time.Duration(i) * time.Hour))})
		}
	}
	for i, p := range s.points {
		s.index[p.Date] = i
	}
	return s
}

// hourOf is when the hour began on the clock on the wall.
func hourOf(t time.Time) time.Time {
	into := time.Duration(t.Minute())*time.Minute + time.Duration(t.Second())*time.Second + time.Duration(t.Nanosecond())
	return t.Add(-into)
}

func (s series) stats(days bool) (stats Stats) {
	stats.sum(s.points)
	if days {
		stats.Days = s.points
	} else {
		stats.Hours = s.points
	}
	return stats
}
