package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
)

// Folders of the demo.
const (
	customerDir = "customer" // what the customer's server shows as "/"
	outgoingDir = customerDir + "/outgoing"
	incomingDir = customerDir + "/incoming"
	outboxDir   = "outbox/acme"
)

// demoLines is how many lines the customer's file has, its header included.
const demoLines = 2000

// freshAt is the second of each minute at which there are new files, in time for the runs of the next.
const freshAt = 45 * time.Second

// untilFresh is how long the files that are there now stay; always some seconds, so that their times tell them apart.
func untilFresh(now time.Time) time.Duration {
	next := now.Truncate(time.Minute).Add(freshAt)
	for next.Sub(now) < 5*time.Second {
		next = next.Add(time.Minute)
	}
	return next.Sub(now)
}

// refresh puts new files in the place of the last ones, whole at once, as good customers do.
func (s *demoStage) refresh(ctx context.Context) error {
	s.files.Lock()
	defer s.files.Unlock()
	s.round++
	if now := time.Now().Truncate(time.Second); now.After(s.fresh) {
		s.fresh = now
	} else {
		s.fresh = s.fresh.Add(time.Second) // servers tell times in seconds, and these files are new
	}
	sealed, err := s.pack(ctx, customerLines(s.round))
	if err != nil {
		return err
	}
	customers := "customers_" + time.Now().In(s.zone()).Format("20060102") + ".csv.pgp"
	for _, file := range []struct {
		path string
		text []byte
	}{
		{filepath.Join(outgoingDir, customers), sealed},
		{filepath.Join(outgoingDir, "payroll.csv.pgp"), payrollLines(s.round)},
		{filepath.Join(outboxDir, "segment_vip.csv"), segmentLines(s.round)},
	} {
		if err := putWhole(filepath.Join(s.dir, file.path), file.text, s.fresh); err != nil {
			return fmt.Errorf("write the demo's files: %w", err)
		}
	}
	return nil
}

// zone is that of the jobs.
func (s *demoStage) zone() *time.Location { return s.cfg.Jobs[0].Timing.Zone }

func putWhole(path string, text []byte, at time.Time) error {
	if err := os.WriteFile(path+".tmp", text, 0o640); err != nil {
		return err
	}
	if err := os.Chtimes(path+".tmp", at, at); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}

// sealed encrypts to us, as the customer does.
func (s *demoStage) sealed(ctx context.Context, text []byte) ([]byte, error) {
	return sealTo(ctx, s.ours, text)
}

func sealTo(ctx context.Context, key job.Key, text []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := (&pgp.Sealer{To: []job.Key{key}}).Seal(ctx, &out)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(text); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}

func customerLines(round int) []byte {
	var b bytes.Buffer
	b.WriteString("customer_id;email;country;visits\n")
	for n := 1; n < demoLines; n++ {
		fmt.Fprintf(&b, "%06d;customer%d@acme.example;BE;%d\n", n, n, n%7+round)
	}
	return b.Bytes()
}

func segmentLines(round int) []byte {
	var b bytes.Buffer
	b.WriteString("customer_id;segment\n")
	for n := range 100 + round%10 {
		fmt.Fprintf(&b, "%06d;vip\n", n+round)
	}
	return b.Bytes()
}

// payrollLines are what the customer forgets to encrypt.
func payrollLines(round int) []byte {
	return fmt.Appendf(nil, "employee_id;month;net\n0001;%d;2500.00\n0002;%d;2750.00\n", round, round)
}

// countLines gives the lines of a file.
func countLines(path string) (int, error) {
	file, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer func() { _ = file.Close() }() // read only
	lines, buffer := 0, make([]byte, 64<<10)
	for {
		n, err := file.Read(buffer)
		lines += bytes.Count(buffer[:n], []byte("\n"))
		if err == io.EOF {
			return lines, nil
		}
		if err != nil {
			return lines, err
		}
	}
}
