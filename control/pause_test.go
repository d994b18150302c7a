package control_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
)

// Whoever resumes a job twice is told that it is not paused, not that there is no such job; and the audit list has one act.
func TestAJobThatIsNotPausedIsSaidToBeSo(t *testing.T) {
	s := openStore(t)
	if err := control.Pause(t.Context(), s, job.Pause{Kind: "job", Name: "acme-in", Reason: "x", By: "ann", Since: time.Now()}); err != nil {
		t.Fatal(err)
	}
	if err := control.ResumeJob(t.Context(), s, "acme-in", "ann"); err != nil {
		t.Fatal(err)
	}
	err := control.ResumeJob(t.Context(), s, "acme-in", "bob")
	if slugOf(err) != "job.not_paused" || !errors.Is(err, job.ErrNotFound) || !strings.Contains(err.Error(), "acme-in is not paused") {
		t.Errorf("a second time: %v", err)
	}
	if line, err := s.LastAudit(t.Context(), "job.resume", "acme-in"); err != nil || line.Who != "ann" {
		t.Errorf("the audit list has %+v, %v", line, err)
	}
}
