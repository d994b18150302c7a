package store

import (
	"database/sql"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// The steps of files go to the database directly: they are many, and gorm would double their cost.

// exec does a statement and says how many rows it wrote.
func exec(tx *gorm.DB, query string, args ...any) (int64, error) {
	result, err := tx.Statement.ConnPool.ExecContext(tx.Statement.Context, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// changed says that a row was written; none means that it has moved on.
func changed(rows int64, err error) error {
	if err == nil && rows == 0 {
		return job.ErrStale
	}
	return err
}

// query does a statement that gives at most one row.
func query(tx *gorm.DB, query string, args ...any) *sql.Row {
	return tx.Statement.ConnPool.QueryRowContext(tx.Statement.Context, query, args...)
}
