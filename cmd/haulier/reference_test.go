package main

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

//go:generate go test -run ^TestReference$ -update .

const referenceFile = "../../docs/cli.md"

// TestReference holds docs/cli.md and the commands together.
func TestReference(t *testing.T) {
	root := rootCommand(&app{})
	root.InitDefaultCompletionCmd()
	want := reference(root)
	if *update {
		if err := os.WriteFile(referenceFile, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	have, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, string(have)); diff != "" {
		t.Errorf("docs/cli.md is not what the commands say (-commands +file); go generate ./cmd/haulier writes it anew:\n%s", diff)
	}
}

// silentFlag is a flag in the help that no description follows.
var silentFlag = regexp.MustCompile(`^\s*(-\w, )?--[\w-]+( \w+)?\s*$`)

// TestCommandsAreDescribed asks of every command what its reference needs.
func TestCommandsAreDescribed(t *testing.T) {
	root := rootCommand(&app{})
	for _, command := range below(root) {
		path := command.CommandPath()
		if command.Short == "" || strings.HasSuffix(command.Short, ".") {
			t.Errorf("%s: its short description is %q: a phrase without a full stop is wanted", path, command.Short)
		}
		if !command.HasSubCommands() && command.Args == nil && !strings.Contains(command.Use, "...") {
			t.Errorf("%s takes any arguments: say which, with exactly or between", path)
		}
		for flag := range strings.Lines(command.LocalFlags().FlagUsages()) {
			if silentFlag.MatchString(flag) {
				t.Errorf("%s: this flag says nothing about itself: %s", path, strings.TrimSpace(flag))
			}
		}
	}
}

// below gives every command at or below one, in the order of its help.
func below(command *cobra.Command) []*cobra.Command {
	all := []*cobra.Command{command}
	for _, child := range command.Commands() {
		if child.IsAvailableCommand() {
			all = append(all, below(child)...)
		}
	}
	return all
}

// reference gives the page about all commands.
func reference(root *cobra.Command) string {
	var b strings.Builder
	b.WriteString("# Commands\n\n<!-- Written by go generate from the commands themselves. -->\n\n")
	b.WriteString(root.Long + "\n\nResults go to stdout, everything else to stderr. With --json a command that fails ends\n" +
		"stdout with the line {\"error\":{\"slug\",\"what\",\"cause\",\"do\",\"who\"}}, whatever was wrong; what slugs mean is in\n" +
		"[errors.md](errors.md). What exit codes mean is in\n" +
		"[operations.md](operations.md#exit-codes), what the keys of the configuration mean in\n[config.md](config.md).\n\n")
	commands := below(root)[1:]
	for _, command := range commands {
		fmt.Fprintf(&b, "- [%s](#%s): %s\n", command.CommandPath(), strings.ReplaceAll(command.CommandPath(), " ", "-"), command.Short)
	}
	b.WriteString("\nEvery command takes these:\n\n" + block(root.PersistentFlags().FlagUsages()))
	for _, command := range commands {
		describe(&b, command)
	}
	return b.String()
}

func describe(b *strings.Builder, command *cobra.Command) {
	fmt.Fprintf(b, "\n## %s\n\n", command.CommandPath())
	text := command.Long
	if text == "" {
		text = command.Short + "."
	}
	b.WriteString(block(command.UseLine()) + "\n" + strings.TrimSpace(text) + "\n")
	if len(command.Aliases) > 0 {
		fmt.Fprintf(b, "\nAlso called %s.\n", strings.Join(command.Aliases, ", "))
	}
	if flags := command.LocalFlags().FlagUsages(); flags != "" {
		b.WriteString("\n" + block(flags))
	}
	if command.Example != "" {
		b.WriteString("\nFor example:\n\n" + block(command.Example))
	}
}

// block is preformatted text, moved to the left edge.
func block(text string) string {
	rows := strings.Split(strings.TrimRight(text, "\n"), "\n")
	edge := len(text)
	for _, row := range rows {
		if strings.TrimSpace(row) != "" {
			edge = min(edge, len(row)-len(strings.TrimLeft(row, " ")))
		}
	}
	var b strings.Builder
	b.WriteString("```\n")
	for _, row := range rows {
		b.WriteString(row[min(edge, len(row)):] + "\n")
	}
	return b.String() + "```\n"
}
