package main

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web/access"
	"github.com/haulier/haulier/web/route"
)

func usersCommand(a *app) *cobra.Command {
	command := group("users", "People who may log in to the pages", usersAddCommand(a), usersListCommand(a), usersRoleCommand(a), usersPasswordCommand(a),
		usersLogoutCommand(a), usersRemoveCommand(a))
	command.Long = "Roles: a viewer sees, an operator also runs, retries, pauses and acknowledges, an admin also trusts and reloads.\n" +
		"With --entity a user sees the connections of these entities only, and what belongs to them; without, everything."
	return command
}

// rights are what a user or a token may.
type rights struct {
	role     string
	entities []string
}

func (r *rights) flags(command *cobra.Command) {
	command.Flags().StringVar(&r.role, "role", string(route.Viewer), "viewer, operator or admin")
	command.Flags().StringArrayVar(&r.entities, "entity", nil, "see the connections of this entity only; may be given several times")
}

func (r *rights) judge() error {
	if !route.Role(r.role).Known() {
		return usage(fmt.Errorf("there is no role %q; there are viewer, operator and admin", r.role))
	}
	return nil
}

// sight is nil, everything, where no entity was named.
func (r *rights) sight() job.Sight { return job.Sight(r.entities) }

// said tells what somebody may, and names entities that no connection has.
func (a *app) said(role string, sight job.Sight, cfg *config.Config) {
	a.say("%s, sees %s.\n", role, sees(sight))
	known := map[string]bool{}
	for _, c := range cfg.Connections {
		known[c.Entity] = true
	}
	for _, entity := range sight {
		if !known[entity] {
			a.say("No connection has the entity %q.\n", entity)
		}
	}
}

func sees(sight job.Sight) string {
	if sight.Whole() {
		return "everything"
	}
	return strings.Join(sight, ", ")
}

// onUsers is a command about one user, with the store open for writing.
func (a *app) onUsers(use, short string, do func(cmd *cobra.Command, cfg *config.Config, s *store.Store, name string, more []string) error, args ...string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: exactly(args...),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !access.UserName.MatchString(args[0]) {
				return usage(fmt.Errorf("%q is no name of a user: small letters, digits and . _ @ -, at most 64", args[0]))
			}
			cfg, err := a.config()
			if err != nil {
				return err
			}
			s, err := a.openStore(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			return aboutUser(do(cmd, cfg, s, args[0], args[1:]), args[0])
		},
	}
}

// aboutUser says what the store refused.
func aboutUser(err error, name string) error {
	switch {
	case errors.Is(err, job.ErrNotFound):
		return usage(fmt.Errorf("there is no user %q; haulier users list shows all", name))
	case errors.Is(err, job.ErrExists):
		return usage(fmt.Errorf("there is a user %q already; haulier users role and haulier users password change one", name))
	case errors.Is(err, store.ErrLastAdmin):
		return usage(fmt.Errorf("%q is the last admin of everything; --force does it all the same", name))
	}
	return err
}

// newPassword reads a password and gives its hash.
func (a *app) newPassword(name string) (string, error) {
	password, err := a.readSecret(fmt.Sprintf("Password for %s, at least %d characters: ", name, access.PasswordLeast))
	if err != nil {
		return "", err
	}
	defer password.Wipe()
	hash, err := access.HashPassword(password)
	if err != nil {
		return "", usage(err)
	}
	return hash, nil
}

func usersAddCommand(a *app) *cobra.Command {
	var r rights
	command := a.onUsers("add NAME", "Make a user; the password is read from stdin", func(cmd *cobra.Command, cfg *config.Config, s *store.Store, name string, _ []string) error {
		if err := r.judge(); err != nil {
			return err
		}
		hash, err := a.newPassword(name)
		if err != nil {
			return err
		}
		if err := s.AddUser(cmd.Context(), job.User{Name: name, Role: r.role, Sight: r.sight()}, hash, user()); err != nil {
			return err
		}
		a.printf("%s may log in\n", name)
		a.said(r.role, r.sight(), cfg)
		return nil
	}, "NAME")
	r.flags(command)
	return command
}

func usersRoleCommand(a *app) *cobra.Command {
	var r rights
	force := false
	command := a.onUsers("role NAME ROLE", "Give a user another role, and other entities; ends the sessions",
		func(cmd *cobra.Command, cfg *config.Config, s *store.Store, name string, more []string) error {
			r.role = more[0]
			if err := r.judge(); err != nil {
				return err
			}
			if err := s.ChangeUser(cmd.Context(), job.User{Name: name, Role: r.role, Sight: r.sight()}, user(), force); err != nil {
				return err
			}
			a.printf("%s has to log in again\n", name)
			a.said(r.role, r.sight(), cfg)
			return nil
		}, "NAME", "ROLE")
	command.Flags().StringArrayVar(&r.entities, "entity", nil, "see the connections of this entity only; may be given several times")
	command.Flags().BoolVar(&force, "force", false, "also if no admin of everything is left")
	return command
}

func usersPasswordCommand(a *app) *cobra.Command {
	return a.onUsers("password NAME", "Set another password, read from stdin; ends the sessions, and every wait after refused logins",
		func(cmd *cobra.Command, _ *config.Config, s *store.Store, name string, _ []string) error {
			if _, _, err := s.User(cmd.Context(), name); err != nil {
				return err
			}
			hash, err := a.newPassword(name)
			if err != nil {
				return err
			}
			if err := s.SetPassword(cmd.Context(), name, hash, user()); err != nil {
				return err
			}
			a.printf("%s has another password\n", name)
			return nil
		}, "NAME")
}

func usersLogoutCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "logout NAME",
		Short: "End all sessions of a person, also of one who logs in at a provider",
		Args:  exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withStore(cmd, func(s *store.Store) error {
				n, err := s.EndSessions(cmd.Context(), strings.TrimPrefix(args[0], "oidc:"), user())
				if err == nil {
					a.printf("%d sessions of %s have ended\n", n, args[0])
				}
				return err
			})
		},
	}
}

func usersRemoveCommand(a *app) *cobra.Command {
	force := false
	command := a.onUsers("remove NAME", "Delete a user; ends the sessions",
		func(cmd *cobra.Command, _ *config.Config, s *store.Store, name string, _ []string) error {
			if err := s.RemoveUser(cmd.Context(), name, user(), force); err != nil {
				return err
			}
			a.printf("%s is no user any more\n", name)
			return nil
		}, "NAME")
	command.Flags().BoolVar(&force, "force", false, "also if no admin of everything is left")
	return command
}

func usersListCommand(a *app) *cobra.Command {
	return lists(a, "Users with their roles", (*store.Store).Users, a.showUser)
}

func (a *app) showUser(u job.User) error {
	if a.json {
		return a.object(struct {
			Name     string    `json:"name"`
			Role     string    `json:"role"`
			Entities job.Sight `json:"entities"` // null: all
			Created  time.Time `json:"created"`
			Login    time.Time `json:"login,omitzero"`
		}{u.Name, u.Role, u.Sight, u.Created, u.Login})
	}
	last := "never logged in"
	if !u.Login.IsZero() {
		last = "last login " + u.Login.Format(time.RFC3339)
	}
	a.printf("%-20s %-8s %s, %s\n", u.Name, u.Role, sees(u.Sight), last)
	return nil
}
