package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/haulier/haulier/config"
)

// manCommand prints the manual for those who make packages.
func manCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:    "man PAGE",
		Short:  "Print a page of the manual, haulier.1 or haulier.yaml.5, for who makes packages",
		Args:   exactly("PAGE"),
		Hidden: true,

		ValidArgsFunction: firstOnly(words("haulier.1", "haulier.yaml.5")),
		RunE: func(cmd *cobra.Command, args []string) error {
			m := manual{a.stdout}
			switch args[0] {
			case "haulier.1":
				m.commands(cmd.Root())
			case "haulier.yaml.5":
				m.keys(config.Reference())
			default:
				return usage(fmt.Errorf("there is no page %q: haulier.1, haulier.yaml.5", args[0]))
			}
			return nil
		},
	}
}

// manual writes a page in the language of man(7).
type manual struct{ io.Writer }

// plain keeps a text from being taken for requests and escapes of roff.
var plain = strings.NewReplacer(`\`, `\e`, "-", `\-`, "'", `\(aq`, "`", `\(ga`, "^", `\(ha`, "~", `\(ti`)

func (m manual) line(text string) {
	text = glyphs(text)
	if strings.HasPrefix(text, ".") {
		text = `\&` + text
	}
	fmt.Fprintln(m, text)
}

// glyphs writes a text in ASCII, in which roff has a name for every other letter.
func glyphs(text string) string {
	var b strings.Builder
	for _, r := range plain.Replace(text) {
		if r < 0x80 {
			b.WriteRune(r)
		} else {
			fmt.Fprintf(&b, `\[u%04X]`, r)
		}
	}
	return b.String()
}

func (m manual) head(name, section, about string) {
	fmt.Fprintf(m, ".TH %s %s \"\" \"haulier %s\" \"Haulier\"\n.SH NAME\n", strings.ToUpper(name), section, plain.Replace(thisBuild().Version))
	m.line(name + " - " + about)
}

// heading begins a part; .SH, or .SS within one.
func (m manual) heading(request, text string) {
	fmt.Fprintf(m, "%s \"%s\"\n", request, strings.ReplaceAll(glyphs(text), `"`, `\(dq`))
}

// block is text whose lines stay as they are.
func (m manual) block(text string) {
	fmt.Fprint(m, ".PP\n.nf\n")
	for row := range strings.Lines(strings.TrimRight(text, "\n") + "\n") {
		m.line(strings.TrimSuffix(row, "\n"))
	}
	fmt.Fprint(m, ".fi\n")
}

// paragraphs is text that is set anew; indented lines stay as they are.
func (m manual) paragraphs(text string) {
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if strings.HasPrefix(paragraph, "  ") {
			m.block(paragraph)
			continue
		}
		fmt.Fprint(m, ".PP\n")
		for row := range strings.Lines(paragraph) {
			m.row(strings.TrimSpace(row))
		}
	}
}

// row is a line of a paragraph, a point of a list, or a row of a table.
func (m manual) row(text string) {
	if point, found := strings.CutPrefix(text, "- "); found {
		fmt.Fprint(m, ".IP \\(bu 2\n")
		m.line(point)
		return
	}
	cells := strings.Split(strings.Trim(text, "| "), " | ")
	switch {
	case !strings.HasPrefix(text, "|"):
		m.line(text)
	case cells[0] == "Key", cells[0] == "Code", strings.HasPrefix(cells[0], "---"):
	default:
		fmt.Fprint(m, ".TP\n.B \""+strings.ReplaceAll(glyphs(cells[0]), `"`, `\(dq`)+"\"\n")
		m.line(strings.Join(cells[1:len(cells)-1], "; "))
		fmt.Fprint(m, ".br\n")
		m.line(cells[len(cells)-1])
	}
}

func (m manual) commands(root *cobra.Command) {
	m.head("haulier", "1", "scheduled file transfers with the SFTP servers that customers own")
	m.heading(".SH", "SYNOPSIS")
	m.block("haulier [OPTION]... COMMAND [ARGUMENT]...")
	m.heading(".SH", "DESCRIPTION")
	m.paragraphs(root.Long)
	m.heading(".SH", "OPTIONS OF EVERY COMMAND")
	m.block(root.PersistentFlags().FlagUsages())
	m.heading(".SH", "COMMANDS")
	for _, command := range root.Commands() {
		m.command(command)
	}
	m.heading(".SH", "EXIT STATUS")
	m.paragraphs("0 is success. What the other codes mean, and which failure gives which, is in operations.md and errors.md of the documentation.")
	m.heading(".SH", "FILES")
	m.block("/etc/haulier/haulier.yaml   the configuration\n/var/lib/haulier            the data folder of the service")
	m.heading(".SH", "SEE ALSO")
	m.line("haulier.yaml(5)")
}

func (m manual) command(command *cobra.Command) {
	if !command.IsAvailableCommand() {
		return
	}
	m.heading(".SS", command.CommandPath())
	m.block(command.UseLine())
	text := command.Long
	if text == "" {
		text = command.Short + "."
	}
	m.paragraphs(text)
	if flags := command.LocalFlags().FlagUsages(); flags != "" {
		m.block(flags)
	}
	if command.Example != "" {
		m.block(command.Example)
	}
	for _, child := range command.Commands() {
		m.command(child)
	}
}

// keys turns the reference, which is Markdown, into a page.
func (m manual) keys(reference string) {
	m.head("haulier.yaml", "5", "the configuration of haulier")
	text, coded := []string{}, false
	end := func() {
		if len(text) > 0 && coded {
			m.block(strings.Join(text, "\n"))
		} else {
			m.paragraphs(unmarked(strings.Join(text, "\n")))
		}
		text = nil
	}
	m.heading(".SH", "DESCRIPTION")
	for row := range strings.Lines(reference) {
		row = strings.TrimSuffix(row, "\n")
		title := strings.TrimLeft(row, "#")
		switch level := len(row) - len(title); {
		case strings.HasPrefix(row, "```"):
			end()
			coded = !coded
		case !coded && level > 1:
			end()
			m.heading(map[bool]string{true: ".SH", false: ".SS"}[level == 2], unmarked(strings.TrimSpace(title)))
		case !coded && (level == 1 || strings.HasPrefix(row, "<!--")):
		default:
			text = append(text, row)
		}
	}
	end()
	m.heading(".SH", "SEE ALSO")
	m.line("haulier(1)")
}

// unmarked takes the marks of Markdown out of a text.
func unmarked(text string) string {
	return strings.NewReplacer("`", "", "**", "", `\|`, "|").Replace(text)
}
