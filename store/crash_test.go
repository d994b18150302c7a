package store_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

const crashFolder = "HAULIER_TEST_CRASH_FOLDER"

// TestCrashChild is the process that TestAcknowledgedRowsSurviveKill kills: it writes until then.
func TestCrashChild(t *testing.T) {
	dir := os.Getenv(crashFolder)
	if dir == "" {
		return // only a helper process runs it
	}
	s := open(t, at(dir))
	out := json.NewEncoder(os.Stdout)
	var mu sync.Mutex
	acknowledge := func(f job.File) {
		mu.Lock()
		defer mu.Unlock()
		_ = out.Encode(ack{f.ID, f.Fence, f.Step})
	}
	var group sync.WaitGroup
	for w := range 4 {
		group.Go(func() {
			for n := 0; ; n++ {
				if err := oneFile(t, s, fmt.Sprintf("/in/%d-%d.csv", w, n), acknowledge); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
}

type ack struct {
	ID    int64
	Fence int64
	Step  job.Step
}

func oneFile(t *testing.T, s *store.Store, path string, acknowledge func(job.File)) error {
	f, err := s.See(t.Context(), job.File{Job: "j", Type: job.TypeImport, Path: path})
	if err != nil {
		return err
	}
	acknowledge(f)
	if f, err = s.Claim(t.Context(), f, 1); err != nil {
		return err
	}
	acknowledge(f)
	for _, step := range []job.Step{job.StepClaimed, job.StepDownloaded, job.StepLanded, job.StepDone} {
		from := f.Step
		if f.Step = step; step == job.StepLanded {
			f.State = job.FileLanded
		}
		if f, err = s.Advance(t.Context(), from, f, job.Beside{}); err != nil {
			return err
		}
		acknowledge(f)
	}
	return nil
}

var order = map[job.Step]int{job.StepSeen: 0, job.StepClaimed: 1, job.StepDownloaded: 2, job.StepLanded: 3, job.StepDone: 4}

func TestAcknowledgedRowsSurviveKill(t *testing.T) {
	for kill := range 3 {
		t.Run(fmt.Sprint(kill), func(t *testing.T) {
			dir := t.TempDir()
			acks := killAfter(t, dir, 100+37*kill)
			s := open(t, at(dir))
			if problems, err := s.Check(t.Context()); err != nil || len(problems) > 0 {
				t.Fatalf("after the kill: %v, %v", problems, err)
			}
			for _, a := range acks {
				f, err := s.File(t.Context(), a.ID)
				if err != nil || f.Fence < a.Fence || order[f.Step] < order[a.Step] {
					t.Fatalf("acknowledged %+v, found %+v, %v", a, f, err)
				}
			}
			oneEventALanding(t, s)
		})
	}
}

// killAfter kills the child in the middle of its writes and gives all that it had acknowledged.
func killAfter(t *testing.T, dir string, lines int) []ack {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrashChild$")
	child.Env = append(os.Environ(), crashFolder+"="+dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var acks []ack
	for scan := bufio.NewScanner(out); scan.Scan(); {
		var a ack
		if json.Unmarshal(scan.Bytes(), &a) != nil {
			break // the line that was cut off
		}
		if acks = append(acks, a); len(acks) == lines {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	var exit *exec.ExitError
	if err := child.Wait(); !errors.As(err, &exit) || exit.ExitCode() != -1 {
		t.Fatalf("the child ended by itself: %v", err)
	}
	if len(acks) < lines {
		t.Fatalf("%d of %d writes were acknowledged", len(acks), lines)
	}
	return acks
}

// oneEventALanding compares the rows with the events.
func oneEventALanding(t *testing.T, s *store.Store) {
	t.Helper()
	told := map[int64]int{}
	for after := int64(0); ; {
		events, err := s.Events(t.Context(), after, 0)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) == 0 {
			break
		}
		for _, e := range events {
			var data struct{ ID int64 }
			if err := json.Unmarshal(e.Data, &data); err != nil {
				t.Fatal(err)
			}
			told[data.ID]++
			after = e.ID
		}
	}
	landed, err := s.Files(t.Context(), store.FileFilter{States: []job.State{job.FileLanded}})
	if err != nil || len(landed) == 0 || len(landed) != len(told) {
		t.Fatalf("%d files landed, %d were told, %v", len(landed), len(told), err)
	}
	for _, f := range landed {
		if told[f.ID] != 1 {
			t.Errorf("file %d was told %d times", f.ID, told[f.ID])
		}
	}
}

// TestTwoProcessesWrite lets two stores, as two processes would, write to one file.
func TestTwoProcessesWrite(t *testing.T) {
	dir := t.TempDir()
	stores := []*store.Store{open(t, at(dir)), open(t, at(dir))}
	var group sync.WaitGroup
	for i, s := range stores {
		for w := range 4 {
			group.Go(func() {
				for n := range 5 {
					if err := oneFile(t, s, fmt.Sprintf("/in/%d-%d-%d", i, w, n), func(job.File) {}); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
	}
	group.Wait()
	files, err := stores[0].Files(t.Context(), store.FileFilter{States: []job.State{job.FileLanded}})
	if err != nil || len(files) != 40 {
		t.Fatalf("%d files landed, %v", len(files), err)
	}
}
