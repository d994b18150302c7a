package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Audit judges the evidence. An error says that some of it could not be read: then nothing is proven.
func Audit(e Evidence) (Report, error) {
	if e.Now.IsZero() {
		e.Now = time.Now()
	}
	var report Report
	book, err := readLedger(e.Ledger, e.Now)
	if err != nil {
		return report, err
	}
	for _, i := range e.Imports {
		w, err := newImport(i, book)
		if err != nil {
			return report, fmt.Errorf("import %s: %w", i.Job, err)
		}
		w.judge(&report)
		w.early(&report)
	}
	for _, x := range e.Exports {
		w, err := newExport(x, book)
		if err != nil {
			return report, fmt.Errorf("export %s: %w", x.Job, err)
		}
		w.judge(&report)
		w.early(&report)
	}
	if !e.Running {
		stuck(book, &report)
	}
	return report, nil
}

// stuck finds what is open although nobody works on it.
func stuck(book *ledger, report *Report) {
	for job, rows := range book.rows {
		for _, r := range rows {
			between := r.step != "seen" && r.step != "done" && r.slug == "" && !r.approved()
			if r.state != "moving" && !between {
				continue
			}
			report.add(Finding{Kind: Stuck, Job: job, File: r.id, Path: r.path, SHA256: r.plain,
				Evidence: fmt.Sprintf("its row is %s at step %s without a reason, and nothing runs", r.state, r.step)})
		}
	}
	for _, r := range book.runs {
		if r.ended.IsZero() {
			report.add(Finding{Kind: Stuck, Job: r.job, Evidence: fmt.Sprintf("run %d began at %s, is %s and never ended", r.id, stamp(r.started), r.state)})
		}
	}
	for _, slot := range book.due {
		report.add(Finding{Kind: Stuck, Job: slot, Evidence: "the slot is past and still due"})
	}
}

func stamp(t time.Time) string { return t.UTC().Format("15:04:05.000000") }

// file is something that lies on a disk.
type file struct {
	path   string // below the folder that was walked
	sum    string
	size   int64
	mtime  time.Time
	folder string
}

// walk hashes the regular files at or below a folder, but for those below a folder of the name skip. Empty: none.
func walk(folder, skip string) ([]file, error) {
	var found []file
	if folder == "" {
		return nil, nil
	}
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // it went while we looked, or was never made
		}
		if err != nil {
			return err
		}
		if entry.IsDir() && skip != "" && entry.Name() == skip {
			return fs.SkipDir
		}
		if !entry.Type().IsRegular() {
			return nil
		}
		f, err := read(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		f.folder = folder
		f.path, err = filepath.Rel(folder, name)
		f.path = text([]byte(f.path))
		found = append(found, f)
		return err
	})
	return found, err
}

func read(name string) (f file, err error) {
	in, err := os.Open(name)
	if err != nil {
		return f, err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return f, err
	}
	sum := sha256.New()
	f.size, err = io.Copy(sum, in)
	f.sum, f.mtime = hex.EncodeToString(sum.Sum(nil)), info.ModTime()
	return f, err
}

// places says where contents lie: the first path of each hash.
func places(files []file) map[string]string {
	at := map[string]string{}
	for _, f := range files {
		if _, ok := at[f.sum]; !ok {
			at[f.sum] = filepath.Join(f.folder, f.path)
		}
	}
	return at
}
