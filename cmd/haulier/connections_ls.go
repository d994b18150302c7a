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
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/naming"
)

func connectionsLsCommand(a *app) *cobra.Command {
	var limit int
	command := &cobra.Command{
		Use:   "ls NAME LOCATION",
		Short: "List a folder on the server, as the server sends it",
		Args:  exactly("NAME", "LOCATION"),

		ValidArgsFunction: a.completeLocations,
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := a.config()
			if err != nil {
				return err
			}
			c, err := findConnection(cfg, args[0])
			if err != nil {
				return err
			}
			l, found := c.Locations[args[1]]
			if !found {
				return usage(fmt.Errorf("connection %q has no location %q; it has %s", c.Name, args[1], orNone(strings.Join(slices.Sorted(maps.Keys(c.Locations)), ", "))))
			}
			return a.listRemote(cmd.Context(), cfg, c, l.Path, limit)
		},
	}
	command.Flags().IntVar(&limit, "limit", 0, "at most so many names (default: all)")
	return command
}

// completeLocations offers connections, then the locations of the one that was typed.
func (a *app) completeLocations(cmd *cobra.Command, typed []string, word string) ([]cobra.Completion, cobra.ShellCompDirective) {
	cfg := a.configQuietly()
	if len(typed) != 1 || cfg == nil {
		return firstOnly(a.completeConnections)(cmd, typed, word)
	}
	return slices.Sorted(maps.Keys(cfg.Connections[typed[0]].Locations)), cobra.ShellCompDirectiveNoFileComp
}

// remoteLine is a name in a remote folder as scripts read it.
type remoteLine struct {
	Name     string        `json:"name"` // printable: what cannot be seen is escaped
	Kind     job.EntryKind `json:"kind"`
	Size     *int64        `json:"size"`     // null: the server does not tell
	Modified *time.Time    `json:"modified"` // null: the server does not tell
}

// mostShown is how much of a name is shown, in bytes.
const mostShown = 1000

func remoteLineOf(e job.Entry) remoteLine {
	line := remoteLine{Name: naming.Printable(e.Name, mostShown), Kind: e.Kind}
	if e.Size >= 0 {
		line.Size = &e.Size
	}
	if e.ModTime != 0 {
		modified := time.Unix(e.ModTime, 0).UTC()
		line.Modified = &modified
	}
	return line
}

// errShown ends a listing of which enough was shown.
var errShown = errors.New("enough was shown")

func (a *app) listRemote(ctx context.Context, cfg *config.Config, c job.Connection, dir string, limit int) error {
	if !c.Enabled {
		return usage(fmt.Errorf("connection %q has enabled: false and is never dialled", c.Name))
	}
	s, err := a.openStore(ctx, cfg)
	if err != nil {
		return err
	}
	session, err := poolOf(cfg, s, nil).Session(ctx, c)
	if err != nil {
		return err
	}
	n := 0
	err = session.List(ctx, dir, 0, func(e job.Entry) error {
		if limit > 0 && n == limit {
			return errShown
		}
		n++
		return a.printRemote(remoteLineOf(e), cfg.Timezone)
	})
	err = errors.Join(err, session.Close())
	if errors.Is(err, errShown) {
		a.say("There is more: %d names were shown.\n", n)
		return nil
	}
	if err == nil && !a.json {
		a.say("%s in %s\n", count(n, "name"), naming.Printable(dir, mostShown))
	}
	return err
}

func (a *app) printRemote(line remoteLine, zone *time.Location) error {
	if a.json {
		return a.object(line)
	}
	bytes, modified := "?", "?"
	if line.Size != nil {
		bytes = fmt.Sprint(*line.Size)
	}
	if line.Modified != nil {
		modified = line.Modified.In(zone).Format("2006-01-02 15:04:05 MST")
	}
	a.printf("%-7s %15s  %-19s  %s\n", line.Kind, bytes, modified, line.Name)
	return nil
}
