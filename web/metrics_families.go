package web

import (
	"slices"
	"time"

	"github.com/haulier/haulier/job"
)

// familiesOf gives the figures under the names that dashboards and rules depend on.
func familiesOf(f Figures) []family {
	return slices.Concat(requestFamilies(f), runFamilies(f), jobFamilies(f), expectedFamilies(f), connectionFamilies(f), deliveryFamilies(f), processFamilies(f))
}

func requestFamilies(f Figures) []family {
	requests := counter("haulier_requests_total", "Attempts of gets and puts, by outcome. Kept over restarts.")
	bytes := counter("haulier_transferred_bytes_total", "Bytes on the wire, those of failed attempts included. Kept over restarts.")
	type way struct {
		connection string
		direction  job.Direction
	}
	sums := map[way]int64{}
	var order []way
	for _, r := range f.Requests {
		labels := []Label{{"connection", r.Connection}, {"job", r.Job}, {"direction", string(r.Direction)}}
		requests.add(float64(r.OK), append(slices.Clone(labels), Label{"status", "ok"})...)
		requests.add(float64(r.Failed), append(labels, Label{"status", "failed"})...)
		w := way{r.Connection, r.Direction}
		if _, known := sums[w]; !known {
			order = append(order, w)
		}
		sums[w] += r.Bytes
	}
	for _, w := range order {
		bytes.add(float64(sums[w]), Label{"connection", w.connection}, Label{"direction", string(w.direction)})
	}
	times := family{name: "haulier_transfer_duration_seconds", kind: "histogram", help: "Time of single attempts of gets and puts, since the process began."}
	times.timings = f.Transfers
	return []family{requests, bytes, times}
}

func runFamilies(f Figures) []family {
	runs := counter("haulier_runs_total", "Runs that have ended, by state. Kept over restarts.")
	for _, r := range f.Runs {
		runs.add(float64(r.Count), Label{"job", r.Job}, Label{"status", string(r.State)})
	}
	times := family{name: "haulier_run_duration_seconds", kind: "histogram", help: "Time of runs, since the process began."}
	times.timings = f.RunTimes
	return []family{runs, times}
}

func jobFamilies(f Figures) []family {
	success := gauge("haulier_job_last_success_timestamp_seconds", "When a run of the job last ended in success; not there before the first.")
	next := gauge("haulier_job_next_run_timestamp_seconds", "When the job runs next; not there when no such time is known.")
	running := gauge("haulier_job_running", "1 while a run of the job is at work.")
	paused := gauge("haulier_job_paused", "1 while the job runs at no time of its own: it or its connection is paused or disabled.")
	for _, j := range f.Jobs {
		success.addTime(j.LastSuccess, Label{"job", j.Job})
		next.addTime(j.Next, Label{"job", j.Job})
		running.add(oneIf(j.Running), Label{"job", j.Job})
		paused.add(oneIf(j.Paused), Label{"job", j.Job})
	}
	return []family{success, next, running, paused}
}

// expectedStates are the states of a day that is open. Of each there is a sample, so that rules need not know of absent ones.
var expectedStates = []job.Verdict{job.VerdictPending, job.VerdictLate, job.VerdictMissing}

func expectedFamilies(f Figures) []family {
	states := gauge("haulier_expectation_state", "1 for how what is expected of a job stands: pending, late or missing.")
	deadlines := gauge("haulier_expectation_deadline_timestamp_seconds", "When the job is late, or when it is missing once it is late.")
	for _, e := range f.Expected {
		for _, state := range expectedStates {
			states.add(oneIf(e.Verdict == state), Label{"job", e.Job}, Label{"state", string(state)})
		}
		deadlines.addTime(e.Deadline, Label{"job", e.Job})
	}
	return []family{states, deadlines}
}

func connectionFamilies(f Figures) []family {
	up := gauge("haulier_connection_up", "1 when the connection has logged in and no failure of it is open.")
	open := gauge("haulier_connections_open", "Sessions that runs hold.")
	for _, c := range f.Connections {
		up.add(oneIf(c.Up), Label{"connection", c.Connection})
		open.add(float64(c.Open), Label{"connection", c.Connection})
	}
	failures := counter("haulier_connection_failures_total", "Runs that failed on the way to the server or at the login, since the process began.")
	changes := counter("haulier_host_key_changes_total", "Runs that met a host key that is not pinned where others are, since the process began.")
	changed := map[string]int64{}
	for _, e := range f.Failures {
		failures.add(float64(e.Count), Label{"connection", e.Connection}, Label{"slug", e.Slug})
		if e.Slug == "host_key.changed" {
			changed[e.Connection] = e.Count
		}
	}
	for _, c := range f.Connections { // from 0 on, so that the first is seen as a growth
		changes.add(float64(changed[c.Connection]), Label{"connection", c.Connection})
	}
	keys := gauge("haulier_pgp_key_expiry_timestamp_seconds", "When a PGP key in use expires.")
	for _, k := range f.Keys {
		keys.addTime(k.Expires, Label{"key", k.Key})
	}
	return []family{up, open, failures, changes, keys}
}

func deliveryFamilies(f Figures) []family {
	deliveries := counter("haulier_webhook_deliveries_total", "Attempts to tell a channel, of any type, since the process began. disabled: the last attempt failed.")
	for _, d := range f.Deliveries {
		deliveries.add(float64(d.Count), Label{"channel", d.Channel}, Label{"status", d.Status})
	}
	return []family{deliveries}
}

func processFamilies(f Figures) []family {
	free := gauge("haulier_staging_free_bytes", "Bytes free on the disk of the data folder.")
	if f.StagingFree >= 0 {
		free.add(float64(f.StagingFree))
	}
	reload := gauge("haulier_config_last_reload_successful", "0 when the last reload was refused and the old configuration goes on.")
	reload.add(oneIf(!f.ReloadFailed))
	reloaded := gauge("haulier_config_last_reload_success_timestamp_seconds", "When the configuration that counts was loaded.")
	reloaded.addTime(f.Reloaded)
	alerts := gauge("haulier_alerts_open", "Incidents that are open, acknowledged ones too.")
	for _, severity := range []job.Severity{job.SeverityWarning, job.SeverityError} {
		alerts.add(float64(f.Alerts[severity]), Label{"severity", string(severity)})
	}
	lag := gauge("haulier_scheduler_lag_seconds", "By how much the scheduler is behind.")
	lag.add(f.Lag.Seconds())
	build := gauge("haulier_build_info", "Always 1; the labels say what is running.")
	build.add(1, Label{"version", f.Version}, Label{"goversion", f.Go})
	return []family{free, reload, reloaded, alerts, lag, build}
}

func oneIf(is bool) float64 {
	if is {
		return 1
	}
	return 0
}

func seconds(t time.Time) float64 { return float64(t.UnixMilli()) / 1000 }
