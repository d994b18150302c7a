package web

import (
	"time"

	"github.com/haulier/haulier/job"
)

// Run is a run as the API shows it.
type Run struct {
	ID           int64        `json:"run"`
	Job          string       `json:"job"`
	Connection   string       `json:"connection"`
	State        job.RunState `json:"state"`
	Trigger      job.Trigger  `json:"trigger"`
	By           string       `json:"by,omitempty"`
	ScheduledFor time.Time    `json:"scheduled_for,omitzero"`
	Started      time.Time    `json:"started,omitzero"`
	Ended        time.Time    `json:"ended,omitzero"`
	Attempt      int          `json:"attempt"`
	AttemptOf    int64        `json:"attempt_of,omitempty"`
	Revision     int64        `json:"revision"`
	Files        job.Counts   `json:"files"`
	Bytes        job.Bytes    `json:"bytes"`
	Error        *job.Reason  `json:"error"`
	Note         string       `json:"note,omitempty"`
}

func runOf(r job.Run) Run {
	shown := Run{
		ID: r.ID, Job: r.Job, Connection: r.Connection, State: r.State, Trigger: r.Trigger, By: r.By, Started: r.Started.UTC(),
		Ended: r.Ended, Attempt: r.Attempt, AttemptOf: r.AttemptOf, Revision: r.Revision, Files: r.Counts, Bytes: r.Bytes, Error: r.Reason, Note: r.Note,
	}
	if r.Slot != nil {
		shown.ScheduledFor = r.Slot.Due.UTC()
	}
	return shown
}

// File is a row of the ledger as the API shows it. Names are JSON strings: bytes that are no UTF-8 are replaced.
type File struct {
	ID         int64         `json:"id"`
	Job        string        `json:"job"`
	Connection string        `json:"connection"`
	Run        int64         `json:"run"`
	Fence      int64         `json:"fence"` // rises with each attempt and each decision
	Path       string        `json:"path"`
	Final      string        `json:"final,omitempty"`
	Local      string        `json:"local,omitempty"`
	Generation int64         `json:"generation"`
	Size       int64         `json:"size"`
	Received   job.Digest    `json:"received"`
	Plain      job.Digest    `json:"plain"`
	Step       job.Step      `json:"step"`
	State      job.State     `json:"state"`
	Proof      job.Proof     `json:"proof,omitempty"`
	Envelope   *job.Envelope `json:"pgp,omitempty"`
	Receipt    *job.Receipt  `json:"receipt,omitempty"`
	Error      *job.Reason   `json:"error"`
	Outcome    *job.Report   `json:"outcome,omitempty"` // what its taker reports
}

func fileOf(f job.File) File {
	return File{
		ID: f.ID, Job: f.Job, Connection: f.Connection, Run: f.Run, Fence: f.Fence, Path: f.Path, Final: f.Final, Local: f.Local, Generation: f.Generation,
		Size: f.Size, Received: f.Received, Plain: f.Plain, Step: f.Step, State: f.State, Proof: f.Proof, Envelope: f.Envelope, Receipt: f.Receipt, Error: f.Reason,
	}
}

// RunFiles is a run with what became of its files.
type RunFiles struct {
	Run
	Outcomes []File `json:"outcomes"`
	Next     int64  `json:"next,omitempty"` // as after, for the files that follow; none: those were all
}

// Cancelled names the run that is being ended.
type Cancelled struct {
	Run int64 `json:"cancelled"`
}

// Health says that the daemon does its work.
type Health struct {
	OK bool `json:"ok"`
}
