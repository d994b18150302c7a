package main

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/pgp"
)

func pgpCommand(a *app) *cobra.Command {
	return group("pgp", "PGP keys: ours, and the customers' public ones",
		keysListCommand(a, "List the PGP keys", job.KeyPGP, job.KeyPGPPublic), pgpGenerateCommand(a), pgpShowCommand(a),
		pgpImportCommand(a), pgpRotateCommand(a), keysRetireCommand(a, "retire NAME@VERSION", job.KeyPGP, job.KeyPGPPublic))
}

func pgpGenerateCommand(a *app) *cobra.Command {
	var algorithm string
	command := &cobra.Command{
		Use:   "generate NAME",
		Short: "Make a PGP key of ours, which customers encrypt to",
		Args:  exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("--type", algorithm, string(pgp.RSA4096), string(pgp.X25519)); err != nil {
				return err
			}
			return a.withKeys(cmd, func(keys control.Keys) error {
				key, err := keys.GeneratePGP(cmd.Context(), args[0], algorithm)
				if err != nil {
					return err
				}
				return a.printArmor(key)
			})
		},
	}
	command.Flags().StringVar(&algorithm, "type", string(pgp.RSA4096), "rsa-4096 or x25519")
	return command
}

// printArmor prints the public block of a PGP key, and beside it what to compare over the telephone.
func (a *app) printArmor(k job.Key) error {
	if a.json {
		return a.object(k)
	}
	a.printf("%s\n", trimLineEnd(k.Public))
	a.say("%s@%d  %s  fingerprint %s  %s", k.Name, k.Version, k.Algorithm, pgp.Spaced(k.Fingerprint), lifeOf(k))
	if !k.Expires.IsZero() {
		a.say("  %s", ending(k))
	}
	a.say("\n")
	return nil
}

func pgpShowCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: "Print the armored public key",
		Args:  exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, s, err := a.reading(cmd.Context())
			if err != nil {
				return err
			}
			for _, kind := range []job.KeyKind{job.KeyPGP, job.KeyPGPPublic} {
				keys, err := s.Keys(cmd.Context(), kind, args[0])
				if err != nil {
					return err
				}
				for _, key := range keys {
					if key.Slot == job.SlotCurrent {
						return a.printArmor(key)
					}
				}
			}
			return fmt.Errorf("there is no PGP key %q; haulier pgp generate %s makes one: %w", args[0], args[0], job.ErrNotFound)
		},
	}
}

func pgpImportCommand(a *app) *cobra.Command {
	var from passphraseFlags
	var replace bool
	command := &cobra.Command{
		Use:   "import NAME FILE",
		Short: "Keep a customer's public key, after checks; or a private key of ours from elsewhere",
		Args:  exactly("NAME", "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withKeyFile(cmd, args[1], from, func(keys control.Keys, text, passphrase secret.Text) error {
				if replace {
					return a.renewPGP(cmd, keys, args[0], text)
				}
				key, warnings, err := keys.ImportPGP(cmd.Context(), args[0], text, passphrase)
				if err != nil {
					return err
				}
				a.warnOfKey(warnings)
				return a.printKey(key)
			})
		},
	}
	from.add(command)
	command.Flags().BoolVar(&replace, "replace", false, "renew the customer's key that is kept under this name")
	return command
}

func (a *app) warnOfKey(warnings []pgp.Warning) {
	for _, w := range warnings {
		a.say("warning: %s [%s]\n", w.Text, w.Slug)
	}
}

// renewPGP puts a customer's key in the place of the one of that name, and shows both.
func (a *app) renewPGP(cmd *cobra.Command, keys control.Keys, name string, text secret.Text) error {
	renewal, err := keys.RenewPGP(cmd.Context(), name, text)
	if err != nil {
		return err
	}
	a.warnOfKey(renewal.Warnings)
	if err := a.printKey(renewal.New); err != nil {
		return err
	}
	a.sayRenewal(renewal.Old, renewal.New)
	return nil
}

func (a *app) sayRenewal(before, now job.Key) {
	if before.Version == now.Version {
		a.say("%s@%d is this very key: nothing was changed.\n", now.Name, now.Version)
		return
	}
	a.say("before  %s@%d  %s  %s\n", before.Name, before.Version, pgp.Spaced(before.Fingerprint), ending(before))
	a.say("now     %s@%d  %s  %s\n", now.Name, now.Version, pgp.Spaced(now.Fingerprint), ending(now))
	switch {
	case before.Fingerprint != now.Fingerprint:
		a.say("This is another key: compare its fingerprint with the customer over the telephone, at once.")
	case endsEarlier(now, before):
		a.say("The same key, but it ends earlier than before: ask the customer whether this is an old copy.")
	default:
		a.say("The same key, renewed.")
	}
	a.say("\nRuns that begin from now on encrypt to it. Signatures of %s@%d count until haulier pgp retire %s@%d.\n",
		before.Name, before.Version, before.Name, before.Version)
}

func endsEarlier(a, b job.Key) bool {
	return !a.Expires.IsZero() && (b.Expires.IsZero() || a.Expires.Before(b.Expires))
}

// ending is when a key expires.
func ending(k job.Key) string {
	word := "expires "
	switch {
	case k.Expires.IsZero():
		return "never expires"
	case k.Expires.Before(time.Now()):
		word = "expired "
	}
	return word + k.Expires.UTC().Format(time.DateOnly)
}

func pgpRotateCommand(a *app) *cobra.Command {
	var algorithm string
	command := &cobra.Command{
		Use:   "rotate NAME",
		Short: "Make a new PGP key of ours the current one; the old one still opens what comes",
		Args:  exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := oneOf("--type", algorithm, string(pgp.RSA4096), string(pgp.X25519), ""); err != nil {
				return err
			}
			return a.withKeys(cmd, func(keys control.Keys) error {
				key, err := keys.RotatePGP(cmd.Context(), args[0], algorithm)
				if err != nil {
					return err
				}
				return a.printArmor(key)
			})
		},
	}
	command.Flags().StringVar(&algorithm, "type", "", "rsa-4096 or x25519 (default: as now)")
	return command
}
