package control

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/haulier/haulier/control/sheet"
	"github.com/haulier/haulier/job"
)

// A customer is asked for the rights that the jobs need, and for no others.
func TestRightsAreThoseThatTheJobsNeed(t *testing.T) {
	in := func(dir string, after job.Retire) job.Spec {
		return job.Spec{Import: &job.Import{Dir: dir, Match: "in", AfterSuccess: after}}
	}
	out := func(e job.Export) job.Spec {
		e.Name = "out"
		return job.Spec{Export: &e}
	}
	ins, outs, both := []string{"in"}, []string{"out"}, []string{"in", "out"}
	for name, test := range map[string]struct {
		profile string
		jobs    []job.Spec
		want    []sheet.Folder
	}{
		"nothing": {},
		"kept":    {jobs: []job.Spec{in("/out", job.Retire{Action: job.RetireKeep})}, want: []sheet.Folder{{Path: "/out", For: ins, Rights: []sheet.Right{sheet.MayList, sheet.MayRead}}}},
		"deleted": {jobs: []job.Spec{in("/out", job.Retire{Action: job.RetireDelete})},
			want: []sheet.Folder{{Path: "/out", For: ins, Rights: []sheet.Right{sheet.MayList, sheet.MayRead, sheet.MayRename, sheet.MayRemove}}}},
		"moved, and another that keeps": {jobs: []job.Spec{in("/out", job.Retire{Action: job.RetireKeep}), in("/out", job.Retire{Action: job.RetireMove, Dir: "/done"})},
			want: []sheet.Folder{{Path: "/done", For: ins, Rights: []sheet.Right{sheet.MayList, sheet.MayInto}}, {Path: "/out", For: ins, Rights: []sheet.Right{sheet.MayList, sheet.MayRead, sheet.MayRename}}}},
		"claimed": {jobs: []job.Spec{{Import: &job.Import{Dir: "/out", Match: "in", Claim: true}}},
			want: []sheet.Folder{{Path: "/out", For: ins, Rights: []sheet.Right{sheet.MayList, sheet.MayRead, sheet.MayRename}}}},
		"put-only": {profile: "put-only", jobs: []job.Spec{out(job.Export{Dir: "/"})}, want: []sheet.Folder{{Path: "/", For: outs, Rights: []sheet.Right{sheet.MayWrite}}}},
		"in place": {jobs: []job.Spec{out(job.Export{Dir: "/in", InPlace: true})}, want: []sheet.Folder{{Path: "/in", For: outs, Rights: []sheet.Right{sheet.MayList, sheet.MayWrite}}}},
		"read back": {jobs: []job.Spec{out(job.Export{Dir: "/in", Verify: job.VerifyReadback})},
			want: []sheet.Folder{{Path: "/in", For: outs, Ours: true, Rights: []sheet.Right{sheet.MayList, sheet.MayRead, sheet.MayWrite, sheet.MayRename, sheet.MayRemove}}}},
		"delivered where others are deleted": {jobs: []job.Spec{in("/x", job.Retire{Action: job.RetireDelete}), out(job.Export{Dir: "/x"})},
			want: []sheet.Folder{{Path: "/x", For: both, Rights: []sheet.Right{sheet.MayList, sheet.MayRead, sheet.MayWrite, sheet.MayRename, sheet.MayRemove}}}},
		"deleted where others are delivered": {jobs: []job.Spec{out(job.Export{Dir: "/x"}), in("/x", job.Retire{Action: job.RetireDelete})},
			want: []sheet.Folder{{Path: "/x", For: []string{"out", "in"}, Rights: []sheet.Right{sheet.MayList, sheet.MayRead, sheet.MayWrite, sheet.MayRename, sheet.MayRemove}}}},
	} {
		if diff := cmp.Diff(test.want, foldersOf(job.Connection{Profile: test.profile}, test.jobs)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestPatternsAreWrittenAsPeopleDo(t *testing.T) {
	for pattern, want := range map[string]string{
		"customers_{date:%Y%m%d}*.csv.pgp": "customers_YYYYMMDD*.csv.pgp", "a.csv": "a.csv", "{date-7d:%G-W%V}.csv": "YYYY-WWW.csv", "{date": "{date", "x{date:%H%M}y{date:%d}": "xHHMMyDD", "": "",
	} {
		if got := forPeople(pattern, ""); got != want {
			t.Errorf("%s is written %s, want %s", pattern, got, want)
		}
	}
	if got := forPeople("", `a\d+`); got != `a\d+` {
		t.Errorf("a regular expression is written %s", got)
	}
	for template, want := range map[string]string{"{name}.pgp": "segment_*.csv.pgp", "{stem}_{date:%Y}.{ext}": "segment_*_YYYY.csv", "fixed.csv": "fixed.csv"} {
		if got := sent(&job.Export{Match: "segment_*.csv", Name: template}); got != want {
			t.Errorf("%s is written %s, want %s", template, got, want)
		}
	}
}

func TestDaysAreThoseOnWhichSomethingIsExpected(t *testing.T) {
	week := [7]bool{1: true, 2: true, 3: true, 4: true, 5: true}
	for want, e := range map[string]*job.Expect{
		"[]": nil, "[Monday Tuesday Wednesday Thursday Friday] 03:05": {By: 185, Days: week}, "[Sunday Monday] 00:00": {Days: [7]bool{0: true, 1: true}},
	} {
		days, by := expected(e)
		if got := strings.Trim(fmt.Sprint(days)+" "+by, " "); got != want {
			t.Errorf("%+v is written %q, want %q", e, got, want)
		}
	}
}
