package store

import (
	"context"
	"database/sql"
	"errors"
	"strconv"
	"strings"

	"gorm.io/gorm"
)

// owners say whose an object is: the entity of its connection, by kind of object. Numbers name what has no name.
var owners = map[string]string{
	"connection": `SELECT entity FROM connections WHERE name = ?`,
	"job":        `SELECT c.entity FROM jobs o JOIN connections c ON c.name = o.connection WHERE o.name = ?`,
	"run":        `SELECT c.entity FROM runs o JOIN connections c ON c.name = o.connection WHERE o.id = ?`,
	"delivery":   `SELECT c.entity FROM deliveries o JOIN connections c ON c.name = o.connection WHERE o.id = ?`,
	"file":       `SELECT c.entity FROM files o JOIN connections c ON c.name = o.connection WHERE o.id = ?`,
}

// Owns says whether there is a rule for whose objects of a kind are.
func (s *Store) Owns(kind string) bool { return owners[kind] != "" || kind == "incident" }

// Owner gives the entity whose an object is. What is not there, or belongs to no connection, is not found.
func (s *Store) Owner(ctx context.Context, kind, name string) (entity string, found bool, err error) {
	err = s.read(ctx, "look whose the "+kind+" is", func(db *gorm.DB) error {
		if kind == "incident" {
			entity, found, err = ownerOfIncident(db, name)
			return err
		}
		text, known := owners[kind]
		if !known {
			return errors.New("nobody knows whose a " + kind + " is")
		}
		entity, found, err = ownerBy(db, text, name)
		return err
	})
	return entity, found && err == nil, err
}

func ownerBy(db *gorm.DB, text, name string) (entity string, found bool, err error) {
	err = query(db, text, name).Scan(&entity)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return entity, err == nil, err
}

// ownerOfIncident goes by what the cause names: a connection or a job; others' are nobody's.
func ownerOfIncident(db *gorm.DB, id string) (entity string, found bool, err error) {
	n, err := strconv.ParseInt(id, 10, 64)
	if err != nil {
		return "", false, nil
	}
	var cause string
	err = query(db, `SELECT cause FROM incidents WHERE id = ?`, n).Scan(&cause)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	kind, rest, _ := cutCause(cause)
	if err != nil || kind != "connection" && kind != "job" {
		return "", false, err
	}
	return ownerBy(db, owners[kind], rest)
}

// cutCause gives what a cause's key is about: connection/NAME/slug.
func cutCause(cause string) (kind, name, slug string) {
	kind, rest, _ := strings.Cut(cause, "/")
	name, slug, _ = strings.Cut(rest, "/")
	return kind, name, slug
}
