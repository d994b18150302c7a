package bench

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/haulier/haulier/test/program"
)

// BenchmarkImport fetches one large file.
func BenchmarkImport(b *testing.B) {
	b.Run("plain", func(b *testing.B) { importing(b, false) })
	b.Run("pgp", func(b *testing.B) { importing(b, true) })
}

// BenchmarkExport sends one large file.
func BenchmarkExport(b *testing.B) {
	b.Run("plain", func(b *testing.B) { exporting(b, false) })
	b.Run("pgp", func(b *testing.B) { exporting(b, true) })
}

func importing(b *testing.B, pgp bool) {
	s := newSite(b, pgp)
	source := filepath.Join(s.server.Root, "out", "big")
	sum := fill(b, source)
	if pgp {
		s.customer(nil, "--compress-algo", "none", "--encrypt", "-r", "ours", "-o", source+".pgp", source)
		remove(b, source)
	}
	landed := filepath.Join(s.Dir, "landing", "plain")
	var all costs
	for b.Loop() {
		all.add(s.one("import"))
		b.StopTimer()
		same(b, landed, sum)
		remove(b, landed)
		b.StartTimer()
	}
	all.report(b)
}

func exporting(b *testing.B, pgp bool) {
	s := newSite(b, pgp)
	sum := fill(b, filepath.Join(s.Dir, "outbox", "big"))
	arrived := filepath.Join(s.server.Root, "in", "arrived")
	var all costs
	for b.Loop() {
		all.add(s.one("export"))
		b.StopTimer()
		opened := arrived
		if pgp {
			opened = arrived + ".opened"
			s.customer(nil, "--decrypt", "-o", opened, arrived)
			remove(b, arrived)
		}
		same(b, opened, sum)
		remove(b, opened)
		b.StartTimer()
	}
	all.report(b)
}

func same(b *testing.B, path, sum string) {
	b.Helper()
	if got := hashOf(b, path); got != sum {
		b.Fatalf("%s holds other bytes than were sent", path)
	}
}

func remove(b *testing.B, path string) {
	b.Helper()
	if err := os.Remove(path); err != nil {
		b.Fatal(err)
	}
}

// costs are those of all calls of the program in one benchmark.
type costs struct {
	calls           int
	user, sys, wall float64 // seconds
	peak            int64   // bytes
}

func (c *costs) add(e program.Ended) {
	c.calls++
	c.user += e.User.Seconds()
	c.sys += e.Sys.Seconds()
	c.wall += e.Wall.Seconds()
	c.peak = max(c.peak, e.MaxRSS)
}

// report gives what one file cost.
func (c *costs) report(b *testing.B) {
	n := float64(c.calls)
	b.SetBytes(size())
	b.ReportMetric(c.wall/n, "wall-s")
	b.ReportMetric(c.user/n, "user-s")
	b.ReportMetric(c.sys/n, "sys-s")
	b.ReportMetric(float64(size())/(1<<20)/(c.wall/n), "MiB/s")
	b.ReportMetric(float64(c.peak)/(1<<20), "peak-MiB")
}
