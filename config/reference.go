package config

import (
	"fmt"
	"strings"
)

// Reference gives docs/config.md: every key of the language, made from the table.
func Reference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	for _, e := range entries() {
		if !strings.Contains(e.path, ".") {
			b.WriteString(e.row(e.path))
		}
	}
	for i := range table.fields {
		f := &table.fields[i]
		if f.isSection() {
			b.WriteString(referenceSection(f))
		}
	}
	b.WriteString(codesHead)
	for _, c := range codes {
		fmt.Fprintf(&b, "| %s | %s |\n", c.code, cell(c.means))
	}
	return b.String()
}

func referenceSection(f *field) string {
	var b strings.Builder
	fmt.Fprintf(&b, "\n## %s\n\n%s\n", f.key, f.help)
	if f.kind == kDict {
		fmt.Fprintf(&b, "\nUnder `%s` stands a section for each %s, by name.\n", f.key, f.noun)
	}
	b.WriteString(tableHead)
	for _, e := range entries() {
		if rest, ok := strings.CutPrefix(e.path, f.key+"."); ok {
			b.WriteString(e.row(rest))
		}
	}
	return b.String()
}

const tableHead = "\n| Key | Takes | Default | Meaning |\n| --- | --- | --- | --- |\n"

const codesHead = `
## Codes of problems

Errors (E) keep a configuration from being used; warnings (W) do not, unless ` + "`haulier check --strict`" + ` makes errors of them.

| Code | Means |
| --- | --- |
`

// row gives a line of a table in Markdown.
func (e entry) row(name string) string {
	f := e.field
	help := f.help
	if only := f.forType(); only != "" {
		help = "For " + only + ". " + help
	}
	if f.restart {
		help += " A change takes effect when the daemon starts again."
	}
	if f.later != "" {
		return fmt.Sprintf("| `%s` | — | — | Not available yet, and refused. %s |\n", name, cell(help))
	}
	absent := f.absent()
	if f.def != "" && f.unset == "" {
		absent = "`" + absent + "`"
	}
	return fmt.Sprintf("| `%s` | %s | %s | %s |\n", name, cell(f.takes()), cell(absent), cell(help))
}

func cell(s string) string { return strings.ReplaceAll(s, "|", `\|`) }

const referenceHead = `# Configuration reference

<!-- Made from the table of fields by ` + "`go generate ./...`" + `: do not edit. -->

One file, ` + "`haulier.yaml`" + `, and the files that it includes. Unknown keys, wrong types and names that stand for nothing are
refused, all at once, each with its place and, where it can be told, what was probably meant: ` + "`haulier check`" + `. The help of
one key is ` + "`haulier docs jobs.schedule`" + `; ` + "`haulier schema`" + ` prints a JSON Schema for editors; ` + "`haulier create import NAME`" + `
prints a job to fill in.

## How values are written

- **Durations** have units: ` + "`90s`, `15m`, `2h`, `7d`, `2w`" + `, or several: ` + "`1h30m`" + `. **Sizes** too: ` + "`10GiB`" + ` is 10 x 2^30 bytes,
  ` + "`10GB`" + ` is 10 x 10^9. A bare number is refused, because nobody can tell what it counts; only 0 needs no unit.
- **Times of day** are quoted: ` + "`\"06:30\"`" + `. Without quotes some YAML readers take 1:30 for 90.
- **Secrets** are never written in a file. They are references with exactly one source: ` + "`{env: NAME}`" + ` (a variable),
  ` + "`{file: PATH}`" + `, ` + "`{credential: NAME}`" + ` (systemd) or ` + "`{stored: NAME}`" + ` (given to ` + "`haulier secrets set NAME`" + `, from stdin).
- **Names** of jobs, connections, jump hosts, calendars and channels are small letters, digits and dashes.
- **Local paths** that do not begin with / start at the folder of ` + "`haulier.yaml`" + `, in included files too.
- **Tokens** in names that are made: ` + "`{name}`, `{stem}`" + ` (the name without its last extension), ` + "`{ext}`" + ` (that extension),
  ` + "`{date:%Y%m%d}`, `{date-1d:%Y%m%d}`, `{date+2h:%H}`" + ` (the scheduled time in the job's time zone), ` + "`{run}`, `{seq}`" + `. In the
  pattern of files to take, ` + "`{date:…}`" + ` stands for any date in that form of the last ` + "`look_back`" + `.
- Keys that begin with ` + "`x-`" + ` are yours, for anchors: ` + "`<<: *name`" + ` merges one into a section, whose own keys win.

## Top level

| Key | Takes | Default | Meaning |
| --- | --- | --- | --- |
`
