package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sums are files by name, with the SHA-256 of what is in them.
type sums map[string]string

// filled gives the files of a folder, which are written unless they were before.
func filled(dir string, files int, size int64, seed uint64) (sums, error) {
	names, err := namesIn(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return fill(dir, files, size, seed)
	}
	have := sums{}
	for _, name := range names {
		if have[name], err = sumOf(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	return have, err
}

// fill writes files of bytes that cannot be compressed, and no two are the same. A single one is called big.
func fill(dir string, files int, size int64, seed uint64) (sums, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	made := sums{}
	source := random(seed)
	for i := range files {
		name := fmt.Sprintf("file-%06d.csv", i)
		if files == 1 {
			name = "big.csv"
		}
		sum, err := write(filepath.Join(dir, name), io.LimitReader(source, size))
		if err != nil {
			return nil, err
		}
		made[name] = sum
	}
	return made, nil
}

func random(seed uint64) io.Reader { return rand.NewChaCha8([32]byte(fmt.Appendf(nil, "%032d", seed))) }

func write(path string, content io.Reader) (sum string, err error) {
	file, err := os.Create(path)
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	_, err = io.Copy(io.MultiWriter(file, hash), content)
	return hex.EncodeToString(hash.Sum(nil)), errors.Join(err, file.Close())
}

// compare fails unless a folder has just these files, with just these bytes. What Haulier keeps beside them is left out.
func compare(dir string, want sums) error {
	have, err := namesIn(dir)
	if err != nil {
		return err
	}
	if err := sameNames(have, want); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	for name, sum := range want {
		if got, err := sumOf(filepath.Join(dir, name)); err != nil || got != sum {
			return errors.Join(fmt.Errorf("%s/%s holds other bytes than were sent", dir, name), err)
		}
	}
	return nil
}

func namesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	var names []string
	for _, entry := range entries {
		if entry.Name() != ".haulier" {
			names = append(names, entry.Name())
		}
	}
	return names, err
}

// sameNames fails unless each name is there once, and no other.
func sameNames(have []string, want sums) error {
	slices.Sort(have)
	if wanted := slices.Sorted(maps.Keys(want)); !slices.Equal(have, wanted) {
		return fmt.Errorf("%d names where %d should be: %s", len(have), len(wanted), firstOther(have, wanted))
	}
	return nil
}

// firstOther says where two sorted lists begin to differ.
func firstOther(have, want []string) string {
	same := 0
	for same < min(len(have), len(want)) && have[same] == want[same] {
		same++
	}
	if same == len(have) || same < len(want) && want[same] < have[same] {
		return want[same] + " is missing"
	}
	return have[same] + " is too many"
}

func sumOf(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer file.Close()
	hash := sha256.New()
	_, err = io.Copy(hash, file)
	return hex.EncodeToString(hash.Sum(nil)), err
}

// listed judges a listing that shows a name or a path a line.
func listed(want sums) func([]byte) error {
	return func(said []byte) error {
		var names []string
		for line := range bytes.Lines(said) {
			if text := strings.TrimSpace(string(line)); text != "" && !strings.HasPrefix(text, "sftp> ") {
				names = append(names, filepath.Base(text))
			}
		}
		return sameNames(names, want)
	}
}

// empty makes folders anew.
func empty(dirs ...string) error {
	var errs []error
	for _, dir := range dirs {
		errs = append(errs, os.RemoveAll(dir), os.MkdirAll(dir, 0o755))
	}
	return errors.Join(errs...)
}
