package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/store"
)

func secretsCommand(a *app) *cobra.Command {
	command := group("secrets", "Passwords and passphrases that the store keeps sealed", secretsSetCommand(a), secretsListCommand(a), secretsRemoveCommand(a), secretsRotateCommand(a))
	command.Long = "A stored secret is named in the configuration as {stored: NAME}. It is read from stdin and never shown again."
	return command
}

// withStore runs f with the store open for writing.
func (a *app) withStore(cmd *cobra.Command, f func(s *store.Store) error) error {
	cfg, err := a.config()
	if err != nil {
		return err
	}
	s, err := a.openStore(cmd.Context(), cfg)
	if err != nil {
		return err
	}
	return f(s)
}

// audit writes down what a person is about to do that is not in the store, or what it came to.
func audit(cmd *cobra.Command, s *store.Store, act, object, detail string) error {
	return s.Act(context.WithoutCancel(cmd.Context()), user(), act, object, detail)
}

// acted does what a person asks of the store, with its line in the audit list.
func acted(cmd *cobra.Command, s *store.Store, act, object string, do func(*store.Store) error) error {
	return s.Acted(cmd.Context(), store.AuditLine{Who: user(), Act: act, Object: object}, do)
}

func secretsSetCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "set NAME",
		Short: "Store a secret, read from stdin",
		Args:  notTyped,
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withStore(cmd, func(s *store.Store) error {
				text, err := a.readSecret("Secret for " + args[0] + ": ")
				if err != nil {
					return err
				}
				defer text.Wipe()
				err = acted(cmd, s, "secret.set", args[0], func(t *store.Store) error { return t.SetSecret(cmd.Context(), args[0], text) })
				if err == nil {
					a.say("Stored. Name it as {stored: %s}.\n", args[0])
				}
				return err
			})
		},
	}
}

// notTyped is exactly("NAME") for what would be a secret on the command line: it is not said back.
func notTyped(cmd *cobra.Command, args []string) error {
	if len(args) > 1 {
		return usage(errors.New("nothing was stored: a secret is read from stdin, never from the command line, where everybody on this machine may see it"))
	}
	return exactly("NAME")(cmd, args)
}

// maxSecret bounds a secret that is read, in bytes.
const maxSecret = 64 << 10

// readSecret reads a secret from stdin, without showing it on a terminal; one line end behind it is not part of it.
func (a *app) readSecret(prompt string) (secret.Text, error) {
	var raw []byte
	var err error
	if file, ok := a.stdin.(*os.File); ok && isTerminal(file) {
		a.say("%s", prompt)
		raw, err = term.ReadPassword(int(file.Fd()))
		a.say("\n")
	} else {
		raw, err = io.ReadAll(io.LimitReader(a.stdin, maxSecret+1))
	}
	defer clear(raw)
	if err != nil {
		return secret.Text{}, err
	}
	trimmed := bytes.TrimSuffix(bytes.TrimSuffix(raw, []byte("\n")), []byte("\r"))
	switch {
	case len(trimmed) == 0:
		return secret.Text{}, usage(errors.New("stdin was empty: no secret was read"))
	case len(trimmed) > maxSecret:
		return secret.Text{}, usage(errors.New("stdin has more than 64 KiB: that is no secret"))
	}
	return secret.New(trimmed), nil
}

func secretsListCommand(a *app) *cobra.Command {
	return lists(a, "Names of the stored secrets", (*store.Store).SecretNames, func(name string) error {
		if a.json {
			return a.object(map[string]string{"name": name})
		}
		a.printf("%s\n", name)
		return nil
	})
}

func secretsRemoveCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "remove NAME",
		Short: "Delete a stored secret",
		Args:  exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withStore(cmd, func(s *store.Store) error {
				return acted(cmd, s, "secret.remove", args[0], func(t *store.Store) error { return t.RemoveSecret(cmd.Context(), args[0]) })
			})
		},
	}
}
