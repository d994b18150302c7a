package access

import (
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// books is what a store holds, row by row.
type books map[string][]string

// passing is what the daemon or a mere look writes by itself.
var passing = map[string][]string{
	"sessions": {"seen"}, "tokens": {"used"}, "users": {"login"},
}

// looked are tables that tell of no act: what the daemon notes for itself, and counts of requests.
var looked = []string{"goose_db_version", "ledger_stamp", "login_tries", "looks", "meta", "routed", "run_logs", "sqlite_sequence"}

// raw opens the database of a house beside whoever else has it open.
func (h *house) raw() *sql.DB {
	h.t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(h.dir, "data", "haulier.db")+"?_pragma=busy_timeout(20000)")
	if err != nil {
		h.t.Fatal(err)
	}
	return db
}

// books reads all tables but those that tell of no act, and others.
func (h *house) books(but ...string) books {
	h.t.Helper()
	db := h.raw()
	defer db.Close()
	all := books{}
	tables, err := column(db, `SELECT name FROM sqlite_schema WHERE type = 'table'`)
	for _, table := range tables {
		if slices.Contains(looked, table) || slices.Contains(but, table) {
			continue
		}
		names, failed := column(db, `SELECT name FROM pragma_table_info('`+table+`')`)
		names = slices.DeleteFunc(names, func(name string) bool { return slices.Contains(passing[table], name) })
		rows, failed2 := column(db, `SELECT quote("`+strings.Join(names, `") || ' ' || quote("`)+`") FROM "`+table+`"`)
		err = errors.Join(err, failed, failed2)
		slices.Sort(rows)
		all[table] = rows
	}
	if err != nil || len(all) < 20 {
		h.t.Fatalf("%d tables were read: %v", len(all), err)
	}
	return all
}

func column(db *sql.DB, query string) (values []string, err error) {
	rows, err := db.Query(query)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", query, err)
	}
	defer rows.Close()
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	return values, rows.Err()
}

// changed says which rows are in one of two states only.
func (b books) changed(since books) (differences []string) {
	for table, rows := range b {
		for sign, pair := range map[string][2][]string{"+": {rows, since[table]}, "-": {since[table], rows}} {
			for _, row := range pair[0] {
				if _, found := slices.BinarySearch(pair[1], row); !found {
					differences = append(differences, sign+" "+table+": "+row)
				}
			}
		}
	}
	slices.Sort(differences)
	return differences
}

// refuseLines has the store take no line into the audit list, or take them again: as a process would leave it that dies just before each line.
func (h *house) refuseLines(yes bool) {
	h.t.Helper()
	db := h.raw()
	defer db.Close()
	statement := `DROP TRIGGER no_line`
	if yes {
		statement = `CREATE TRIGGER no_line BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'no line is taken'); END`
	}
	if _, err := db.Exec(statement); err != nil {
		h.t.Fatal(err)
	}
}

// line is one of the audit list.
type line struct{ who, act, object, detail string }

// lines gives those behind a number, the oldest first, and the last number.
func (h *house) lines(after int64) (list []line, last int64) {
	h.t.Helper()
	db := h.raw()
	defer db.Close()
	rows, err := db.Query(`SELECT id, who, act, object, detail FROM audit WHERE id > ? ORDER BY id`, after)
	if err != nil {
		h.t.Fatal(err)
	}
	defer rows.Close()
	for last = after; rows.Next(); {
		var l line
		if err := rows.Scan(&last, &l.who, &l.act, &l.object, &l.detail); err != nil {
			h.t.Fatal(err)
		}
		list = append(list, l)
	}
	return list, last
}

// What is compared is what the tables hold.
func TestBooksShowWhatChanges(t *testing.T) {
	h := newHouse(t)
	before := h.books()
	if changed := h.books().changed(before); len(changed) > 0 {
		t.Errorf("nothing was done, and changed is %q", changed)
	}
	db := h.raw()
	defer db.Close()
	if _, err := db.Exec(`UPDATE runs SET note = 'x' WHERE id = 1`); err != nil {
		t.Fatal(err)
	}
	if changed := h.books().changed(before); len(changed) != 2 || !strings.HasPrefix(changed[0], "+ runs: 1 ") {
		t.Errorf("changed is %q", changed)
	}
}
