package store

import (
	"context"
	"database/sql/driver"
	"errors"

	sqlite "modernc.org/sqlite"
)

// statementsMost is how many statements a connection keeps.
const statementsMost = 200

// connector opens connections that keep their statements: SQLite takes longer to parse one than to do it.
type connector struct {
	driver sqlite.Driver
	dsn    string
}

func (c *connector) Driver() driver.Driver { return &c.driver }

func (c *connector) Connect(context.Context) (driver.Conn, error) {
	opened, err := c.driver.Open(c.dsn)
	if err != nil {
		return nil, err
	}
	return &keeper{conn: opened.(conn), kept: map[string]statement{}}, nil
}

// conn and statement are what the driver's connections and statements can do.
type conn interface {
	driver.Conn
	driver.ConnPrepareContext
	driver.ConnBeginTx
	driver.ExecerContext
	driver.QueryerContext
	driver.SessionResetter
	driver.Validator
}

type statement interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// keeper is a connection; database/sql lets one goroutine at a time have it. A statement that is being read from is not
// among the kept ones meanwhile: the same text may be asked again before that ends.
type keeper struct {
	conn
	kept map[string]statement
}

func (k *keeper) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	s, err := k.take(ctx, query)
	if err != nil {
		return nil, err
	}
	result, err := s.ExecContext(ctx, args)
	return result, errors.Join(err, k.keep(query, s))
}

func (k *keeper) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	s, err := k.take(ctx, query)
	if err != nil {
		return nil, err
	}
	rows, err := s.QueryContext(ctx, args)
	if err != nil {
		return nil, errors.Join(err, k.keep(query, s))
	}
	return &keptRows{rows, func() error { return k.keep(query, s) }}, nil
}

func (k *keeper) take(ctx context.Context, query string) (statement, error) {
	if s, ok := k.kept[query]; ok {
		delete(k.kept, query)
		return s, nil
	}
	s, err := k.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	return s.(statement), nil
}

func (k *keeper) keep(query string, s statement) error {
	if _, there := k.kept[query]; there {
		return s.Close()
	}
	var err error
	for old, other := range k.kept { // any one: what is asked often comes back
		if len(k.kept) < statementsMost {
			break
		}
		delete(k.kept, old)
		err = errors.Join(err, other.Close())
	}
	k.kept[query] = s
	return err
}

// Close ends the connection with all that it keeps.
func (k *keeper) Close() error {
	var err error
	for _, s := range k.kept {
		err = errors.Join(err, s.Close())
	}
	return errors.Join(err, k.conn.Close())
}

// keptRows give their statement back when they have been read.
type keptRows struct {
	driver.Rows
	done func() error
}

func (r *keptRows) Close() error {
	err := r.Rows.Close()
	if r.done != nil {
		err = errors.Join(err, r.done())
		r.done = nil
	}
	return err
}
