package web

import (
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
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

// collect gives the family to Prometheus' library.
func (f *family) collect(out chan<- prometheus.Metric) {
	kind := prometheus.GaugeValue
	if f.kind == "counter" {
		kind = prometheus.CounterValue
	}
	for _, s := range f.samples {
		desc, values := f.describe(s.labels)
		out <- prometheus.MustNewConstMetric(desc, kind, s.value, values...)
	}
	for _, t := range f.timings {
		desc, values := f.describe(t.Labels)
		out <- prometheus.MustNewConstHistogram(desc, t.count(), t.Sum, t.buckets(), values...)
	}
}

func (f *family) describe(labels []Label) (desc *prometheus.Desc, values []string) {
	names := make([]string, len(labels))
	for i, l := range labels {
		names[i] = l.Name
		values = append(values, strings.ToValidUTF8(l.Value, "\uFFFD"))
	}
	return prometheus.NewDesc(f.name, f.help, names, nil), values
}

// collector gives the figures of one moment. It describes nothing beforehand: which labels there are, the figures say.
type collector struct{ families []family }

func (c collector) Describe(chan<- *prometheus.Desc) {}

func (c collector) Collect(out chan<- prometheus.Metric) {
	for _, f := range c.families {
		f.collect(out)
	}
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

func (h Histogram) count() uint64 {
	n := uint64(0)
	for _, c := range h.Counts {
		n += c
	}
	return n
}

// buckets counts what took up to each bound.
func (h Histogram) buckets() map[float64]uint64 {
	sum, buckets := uint64(0), make(map[float64]uint64, len(Bounds))
	for i, bound := range Bounds {
		sum += h.Counts[i]
		buckets[bound] = sum
	}
	return buckets
}
