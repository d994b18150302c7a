package main

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// adopt lets processes whose parent has ended become ours instead of init's. lftp leaves its ssh behind, which does most of the
// work, and sshd the sessions of clients that went without a word: what they used would be nobody's.
func adopt() error { return unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }

// orphans are what has become ours during a run.
type orphans struct {
	known []int // ours before, such as the server
	used  cost
}

func newOrphans() (*orphans, error) {
	known, err := children(os.Getpid())
	return &orphans{known: known}, err
}

// wait returns when none are left.
func (o *orphans) wait(ctx context.Context) error {
	for {
		all, err := children(os.Getpid())
		if err != nil {
			return err
		}
		all = slices.DeleteFunc(all, func(pid int) bool { return slices.Contains(o.known, pid) })
		if len(all) == 0 {
			return nil
		}
		for _, pid := range all { // one may leave further ones
			if err := o.waitFor(ctx, pid); err != nil {
				return err
			}
		}
	}
}

// waitFor takes account of one process when it has ended.
func (o *orphans) waitFor(ctx context.Context, pid int) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	name, _ := statOf(pid)
	for {
		var usage syscall.Rusage
		ended, err := syscall.Wait4(pid, nil, syscall.WNOHANG, &usage)
		if err != nil {
			return fmt.Errorf("wait for %s, process %d: %w", name, pid, err)
		}
		if ended == pid {
			o.add(name, usage)
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%s, process %d, was left behind and does not end: %w", name, pid, ctx.Err())
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// add puts what a process has used to its side: the server's have its name.
func (o *orphans) add(name string, usage syscall.Rusage) {
	user, sys := time.Duration(usage.Utime.Nano()).Seconds(), time.Duration(usage.Stime.Nano()).Seconds()
	if strings.HasPrefix(name, "sshd") {
		o.used.Server += user + sys
		return
	}
	o.used.User += user
	o.used.Sys += sys
}
