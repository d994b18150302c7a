package sftp

import (
	"slices"
	"strings"

	"github.com/haulier/haulier/job"
)

// Report is the outcome of a test of a connection, stage by stage.
type Report struct {
	Connection string      `json:"connection"`
	OK         bool        `json:"ok"`
	Stages     []Stage     `json:"stages"`
	Profile    job.Profile `json:"profile"`
	Error      *job.Reason `json:"error"`
}

// FailedAtJump says whether the test came no further than a jump host, which is none of the server's owner.
func (r Report) FailedAtJump() bool {
	return slices.ContainsFunc(r.Stages, func(s Stage) bool { return s.State == StateFail && strings.HasPrefix(s.Name, stageJump) })
}

// Stage is one step on the way.
type Stage struct {
	Name         string     `json:"name"`
	State        StageState `json:"state"`
	Milliseconds int64      `json:"ms"`
	Detail       string     `json:"detail"`
}

// StageState is how a stage ended.
type StageState string

// The states of a stage.
const (
	StateOK         StageState = "ok"
	StateFail       StageState = "FAIL"
	StateWarn       StageState = "warn"
	StateNotReached StageState = "--" // or not asked for, as the detail says
)
