package pagetest

import (
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/page"
)

// AddSupervised adds the job salto-in, whose run 210 held three files for a person: one of them was approved since.
func (w *World) AddSupervised() {
	w.AddJob("salto-in", "salto", page.WordApprove, "0 2 * * *")
	reason := job.Reason{
		Slug: job.SlugSupervised, What: "the file waits in the stage, whole and checked, and has not landed", Cause: "supervised: 3 of 20 files approved, automatic afterwards",
		Do: "look at it with haulier held show 32, then haulier approve 32, or haulier reject 32 --reason TEXT", Who: job.WhoUs,
	}
	begin := time.Date(2026, 11, 24, 2, 0, 1, 0, Brussels)
	for i, name := range []string{"people_1.csv", "people_2.csv", "people_3.csv"} {
		f := job.File{
			ID: int64(31 + i), Job: "salto-in", Connection: "salto", Type: job.TypeImport, Path: "/export/daily/" + name, Final: name, Size: 2048, Run: 210, Step: job.StepChecked, State: job.FileHeld,
			Reason: &reason, Plain: job.Digest{Size: 2048, SHA256: strings.Repeat("abcdef0123456789", 3) + strings.Repeat(string('1'+rune(i)), 16)}, Seen: begin,
		}
		w.Became[210] = append(w.Became[210], job.Outcome{Run: 210, File: f, Bytes: f.Size})
		w.Stepped[f.ID] = []page.Step{{Run: 210, Step: job.StepSeen, At: begin}, {Run: 210, Step: job.StepClaimed, At: begin}, {Run: 210, Step: job.StepDownloaded, At: begin.Add(time.Second)}, {Run: 210, Step: job.StepChecked, At: begin.Add(2 * time.Second)}}
		if i > 0 {
			s := w.Stand["salto-in"]
			s.Waits, s.Waiting, s.LastRun, s.Supervised = append(s.Waits, f), i, 210, "3 of 20 files approved, automatic afterwards"
			w.Stand["salto-in"] = s
		}
	}
	w.Ran = append([]job.Run{{ID: 210, Job: "salto-in", Connection: "salto", Type: job.TypeImport, Trigger: job.TriggerSchedule, State: job.RunPartial, Started: begin, Ended: begin.Add(3 * time.Second), Attempt: 1, Counts: job.Counts{Held: 3}, Reason: &reason}}, w.Ran...)
	w.Open = append([]job.Incident{{ID: 21, Cause: "job/salto-in/" + job.SlugSupervised, Connection: "salto", Jobs: []string{"salto-in"}, JobsTotal: 1, Reason: reason, Count: 1, Opened: begin, Last: begin}}, w.Open...)
}
