package config

import (
	"os"
	"path/filepath"

	"go.yaml.in/yaml/v4"
)

// DataDir finds the data folder that a configuration names though the rest of it may be full of mistakes: with a broken
// file, too, people need to see what the daemon does. Ok is false when not even that much can be read.
func DataDir(file string) (dir string, ok bool) {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		file = filepath.Join(file, "haulier.yaml")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return "", false
	}
	var top struct {
		DataDir string `yaml:"data_dir"`
	}
	if err := yaml.Unmarshal(text, &top); err != nil {
		return "", false
	}
	if top.DataDir == "" {
		top.DataDir = "haulier-data"
	}
	if !filepath.IsAbs(top.DataDir) {
		top.DataDir = filepath.Join(filepath.Dir(file), top.DataDir)
	}
	dir, err = filepath.Abs(top.DataDir)
	return dir, err == nil
}
