package config

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
)

const canary = "hunter2-canary"

// everything prints problems in all the ways there are.
func everything(t *testing.T, p Problems) string {
	t.Helper()
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	lines, err := json.Marshal(p.List)
	if err != nil {
		t.Fatal(err)
	}
	text := p.Text(true) + p.Text(false) + p.Strict().Text(false) + string(b) + string(lines) + fmt.Sprintf("%v %+v %#v", p, p, p)
	if r := p.Reason(); r != nil {
		text += fmt.Sprintf("%v %+v %s %s %s", r, r, r.Cause, r.Do, r.Technical)
	}
	return text
}

func TestFixturesLeakNoSecret(t *testing.T) {
	seen := 0
	for _, file := range fixtures(t, "testdata/bad/*.yaml") {
		text, _ := os.ReadFile(file)
		seen += strings.Count(string(text), canary)
		_, problems := Load(file, options(name(file)))
		if strings.Contains(everything(t, problems), "hunter2") {
			t.Errorf("%s leaks what was written in it:\n%s", file, problems.Text(false))
		}
	}
	if seen < 12 {
		t.Errorf("the fixtures hold %d canaries, want a dozen", seen)
	}
}

// TestInlineSecretsNeverLeak writes a secret into every place that takes a reference, in many forms, with a second
// mistake beside it whose line would be quoted.
func TestInlineSecretsNeverLeak(t *testing.T) {
	forms := []string{
		canary, `"` + canary + `"`, "'" + canary + "'", "|\n            " + canary, ">-\n            " + canary + "\n            more " + canary,
		"[" + canary + "]", "{value: " + canary + "}", "{" + canary + "}", "{env: " + canary + "}", "{stored: [" + canary + "]}",
		"{file: {x: " + canary + "}}", "!!binary " + canary, "!vault " + canary, "*" + canary, "&a " + canary, `"` + canary, "{env: A, " + canary + ": B}",
		"@" + canary, "%" + canary, "`" + canary, "{env: '" + canary + "', file: " + canary + "}", canary + ": " + canary, "? " + canary,
		"\n            - " + canary, "\n            pass: " + canary, "\n            env: " + canary + "\n            file: x",
	}
	keys := []string{"password", "passphrase", "pasword", "Password", "passwd", "secret", "token", "password_file", "privatekey"}
	for _, key := range keys {
		for _, form := range forms {
			text := "version: 1\nbad_key: 1\nconnections:\n  acme:\n    host: h\n    auth:\n      methods: [password]\n      key_file:\n          path: k\n" +
				"          " + key + ": " + form + "\n      " + key + ": " + form + "\n      oops: x\n"
			_, problems := loadText(t, text, options(""))
			if problems.Errors() == 0 {
				t.Fatalf("nothing found in:\n%s", text)
			}
			if strings.Contains(everything(t, problems), "hunter2") {
				t.Errorf("leaks:\n%s\nfrom:\n%s", problems.Text(false), text)
			}
		}
	}
}

// TestUnknownSectionsLeakNoSecret: where nothing is known of a section, what looks like a secret in it is masked too.
func TestUnknownSectionsLeakNoSecret(t *testing.T) {
	for _, text := range []string{
		"credentials: {user: x, password: " + canary + "}\n",
		"channels: {ops: {signing_secret: " + canary + "}}\n",
		"channels: {pager: {type: shoutrrr, url: 'generic://h/" + canary + "', oops: 1}}\n",
		"channels: {pager: {type: shoutrrr, url: [" + canary + "], oops: 1}}\n",
		"channels: {hook: {type: webhook, url: 'https://u:" + canary + "@h/x', signing_secret: " + canary + ", oops: 1}}\n",
		"channels: {hook: {type: webhook, url: 'ftp://h/" + canary + "', signing_secret: [{env: A}, " + canary + "], oops: 1}}\n",
		"channels: {man: {type: healthchecks, ping_url: {evn: " + canary + "}, oops: 1}}\n",
		"channels: {mail: {type: email, to: [a@b.example], smtp: {host: h, username: u, password: " + canary + ", oops: 1}}}\n",
		"connections: {password: " + canary + "}\n",
		"connections: {acme: {host: 'u:" + canary + "@h', hots: 1}}\n",
		"connections: {acme: {host: 'sftp://u:a b@c/" + canary + " @h', hots: 1}}\n",
		"x: &s " + canary + "\nconnections: {acme: {auth: {password: *s, oops: 1}}}\n",
		"secrets: &s " + canary + "\nconnections: {acme: {auth: {password: *s, oops: 1}}}\n",
	} {
		_, problems := loadText(t, "version: 1\n"+text, options(""))
		if problems.Errors() == 0 || strings.Contains(everything(t, problems), "hunter2") {
			t.Errorf("leaks:\n%s\nfrom:\n%s", problems.Text(false), text)
		}
	}
}

// TestNamesThatSoundSecretAreShown: a customer may be called passport-office.
func TestNamesThatSoundSecretAreShown(t *testing.T) {
	_, problems := loadText(t, "version: 1\nconnections: {passport-office: {hots: sftp.passport.example}}\n", options(""))
	if !strings.Contains(problems.Text(false), "{passport-office: {hots: sftp.passport.example}}") {
		t.Error(problems.Text(false))
	}
}

// TestReferencesAreShown: Show, Masked and Diff give references, and never look behind them.
func TestReferencesAreShown(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "secret"), []byte(canary), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HAULIER_TEST_CANARY", canary)
	text := strings.Replace(small, "{methods: [publickey], key: acme}",
		"{methods: [publickey, password], password: {env: HAULIER_TEST_CANARY}, key_file: {path: k, passphrase: {file: "+dir+"/secret}}}", 1)
	o := options("")
	o.Env = nil
	c, problems := loadText(t, text, o)
	if c == nil {
		t.Fatal(problems.Text(false))
	}
	printed := string(Show(c)) + Masked(c) + Diff("", Masked(c)) + fmt.Sprintf("%v %+v %#v", c, c, c.Connections) + everything(t, problems)
	if strings.Contains(printed, canary) {
		t.Error("what a reference stands for was printed")
	}
	if !strings.Contains(printed, "{env: HAULIER_TEST_CANARY}") {
		t.Errorf("the reference is not shown:\n%s", Show(c))
	}
}

func TestKeyFileRights(t *testing.T) {
	dir := t.TempDir()
	key := filepath.Join(dir, "k.pem")
	if err := os.WriteFile(key, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(small, "key: acme}", "key_file: {path: "+key+"}}", 1)
	for mode, code := range map[os.FileMode]string{0o600: "", 0o640: "", 0o644: "E-KEY-RIGHTS", 0o604: "E-KEY-RIGHTS"} {
		if err := os.Chmod(key, mode); err != nil {
			t.Fatal(err)
		}
		_, problems := loadText(t, text, Options{})
		if got := codeOf(problems, "E-"); got != code {
			t.Errorf("mode %o gives %q, want %q", mode, got, code)
		}
	}
	if err := os.Remove(key); err != nil {
		t.Fatal(err)
	}
	if _, problems := loadText(t, text, Options{}); codeOf(problems, "W-KEY") != "W-KEY-MISSING" {
		t.Error(problems.Text(false))
	}
}

func codeOf(p Problems, prefix string) string {
	for _, problem := range p.List {
		if strings.HasPrefix(problem.Code, prefix) {
			return problem.Code
		}
	}
	return ""
}

func TestKnownIsAsked(t *testing.T) {
	var asked []string
	o := options("")
	o.Known = Known{
		Key: func(kind job.KeyKind, name string) bool { asked = append(asked, string(kind)+" "+name); return true },
		Pin: func(address string) bool { asked = append(asked, address); return true },
	}
	if _, problems := loadText(t, small, o); codeOf(problems, "W-KEY")+codeOf(problems, "W-NO-PIN") != "" {
		t.Error(problems.Text(false))
	}
	if got := strings.Join(asked, ", "); got != "[sftp.acme.example]:22, ssh acme" {
		t.Errorf("asked for %s", got)
	}
}

func TestProblemsSpeak(t *testing.T) {
	file := filepath.Join(t.TempDir(), "haulier.yaml")
	if err := os.WriteFile(file, []byte("version: 1\ntimezone: UTC\nmetrics: {lisen: x}\njobs: {}\ncalendars: {c: {}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c, problems := Load(filepath.Dir(file), Options{Now: time.Unix(0, 0)})
	if c != nil {
		t.Error("a configuration with an error was given")
	}
	line, err := json.Marshal(problems.List[0])
	want := fmt.Sprintf(`{"file":%q,"line":3,"column":11,"severity":"error","code":"E-UNKNOWN-KEY","message":"unknown key \"lisen\" in metrics; did you mean \"listen\"?"}`, file)
	if err != nil || string(line) != want {
		t.Errorf("JSON is\n%s\nwant\n%s", line, want)
	}
	if got := problems.Summary(); got != "1 error, 1 warning in 1 file (0 connections, 0 jobs)." {
		t.Error(got)
	}
	if strict := problems.Strict(); strict.Errors() != 2 || problems.Errors() != 1 {
		t.Errorf("strict has %d errors, and what it was made of %d", strict.Errors(), problems.Errors())
	}
	if r := problems.Reason(); r.Slug != "config.errors" || !strings.Contains(r.Cause, "lisen") {
		t.Errorf("reason is %+v", r)
	}
	if (Problems{}).Reason() != nil {
		t.Error("no problem is no reason")
	}
	if _, missing := Load(filepath.Join(t.TempDir(), "nope.yaml"), Options{}); codeOf(missing, "E-") != "E-READ" || missing.Errors() != 1 {
		t.Error(missing.Text(false))
	}
}
