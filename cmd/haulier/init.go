package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/sftp/sshkey"
)

func initCommand(a *app) *cobra.Command {
	var answers answers
	var yes bool
	command := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Make a first configuration, its store and the key to log in with",
		Long: "Makes haulier.yaml in DIR (here, when it is not given), the data folder beside it with the store and the master key,\n" +
			"and an SSH key for the first connection, whose public line it prints. It asks five questions; flags answer them\n" +
			"beforehand, and --yes takes what is in brackets. A haulier.yaml that is there already is never overwritten.",
		Example: "  haulier init\n  haulier init --yes /etc/haulier\n  haulier init --yes --connection acme --host sftp.acme.example --user platform --type import",
		Args:    between(0, "DIR"),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return a.init(cmd.Context(), dir, answers, yes)
		},
	}
	flags := command.Flags()
	flags.BoolVarP(&yes, "yes", "y", false, "ask nothing")
	flags.StringVar(&answers.zone, "timezone", "", "zone of schedules, such as Europe/Brussels (default: that of this machine)")
	flags.StringVar(&answers.connection, "connection", "", "technical name of the first connection (default: acme)")
	flags.StringVar(&answers.host, "host", "", "the customer's server (default: a placeholder)")
	flags.StringVar(&answers.user, "user", "", "user name there (default: platform)")
	flags.StringVar(&answers.first, "type", "", "first job: import, export or both (default: both)")
	return command
}

func (a *app) init(ctx context.Context, dir string, answers answers, yes bool) error {
	path := filepath.Join(dir, configName)
	if _, err := os.Lstat(path); err == nil {
		return taken(path)
	}
	if err := answers.complete(ctx, a, yes); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make the folder of the configuration: %w", err)
	}
	made, err := a.found(ctx, path, answers)
	if err != nil {
		return err
	}
	return a.reportInit(made)
}

func taken(path string) error {
	return usage(fmt.Errorf("nothing was written: %s is there already", path))
}

// foundation is what init made, as scripts read it.
type foundation struct {
	Config      string `json:"config"`
	DataDir     string `json:"data_dir"`
	Connection  string `json:"connection"`
	PublicKey   string `json:"public_key"`
	Fingerprint string `json:"fingerprint"`

	dir  string
	jobs []job.Spec
}

// found makes the store and the key first and gives the configuration its name last: whatever ends it in between,
// init can be called again.
func (a *app) found(ctx context.Context, path string, answers answers) (made foundation, err error) {
	draft, err := writeDraft(path, answers)
	if err != nil {
		return foundation{}, err
	}
	defer func() { err = errors.Join(err, os.Remove(draft)) }()
	cfg, problems := config.Load(draft, configOptions(config.Known{}))
	if reason := problems.Reason(); reason != nil {
		return foundation{}, reason
	}
	key, err := a.firstKey(ctx, cfg, answers.connection)
	if err != nil {
		return foundation{}, err
	}
	if err := makeOutboxes(cfg); err != nil {
		return foundation{}, err
	}
	err = os.Link(draft, path)
	if errors.Is(err, fs.ErrExist) {
		return foundation{}, taken(path)
	}
	if err != nil {
		return foundation{}, fmt.Errorf("name the configuration: %w", err)
	}
	return foundation{path, cfg.DataDir, answers.connection, key.Public, key.Fingerprint, filepath.Dir(path), cfg.Jobs}, nil
}

// writeDraft writes the configuration, whole and on disk, beside its place.
func writeDraft(path string, answers answers) (draft string, err error) {
	text, err := answers.text()
	if err != nil {
		return "", err
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".haulier-*.yaml")
	if err != nil {
		return "", fmt.Errorf("write the configuration: %w", err)
	}
	_, err = file.WriteString(text)
	if err = errors.Join(err, file.Chmod(0o644), file.Sync(), file.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("write the configuration: %w", err), os.Remove(file.Name()))
	}
	return file.Name(), nil
}

// firstKey makes the key of a connection, unless the store has it from an earlier attempt.
func (a *app) firstKey(ctx context.Context, cfg *config.Config, name string) (job.Key, error) {
	s, err := a.openStore(ctx, cfg)
	if err != nil {
		return job.Key{}, err
	}
	have, err := s.Keys(ctx, job.KeySSH, name)
	if err != nil {
		return job.Key{}, err
	}
	for _, key := range have {
		if key.Slot == job.SlotCurrent {
			return key, nil
		}
	}
	pair, err := sshkey.Generate(sshkey.Ed25519, "haulier-"+name)
	if err != nil {
		return job.Key{}, err
	}
	defer pair.Private.Wipe()
	key := job.Key{
		Name: name, Kind: job.KeySSH, Algorithm: pair.Algorithm, Public: pair.Public, Fingerprint: pair.Fingerprint, Origin: "generated",
	}
	line := store.AuditLine{Who: user(), Act: "key.generate", Object: name, Detail: key.Fingerprint}
	err = s.Acted(ctx, line, func(t *store.Store) error {
		key, err = t.AddKey(ctx, key, pair.Private)
		return err
	})
	return key, err
}

// makeOutboxes makes the folders that the platform will put files into; all others are made when they are needed.
func makeOutboxes(cfg *config.Config) error {
	for _, spec := range cfg.Jobs {
		if spec.Export == nil {
			continue
		}
		if err := os.MkdirAll(spec.Export.Outbox, 0o750); err != nil {
			return fmt.Errorf("make the outbox: %w", err)
		}
	}
	return nil
}

func (a *app) reportInit(made foundation) error {
	if a.json {
		return a.object(made)
	}
	a.say("Made %s, and the store in %s.\n", made.Config, made.DataDir)
	if _, err := os.Stat(filepath.Join(made.DataDir, masterFile)); err == nil {
		a.say("Keep a copy of %s elsewhere: without it the keys in the store cannot be opened.\n", filepath.Join(made.DataDir, masterFile))
	}
	a.say("\nThe public key for the customer's server (%s):\n", made.Fingerprint)
	a.printf("%s\n", made.PublicKey)
	a.say("\nNext, once host and user in %s are right:\n", made.Config)
	for _, command := range made.next() {
		a.say("  %s\n", command)
	}
	return nil
}

// next are the commands on the way to a first run.
func (f foundation) next() []string {
	var commands []string
	if f.dir != "." {
		commands = append(commands, "cd "+f.dir)
	}
	commands = append(commands, "haulier connections trust "+f.Connection, "haulier connections test "+f.Connection, "haulier plan")
	for _, spec := range f.jobs {
		commands = append(commands, "haulier run "+spec.Name)
	}
	return append(commands, "haulier serve")
}
