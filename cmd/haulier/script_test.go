package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/sftp/sshkey"
)

var update = flag.Bool("update", false, "write docs/cli.md and the expected texts of the scripts anew")

func TestMain(m *testing.M) {
	testscript.Main(leakless{m}, map[string]func(){"haulier": main, "haulier-killed": killedMain})
}

// leakless runs the tests and then looks for goroutines that they left behind.
type leakless struct{ *testing.M }

func (m leakless) Run() int {
	code := m.M.Run()
	if code != 0 {
		return code
	}
	if err := goleak.Find(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

// TestScripts runs every script in testdata/script. Beside testscript's own commands they have those of scriptCommands,
// and haulier is this program as it would be installed.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		Cmds:                scriptCommands,
		Setup:               scriptSetup,
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
	})
}

// scriptSetup gives scripts one zone and one user, whatever the machine has.
func scriptSetup(env *testscript.Env) error {
	env.Setenv("TZ", "Europe/Brussels")
	env.Setenv("USER", "ops")
	return nil
}

type scriptCommand = func(ts *testscript.TestScript, neg bool, args []string)

var scriptCommands = map[string]scriptCommand{
	"exits": scriptExits,
	"mode":  scriptMode,
	"apply": scriptApply,
	"pin":   scriptPin,

	"refuse": scriptRefuse,

	"request": scriptRequest,
}

// scriptExits CODE PROGRAM [ARG...] runs a program that must end with that very code.
func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE PROGRAM [ARG...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	err = ts.Exec(args[1], args[2:]...)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		got = exit.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// scriptMode MODE FILE... compares rights, in octal digits.
func scriptMode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: mode MODE FILE...")
	}
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	for _, name := range args[1:] {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		if info.Mode().Perm() != fs.FileMode(want) {
			ts.Fatalf("%s has mode %04o, want %04o", name, info.Mode().Perm(), want)
		}
	}
}

// scriptApply CONFIG records a configuration as the daemon does when it applies one.
func scriptApply(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: apply CONFIG")
	}
	scriptStore(ts, args[0], func(ctx context.Context, cfg *config.Config, s *store.Store) error {
		_, err := s.AddRevision(ctx, store.Revision{Hash: args[0], Text: config.Masked(cfg), By: "ops"})
		return err
	})
}

// scriptPin CONFIG ADDRESS pins a new host key.
func scriptPin(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pin CONFIG ADDRESS")
	}
	pair, err := sshkey.Generate(sshkey.Ed25519, "")
	ts.Check(err)
	scriptStore(ts, args[0], func(ctx context.Context, _ *config.Config, s *store.Store) error {
		return s.AddPin(ctx, job.Pin{Address: args[1], Key: pair.Public, By: "ops", Why: "trust"})
	})
}

// scriptRefuse CONFIG CONNECTION leaves its account as a refused login does.
func scriptRefuse(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: refuse CONFIG CONNECTION")
	}
	scriptStore(ts, args[0], func(ctx context.Context, cfg *config.Config, s *store.Store) error {
		c := cfg.Connections[args[1]]
		return s.SaveBreaker(ctx, job.Account{Host: c.Host, Port: c.Port, User: c.User}, job.Breaker{
			Open: true, Since: time.Now(), Until: time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC), Reason: &job.Reason{Slug: "auth.key_rejected"},
		})
	})
}

// scriptStore lends the store of a configuration, which is made when it is not there.
func scriptStore(ts *testscript.TestScript, file string, do func(context.Context, *config.Config, *store.Store) error) {
	ctx := context.Background()
	cfg, problems := config.Load(ts.MkAbs(file), configOptions(config.Known{}))
	if cfg == nil {
		ts.Fatalf("%s", problems.Text(false))
	}
	a := &app{}
	s, err := a.openStore(ctx, cfg)
	ts.Check(err)
	ts.Check(errors.Join(do(ctx, cfg, s), a.close()))
}
