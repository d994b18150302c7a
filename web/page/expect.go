package page

import (
	"context"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
)

// calendarDays is how many days of an expectation are shown.
const calendarDays = 30

// arrivalsMost is how many files the histogram counts.
const arrivalsMost = 500

// expected gathers what a job's page says of what has to come by when.
func (p *pages) expected(ctx context.Context, spec job.Spec, shown *jobShown) error {
	var err error
	since := p.Clock().In(spec.Timing.Zone).AddDate(0, 0, -calendarDays).Format(time.DateOnly)
	if shown.Days, err = p.Expects.Expectations(ctx, spec.Name, since, calendarDays+1); err != nil {
		return err
	}
	slices.SortFunc(shown.Days, func(a, b job.Expectation) int { return strings.Compare(a.Day, b.Day) })
	shown.Expect = expectInWords(spec)
	files, err := p.Expects.Arrivals(ctx, spec.Name, arrivalsMost)
	shown.Arrivals = arrivalsOf(files, p.Clock().AddDate(0, 0, -calendarDays), spec.Timing.Zone)
	return err
}

// expectInWords says what a job has to bring by when.
func expectInWords(spec job.Spec) string {
	e := spec.Expect
	if e == nil {
		return ""
	}
	text := fmt.Sprintf("%s by %s", count(e.Files, "file"), wall(e.By))
	if e.Grace > 0 {
		text += fmt.Sprintf(", missing at %s", wall(e.By+int(e.Grace/time.Minute)))
	}
	if days := daysOf(e.Days); days != "" {
		text += ", " + days
	}
	return text + ", " + spec.Timing.Zone.String()
}

// wall is a time of day by its minutes after midnight.
func wall(minutes int) string {
	return fmt.Sprintf("%02d:%02d", minutes/60%24, minutes%60)
}

func daysOf(days [7]bool) string {
	var names []string
	for i := range 7 {
		if day := time.Weekday((i + 1) % 7); days[day] {
			names = append(names, day.String()[:3])
		}
	}
	if len(names) == 7 {
		return "every day"
	}
	return strings.Join(names, " ")
}

// arrivals are when files came, by the time of day.
type arrivals struct {
	Count     int
	Days      int
	Halves    [48]int // half hours of the day
	Usual     string  // the middle of the last arrivals of each day
	Suggested string  // a deadline that 19 of 20 of those days would have met; empty: too few to say
}

// leastDays is how many days it takes to suggest a deadline.
const leastDays = 5

func arrivalsOf(files []job.File, since time.Time, zone *time.Location) arrivals {
	var a arrivals
	last := map[string]int{}
	for _, f := range files {
		came := f.Seen
		if came.IsZero() {
			came = f.Ended
		}
		if came.Before(since) {
			continue
		}
		local := came.In(zone)
		minute := local.Hour()*60 + local.Minute()
		a.Count++
		a.Halves[minute/30]++
		if day := local.Format(time.DateOnly); minute >= last[day] {
			last[day] = minute
		}
	}
	a.Days = len(last)
	var minutes []int
	for _, minute := range last {
		minutes = append(minutes, minute)
	}
	if len(minutes) >= leastDays {
		a.judge(minutes)
	}
	return a
}

const day = 24 * 60

// judge finds the usual time, and one that is late. A day begins behind the longest time in which nothing ever came, so that what comes
// around midnight is one evening's.
func (a *arrivals) judge(minutes []int) {
	slices.Sort(minutes)
	begin, longest := 0, -1
	for i, m := range minutes {
		before := minutes[(i+len(minutes)-1)%len(minutes)]
		if gap := (m - before + day) % day; gap > longest {
			begin, longest = m, gap
		}
	}
	for i, m := range minutes {
		minutes[i] = (m - begin + day) % day
	}
	slices.Sort(minutes)
	at := func(share float64) int { return minutes[int(share*float64(len(minutes)-1)+0.5)] + begin }
	a.Usual = wall(at(0.5))
	a.Suggested = wall((at(0.95)/15 + 1) * 15)
}

// Chart draws when files came.
func (a arrivals) Chart() template.HTML {
	top := 1
	for _, n := range a.Halves {
		top = max(top, n)
	}
	var out strings.Builder
	step := float64(chartWide) / 48
	for i, n := range a.Halves {
		if n > 0 {
			high := max(2, float64(n)/float64(top)*(chartHigh-4))
			fmt.Fprintf(&out, `<rect class="c-down" x="%.1f" y="%.1f" width="%.1f" height="%.1f"><title>%s: %s</title></rect>`, float64(i)*step+1, chartHigh-high, step-2, high, wall(i*30), count(n, "file"))
		}
	}
	return template.HTML(fmt.Sprintf(`<div class="plot low"><svg viewBox="0 0 %d %d" preserveAspectRatio="none" aria-hidden="true" focusable="false">%s</svg></div>`, chartWide, chartHigh, out.String()))
}

// Rows are the half hours in which something came.
func (a arrivals) Rows() (rows []struct {
	At string
	N  int
}) {
	for i, n := range a.Halves {
		if n > 0 {
			rows = append(rows, struct {
				At string
				N  int
			}{wall(i*30) + "–" + wall(i*30+30), n})
		}
	}
	return rows
}
