package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/sftp/sshkey"
)

func keysCommand(a *app) *cobra.Command {
	return group("keys", "SSH keys that we log in with",
		keysListCommand(a, "List the SSH keys", job.KeySSH), keysGenerateCommand(a), keysShowCommand(a), keysRotateCommand(a),
		keysRetireCommand(a, "retire NAME@VERSION", job.KeySSH), keysImportCommand(a), keysConvertCommand(a), keysCalendarCommand(a))
}

// keyLine is a key as scripts read it: never its private part.
func (a *app) printKey(k job.Key) error {
	if a.json {
		return a.object(k)
	}
	a.printf("%-24s %-8s %-10s %s  %s\n", fmt.Sprintf("%s@%d", k.Name, k.Version), k.Slot, k.Algorithm, k.Fingerprint, lifeOf(k))
	return nil
}

// lifeOf is when a key was made and used last.
func lifeOf(k job.Key) string {
	used := "never used"
	if !k.LastUsed.IsZero() {
		used = "used " + k.LastUsed.UTC().Format(time.DateOnly)
	}
	return "created " + k.Created.UTC().Format(time.DateOnly) + ", " + used
}

func keysListCommand(a *app, short string, kinds ...job.KeyKind) *cobra.Command {
	return lists(a, short, func(s *store.Store, ctx context.Context) (all []job.Key, err error) {
		for _, kind := range kinds {
			keys, err := s.Keys(ctx, kind, "")
			if err != nil {
				return nil, err
			}
			all = append(all, keys...)
		}
		return all, nil
	}, a.printKey)
}

// withKeys runs f with the keys of the store.
func (a *app) withKeys(cmd *cobra.Command, f func(keys control.Keys) error) error {
	return a.withStore(cmd, func(s *store.Store) error { return f(control.Keys{Store: s, By: user()}) })
}

// sshTypes are the kinds of login keys that are made.
var sshTypes = []string{sshkey.Ed25519, sshkey.RSA3072, sshkey.RSA4096}

// oneOf refuses the value of a flag that is none of some words; an empty one stands for the flag left out.
func oneOf(flag, value string, words ...string) error {
	if slices.Contains(words, value) {
		return nil
	}
	words = slices.DeleteFunc(slices.Clone(words), func(word string) bool { return word == "" })
	return usage(fmt.Errorf("%s %s: there are %s", flag, value, strings.Join(words, ", ")))
}

func keysGenerateCommand(a *app) *cobra.Command {
	var algorithm string
	command := &cobra.Command{
		Use:   "generate NAME",
		Short: "Make a login key; its private part never leaves the store",
		Args:  exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("--type", algorithm, sshTypes...); err != nil {
				return err
			}
			return a.withKeys(cmd, func(keys control.Keys) error {
				key, err := keys.GenerateSSH(cmd.Context(), args[0], algorithm)
				if err != nil {
					return err
				}
				return a.printPublic(key, "openssh")
			})
		},
	}
	command.Flags().StringVar(&algorithm, "type", sshkey.Ed25519, "ed25519, rsa-3072 or rsa-4096")
	return command
}

// printPublic prints the public part of a login key, the line for the customer first.
func (a *app) printPublic(k job.Key, format string) error {
	if a.json {
		return a.object(k)
	}
	public, comment, err := sshkey.ParsePublic([]byte(k.Public))
	if err != nil {
		return err
	}
	sha256, md5 := sshkey.Fingerprints(public)
	switch format {
	case "openssh":
		a.printf("%s\n", k.Public)
		a.say("%s@%d  %s  %s  MD5:%s  %s  %s\n", k.Name, k.Version, k.Algorithm, sha256, md5, k.Slot, lifeOf(k))
	case "ssh2":
		a.printf("%s", sshkey.SSH2(public, comment))
	case "fingerprint":
		a.printf("%s\nMD5:%s\n", sha256, md5)
	default:
		return usage(fmt.Errorf("--format %s: there are openssh, ssh2 and fingerprint", format))
	}
	return nil
}

func keysShowCommand(a *app) *cobra.Command {
	var format string
	command := &cobra.Command{
		Use:   "show NAME",
		Short: "Print the public part for the customer's server",
		Args:  exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, s, err := a.reading(cmd.Context())
			if err != nil {
				return err
			}
			keys, err := s.Keys(cmd.Context(), job.KeySSH, args[0])
			if err != nil {
				return err
			}
			shown := 0
			for _, slot := range []job.KeySlot{job.SlotCurrent, job.SlotNext} {
				for _, key := range keys {
					if key.Slot == slot {
						shown++
						if err := a.printPublic(key, format); err != nil {
							return err
						}
					}
				}
			}
			if shown == 0 {
				return fmt.Errorf("there is no SSH key %q; haulier keys generate %s makes one: %w", args[0], args[0], job.ErrNotFound)
			}
			return nil
		},
	}
	command.Flags().StringVar(&format, "format", "openssh", "openssh, ssh2 (RFC 4716) or fingerprint")
	return command
}

func keysRotateCommand(a *app) *cobra.Command {
	var algorithm string
	command := &cobra.Command{
		Use:   "rotate NAME",
		Short: "Make the next login key; both are offered until the server takes it",
		Args:  exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("--type", algorithm, append(sshTypes, "")...); err != nil {
				return err
			}
			return a.withKeys(cmd, func(keys control.Keys) error {
				key, err := keys.RotateSSH(cmd.Context(), args[0], algorithm)
				if err != nil {
					return err
				}
				if err := a.printPublic(key, "openssh"); err != nil {
					return err
				}
				a.say("Send this line to the customer. Logins offer it first, then the current key; the login that it opens makes it the current one.\n")
				return nil
			})
		},
	}
	command.Flags().StringVar(&algorithm, "type", "", "ed25519, rsa-3072 or rsa-4096 (default: as now)")
	return command
}

func keysRetireCommand(a *app, use string, kinds ...job.KeyKind) *cobra.Command {
	var usedLately bool
	command := &cobra.Command{
		Use:   use,
		Short: "End a key that was replaced, and destroy its private part",
		Args:  exactly("NAME@VERSION"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withKeys(cmd, func(keys control.Keys) error {
				key, err := keys.Retire(cmd.Context(), args[0], usedLately, kinds...)
				if err != nil {
					return err
				}
				return a.printKey(key)
			})
		},
	}
	if slices.Contains(kinds, job.KeyPGP) {
		command.Flags().BoolVar(&usedLately, "used-lately", false, "also a key of ours that was used in the last 30 days: what is still encrypted to it is lost")
	}
	return command
}

// passphraseFlags say where the passphrase of a key file is.
type passphraseFlags struct{ env, file string }

func (p *passphraseFlags) add(command *cobra.Command) {
	command.Flags().StringVar(&p.env, "passphrase-env", "", "variable that holds the passphrase")
	command.Flags().StringVar(&p.file, "passphrase-file", "", "file that holds the passphrase")
}

// passphrase gives the passphrase, empty when none was named.
func (p passphraseFlags) passphrase(cmd *cobra.Command) (secret.Text, error) {
	switch {
	case p.env != "":
		if os.Getenv(p.env) == "" {
			return secret.Text{}, noPassphrase("the variable that --passphrase-env names is not set or empty", "name the variable, not the passphrase, and set it for this command")
		}
		return control.Vault{}.Reveal(cmd.Context(), job.SecretRef{From: job.SecretEnv, Name: p.env})
	case p.file != "":
		if _, err := os.Stat(p.file); errors.Is(err, fs.ErrNotExist) {
			return secret.Text{}, noPassphrase("the file that --passphrase-file names is not there", "name the file, not the passphrase, and write the passphrase into it, mode 0600")
		}
		return control.Vault{}.Reveal(cmd.Context(), job.SecretRef{From: job.SecretFile, Name: p.file})
	}
	return secret.Text{}, nil
}

// noPassphrase does not say back what the flag was given: it may be the passphrase itself.
func noPassphrase(cause, do string) error {
	return &job.Reason{Slug: "config.secret_missing", What: "nothing was done", Cause: cause, Do: do, Who: job.WhoUs}
}

// maxKeyFile bounds a key file, in bytes.
const maxKeyFile = 1 << 20

// readKeyFile reads a key file, which may hold a private key.
func readKeyFile(path string) (secret.Text, error) {
	info, err := os.Stat(path)
	if err != nil {
		return secret.Text{}, usage(fmt.Errorf("%s: %w", path, err))
	}
	if info.Size() > maxKeyFile {
		return secret.Text{}, usage(fmt.Errorf("%s has %d bytes: that is no key", path, info.Size()))
	}
	text, err := os.ReadFile(path)
	defer clear(text)
	return secret.New(text), err
}

// withKeyFile runs f with the keys of the store, the content of a key file and its passphrase.
func (a *app) withKeyFile(cmd *cobra.Command, path string, from passphraseFlags, f func(keys control.Keys, text, passphrase secret.Text) error) error {
	text, err := readKeyFile(path)
	if err != nil {
		return err
	}
	defer text.Wipe()
	if err := sshkey.CheckRights(path, text); err != nil {
		return notTaken(path, err)
	}
	passphrase, err := from.passphrase(cmd)
	if err != nil {
		return err
	}
	defer passphrase.Wipe()
	return a.withKeys(cmd, func(keys control.Keys) error { return f(keys, text, passphrase) })
}

func keysImportCommand(a *app) *cobra.Command {
	var from passphraseFlags
	command := &cobra.Command{
		Use:   "import NAME FILE",
		Short: "Keep a login key that the customer made for us (OpenSSH, PEM or PKCS#8)",
		Args:  exactly("NAME", "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withKeyFile(cmd, args[1], from, func(keys control.Keys, text, passphrase secret.Text) error {
				key, err := keys.ImportSSH(cmd.Context(), args[0], text, passphrase)
				if err != nil {
					return notTaken(args[1], err)
				}
				return a.printPublic(key, "openssh")
			})
		},
	}
	from.add(command)
	return command
}

// notTaken words what is wrong with a key file for its import: it names the file, and no login was under way.
func notTaken(path string, err error) error {
	var r *job.Reason
	if !errors.As(err, &r) || !strings.HasPrefix(r.Slug, "key.") {
		return err
	}
	told := *r
	told.What, told.Cause = "the key was not taken, and nothing of it was kept", fmt.Sprintf("%q: %s", path, r.Cause)
	if r.Slug == "key.passphrase_missing" {
		told.Cause = fmt.Sprintf("%q: the private key is locked with a passphrase, and none was given", path)
		told.Do = "say where its passphrase is: --passphrase-env VARIABLE or --passphrase-file PATH"
	}
	told.Err = err
	return &told
}

func keysConvertCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "convert FILE",
		Short: "Turn a public key from SSH2 (RFC 4716) into an OpenSSH line, or back",
		Args:  exactly("FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := readKeyFile(args[0])
			if err != nil {
				return err
			}
			converted, err := sshkey.Convert(text.Reveal())
			if err != nil {
				return err
			}
			a.printf("%s\n", trimLineEnd(converted))
			return nil
		},
	}
}

func trimLineEnd(text string) string {
	for len(text) > 0 && text[len(text)-1] == '\n' {
		text = text[:len(text)-1]
	}
	return text
}
