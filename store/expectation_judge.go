package store

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// JudgeExpectation lets Decide say what a day has come to, and writes that with its event and incident in one transaction.
// What came is counted in it, and the time is taken in it: what landed a moment before the deadline is always counted.
// off is why nothing was to be expected of the job by now: it or its connection is paused, or was never active.
// job.ErrStale when the day was written since it was read.
func (s *Store) JudgeExpectation(ctx context.Context, read job.Expectation, j job.Judging) (job.Expectation, error) {
	e := read
	err := s.Together(ctx, fmt.Sprintf("judge what %s brought on %s", read.Job, read.Day), func(t *Store) error {
		now := t.options.Now()
		came, err := t.arrivals(read, j)
		if err != nil {
			return err
		}
		off, err := t.off(read, now)
		if err != nil {
			return err
		}
		next := j.Decide(read, now, came, off)
		if reflect.DeepEqual(next, read) {
			return nil
		}
		e, err = t.writeExpectation(read, next)
		return err
	})
	return e, err
}

// arrivals counts what came for a day.
func (s *Store) arrivals(e job.Expectation, j job.Judging) (came job.Arrivals, err error) {
	before, err := daysInto(s.writer, e)
	if err != nil {
		return came, err
	}
	rows, err := s.writer.Raw(arrivalsOf, e.Job, micros(j.From(before)), micros(e.Closes)).Rows()
	if err != nil {
		return came, err
	}
	defer rows.Close()
	count := arrivalCount{wanted: e.Wanted, next: j.Next, names: map[string]job.State{}, refusals: map[string]int64{}}
	for rows.Next() {
		var name raw
		var state, reason string
		var id, ended int64
		if err := rows.Scan(&id, &name, &state, &reason, &ended); err != nil {
			return came, err
		}
		if j.Wants(string(name)) {
			count.add(arrival{id, string(name), job.State(state), reason, instant(ended)})
		}
	}
	return count.all(), rows.Err()
}

// arrivalsOf finds them by the index files_ended, which wants its words exactly.
const arrivalsOf = `SELECT id, name, state, reason, ended FROM files WHERE job = ? AND ended <> 0 AND ended > ? AND ended <= ?
	AND state IN ('landed', 'delivered', 'held', 'rejected', 'skipped') ORDER BY ended`

// off says why nothing is to be expected of a job now; nil: it is.
func (s *Store) off(e job.Expectation, now time.Time) (*job.Reason, error) {
	var rows []pauseRow
	err := s.writer.Where("((kind = 'job' AND name = ?) OR (kind = 'connection' AND name = ?)) AND (until = 0 OR until > ?)",
		e.Job, e.Connection, micros(now)).Order("kind DESC").Limit(1).Find(&rows).Error
	if err != nil {
		return nil, err
	}
	if len(rows) > 0 {
		return pausedOff(e, rows[0].pause()), nil
	}
	var active []int64
	err = s.writer.Raw(`SELECT active FROM connections WHERE name = ? AND removed = 0`, e.Connection).Scan(&active).Error
	if err != nil || len(active) == 0 || active[0] != 0 {
		return nil, err
	}
	return &job.Reason{
		Slug: "expect.excused", What: "nothing was told of " + e.Job + " on " + e.Day,
		Cause: fmt.Sprintf("connection %s is a draft: no login over a trusted host key has worked yet", e.Connection),
		Do:    "haulier connections test " + e.Connection, Who: job.WhoUs,
	}, nil
}

func pausedOff(e job.Expectation, p job.Pause) *job.Reason {
	cause := fmt.Sprintf("%s %s is paused since %s by %s", p.Kind, p.Name, clockIn(e.Zone, p.Since), short(p.By))
	if p.Reason != "" {
		cause += ": " + short(p.Reason)
	}
	return &job.Reason{
		Slug: "expect.excused", What: "nothing was told of " + e.Job + " on " + e.Day, Cause: cause, Do: "haulier resume " + p.Name, Who: job.WhoUs,
	}
}

// clockIn is a time as the people of a job read it.
func clockIn(zone string, t time.Time) string {
	place, err := time.LoadLocation(zone)
	if err != nil {
		place = time.UTC
	}
	return t.In(place).Format("15:04") + " " + place.String() + " on " + t.In(place).Format("Mon 2 Jan")
}

// writeExpectation writes a day as it is to be over one as it was read, with what it tells. It needs a transaction.
func (s *Store) writeExpectation(read, e job.Expectation) (job.Expectation, error) {
	e.Version, e.Judged = read.Version+1, instant(s.now())
	row := expectationRowOf(e)
	err := one(s.writer.Model(&expectationRow{}).Where("job = ? AND day = ? AND version = ?", read.Job, read.Day, read.Version).
		Select("*").Updates(&row))
	if err != nil || e.Verdict == read.Verdict {
		return e, err
	}
	if err := s.alarm(e); err != nil {
		return e, err
	}
	return e, s.tellExpectation(s.writer, e)
}

// Causes of the incidents of an expectation.
func causeLate(jobName string) string    { return "job/" + jobName + "/expect.late" }
func causeMissing(jobName string) string { return "job/" + jobName + "/expect.missing" }

// alarm raises the incident of a day that has become late or missing, and resolves what holds no longer.
func (s *Store) alarm(e job.Expectation) error {
	ctx, at := s.writer.Statement.Context, e.Judged
	if e.Verdict.Bad() && e.Reason != nil {
		cause := causeLate(e.Job)
		if e.Verdict == job.VerdictMissing {
			cause = causeMissing(e.Job)
		}
		if _, err := s.Raise(ctx, cause, e.Job, *e.Reason, at); err != nil {
			return err
		}
	}
	for verdict, cause := range map[job.Verdict]string{job.VerdictLate: causeLate(e.Job), job.VerdictMissing: causeMissing(e.Job)} {
		holds, err := s.holds(e.Job, verdict)
		if err != nil {
			return err
		}
		if holds {
			continue
		}
		by, err := s.endedBy(e, verdict)
		if err != nil {
			return err
		}
		if err := s.ResolveBy(ctx, cause, by, at); err != nil {
			return err
		}
	}
	return nil
}

// endedBy says what ended an alarm when it was not that what was expected came: whoever is told must not believe that. Empty: it came.
func (s *Store) endedBy(e job.Expectation, was job.Verdict) (string, error) {
	switch {
	case e.Verdict == job.VerdictExcused:
		return "nothing is expected for " + e.Day + " any more", nil
	case e.Verdict == job.VerdictPending: // a person moved it, or the configuration
		return "a later deadline; it has not come yet", nil
	case !e.Verdict.Good():
		return "", nil
	}
	var unfilled bool
	err := s.writer.Raw(`SELECT EXISTS (SELECT 1 FROM expectations WHERE job = @job AND verdict = @was AND day < @day AND day > coalesce(
		(SELECT day FROM expectations WHERE job = @job AND verdict IN ('met', 'recovered-late', 'recovered-missing') AND day < @day ORDER BY day DESC LIMIT 1), ''))`,
		map[string]any{"job": e.Job, "was": string(was), "day": e.Day}).Scan(&unfilled).Error
	if err != nil || !unfilled {
		return "", err
	}
	return "what was expected for " + e.Day + " came; what was missing before did not", nil
}

// holds says whether a day of a job is late, or missing, and no later one came: whoever brings today's has mended what was wrong.
func (s *Store) holds(jobName string, verdict job.Verdict) (bool, error) {
	var holds bool
	err := s.writer.Raw(`SELECT EXISTS (SELECT 1 FROM expectations WHERE job = @job AND verdict = @verdict AND day > coalesce(
		(SELECT day FROM expectations WHERE job = @job AND verdict IN ('met', 'recovered-late', 'recovered-missing') ORDER BY day DESC LIMIT 1), ''))`,
		map[string]any{"job": jobName, "verdict": string(verdict)}).Scan(&holds).Error
	return holds, err
}

// CloseExpectations ends the open days of a job of which nothing is expected any more: what was pending or late is excused,
// what is missing stays so, and nobody is to act on either.
func (s *Store) CloseExpectations(ctx context.Context, jobName string, why job.Reason) error {
	return s.Together(ctx, "close the open days of "+jobName, func(t *Store) error {
		open, err := t.OpenExpectations(ctx, jobName)
		if err != nil {
			return err
		}
		for _, read := range open {
			e := read
			e.Closed = true
			if e.Verdict == job.VerdictPending || e.Verdict == job.VerdictLate {
				e.Verdict, e.Reason = job.VerdictExcused, &why
			}
			if _, err := t.writeExpectation(read, e); err != nil {
				return err
			}
		}
		return t.expectsNothing(ctx, jobName)
	})
}

func (s *Store) expectsNothing(ctx context.Context, jobName string) error {
	for _, cause := range []string{causeLate(jobName), causeMissing(jobName)} {
		if err := s.ResolveBy(ctx, cause, "nothing is expected any more", instant(s.now())); err != nil {
			return err
		}
	}
	return nil
}

// expectationEvent is what is told of a day.
type expectationEvent struct {
	Job        string     `json:"job"`
	Connection string     `json:"connection"`
	Entity     string     `json:"entity,omitempty"`
	Direction  string     `json:"direction"`
	Day        string     `json:"day"`
	Zone       string     `json:"timezone"`
	By         string     `json:"by"`
	MissingAt  string     `json:"missing_at"`
	Wanted     int        `json:"wanted"`
	Got        int        `json:"got"`
	Held       int        `json:"held"`
	Rejected   int        `json:"rejected"`
	Arrived    string     `json:"arrived,omitempty"` // when all had come
	Verdict    string     `json:"verdict"`
	Error      *errorView `json:"error,omitempty"`
}

var expectationEvents = map[job.Verdict]string{
	job.VerdictLate: job.EventExpectationLate, job.VerdictMissing: job.EventExpectationMissing,
	job.VerdictRecoveredLate: job.EventExpectationRecovered, job.VerdictRecoveredMissing: job.EventExpectationRecovered,
}

func (s *Store) tellExpectation(tx *gorm.DB, e job.Expectation) error {
	kind := expectationEvents[e.Verdict]
	if kind == "" {
		return nil
	}
	of, err := factsOf(tx, runOf{connection: e.Connection})
	if err != nil {
		return err
	}
	direction := job.Download
	if e.Type == job.TypeExport {
		direction = job.Upload
	}
	return s.tell(tx, kind, expectationEvent{
		Job: e.Job, Connection: e.Connection, Entity: of.entity, Direction: string(direction), Day: e.Day, Zone: e.Zone,
		By: utc(e.By), MissingAt: utc(e.Missing), Wanted: e.Wanted, Got: e.Got, Held: e.Held, Rejected: e.Rejected,
		Arrived: utc(e.Filled), Verdict: string(e.Verdict), Error: viewOf(e.Reason),
	})
}
