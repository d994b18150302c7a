package store

import (
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

type incidentRow struct {
	ID         int64 `gorm:"primaryKey"`
	Cause      string
	Kind       string
	Severity   string
	Connection string
	Reason     string
	Count      int
	Reopened   int
	Opened     int64
	Last       int64
	Due        int64
	Wake       int64
	Told       int64
	ToldCount  int
	Remind     int64
	Reminded   int64
	Reminders  int
	Recovery   int64
	PassedTo   int64 // incident in which it goes on: what was late is missing

	Acked         int64
	AckedBy       string
	AckNote       string
	SilencedUntil int64
	SilencedBy    string
	SilenceReason string

	Resolved   int64
	ResolvedBy string
}

func (incidentRow) TableName() string { return "incidents" }

func (r incidentRow) incident() job.Incident {
	i := job.Incident{
		ID: r.ID, Cause: r.Cause, Kind: job.AlertKind(r.Kind), Severity: job.Severity(r.Severity), Connection: r.Connection,
		Jobs: []string{}, Count: r.Count, Reopened: r.Reopened,
		Opened: instant(r.Opened), Last: instant(r.Last), Told: instant(r.Told), Reminded: instant(r.Reminded), Reminders: r.Reminders,
		Acked: instant(r.Acked), AckedBy: r.AckedBy, AckNote: r.AckNote,
		SilencedUntil: instant(r.SilencedUntil), SilencedBy: r.SilencedBy, SilenceReason: r.SilenceReason,
		Resolved: instant(r.Resolved), ResolvedBy: r.ResolvedBy,
	}
	if reason := reasonFrom(r.Reason); reason != nil {
		i.Reason = *reason
	}
	return i
}

// ofConnection says whether the connection does not work while the incident stands.
func (r incidentRow) ofConnection() bool { return strings.HasPrefix(r.Cause, "connection/") }

// passedOn is what ended an incident that goes on in another: it is over with that one.
const passedOn = "expect.missing"

// What is to be said of an incident.
const (
	sayOpened   = "opened"
	sayReminded = "reminded"
	sayResolved = "resolved"
)

// says gives what is to be said of an incident, and when; 0: nothing, until something changes.
func (r incidentRow) says() (what string, at int64) {
	if r.Resolved != 0 && r.PassedTo != 0 && r.ResolvedBy == passedOn {
		return "", 0
	}
	flap, gather := job.FlapFor.Microseconds(), job.GatherFor.Microseconds()
	switch {
	case r.Resolved != 0 && (r.Told == 0 || r.Recovery != 0):
		return "", 0
	case r.Resolved != 0 && r.Reopened > 0:
		return sayResolved, r.Resolved + flap
	case r.Resolved != 0:
		return sayResolved, r.Resolved
	case r.Acked != 0:
		return "", 0
	case r.Told == 0 && r.Due != 0:
		return sayOpened, max(r.Due+gather, r.SilencedUntil)
	case r.Told != 0 && r.Recovery != 0 && r.Due != 0: // people believe that it is over
		return sayReminded, max(r.Due+gather, r.SilencedUntil)
	case r.Told != 0 && r.Recovery == 0 && r.Remind != 0:
		return sayReminded, max(r.Remind, r.SilencedUntil)
	}
	return "", 0
}

// save writes the row, with when its turn to be spoken of comes.
func (r *incidentRow) save(tx *gorm.DB) error {
	_, r.Wake = r.says()
	return one(tx.Save(r))
}

// incidentOf reads an incident in a transaction that may change it.
func incidentOf(tx *gorm.DB, id int64) (row incidentRow, err error) {
	err = tx.Where("id = ?", id).Take(&row).Error
	return row, err
}

// dueOf gives since when people ought to know of an incident for one of its jobs; 0: not yet.
func dueOf(tx *gorm.DB, id int64) (due int64, err error) {
	err = tx.Raw(`SELECT coalesce(min(due), 0) FROM incident_jobs WHERE incident = ? AND recovered = 0 AND due <> 0`, id).Scan(&due).Error
	return due, err
}

func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
