package audit

import (
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver, without C
)

// row is what the ledger says of one version of a file.
type row struct {
	id, run     int64
	job, path   string
	size, mtime int64
	step, state string
	slug        string // of the reason; empty: there is none
	received    string // hash of the bytes as on the wire
	plain       string // hash of the bytes as landed, or as collected
	final       string
	local       string
	temp        string
	proof       string
	arrived     time.Time // when its timeline first said landed or delivered; zero: never
	decisions   []string  // of persons: again, landed, delivered, drop
	forced      bool      // a run with --force had it

	matched bool // something that arrived is what it claims
}

func (r *row) name() string { return path.Base(r.path) }

// served says whether the row claims that the file arrived.
func (r *row) served() bool { return r.state == "landed" || r.state == "delivered" }

// assumed says whether the claim is no more than somebody's word.
func (r *row) assumed() bool {
	for _, d := range r.decisions {
		if d == "landed" || d == "delivered" {
			return true
		}
	}
	return r.proof == "assumed"
}

// approved says whether a person let a file of a supervised job go on, which the next run does.
func (r *row) approved() bool {
	return r.state == "waiting" && (r.step == "checked" || r.step == "sealed")
}

// pending says whether the row shows people that the version did not arrive, and why.
func (r *row) pending() bool {
	switch r.state {
	case "waiting", "moving":
		return true
	case "held", "rejected", "failed", "skipped":
		return r.slug != ""
	}
	return false
}

type run struct {
	id             int64
	job, state     string
	started, ended time.Time
	told           map[string]bool // names of files that it said it did not move, and why
}

// well says whether a run came to its own end and had nothing to say about a file.
func (r run) well(name string) bool {
	return (r.state == "succeeded" || r.state == "partial") && !r.told[name]
}

type ledger struct {
	rows map[string][]*row // by job, in the order of their ids
	runs []run
	due  []string // slots that are still due
}

func readLedger(file string, now time.Time) (*ledger, error) {
	if _, err := os.Stat(file); err != nil {
		return nil, err
	}
	absolute, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	query := url.Values{"mode": {"ro"}, "_pragma": {"busy_timeout(20000)", "query_only(1)"}}
	db, err := sql.Open("sqlite", (&url.URL{Scheme: "file", Path: absolute, RawQuery: query.Encode()}).String())
	if err != nil {
		return nil, err
	}
	defer db.Close()
	l := &ledger{rows: map[string][]*row{}}
	byID := map[int64]*row{}
	if err := errors.Join(l.readRows(db, byID), l.readTimes(db, byID), l.readDecisions(db, byID), l.readRuns(db, byID), l.readSlots(db, now)); err != nil {
		return nil, fmt.Errorf("read the ledger %s: %w", file, err)
	}
	return l, nil
}

// each runs a query and takes its rows one by one.
func each(db *sql.DB, take func(scan func(...any) error) error, query string, args ...any) error {
	rows, err := db.Query(query, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := take(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (l *ledger) readRows(db *sql.DB, byID map[int64]*row) error {
	return each(db, func(scan func(...any) error) error {
		r := &row{}
		var name, final, local, temp []byte
		var reason string
		err := scan(&r.id, &r.run, &r.job, &name, &r.size, &r.mtime, &r.step, &r.state, &reason, &r.received, &r.plain,
			&final, &local, &temp, &r.proof)
		r.path, r.final, r.local, r.temp = text(name), text(final), text(local), text(temp)
		if reason != "" {
			var told struct{ Slug string }
			err = errors.Join(err, json.Unmarshal([]byte(reason), &told))
			r.slug = told.Slug
		}
		byID[r.id] = r
		l.rows[r.job] = append(l.rows[r.job], r)
		return err
	}, `SELECT id, run, job, path, size, mtime, step, state, reason, received_sha256, plain_sha256, final, local, temp, proof
		FROM files ORDER BY id`)
}

func (l *ledger) readTimes(db *sql.DB, byID map[int64]*row) error {
	return each(db, func(scan func(...any) error) error {
		var id, at int64
		err := scan(&id, &at)
		if r := byID[id]; r != nil {
			r.arrived = time.UnixMicro(at)
		}
		return err
	}, `SELECT file, min(at) FROM steps WHERE state IN ('landed', 'delivered') GROUP BY file`)
}

func (l *ledger) readDecisions(db *sql.DB, byID map[int64]*row) error {
	return each(db, func(scan func(...any) error) error {
		var object, detail string
		if err := scan(&object, &detail); err != nil {
			return err
		}
		id, err := strconv.ParseInt(strings.TrimPrefix(object, "file "), 10, 64)
		verdict, _, _ := strings.Cut(strings.TrimPrefix(detail, "as "), ":")
		if r := byID[id]; r != nil {
			r.decisions = append(r.decisions, verdict)
		}
		return err
	}, `SELECT object, detail FROM audit WHERE act = 'held.resolve' ORDER BY id`)
}

func (l *ledger) readRuns(db *sql.DB, byID map[int64]*row) error {
	byRun := map[int64]map[string]bool{}
	err := each(db, func(scan func(...any) error) error {
		var r run
		var started, ended int64
		err := scan(&r.id, &r.job, &r.state, &started, &ended)
		r.started = time.UnixMicro(started)
		if ended != 0 {
			r.ended = time.UnixMicro(ended)
		}
		r.told = map[string]bool{}
		l.runs, byRun[r.id] = append(l.runs, r), r.told
		return err
	}, `SELECT id, job, state, started, ended FROM runs ORDER BY id`)
	return errors.Join(err, each(db, func(scan func(...any) error) error {
		var run, file int64
		err := scan(&run, &file)
		if r, told := byID[file], byRun[run]; r != nil && told != nil {
			told[r.name()] = true
		}
		return err
	}, `SELECT run, file FROM run_files WHERE reason <> '' AND state NOT IN ('landed', 'delivered')`), each(db, func(scan func(...any) error) error {
		var id int64
		err := scan(&id)
		if r := byID[id]; r != nil {
			r.forced = true
		}
		return err
	}, `SELECT f.id FROM files f JOIN runs r ON r.id = f.run WHERE r.forced <> 0
		UNION SELECT o.file FROM run_files o JOIN runs r ON r.id = o.run WHERE r.forced <> 0`))
}

func (l *ledger) readSlots(db *sql.DB, now time.Time) error {
	return each(db, func(scan func(...any) error) error {
		var job, wall string
		err := scan(&job, &wall)
		l.due = append(l.due, job+" "+wall)
		return err
	}, `SELECT job, wall FROM slots WHERE state = 'due' AND due < ? ORDER BY due, job`, now.UnixMicro())
}
