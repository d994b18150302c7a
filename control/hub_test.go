package control_test

import (
	"testing"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
)

// Whoever comes later is told of the file under way, until it is done.
func TestHubRemembersTheFileUnderWay(t *testing.T) {
	var h control.Hub
	h.Tell(job.Progress{Run: 1, Job: "a", Stage: job.StageDownload, Done: 10})
	h.Tell(job.Progress{Run: 1, Job: "a", Stage: job.StageDownload, Done: 20})
	h.Tell(job.Progress{Run: 2, Job: "b", Stage: job.StageUpload, Done: 5})
	if p, found := h.Latest("a"); !found || p.Done != 20 {
		t.Errorf("of a: %+v, %v", p, found)
	}
	h.Tell(job.Progress{Run: 1, Job: "a", Stage: job.StageEnd, State: job.FileLanded})
	if p, found := h.Latest("a"); found {
		t.Errorf("a is done, and still there: %+v", p)
	}
	if p, found := h.Latest("b"); !found || p.Run != 2 {
		t.Errorf("of b: %+v, %v", p, found)
	}
}
