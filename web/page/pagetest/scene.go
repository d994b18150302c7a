package pagetest

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page"
)

// Night is a scene at 03:48: two incidents, a run at work, and jobs in every state.
func Night() *World {
	w := Empty()
	for _, j := range []struct {
		name, connection string
		word             page.Word
		cron             string
	}{
		{"acme-customers", "acme", page.WordRejected, "*/15 0-5 * * *"}, {"acme-segment", "acme", page.WordRunning, "*/15 * * * *"}, {"bigbank-out", "bigbank", page.WordFailing, "0 * * * *"},
		{"nectar-employees", "nectar", page.WordOK, "15 2 * * *"}, {"hr-roster", "nectar", page.WordOK, "0 4 * * mon-fri"}, {"ento-export", "ento", page.WordPaused, "*/30 * * * *"}, {"emersion-usage", "emersion", page.WordDraft, "@daily"},
	} {
		w.AddJob(j.name, j.connection, j.word, j.cron)
	}
	acme := w.Configured.Connections["acme"]
	acme.Contacts = []string{"it@acme.example"}
	w.Configured.Connections["acme"] = acme
	w.marksOfNight()
	w.failures()
	w.figures()
	w.expectations()
	w.around()
	return w
}

func (w *World) marksOfNight() {
	begin := time.Date(2026, 11, 24, 0, 0, 0, 0, Brussels)
	for i := range 16 {
		at := begin.Add(time.Duration(i) * 15 * time.Minute)
		w.Marked = append(w.Marked, page.Mark{Job: "acme-segment", At: at, Word: "succeeded", Run: int64(100 + i)})
		word := "skipped"
		if i == 9 {
			word = "partial"
		}
		w.Marked = append(w.Marked, page.Mark{Job: "acme-customers", At: at, Word: word, Run: int64(200 + i)})
	}
	for h := range 4 {
		w.Marked = append(w.Marked, page.Mark{Job: "bigbank-out", At: begin.Add(time.Duration(h) * time.Hour), Word: "failed", Run: int64(300 + h), Why: "host_key.changed"})
	}
	w.Marked = append(w.Marked, page.Mark{Job: "nectar-employees", At: begin.Add(135 * time.Minute), Word: "succeeded", Run: 150}, page.Mark{Job: "ento-export", At: begin, Word: "missed", Why: "job.paused"})
}

// KeyChanged is the failure of bigbank-out.
var KeyChanged = job.Reason{
	Slug: "host_key.changed", What: "Nothing was sent, not even the login",
	Cause: "The host key of sftp.bigbank.example:22 changed: pinned ed25519 SHA256:AAAq3pTz… on 2026-03-02, now SHA256:BBB7xk2f…. The server was rebuilt, or someone is in between.",
	Do:    "confirm SHA256:BBB7xk2f… with the customer by phone, then haulier connections trust bigbank --fingerprint SHA256:BBB7xk2f…", Who: job.WhoBoth, Technical: "knownhosts: key mismatch",
}

var wrongKey = job.Reason{
	Slug: "pgp.wrong_key", What: "The file was left on the server, nothing landed",
	Cause: "customers_20261124_2.csv.pgp is encrypted to F4ED14FE827DC917; ours is 5C482A6D92FE8389 (acme-in, since 2026-10-01). That id is our retired acme-in@1: the customer still uses the old key.",
	Do:    "send the customer the public key: haulier pgp show acme-in", Who: job.WhoCustomer,
}

func (w *World) failures() {
	s := w.Stand["bigbank-out"]
	s.LastRun, s.Failed, s.Reason, s.Since = 303, 4, &KeyChanged, Now.Add(-4*time.Hour)
	w.Stand["bigbank-out"] = s
	w.Stood["bigbank"] = page.Account{Word: "active", LastSuccess: Now.Add(-5 * time.Hour)}
	s = w.Stand["acme-customers"]
	s.LastRun, s.Rejected, s.Reason = 209, 1, &wrongKey
	w.Stand["acme-customers"] = s
	s = w.Stand["acme-segment"]
	s.Run, s.Since, s.Progress = 116, Now.Add(-40*time.Second), &job.Progress{Run: 116, Job: "acme-segment", Name: "segment_vip.csv", Stage: job.StageUpload, Done: 24 << 20, Total: 41 << 20}
	w.Stand["acme-segment"] = s
	s = w.Stand["ento-export"]
	s.Why, s.Since = "the customer moves to a new server this week", Now.Add(-26*time.Hour)
	w.Stand["ento-export"] = s
	w.Stood["emersion"] = page.Account{Word: "draft"}
	w.Open = []job.Incident{
		{ID: 12, Cause: "connection/bigbank/host_key.changed", Connection: "bigbank", Jobs: []string{"bigbank-out"}, JobsTotal: 1, Reason: KeyChanged, Count: 4, Opened: Now.Add(-4 * time.Hour), Last: Now.Add(-48 * time.Minute)},
		{ID: 14, Cause: "job/acme-customers/pgp.wrong_key", Connection: "acme", Jobs: []string{"acme-customers"}, JobsTotal: 1, Reason: wrongKey, Count: 1, Opened: Now.Add(-93 * time.Minute), Last: Now.Add(-93 * time.Minute)},
	}
	w.Over = []job.Incident{{ID: 9, Cause: "connection/nectar/net.timeout", Reason: job.Reason{Slug: "net.timeout", What: "Nothing was moved"}, Count: 2, Opened: Now.Add(-30 * time.Hour), Resolved: Now.Add(-29 * time.Hour)}}
	w.runsOfNight()
}

func (w *World) runsOfNight() {
	begin := time.Date(2026, 11, 24, 1, 15, 1, 0, Brussels)
	slot := &job.Slot{Wall: "2026-11-24T01:15", Due: begin.Truncate(time.Minute), Zone: "Europe/Brussels"}
	w.Ran = []job.Run{
		{ID: 303, Job: "bigbank-out", Connection: "bigbank", Type: job.TypeImport, Trigger: job.TriggerSchedule, Slot: &job.Slot{Due: begin.Add(105 * time.Minute)}, State: job.RunFailed, Started: begin.Add(105 * time.Minute), Ended: begin.Add(105*time.Minute + 300*time.Millisecond), Attempt: 1, Revision: 9, Reason: &KeyChanged},
		{ID: 209, Job: "acme-customers", Connection: "acme", Type: job.TypeImport, Trigger: job.TriggerSchedule, Slot: slot, State: job.RunPartial, Started: begin, Ended: begin.Add(41 * time.Second), Attempt: 1, Revision: 9, Counts: job.Counts{OK: 1, Failed: 1}, Bytes: job.Bytes{Down: 224711021}, Reason: &wrongKey},
		{ID: 116, Job: "acme-segment", Connection: "acme", Type: job.TypeExport, Trigger: job.TriggerManual, By: "olivia", State: job.RunRunning, Started: Now.Add(-40 * time.Second), Attempt: 1, Revision: 9},
	}
	for i := range 12 {
		at := begin.Add(time.Duration(-15*i) * time.Minute)
		w.Ran = append(w.Ran, job.Run{ID: int64(100 - i), Job: "acme-segment", Connection: "acme", Type: job.TypeExport, Trigger: job.TriggerSchedule, Slot: &job.Slot{Due: at}, State: job.RunSucceeded, Started: at, Ended: at.Add(14 * time.Second), Attempt: 1, Revision: 9, Counts: job.Counts{OK: 3}, Bytes: job.Bytes{Up: 118 << 20}})
	}
	good := job.File{ID: 1, Job: "acme-customers", Connection: "acme", Type: job.TypeImport, Path: "/export/daily/customers_20261124_1.csv.pgp", Final: "customers_20261124_1.csv", Size: 224711021, Step: job.StepDone, State: job.FileLanded, Plain: job.Digest{Size: 431002118, SHA256: "9a1f6c0d8e51b7f29a1f6c0d8e51b7f29a1f6c0d8e51b7f29a1f6c0d8e51b7f2"}, Envelope: &job.Envelope{Container: "SEIPDv1", KeyName: "acme-in@2"}}
	bad := job.File{ID: 2, Job: "acme-customers", Connection: "acme", Type: job.TypeImport, Path: "/export/daily/customers_20261124_2.csv.pgp", Size: 41003, Step: job.StepClaimed, State: job.FileRejected, Reason: &wrongKey}
	w.Became[209] = []job.Outcome{{Run: 209, File: good, Bytes: good.Size, Duration: 36 * time.Second}, {Run: 209, File: bad, Bytes: 41003, Duration: 2 * time.Second}}
	for i, step := range []job.Step{job.StepSeen, job.StepClaimed, job.StepDownloaded, job.StepLanding, job.StepLanded, job.StepRetiring, job.StepDone} {
		w.Stepped[1] = append(w.Stepped[1], page.Step{Run: 209, Step: step, At: begin.Add([]time.Duration{0, 100, 31000, 34000, 34200, 34300, 34700}[i] * time.Millisecond)})
	}
	w.Stepped[2] = []page.Step{{Run: 209, Step: job.StepSeen, At: begin}, {Run: 209, Step: job.StepClaimed, At: begin.Add(2 * time.Second)}}
	for i, line := range []string{"import acme-customers started (schedule, attempt 1)", "listed /export/daily: 3 names", "customers_20261124_1.csv.pgp landed as customers_20261124_1.csv", "customers_20261124_2.csv.pgp rejected: pgp.wrong_key", "partial: 1 ok, 1 failed, 0 skipped, 0 held"} {
		w.Logged = append(w.Logged, page.LogLine{ID: int64(i + 1), At: begin.Add(time.Duration(i) * 9 * time.Second), Level: []string{"INFO", "INFO", "INFO", "ERROR", "ERROR"}[i], Line: line})
	}
}

func (w *World) figures() {
	dice := rand.New(rand.NewPCG(1, 2))
	for i := range 30 {
		d := page.Day{Date: Now.AddDate(0, 0, i-29).Format(time.DateOnly), Download: page.Tally{OK: 40 + dice.Int64N(20)}, Upload: page.Tally{OK: 80 + dice.Int64N(40)}, BytesDown: (9 + dice.Int64N(6)) << 27, BytesUp: (2 + dice.Int64N(2)) << 26}
		if i%9 == 4 {
			d.Download.Failed, d.Upload.Failed = 3, dice.Int64N(7)
		}
		w.Counted.Days = append(w.Counted.Days, d)
		w.Counted.Download.OK += d.Download.OK
		w.Counted.Download.Failed += d.Download.Failed
		w.Counted.Upload.OK += d.Upload.OK
		w.Counted.Upload.Failed += d.Upload.Failed
		w.Counted.BytesDown += d.BytesDown
		w.Counted.BytesUp += d.BytesUp
	}
	yes, no := true, false
	a := w.Stood["acme"]
	a.Profile = job.Profile{List: &yes, Stat: &yes, Rename: &yes, PosixRename: &yes, SweepsAtOnce: &no, Banner: "SSH-2.0-OpenSSH_8.7"}
	a.Pins = []job.Pin{{Address: "[sftp.acme.example]:22", Key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx1mZ9Q7k3vW", By: "olivia", Added: Now.AddDate(0, -1, -22)}}
	w.Stood["acme"] = a
	for i, name := range []string{"acme", "bigbank", "nectar"} {
		w.Kept = append(w.Kept, job.Key{Name: name, Version: i + 1, Kind: job.KeySSH, Algorithm: "ed25519", Slot: job.SlotCurrent, Public: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA" + name, Fingerprint: fmt.Sprintf("SHA256:Jx1%s9Qw3n0mB7cVtYpLk2fHsDaEoRiUgZ", name), Created: Now.AddDate(0, -i-1, 0), LastUsed: Now.Add(-2 * time.Minute)})
	}
	w.Dated = []job.CalendarEntry{
		{Kind: job.KindPassword, Name: "ento", Says: job.EntryEnds, Date: Now.AddDate(0, 0, -2), Days: -2, What: "the password of ento", Do: "ask for a new one", Connections: []string{"ento"}},
		{Kind: string(job.KeyPGP), Name: "acme-in", Says: job.EntryEnds, Date: Now.AddDate(0, 0, 9), Days: 9, What: "our PGP key acme-in@2", Do: "haulier pgp rotate acme-in", Connections: []string{"acme"}},
		{Kind: string(job.KeySSH), Name: "acme", Says: job.EntryAge, Date: Now.AddDate(0, 11, 0), Days: 334, What: "login key acme@1 is a year old then", Do: "haulier keys rotate acme", Connections: []string{"acme"}},
	}
	w.Did = []page.AuditLine{{At: Now.AddDate(0, -1, -22), Who: "olivia", Act: "host-key.pin", Object: "[sftp.acme.example]:22", Detail: "trust: ssh-ed25519 AAAAC3Nz…"}}
}

func (w *World) expectations() {
	w.Configured.Jobs[0].Expect = &job.Expect{By: 3 * 60, Grace: 2 * time.Hour, Files: 1, Days: [7]bool{false, true, true, true, true, true}}
	for i := range 22 {
		at := time.Date(2026, 11, 3+i, 3, 0, 0, 0, Brussels)
		if at.Weekday() == time.Saturday || at.Weekday() == time.Sunday {
			continue
		}
		e := job.Expectation{Job: "acme-customers", Day: at.Format(time.DateOnly), By: at, Wanted: 1, Got: 1, Verdict: job.VerdictMet, Filled: at.Add(time.Duration(-110+7*(i%5)) * time.Minute)}
		switch i {
		case 7:
			e.Verdict, e.Filled = job.VerdictRecoveredLate, at.Add(30*time.Minute)
		case 13:
			e.Verdict, e.Got, e.Filled = job.VerdictMissing, 0, time.Time{}
		case 21:
			e.Verdict, e.Got, e.Filled = job.VerdictLate, 0, time.Time{}
		}
		w.Days = append(w.Days, e)
		if !e.Filled.IsZero() {
			w.Came = append(w.Came, job.File{Seen: e.Filled})
		}
	}
}
