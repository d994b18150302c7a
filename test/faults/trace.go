package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// traced makes a case of strace's way to spoil a system call: the n-th of them, n by chance among those that a run makes.
func traced(id, title, inject string, times map[Tier]int, of ...kind) Case {
	return Case{ID: id, Title: title, Holds: "I1 I2 I3 I5 I10", Needs: []string{"strace"}, Times: times, Run: func(ctx context.Context, p *pass) error {
		for _, k := range of {
			if err := p.trap(ctx, k, inject); err != nil {
				return err
			}
		}
		return nil
	}}
}

// trap spoils a call of so many runs. Not every run makes as many calls as the one that was counted: others are tried then.
func (p *pass) trap(ctx context.Context, k kind, inject string) error {
	call, _, _ := strings.Cut(inject, ":")
	most, struck := 0, 0
	for tries := 0; struck < p.times; tries++ {
		if tries > 20 { // the last few take the most: a thread makes more of them one time and fewer the next
			return fmt.Errorf("%s: only %d runs were struck, not %d", k.name, struck, p.times)
		}
		err := p.inWorlds(ctx, k, p.times-struck, func(w *world) (err error) {
			if most == 0 {
				if most, err = w.countCalls(ctx, call, "run", "move"); err != nil {
					return err
				}
				_, err = w.people.putOut(nil)
			}
			hit := false
			if err == nil {
				hit, err = p.spoilCall(ctx, w, inject, 1+p.rng.IntN(most))
			}
			if hit {
				struck++
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// spoilCall runs the job beneath strace, which spoils the n-th call of each of its threads, and says whether it did.
func (p *pass) spoilCall(ctx context.Context, w *world, inject string, n int) (struck bool, err error) {
	r, err := w.under(ctx, injecting(w, inject, n), "run", "move")
	switch {
	case err != nil:
		return false, err
	case r.killed, r.code == 137:
		p.Kills++
		return true, nil
	}
	text, err := os.ReadFile(w.path("log/trace"))
	return strings.Contains(string(text), "(INJECTED)"), errors.Join(err, trouble{name: inject}.judge(r))
}

// injecting calls a program beneath strace, which spoils the n-th of a system call.
func injecting(w *world, inject string, n int) []string {
	call, _, _ := strings.Cut(inject, ":")
	return []string{"strace", "-f", "-qq", "-o", w.path("log/trace"), "-e", "trace=" + call, "-e", fmt.Sprintf("inject=%s:when=%d", inject, n)}
}

// countCalls says how many of a system call that thread makes which makes the most of them, in an undisturbed command:
// strace, too, counts them by thread.
func (w *world) countCalls(ctx context.Context, call string, args ...string) (most int, err error) {
	trace := w.path("log/trace")
	if _, err := w.under(ctx, []string{"strace", "-f", "-qq", "-o", trace, "-e", "trace=" + call}, args...); err != nil {
		return 0, err
	}
	text, err := os.ReadFile(trace)
	made := counts{}
	for line := range strings.Lines(string(text)) {
		if thread, rest, _ := strings.Cut(line, " "); strings.HasPrefix(strings.TrimSpace(rest), call+"(") {
			made[thread]++
			most = max(most, made[thread])
		}
	}
	if err == nil && most == 0 {
		err = fmt.Errorf("haulier %s makes no %s", strings.Join(args, " "), call)
	}
	return most, err
}

// killedMigrations: a store that was being made when the process died is made by the next one.
func killedMigrations(ctx context.Context, p *pass) error {
	calls := 0
	err := p.inWorldsWith(ctx, importMove, p.times, func(w *world) (err error) {
		data := w.path("haulier-data")
		if calls == 0 {
			if err := os.RemoveAll(data); err != nil {
				return err
			}
			if calls, err = w.countCalls(ctx, "pwrite64", "keys", "generate", "first"); err != nil {
				return err
			}
		}
		if err := os.RemoveAll(data); err != nil {
			return err
		}
		r, err := w.under(ctx, injecting(w, "pwrite64:signal=KILL", 1+p.rng.IntN(calls)), "keys", "generate", "first")
		if err != nil {
			return err
		}
		if r.killed || r.code == 137 {
			p.Kills++
		}
		p.Rounds++
		return errors.Join(w.succeeds(ctx, "keys", "generate", "second"), w.integrity(ctx))
	})
	if err != nil {
		return err
	}
	return p.struckEnough()
}
