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
		pgpImportCommand(a), pgpRotateCommand(a), keysRetireCommand(a, "retire NAME@VERSION", job.KeyPGP))
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
	a.say("%s@%d  %s  fingerprint %s", k.Name, k.Version, k.Algorithm, pgp.Spaced(k.Fingerprint))
	if !k.Expires.IsZero() {
		a.say("  expires %s", k.Expires.UTC().Format(time.DateOnly))
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
	command := &cobra.Command{
		Use:   "import NAME FILE",
		Short: "Keep a customer's public key, after checks; or a private key of ours from elsewhere",
		Args:  exactly("NAME", "FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withKeyFile(cmd, args[1], from, func(keys control.Keys, text, passphrase secret.Text) error {
				key, warnings, err := keys.ImportPGP(cmd.Context(), args[0], text, passphrase)
				if err != nil {
					return err
				}
				for _, w := range warnings {
					a.say("warning: %s [%s]\n", w.Text, w.Slug)
				}
				return a.printKey(key)
			})
		},
	}
	from.add(command)
	return command
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
