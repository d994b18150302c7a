package transfer_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
	"github.com/haulier/haulier/transfer/sftp"
	"github.com/haulier/haulier/transfer/sftptest"
)

// torn is a session whose first listing is read while a rename is done: it misses names, or shows some that are gone.
type torn struct {
	*sftp.Session
	hide func(name string) bool // nil: none
	also []job.Entry
	ever bool // not only in the first listing
}

func (r *torn) List(ctx context.Context, dir string, limit int, each func(job.Entry) error) error {
	hide, also := r.hide, r.also
	if !r.ever {
		r.hide, r.also = nil, nil
	}
	for _, entry := range also {
		if err := each(entry); err != nil {
			return err
		}
	}
	return r.Session.List(ctx, dir, limit, func(entry job.Entry) error {
		if hide != nil && hide(entry.Name) {
			return nil
		}
		return each(entry)
	})
}

// doTorn runs the job on a session that is torn.
func (b *bundle) doTorn(how torn) job.Result {
	b.t.Helper()
	session, err := b.pool.Session(b.t.Context(), b.conn)
	if err != nil {
		b.t.Fatal(err)
	}
	defer session.Close()
	run, err := b.store.BeginRun(b.t.Context(), b.asked())
	if err != nil {
		b.t.Fatal(err)
	}
	how.Session = session
	return b.importer().Run(b.t.Context(), &how, b.conn, b.spec, run)
}

// underBoth gives torn listings of a file that goes from its own name to one of ours: under neither, and under both.
func (b *bundle) underBoth() map[string]torn {
	b.t.Helper()
	info, err := os.Stat(b.remote("out", "a.csv"))
	if err != nil {
		b.t.Fatal(err)
	}
	return map[string]torn{
		"neither": {hide: func(name string) bool { return strings.HasSuffix(name, "a.csv") }},
		"both":    {also: []job.Entry{{Name: "a.csv", Size: info.Size(), ModTime: info.ModTime().Unix(), Kind: job.KindFile}}},
	}
}

// quiet checks that the next runs find nothing to do.
func (b *bundle) quiet() {
	b.t.Helper()
	b.want(0, 0, 0, 0)
	b.want(0, 0, 0, 0)
}

// A kept file that one listing missed, because it was being renamed, is not gone: it does not land again.
func TestImportKeepsWhatATornListingMisses(t *testing.T) {
	for _, how := range []string{"neither", "both"} {
		t.Run(how, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.Duplicates = job.DuplicatesLand })
			put(t, b.remote("out", "a.csv"), "one")
			b.want(1, 0, 0, 0)
			f := b.last()
			put(t, b.remote("out", "a.csv"), "the second")
			b.want(1, 0, 0, 0)
			listing := b.underBoth()[how]
			b.goesAside(f, f.Fence)
			b.doTorn(listing)
			b.quiet()
			has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "the second"})
			has(t, b.remote("out"), map[string]string{"a.csv": "the second"})
		})
	}
}

// A source that is missed by one listing and shown by the next is not marked as gone.
func TestImportMissesOnlyWhatTwoListingsMiss(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) { im.Duplicates = job.DuplicatesLand })
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	put(t, b.remote("out", "b.csv"), "two")
	b.spec.Import.DoneFile = "{name}.done"
	b.want(0, 0, 0, 0)
	b.doTorn(torn{hide: func(string) bool { return true }})
	if rows := b.rows(); rows[0].Absent || rows[1].State != job.FileWaiting {
		t.Errorf("what landed is absent: %v; what waited is %s", rows[0].Absent, rows[1].State)
	}
	for _, name := range []string{"a.csv", "b.csv"} {
		if err := os.Remove(b.remote("out", name)); err != nil {
			t.Fatal(err)
		}
	}
	b.want(0, 0, 1, 0)
	if rows := b.rows(); !rows[0].Absent || rows[1].Reason.Slug != "remote.withdrawn" {
		t.Errorf("what landed is absent: %v; what waited is %s", rows[0].Absent, rows[1].State)
	}
}

// What our own delete is known to have taken needs no second listing.
func TestImportListsAgainOnlyWhatShouldBeThere(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(deleting)
	put(t, b.remote("out", "a.csv"), "one")
	b.want(1, 0, 0, 0)
	listings := 0
	b.watch = func(p job.Progress) {
		if p.Stage == job.StageList {
			listings++
		}
	}
	b.want(0, 0, 0, 0)
	if listings != 1 || !b.last().Absent {
		t.Errorf("%d listings; absent: %v", listings, b.last().Absent)
	}
}

func TestImportTakesOnceWhatATornListingMisses(t *testing.T) {
	for _, action := range []job.RetireAction{job.RetireDelete, job.RetireMove} {
		for _, how := range []string{"neither", "both"} {
			t.Run(string(action)+" "+how, func(t *testing.T) {
				b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) {
					im.Duplicates, im.AfterSuccess = job.DuplicatesLand, job.Retire{Action: action, Dir: "/done"}
				})
				put(t, b.remote("out", "a.csv"), "one")
				b.want(1, 0, 0, 0)
				f := b.last()
				put(t, b.remote("out", "a.csv"), "the second")
				listing := b.underBoth()[how]
				b.spec.Import.DoneFile = "{name}.done"
				b.want(0, 0, 0, 0)
				put(t, b.remote("out", "a.csv.done"), "")
				b.goesAside(f, f.Fence)
				b.doTorn(listing)
				b.do()
				b.quiet()
				has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "the second"})
				has(t, b.remote("out"), map[string]string{"a.csv.done": ""})
				for _, row := range b.rows() {
					if how == "neither" && row.State != job.FileLanded {
						t.Errorf("generation %d is %s: %v", row.Generation, row.State, row.Reason)
					}
				}
			})
		}
	}
}

// The rename of a claim is done after the row was given back to the listing, and while that is read.
func TestImportTakesOnceAClaimThatATornListingMisses(t *testing.T) {
	for _, how := range []string{"neither", "both"} {
		t.Run(how, func(t *testing.T) {
			b := setup(t, sftptest.Knobs{Faults: []sftptest.Fault{{Op: "posix-rename", Do: sftptest.Drop, Times: 1}}}).importing(func(im *job.Import) {
				im.Duplicates, im.AfterSuccess.Action, im.Claim, im.DoneFile = job.DuplicatesLand, job.RetireDelete, true, "{name}.done"
			})
			source := b.remote("out", "a.csv")
			put(t, source, "one")
			put(t, source+".done", "")
			listing := b.underBoth()[how]
			b.want(0, 1, 0, 0)
			f := b.last()
			if err := os.Remove(source + ".done"); err != nil {
				t.Fatal(err)
			}
			b.want(0, 0, 0, 0)
			put(t, source+".done", "", time.Now().Add(-24*time.Hour)) // any will do for a first version
			if err := os.Rename(source, b.remote(f.Aside)); err != nil {
				t.Fatal(err)
			}
			b.doTorn(listing)
			b.do()
			b.quiet()
			has(t, b.landing, map[string]string{"a.csv": "one"})
			has(t, b.remote("out"), map[string]string{"a.csv.done": ""})
		})
	}
}

// Some servers do not list names that begin with a dot. What lies under one of ours there is not withdrawn.
func TestImportTakesWhatLiesUnderANameThatIsNotListed(t *testing.T) {
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) {
		deleting(im)
		im.DoneFile = "{name}.done"
	})
	put(t, b.remote("out", "a.csv"), "one")
	put(t, b.remote("out", "a.csv.done"), "")
	b.want(1, 0, 0, 0)
	f := b.last()
	if err := os.Remove(b.remote("out", "a.csv.done")); err != nil {
		t.Fatal(err)
	}
	put(t, b.remote("out", "a.csv"), "the second")
	b.goesAside(f, f.Fence)
	b.want(0, 0, 0, 0)
	dotted := torn{ever: true, hide: func(name string) bool { _, _, ours := naming.ParseAside(name); return ours }}
	b.doTorn(dotted)
	has(t, b.landing, map[string]string{"a.csv": "one"})
	put(t, b.remote("out", "a.csv.done"), "")
	b.doTorn(dotted)
	has(t, b.landing, map[string]string{"a.csv": "one", "a.2.csv": "the second"})
	has(t, b.remote("out"), map[string]string{"a.csv.done": ""})
}
