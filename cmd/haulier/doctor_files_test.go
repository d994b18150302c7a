package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDoctorReadsCredentials: what the configuration names must be there, and for us alone.
func TestDoctorReadsCredentials(t *testing.T) {
	dir := t.TempDir()
	file, password, key := filepath.Join(dir, "haulier.yaml"), filepath.Join(dir, "password"), filepath.Join(dir, "key.pem")
	text := `version: 1
timezone: UTC
data_dir: data
connections:
  byfile: {host: a.example, username: u, auth: {methods: [password], password: {file: password}}, locations: {in: /in}}
  byenv: {host: b.example, username: u, auth: {methods: [password], password: {env: HAULIER_TEST_UNSET}}, locations: {in: /in}}
  bykey: {host: c.example, username: u, auth: {methods: [publickey], key_file: {path: key.pem}}, locations: {in: /in}}
`
	for path, content := range map[string]string{file: text, password: "secret", key: "key"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	scratch := filepath.Join(dir, "data", ".restore-1")
	if err := os.MkdirAll(scratch, 0o700); err != nil {
		t.Fatal(err)
	}
	found, _ := doctorOn(t, file)
	if found["connection byenv"].State != warn || found["leftovers"].State != warn || !strings.Contains(found["leftovers"].Detail, scratch) {
		t.Errorf("a variable that is not set, a restore that was killed: %+v", found)
	}
	for _, name := range []string{"connection byfile", "connection bykey"} {
		if f, told := found[name]; told {
			t.Errorf("nothing is wrong with %s: %+v", name, f)
		}
	}

	t.Setenv("HAULIER_TEST_UNSET", "secret")
	if err := os.RemoveAll(scratch); err != nil {
		t.Fatal(err)
	}
	found, code := doctorOn(t, file)
	for _, name := range []string{"credentials", "leftovers", "master key", "time zones", "space of the store"} {
		if found[name].State != well {
			t.Errorf("%s: %+v", name, found[name])
		}
	}
	if code != exitOK {
		t.Errorf("exit %d, %+v", code, found)
	}

	master := filepath.Join(dir, "data", masterFile)
	if err := errors.Join(os.Chmod(password, 0o604), os.Remove(key), os.WriteFile(master, []byte(strings.Repeat("ab", 32)), 0o644)); err != nil {
		t.Fatal(err)
	}
	found, code = doctorOn(t, file)
	for _, name := range []string{"connection byfile", "connection bykey", "master key"} {
		if found[name].State != ill {
			t.Errorf("%s: %+v", name, found[name])
		}
	}
	if code != exitLocal {
		t.Errorf("exit %d", code)
	}

	if err := os.WriteFile(key, []byte("key"), 0o604); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(key, 0o604); err != nil {
		t.Fatal(err)
	}
	if found, code = doctorOn(t, file); found["configuration"].State != ill || code != exitLocal {
		t.Errorf("a key file that everybody may read: exit %d, %+v", code, found)
	}
}
