package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// children are the processes that a process has started, or adopted, and that have not been waited for.
func children(pid int) ([]int, error) {
	tasks := fmt.Sprintf("/proc/%d/task/", pid)
	threads, err := os.ReadDir(tasks)
	if err != nil {
		return nil, err
	}
	var found []int
	for _, thread := range threads {
		text, err := os.ReadFile(tasks + thread.Name() + "/children")
		if err != nil {
			continue // the thread has ended
		}
		for field := range strings.FieldsSeq(string(text)) {
			if child, err := strconv.Atoi(field); err == nil {
				found = append(found, child)
			}
		}
	}
	return found, nil
}

// tree is a process and all below it.
func tree(pid int) []int {
	all := []int{pid}
	for i := 0; i < len(all); i++ {
		below, _ := children(all[i])
		all = append(all, below...)
	}
	return all
}

// tick is the unit of times in /proc.
const tick = 10 * time.Millisecond

// statOf gives the name of a process, and the numbers that follow; of one that is gone, nothing.
func statOf(pid int) (name string, numbers []string) {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	before, rest, _ := strings.Cut(string(stat), ") ") // before: the name, which may hold blanks
	_, name, _ = strings.Cut(before, "(")
	return name, strings.Fields(rest)
}

// cpuOf is what a process has used, and all below it that it has waited for.
func cpuOf(pid int) time.Duration {
	_, fields := statOf(pid)
	var sum time.Duration
	for _, i := range []int{11, 12, 13, 14} {
		if i < len(fields) {
			ticks, _ := strconv.ParseInt(fields[i], 10, 64)
			sum += time.Duration(ticks) * tick
		}
	}
	return sum
}

// residentOf is the memory of a process, in bytes.
func residentOf(pid int) int64 {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := strings.Fields(string(statm))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, _ := strconv.ParseInt(fields[1], 10, 64)
	return pages * int64(os.Getpagesize())
}

// watcher looks again and again at what a process and all below it hold.
type watcher struct {
	stop, stopped chan struct{}
	peak          int64
}

const lookEvery = 25 * time.Millisecond

func watch(pid int) *watcher {
	w := &watcher{stop: make(chan struct{}), stopped: make(chan struct{})}
	go func() {
		defer close(w.stopped)
		ticker := time.NewTicker(lookEvery)
		defer ticker.Stop()
		for {
			w.look(pid)
			select {
			case <-w.stop:
				return
			case <-ticker.C:
			}
		}
	}()
	return w
}

func (w *watcher) look(pid int) {
	var sum int64
	for _, p := range tree(pid) {
		sum += residentOf(p)
	}
	w.peak = max(w.peak, sum)
}

// end gives the most memory that they held together.
func (w *watcher) end() int64 {
	close(w.stop)
	<-w.stopped
	return w.peak
}
