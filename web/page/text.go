package page

import (
	"fmt"
	"html/template"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/haulier/haulier/internal/span"
)

// nameMost is how many bytes of a name are shown.
const nameMost = 200

// printable is text of others as it may stand on a page: one line, nothing that cannot be seen, at most so many bytes.
func printable(text string, most int) string {
	var out strings.Builder
	for i := 0; i < len(text); {
		r, n := utf8.DecodeRuneInString(text[i:])
		if out.Len() >= most {
			return out.String() + "…"
		}
		switch {
		case r == utf8.RuneError && n <= 1:
			fmt.Fprintf(&out, `\x%02x`, text[i])
		case unicode.IsPrint(r):
			out.WriteRune(r)
		case r > 0xffff:
			fmt.Fprintf(&out, `\U%08x`, r)
		default:
			fmt.Fprintf(&out, `\u%04x`, r)
		}
		i += n
	}
	return out.String()
}

// proseMost is how many bytes of a sentence are shown.
const proseMost = 1500

// prose is a text of several lines as it may stand on a page.
func prose(text string) string {
	lines := strings.SplitN(text, "\n", 20)
	for i, line := range lines {
		lines[i] = printable(line, proseMost)
	}
	return strings.Join(lines, "\n")
}

// written is what a reason has between backticks: a command, or something to be set.
var written = regexp.MustCompile("`([^`\n]{1,200})`")

// marked is a text of several lines as it may stand on a page, with what is to be written in another face.
func marked(text string) template.HTML {
	return template.HTML(written.ReplaceAllString(template.HTMLEscapeString(prose(text)), "<code>$1</code>"))
}

// name is a name of others, kept from running into what stands beside it.
func name(text string) template.HTML {
	shown := template.HTMLEscapeString(printable(text, nameMost))
	return template.HTML(`<bdi class="name">` + shown + `</bdi>`)
}

// base is the last part of a path.
func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// size is a count of bytes as people read it.
func size(n int64) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	value, unit := float64(n)/1024, "KiB"
	for _, larger := range []string{"MiB", "GiB", "TiB"} {
		if value < 1023.95 {
			break
		}
		value, unit = value/1024, larger
	}
	return fmt.Sprintf("%.1f %s", value, unit)
}

// thousands writes a number as people read it.
func thousands[N int | int64](n N) string {
	text := strconv.FormatInt(int64(n), 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// count is a number with its noun.
func count[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return thousands(n) + " " + noun + "s"
}

// stamp is an instant in a form of wall time, with its zone, and in UTC for who hovers over it.
func stamp(t time.Time, zone *time.Location, form string) template.HTML {
	if t.IsZero() {
		return `<span class="none">–</span>`
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`, t.UTC().Format(time.RFC3339), t.UTC().Format("2006-01-02 15:04:05 UTC"),
		template.HTMLEscapeString(t.In(zone).Format(form))))
}

// Forms of wall time.
const (
	clockForm = "15:04 MST"
	exactForm = "15:04:05 MST"
	dayForm   = "Mon 2006-01-02 15:04 MST"
	shortForm = "Mon 15:04 MST"
)

// near is an instant without what of it goes without saying: the year, or the day when it is today.
func near(t, now time.Time, zone *time.Location) template.HTML {
	local, today := t.In(zone), now.In(zone)
	switch {
	case local.Format(time.DateOnly) == today.Format(time.DateOnly):
		return stamp(t, zone, clockForm)
	case now.Sub(t).Abs() < 6*24*time.Hour:
		return stamp(t, zone, shortForm)
	}
	return stamp(t, zone, dayForm)
}

// ago is how long ago something was, or how far ahead it is.
func ago(t, now time.Time) string {
	switch d := now.Sub(t); {
	case t.IsZero():
		return ""
	case d >= time.Minute:
		return span.Text(d.Truncate(time.Minute)) + " ago"
	case d > -time.Minute:
		return "now"
	default:
		return "in " + span.Text((-d).Truncate(time.Minute))
	}
}

// percent is a share, never rounded up to all of it.
func percent(part, whole int64) string {
	switch {
	case whole == 0:
		return "–"
	case part == whole:
		return "100 %"
	}
	share := min(float64(part)*100/float64(whole), 99.9)
	return fmt.Sprintf("%.1f %%", share)
}
