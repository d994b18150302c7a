package store

import (
	"database/sql"

	"gorm.io/gorm"
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

// query does a statement that gives at most one row.
func query(tx *gorm.DB, query string, args ...any) *sql.Row {
	return tx.Statement.ConnPool.QueryRowContext(tx.Statement.Context, query, args...)
}
