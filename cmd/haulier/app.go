package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/job"
)

// app is one command line: where it reads and writes, and what its global flags say.
type app struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	args           []string // as given
	called         string   // the command that they called, once it has ended

	configPath string
	json       bool
	noColor    bool
	quiet      bool
	verbose    bool
	server     string

	kept    net.Listener // where the pages are to be, if this program listens there already
	closers []func() error
	linger  atomic.Int64 // nanoseconds that a second signal leaves to the closers

	// step is told of the steps of a restore; nil: nobody. Tests end the process there.
	step func(name string)
}

// rootCommand is the whole command line.
func rootCommand(a *app) *cobra.Command {
	root := &cobra.Command{
		Use:           "haulier",
		Short:         "Trades files with the SFTP servers that your customers own",
		Long:          "Haulier carries files between a platform and the SFTP servers that its customers own:\non schedule, each exactly once, proven file by file.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          noStranger,
		RunE:          showHelp,

		SuggestionsMinimumDistance: 2,
	}
	flags := root.PersistentFlags()
	flags.StringVarP(&a.configPath, "config", "c", "", "configuration file (default: $HAULIER_CONFIG, ./haulier.yaml, /etc/haulier/haulier.yaml)")
	flags.BoolVar(&a.json, "json", false, "machine-readable results, one object a line")
	flags.BoolVar(&a.noColor, "no-color", false, "no colours (also: NO_COLOR)")
	flags.BoolVarP(&a.quiet, "quiet", "q", false, "results only")
	flags.BoolVarP(&a.verbose, "verbose", "v", false, "say more of what is done")
	flags.StringVar(&a.server, "server", "", "socket of the daemon (default: haulier.sock in data_dir)")
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error {
		a.json = a.json || slices.Contains(a.args, "--json") // it may stand behind the flag that is wrong
		return usage(err)
	})
	for _, command := range commands {
		root.AddCommand(command(a))
	}
	return root
}

// exactly says which arguments a command takes; what is missing is named.
func exactly(names ...string) cobra.PositionalArgs {
	return between(len(names), names...)
}

// between is exactly with the last arguments optional.
func between(least int, names ...string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		switch {
		case len(args) < least:
			return usage(fmt.Errorf("%s is missing", names[len(args)]))
		case len(args) > len(names):
			return usage(fmt.Errorf("%q is one argument too many", args[len(names)]))
		}
		return nil
	}
}

// close ends what the command opened, the last first.
func (a *app) close() error {
	var err error
	for i := len(a.closers) - 1; i >= 0; i-- {
		err = errors.Join(err, a.closers[i]())
	}
	a.closers = nil
	return err
}

func (a *app) onClose(f func() error) { a.closers = append(a.closers, f) }

// file is the configuration that counts.
func (a *app) file() string {
	if a.configPath != "" {
		return a.configPath
	}
	if path := os.Getenv("HAULIER_CONFIG"); path != "" {
		return path
	}
	if _, err := os.Stat("haulier.yaml"); err == nil {
		return "haulier.yaml"
	}
	if _, err := os.Stat("/etc/haulier/haulier.yaml"); err == nil {
		return "/etc/haulier/haulier.yaml"
	}
	return "haulier.yaml"
}

// config loads the configuration; its problems go to stderr.
func (a *app) config() (*config.Config, error) {
	cfg, problems := config.Load(a.file(), ownOptions(config.Known{}))
	if problems.Errors() > 0 {
		fmt.Fprint(a.stderr, problems.Text(a.colored(a.stderr)))
		return nil, coded{exitConfig, a.noConfig(problems.Reason())}
	}
	if problems.Warnings() > 0 && a.verbose {
		fmt.Fprint(a.stderr, problems.Text(a.colored(a.stderr)))
	}
	return cfg, nil
}

// noConfig says how to begin where there is no configuration at all.
func (a *app) noConfig(reason *job.Reason) *job.Reason {
	if _, err := os.Stat(a.file()); !errors.Is(err, fs.ErrNotExist) {
		return reason
	}
	reason.Do = "haulier init makes one; -c FILE names one that lies elsewhere"
	a.say("%s.\n", reason.Do)
	return reason
}

// colored says whether a stream shows colours.
func (a *app) colored(w io.Writer) bool {
	return !a.noColor && os.Getenv("NO_COLOR") == "" && isTerminal(w)
}

func isTerminal(w any) bool {
	file, ok := w.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// printf writes a result.
func (a *app) printf(format string, args ...any) {
	fmt.Fprintf(a.stdout, format, args...)
}

// say writes what is no result: progress, hints.
func (a *app) say(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.stderr, format, args...)
	}
}

// object writes a result as one line of JSON.
func (a *app) object(value any) error {
	encoder := json.NewEncoder(a.stdout)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(value)
}

// inData is a path in the data folder.
func inData(cfg *config.Config, name string) string { return filepath.Join(cfg.DataDir, name) }
