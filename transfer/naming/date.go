package naming

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/ncruces/go-strftime"
)

// date is a {date[±Nd|h]:%strftime} token.
type date struct {
	days   int
	hours  int
	format string
}

// composite directives are written out before anything else looks at a format.
var composite = strings.NewReplacer("%%", "%%", "%F", "%Y-%m-%d", "%T", "%H:%M:%S", "%R", "%H:%M", "%D", "%m/%d/%y")

// ofDay are the directives that say which day it is; ofTime say when in the day, with what they look like.
const ofDay = "YCymBbhdejAauwGgVUW"

var ofTime = map[byte]string{
	'H': `\d\d`, 'k': `[ \d]\d`, 'I': `\d\d`, 'l': `[ \d]\d`, 'P': `[ap]m`, 'p': `[AP]M`,
	'M': `\d\d`, 'S': `\d\d`, 'L': `\d{3}`, 'f': `\d{6}`, 'N': `\d{9}`,
}

// parseDate reads what stands between "{date" and "}".
func parseDate(rest string) (date, error) {
	shift, format, found := strings.Cut(rest, ":")
	if !found {
		return date{}, fmt.Errorf("{date%s} has no format: write {date:%%Y%%m%%d}", rest)
	}
	d := date{format: composite.Replace(format)}
	if shift != "" {
		if err := d.parseShift(shift); err != nil {
			return date{}, err
		}
	}
	return d, checkFormat(d.format)
}

func (d *date) parseShift(shift string) error {
	n, err := strconv.Atoi(shift[:len(shift)-1])
	if err != nil || (shift[0] != '+' && shift[0] != '-') {
		return fmt.Errorf("{date%s:…}: the shift is written -7d, +1d or -6h", shift)
	}
	switch shift[len(shift)-1] {
	case 'd':
		d.days = n
	case 'h':
		d.hours = n
	default:
		return fmt.Errorf("{date%s:…}: the shift counts days (d) or hours (h)", shift)
	}
	return nil
}

func checkFormat(format string) error {
	if format == "" {
		return fmt.Errorf("{date:} has no format: write {date:%%Y%%m%%d}")
	}
	for i := 0; i < len(format); i++ {
		switch {
		case format[i] == '/':
			return fmt.Errorf("date format %q would put a / into a file name", format)
		case format[i] != '%':
			continue
		}
		i++
		if i < len(format) && format[i] == '-' {
			i++
		}
		if i >= len(format) {
			return fmt.Errorf("date format %q ends in the middle of a directive", format)
		}
		if _, timely := ofTime[format[i]]; !timely && !strings.ContainsRune(ofDay, rune(format[i])) && format[i] != '%' {
			return fmt.Errorf("date format %q: %%%c is not a directive that file names may use", format, format[i])
		}
	}
	return nil
}

// render gives the token at a time, whose location is the job's zone.
func (d date) render(at time.Time) string {
	at = at.AddDate(0, 0, d.days).Add(time.Duration(d.hours) * time.Hour)
	return strftime.Format(d.format, at)
}

// pattern gives a regular expression for the token on one day: the day's parts as they are, the time's parts as shapes.
func (d date) pattern(day time.Time) string {
	day = day.AddDate(0, 0, d.days)
	var out strings.Builder
	for i := 0; i < len(d.format); i++ {
		if d.format[i] != '%' {
			out.WriteString(quote(d.format[i : i+1]))
			continue
		}
		start := i
		i++
		unpadded := d.format[i] == '-'
		if unpadded {
			i++
		}
		shape, timely := ofTime[d.format[i]]
		switch {
		case timely && unpadded && shape == `\d\d`: // what else there is keeps its padding
			out.WriteString(`\d\d?`)
		case timely:
			out.WriteString(shape)
		default:
			out.WriteString(quote(strftime.Format(d.format[start:i+1], day)))
		}
	}
	return out.String()
}
