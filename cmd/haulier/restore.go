package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/store"
)

// restoreFlags are those of restore.
type restoreFlags struct {
	passphrase passphraseFlags
	to         string
	replace    bool
}

func restoreCommand(a *app) *cobra.Command {
	var flags restoreFlags
	command := &cobra.Command{
		Use:   "restore FILE",
		Short: "Put back what backup wrote; jobs then hold what they cannot know",
		Long: "Puts the store of a backup into the data folder of the configuration, and opens its secrets with the master key that\n" +
			"is there. With --to DIR it puts the configuration back as well, into DIR, and works where nothing is installed yet.\n" +
			"Nothing may use the data folder meanwhile. The backup is opened and checked as a whole before anything is changed,\n" +
			"and the change is one rename. A store that is there is refused; with --replace it is kept aside.\n\n" +
			"The restored ledger is older than the world: each job holds what it would otherwise take a second time, until\n" +
			"haulier reconcile JOB settles it. Runs and files are numbered on, far above what the lost ledger came to.",
		Example: "  haulier restore haulier.backup --replace\n  haulier restore haulier.backup --to /etc/haulier",
		Args:    exactly("FILE"),
		RunE:    func(cmd *cobra.Command, args []string) error { return a.restore(cmd, args[0], flags) },
	}
	flags.passphrase.add(command)
	command.Flags().StringVar(&flags.to, "to", "", "folder for the configuration of the backup as well")
	command.Flags().BoolVar(&flags.replace, "replace", false, "replace what is there; it is kept aside")
	return command
}

// restoration is one restore under way.
type restoration struct {
	app     *app
	file    string // the backup
	replace bool
	stamp   string // of what is kept aside

	contents  backupContents
	dataDir   string
	configDir string // empty: the configuration stays as it is
	scratch   string // the unpacked backup, on the disk of the data folder

	done restoredLine
}

// restoredLine is a restore as scripts read it.
type restoredLine struct {
	File    string    `json:"file"`
	Made    time.Time `json:"made"`
	DataDir string    `json:"data_dir"`
	Epoch   string    `json:"epoch"`
	Above   int64     `json:"numbers_above"` // runs, files and all else are numbered above it
	Kept    []string  `json:"kept"`          // what was there before
	Config  []string  `json:"config"`        // files of the configuration that were written
}

func (a *app) restore(cmd *cobra.Command, file string, flags restoreFlags) error {
	passphrase, dataDir, err := a.beginRestore(cmd, file, flags)
	if err != nil {
		return err
	}
	defer passphrase.Wipe()
	r := &restoration{
		app: a, file: file, replace: flags.replace, dataDir: dataDir, stamp: time.Now().UTC().Format("20060102T150405Z"),
		done: restoredLine{File: file, Kept: []string{}, Config: []string{}},
	}
	if flags.to != "" {
		err = r.aim(cmd.Context(), passphrase, flags.to)
	}
	if err == nil {
		err = r.run(cmd.Context(), passphrase)
	}
	if err != nil {
		return err
	}
	return r.report()
}

// beginRestore finds out where to, and asks for the passphrase only when that is clear.
func (a *app) beginRestore(cmd *cobra.Command, file string, flags restoreFlags) (passphrase secret.Text, dataDir string, err error) {
	if _, err := os.Stat(file); err != nil {
		return passphrase, "", usage(err)
	}
	if flags.to == "" {
		if _, err := os.Stat(a.file()); errors.Is(err, fs.ErrNotExist) {
			return passphrase, "", usage(fmt.Errorf("there is no configuration %s that says where to; --to DIR puts that of the backup there", a.file()))
		}
		cfg, err := a.config()
		if err != nil {
			return passphrase, "", err
		}
		dataDir = cfg.DataDir
	}
	passphrase, err = a.backupPassphrase(cmd, flags.passphrase, false)
	return passphrase, dataDir, err
}

// aim finds out from the backup itself where its parts go when its configuration goes to dir.
func (r *restoration) aim(ctx context.Context, passphrase secret.Text, dir string) (err error) {
	if r.configDir, err = filepath.Abs(dir); err != nil {
		return err
	}
	contents, err := peek(ctx, r.file, passphrase)
	if err != nil {
		return err
	}
	r.dataDir = contents.DataDir
	if !filepath.IsAbs(r.dataDir) {
		r.dataDir = filepath.Join(r.configDir, filepath.Clean("/"+r.dataDir))
	}
	return r.refuseConfig(contents)
}

// run puts the store into the data folder, and then the configuration where it goes.
func (r *restoration) run(ctx context.Context, passphrase secret.Text) (err error) {
	if err := r.prepare(); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(r.scratch)) }()
	if r.contents, err = unpack(ctx, r.file, passphrase, r.scratch); err != nil {
		return err
	}
	r.step("unpacked")
	if err := r.place(ctx); err != nil || r.configDir == "" {
		return err
	}
	return r.placeConfig()
}

// prepare makes the data folder ours, and a folder in it for the backup. What an earlier attempt left goes.
func (r *restoration) prepare() error {
	if err := os.MkdirAll(r.dataDir, 0o700); err != nil {
		return fmt.Errorf("make the data folder: %w", err)
	}
	lock, err := control.TakeLock(r.dataDir)
	if err != nil {
		return err
	}
	r.app.onClose(lock.Release)
	if there := filepath.Join(r.dataDir, storeFile); !r.replace && exists(there) {
		return storeThere(there)
	}
	left, err := filepath.Glob(filepath.Join(r.dataDir, restoreScratch))
	for _, dir := range left {
		err = errors.Join(err, os.RemoveAll(dir))
	}
	if err != nil {
		return fmt.Errorf("remove what an earlier restore left: %w", err)
	}
	r.scratch, err = os.MkdirTemp(r.dataDir, restoreScratch) // 0700
	if err != nil {
		return fmt.Errorf("make room for the backup: %w", err)
	}
	return nil
}

// restoreScratch is where a backup is unpacked to.
const restoreScratch = ".restore-*"

// step is where tests end the process.
func (r *restoration) step(name string) {
	if r.app.step != nil {
		r.app.step(name)
	}
}

// place makes the unpacked store sound, then lets it take the place of the present one by one rename.
func (r *restoration) place(ctx context.Context) error {
	ours := store.KeySource{Path: filepath.Join(r.dataDir, masterFile)}
	key, err := ours.MasterKey(false)
	if absent(err) != nil {
		return err
	}
	defer key.Wipe()
	fresh := key.Empty()
	if fresh {
		if key, err = unpackedKey(r.scratch).MasterKey(false); absent(err) != nil {
			return err
		}
	}
	if err := r.ready(ctx, key); err != nil {
		return err
	}
	r.step("ready")
	if err := r.setAside(ctx); err != nil {
		return err
	}
	r.step("aside")
	if fresh && !key.Empty() {
		if err := ours.Replace(key); err != nil {
			return err
		}
	}
	r.step("key")
	return r.swap()
}

// ready proves the unpacked store, seals its secrets under the key that counts here, and begins its new epoch.
func (r *restoration) ready(ctx context.Context, key secret.Text) (err error) {
	path := filepath.Join(r.scratch, storeFile)
	s, err := store.Open(ctx, store.Options{Path: path, MasterKey: unpackedKey(r.scratch).MasterKey})
	if err != nil {
		return err
	}
	defer func() {
		if err = errors.Join(err, s.Close()); err == nil && exists(path+"-wal") {
			err = fmt.Errorf("%s-wal is still there after the store was closed", path)
		}
	}()
	if err := judgeUnpacked(ctx, s, r.file); err != nil {
		return err
	}
	if !key.Empty() {
		if err := r.rekey(ctx, s, key); err != nil {
			return err
		}
	}
	if err := r.beginLife(ctx, s); err != nil {
		return err
	}
	return s.AddAudit(ctx, store.AuditLine{
		At: time.Now(), Who: user(), Act: "store.restore", Object: r.file, Detail: "made " + r.contents.Made.Format(time.RFC3339),
	})
}

// rekey seals the unpacked secrets under the key that counts here. A rotation in whose middle the backup was made ends first.
func (r *restoration) rekey(ctx context.Context, s *store.Store, key secret.Text) error {
	next, err := s.NextMasterKey(ctx)
	if err != nil {
		return err
	}
	defer next.Wipe()
	if !next.Empty() {
		if err := s.RotateMasterKey(ctx, next, func() error { return unpackedKey(r.scratch).Replace(next) }); err != nil {
			return err
		}
	}
	return s.RotateMasterKey(ctx, key, func() error { return nil })
}

// beginLife begins the new epoch. What the lost ledger numbered since the backup is not known, so its numbers, which also
// stand in names on servers and in stages, are jumped over.
func (r *restoration) beginLife(ctx context.Context, s *store.Store) error {
	last, err := s.LastNumber(ctx)
	if err != nil {
		return err
	}
	r.done.Above = numbersAbove(max(last, r.presentLast(ctx)), time.Since(r.contents.Made))
	r.done.Epoch, err = s.NewEpoch(ctx, r.done.Above)
	return err
}

// The lost ledger may have had a burst, and given out so many numbers a minute on end.
const (
	numbersSpare  = 1_000_000
	numbersMinute = 10_000
)

// numbersAbove is a round number that no number of a ledger reached, which had come to last so long ago.
func numbersAbove(last int64, ago time.Duration) int64 {
	minutes := max(0, int64(ago/time.Minute))
	return (last/numbersMinute+1)*numbersMinute + numbersSpare + minutes*numbersMinute
}

// presentLast is the last number of the store that is replaced. One that is not there, or cannot be read, tells none.
func (r *restoration) presentLast(ctx context.Context) int64 {
	s, err := store.Open(ctx, store.Options{Path: filepath.Join(r.dataDir, storeFile), ReadOnly: true})
	if err != nil {
		return 0
	}
	last, err := s.LastNumber(ctx)
	if err = errors.Join(err, s.Close()); err != nil {
		return 0
	}
	return last
}
