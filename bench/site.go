package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/haulier/haulier/bench/link"
)

// site is where the contestants do a workload: files, a server, and the way to it.
type site struct {
	workload
	dir      string // of this site
	data     string // where the files are, and what contestants keep from run to run
	server   *sshd
	near     *link.Namespace // where the contestants are; nil: on the machine itself
	line     *link.Link      // nil: no line, the loopback
	measured time.Duration   // the line's round trip
	lost     int64           // packets that the line has lost so far, and was not to
	keys     *keyring        // nil: no PGP
	accounts []account
	close    func() error
}

// account is one customer's part of a workload.
type account struct {
	id             string
	source, target string // folders: where the files are, and where they have to be
	sealed         string // where the same files are for PGP downloads
	want           sums
}

// scratch is a folder of the contestant's for one run.
func (s *site) scratch() string { return filepath.Join(s.dir, "scratch") }

// openSite makes everything for a workload, below a folder. Files that are in another one already are taken from there.
func openSite(ctx context.Context, w workload, parent, data string) (*site, error) {
	dir, err := os.MkdirTemp(parent, prefix)
	if err != nil {
		return nil, err
	}
	s := &site{workload: w, dir: dir, data: data, close: func() error { return os.RemoveAll(dir) }}
	if data == "" {
		s.data = dir
	}
	for _, part := range []func(context.Context) error{s.connect, s.makeKeys, s.fill} {
		if err := part(ctx); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

func (s *site) makeKeys(ctx context.Context) (err error) {
	if !s.pgp {
		return nil
	}
	if s.keys, err = newKeyring(ctx); err == nil {
		s.onClose(s.keys.close)
	}
	return err
}

// prefix begins the names of all folders of ours.
const prefix = "haulier-bench-"

// onClose puts something before what else has to be done at the end.
func (s *site) onClose(first func() error) {
	then := s.close
	s.close = func() error { return errors.Join(first(), then()) }
}

// connect makes line and server.
func (s *site) connect(ctx context.Context) (err error) {
	far := s.near
	if s.rtt > 0 {
		if os.Geteuid() != 0 {
			return notRun{errors.New("needs root: network namespaces of its own")}
		}
		if s.line, err = link.New(link.Options{RTT: s.rtt, Loss: s.loss, Seed: 1}); err != nil {
			return notRun{err}
		}
		s.onClose(s.line.Close)
		if s.measured, err = s.line.Check(ctx); err != nil && (s.measured == 0 || !s.little) {
			return err
		}
		s.near, far = s.line.Near, s.line.Far
	} else if lo, err := link.Loopback(); err == nil {
		s.onClose(lo.Close)
		s.near, far = lo, lo
	}
	listen := ""
	if s.apart {
		if s.near == nil {
			return notRun{errors.New("needs root: a network namespace of its own, with very many addresses")}
		}
		listen = "0.0.0.0"
	}
	if s.server, err = startSSHD(ctx, filepath.Join(s.dir, "sshd"), s.near, far, listen); err != nil {
		return err
	}
	s.onClose(func() error { s.server.stop(); return nil })
	return nil
}

// notRun is the error of a workload that this machine cannot do.
type notRun struct{ error }

// fill makes the files of all accounts.
func (s *site) fill(ctx context.Context) error {
	from, to := filepath.Join(s.data, "remote"), filepath.Join(s.data, "local")
	if s.does == up {
		from, to = to, from
	}
	for i := range max(1, s.customers) {
		id := fmt.Sprintf("%02d", i)
		a := account{id: id, source: filepath.Join(from, "out", id), target: filepath.Join(to, "in", id), sealed: filepath.Join(from, "sealed", id)}
		var err error
		if a.want, err = filled(a.source, s.files, s.size, uint64(i)); err != nil {
			return err
		}
		if s.larger > 0 {
			if a.want["larger.csv"], err = write(filepath.Join(a.source, "larger.csv"), io.LimitReader(random(uint64(i)), s.larger)); err != nil {
				return err
			}
		}
		if s.pgp && s.does == down {
			if err := s.sealAll(ctx, a); err != nil {
				return err
			}
		}
		s.accounts = append(s.accounts, a)
	}
	return nil
}

// sealAll encrypts an account's files for us.
func (s *site) sealAll(ctx context.Context, a account) error {
	if err := empty(a.sealed); err != nil {
		return err
	}
	for name := range a.want {
		args := append([]string{"--output", filepath.Join(a.sealed, name+".pgp"), "--recipient", "ours"}, sealing...)
		if err := s.keys.gpg(ctx, append(args, filepath.Join(a.source, name))...); err != nil {
			return err
		}
	}
	return nil
}
