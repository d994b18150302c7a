package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/haulier/haulier/config"
)

// What stands on this machine shows in no answer: files, variables and includes are not looked at.
func TestCheckTextLooksAtNothingElse(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other.yaml")
	if err := os.WriteFile(other, []byte("nonsense: ["), 0o604); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HAULIER_IS_HERE", "x")
	const head = "version: 1\ndata_dir: /tmp/x\ntimezone: Europe/Brussels\n"
	for _, refers := range []string{"key_file: {path: " + other + "}", "key_file: {path: " + other + ".no}", "password: {env: HAULIER_IS_HERE}", "password: {env: HAULIER_IS_NOT}",
		"password: {file: " + other + "}", "password: {file: " + other + ".no}", "password: {credential: x}"} {
		method := map[bool]string{true: "publickey", false: "password"}[strings.HasPrefix(refers, "key")]
		p := config.CheckText([]byte(head+"connections:\n  acme:\n    host: sftp.acme.example\n    username: u\n    locations: {in: /in}\n    auth: {methods: ["+method+"], "+refers+"}\n"), "haulier.yaml", config.Options{})
		if p.Errors() > 0 || strings.Contains(p.Text(false), "MISSING") || strings.Contains(p.Text(false), "RIGHTS") {
			t.Errorf("%s shows what there is:\n%s", refers, p.Text(false))
		}
	}
	asked := config.CheckText([]byte(head+"include: "+other+"\n"), "haulier.yaml", config.Options{})
	if asked.Errors() != 1 || asked.List[0].Code != "E-INCLUDE" || asked.List[0].Line != 4 {
		t.Errorf("an include: %v", asked.List)
	}
	for _, broken := range []string{"", "- x", "version: [", "\xff\x00"} {
		if p := config.CheckText([]byte(broken), "haulier.yaml", config.Options{}); p.Errors() == 0 {
			t.Errorf("%q has no error", broken)
		}
	}
}
