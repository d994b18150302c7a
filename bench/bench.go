package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"

	"github.com/haulier/haulier/bench/link"
	"github.com/haulier/haulier/test/program"
)

// bench is a run of the program.
type bench struct {
	options
	report      *report
	contestants []contestant
	remove      func() error     // what was built for this run
	lists       string           // folder with the files of all listings, and what is known of them
	speeds      map[bool]float64 // bytes a second of a line with small packets, and with large ones
}

// begin finds, or builds, who takes part.
func (b *bench) begin(ctx context.Context) error {
	for _, tool := range []struct{ name, pkg string }{{"sshd", "openssh-server"}, {"ssh-keygen", "openssh-client"}} {
		if found(tool.name) == "" {
			return fmt.Errorf("needs %s: install Debian package %s", tool.name, tool.pkg)
		}
	}
	b.report.Versions = []string{said(ctx, "ssh", "-V") + ": sshd with internal-sftp, and sftp -b with " + cipher, said(ctx, "gpg", "--version")}
	if err := b.ours(ctx); err != nil {
		return err
	}
	b.theirs(ctx)
	if len(b.contestants) == 0 {
		return errors.New("nobody takes part")
	}
	return nil
}

// ours takes the builds that were given, or makes one.
func (b *bench) ours(ctx context.Context) error {
	if !slices.Contains(b.peers, "haulier") {
		return nil
	}
	if len(b.builds) == 0 {
		path, remove, err := program.Build()
		if err != nil {
			return err
		}
		b.builds, b.remove = builds{{"haulier", path}}, remove
		b.report.Versions = append(b.report.Versions, "haulier of this commit, built with "+runtime.Version())
	}
	for _, h := range b.builds {
		b.contestants = append(b.contestants, h)
		if b.remove == nil {
			b.report.Versions = append(b.report.Versions, h.label+": "+said(ctx, h.program, "version"))
		}
	}
	return nil
}

// theirs are the peers; one that is not there is told in the report.
func (b *bench) theirs(ctx context.Context) {
	for _, name := range b.peers {
		p, version, err := b.peer(ctx, name)
		switch {
		case err != nil:
			b.report.Missing = append(b.report.Missing, fmt.Sprintf("Without %s: %v.", name, err))
			fmt.Printf("without %s: %v\n", name, err)
		case p.label != "":
			b.contestants = append(b.contestants, p)
			if version != "" {
				b.report.Versions = append(b.report.Versions, version)
			}
		}
	}
}

func (b *bench) peer(ctx context.Context, name string) (p peer, version string, err error) {
	switch name {
	case "sftp":
		if found("sftp") == "" {
			return p, "", errors.New("install Debian package openssh-client")
		}
		return newSFTP(), "", nil
	case "lftp":
		if found("lftp") == "" {
			return p, "", errors.New("install Debian package lftp")
		}
		return newLFTP(), said(ctx, "lftp", "--version") + ", 64 packets in flight, over ssh with " + cipher, nil
	case "rclone":
		path, err := program.Rclone()
		return newRclone(path), said(ctx, path, "version") + ", without comparing hashes", err
	}
	return p, "", nil
}

func (b *bench) end() error {
	var errs []error
	if b.remove != nil {
		errs = append(errs, b.remove())
	}
	if b.lists != "" {
		errs = append(errs, os.RemoveAll(b.lists))
	}
	return errors.Join(errs...)
}

// do lets all do a workload. What goes wrong with one of them is told in its entry.
func (b *bench) do(ctx context.Context, w workload) outcome {
	out := outcome{Name: w.name, Title: w.title(), Files: w.total(), Bytes: w.bytes(), Target: w.target}
	fmt.Printf("%s: %s\n", w.name, out.Title)
	s, err := b.open(ctx, w)
	if err == nil {
		out.Entries, err = b.compete(ctx, s)
		if s.line != nil {
			out.RTT = s.measured.Seconds() * 1000
			err = errors.Join(err, b.hindered(s.loss > 0, out))
		}
		err = errors.Join(err, s.close())
	}
	var cannot notRun
	switch {
	case errors.As(err, &cannot):
		out.NotRun = cannot.Error()
		fmt.Println("  not run:", out.NotRun)
	case err != nil:
		out.Error = err.Error()
		fmt.Println("  failed:", out.Error)
	}
	return out
}

// compete does the rounds.
func (b *bench) compete(ctx context.Context, s *site) (done []entry, err error) {
	all := b.entrants(s)
	for _, e := range all {
		if err := e.prepare(ctx, e.errand); err != nil {
			return nil, fmt.Errorf("prepare %s: %w", e.Name, err)
		}
	}
	for round := range b.rounds {
		for i := range all {
			all[(i+round)%len(all)].once(ctx, fmt.Sprintf("%d/%d", round+1, b.rounds))
		}
		if round == 0 && b.rounds > 1 {
			qualify(all)
		}
	}
	for _, e := range all {
		if !e.out {
			e.Median = medians(e.Runs)
			done = append(done, e.entry)
		}
	}
	return done, nil
}

// open makes the site, on a disk or where the rest is.
func (b *bench) open(ctx context.Context, w workload) (*site, error) {
	parent, data := b.dir, ""
	switch {
	case w.does == list && b.lists == "":
		var err error
		if b.lists, err = os.MkdirTemp(b.dir, prefix); err != nil {
			return nil, err
		}
		data = b.lists
	case w.does == list:
		data = b.lists
	case w.disk && inMemory(b.disk):
		return nil, notRun{fmt.Errorf("%s is on no disk; say -disk", b.disk)}
	case w.disk:
		parent = b.disk
	case w.pgp && found("gpg") == "":
		return nil, notRun{errors.New("needs gpg: install Debian package gnupg")}
	}
	s, err := openSite(ctx, w, parent, data)
	if err != nil || s.line == nil {
		return s, err
	}
	if err := b.gauge(ctx, s); err != nil {
		return nil, errors.Join(err, s.close())
	}
	return s, nil
}

// gauge says what a line is good for.
func (b *bench) gauge(ctx context.Context, s *site) error {
	small := s.loss > 0
	if b.speeds == nil {
		b.speeds = map[bool]float64{}
	}
	if b.speeds[small] == 0 {
		size := int64(gib)
		if b.short {
			size = 32 * mib
		}
		speed, err := link.Speed(ctx, small, size)
		if err != nil {
			return fmt.Errorf("see how fast a line is: %w", err)
		}
		b.speeds[small] = speed
		packets := "packets of any size"
		if small {
			packets = "packets of 1,500 bytes"
		}
		b.report.Lines = append(b.report.Lines, fmt.Sprintf("The emulator moves %.0f MiB/s in %s where it adds no delay.", speed/mib, packets))
	}
	return nil
}

// hindered fails when somebody was nearly as fast as the emulator can be: then it was measured, and not they.
func (b *bench) hindered(small bool, out outcome) error {
	for _, e := range out.Entries {
		if speed := float64(out.Bytes) / e.Median.Wall; e.Error == "" && 2*speed > b.speeds[small] {
			return fmt.Errorf("%s moved %.0f MiB/s, the emulator itself moves no more than %.0f", e.Name, speed/mib, b.speeds[small]/mib)
		}
	}
	return nil
}

// entrant is an entry with what it needs to run.
type entrant struct {
	entry
	contestant
	errand
	out bool // another setting of the same peer is faster
}

// entrants are all who do a workload, in all their settings.
func (b *bench) entrants(s *site) []*entrant {
	var all []*entrant
	for _, c := range b.contestants {
		_, isOurs := c.(haulier)
		for _, setting := range c.settings(s.workload) {
			e := entrant{entry: entry{Name: c.name(), Setting: setting, Role: other}, contestant: c, errand: errand{s, s.pgp}}
			if isOurs {
				e.Role = ours
			} else if s.pgp {
				e.Name += " and gpg"
			}
			all = append(all, &e)
			if isOurs && s.pgp {
				all = append(all, &entrant{entry: entry{Name: c.name() + plainly, Setting: setting, Role: plain}, contestant: c, errand: errand{s, false}})
			}
		}
	}
	return all
}

// nearly is how much slower a setting may be in the first round and still count: chance is in it.
const nearly = 1.15

// qualify leaves out those settings that were slower in the first round than another one of the same peer.
func qualify(all []*entrant) {
	best := map[string]float64{}
	for _, e := range all {
		if before, there := best[e.Name]; e.Error == "" && (!there || e.Runs[0].Wall < before) {
			best[e.Name] = e.Runs[0].Wall
		}
	}
	for _, e := range all {
		e.out = e.Error == "" && e.Runs[0].Wall > nearly*best[e.Name]
	}
}

// once does a run, unless this entry is out or has failed.
func (e *entrant) once(ctx context.Context, round string) {
	if e.out || e.Error != "" || ctx.Err() != nil {
		return
	}
	c, err := e.run(ctx, e.contestant, e.Setting)
	if err != nil {
		e.Error = err.Error()
		fmt.Printf("  %-5s %s, %s: %v\n", round, e.Name, e.Setting, err)
		return
	}
	e.Runs = append(e.Runs, c)
	fmt.Printf("  %-5s %s, %s: %.3f s\n", round, e.Name, e.Setting, c.Wall)
}
