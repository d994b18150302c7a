package naming

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

func nearOf(t *testing.T, glob string, day time.Time) *Near {
	t.Helper()
	p, err := ParsePattern(glob)
	if err != nil {
		t.Fatal(err)
	}
	m, err := p.Matcher(day, 7*24*time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	part, err := ParsePattern("*.part")
	if err != nil {
		t.Fatal(err)
	}
	ignored, err := part.Matcher(day, 0)
	if err != nil {
		t.Fatal(err)
	}
	return NewNear(p, m, []Ignored{{"*.part", ignored}})
}

func TestNearestNames(t *testing.T) {
	day := time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
	n := nearOf(t, "customers_{date:%Y%m%d}*.csv.pgp", day)
	for i := range 1000 {
		n.See(fmt.Sprintf("unrelated-%d.xml", i))
	}
	for _, name := range []string{
		"customers_20261124_1.csv.pgp", "Customers_20261124.csv.pgp", "customers_20251124.csv.pgp", "customers_20261124.csv.pgp.part", "customers_20261124.csv",
	} {
		n.See(name)
	}
	names, strays := n.Seen()
	if names != 1005 || len(strays) != nearMost {
		t.Fatalf("%d names, %d kept", names, len(strays))
	}
	var got []string
	for _, s := range strays[:4] {
		got = append(got, s.Name+": "+s.Why)
	}
	want := []string{
		"customers_20251124.csv.pgp: a date that is too old or lies ahead",
		"Customers_20261124.csv.pgp: capital letters differ",
		"customers_20261124.csv.pgp.part: ignored by *.part: perhaps it is still being written",
		"customers_20261124.csv: another name",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("nearest:\n%s\nwanted:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestNearestNamesArePrintable(t *testing.T) {
	n := nearOf(t, "a*.csv", time.Now())
	n.See("a\x1b[31m" + strings.Repeat("x", 10_000))
	_, strays := n.Seen()
	if len(strays) != 1 || strings.Contains(strays[0].Name, "\x1b") || len(strays[0].Name) > 2*nearBytes {
		t.Errorf("%q", strays)
	}
}

func TestPatternsThatTellTheDay(t *testing.T) {
	day := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		glob string
		day  bool
		on   string
	}{
		{"customers_{date:%Y%m%d}*.csv.pgp", true, "customers_20261124*.csv.pgp"},
		{"c_{date-1d:%Y-%m-%d}.csv", true, "c_2026-11-23.csv"},
		{"c_{date:%Y%m%d-%H%M}.csv", true, "c_20261124-**.csv"},
		{"c_{date:%Y%j}.csv", true, "c_2026328.csv"},
		{"c_{date:%Y%m}.csv", false, "c_202611.csv"},
		{"c_{date:%G-W%V}.csv", false, "c_2026-W48.csv"},
		{"c_{date:%d}.csv", false, "c_24.csv"},
		{"c_*.csv", false, "c_*.csv"},
		{"c_[0-9]?.csv", false, "c_[0-9]?.csv"},
	} {
		p, err := ParsePattern(c.glob)
		if err != nil {
			t.Fatal(err)
		}
		if p.TellsDay() != c.day || p.On(day) != c.on {
			t.Errorf("%s: tells the day: %v, on it %s", c.glob, p.TellsDay(), p.On(day))
		}
	}
}

// FuzzNear holds that no name breaks the collection, and that what is taken is not kept.
func FuzzNear(f *testing.F) {
	f.Add("customers_20261124.csv")
	f.Add("Customers_20261124.csv.part")
	f.Add("\xff\x00/..")
	p, err := ParsePattern("customers_{date:%Y%m%d}*.csv")
	if err != nil {
		f.Fatal(err)
	}
	day := time.Date(2026, 11, 24, 3, 0, 0, 0, time.UTC)
	m, err := p.Matcher(day, 24*time.Hour)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, name string) {
		n := NewNear(p, m, nil)
		n.See(name)
		_, strays := n.Seen()
		if m.Match(name) != (len(strays) == 0) {
			t.Errorf("%q: %v", name, strays)
		}
	})
}
