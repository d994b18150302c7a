package main

import (
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

func secretsRotateCommand(a *app) *cobra.Command {
	var nextFile string
	command := &cobra.Command{
		Use:   "rotate",
		Short: "Make another master key, and seal every key and password anew under it",
		Long: "Seals every private key and stored password under another master key, also while serve runs, and forgets the old one.\n" +
			"Where the master key is the file master.key in the data folder, the next one is made and takes its place. Where it\n" +
			"comes from the environment or as a credential, --next-file gives the next one; from then on either key opens the store.\n" +
			"Put the next one where the old one is, restart the daemon, and call this once more: that ends the rotation.\n\n" +
			"It may be cut off anywhere: the store opens with the key that is there, and the same command goes on. Backups from\n" +
			"before hold the old key, beside what it opens.",
		Example: "  haulier secrets rotate\n  (umask 077; openssl rand -hex 32 >next.key) && haulier secrets rotate --next-file next.key",
		Args:    exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			return a.rotateMasterKey(cmd, cfg, nextFile)
		},
	}
	command.Flags().StringVar(&nextFile, "next-file", "", "file that holds the next master key, 64 hex digits, mode 0600 (default: one is made)")
	return command
}

// rotatedLine is a rotation as scripts read it.
type rotatedLine struct {
	Sealed int    `json:"sealed"` // secrets under the next key
	Key    string `json:"key"`    // where that is
}

func (a *app) rotateMasterKey(cmd *cobra.Command, cfg *config.Config, nextFile string) error {
	s, err := a.openStore(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	source := store.KeySource{Path: inData(cfg, masterFile)}
	next, err := nextMasterKey(cmd, s, source, nextFile)
	if err != nil {
		return err
	}
	defer next.Wipe()
	if err := audit(cmd, s, "secrets.rotate", "master key", ""); err != nil {
		return err
	}
	if err := s.RotateMasterKey(cmd.Context(), next, func() error { return keepMasterKey(source, next) }); err != nil {
		return err
	}
	if err := audit(cmd, s, "secrets.rotated", "master key", ""); err != nil {
		return err
	}
	return a.tellRotated(cmd, s, source)
}

// nextMasterKey is the key that a rotation goes to: that of one which was cut off, the one that was given, or a new one.
func nextMasterKey(cmd *cobra.Command, s *store.Store, source store.KeySource, file string) (secret.Text, error) {
	begun, err := s.NextMasterKey(cmd.Context())
	if err != nil || file == "" && !begun.Empty() {
		return begun, err
	}
	if file != "" {
		return givenMasterKey(file, begun)
	}
	if place := source.Elsewhere(); place != "" {
		return secret.Text{}, usage(fmt.Errorf("nothing was changed: the master key comes from %s, so the next one must be given: --next-file FILE", place))
	}
	var key [32]byte
	_, _ = rand.Read(key[:]) // never fails
	defer clear(key[:])
	return secret.New(key[:]), nil
}

// givenMasterKey reads the next key from a file; begun is that of a rotation that was cut off.
func givenMasterKey(file string, begun secret.Text) (secret.Text, error) {
	given, err := store.KeySource{Path: file, Getenv: func(string) string { return "" }}.MasterKey(false)
	switch {
	case err != nil:
		return given, usage(fmt.Errorf("nothing was changed: %w", err))
	case !begun.Empty() && string(begun.Reveal()) != string(given.Reveal()):
		return given, usage(errors.New("nothing was changed: a rotation to another key has begun; without --next-file this command ends it"))
	}
	return given, nil
}

// keepMasterKey puts the next key where the master key is found. Where this program cannot write, a person does.
func keepMasterKey(source store.KeySource, next secret.Text) error {
	place := source.Elsewhere()
	if place == "" {
		return source.Replace(next)
	}
	now, err := source.MasterKey(false)
	if err != nil {
		return err
	}
	defer now.Wipe()
	if string(now.Reveal()) == string(next.Reveal()) {
		return nil
	}
	return &job.Reason{
		Slug: "local.master_key_next", What: "every secret is sealed under the next master key; until the rotation ends the old one opens them too",
		Cause: place + " still holds the old key", Do: "put the next key there, restart the daemon, and call haulier secrets rotate again: that ends the rotation",
		Who: job.WhoUs, Err: errors.New("the next master key is not in place"),
	}
}

func (a *app) tellRotated(cmd *cobra.Command, s *store.Store, source store.KeySource) error {
	sealed, err := s.CountSealed(cmd.Context())
	if err != nil {
		return err
	}
	line := rotatedLine{Sealed: sealed, Key: source.Path}
	if place := source.Elsewhere(); place != "" {
		line.Key = place
	}
	if a.json {
		return a.object(line)
	}
	a.printf("%d secrets are sealed under the next master key (%s); the old one opens nothing any more\n", line.Sealed, line.Key)
	return nil
}
