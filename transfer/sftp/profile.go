package sftp

import (
	"context"
	"time"

	"github.com/haulier/haulier/job"
)

// The profiles that a configuration may pin.
const (
	profilePutOnly  = "put-only"
	profileReadOnce = "read-once"
)

// saveWait bounds writing a profile after its session.
const saveWait = 10 * time.Second

func yes() *bool { return new(true) }
func no() *bool  { return new(false) }

// Profile is what is known of the server: learned before, told by its extensions, pinned by the configuration.
func (s *Session) Profile() job.Profile {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.profile
}

// Learn changes what is known of the server. It is saved when the session is closed, beside what other sessions of the
// connection have learned meanwhile. Pinned facts stay.
func (s *Session) Learn(change func(*job.Profile)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.profile)
	s.profile = pinned(s.conn, s.profile)
}

// can notes what has just worked. A profile that a person pinned is left alone.
func (s *Session) can(change func(*job.Profile)) {
	if !s.putOnly {
		s.Learn(change)
	}
}

// save writes what this session has learned over what the store knows by now.
func (s *Session) save() error {
	ctx, cancel := context.WithTimeout(context.Background(), saveWait)
	defer cancel()
	s.mu.Lock()
	mine := s.profile
	s.mu.Unlock()
	stored, err := s.pool.opts.Store.Profile(ctx, s.conn.Name)
	if err != nil {
		return storeReason("read the profile of connection "+s.conn.Name, err)
	}
	merged, changed := learned(s.start, mine, stored)
	if !changed {
		return nil
	}
	merged.Learned = s.pool.opts.Now()
	if err := s.pool.opts.Store.SaveProfile(ctx, s.conn.Name, merged); err != nil {
		return storeReason("write the profile of connection "+s.conn.Name, err)
	}
	s.mu.Lock()
	s.profile.Learned = merged.Learned
	s.mu.Unlock()
	return nil
}

// facts are the yes-or-no fields of a profile.
func facts(p *job.Profile) []**bool {
	return []**bool{
		&p.List, &p.Stat, &p.Read, &p.Write, &p.Rename, &p.RenameOver, &p.PosixRename, &p.Remove, &p.Mkdir, &p.Setstat,
		&p.Fsync, &p.Statvfs, &p.SweepsAtOnce, &p.ReadOnce,
	}
}

// learned puts what has changed between start and mine over stored.
func learned(start, mine, stored job.Profile) (merged job.Profile, changed bool) {
	merged = stored
	before, after, into := facts(&start), facts(&mine), facts(&merged)
	for i := range after {
		if *after[i] != nil && !same(*before[i], *after[i]) {
			changed = changed || !same(*into[i], *after[i])
			*into[i] = *after[i]
		}
	}
	if mine.Sessions != nil && (start.Sessions == nil || *start.Sessions != *mine.Sessions) {
		merged.Sessions, changed = mine.Sessions, true
	}
	if mine.Banner != stored.Banner {
		merged.Banner, changed = mine.Banner, true
	}
	return merged, changed
}

func same[T comparable](a, b *T) bool { return a == b || a != nil && b != nil && *a == *b }

// hinted adds what the server's extensions tell: one that is not offered is not there.
func hinted(p job.Profile, extensions map[string]string, version string) job.Profile {
	offers := func(name string) *bool {
		_, ok := extensions[name+"@openssh.com"]
		return &ok
	}
	p.PosixRename, p.Fsync, p.Statvfs = offers("posix-rename"), offers("fsync"), offers("statvfs")
	p.Banner = version
	return p
}

// pinned puts what the configuration says over what was learned.
func pinned(c job.Connection, p job.Profile) job.Profile {
	if c.Profile == profilePutOnly {
		for _, f := range facts(&p) {
			*f = no()
		}
		p.Write = yes()
		p.SweepsAtOnce = nil
	}
	if c.Profile == profileReadOnce || c.ReadOnce {
		p.ReadOnce = yes()
	}
	switch c.Rename {
	case job.RenamePosix:
		p.Rename, p.PosixRename = yes(), yes()
	case job.RenameV3:
		p.Rename, p.PosixRename = yes(), no()
	case job.RenameNone:
		p.Rename, p.PosixRename = no(), no()
	}
	return p
}
