package store

import (
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

func openHere(t *testing.T) *Store {
	t.Helper()
	s, err := Open(t.Context(), Options{Path: filepath.Join(t.TempDir(), "haulier.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	return s
}

func TestTheWriterIsDurable(t *testing.T) {
	s := openHere(t)
	for pragma, want := range map[string]string{
		"journal_mode": "wal", "synchronous": "2", "foreign_keys": "1", "secure_delete": "1", "busy_timeout": "20000",
	} {
		var got string
		if err := s.writer.Raw("PRAGMA " + pragma).Scan(&got).Error; err != nil || got != want {
			t.Errorf("%s is %q, %v; want %q", pragma, got, err, want)
		}
	}
	if err := s.reader.Exec("DELETE FROM files").Error; !errors.Is(classify(err), ErrReadOnly) {
		t.Errorf("a reader's write gave %v", err)
	}
}

// TestATransactionLocksBeforeItReads: what a transaction decides by, nobody changes until it is through.
func TestATransactionLocksBeforeItReads(t *testing.T) {
	s := openHere(t)
	other, err := sql.Open("sqlite", dsn(s.options.Path, url.Values{"_txlock": {"immediate"}, "_pragma": {"busy_timeout(0)"}}))
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	err = s.write(t.Context(), "decide", func(*gorm.DB) error {
		tx, err := other.BeginTx(t.Context(), nil)
		if err == nil {
			return errors.Join(errors.New("another one may write"), tx.Rollback())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

// TestAFullDiskIsToldAndPasses lets the database grow no further, as a full disk would.
func TestAFullDiskIsToldAndPasses(t *testing.T) {
	s := openHere(t)
	limit := func(pages int) {
		t.Helper()
		if err := s.writer.Exec(fmt.Sprintf("PRAGMA max_page_count = %d", pages)).Error; err != nil {
			t.Fatal(err)
		}
	}
	limit(1) // SQLite raises it to what there is
	var err error
	written := 0
	for ; err == nil && written < 10_000; written++ {
		_, err = s.See(t.Context(), job.File{Job: "j", Path: fmt.Sprintf("/in/%d.csv", written)})
	}
	var reason *job.Reason
	if !errors.Is(err, ErrFull) || !errors.As(err, &reason) || reason.Slug != "local.no_space" || !reason.Temporary {
		t.Fatalf("a full disk gave %v", err)
	}
	limit(1 << 20)
	f, err := s.See(t.Context(), job.File{Job: "j", Path: "/in/later.csv"})
	if err != nil {
		t.Fatal(err)
	}
	if stamp, err := s.Stamp(t.Context()); err != nil || stamp != f.Touched || stamp != int64(written) {
		t.Fatalf("stamp %d after %d rows, the last touched %d, %v", stamp, written, f.Touched, err)
	}
}

// TestQueriesUseTheirIndexes keeps the daily queries from reading the whole ledger.
func TestQueriesUseTheirIndexes(t *testing.T) {
	s := openHere(t)
	for query, index := range map[string]string{
		`SELECT job, count(*) AS files, count(DISTINCT day) AS days FROM approvals GROUP BY job`:                                            "approvals_job",
		`SELECT * FROM files WHERE job = 'j' AND path IN (x'00', x'01') AND superseded = 0`:                                                 "sqlite_autoindex_files_1",
		`SELECT * FROM files WHERE job = 'j' AND step NOT IN ('seen', 'done') AND state NOT IN ('held', 'rejected', 'skipped') ORDER BY id`: "files_unfinished",
		`SELECT * FROM files WHERE job = 'j' AND id > 5 AND ` + present + ` ORDER BY id LIMIT 500`:                                          "files_present",
		`SELECT * FROM files WHERE state = 'held' ORDER BY id LIMIT 1000`:                                                                   "files_held",
		heldCounts: "files_held",
		strings.NewReplacer("?", "100").Replace(firstUnseen):                                                                                                         "files_held",
		`SELECT count(*) FROM files WHERE ` + lyingRejected + ` AND job = 'j'`:                                                                                       "files_rejected",
		`SELECT count(*) FROM files WHERE ` + lyingRejected + ` GROUP BY job`:                                                                                        "files_rejected",
		`SELECT * FROM files WHERE job = 'j' AND archived <> x'' AND ended <> 0 AND ended < 9 ORDER BY ended`:                                                        "files_archived",
		`SELECT * FROM files WHERE job = 'j' AND path = x'00' AND aside = x'01' ORDER BY generation DESC LIMIT 1`:                                                    "sqlite_autoindex_files_1",
		`SELECT * FROM files WHERE job = 'j' AND path = x'00' AND size = 1 AND (mtime = 2 OR 2 = 0) ORDER BY generation DESC LIMIT 1`:                                "sqlite_autoindex_files_1",
		strings.NewReplacer("@files", "'[1,2]'").Replace(filesOfOpenIncidents):                                                                                       "INTEGER PRIMARY KEY",
		`SELECT * FROM incidents WHERE passed_to <> 0 AND passed_to = 7 AND resolved_by = 'x' AND told <> 0 AND recovery = 0`:                                        "incidents_passed",
		strings.NewReplacer("@incident", "1", "@verdict", "'late'").Replace(daysThatHold):                                                                            "PRIMARY",
		strings.NewReplacer("?", "1").Replace(arrivalsOf):                                                                                                            "files_ended",
		`SELECT * FROM events WHERE id > 1 AND id <= 9 AND json_extract(data, '$.connection') IN (SELECT name FROM connections) ORDER BY id LIMIT 5`:                 "PRIMARY KEY",
		`SELECT day FROM expectations WHERE job = 'j' AND closed = 0 ORDER BY day`:                                                                                   "expectations_open",
		`SELECT count(*) FROM (SELECT 1 FROM runs WHERE job = 'j' AND id > 5 AND state NOT IN ('queued', 'skipped') LIMIT 9)`:                                        "runs_job",
		`SELECT id FROM runs WHERE started < 5 ORDER BY started DESC LIMIT 1`:                                                                                        "runs_started",
		strings.NewReplacer("@names", "'[]'", "@asked", "'a'", "@looked", "'l'").Replace(failingSince):                                                               "runs_job_state",
		`SELECT * FROM runs WHERE ended = 0 ORDER BY id`:                                                                                                             "runs_open",
		`SELECT * FROM slots WHERE state = 'due' ORDER BY due, job`:                                                                                                  "slots_open",
		`SELECT * FROM requests WHERE run = 1 AND file = 1 AND direction = 'upload' AND run <> 0 AND file <> 0`:                                                      "requests_fold",
		`SELECT * FROM deliveries JOIN events ON events.id = deliveries.event WHERE channel = 'c' AND next <> 0 AND next <= 9 ORDER BY next, deliveries.id LIMIT 16`: "deliveries_due",
		strings.NewReplacer("@sent", "'sent'", "@incident", "7", "@event", "9").Replace(heardOf):                                                                     "deliveries_heard",
		`SELECT * FROM deliveries JOIN events ON events.id = deliveries.event WHERE channel = 'c' AND next <> 0 AND next <= 9 AND ` + inTurn:                         "deliveries_heard",
		`SELECT id FROM deliveries WHERE state = 'disabled' AND channel = 'c' AND NOT ` + outdated:                                                                   "deliveries_heard",
		`SELECT id FROM deliveries WHERE made >= 9 ORDER BY made, id LIMIT 1`:                                                                                        "deliveries_made",
		`SELECT * FROM deliveries WHERE channel = 'c' ORDER BY id DESC LIMIT 9`:                                                                                      "deliveries_by_channel",
		`SELECT * FROM deliveries WHERE state = 'disabled' ORDER BY id DESC LIMIT 9`:                                                                                 "deliveries_by_state",
		`SELECT * FROM sheet_answers WHERE link = 'h' ORDER BY id DESC LIMIT 20`:                                                                                     "sheet_answers_link",
		`SELECT count(*), min(id), max(id) FROM sheet_answers WHERE connection = 'c' GROUP BY link`:                                                                  "sheet_answers_connection",
		`SELECT id FROM sheet_answers AS old WHERE at < 1 AND EXISTS (SELECT 1 FROM sheet_answers WHERE connection = old.connection AND id > old.id) LIMIT 10`:       "sheet_answers_at",
		`SELECT * FROM sheet_answers WHERE connection = 'c' ORDER BY id DESC LIMIT 20`:                                                                               "sheet_answers_connection",
		`DELETE FROM events WHERE id BETWEEN 1 AND 2 AND NOT EXISTS (SELECT 1 FROM deliveries WHERE event = events.id)`:                                              "sqlite_autoindex_deliveries_1",
	} {
		var plan []struct{ Detail string }
		if err := s.reader.Raw("EXPLAIN QUERY PLAN " + query).Scan(&plan).Error; err != nil {
			t.Fatal(err)
		}
		found := false
		for _, p := range plan {
			found = found || containsWord(p.Detail, index)
		}
		if !found {
			t.Errorf("%s does not use %s: %v", query, index, plan)
		}
	}
}

func containsWord(text, word string) bool {
	for i := 0; i+len(word) <= len(text); i++ {
		if text[i:i+len(word)] == word && (i+len(word) == len(text) || text[i+len(word)] == ' ') {
			return true
		}
	}
	return false
}
