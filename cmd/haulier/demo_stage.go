package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"text/template"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/sftp/sshkey"
	"github.com/haulier/haulier/transfer/sftptest"
)

// The jobs of the demo.
const (
	customersJob = "acme-customers"
	segmentJob   = "acme-segment"
	payrollJob   = "acme-payroll"
)

// demoFolder is where the demo plays, unless something is there already.
const demoFolder = "haulier-demo"

//go:embed demo.yaml.tmpl
var demoConfig string

// demoStage is what the demo plays on: a customer with a server, and a platform with a configuration and a store.
type demoStage struct {
	app    *app
	dir    string // as people type it
	keep   bool
	config string // path of the configuration, as people type it
	cfg    *config.Config
	store  *store.Store
	server *sftptest.Server
	ours   job.Key // the PGP key that the customer encrypts to
	way    demoWay // into the dashboard

	files sync.Mutex // of what the customer and the platform put out, and of the three below
	round int
	fresh time.Time                                     // of the files that are there now
	pack  func(context.Context, []byte) ([]byte, error) // how the customer makes the file of a text

	breaking sync.Mutex // one failure is made or taken back at a time
	broken   *breakage  // nil: all is well
	mend     func() error
	lates    int    // jobs that expected something
	returns  string // the last of them

	shown     bool // the first three runs ended as they should
	explained bool // the failure was told in full
}

// buildDemo makes folder, store, keys, server, files and configuration. All of it goes when the command ends.
func (a *app) buildDemo(ctx context.Context, keep bool) (*demoStage, error) {
	dir, err := freeFolder(demoFolder)
	if err != nil {
		return nil, err
	}
	s := &demoStage{app: a, dir: dir, keep: keep, config: filepath.Join(dir, configName)}
	s.pack = s.sealed
	a.onClose(s.clear)
	a.linger.Store(int64(clearFor)) // a terminal and make may both pass a signal on: the folder goes all the same
	for _, name := range []string{outgoingDir, incomingDir, outboxDir, "landing/acme", "landing/payroll"} {
		if err := os.MkdirAll(filepath.Join(dir, name), 0o750); err != nil {
			return nil, fmt.Errorf("make the demo's folders: %w", err)
		}
	}
	login, err := s.makeKeys(ctx)
	if err != nil {
		return nil, err
	}
	if s.way, err = openDashboard(ctx, s.store); err != nil {
		return nil, err
	}
	a.keep(s.way.listener)
	if err := s.startServer(login); err != nil {
		return nil, err
	}
	if err := s.configure(ctx); err != nil {
		return nil, err
	}
	s.introduce()
	return s, s.refresh(ctx)
}

// clearFor is how long a demo that is told twice to end may still clear its folder away.
const clearFor = 8 * time.Second

// freeFolder makes a new folder here: the name, or the first of name-2, name-3 … that is free.
func freeFolder(name string) (string, error) {
	for n := 1; n <= 100; n++ {
		dir := name
		if n > 1 {
			dir = fmt.Sprintf("%s-%d", name, n)
		}
		err := os.Mkdir(dir, 0o700)
		if err == nil || !errors.Is(err, fs.ErrExist) {
			return dir, err
		}
	}
	return "", fmt.Errorf("there are a hundred folders %s already; remove some", name)
}

// clear ends the server, and removes what the demo made.
func (s *demoStage) clear() error {
	if s.server != nil {
		s.server.Stop()
	}
	if s.keep {
		s.app.say("The folder %s stays.\n", s.dir)
		return nil
	}
	return os.RemoveAll(s.dir)
}

// makeKeys makes the store with our keys, and gives who the customer lets in.
func (s *demoStage) makeKeys(ctx context.Context) (login sftptest.User, err error) {
	s.store, err = s.app.openStore(ctx, &config.Config{DataDir: filepath.Join(s.dir, "data")})
	if err != nil {
		return login, err
	}
	keys := control.Keys{Store: s.store, By: user()}
	key, err := keys.GenerateSSH(ctx, "acme", sshkey.Ed25519)
	if err != nil {
		return login, err
	}
	if s.ours, err = keys.GeneratePGP(ctx, "acme-in", string(pgp.X25519)); err != nil {
		return login, err
	}
	theirs, private, err := pgp.Generate(pgp.X25519, "ACME Retail", "")
	if err != nil {
		return login, err
	}
	private.Wipe() // the customer's affair
	if _, _, err := keys.ImportPGP(ctx, "acme-out", secret.New([]byte(theirs.Public)), secret.Text{}); err != nil {
		return login, err
	}
	public, _, err := sshkey.ParsePublic([]byte(key.Public))
	return sftptest.User{Name: "platform", Keys: append(login.Keys, public)}, err
}

// demoPort is where the customer's server listens when nobody else does.
const demoPort = "127.0.0.1:2222"

func (s *demoStage) startServer(login sftptest.User) error {
	options := sftptest.Options{
		Addr: demoPort, Root: filepath.Join(s.dir, customerDir), Users: []sftptest.User{login},
	}
	server, err := sftptest.Start(options)
	if err != nil { // taken
		options.Addr = ""
		server, err = sftptest.Start(options)
	}
	if err != nil {
		return fmt.Errorf("start the customer's server: %w", err)
	}
	s.server = server
	return nil
}

// configure writes the configuration, loads it as every command does, and pins the server's host key.
func (s *demoStage) configure(ctx context.Context) error {
	if err := s.writeConfig(nil); err != nil {
		return err
	}
	s.app.configPath = s.config
	cfg, err := s.app.config()
	if err != nil {
		return err
	}
	s.cfg = cfg
	return s.store.AddPin(ctx, s.pin())
}

// writeConfig writes the configuration, with a job that expects something if there is one.
func (s *demoStage) writeConfig(returns *returnsJob) error {
	var text strings.Builder
	values := map[string]any{"Zone": localZone(), "Port": s.server.Port(), "Web": s.way.address(), "Returns": returns}
	if err := template.Must(template.New("").Parse(demoConfig)).Execute(&text, values); err != nil {
		return err
	}
	if err := os.WriteFile(s.config, []byte(text.String()), 0o644); err != nil {
		return fmt.Errorf("write the demo's configuration: %w", err)
	}
	return nil
}

func (s *demoStage) introduce() {
	s.app.say("Customer's server \"ACME\" on %s, keys generated, host key pinned. Three jobs run now, then every minute.\n", s.server.Addr())
	s.app.say("The configuration is %s; files land in %s.\n\n", s.config, filepath.Join(s.dir, "landing"))
}
