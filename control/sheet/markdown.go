package sheet

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

func writeMarkdown(w io.Writer, d Document) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "# %s\n", marked(d.Title))
	for i, section := range d.Sections {
		fmt.Fprintf(out, "\n## %d. %s\n", i+1, marked(section.Title))
		for _, block := range section.Blocks {
			fmt.Fprintln(out)
			block.markdown(out)
		}
	}
	return out.Flush()
}

func (b Block) markdown(out io.Writer) {
	switch {
	case b.Text != "":
		fmt.Fprintln(out, marked(b.Text))
	case b.Code != "":
		fmt.Fprintf(out, "```\n%s\n```\n", strings.TrimRight(b.Code, "\r\n"))
	}
	for _, item := range b.Items {
		fmt.Fprintf(out, "- %s\n", marked(item))
	}
	for i, row := range b.Rows {
		for _, cell := range row {
			fmt.Fprintf(out, "| %s ", strings.ReplaceAll(marked(cell), "|", `\|`))
		}
		fmt.Fprintln(out, "|")
		if i == 0 {
			fmt.Fprintln(out, strings.Repeat("| --- ", len(row))+"|")
		}
	}
	if b.Blank != nil {
		for _, line := range b.Blank.Lines {
			fmt.Fprintf(out, "- %s: ____________________________\n", marked(line))
		}
		fmt.Fprintf(out, "- %s\n", marked(b.Blank.Choice))
	}
}

// special are the signs that Markdown would read as its own outside of code.
var special = strings.NewReplacer(`\`, `\\`, "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "<", "&lt;", ">", "&gt;", "#", `\#`, "&", "&amp;")

// marked is a text for Markdown: what is between backquotes stays as it is.
func marked(s string) string {
	parts := strings.Split(s, "`")
	for i := range parts {
		if i%2 == 0 {
			parts[i] = special.Replace(parts[i])
		}
	}
	return strings.Join(parts, "`")
}
