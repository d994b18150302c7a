package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
)

// returnsJob is a job of the demo that something is expected of.
type returnsJob struct {
	Name  string
	By    time.Time
	Grace time.Duration
}

const (
	returnsName  = "acme-returns"
	returnsGrace = 15 * time.Second
	// lookFirst is how long before the deadline a run has at least, which sees the name that nearly matches.
	lookFirst = 10 * time.Second
)

// expectSoon is the next full minute that leaves time for a look. A day is judged once, so that each has a name of its own.
func (s *demoStage) expectSoon(now time.Time) *returnsJob {
	by := now.In(s.zone()).Truncate(time.Minute).Add(time.Minute)
	if by.Sub(now) < lookFirst {
		by = by.Add(time.Minute)
	}
	r := &returnsJob{Name: returnsName, By: by, Grace: returnsGrace}
	if s.lates++; s.lates > 1 {
		r.Name += fmt.Sprintf("-%d", s.lates)
	}
	return r
}

// byCapital lets a file be expected that the customer gives another name. Mending gives it the right one.
func byCapital(ctx context.Context, s *demoStage, d *control.Daemon) (func() error, error) {
	r := s.expectSoon(time.Now())
	file := r.By.Format("eturns_20060102.csv.pgp")
	wrong, right := filepath.Join(s.dir, outgoingDir, "R"+file), filepath.Join(s.dir, outgoingDir, "r"+file)
	sealed, err := s.sealed(ctx, []byte("return_id;customer_id\n0001;000042\n"))
	if err == nil {
		err = os.MkdirAll(filepath.Join(s.dir, "landing/returns"), 0o750)
	}
	if err == nil {
		err = errors.Join(removeIfThere(right), putWhole(wrong, sealed, time.Now()))
	}
	if err == nil {
		err = s.writeConfig(r)
	}
	if err == nil {
		_, err = d.Reload(ctx, "haulier demo break")
	}
	s.returns = r.Name
	return func() error { return os.Rename(wrong, right) }, err
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

// awaitMissing waits until what is expected is missing, and gives the reason that people are told.
func (s *demoStage) awaitMissing(ctx context.Context) (*job.Reason, error) {
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	for {
		days, err := s.store.Expectations(ctx, s.returns, "", 2) // that of tomorrow may be there too
		if err != nil {
			return nil, err
		}
		for _, e := range days {
			if e.Verdict == job.VerdictMissing {
				return e.Reason, nil
			}
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
