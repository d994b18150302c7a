package store

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/haulier/haulier/job"
)

// fileRow is a row of the table files.
type fileRow struct {
	ID             int64 `gorm:"primaryKey"`
	Job            string
	Connection     string
	Type           string
	Path           raw
	Dir            raw
	Generation     int64
	Superseded     bool
	Run            int64
	Fence          int64
	Touched        int64
	Decided        int64
	Size           int64
	Mtime          int64
	StableSince    int64
	Absent         bool
	Moved          bool
	Stayed         int
	Step           string
	State          string
	Reason         string
	ReceivedSize   int64
	ReceivedSHA256 string `gorm:"column:received_sha256"`
	PlainSize      int64
	PlainSHA256    string `gorm:"column:plain_sha256"`
	Stage          string
	Landing        raw
	Spent          bool
	Kept           string
	Final          raw
	Local          raw
	Temp           raw
	TempMtime      int64
	Leftovers      raw
	Marker         raw
	Marked         bool
	Aside          raw
	Archived       raw
	Proof          string
	Means          string
	Envelope       string
	Receipt        string
	Refetched      bool
	Seen           int64
	Began          int64
	Ended          int64
	Name           raw
}

func (fileRow) TableName() string { return "files" }

func rowOf(f job.File) fileRow {
	return fileRow{
		ID: f.ID, Job: f.Job, Connection: f.Connection, Type: string(f.Type), Path: raw(f.Path), Dir: raw(f.Dir), Generation: f.Generation,
		Run: f.Run, Fence: f.Fence, Touched: f.Touched, Decided: f.Decided,
		Size: f.Size, Mtime: f.ModTime, StableSince: micros(f.StableSince), Absent: f.Absent, Moved: f.Moved, Stayed: f.Stayed,
		Step: string(f.Step), State: string(f.State), Reason: reasonText(f.Reason),
		ReceivedSize: f.Received.Size, ReceivedSHA256: f.Received.SHA256, PlainSize: f.Plain.Size, PlainSHA256: f.Plain.SHA256,
		Stage: f.Stage, Landing: raw(f.Landing), Spent: f.Spent, Kept: f.Kept, Final: raw(f.Final), Local: raw(f.Local), Temp: raw(f.Temp), TempMtime: f.TempMTime,
		Leftovers: raw(strings.Join(f.Leftovers, "\x00")), Marker: raw(f.Marker), Marked: f.Marked,
		Aside: raw(f.Aside), Archived: raw(f.Archived), Proof: string(f.Proof), Means: string(f.Means),
		Envelope: textOf(f.Envelope), Receipt: textOf(f.Receipt), Refetched: f.Refetched,
		Seen: micros(f.Seen), Began: micros(f.Began), Ended: micros(f.Ended), Name: raw(baseName(f.Path)),
	}
}

func (r fileRow) file() job.File {
	return r.fileOf(job.File{Reason: reasonFrom(r.Reason), Envelope: valueOf[job.Envelope](r.Envelope), Receipt: valueOf[job.Receipt](r.Receipt)})
}

// fileOf is file of a row that was made of f: what f points to need not be read again.
func (r fileRow) fileOf(f job.File) job.File {
	return job.File{
		ID: r.ID, Job: r.Job, Connection: r.Connection, Type: job.Type(r.Type), Path: string(r.Path), Dir: string(r.Dir), Generation: r.Generation,
		Run: r.Run, Fence: r.Fence, Touched: r.Touched, Decided: r.Decided,
		Size: r.Size, ModTime: r.Mtime, StableSince: instant(r.StableSince), Absent: r.Absent, Moved: r.Moved, Stayed: r.Stayed,
		Step: job.Step(r.Step), State: job.State(r.State), Reason: f.Reason,
		Received: job.Digest{Size: r.ReceivedSize, SHA256: r.ReceivedSHA256},
		Plain:    job.Digest{Size: r.PlainSize, SHA256: r.PlainSHA256},
		Stage:    r.Stage, Landing: string(r.Landing), Spent: r.Spent, Kept: r.Kept, Final: string(r.Final), Local: string(r.Local), Temp: string(r.Temp), TempMTime: r.TempMtime,
		Leftovers: namesOf(r.Leftovers), Marker: string(r.Marker), Marked: r.Marked,
		Aside: string(r.Aside), Archived: string(r.Archived), Proof: job.Proof(r.Proof), Means: job.RenameMeans(r.Means),
		Envelope: f.Envelope, Receipt: f.Receipt, Refetched: r.Refetched,
		Seen: instant(r.Seen), Began: instant(r.Began), Ended: instant(r.Ended),
	}
}

func filesOf(rows []fileRow) []job.File {
	files := make([]job.File, len(rows))
	for i, r := range rows {
		files[i] = r.file()
	}
	return files
}

// namesOf takes a list of names apart again; none of them has a zero byte.
func namesOf(list raw) []string {
	if list == "" {
		return nil
	}
	return strings.Split(string(list), "\x00")
}

// textOf is the JSON of what a row may lack; empty: it does.
func textOf[T any](value *T) string {
	if value == nil {
		return ""
	}
	return jsonText(value)
}

func valueOf[T any](text string) *T {
	value := new(T)
	if text == "" || json.Unmarshal([]byte(text), value) != nil {
		return nil
	}
	return value
}

// nameOf names a file in an error: printable and short, whatever a server calls it.
func nameOf(f job.File) string {
	const most = 200
	if len(f.Path) > most {
		return fmt.Sprintf("%s %q…", f.Job, f.Path[:most])
	}
	return fmt.Sprintf("%s %q", f.Job, f.Path)
}

func baseName(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }
