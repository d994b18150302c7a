package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/store"
)

func connectionsPurgeCommand(a *app) *cobra.Command {
	var yes bool
	command := &cobra.Command{
		Use:   "purge NAME",
		Short: "Delete keys and pins of a connection that is no longer configured",
		Long: "Deletes the login keys, stored secrets and pinned host keys that only this connection used, and what was learned of\n" +
			"its server. History and figures stay. The customer's server is left alone: ask them to remove our public key there.",
		Args: exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			if _, found := cfg.Connections[args[0]]; found {
				return usage(fmt.Errorf("connection %q is still configured: remove it and its jobs from %s first", args[0], cfg.Path))
			}
			return a.purge(cmd.Context(), cfg, args[0], yes)
		},
	}
	command.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return command
}

func (a *app) purge(ctx context.Context, cfg *config.Config, name string, yes bool) error {
	s, err := a.openStore(ctx, cfg)
	if err != nil {
		return err
	}
	left, found, err := control.FindLeftovers(ctx, s, cfg, name)
	if err != nil {
		return err
	}
	known, err := s.Connections(ctx)
	if err != nil {
		return err
	}
	removed, isKnown := known[name]
	if !found && !isKnown {
		return usage(fmt.Errorf("nothing is known of a connection %q", name))
	}
	if removed.IsZero() && a.daemon(ctx, cfg) != nil {
		return usage(fmt.Errorf("the daemon still works with connection %q: haulier reload first", name))
	}
	return a.confirmPurge(ctx, s, left, yes)
}

func (a *app) confirmPurge(ctx context.Context, s *store.Store, left control.Leftovers, yes bool) error {
	say := a.printf
	if a.json {
		say = a.say
	}
	if !left.Any() && !a.json {
		a.printf("Nothing is left of %s but its history, which stays.\n", left.Connection)
		return nil
	}
	say("%s: %s\n", left.Connection, leftoversText(left))
	if !yes {
		answer, err := newPrompter(a).ask(ctx, "Delete them for ever? y/N", "n", yesOrNo)
		if errors.Is(err, errNoAnswer) {
			return usage(errors.New("nothing was deleted: nobody is here to answer; --yes deletes without asking"))
		}
		if err != nil {
			return err
		}
		if !isYes(answer) {
			return coded{exitUnexpected, errors.New("nothing was deleted")}
		}
	}
	if err := control.Purge(ctx, s, left, user()); err != nil {
		return err
	}
	if a.json {
		return a.object(left)
	}
	a.printf("Deleted; the history of %s stays.\n", left.Connection)
	if len(left.Kept) > 0 {
		a.say("PGP keys stay, as archived files may need them: %s\n", strings.Join(left.Kept, ", "))
	}
	a.say("Ask the customer to remove our public key from their server.\n")
	return nil
}

func leftoversText(left control.Leftovers) string {
	parts := leftoverParts(left)
	if left.Learned {
		parts = append(parts, "what was learned of its server")
	}
	return strings.Join(parts, "; ")
}

func leftoverParts(left control.Leftovers) []string {
	var parts []string
	if len(left.Keys) > 0 {
		parts = append(parts, "login keys "+strings.Join(left.Keys, ", "))
	}
	if len(left.Secrets) > 0 {
		parts = append(parts, "stored secrets "+strings.Join(left.Secrets, ", "))
	}
	for _, pin := range left.Pins {
		parts = append(parts, "host key "+pinText(pin.Key)+" of "+pin.Address)
	}
	return parts
}
