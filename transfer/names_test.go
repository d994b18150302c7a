package transfer_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/local"
	"github.com/haulier/haulier/transfer/sftptest"
)

// A server lists hundreds of hostile names. Each file lands whole under its own name and is kept in the archive, or is
// refused as unsafe; nothing comes elsewhere, nothing elsewhere is asked for, and what is said of it acts upon no terminal.
func TestImportOfHostileNames(t *testing.T) {
	root := t.TempDir()
	archive := filepath.Join(root, "archive")
	b := setup(t, sftptest.Knobs{}).importing(func(im *job.Import) {
		im.Match, im.AllowEmpty, im.Archive = "*", true, &job.Archive{Dir: archive}
		im.Landing = filepath.Join(root, "landing")
	})
	b.spec.Limits.MaxEntries = 10_000
	stored, names := map[string]string{}, sftptest.HostileNames()
	for _, name := range names {
		if path := b.remote("out", name); filepath.Base(path) == name && os.WriteFile(path, []byte("content of "+name), 0o644) == nil {
			stored[name] = "content of " + name
		}
	}
	if len(stored) < 400 {
		t.Fatalf("only %d of %d names could be stored", len(stored), len(names))
	}
	listed := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "." || name == ".." || stored[name] != "" })
	b.lie(sftptest.Knobs{HostileNames: listed})
	b.server.ClearLog()
	ended(t, b.do(), job.RunPartial, "remote.unsafe_name")
	b.do() // whatever was refused is known by now, and nothing lands twice

	landed := map[string]string{}
	rows := map[string]job.File{}
	for _, f := range b.rows() {
		name := strings.TrimPrefix(f.Path, "/out/")
		if _, twice := rows[name]; twice {
			t.Errorf("%q has two rows", name)
		}
		rows[name] = f
		switch unsafe := misleads(name); {
		case f.State == job.FileLanded && !unsafe:
			landed[name] = stored[name]
		case f.State != job.FileRejected || f.Reason.Slug != "remote.unsafe_name" || !unsafe:
			t.Errorf("%q is %s: %+v", name, f.State, f.Reason)
		}
		if f.Reason != nil {
			speaksPlainly(t, f.Reason)
		}
	}
	for name := range stored {
		if _, known := rows[name]; !known {
			t.Errorf("nobody speaks of %q", name)
		}
	}
	if len(landed) < 100 || len(rows)-len(landed) < 300 {
		t.Errorf("%d landed and %d were refused", len(landed), len(rows)-len(landed))
	}
	has(t, b.spec.Import.Landing, landed)
	archived := 0
	inside(t, root, func(path string, content string) {
		dir, name := filepath.Split(path)
		if dir == "archive/" {
			archived++
		}
		if dir != "archive/" && (dir != "landing/" || landed[name] != content) && !strings.HasPrefix(dir, "landing/"+local.StageDir+"/") {
			t.Errorf("%q came about", path)
		}
	})
	if archived != len(landed) {
		t.Errorf("%d files are in the archive, %d landed", archived, len(landed))
	}
	for _, o := range b.server.Log() {
		if dir := filepath.Dir(o.Path); o.Op == "open" && (dir != "/out" || misleads(filepath.Base(o.Path))) {
			t.Errorf("%q was opened", o.Path)
		}
	}
}

// misleads says of a name, in its own words, that it must not land.
func misleads(name string) bool {
	return name == "" || name == local.StageDir || len(name) > 255 || strings.ContainsAny(name, `/\`) || !utf8.ValidString(name) ||
		strings.ContainsFunc(name, func(r rune) bool { return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) })
}

// inside gives every file below a folder.
func inside(t *testing.T, root string, each func(path, content string)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		within, relErr := filepath.Rel(root, path)
		if relErr != nil {
			return relErr
		}
		each(within, string(text))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// speaksPlainly sees that a reason can be shown anywhere: it is text in one line, of what can be seen.
func speaksPlainly(t *testing.T, r *job.Reason) {
	t.Helper()
	speaks(t, r)
	for _, text := range []string{r.What, r.Cause, r.Do, r.Technical} {
		if !utf8.ValidString(text) || len(text) > 2000 || strings.ContainsFunc(text, func(c rune) bool { return !unicode.IsPrint(c) }) {
			t.Errorf("it repeats the name as it is: %.200q", text)
		}
	}
}
