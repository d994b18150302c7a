package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// errand is what one contestant does at a site.
type errand struct {
	*site
	seal bool // with PGP
}

// from is where an errand takes an account's files.
func (e errand) from(a account) string {
	if e.seal && e.does == down {
		return a.sealed
	}
	return a.source
}

// run does an errand once: what the steps cost together, or an error if anything is not as it has to be afterwards.
func (e errand) run(ctx context.Context, c contestant, setting string) (cost, error) {
	if err := e.clean(); err != nil {
		return cost{}, err
	}
	steps, err := c.steps(ctx, e, setting)
	if err != nil {
		return cost{}, err
	}
	sum, err := e.measure(ctx, steps)
	if err != nil {
		return cost{}, err
	}
	return sum, errors.Join(e.verify(ctx), e.lossless())
}

// measure gives what steps cost together, on both sides.
func (e errand) measure(ctx context.Context, steps []step) (sum cost, err error) {
	left, err := newOrphans()
	if err != nil {
		return sum, err
	}
	before, err := e.server.quiet(ctx)
	if err != nil {
		return sum, err
	}
	for _, s := range steps {
		one, err := s.measure(ctx, e.near, e.scratch())
		if err != nil {
			return sum, errors.Join(err, left.wait(ctx))
		}
		sum = sum.and(one)
	}
	if err := left.wait(ctx); err != nil {
		return sum, err
	}
	after, err := e.server.quiet(ctx)
	if err != nil {
		return sum, err
	}
	if err := left.wait(ctx); err != nil { // sessions that the server has left behind since
		return sum, err
	}
	sum = sum.and(left.used)
	sum.Server += (after - before).Seconds()
	return sum, nil
}

// clean takes away what a run has left, and lets the disk come to rest.
func (s *site) clean() error {
	folders := []string{s.scratch()}
	for _, a := range s.accounts {
		folders = append(folders, a.target)
	}
	return errors.Join(empty(folders...), s.sync())
}

func (s *site) sync() error {
	dir, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	defer dir.Close()
	return unix.Syncfs(int(dir.Fd()))
}

// verify fails unless all files are where they have to be, byte by byte.
func (e errand) verify(ctx context.Context) error {
	for _, a := range e.accounts {
		if e.does == list {
			continue // what was printed has been judged
		}
		dir := a.target
		if e.seal && e.does == up {
			dir = filepath.Join(e.scratch(), "opened")
			if err := e.unseal(ctx, a, dir); err != nil {
				return err
			}
		}
		if err := compare(dir, a.want); err != nil {
			return err
		}
	}
	return nil
}

// unseal opens what has arrived, as the customer does.
func (e errand) unseal(ctx context.Context, a account, dir string) error {
	if err := empty(dir); err != nil {
		return err
	}
	names, err := namesIn(a.target)
	if err != nil {
		return err
	}
	for _, name := range names {
		opened := filepath.Join(dir, name[:max(0, len(name)-len(".pgp"))])
		if err := e.keys.gpg(ctx, "--output", opened, "--decrypt", filepath.Join(a.target, name)); err != nil {
			return err
		}
	}
	return nil
}

// lossless fails when the line itself has lost packets since it was asked last.
func (s *site) lossless() error {
	if s.line == nil {
		return nil
	}
	lost, err := s.line.Lost()
	if now := lost - s.lost; err == nil && now > 0 {
		err = fmt.Errorf("the line has lost %d packets for want of room", now)
	}
	s.lost = lost
	return err
}
