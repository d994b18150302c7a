package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// contestant is a program that does workloads.
type contestant interface {
	name() string
	// settings are the ways in which it may do a workload; the best counts. None: it does not take part.
	settings(w workload) []string
	// prepare does what is done once for a site, before any run.
	prepare(ctx context.Context, e errand) error
	// steps are the processes of one run.
	steps(ctx context.Context, e errand, setting string) ([]step, error)
}

// peer is a contestant that is somebody else's program: one call for each account.
type peer struct {
	label string
	ways  func(w workload) []string
	// call gives the words for one account.
	call func(e errand, from, to, setting string) ([]string, error)
}

func (p peer) name() string                          { return p.label }
func (p peer) prepare(context.Context, errand) error { return nil }

// together are the settings of a night: how many calls at once.
var together = []string{"one by one", "8 at once"}

func (p peer) settings(w workload) []string {
	if w.customers > 0 {
		return together
	}
	return p.ways(w)
}

func (p peer) steps(_ context.Context, e errand, setting string) ([]step, error) {
	if e.customers > 0 {
		return p.night(e, setting)
	}
	a := e.accounts[0]
	if e.seal {
		return p.sealed(e, a, setting)
	}
	words, err := p.call(e, e.from(a), a.target, setting)
	s := step{words: words}
	if e.does == list {
		s.judge = listed(a.want)
	}
	return []step{s}, err
}

// sealed puts gpg behind a download, or before an upload.
func (p peer) sealed(e errand, a account, setting string) ([]step, error) {
	between := filepath.Join(e.scratch(), "sealed")
	if err := empty(between); err != nil {
		return nil, err
	}
	var gpg step
	for name := range a.want { // it is one
		if e.does == down {
			gpg.words = e.keys.words("--output", filepath.Join(a.target, name), "--decrypt", filepath.Join(between, name+".pgp"))
		} else {
			args := append([]string{"--output", filepath.Join(between, name+".pgp"), "--recipient", "theirs"}, sealing...)
			gpg.words = e.keys.words(append(args, filepath.Join(a.source, name))...)
		}
	}
	if e.does == down {
		words, err := p.call(e, e.from(a), between, setting)
		return []step{{words: words}, gpg}, err
	}
	words, err := p.call(e, between, a.target, setting)
	return []step{gpg, {words: words}}, err
}

// night calls the peer for each account, one by one or several at once.
func (p peer) night(e errand, setting string) ([]step, error) {
	w := e.workload
	w.customers = 0
	ways := p.ways(w)
	var lines strings.Builder
	for _, a := range e.accounts {
		words, err := p.call(e, e.from(a), a.target, ways[len(ways)-1])
		if err != nil {
			return nil, err
		}
		for _, word := range words {
			fmt.Fprintf(&lines, "'%s' ", strings.ReplaceAll(word, "'", `'\''`))
		}
		lines.WriteString("\n")
	}
	atOnce := "1"
	if setting != together[0] {
		atOnce = "8"
	}
	file := filepath.Join(e.scratch(), "calls")
	words := []string{"xargs", "-a", file, "-d", `\n`, "-P", atOnce, "-I{}", "sh", "-c", "{}"}
	return []step{{words: words}}, os.WriteFile(file, []byte(lines.String()), 0o600)
}

// script writes a file of commands for a peer.
func (e errand) script(lines ...string) (file string, err error) {
	f, err := os.CreateTemp(e.scratch(), "commands-")
	if err != nil {
		return "", err
	}
	_, err = f.WriteString(strings.Join(lines, "\n") + "\n")
	if closed := f.Close(); err == nil {
		err = closed
	}
	return f.Name(), err
}

// single says whether there is one file and nothing else.
func (w workload) single() bool { return w.files == 1 && w.customers == 0 }

func newSFTP() peer {
	return peer{"sftp", func(workload) []string { return []string{"batch"} }, func(e errand, from, to, _ string) ([]string, error) {
		command := map[kind]string{down: "get " + from + "/* " + to + "/", up: "put " + from + "/* " + to + "/", list: "ls -1f " + from}[e.does]
		file, err := e.script(command)
		return []string{"sftp", "-F", e.server.config, "-b", file, e.server.host}, err
	}}
}

func newLFTP() peer {
	ways := func(w workload) []string {
		switch {
		case w.pgp:
			return nil
		case w.does == list:
			return []string{"cls"}
		case !w.single():
			return []string{"mirror -P8"}
		case w.does == up:
			return []string{"put"}
		}
		return []string{"get", "pget -n4", "pget -n8"}
	}
	return peer{"lftp", ways, func(e errand, from, to, setting string) ([]string, error) {
		commands := map[string]string{
			"get":        "mget -O " + to + " " + from + "/*",
			"pget -n4":   "pget -n 4 -O " + to + " " + from + "/big.csv",
			"pget -n8":   "pget -n 8 -O " + to + " " + from + "/big.csv",
			"put":        "mput -O " + to + " " + from + "/*",
			"mirror -P8": "mirror --parallel=8 " + from + " " + to,
			"cls":        "cls -1 " + from,
		}
		command := commands[setting]
		if e.does == up {
			command = strings.Replace(command, "mirror", "mirror -R", 1)
		}
		file, err := e.script(
			"set cmd:fail-exit yes", "set net:max-retries 2", "set sftp:max-packets-in-flight 64",
			fmt.Sprintf(`set sftp:connect-program "ssh -a -x -F %s"`, e.server.config),
			fmt.Sprintf("open -p %d -u %s, sftp://%s", e.server.port, e.server.user, e.server.host),
			command,
		)
		return []string{"lftp", "-f", file}, err
	}}
}

func newRclone(program string) peer {
	ways := func(w workload) []string {
		switch {
		case w.pgp:
			return nil
		case w.does == list:
			return []string{"defaults"}
		case w.single() && w.does == down && w.size >= 64*mib && w.rtt > 0:
			return []string{"defaults", "tuned, 4 streams", "tuned, 8 streams"}
		case w.single() && w.does == down:
			return []string{"defaults", "tuned, 4 streams"}
		}
		return []string{"defaults", "tuned"}
	}
	return peer{"rclone", ways, func(e errand, from, to, setting string) ([]string, error) {
		s := e.server
		words := []string{
			program, "--config=", "--sftp-host=" + s.host, fmt.Sprintf("--sftp-port=%d", s.port), "--sftp-user=" + s.user,
			"--sftp-key-file=" + s.keyFile, "--sftp-known-hosts-file=" + s.knownHosts, "--sftp-shell-type=none", "--sftp-disable-hashcheck",
		}
		if strings.HasPrefix(setting, "tuned") {
			words = append(words, "--sftp-concurrency=64", "--sftp-chunk-size=255k", "--sftp-ciphers="+cipher, "--multi-thread-cutoff=8M",
				"--transfers=16", "--checkers=16")
		}
		if _, streams, ok := strings.Cut(setting, ", "); ok {
			words = append(words, "--multi-thread-streams="+streams[:1])
		}
		switch e.does {
		case list:
			return append(words, "lsf", ":sftp:"+from), nil
		case up:
			return append(words, "copy", from, ":sftp:"+to), nil
		}
		return append(words, "copy", ":sftp:"+from, to), nil
	}}
}
