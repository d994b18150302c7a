package transfer_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/sftptest"
)

// counted gives how many lines of each mark the plan of the bundle's job has, and how many things it counts.
func (b *bundle) counted() (lines, all map[job.Mark]int) {
	b.t.Helper()
	intents, err := b.intents()
	if err != nil {
		b.t.Fatal(err)
	}
	lines = map[job.Mark]int{}
	for _, i := range intents {
		if i.Act != "more" {
			lines[i.Mark]++
		}
	}
	return lines, job.CountIntents(intents)
}

// However much a server lists, a plan has so many lines of each mark and no more, and counts the rest of each for what it is.
func TestPlanOfALargeListingCountsTheRest(t *testing.T) {
	transfer.ShortPlans(t, 3)
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.AfterSuccess = job.Retire{Action: job.RetireMove, Dir: "/done"} })
	day := time.Date(2026, 11, 20, 1, 0, 0, 0, time.UTC)
	write := func(more string, at time.Time) {
		for i := range 25 {
			put(t, b.remote("out", fmt.Sprintf("f%02d.csv", i)), fmt.Sprint("content ", i, more), at)
		}
	}
	want := func(what string, mark job.Mark, n int) {
		t.Helper()
		lines, all := b.counted()
		if lines[mark] != min(n, 3) || all[mark] != n || mark == job.MarkFail && all[job.MarkTransfer] != 0 {
			t.Errorf("%s: %v lines, %v in all, want %d of %q", what, lines, all, n, mark)
		}
	}
	write("", day)
	want("new files", job.MarkTransfer, 25)
	want("their sources", job.MarkMove, 25)
	b.spec.Import.AfterSuccess = job.Retire{}
	b.want(25, 0, 0, 0)
	write("", day.Add(time.Hour))
	want("a mass change", job.MarkFail, 25)
	write(" and more", day.Add(time.Hour))
	want("new versions", job.MarkTransfer, 25)
}
