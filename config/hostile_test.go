package config

import (
	"fmt"
	"strings"
	"testing"
)

// TestAliasesThatMultiply: a few lines that stand for a billion end in an error, soon and in bounded memory.
func TestAliasesThatMultiply(t *testing.T) {
	var lists, merges strings.Builder
	lists.WriteString("version: 1\ntimezone: UTC\nx-0: &a0 [x, x, x, x, x, x, x, x, x, x]\n")
	merges.WriteString("version: 1\ntimezone: UTC\nx-0: &a0 {k0: 1}\n")
	for i := 1; i <= 9; i++ {
		fmt.Fprintf(&lists, "x-%d: &a%d [%s]\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "))
		fmt.Fprintf(&merges, "x-%d: &a%d {<<: [%s], k%d: 1}\n", i, i, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i-1), 10), ", "), i)
	}
	lists.WriteString("egress_ips: *a9\ncalendars: {c: {except: *a9}}\nconnections: {a: {contacts: *a9, host_keys: *a9}}\n")
	merges.WriteString("jobs: {<<: *a9}\n")

	// Two hundred jobs, each two hundred contacts by alias of an alias: a million values, each of a legal shape.
	var wide strings.Builder
	wide.WriteString("version: 1\ntimezone: UTC\nx-c: &c [" + strings.Repeat("x, ", 2000) + "x]\nconnections:\n")
	for i := range 300 {
		fmt.Fprintf(&wide, "  a%d: {contacts: *c}\n", i)
	}
	for name, text := range map[string]string{"lists": lists.String(), "merges": merges.String(), "wide": wide.String()} {
		_, problems := loadText(t, text, options(""))
		if problems.Errors() == 0 || len(problems.List) > 20_000 {
			t.Errorf("%s: %d problems", name, len(problems.List))
		}
		if name == "wide" && codeOf(problems, "E-ALIAS") == "" {
			t.Errorf("%s is not told to multiply: %s", name, problems.Summary())
		}
	}
}

func TestMerges(t *testing.T) {
	c := mustLoad(t, `version: 1
timezone: UTC
x-one: &one {port: 1001, max_connections: 2}
x-two: &two {port: 1002, host: two.example}
x-three: &three {<<: *two, tcp4: true}
connections:
  acme:
    <<: [*one, *three]
    username: u
    max_connections: 3
    auth: {methods: [publickey], key: acme}
    locations: {in: /in}
`)
	a := c.Connections["acme"]
	if a.Port != 1001 || a.MaxConnections != 3 || a.Host != "two.example" || !a.TCP4 {
		t.Errorf("merged to %+v", a)
	}
}

func TestByteOrderMarkAndCRLF(t *testing.T) {
	text := "\ufeff" + strings.ReplaceAll(small, "\n", "\r\n") + "jobs: {n: {typ: import}}\r\n"
	_, problems := loadText(t, text, options(""))
	if len(problems.List) == 0 {
		t.Fatal("nothing found")
	}
	p := problems.List[len(problems.List)-1]
	if p.Line != 11+1 && p.Line != 11 || strings.ContainsAny(problems.Text(false), "\r\ufeff") {
		t.Errorf("%+v\n%q", p, problems.Text(false))
	}
}

func TestNearest(t *testing.T) {
	for _, c := range []struct{ word, want string }{
		{"scheudle", "schedule"}, {"SCHEDULE", "schedule"}, {"conection", "connection"}, {"prot", "port"}, {"to", "to"}, {"quux", ""}, {"x", ""},
		{strings.Repeat("a", 10_000), ""},
	} {
		if got := nearest(c.word, []string{"schedule", "connection", "port", "to", "from"}); got != c.want {
			t.Errorf("nearest(%.20q) = %q, want %q", c.word, got, c.want)
		}
	}
}

func TestUnits(t *testing.T) {
	c := mustLoad(t, strings.Replace(small, "calendars:\n  workdays: {days: mon-fri}\n", "", 1)+`defaults:
  limits: {timeout: 1h30m, max_file_size: 1.5 GiB, min_free_space: 0}
  retry: {backoff: 1.5s}
jobs:
  n: {type: import, connection: acme, schedule: "@daily", from: {location: outgoing, match: x}, to: {dir: d}, catch_up: 0, look_back: 1w2d}
`)
	s, _ := c.Job("n")
	if got := fmt.Sprint(s.Limits.Timeout, s.Limits.MaxFileSize, s.Limits.MinFreeSpace, s.Retry.Backoff, s.Timing.CatchUp, s.Import.LookBack); got != "1h30m0s 1610612736 0 1.5s 0s 216h0m0s" {
		t.Error(got)
	}
	for text, want := range map[string]int64{"1B": 1, "1kB": 1000, "1KB": 1000, "1KiB": 1024, "2MB": 2e6, "2MiB": 2 << 20, "1TB": 1e12, "1TiB": 1 << 40, "1PiB": 1 << 50} {
		if got, bad := bytesOf(text); bad != nil || got != want {
			t.Errorf("%s is %d (%v), want %d", text, got, bad, want)
		}
	}
	for _, text := range []string{"1iB", "1", "1 bytes", "-1MB", "99999999PiB", "1e3MB", "MB"} {
		if got, bad := bytesOf(text); bad == nil {
			t.Errorf("%s is taken for %d bytes", text, got)
		}
	}
}

// TestLandedName: a decrypted file loses the ending that says PGP, and nothing else is guessed.
func TestLandedName(t *testing.T) {
	for _, c := range []struct{ from, pgp, to, want string }{
		{`match: "c_*.csv.pgp"`, "{decrypt_with: k}", "", "{stem}"},
		{`match: "c_*.CSV.GPG"`, "{decrypt_with: k}", "", "{stem}"},
		{`match_regex: 'c_\d+\.csv\.asc'`, "{decrypt_with: k}", "", "{stem}"},
		{`match_regex: 'c_\d+\.csv|d\.asc'`, "{decrypt_with: k}", "", ""},
		{`match: "c_*"`, "{decrypt_with: k}", "", ""},
		{`match: "c_*"`, "{decrypt_with: k}", ", name: \"{name}\"", "{name}"},
		{`match: "c_*.pgp"`, "none", "", "{name}"},
	} {
		text := strings.Replace(small, "calendars:\n  workdays: {days: mon-fri}\n", "", 1) + fmt.Sprintf(
			"jobs: {n: {type: import, connection: acme, schedule: '@daily', from: {location: outgoing, %s}, to: {dir: d%s}, inbound: {pgp: %s}}}\n", c.from, c.to, c.pgp)
		s, _ := mustLoad(t, text).Job("n")
		if s.Import.Name != c.want {
			t.Errorf("%+v lands as %q", c, s.Import.Name)
		}
	}
}
