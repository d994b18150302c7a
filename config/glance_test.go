package config_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/haulier/haulier/config"
)

func TestDataDirOfABrokenFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "haulier.yaml")
	for text, want := range map[string]string{
		"version: 1\nnonsense: 3\njobs: 7\n":  filepath.Join(dir, "haulier-data"),
		"data_dir: state\nconnections: [1]\n": filepath.Join(dir, "state"),
		"data_dir: /var/lib/x\n":              "/var/lib/x",
		"data_dir: [\n":                       "",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{file, dir} {
			if got, ok := config.DataDir(path); got != want || ok != (want != "") {
				t.Errorf("DataDir(%q) of %q = %q, %t", path, text, got, ok)
			}
		}
	}
	if _, ok := config.DataDir(filepath.Join(dir, "none")); ok {
		t.Error("a file that is not there has a data folder")
	}
}
