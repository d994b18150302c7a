package main

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web/access"
)

func tokensCommand(a *app) *cobra.Command {
	command := group("tokens", "What programs show to be let in", tokensCreateCommand(a), tokensListCommand(a), tokensRevokeCommand(a))
	command.Long = "A token is sent as `Authorization: Bearer hlr_…`. It is shown once, when it is made; the store keeps a hash of it."
	return command
}

// tokenName is what names of tokens look like.
var tokenName = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,63}$`)

// tokenLongest bounds how long a token may be good for.
const tokenLongest = 2 * 366 * 24 * time.Hour

func tokensCreateCommand(a *app) *cobra.Command {
	var r rights
	var expires string
	command := &cobra.Command{
		Use:   "create NAME",
		Short: "Make a token, and show it this once",
		Args:  exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			until, err := tokenEnd(expires)
			if err == nil {
				err = r.judge()
			}
			if err == nil && !tokenName.MatchString(args[0]) {
				err = usage(fmt.Errorf("%q is no name of a token: small letters, digits and . _ -, at most 64", args[0]))
			}
			if err != nil {
				return err
			}
			cfg, err := a.config()
			if err != nil {
				return err
			}
			s, err := a.openStore(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			return a.createToken(cmd, cfg, s, job.Token{Name: args[0], Role: r.role, Sight: r.sight(), By: user(), Expires: until})
		},
	}
	r.flags(command)
	command.Flags().StringVar(&expires, "expires", "", "how long it is good for (90d), or until when (2026-12-24T06:00:00Z); needed, two years at most")
	return command
}

func tokenEnd(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, usage(errors.New("--expires is needed, such as --expires 90d"))
	}
	until, err := parseUntil(text)
	if err != nil {
		return until, usage(fmt.Errorf("--expires %q is neither a span such as 90d nor a time such as 2026-12-24T06:00:00Z", text))
	}
	if left := time.Until(until); left <= 0 || left > tokenLongest {
		return until, usage(fmt.Errorf("--expires %q is not within the next two years", text))
	}
	return until, nil
}

func (a *app) createToken(cmd *cobra.Command, cfg *config.Config, s *store.Store, t job.Token) error {
	token, id, hash := access.NewToken()
	defer token.Wipe()
	t.ID = id
	err := s.AddToken(cmd.Context(), t, hash)
	if errors.Is(err, job.ErrExists) {
		return usage(fmt.Errorf("there is a token %q already; haulier tokens revoke %s ends it", t.Name, t.Name))
	}
	if err != nil {
		return err
	}
	if a.json {
		return a.object(map[string]any{"name": t.Name, "token": string(token.Reveal()), "expires": t.Expires})
	}
	a.printf("%s\n", token.Reveal())
	a.said(t.Role, t.Sight, cfg)
	a.say("It is good until %s, and is not shown again.\n", t.Expires.UTC().Format(time.RFC3339))
	return nil
}

func tokensRevokeCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "revoke NAME",
		Short: "End a token at once",
		Args:  exactly("NAME"),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.withStore(cmd, func(s *store.Store) error {
				err := s.RevokeToken(cmd.Context(), args[0], user())
				if errors.Is(err, job.ErrNotFound) {
					return usage(fmt.Errorf("there is no token %q that could be revoked; haulier tokens list shows all", args[0]))
				}
				if err == nil {
					a.printf("%s is revoked\n", args[0])
				}
				return err
			})
		},
	}
}

func tokensListCommand(a *app) *cobra.Command {
	return lists(a, "Tokens, without what proves them", (*store.Store).Tokens, a.showToken)
}

func (a *app) showToken(t job.Token) error {
	if a.json {
		return a.object(struct {
			ID       string    `json:"id"`
			Name     string    `json:"name"`
			Role     string    `json:"role"`
			Entities job.Sight `json:"entities"` // null: all
			By       string    `json:"by"`
			Created  time.Time `json:"created"`
			Expires  time.Time `json:"expires"`
			Used     time.Time `json:"used,omitzero"`
			Revoked  time.Time `json:"revoked,omitzero"`
		}{t.ID, t.Name, t.Role, t.Sight, t.By, t.Created, t.Expires, t.Used, t.Revoked})
	}
	state := "until " + t.Expires.Format(time.RFC3339)
	switch {
	case !t.Revoked.IsZero():
		state = "revoked " + t.Revoked.Format(time.RFC3339)
	case !time.Now().Before(t.Expires):
		state = "expired " + t.Expires.Format(time.RFC3339)
	}
	used := "never used"
	if !t.Used.IsZero() {
		used = "last used " + t.Used.Format(time.RFC3339)
	}
	a.printf("%-20s %-8s %s, %s, %s, by %s\n", t.Name, t.Role, sees(t.Sight), state, used, t.By)
	return nil
}
