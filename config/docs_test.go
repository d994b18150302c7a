package config

import (
	"strings"
	"testing"
)

//go:generate go test -run ^TestReference$ -update .

func TestReference(t *testing.T) {
	golden(t, "../docs/config.md", Reference())
}

func TestDocs(t *testing.T) {
	for _, c := range []struct {
		path string
		ok   bool
		want string
	}{
		{"jobs.schedule", true, "five fields"},
		{"jobs.acme-customers.schedule", true, "five fields"},
		{"jobs.from.match", true, "{date:%Y%m%d}"},
		{"jobs.to.if_exists", true, "(exports)"},
		{"jobs.to.if_exists", true, "(imports)"},
		{"connections.acme.locations.outgoing.use", true, "download, upload or both"},
		{"connections.locations", true, "Named folders"},
		{"jobs.after_success.keep_for", true, "30d"},
		{"schedule", true, "jobs.schedule"},
		{"limits.pgp_ratio", false, "defaults.limits.pgp_ratio"},
		{"jobs.expect.grace", true, "only late"},
		{"jobs.check", true, "Not available yet"},
		{"data_dir", true, "starts again"},
		{"", true, "Keys     version, timezone"},
		{"jobs.scheduel", false, "jobs.schedule"},
		{"passphrase", false, "connections.auth.key_file.passphrase"},
		{"quux.zzz", false, "no field"},
	} {
		text, ok := Docs(c.path)
		if ok != c.ok || !strings.Contains(text, c.want) {
			t.Errorf("Docs(%q) = %v, wanted %v with %q:\n%s", c.path, ok, c.ok, c.want, text)
		}
	}
}

// TestTableIsComplete holds the rows to what the faces made from them need.
func TestTableIsComplete(t *testing.T) {
	for _, e := range entries() {
		f := e.field
		switch {
		case f.later != "":
			continue
		case f.help == "":
			t.Errorf("%s has no help", e.path)
		case f.kind == "":
			t.Errorf("%s takes nothing", e.path)
		case f.kind == kWord && len(f.words) == 0:
			t.Errorf("%s has no words", e.path)
		case !f.isSection() && f.shownValue() == "":
			t.Errorf("%s has neither example nor default", e.path)
		case f.need && f.def != "":
			t.Errorf("%s is needed and has a default", e.path)
		}
		if f.kind == kList && f.item.kind != kWord && several[f.item.kind] == "" {
			t.Errorf("nothing says what the list %s holds", e.path)
		}
		if !f.isSection() && f.kind != kUnion && f.kind != kList && f.kind != kSecret && f.kind != kDays && scalars[f.kind] == nil {
			t.Errorf("nothing reads %s, a %s", e.path, f.kind)
		}
	}
}
