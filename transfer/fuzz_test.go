package transfer

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/local"
	"github.com/haulier/haulier/transfer/naming"
)

// FuzzVerdict: what a listed source means for its row. A version that was served is not taken again by itself, one that is
// held is not taken without a person, and one that changes is not taken before it is quiet.
func FuzzVerdict(f *testing.F) {
	steps := []job.Step{job.StepSeen, job.StepClaimed, job.StepDownloaded, job.StepLanding, job.StepLanded, job.StepRetiring, job.StepDone, "", job.StepQueued, job.StepDelivered}
	states := []job.State{job.FileWaiting, job.FileMoving, job.FileLanded, job.FileDelivered, job.FileHeld, job.FileRejected, job.FileFailed, job.FileSkipped, ""}
	for i := range len(steps) * len(states) {
		for flag := range 8 {
			f.Add(uint8(i%len(steps)), uint8(i/len(steps)), uint16(1<<flag), int64(5), int64(5), int64(7), int64(7), int64(100))
		}
		f.Add(uint8(i%len(steps)), uint8(i/len(steps)), uint16(1<<6), int64(5), int64(6), int64(7), int64(7), int64(100))
		f.Add(uint8(i%len(steps)), uint8(i/len(steps)), uint16(1<<6), int64(5), int64(5), int64(7), int64(7), int64(10))
	}
	f.Fuzz(func(t *testing.T, step, state uint8, flags uint16, size, listedSize, mtime, listedTime, quiet int64) {
		flag := func(n int) bool { return flags>>n&1 == 1 }
		now := time.Unix(1_800_000_000, 0)
		row := job.File{
			Step: steps[int(step)%len(steps)], State: states[int(state)%len(states)], Size: size, ModTime: mtime,
			Absent: flag(0), Moved: flag(1), StableSince: now.Add(-time.Duration(quiet) * time.Second),
		}
		if flag(2) {
			row.Aside = ".haulier-1.1.a"
		}
		if flag(3) {
			row.Touched = 10
		}
		if flag(4) {
			row.Reason = &job.Reason{Slug: slugSizeChanged}
		}
		force, stamp := flag(5), int64(flags>>6&1*20)
		s := sighting{path: "/a", entry: job.Entry{Name: "a", Size: listedSize, ModTime: listedTime}, row: row, known: !flag(7)}
		v := weigh(s, stamp, now, time.Minute, force)
		same := size == listedSize && mtime == listedTime
		served := row.Step == job.StepDone && (row.State == job.FileLanded || row.State == job.FileDelivered)
		rests := row.Step == job.StepDone && row.State != job.FileHeld && !row.Moved && row.Aside == "" && !row.Absent // as store.Standing has it
		if s.known && rests && same && !force && v != verdictKnown && v != verdictBusy {
			t.Errorf("%+v rests, and is %d: a listing passes it over", row, v)
		}
		mine := row.State == job.FileHeld && !(row.Step == job.StepSeen && flag(4))
		switch {
		case !s.known:
			if v != verdictNew {
				t.Errorf("a source without a row is %d", v)
			}
		case served && same && !row.Absent && !row.Moved && !force && (v == verdictNew || v == verdictReady):
			t.Errorf("%+v is served again: %d", row, v)
		case mine && row.Step != job.StepClaimed && (v == verdictReady || v == verdictNew && same):
			t.Errorf("%+v is held, and is taken: %d", row, v)
		case v == verdictReady && (!same || row.Step != job.StepSeen || row.Aside != "" || row.Absent || row.Touched > stamp || quiet < 60 && quiet > -math.MaxInt32):
			t.Errorf("%+v, listed with %d bytes of %d, is ready", row, listedSize, listedTime)
		case v == verdictNew && row.Step != job.StepDone && row.State != job.FileHeld && row.Step != "":
			t.Errorf("a generation begins while %+v is under way", row)
		}
	})
}

// FuzzLife: what a stage remembers of the ledger is what was noted, and a damaged note never makes an older ledger look new
// enough.
func FuzzLife(f *testing.F) {
	f.Add("e1 7")
	f.Add("e1")
	f.Add("e1 x")
	f.Add("looked:e1 99999999999999999999")
	f.Add("e1  7")
	f.Add("")
	f.Fuzz(func(t *testing.T, text string) {
		epoch, stamp := parseLife(text)
		if strings.Contains(epoch, " ") || stamp < 0 {
			t.Errorf("%q is epoch %q, stamp %d", text, epoch, stamp)
		}
		noted := fmt.Sprintf("%s %d", epoch, stamp)
		if again, reached := parseLife(noted); again != epoch || reached != stamp {
			t.Errorf("%q comes back as %q %d", noted, again, reached)
		}
		_, mark, found := strings.Cut(text, " ")
		number := mark != "" && strings.Trim(mark, "0123456789") == ""
		if found && !number && epoch != "" && !Unseen(text, epoch, 1<<40) {
			t.Errorf("the damaged note %q says that nothing was put back", text)
		}
	})
}

// FuzzNamesStayInside: whatever a server calls a file, and whatever the template makes of it, one file comes to the landing,
// under one name of that folder, and nothing elsewhere.
func FuzzNamesStayInside(f *testing.F) {
	for _, name := range []string{"a.csv", "..", "../../up", "a/b", `a\b`, ".haulier", "a\x00b", "\xff", "-rf", "x.pgp", strings.Repeat("é", 127), "landing", ".", ".haulier-1.1.a", "~", "CON"} {
		f.Add(name, "{name}")
		f.Add(name, "{stem}_{seq}.{ext}")
	}
	f.Add("..", "{ext}{name}")
	f.Add("...", "{ext}.{ext}")
	f.Fuzz(func(t *testing.T, name, text string) {
		template, err := naming.ParseTemplate(text)
		if err != nil {
			return
		}
		final := template.Render(naming.Values{Name: name, At: time.Unix(0, 0).UTC(), Run: 1, Seq: 1})
		if naming.Check(name) != nil || naming.Check(final) != nil {
			return // refused before anything is fetched, or before it lands
		}
		root := t.TempDir()
		landing, err := local.OpenLanding(filepath.Join(root, "landing"))
		if err != nil {
			t.Fatal(err)
		}
		archive := filepath.Join(root, "archive")
		want := map[string]bool{}
		land := func(id int64, into func(staged string) (string, error)) {
			staged := staged(id, 1, stagedReady)
			file, err := landing.Create(staged)
			if err != nil {
				t.Fatal(err)
			}
			if err := file.Close(); err != nil {
				t.Fatal(err)
			}
			path, err := into(staged)
			if err != nil {
				t.Fatalf("%q: %v", final, err)
			}
			want[path] = true
		}
		for id, n := range []int{1, 2} {
			version := naming.Version(final, n)
			land(int64(id)+1, func(s string) (string, error) {
				return filepath.Join(root, "landing", version), landing.Land(s, version, false)
			})
		}
		archived := naming.Archived(name, 3)
		land(3, func(s string) (string, error) {
			_, err := landing.Archive(s, archive, archived)
			return filepath.Join(archive, archived), err
		})
		err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && !want[path] {
				t.Errorf("%q, %q: there is %q", name, text, path)
			}
			delete(want, path)
			return err
		})
		if err != nil || len(want) > 0 {
			t.Errorf("%q, %q: not there: %v, %v", name, text, want, err)
		}
		if info, err := os.Stat(landing.Path(final)); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%q: %v", final, err)
		}
	})
}
