package main

import (
	"errors"
	"log/slog"
	"runtime"
	"sync"
	"testing"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// Lines of several runs that are written together: each run hears what became of its own.
func TestARunHearsOfItsOwnLogOnly(t *testing.T) {
	s, err := store.Open(t.Context(), store.Options{Path: t.TempDir() + "/haulier.db"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	run, err := s.BeginRun(t.Context(), job.Run{Job: "j", Connection: "c", Type: job.TypeImport, Trigger: job.TriggerManual})
	if err != nil {
		t.Fatal(err)
	}
	const nobody = 4711 // a run that is not there
	log := &runLog{Store: s, log: slog.New(slog.DiscardHandler), writing: true}
	var told sync.Map
	var runs sync.WaitGroup
	for _, id := range []int64{run.ID, nobody} {
		runs.Go(func() {
			told.Store(id, errors.Is(log.AddLogLines(t.Context(), id, []store.LogLine{{Line: "done"}}), job.ErrNotFound))
		})
	}
	for waiting := 0; waiting < 2; runtime.Gosched() {
		log.mu.Lock()
		if log.next != nil {
			waiting = len(log.next.of)
		}
		log.mu.Unlock()
	}
	log.write()
	runs.Wait()
	for id, want := range map[int64]bool{run.ID: false, nobody: true} {
		if got, _ := told.Load(id); got != want {
			t.Errorf("run %d was told that its log is not there: %v", id, got)
		}
	}
	if lines, err := s.LogLines(t.Context(), run.ID, 0, 0); len(lines) != 1 || err != nil {
		t.Errorf("%d lines, %v", len(lines), err)
	}
}
