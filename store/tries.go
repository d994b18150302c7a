package store

import (
	"context"
	"errors"
	"slices"
	"time"

	"gorm.io/gorm"
)

// Refused logins are counted by account, whether it exists or not, and by address. An account that has logged in from an
// address is counted apart there, so that others' tries do not shut its people out.
const (
	triesAccount = "account"
	triesAddress = "address"
	triesKnown   = "known"
	triesFresh   = "fresh" // of an account that has to wait, from addresses of which no refusal is known

	knownFor     = 30 * 24 * time.Hour // since the last login from there
	triesForget  = 24 * time.Hour      // since the last try
	triesAtOnce  = 5                   // of an account without a wait
	triesFrom    = 20                  // of an address
	triesLongest = 15 * time.Minute
	triesFreshly = 30 // in triesPerHour
	triesPerHour = time.Hour
	triesMost    = 20_000 // rows; the oldest go
)

type tryRow struct {
	Kind   string `gorm:"primaryKey"`
	Key    string `gorm:"primaryKey"`
	Tries  int
	Last   int64
	Passed int64
}

func (tryRow) TableName() string { return "login_tries" }

// TryLogin counts a login before it is looked at. While the account or the address has to wait it says how long, and
// nothing counts: whoever asks all the time does not make it longer.
func (s *Store) TryLogin(ctx context.Context, account, address string) (wait time.Duration, err error) {
	err = s.write(ctx, "count a login", func(tx *gorm.DB) error {
		own, err := s.triesOf(tx, account, address)
		if err != nil {
			return err
		}
		from, err := s.tries(tx, triesAddress, address)
		if err != nil {
			return err
		}
		now := s.options.Now()
		if wait = max(own.wait(now, triesAtOnce), from.wait(now, triesFrom)); wait > 0 {
			fresh, err := s.freshTry(tx, own, from)
			if err != nil || !fresh {
				return err
			}
			wait, own = 0, from // the account is counted apart
		}
		for _, row := range slices.Compact([]tryRow{own, from}) {
			if row.Last == 0 {
				err = makeRoom(tx)
			}
			row.Tries, row.Last = row.Tries+1, micros(now)
			if err := errors.Join(err, tx.Save(&row).Error); err != nil {
				return err
			}
		}
		return nil
	})
	return wait, err
}

// freshTry lets a login be tried at an account that has to wait, from an address of which nothing bad is known, so many times an hour: whoever holds an
// account up for ever from one place does not shut its people out of a new one.
func (s *Store) freshTry(tx *gorm.DB, own, from tryRow) (bool, error) {
	if own.Kind != triesAccount || from.Tries > 0 {
		return false, nil
	}
	row, err := s.tries(tx, triesFresh, own.Key)
	if err != nil {
		return false, err
	}
	now := s.options.Now()
	if row.Last == 0 {
		err = makeRoom(tx)
	}
	if instant(row.Last).Add(triesPerHour).Before(now) {
		row.Tries, row.Last = 0, micros(now)
	}
	if row.Tries >= triesFreshly {
		return false, err
	}
	row.Tries++
	return true, errors.Join(err, tx.Save(&row).Error)
}

// makeRoom forgets the oldest count when there are very many: names and addresses are invented for nothing.
func makeRoom(tx *gorm.DB) error {
	return tx.Exec(`DELETE FROM login_tries WHERE (SELECT count(*) FROM login_tries) >= ? AND (kind, key) IN
		(SELECT kind, key FROM login_tries WHERE kind <> ? ORDER BY last LIMIT 1)`, triesMost, triesKnown).Error
}

// triesOf gives the count that holds for an account at an address.
func (s *Store) triesOf(tx *gorm.DB, account, address string) (tryRow, error) {
	known, err := s.tries(tx, triesKnown, knownKey(account, address))
	if err != nil || known.Passed > micros(s.options.Now().Add(-knownFor)) {
		return known, err
	}
	return s.tries(tx, triesAccount, account)
}

func knownKey(account, address string) string { return account + "\n" + address }

func (s *Store) tries(tx *gorm.DB, kind, key string) (tryRow, error) {
	row := tryRow{Kind: kind, Key: key}
	var rows []tryRow
	if err := tx.Where("kind = ? AND key = ?", kind, key).Find(&rows).Error; err != nil || len(rows) == 0 {
		return row, err
	}
	if row = rows[0]; row.Last < micros(s.options.Now().Add(-triesForget)) {
		row.Tries = 0
	}
	return row, nil
}

// wait is how long the next try has to wait: nothing for the first few, then twice as long from try to try.
func (r tryRow) wait(now time.Time, free int) time.Duration {
	if r.Tries < free {
		return 0
	}
	pause := triesLongest
	if over := r.Tries - free; over < 10 {
		pause = min(triesLongest, time.Second<<over)
	}
	return max(0, instant(r.Last).Add(pause).Sub(now))
}

// passLogin forgets the refused logins of an account after one that succeeded, and notes where from. An address keeps those of
// others.
func (s *Store) passLogin(tx *gorm.DB, account, address string) error {
	err := tx.Exec(`DELETE FROM login_tries WHERE kind IN (?, ?) AND key = ?`, triesAccount, triesFresh, account).Error
	if err != nil {
		return err
	}
	err = tx.Exec(`UPDATE login_tries SET tries = tries - 1 WHERE kind = ? AND key = ? AND tries > 0`, triesAddress, address).Error
	if err != nil {
		return err
	}
	return tx.Save(&tryRow{Kind: triesKnown, Key: knownKey(account, address), Last: s.now(), Passed: s.now()}).Error
}

func forgetTries(tx *gorm.DB, account string) error {
	return tx.Exec(`DELETE FROM login_tries WHERE kind IN (?, ?) AND key = ? OR kind = ? AND substr(key, 1, ?) = ?`,
		triesAccount, triesFresh, account, triesKnown, len([]rune(account))+1, account+"\n").Error
}
