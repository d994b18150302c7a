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
	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/store"
)

// backupFlags are those of backup.
type backupFlags struct {
	passphrase passphraseFlags
	verify     bool
}

func backupCommand(a *app) *cobra.Command {
	var flags backupFlags
	command := &cobra.Command{
		Use:   "backup FILE",
		Short: "Write store, master key and configuration to one file, sealed to a passphrase",
		Long: "Writes a consistent copy of the store, also while serve runs, the master key and the files of the configuration\n" +
			"to one new file, sealed to a passphrase. The file is opened again and its store checked before it gets its name.\n" +
			"Secret files and key files that the configuration names are not part of it, nor are the files that were moved.",
		Example: "  haulier backup /mnt/backup/haulier-$(date +%F).backup --passphrase-file /etc/haulier/backup.pass",
		Args:    exactly("FILE"),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.backup(cmd, args[0], flags) },
	}
	flags.passphrase.add(command)
	command.Flags().BoolVar(&flags.verify, "verify", true, "open the backup again and check the store in it")
	return command
}

// backupLine is a backup as scripts read it.
type backupLine struct {
	File     string `json:"file"`
	Size     int64  `json:"size"`
	Verified bool   `json:"verified"`
}

func (a *app) backup(cmd *cobra.Command, path string, flags backupFlags) error {
	ctx := cmd.Context()
	if _, err := os.Lstat(path); err == nil {
		return usage(fmt.Errorf("nothing was written: %s is there already", path))
	}
	cfg, err := a.config()
	if err != nil {
		return err
	}
	if _, err := a.readStore(ctx, cfg); err != nil {
		return err
	}
	s, err := a.openStore(ctx, cfg) // before a passphrase is asked for and a file made: for the audit list, and with the right master key
	if err != nil {
		return err
	}
	passphrase, err := a.backupPassphrase(cmd, flags.passphrase, true)
	if err != nil {
		return err
	}
	defer passphrase.Wipe()
	if err := audit(cmd, s, "store.backup", path, ""); err != nil { // before a file is made that holds every key
		return err
	}
	line, err := a.writeBackup(ctx, cfg, path, passphrase, flags.verify)
	if err != nil {
		return err
	}
	if err := audit(cmd, s, "store.backed_up", path, size(line.Size)); err != nil {
		return err
	}
	if a.json {
		return a.object(line)
	}
	how := "opened again and checked"
	if !line.Verified {
		how = "not checked"
	}
	a.printf("%s  %s, %s\n", path, size(line.Size), how)
	return nil
}

// backupScratch is where a backup is made and proven, in the data folder.
const backupScratch = ".backup-*"

// shortPassphrase is how many bytes a passphrase must have: the file holds every private key.
const shortPassphrase = 8

// backupPassphrase gives the passphrase of a backup; a person is asked twice for a new one.
func (a *app) backupPassphrase(cmd *cobra.Command, flags passphraseFlags, fresh bool) (secret.Text, error) {
	text, err := flags.passphrase(cmd)
	if err != nil {
		return text, err
	}
	if text.Empty() {
		if text, err = a.readSecret("Passphrase of the backup: "); err != nil {
			return text, err
		}
		if fresh && isTerminal(a.stdin) {
			again, err := a.readSecret("The same again: ")
			if err != nil {
				return text, err
			}
			defer again.Wipe()
			if string(again.Reveal()) != string(text.Reveal()) {
				return text, usage(errors.New("nothing was written: the two passphrases differ"))
			}
		}
	}
	if fresh && len(text.Reveal()) < shortPassphrase {
		return text, usage(fmt.Errorf("nothing was written: the passphrase has fewer than %d characters, and it guards every key", shortPassphrase))
	}
	return text, nil
}

// writeBackup makes the file beside its place and gives it its name when it is whole and, if asked, proven.
func (a *app) writeBackup(ctx context.Context, cfg *config.Config, path string, passphrase secret.Text, verify bool) (line backupLine, err error) {
	scratch, err := os.MkdirTemp(cfg.DataDir, backupScratch) // 0700, and on a disk that holds the store already
	if err != nil {
		return line, fmt.Errorf("make room for the backup: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()
	draft, err := os.CreateTemp(filepath.Dir(path), ".haulier-backup-*") // 0600
	if err != nil {
		return line, fmt.Errorf("write the backup: %w", err)
	}
	defer func() { err = errors.Join(err, absent(os.Remove(draft.Name()))) }()
	if err := errors.Join(a.fillBackup(ctx, cfg, draft, passphrase, scratch), draft.Sync(), draft.Close()); err != nil {
		return line, fmt.Errorf("write the backup: %w", err)
	}
	if verify {
		if err := proveBackup(ctx, draft.Name(), passphrase, filepath.Join(scratch, "again")); err != nil {
			return line, err
		}
	}
	info, err := os.Stat(draft.Name())
	if err != nil {
		return line, err
	}
	return backupLine{path, info.Size(), verify}, nameBackup(draft.Name(), path)
}

func (a *app) fillBackup(ctx context.Context, cfg *config.Config, draft *os.File, passphrase secret.Text, scratch string) error {
	s, err := a.readStore(ctx, cfg)
	if err != nil {
		return err
	}
	storeCopy := filepath.Join(scratch, storeFile)
	if err := s.Backup(ctx, storeCopy); err != nil {
		return err
	}
	key, err := store.KeySource{Path: inData(cfg, masterFile)}.MasterKey(false)
	if absent(err) != nil {
		return err
	}
	defer key.Wipe()
	contents, err := contentsOf(cfg)
	if err != nil {
		return err
	}
	sealed, err := newSealWriter(draft, passphrase, newSealHeader())
	if err != nil {
		return err
	}
	return errors.Join(pack(sealed, contents, cfg, storeCopy, key), sealed.Close())
}

// proveBackup restores a backup into a folder of its own and looks at it there.
func proveBackup(ctx context.Context, path string, passphrase secret.Text, dir string) (err error) {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if _, err := unpack(ctx, path, passphrase, dir); err != nil {
		return err
	}
	s, err := store.Open(ctx, store.Options{Path: filepath.Join(dir, storeFile), ReadOnly: true, MasterKey: unpackedKey(dir).MasterKey})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return judgeUnpacked(ctx, s, path)
}

// nameBackup gives the file its name, unless somebody else has taken it since.
func nameBackup(draft, path string) error {
	err := os.Link(draft, path)
	if errors.Is(err, fs.ErrExist) {
		return usage(fmt.Errorf("nothing was written: %s is there already", path))
	}
	if err != nil {
		return fmt.Errorf("name the backup: %w", err)
	}
	return syncFolder(filepath.Dir(path))
}

// syncFolder makes the names in a folder last.
func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}
