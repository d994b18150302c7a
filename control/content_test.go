package control_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
)

// oneFile is a ledger with one file.
type oneFile job.File

func (f oneFile) File(context.Context, int64) (job.File, error) { return job.File(f), nil }

func digestOf(text string) job.Digest {
	sum := sha256.Sum256([]byte(text))
	return job.Digest{Size: int64(len(text)), SHA256: hex.EncodeToString(sum[:])}
}

// landedAs is a file that landed with a text.
func landedAs(dir, text string) job.File {
	return job.File{
		ID: 7, Job: "acme-in", Type: job.TypeImport, Step: job.StepDone, State: job.FileLanded, Path: "/out/a.csv.pgp", Final: "a.csv", Local: filepath.Join(dir, "a.csv"),
		Archived: filepath.Join(dir, "a.7.csv.pgp"), Plain: digestOf(text), Received: digestOf("sealed"),
	}
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// takes reads the content of a file to its end.
func takes(t *testing.T, f job.File, received bool) (name, text string, err error) {
	t.Helper()
	c, err := control.OpenContent(t.Context(), oneFile(f), 7, received)
	if err != nil {
		return "", "", err
	}
	all, err := io.ReadAll(c.Body)
	return c.Name, string(all), errors.Join(err, c.Body.Close())
}

func TestContentIsWhatLanded(t *testing.T) {
	for _, text := range []string{"", "a;b\n", strings.Repeat("x", 32<<10), strings.Repeat("0123456789", 20_000)} {
		dir := t.TempDir()
		f := landedAs(dir, text)
		put(t, f.Local, text)
		if name, got, err := takes(t, f, false); err != nil || name != "a.csv" || got != text {
			t.Errorf("%d bytes: %q, %d bytes, %v", len(text), name, len(got), err)
		}
	}
	f := landedAs(t.TempDir(), "x")
	put(t, f.Archived, "sealed")
	if name, got, err := takes(t, f, true); err != nil || name != "a.csv.pgp" || got != "sealed" {
		t.Errorf("as received: %q %q %v", name, got, err)
	}
}

// No end is given to bytes that are not those of the ledger, and nothing that lies elsewhere is given at all.
func TestContentThatIsNotWhatLanded(t *testing.T) {
	long := strings.Repeat("0123456789", 20_000)
	for name, c := range map[string]struct {
		does func(t *testing.T, f *job.File)
		want string
	}{
		"taken":        {func(*testing.T, *job.File) {}, "content.taken"},
		"shorter":      {func(t *testing.T, f *job.File) { put(t, f.Local, long[1:]) }, "content.changed"},
		"other bytes":  {func(t *testing.T, f *job.File) { put(t, f.Local, "x"+long[1:]) }, "content.changed"},
		"other at end": {func(t *testing.T, f *job.File) { put(t, f.Local, long[:len(long)-1]+"x") }, "content.changed"},
		"link": {func(t *testing.T, f *job.File) {
			put(t, f.Local+".real", long)
			_ = os.Symlink(f.Local+".real", f.Local)
		}, "content.changed"},
		"folder":        {func(_ *testing.T, f *job.File) { _ = os.Mkdir(f.Local, 0o700) }, "content.changed"},
		"pipe":          {func(_ *testing.T, f *job.File) { _ = syscall.Mkfifo(f.Local, 0o600) }, "content.changed"},
		"hash unknown":  {func(t *testing.T, f *job.File) { put(t, f.Local, long); f.Plain.SHA256 = "" }, "content.changed"},
		"not landed":    {func(t *testing.T, f *job.File) { put(t, f.Local, long); f.State = job.FileHeld }, "content.not_landed"},
		"an export":     {func(t *testing.T, f *job.File) { put(t, f.Local, long); f.Type = job.TypeExport }, "content.not_landed"},
		"never landing": {func(_ *testing.T, f *job.File) { f.Local = "" }, "content.not_landed"},
	} {
		f := landedAs(t.TempDir(), long)
		c.does(t, &f)
		_, got, err := takes(t, f, false)
		var reason *job.Reason
		if !errors.As(err, &reason) || reason.Slug != c.want || len(got) == len(long) {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	f := landedAs(t.TempDir(), "x")
	f.Kept = "7-1.received"
	put(t, f.Archived, "sealed")
	var reason *job.Reason
	if _, _, err := takes(t, f, true); !errors.As(err, &reason) || reason.Slug != "content.not_kept" {
		t.Errorf("a copy that is not made yet: %v", err)
	}
}
