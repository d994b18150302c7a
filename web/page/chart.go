package page

import (
	"encoding/json"
	"fmt"
	"html/template"
	"strings"
)

// A chart is drawn here for whoever has no scripts; a script draws it again with a cursor and a legend, from the same numbers.

// The size of a drawing, in its own units. The style stretches it.
const (
	chartWide = 600
	chartHigh = 120
)

// series is a row of numbers of a chart.
type series struct {
	Label string  `json:"label"`
	Tone  string  `json:"tone"` // class of its colour
	At    []int64 `json:"at"`
}

// drawing is a chart as scripts read it.
type drawing struct {
	Kind   string   `json:"kind"` // bars or lines
	Unit   string   `json:"unit"` // requests or bytes
	Days   []string `json:"days"`
	Series []series `json:"series"`
}

func requestSeries(days []Day) []series {
	all := []series{{Label: "↓ ok", Tone: "down"}, {Label: "↓ failed", Tone: "downbad"}, {Label: "↑ ok", Tone: "up"}, {Label: "↑ failed", Tone: "upbad"}}
	for _, d := range days {
		for i, n := range []int64{d.Download.OK, d.Download.Failed, d.Upload.OK, d.Upload.Failed} {
			all[i].At = append(all[i].At, n)
		}
	}
	return all
}

func dayTotals(days []Day) []series {
	all := []series{{Label: "requests", Tone: "line"}, {Label: "failed", Tone: "bad"}}
	for _, d := range days {
		failed := d.Download.Failed + d.Upload.Failed
		all[0].At = append(all[0].At, d.Download.OK+d.Upload.OK+failed)
		all[1].At = append(all[1].At, failed)
	}
	return all
}

func volumes(days []Day) []series {
	all := []series{{Label: "↓", Tone: "down"}, {Label: "↑", Tone: "up"}}
	for _, d := range days {
		all[0].At = append(all[0].At, d.BytesDown)
		all[1].At = append(all[1].At, d.BytesUp)
	}
	return all
}

func dates(days []Day) []string {
	list := make([]string, len(days))
	for i, d := range days {
		list[i] = d.Date
	}
	return list
}

// bars are stacked, a column a day.
func bars(days []Day) template.HTML {
	all := requestSeries(days)
	var top int64 = 1
	for i := range days {
		top = max(top, column(all, i))
	}
	var out strings.Builder
	step := float64(chartWide) / float64(max(1, len(days)))
	for i := range days {
		foot := float64(chartHigh)
		for _, s := range all {
			if s.At[i] == 0 {
				continue
			}
			high := max(1.5, float64(s.At[i])/float64(top)*(chartHigh-4))
			foot -= high
			fmt.Fprintf(&out, `<rect class="c-%s" x="%.1f" y="%.1f" width="%.1f" height="%.1f"/>`, s.Tone, float64(i)*step+step*0.12, foot, step*0.76, high)
		}
	}
	return svg("bars", "requests", days, all, out.String())
}

func column(all []series, i int) (total int64) {
	for _, s := range all {
		total += s.At[i]
	}
	return total
}

// lines are the requests or the volume of each day.
func lines(what string, days []Day) template.HTML {
	all, unit := dayTotals(days), "requests"
	if what == "volume" {
		all, unit = volumes(days), "bytes"
	}
	var top int64 = 1
	for _, s := range all {
		for _, n := range s.At {
			top = max(top, n)
		}
	}
	var out strings.Builder
	for _, s := range all {
		line(&out, s, top)
	}
	return svg("lines", unit, days, all, out.String())
}

func line(out *strings.Builder, s series, top int64) {
	step := float64(chartWide) / float64(max(1, len(s.At)))
	var points strings.Builder
	for i, n := range s.At {
		x, y := (float64(i)+0.5)*step, chartHigh-2-float64(n)/float64(top)*(chartHigh-8)
		fmt.Fprintf(&points, "%.1f,%.1f ", x, y)
		if s.Tone == "bad" && n > 0 { // a failure is marked where it was
			fmt.Fprintf(out, `<path class="c-mark" d="M%.1f %.1fl6 6m0-6l-6 6"/>`, x-3, y-3)
		}
	}
	if s.Tone == "bad" {
		return
	}
	if s.Tone != "line" {
		fmt.Fprintf(out, `<polygon class="c-area c-%s" points="%.1f,%d %s%.1f,%d"/>`, s.Tone, step/2, chartHigh-2, points.String(), chartWide-step/2, chartHigh-2)
	}
	fmt.Fprintf(out, `<polyline class="c-line c-%s" points="%s"/>`, s.Tone, strings.TrimSpace(points.String()))
}

// svg wraps a drawing, with its numbers beside it.
func svg(kind, unit string, days []Day, all []series, inside string) template.HTML {
	text, err := json.Marshal(drawing{kind, unit, dates(days), all})
	if err != nil {
		text = nil
	}
	return template.HTML(fmt.Sprintf(`<div class="plot" data-plot="%s"><svg viewBox="0 0 %d %d" preserveAspectRatio="none" aria-hidden="true" focusable="false">%s</svg></div>`,
		template.HTMLEscapeString(string(text)), chartWide, chartHigh, inside))
}
