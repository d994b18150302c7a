package store

import (
	"context"

	"gorm.io/gorm"
)

// common is what writes that share a transaction need ask the database for only once.
type common struct {
	next, last int64 // stamps that are set aside
	runs       map[runOf]runFacts
	trust      bool   // rows may be inserted together at the end of all steps
	later      []rows // that wait for that
	figures    map[figure]counts
}

// runOf is a run over a connection.
type runOf struct {
	connection string
	run        int64
}

// runFacts are what events tell of it.
type runFacts struct {
	entity  string
	attempt int
	due     int64
}

type commonKey struct{}

func withCommon(ctx context.Context, trust bool) context.Context {
	return context.WithValue(ctx, commonKey{}, &common{trust: trust})
}

// commonOf gives what the transaction's writes have in common; nil: it is of one write alone.
func commonOf(tx *gorm.DB) *common {
	c, _ := tx.Statement.Context.Value(commonKey{}).(*common)
	return c
}

// setAside takes stamps for several writes, before the first of them: what one of them takes back does not take back these.
func (c *common) setAside(tx *gorm.DB, writes int) error {
	if writes == 0 {
		return nil
	}
	last, err := stamp(tx, writes)
	c.next, c.last = last-int64(writes)+1, last
	return err
}

// nextStamp is the stamp of one write of the ledger.
func nextStamp(tx *gorm.DB) (int64, error) {
	c := commonOf(tx)
	if c == nil || c.next == 0 || c.next > c.last {
		return stamp(tx, 1)
	}
	c.next++
	return c.next - 1, nil
}

// settle ends the steps: their rows are inserted, and stamps that none of them took are nobody's.
func (c *common) settle(tx *gorm.DB) error {
	c.trust, c.next, c.last = false, 0, 0
	for _, r := range c.later {
		if err := r.insert(tx); err != nil {
			return errAgain
		}
	}
	for f, n := range c.figures {
		if err := f.add(tx, n); err != nil {
			return errAgain
		}
	}
	return nil
}

// factsOf gives what events tell of a run. Those of no run and no connection are empty.
func factsOf(tx *gorm.DB, of runOf) (facts runFacts, err error) {
	c := commonOf(tx)
	if c != nil {
		if known, ok := c.runs[of]; ok {
			return known, nil
		}
	}
	err = query(tx, `SELECT coalesce((SELECT entity FROM connections WHERE name = ?), ''),
		coalesce((SELECT attempt FROM runs WHERE id = ?), 0),
		coalesce((SELECT slot_due FROM runs WHERE id = ?), 0)`, of.connection, of.run, of.run).Scan(&facts.entity, &facts.attempt, &facts.due)
	if c != nil && err == nil {
		if c.runs == nil {
			c.runs = map[runOf]runFacts{}
		}
		c.runs[of] = facts
	}
	return facts, err
}
