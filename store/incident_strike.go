package store

import (
	"context"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// Raise is Strike for a failure that stands by itself.
func (s *Store) Raise(ctx context.Context, cause, jobName string, r job.Reason, at time.Time) (opened bool, err error) {
	return s.Strike(ctx, job.Strike{Cause: cause, Job: jobName, Reason: r, At: at})
}

// Strike records that a cause has struck, and whom. There is one open incident a cause, however often it strikes and however
// many jobs it touches; opened says whether this began it, or began it anew. Nobody is told yet: TellIncident does that when
// it is due.
func (s *Store) Strike(ctx context.Context, k job.Strike) (opened bool, err error) {
	err = s.write(ctx, "raise the incident "+k.Cause, func(tx *gorm.DB) error {
		row, err := standingIncident(tx, k)
		if err != nil {
			return err
		}
		opened = row.ID == 0 || row.Resolved != 0
		if err := row.strike(tx, k); err != nil {
			return err
		}
		if opened && row.ofConnection() {
			if err := s.isDown(tx, row.Connection, micros(k.At), &k.Reason); err != nil {
				return err
			}
		}
		return superseded(tx, k, row.ID)
	})
	return opened && err == nil, err
}

// standingIncident gives the open incident of a cause, else the last if it ended a short while ago, else a new one.
func standingIncident(tx *gorm.DB, k job.Strike) (row incidentRow, err error) {
	var rows []incidentRow
	since := micros(k.At.Add(-job.FlapFor))
	err = tx.Raw(`SELECT * FROM incidents WHERE cause = ? AND resolved = 0 UNION ALL
		SELECT * FROM (SELECT * FROM incidents WHERE cause = ? AND resolved >= ? ORDER BY resolved DESC LIMIT 1) ORDER BY resolved LIMIT 1`,
		k.Cause, k.Cause, max(since, 1)).Scan(&rows).Error
	if err != nil || len(rows) > 0 {
		return first(rows), err
	}
	kind, severity := job.AlertOf(k.Cause)
	row = incidentRow{Cause: k.Cause, Kind: string(kind), Severity: string(severity), Opened: micros(k.At)}
	row.Connection, err = connectionOf(tx, k)
	return row, err
}

func first[T any](list []T) (one T) {
	if len(list) > 0 {
		one = list[0]
	}
	return one
}

// connectionOf gives the connection whose data a cause is about.
func connectionOf(tx *gorm.DB, k job.Strike) (name string, err error) {
	if k.Connection != "" {
		return k.Connection, nil
	}
	scope, rest, _ := strings.Cut(k.Cause, "/")
	switch {
	case scope == "connection":
		name, _, _ = strings.Cut(rest, "/")
		return name, nil
	case k.Job == "" || k.Cause == job.CauseGivenUp: // it may name jobs of several, and is shown to those who see all
		return "", nil
	}
	err = tx.Raw(`SELECT coalesce((SELECT connection FROM jobs WHERE name = @job),
		(SELECT connection FROM runs WHERE job = @job ORDER BY id DESC LIMIT 1), '')`, map[string]any{"job": k.Job}).Scan(&name).Error
	return name, err
}

func (r *incidentRow) strike(tx *gorm.DB, k job.Strike) (err error) {
	if r.Resolved != 0 {
		r.reopen()
	}
	r.Reason, r.Count, r.Last = reasonText(&k.Reason), r.Count+1, micros(k.At)
	if r.ID == 0 {
		if err := tx.Create(r).Error; err != nil {
			return err
		}
	}
	switch {
	case k.Job == "" && r.Due == 0:
		r.Due = micros(k.At)
	case k.Job != "":
		if err := strikeJob(tx, r.ID, k); err != nil {
			return err
		}
		if r.Due, err = dueOf(tx, r.ID); err != nil {
			return err
		}
	}
	return r.save(tx)
}

// reopen makes an incident that has ended go on. Whoever had taken it on has been told that it was over.
func (r *incidentRow) reopen() {
	r.Resolved, r.ResolvedBy, r.Due, r.PassedTo = 0, "", 0, 0
	r.Reopened++
	if r.Recovery != 0 {
		r.Acked, r.AckedBy, r.AckNote = 0, "", ""
	}
}

type incidentJobRow struct {
	Incident  int64
	Job       string
	Recovered int64
	Joined    int64
	Chain     int64
	Failures  int
	Due       int64
}

func (incidentJobRow) TableName() string { return "incident_jobs" }

// strikeJob records that an incident has struck a job, and since when people ought to know of that.
func strikeJob(tx *gorm.DB, incident int64, k job.Strike) error {
	row := incidentJobRow{Incident: incident, Job: k.Job, Joined: micros(k.At)}
	var before []incidentJobRow
	err := tx.Where("incident = ? AND job = ? AND recovered = 0", incident, k.Job).Find(&before).Error
	if err != nil {
		return err
	}
	if len(before) > 0 {
		row = before[0]
	}
	counted, err := row.counts(tx, k.Chain)
	if err != nil {
		return err
	}
	if !counted {
		row.Failures++
	}
	row.Chain = max(row.Chain, k.Chain)
	if row.Due == 0 || row.Due > micros(k.At) {
		row.Due = micros(tellFrom(k, row.Failures))
	}
	return tx.Exec(`INSERT INTO incident_jobs (incident, job, joined, chain, failures, due) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO UPDATE SET recovered = 0, joined = excluded.joined, chain = excluded.chain, failures = excluded.failures, due = excluded.due`,
		row.Incident, row.Job, row.Joined, row.Chain, row.Failures, row.Due).Error
}

// counts says whether a chain of attempts is among the failures already. One that is older than the last was cut off with its process,
// and somebody ran the job by hand before it was taken up again: it has struck before, unless it ended before the job was struck at all.
func (r incidentJobRow) counts(tx *gorm.DB, chain int64) (counted bool, err error) {
	if chain == 0 || chain > r.Chain {
		return false, nil
	}
	if chain == r.Chain {
		return true, nil
	}
	err = tx.Raw(`SELECT NOT EXISTS (SELECT 1 FROM runs WHERE id = @chain) 
		OR EXISTS (SELECT 1 FROM runs WHERE id = @chain AND ended >= @joined)
		OR EXISTS (SELECT 1 FROM runs WHERE attempt_of = @chain AND attempt_of <> 0 AND ended >= @joined)`,
		map[string]any{"chain": chain, "joined": r.Joined}).Scan(&counted).Error
	return counted, err
}

// tellFrom gives since when people ought to know of a job that has failed so often in a row; zero: not yet. A chain of
// attempts is a failure once none of them is left, or another has begun.
func tellFrom(k job.Strike, failures int) (at time.Time) {
	most := max(k.After, 1)
	switch {
	case failures > most, failures == most && k.Until.IsZero():
		at = k.At
	case failures == most:
		at = k.Until
	}
	if k.Deadline.After(k.At) {
		return k.Deadline
	}
	return at
}

// superseded ends the incident that a job is late when it is missing by now. Whoever was told of it hears that it is over when it is.
func superseded(tx *gorm.DB, k job.Strike, missing int64) error {
	before, found := strings.CutSuffix(k.Cause, "/"+passedOn)
	if !found {
		return nil
	}
	var rows []incidentRow
	if err := tx.Where("cause = ? AND resolved = 0", before+"/expect.late").Find(&rows).Error; err != nil {
		return err
	}
	for _, row := range rows {
		row.Resolved, row.ResolvedBy, row.PassedTo = micros(k.At), passedOn, missing
		if err := row.save(tx); err != nil {
			return err
		}
	}
	return nil
}

// endPassed ends with an incident those that went on in it, as far as people have heard of them and not that they are over.
func (r incidentRow) endPassed(tx *gorm.DB) error {
	var rows []incidentRow
	err := tx.Where("passed_to <> 0 AND passed_to = ? AND resolved_by = ? AND told <> 0 AND recovery = 0", r.ID, passedOn).Find(&rows).Error
	for _, row := range rows {
		row.Resolved, row.ResolvedBy = r.Resolved, r.ResolvedBy
		if err == nil {
			err = row.save(tx)
		}
	}
	return err
}
