package store

import (
	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// seen narrows a query to what a sight shows: rows whose column names a connection of one of its entities. Connections that were
// removed keep their entity, and with it who may see their history.
func seen(db *gorm.DB, column string, sight job.Sight) *gorm.DB {
	if sight.Whole() {
		return db
	}
	return db.Where(column+" IN (SELECT name FROM connections WHERE entity IN ?)", []string(sight))
}
