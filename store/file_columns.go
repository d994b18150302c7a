package store

import (
	"fmt"
	"strings"

	"gorm.io/gorm"
)

// fileColumns are the columns of the table files, as fields gives them.
var fileColumns = []string{
	"id", "job", "connection", "type", "path", "dir", "generation", "superseded", "run", "fence", "touched", "decided",
	"size", "mtime", "stable_since", "absent", "moved", "stayed", "step", "state", "reason",
	"received_size", "received_sha256", "plain_size", "plain_sha256", "stage", "landing", "spent", "kept", "final", "local",
	"temp", "temp_mtime", "leftovers", "marker", "marked", "aside", "archived", "proof", "means", "envelope", "receipt",
	"refetched", "seen", "began", "ended", "name",
}

// fileColumnList is all of them, for SELECT and RETURNING.
var fileColumnList = strings.Join(fileColumns, ", ")

// fields points to the columns of a row.
func (r *fileRow) fields() []any {
	return []any{
		&r.ID, &r.Job, &r.Connection, &r.Type, &r.Path, &r.Dir, &r.Generation, &r.Superseded, &r.Run, &r.Fence, &r.Touched, &r.Decided,
		&r.Size, &r.Mtime, &r.StableSince, &r.Absent, &r.Moved, &r.Stayed, &r.Step, &r.State, &r.Reason,
		&r.ReceivedSize, &r.ReceivedSHA256, &r.PlainSize, &r.PlainSHA256, &r.Stage, &r.Landing, &r.Spent, &r.Kept, &r.Final, &r.Local,
		&r.Temp, &r.TempMtime, &r.Leftovers, &r.Marker, &r.Marked, &r.Aside, &r.Archived, &r.Proof, &r.Means, &r.Envelope, &r.Receipt,
		&r.Refetched, &r.Seen, &r.Began, &r.Ended, &r.Name,
	}
}

// changes gives the columns in which next differs from r, as assignments of SQL, and their values: what is not named is not
// looked up in the indexes either.
func (r *fileRow) changes(next *fileRow) (set string, values []any) {
	var b strings.Builder
	before, after := r.fields(), next.fields()
	for i, column := range fileColumns {
		if same(before[i], after[i]) {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(", ")
		}
		b.WriteString(column)
		b.WriteString(" = ?")
		values = append(values, held(after[i]))
	}
	return b.String(), values
}

// same says whether two fields of a column hold the same.
func same(a, b any) bool {
	switch a := a.(type) {
	case *string:
		return *a == *b.(*string)
	case *int64:
		return *a == *b.(*int64)
	case *raw:
		return *a == *b.(*raw)
	}
	return held(a) == held(b)
}

// held is what a field of a row holds.
func held(field any) any {
	switch f := field.(type) {
	case *string:
		return *f
	case *int64:
		return *f
	case *bool:
		return *f
	case *raw:
		return *f
	case *int:
		return *f
	}
	panic(fmt.Sprintf("a row of files has a field of %T", field))
}

var fileRows = &into{"INSERT INTO files (" + strings.Join(fileColumns[1:], ", ") + ")", len(fileColumns) - 1, ""}

// insertFiles inserts rows, and gives them their ids, which are in their order: the table counts its rows.
func insertFiles(tx *gorm.DB, rows []fileRow) error {
	for len(rows) > 0 {
		some := rows[:min(len(rows), rowsMost)]
		values := make([]any, 0, len(some)*fileRows.columns)
		for i := range some {
			for _, field := range some[i].fields()[1:] {
				values = append(values, held(field))
			}
		}
		result, err := tx.Statement.ConnPool.ExecContext(tx.Statement.Context, fileRows.statement(len(some)), values...)
		if err != nil {
			return err
		}
		last, err := result.LastInsertId()
		if err != nil {
			return err
		}
		for i := range some {
			some[i].ID = last - int64(len(some)-1-i)
		}
		rows = rows[len(some):]
	}
	return nil
}
