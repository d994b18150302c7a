package job

import "time"

// SlugSupervised is why a file of a supervised job is held.
const SlugSupervised = "content.supervised"

// Supervised holds the first files of a job, whole and checked, until a person has looked at them. The zero value holds none.
type Supervised struct {
	Files int // until so many were approved; 0: they are not counted
	Days  int // until files of so many days were approved; 0: days are not counted
}

// Approvals is what people have approved of a job.
type Approvals struct {
	Files int
	Days  int // on which an approved file was seen first
}

// Approval is a person's word for the content of one file: other content under its name needs another one.
type Approval struct {
	File   int64
	Job    string
	Day    string // on which the file was seen first, in the job's zone: 2026-11-26
	SHA256 string // of the opened content
	Who    string
	At     time.Time
}
