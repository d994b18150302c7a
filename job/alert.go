package job

import (
	"strings"
	"time"
)

// AlertKind says what sort of alert an incident is: it decides who is told.
type AlertKind string

// The kinds of alerts.
const (
	AlertLate       AlertKind = "late"    // expected, not there yet, and still in time
	AlertMissing    AlertKind = "missing" // expected, and not there in time
	AlertFailed     AlertKind = "failed"
	AlertCredential AlertKind = "credential" // a key, password or certificate comes to its end
	AlertChannel    AlertKind = "channel"    // alerts themselves do not arrive
	AlertConfig     AlertKind = "config"
	AlertSheet      AlertKind = "sheet" // a customer told us something that somebody has to deal with
)

// Severity is how grave an incident is.
type Severity string

// The severities.
const (
	SeverityWarning Severity = "warning" // nothing is lost yet
	SeverityError   Severity = "error"
)

// CauseGivenUp is the cause of the incident that the process dies in the middle of the same runs again and again: one, however many jobs
// they are of, and nobody's alone, for it may be the machine.
const CauseGivenUp = "process/run.given_up"

// AlertOf gives kind and severity of a cause, whose last part is a slug.
func AlertOf(cause string) (AlertKind, Severity) {
	scope, _, _ := strings.Cut(cause, "/")
	slug := cause[strings.LastIndexByte(cause, '/')+1:]
	area, _, _ := strings.Cut(slug, ".")
	switch {
	case slug == "expect.late":
		return AlertLate, SeverityWarning
	case area == "expect":
		return AlertMissing, SeverityError
	case slug == "report.silent":
		return AlertFailed, SeverityWarning
	case scope == "credential" || area == "credential":
		return AlertCredential, SeverityWarning
	case scope == "channel" || area == "channel":
		return AlertChannel, SeverityError
	case scope == "config":
		return AlertConfig, SeverityError
	case scope == "sheet":
		return AlertSheet, SeverityWarning
	}
	return AlertFailed, SeverityError
}

// Alert says who is told of the incidents of a job, by the names of channels.
type Alert struct {
	Late        []string
	Missing     []string
	Failed      []string      // and of what is no job's: credentials, channels, the configuration
	Recovered   []string      // of those who were told that it began, who is told that it is over; nil: all
	RemindEvery time.Duration // 0: never
	After       int           // at which failed run in a row; 0 is 1
}

// Channels gives who is told of alerts of a kind.
func (a Alert) Channels(kind AlertKind) []string {
	switch kind {
	case AlertLate:
		return a.Late
	case AlertMissing:
		return a.Missing
	}
	return a.Failed
}

// Route is where an alert goes by the configuration, by the names of channels.
type Route struct {
	Told  []string // that it begins or stands
	Quiet []string // who may have been told so, and need not hear that it is over
}
