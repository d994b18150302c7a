package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/haulier/haulier/job"
)

// loadText loads a configuration from text, in a folder of its own.
func loadText(t *testing.T, text string, o Options) (*Config, Problems) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "haulier.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return Load(file, o)
}

func mustLoad(t *testing.T, text string) *Config {
	t.Helper()
	c, problems := loadText(t, text, options(""))
	if len(problems.List) > 0 {
		t.Fatalf("problems:\n%s\nin:\n%s", problems.Text(false), text)
	}
	return c
}

func TestShowLoadsAgain(t *testing.T) {
	for _, file := range fixtures(t, "testdata/good/*.yaml") {
		t.Run(name(file), func(t *testing.T) {
			was, problems := Load(file, options(""))
			if was == nil {
				t.Fatal(problems.Text(false))
			}
			text := Show(was)
			again := filepath.Join(t.TempDir(), "haulier.yaml")
			if err := os.WriteFile(again, text, 0o600); err != nil {
				t.Fatal(err)
			}
			is, problems := Load(again, options(""))
			if is == nil {
				t.Fatalf("what Show gave does not load:\n%s\n%s", problems.Text(false), text)
			}
			if diff := cmp.Diff(meaning(was), meaning(is)); diff != "" {
				t.Errorf("loaded again (-was +is):\n%s", diff)
			}
			if second := string(Show(is)); second != string(text) {
				t.Errorf("Show of what Show gave differs:\n%s", cmp.Diff(string(text), second))
			}
		})
	}
}

// meaning is what a configuration comes to, its place in files and on the disk left out.
func meaning(c *Config) map[string]string {
	m := map[string]string{"zone": c.Timezone.String(), "data": c.DataDir, "metrics": c.Metrics.Listen, "log": c.Log.Level + c.Log.Format}
	for _, s := range c.Jobs {
		s.Position = job.Position{}
		m["job "+s.Name] = dump(s)
	}
	for name, conn := range c.Connections {
		conn.Position = job.Position{}
		m["connection "+name] = dump(conn)
	}
	dir, _ := filepath.Abs(filepath.Dir(c.Path))
	for key, text := range m {
		m[key] = strings.ReplaceAll(text, dir, "DIR")
	}
	return m
}

const small = `version: 1
timezone: Europe/Brussels
connections:
  acme:
    host: sftp.acme.example
    username: platform
    auth: {methods: [publickey], key: acme}
    locations: {outgoing: /export, incoming: /import, processed: /export/done}
calendars:
  workdays: {days: mon-fri}
`

func TestStanzas(t *testing.T) {
	for _, kind := range []job.Type{job.TypeImport, job.TypeExport} {
		for _, minimal := range []bool{false, true} {
			text, err := Stanza(kind, "night", minimal)
			if err != nil {
				t.Fatal(err)
			}
			c, problems := loadText(t, small+text, options(""))
			if c == nil {
				t.Fatalf("%s\n%s", problems.Text(false), text)
			}
			spec, _ := c.Job("night")
			if spec.Type != kind || spec.Timing.Cron == "" {
				t.Errorf("%s loads as %+v", kind, spec)
			}
			if comments := strings.Contains(text, "#"); comments == minimal {
				t.Errorf("minimal %v, and comments %v:\n%s", minimal, comments, text)
			}
		}
	}
	if _, err := Stanza("sync", "night", true); err == nil {
		t.Error("there is no job of type sync")
	}
	if _, err := Stanza(job.TypeImport, "Night Run", true); err == nil {
		t.Error("a job may not be called Night Run")
	}
}

// TestStanzaOffersAreGood takes the comment marks off every key that a stanza offers.
func TestStanzaOffersAreGood(t *testing.T) {
	for _, kind := range []job.Type{job.TypeImport, job.TypeExport} {
		text, _ := Stanza(kind, "night", false)
		var b strings.Builder
		for line := range strings.Lines(text) {
			body := strings.TrimLeft(line, " ")
			indent := line[:len(line)-len(body)]
			offered, is := strings.CutPrefix(body, "# ")
			switch {
			case strings.HasPrefix(body, "##"):
			case !is:
				b.WriteString(line)
			case strings.HasPrefix(offered, "match_regex"), strings.HasPrefix(offered, "formerly"), strings.HasPrefix(offered, "after:"), strings.HasPrefix(offered, "claim"), strings.HasSuffix(offered, "  days: 5\n"):
				// each would contradict what the stanza says elsewhere
			default:
				b.WriteString(indent + offered)
			}
		}
		if c, problems := loadText(t, small+alertChannels+b.String(), options("")); c == nil {
			t.Errorf("%s\n%s", problems.Text(false), b.String())
		}
	}
}

func TestInitialConfig(t *testing.T) {
	for _, a := range []Answers{
		{},
		{Timezone: "Australia/Lord_Howe", Connection: "big-bank", Host: "sftp.bank.example", Port: 3333, User: "PLAT 01", Password: "bank"},
		{Host: "sftp.bank.example:2222", User: "12345"},
	} {
		text, err := InitialConfig(a)
		if err != nil {
			t.Fatal(err)
		}
		c := mustLoad(t, string(text))
		if len(c.Connections) != 1 || len(c.Jobs) != 2 {
			t.Errorf("%+v gives %d connections, %d jobs", a, len(c.Connections), len(c.Jobs))
		}
		for _, conn := range c.Connections {
			if a.User != "" && conn.User != a.User {
				t.Errorf("user %q came to %q", a.User, conn.User)
			}
			if a.Host == "sftp.bank.example:2222" && (conn.Host != "sftp.bank.example" || conn.Port != 2222) {
				t.Errorf("host came to %s:%d", conn.Host, conn.Port)
			}
		}
	}
}

func TestDiffAndRestart(t *testing.T) {
	stanza, _ := Stanza(job.TypeImport, "night", true)
	stanza += "    calendar: workdays\n"
	was := mustLoad(t, small+stanza)
	changed := strings.NewReplacer("host: sftp.acme.example", "host: new.acme.example", "platform", "two", "mon-fri", "mon-sat").Replace(small + stanza)
	changed += "log: {level: debug}\nmetrics: {listen: \"127.0.0.1:1\"}\n"
	is := mustLoad(t, changed)
	want := `- connections.acme.host: sftp.acme.example
+ connections.acme.host: new.acme.example
- connections.acme.username: platform
+ connections.acme.username: two
- calendars.workdays.days: mon-fri
+ calendars.workdays.days: mon-sat
+ metrics.listen: "127.0.0.1:1"
- log.level: info
+ log.level: debug
`
	if diff := cmp.Diff(want, Diff(Masked(was), Masked(is))); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff([]string{"metrics.listen", "log.level"}, RestartNeeded(was, is)); diff != "" {
		t.Error(diff)
	}
	if d := Diff(Masked(was), Masked(was)); d != "" {
		t.Errorf("equal texts differ: %s", d)
	}
	if gone := Diff(Masked(is), ""); !strings.Contains(gone, "- jobs.night.schedule:") {
		t.Errorf("what went is not told:\n%s", gone)
	}
}

// alertChannels are those that examples name.
const alertChannels = "channels: {ops-mail: {type: email, to: [a@b.example]}, oncall: {type: email, to: [a@b.example]}}\n"
