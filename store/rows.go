package store

import (
	"errors"
	"strings"

	"gorm.io/gorm"
)

// into is where rows are inserted, and what they consist of.
type into struct {
	head    string // up to VALUES
	columns int
	tail    string
}

// rows wait to be inserted.
type rows struct {
	into   *into
	values []any
}

// rowsMost is how many rows one statement inserts. Each number of rows is a statement of its own, which is kept.
const rowsMost = 16

// errThere says that a row is there already.
var errThere = errors.New("the row is there already")

// insert writes rows, or lets them wait for those of other steps: together they cost half.
func (i *into) insert(tx *gorm.DB, values ...any) error {
	c := commonOf(tx)
	if c == nil || !c.trust {
		return rows{i, values}.insert(tx)
	}
	for n := range c.later {
		if c.later[n].into == i {
			c.later[n].values = append(c.later[n].values, values...)
			return nil
		}
	}
	c.later = append(c.later, rows{i, values})
	return nil
}

func (r rows) insert(tx *gorm.DB) error {
	for left := r.values; len(left) > 0; {
		n := min(len(left)/r.into.columns, rowsMost)
		written, err := exec(tx, r.into.statement(n), left[:n*r.into.columns]...)
		if err == nil && written < int64(n) {
			err = errThere
		}
		if err != nil {
			return err
		}
		left = left[n*r.into.columns:]
	}
	return nil
}

func (i *into) statement(rows int) string {
	row := "(?" + strings.Repeat(", ?", i.columns-1) + ")"
	return i.head + " VALUES " + row + strings.Repeat(", "+row, rows-1) + i.tail
}
