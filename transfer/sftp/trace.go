package sftp

import (
	"sync"
	"time"
)

// The stages of a test, in order. A jump host is one stage of its own before them.
const (
	stageJump      = "jump "
	stageDNS       = "DNS"
	stageTCP       = "TCP"
	stageSSH       = "SSH"
	stageHostKey   = "host key"
	stageLogin     = "login"
	stageSFTP      = "SFTP"
	stageLocations = "locations"
	stageRights    = "rights"
	stageSpace     = "free space"
	stageRename    = "rename"
)

// trace notes what a connection has come through. A nil trace notes nothing.
type trace struct {
	mu     sync.Mutex
	last   time.Time
	stages []Stage
}

func newTrace() *trace { return &trace{last: time.Now()} }

// done notes a stage that went well; its time is that since the stage before. A stage counts once.
func (t *trace) done(name, detail string) { t.note(name, StateOK, detail) }

func (t *trace) note(name string, state StageState, detail string) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, s := range t.stages {
		if s.Name == name {
			return
		}
	}
	now := time.Now()
	t.stages = append(t.stages, Stage{Name: name, State: state, Milliseconds: now.Sub(t.last).Milliseconds(), Detail: detail})
	t.last = now
}
