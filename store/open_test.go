package store_test

import (
	"database/sql"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

func noEnv(string) string { return "" }

// at gives options for a store in a folder, its master key beside it.
func at(dir string) store.Options {
	key := store.KeySource{Path: filepath.Join(dir, "master.key"), Getenv: noEnv}
	return store.Options{Path: filepath.Join(dir, "haulier.db"), MasterKey: key.MasterKey}
}

func sqlOpen(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: path}).String())
	if err != nil {
		t.Fatal(err)
	}
	return db
}

// sqlExec changes the file of a store behind its back.
func sqlExec(t *testing.T, path string, statements ...string) {
	t.Helper()
	db := sqlOpen(t, path)
	defer func() { _ = db.Close() }()
	for _, s := range statements {
		if _, err := db.Exec(s); err != nil {
			t.Fatalf("%s: %v", s, err)
		}
	}
}

func seen(t *testing.T, s *store.Store, path string) job.File {
	t.Helper()
	f, err := s.See(t.Context(), job.File{Job: "j", Type: job.TypeImport, Path: path})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFilesAreForTheirOwnerOnly(t *testing.T) {
	dir := t.TempDir()
	s := open(t, at(dir))
	seen(t, s, "/a")
	if err := s.SetSecret(t.Context(), "x", secretOf("y")); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), filepath.Join(dir, "copy.db")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) < 5 {
		t.Fatalf("%d files, %v", len(entries), err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has mode %v, %v", e.Name(), info.Mode(), err)
		}
	}
}

func TestReadersLookBesideAWriter(t *testing.T) {
	dir := t.TempDir()
	options := at(dir)
	options.ReadOnly = true
	if _, err := store.Open(t.Context(), options); !errors.Is(err, store.ErrMissing) {
		t.Fatalf("a missing store gave %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 0 {
		t.Fatalf("reading a missing store left %v", entries)
	}
	writer := open(t, at(dir))
	f := seen(t, writer, "/a")
	reader := open(t, options)
	if got, err := reader.File(t.Context(), f.ID); err != nil || got.Path != "/a" {
		t.Fatalf("the reader saw %v, %v", got, err)
	}
	if _, err := reader.See(t.Context(), f); !errors.Is(err, store.ErrReadOnly) {
		t.Fatalf("a write through the reader gave %v", err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	alone := open(t, options)
	if _, err := alone.File(t.Context(), f.ID); err != nil {
		t.Fatalf("a reader without a writer: %v", err)
	}
}

func TestOtherSchemasAreRefused(t *testing.T) {
	dir := t.TempDir()
	options := at(dir)
	if err := open(t, options).Close(); err != nil {
		t.Fatal(err)
	}
	sqlExec(t, options.Path, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (999, 1)`)
	before := contents(t, options.Path)
	for _, readOnly := range []bool{false, true} {
		options.ReadOnly = readOnly
		if _, err := store.Open(t.Context(), options); !errors.Is(err, store.ErrNewer) {
			t.Fatalf("a newer schema gave %v", err)
		}
	}
	if string(contents(t, options.Path)) != string(before) {
		t.Fatal("a store of a newer program was written to")
	}
	sqlExec(t, options.Path, `DELETE FROM goose_db_version WHERE version_id > 0`)
	if _, err := store.Open(t.Context(), options); !errors.Is(err, store.ErrOlder) {
		t.Fatalf("an older schema, read only, gave %v", err)
	}
}

// A process may be killed before the database is in WAL mode: while it makes a store, and on the first start on a restored
// copy. The journal that it leaves must be rolled back, which nobody can who only reads.
func TestCutOffStartIsMended(t *testing.T) {
	whole, torn := at(t.TempDir()), at(t.TempDir())
	s := open(t, whole)
	f := seen(t, s, "/a")
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	db := sqlOpen(t, whole.Path)
	db.SetMaxOpenConns(1)
	defer func() { _ = db.Close() }()
	for _, statement := range []string{
		`PRAGMA journal_mode = DELETE`, `PRAGMA cache_size = 1`, `BEGIN IMMEDIATE`, `UPDATE files SET path = CAST('/lost' AS BLOB)`,
		`CREATE TABLE half AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT i, randomblob(500) FROM n`,
	} {
		if _, err := db.Exec(statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
	for _, suffix := range []string{"", "-journal"} {
		if err := os.WriteFile(torn.Path+suffix, contents(t, whole.Path+suffix), 0o600); err != nil {
			t.Fatal(err)
		}
	}

	torn.ReadOnly = true
	if _, err := store.Open(t.Context(), torn); !errors.Is(err, store.ErrCutOff) {
		t.Fatalf("a store whose start was cut off, read only, gave %v", err)
	}
	torn.ReadOnly = false
	link := at(t.TempDir())
	if err := os.Symlink(torn.Path, link.Path); err != nil {
		t.Fatal(err)
	}
	got, err := open(t, link).File(t.Context(), f.ID)
	if err != nil || got.Path != "/a" {
		t.Fatalf("of the row before the cut %q came back, %v", got.Path, err)
	}
}

func TestDamageIsToldAndFound(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "haulier.db"), make([]byte, 8192), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := store.Open(t.Context(), at(dir))
	var reason *job.Reason
	if !errors.Is(err, store.ErrDamaged) || !errors.As(err, &reason) || reason.Slug != "local.store_damaged" {
		t.Fatalf("a file that is no database gave %v", err)
	}

	dir = t.TempDir()
	sqlExec(t, at(dir).Path, `CREATE TABLE other (x)`)
	if _, err := store.Open(t.Context(), at(dir)); !errors.Is(err, store.ErrForeign) {
		t.Fatalf("the database of another program gave %v", err)
	}

	dir = t.TempDir()
	s := open(t, at(dir))
	for range 3 {
		if err := s.AddAudit(t.Context(), store.AuditLine{Who: "ops", Act: "trust", Object: "acme"}); err != nil {
			t.Fatal(err)
		}
	}
	f := seen(t, s, "/a")
	if problems, err := s.Check(t.Context()); err != nil || len(problems) != 0 {
		t.Fatalf("a whole store has problems %v, %v", problems, err)
	}
	sqlExec(t, filepath.Join(dir, "haulier.db"), `DROP TRIGGER audit_no_update`, `UPDATE audit SET who = 'nobody' WHERE id = 2`)
	sqlExec(t, filepath.Join(dir, "haulier.db"), `PRAGMA foreign_keys = OFF`, `DELETE FROM files`)
	if problems, err := s.Check(t.Context()); err != nil || len(problems) != 2 {
		t.Fatalf("after tampering and a lost file %d: problems %q, %v", f.ID, problems, err)
	}
}

func TestTheAuditListIsAppendOnly(t *testing.T) {
	dir := t.TempDir()
	s := open(t, at(dir))
	if err := s.AddAudit(t.Context(), store.AuditLine{Who: "ops"}); err != nil {
		t.Fatal(err)
	}
	db := sqlOpen(t, at(dir).Path)
	defer func() { _ = db.Close() }()
	for _, statement := range []string{`UPDATE audit SET who = 'x'`, `DELETE FROM audit`} {
		if _, err := db.Exec(statement); err == nil {
			t.Errorf("%s was done", statement)
		}
	}
}

func TestLinesLostFromTheAuditListAreSeen(t *testing.T) {
	for name, c := range map[string]struct {
		statement string
		whole     bool
	}{
		"none":       {`SELECT 1`, true},
		"the last":   {`DELETE FROM audit WHERE id = 3`, false},
		"a middle":   {`DELETE FROM audit WHERE id = 2`, false},
		"the first":  {`DELETE FROM audit WHERE id = 1`, false},
		"all":        {`DELETE FROM audit`, false},
		"an altered": {`UPDATE audit SET detail = 'x' WHERE id = 3`, false},
		"a forged":   {`INSERT INTO audit (at, who, act, object, detail, chain) VALUES (1, 'x', 'x', 'x', '', 'x')`, false},
		"the end":    {`DELETE FROM audit_end`, false},
	} {
		dir := t.TempDir()
		s := open(t, at(dir))
		var ends []store.AuditEnd
		for range 3 {
			if err := s.Act(t.Context(), "ops", "trust", "acme", ""); err != nil {
				t.Fatal(err)
			}
			v, err := s.VerifyAudit(t.Context(), store.AuditEnd{})
			if err != nil || !v.Whole() {
				t.Fatalf("%+v, %v", v, err)
			}
			ends = append(ends, v.End)
		}
		sqlExec(t, at(dir).Path, `DROP TRIGGER audit_no_update`, `DROP TRIGGER audit_no_delete`, c.statement)
		if v, err := s.VerifyAudit(t.Context(), store.AuditEnd{}); err != nil || v.Whole() != c.whole {
			t.Errorf("%s: %+v, %v", name, v, err)
		}
		// A list that hangs together in itself is told by an end that was noted elsewhere.
		sqlExec(t, at(dir).Path, `DELETE FROM audit WHERE id = 3`, `INSERT OR REPLACE INTO audit_end SELECT 1, id, chain FROM audit ORDER BY id DESC LIMIT 1`)
		if v, err := s.VerifyAudit(t.Context(), ends[2]); err != nil || v.Whole() {
			t.Errorf("%s, forged: %+v, %v", name, v, err)
		}
		if v, err := s.VerifyAudit(t.Context(), ends[0]); err != nil || name == "none" && !v.Whole() {
			t.Errorf("%s, forged, with the first line noted: %+v, %v", name, v, err)
		}
	}
}

func TestAnEventAndItsChangeAreOne(t *testing.T) {
	dir := t.TempDir()
	s := open(t, at(dir))
	f, err := s.Claim(t.Context(), seen(t, s, "/a"), 1)
	if err != nil {
		t.Fatal(err)
	}
	sqlExec(t, at(dir).Path, `CREATE TRIGGER no_events BEFORE INSERT ON events BEGIN SELECT RAISE(ABORT, 'full'); END`)
	next := f
	next.Step, next.State = job.StepDone, job.FileLanded
	if _, err := s.Advance(t.Context(), job.StepSeen, next, job.Beside{}); err == nil {
		t.Fatal("the row moved although its event could not be written")
	}
	row, err := s.File(t.Context(), f.ID)
	if err != nil || row.Step != job.StepSeen || row.Touched != f.Touched {
		t.Fatalf("the row is %+v, %v", row, err)
	}
	if steps, err := s.Steps(t.Context(), f.ID); err != nil || len(steps) != 1 {
		t.Fatalf("the timeline is %v, %v", steps, err)
	}
}

func TestADecisionIsOneTransaction(t *testing.T) {
	dir := t.TempDir()
	s := open(t, at(dir))
	f, err := s.Claim(t.Context(), seen(t, s, "/a"), 1)
	if err == nil {
		f.State = job.FileHeld
		f, err = s.Advance(t.Context(), job.StepSeen, f, job.Beside{})
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"steps", "audit"} {
		t.Run(table, func(t *testing.T) {
			sqlExec(t, at(dir).Path, `CREATE TRIGGER full BEFORE INSERT ON `+table+` BEGIN SELECT RAISE(ABORT, 'full'); END`)
			defer sqlExec(t, at(dir).Path, `DROP TRIGGER full`)
			next := f
			next.Step, next.State = job.StepDone, job.FileLanded
			if _, err := s.Decide(t.Context(), job.FileHeld, next, store.AuditLine{Who: "ann"}); err == nil {
				t.Fatal("it was decided by half")
			}
			if row, err := s.File(t.Context(), f.ID); err != nil || row.State != job.FileHeld || row.Fence != f.Fence || row.Touched != f.Touched {
				t.Errorf("the row is %+v, %v", row, err)
			}
		})
	}
}

func TestBackupIsAWholeStore(t *testing.T) {
	dir := t.TempDir()
	s := open(t, at(dir))
	f := seen(t, s, "/a")
	if err := s.SetSecret(t.Context(), "x", secretOf("y")); err != nil {
		t.Fatal(err)
	}
	options := at(dir)
	options.Path = filepath.Join(dir, "copy.db")
	if err := s.Backup(t.Context(), options.Path); err != nil {
		t.Fatal(err)
	}
	if err := s.Backup(t.Context(), options.Path); !errors.Is(err, os.ErrExist) {
		t.Fatalf("a backup over another gave %v", err)
	}
	seen(t, s, "/b")
	restored := open(t, options)
	if _, err := restored.File(t.Context(), f.ID); err != nil {
		t.Fatal(err)
	}
	if stamp, err := restored.Stamp(t.Context()); err != nil || stamp != f.Touched {
		t.Fatalf("the copy's stamp is %d, %v", stamp, err)
	}
	if text, err := restored.Secret(t.Context(), "x"); err != nil || string(text.Reveal()) != "y" {
		t.Fatalf("the copy's secret does not open: %v", err)
	}
	if problems, err := restored.Check(t.Context()); err != nil || len(problems) != 0 {
		t.Fatalf("the copy has problems %v, %v", problems, err)
	}
}

func contents(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAConfigurationThatComesAgainIsStoredOnce(t *testing.T) {
	options := at(t.TempDir())
	s, err := store.Open(t.Context(), options)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, hash := range []string{"h1", "h2", "h1"} {
		if _, err := s.AddRevision(t.Context(), store.Revision{Hash: hash, Text: "text of " + hash}); err != nil {
			t.Fatal(err)
		}
	}
	var texts int
	db := sqlOpen(t, options.Path)
	err = db.QueryRow(`SELECT count(*) FROM config_revisions WHERE text <> ''`).Scan(&texts)
	if err := errors.Join(err, db.Close()); err != nil || texts != 2 {
		t.Errorf("%d texts are stored, %v", texts, err)
	}
	if last, _, err := s.LastRevision(t.Context()); err != nil || last.ID != 3 || last.Text != "text of h1" {
		t.Errorf("last %+v, %v", last, err)
	}
}
