package web

import (
	"bytes"
	"strconv"
	"strings"
	"time"
)

// Label is a name and a value.
type Label struct{ Name, Value string }

// family is a metric with its samples.
type family struct {
	name, kind, help string
	samples          []sample
	timings          []Timing // of histograms
}

type sample struct {
	labels []Label
	value  float64
}

func counter(name, help string) family { return family{name: name, kind: "counter", help: help} }
func gauge(name, help string) family   { return family{name: name, kind: "gauge", help: help} }

func (f *family) add(value float64, labels ...Label) {
	f.samples = append(f.samples, sample{labels, value})
}

// addTime adds an instant, unless it is zero.
func (f *family) addTime(t time.Time, labels ...Label) {
	if !t.IsZero() {
		f.add(seconds(t), labels...)
	}
}

// write gives the family in the text format, unless it is empty.
func (f *family) write(out *bytes.Buffer) {
	if len(f.samples) == 0 && len(f.timings) == 0 {
		return
	}
	out.WriteString("# HELP " + f.name + " " + strings.NewReplacer("\\", `\\`, "\n", `\n`).Replace(f.help) + "\n")
	out.WriteString("# TYPE " + f.name + " " + f.kind + "\n")
	for _, s := range f.samples {
		writeSample(out, f.name, s.value, s.labels)
	}
	for _, t := range f.timings {
		t.write(out, f.name)
	}
}

// write gives a histogram: what was counted up to each bound, all, their sum and number.
func (t Timing) write(out *bytes.Buffer, name string) {
	sum := uint64(0)
	bound := func(text string, n uint64) {
		labels := append(append([]Label{}, t.Labels...), Label{"le", text})
		writeSample(out, name+"_bucket", float64(n), labels)
	}
	for i, up := range Bounds {
		sum += t.Counts[i]
		bound(number(up), sum)
	}
	sum += t.Counts[len(Bounds)]
	bound("+Inf", sum)
	writeSample(out, name+"_sum", t.Sum, t.Labels)
	writeSample(out, name+"_count", float64(sum), t.Labels)
}

var escapeLabel = strings.NewReplacer("\\", `\\`, "\n", `\n`, `"`, `\"`)

func writeSample(out *bytes.Buffer, name string, value float64, labels []Label) {
	out.WriteString(name)
	for i, l := range labels {
		out.WriteByte("{,"[min(i, 1)])
		out.WriteString(l.Name + `="` + escapeLabel.Replace(strings.ToValidUTF8(l.Value, "\uFFFD")) + `"`)
	}
	if len(labels) > 0 {
		out.WriteByte('}')
	}
	out.WriteString(" " + number(value) + "\n")
}

// number is a value as Prometheus reads it: whole numbers in full, so that byte counts can be compared by eye.
func number(v float64) string {
	if v == float64(int64(v)) {
		return strconv.FormatInt(int64(v), 10)
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// Bounds are the upper bounds of histograms, in seconds: from a small file on a near server to a night's work.
var Bounds = [...]float64{0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 7200}

// Histogram counts durations. The last count is of those over every bound. Its zero value is empty.
type Histogram struct {
	Counts [len(Bounds) + 1]uint64
	Sum    float64 // seconds
}

// Observe counts one duration.
func (h *Histogram) Observe(d time.Duration) {
	i := 0
	for i < len(Bounds) && d.Seconds() > Bounds[i] {
		i++
	}
	h.Counts[i]++
	h.Sum += d.Seconds()
}
