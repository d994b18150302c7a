package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

func connectionsCommand(a *app) *cobra.Command {
	return group("connections", "Accounts on customers' servers",
		connectionsListCommand(a), connectionsShowCommand(a), connectionsTestCommand(a), connectionsTrustCommand(a), connectionsLsCommand(a),
		connectionsStatsCommand(a), connectionsPurgeCommand(a))
}

// findConnection finds a connection by its name.
func findConnection(cfg *config.Config, name string) (job.Connection, error) {
	c, found := cfg.Connections[name]
	if !found {
		return c, usage(fmt.Errorf("there is no connection %q in %s; haulier connections list shows them", name, cfg.Path))
	}
	return c, nil
}

// lookStore is readStore for commands that have something to show without a store too: nil when there is none yet.
func (a *app) lookStore(ctx context.Context, cfg *config.Config) (*store.Store, error) {
	s, err := a.store(ctx, cfg, true)
	if errors.Is(err, store.ErrMissing) {
		return nil, nil
	}
	return s, err
}

// The states of a connection.
const (
	connectionActive   = "active"
	connectionDraft    = "draft" // never logged in with success; scheduled jobs leave it alone
	connectionDisabled = "disabled"
	connectionPaused   = "paused"
	connectionRefused  = "refused" // its breaker is open
	connectionRemoved  = "removed" // no longer configured; its history stays
)

// connectionLine is a connection as scripts read it.
type connectionLine struct {
	Name        string     `json:"connection"`
	DisplayName string     `json:"display_name"`
	Entity      string     `json:"entity,omitempty"`
	Host        string     `json:"host"`
	Port        int        `json:"port"`
	User        string     `json:"username"`
	State       string     `json:"state"`
	Jobs        []string   `json:"jobs"`
	LastSuccess *time.Time `json:"last_success"` // end of the last run that succeeded

	breaker job.Breaker
	pause   *job.Pause
}

// connectionLineOf tells how a connection stands; the store may be nil.
func connectionLineOf(ctx context.Context, cfg *config.Config, s *store.Store, c job.Connection) (connectionLine, error) {
	line := connectionLine{
		Name: c.Name, DisplayName: c.DisplayName, Entity: c.Entity, Host: c.Host, Port: c.Port, User: c.User, State: connectionDraft, Jobs: []string{},
	}
	for _, spec := range cfg.Jobs {
		if spec.Connection == c.Name {
			line.Jobs = append(line.Jobs, spec.Name)
		}
	}
	if err := line.remembered(ctx, s, c); err != nil {
		return line, err
	}
	switch {
	case !c.Enabled:
		line.State = connectionDisabled
	case line.pause != nil:
		line.State = connectionPaused
	case line.breaker.Open:
		line.State = connectionRefused
	}
	return line, nil
}

// remembered fills in what the store knows.
func (l *connectionLine) remembered(ctx context.Context, s *store.Store, c job.Connection) error {
	if s == nil {
		return nil
	}
	active, err := s.ConnectionState(ctx, c.Name)
	if active {
		l.State = connectionActive
	}
	if err == nil {
		l.breaker, err = s.Breaker(ctx, job.Account{Host: c.Host, Port: c.Port, User: c.User})
	}
	if err == nil {
		l.pause, err = s.Paused(ctx, "connection", c.Name)
	}
	if err != nil {
		return err
	}
	runs, err := s.Runs(ctx, store.RunFilter{Connection: c.Name, States: []job.RunState{job.RunSucceeded}, Limit: 1})
	if len(runs) > 0 {
		ended := runs[0].Ended.UTC()
		l.LastSuccess = &ended
	}
	return err
}

func connectionsShowCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: "One connection: configuration, keys, and what is known of its server",
		Long: "Shows one connection: its configuration, keys, and what is known of its server; of one that was removed from the\n" +
			"configuration, what is left: its history, and the keys that are kept until connections purge deletes them.",
		Args: exactly("NAME"),

		ValidArgsFunction: firstOnly(a.completeConnections),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			s, err := a.lookStore(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			return a.showConnection(cmd.Context(), cfg, s, args[0])
		},
	}
}

func (a *app) showConnection(ctx context.Context, cfg *config.Config, s *store.Store, name string) error {
	c, found := cfg.Connections[name]
	if !found {
		return a.showRemoved(ctx, cfg, s, name)
	}
	shown, err := detailsOf(ctx, cfg, s, c)
	if err != nil {
		return err
	}
	if a.json {
		return a.object(shown)
	}
	a.printDetails(cfg, c, shown)
	return nil
}

// connectionDetails is a connection with all that may be told of it: never a secret, only where it is.
type connectionDetails struct {
	connectionLine
	Configured string                  `json:"configured"` // file:line
	Jump       []string                `json:"jump"`
	Methods    []string                `json:"auth_methods"`
	Key        string                  `json:"auth_key,omitempty"`
	Keys       []job.Key               `json:"keys"` // SSH keys that are offered
	Pinned     string                  `json:"host_keys_from"`
	Pins       []job.Pin               `json:"host_keys"`
	Locations  map[string]locationLine `json:"locations"`
	Profile    job.Profile             `json:"profile"`
	Refused    *refusal                `json:"refused"`
	Removed    *removal                `json:"removed"`
}

type locationLine struct {
	Path string          `json:"path"`
	Use  job.LocationUse `json:"use"`
}

// refusal is an open breaker.
type refusal struct {
	Since time.Time   `json:"since"`
	Until time.Time   `json:"until"` // when one login is let through
	Error *job.Reason `json:"error"`
}

func detailsOf(ctx context.Context, cfg *config.Config, s *store.Store, c job.Connection) (connectionDetails, error) {
	line, err := connectionLineOf(ctx, cfg, s, c)
	d := connectionDetails{
		connectionLine: line, Configured: fmt.Sprintf("%s:%d", c.Position.File, c.Position.Line), Jump: []string{}, Methods: c.Auth.Methods,
		Key: c.Auth.Key, Keys: []job.Key{}, Pinned: "store", Pins: []job.Pin{}, Locations: map[string]locationLine{},
	}
	for _, j := range c.Jump {
		d.Jump = append(d.Jump, j.Name)
	}
	for name, l := range c.Locations {
		d.Locations[name] = locationLine{l.Path, l.Use}
	}
	for _, key := range c.HostKeys {
		d.Pinned = "configuration"
		d.Pins = append(d.Pins, job.Pin{Address: control.PinAddress(c.Endpoint), Key: key})
	}
	if line.breaker.Open {
		d.Refused = &refusal{line.breaker.Since.UTC(), line.breaker.Until.UTC(), line.breaker.Reason}
	}
	if err != nil || s == nil {
		return d, err
	}
	return d, d.remembered(ctx, s, c)
}

func (d *connectionDetails) remembered(ctx context.Context, s *store.Store, c job.Connection) error {
	var err error
	if d.Profile, err = s.Profile(ctx, c.Name); err != nil {
		return err
	}
	if d.Pinned == "store" {
		if d.Pins, err = s.Pins(ctx, control.PinAddress(c.Endpoint)); err != nil {
			return err
		}
	}
	if c.Auth.Key == "" {
		return nil
	}
	keys, err := s.Keys(ctx, job.KeySSH, c.Auth.Key)
	for _, key := range keys {
		if key.Slot == job.SlotCurrent || key.Slot == job.SlotNext {
			d.Keys = append(d.Keys, key)
		}
	}
	return err
}

func (a *app) printDetails(cfg *config.Config, c job.Connection, d connectionDetails) {
	a.printf("%s (%s)  %s\n", d.DisplayName, d.Name, d.State)
	a.row("configured", "%s", d.Configured)
	if d.Entity != "" {
		a.row("entity", "%s", d.Entity)
	}
	a.row("server", "%s:%d", d.Host, d.Port)
	if len(d.Jump) > 0 {
		a.row("by way of", "%s", strings.Join(d.Jump, ", "))
	}
	a.row("login", "user %q by %s%s", d.User, strings.Join(d.Methods, ", then "), secretsAt(c.Auth))
	for _, key := range d.Keys {
		a.row("key", "%s@%d (%s) %s %s", key.Name, key.Version, key.Slot, key.Algorithm, key.Fingerprint)
	}
	if len(d.Keys) == 0 && d.Key != "" {
		a.row("key", "%s is not there yet: haulier keys generate %s", d.Key, d.Key)
	}
	a.printPins(cfg, d)
	for _, name := range slices.Sorted(maps.Keys(d.Locations)) {
		a.row("location", "%s %s (%s)", name, d.Locations[name].Path, d.Locations[name].Use)
	}
	a.row("known of it", "%s", profileText(d.Profile))
	if d.Refused != nil {
		a.row("refused", "since %s; one login is let through at %s", at(d.Refused.Since, cfg.Timezone), at(d.Refused.Until, cfg.Timezone))
		if d.Refused.Error != nil {
			a.printf("%s", reasonText(d.Refused.Error, "    ", a.colored(a.stdout)))
		}
	}
	if d.pause != nil {
		a.row("paused", "by %s since %s: %s", d.pause.By, at(d.pause.Since, cfg.Timezone), d.pause.Reason)
	}
	a.row("jobs", "%s", orNone(strings.Join(d.Jobs, ", ")))
	if d.LastSuccess != nil {
		a.row("last success", "%s", at(*d.LastSuccess, cfg.Timezone))
	}
}

// row writes one property of what is shown.
func (a *app) row(name, format string, args ...any) {
	a.printf("  %-13s %s\n", name, fmt.Sprintf(format, args...))
}

func (a *app) printPins(cfg *config.Config, d connectionDetails) {
	for _, pin := range d.Pins {
		from := "from the configuration"
		if d.Pinned == "store" {
			from = fmt.Sprintf("%s by %s, %s", pin.Why, pin.By, at(pin.Added, cfg.Timezone))
		}
		a.row("host key", "%s  (%s)", pinText(pin.Key), from)
	}
	if len(d.Pins) == 0 {
		a.row("host key", "none is trusted yet: haulier connections trust %s", d.Name)
	}
}

func at(t time.Time, zone *time.Location) string { return t.In(zone).Format("2006-01-02 15:04 MST") }

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}

// secretsAt says where the secrets of a login are.
func secretsAt(auth job.Auth) string {
	text := ""
	if auth.Password != nil {
		text += fmt.Sprintf(", password {%s: %s}", auth.Password.From, auth.Password.Name)
	}
	if s := auth.Successor; s != nil {
		text += fmt.Sprintf(", from %s on {%s: %s}", s.From.Format(time.DateOnly), s.Password.From, s.Password.Name)
	}
	if auth.KeyFile != nil {
		text += ", key file " + auth.KeyFile.Path
		if auth.KeyFile.Passphrase != nil {
			text += fmt.Sprintf(" with passphrase {%s: %s}", auth.KeyFile.Passphrase.From, auth.KeyFile.Passphrase.Name)
		}
	}
	return text
}
