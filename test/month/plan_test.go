package month

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/haulier/haulier/config"
)

// special are the jobs to which something happens, with what their configuration has beside that of all.
var special = map[string]string{
	"window":   `opens: "00:30"`,
	"late":     "",
	"gone":     "",
	"found":    "",
	"paused":   "",
	"extended": "",
	"again":    "",
	"refused":  "",
	"spring":   `by: "02:30"`, // the clocks skip it on 28 March
	"pair":     "files: 2",
	"workdays": "days: mon-fri, calendar: easter",
}

const head = `version: 1
timezone: Europe/Brussels
data_dir: data
defaults: {retry: {attempts: 1}, alert: {late: [ops], missing: [ops, pager], failed: [ops]}}
channels:
  ops: {type: email, to: [ops@platform.example], from: haulier@platform.example, contacts: true}
  desk: {type: email, to: [desk@platform.example], from: haulier@platform.example}
  pager: {type: shoutrrr, url: {stored: pager}}
  platform: {type: webhook, url: "http://hooks.platform.example/haulier", signing_secret: {stored: whsec}, events: [expectation.*, alert.*], fallback: pager}
  deadman: {type: healthchecks, ping_url: "http://pings.example/month", every: 15m}
calendars:
  easter: {days: mon-fri, except: ["2027-03-26", "2027-03-29"]}
connections:
`

// account is a connection; the password of acme ends within the month.
func account(name, ends string) string {
	return fmt.Sprintf(`  %s:
    host: %s.example
    username: platform
    contacts: [it@%s.example, "+32 2 555 12 34"]
    auth: {methods: [password], password: {stored: %s}}%s
    locations: {outgoing: {path: /out, use: download}, incoming: {path: /in, use: upload}}
`, name, name, name, name, ends)
}

// incoming is an import that looks at night.
func incoming(name, connection, zone, match, expect string) string {
	text := fmt.Sprintf("  %s:\n    type: import\n    connection: %s\n    timezone: %s\n    schedule: \"10 1 * * *\"\n    from: {location: outgoing, match: \"%s_%s\"}\n    to: {dir: landing/%s}\n",
		name, connection, zone, name, match, name)
	if expect != "" {
		text += "    expect: {" + expect + "}\n"
	}
	return text
}

// expecting gives an expectation by 03:00 with two hours of grace, unless it says otherwise.
func expecting(more string) string {
	parts := []string{"grace: 2h"}
	if !strings.Contains(more, "by:") {
		parts = append(parts, `by: "03:00"`)
	}
	if more != "" {
		parts = append(parts, more)
	}
	return strings.Join(parts, ", ")
}

// text is the configuration of the month; ends is the day on which a password does.
func text(ends string) string {
	var b strings.Builder
	b.WriteString(head)
	if ends != "" {
		ends = "\n    expires_at: " + ends
	}
	b.WriteString(account("acme", ends) + account("bank", "") + account("shop", "") + account("house", ""))
	b.WriteString("jobs:\n")
	for _, name := range slices.Sorted(maps.Keys(special)) {
		b.WriteString(incoming(name, "acme", "Europe/Brussels", "*.csv", expecting(special[name])))
		if name == "gone" || name == "found" {
			b.WriteString("    alert: {late: [ops, desk]}\n")
		}
	}
	b.WriteString(incoming("dated", "acme", "Europe/Brussels", "{date:%Y%m%d}.csv", expecting("")))
	b.WriteString(incoming("sydney", "acme", "Australia/Sydney", "*.csv", expecting(`by: "02:30"`)))
	b.WriteString("  outbox:\n    type: export\n    connection: acme\n    schedule: \"0 7 * * *\"\n    from: {dir: outbox, match: \"*.csv\"}\n" +
		"    to: {location: incoming}\n    expect: {by: \"08:00\", grace: 2h}\n")
	for n := range 10 {
		b.WriteString(incoming(fmt.Sprintf("bank-%02d", n+1), "bank", "Europe/Brussels", "*.csv", ""))
	}
	for n := range 3 {
		b.WriteString(incoming(fmt.Sprintf("shop-%d", n+1), "shop", "Europe/Brussels", "*.csv", `by: "04:00", grace: 1h`))
	}
	for n := range 13 {
		b.WriteString(incoming(fmt.Sprintf("steady-%02d", n+1), "house", "Europe/Brussels", "*.csv", expecting("")))
	}
	return b.String()
}

func load(t *testing.T, text string) *config.Config {
	t.Helper()
	cfg, problems := config.LoadText(text, t.TempDir()+"/haulier.yaml", "haulier.yaml", config.Options{})
	if problems.Errors() > 0 {
		t.Fatal(problems.Text(false))
	}
	return cfg
}
