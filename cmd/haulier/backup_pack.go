package main

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// backupContents is what a backup says of itself, first of all that is in it.
type backupContents struct {
	Made    time.Time `json:"made"`
	Program string    `json:"program"`  // version
	DataDir string    `json:"data_dir"` // relative to the folder of the configuration where it lies below it
	Config  []string  `json:"config"`   // files of the configuration, haulier.yaml first; relative as above
}

// Names in a backup and in the folder that it is unpacked to; storeFile and masterFile beside them.
const (
	contentsFile = "contents.json"
	configFile   = "config-%d"
)

func contentsOf(cfg *config.Config) (backupContents, error) {
	base, err := filepath.Abs(filepath.Dir(cfg.Path))
	if err != nil {
		return backupContents{}, err
	}
	c := backupContents{Made: time.Now().UTC().Truncate(time.Second), Program: version, DataDir: belowFolder(base, cfg.DataDir)}
	for _, file := range cfg.Files {
		absolute, err := filepath.Abs(file)
		if err != nil {
			return c, err
		}
		c.Config = append(c.Config, belowFolder(base, absolute))
	}
	return c, nil
}

// belowFolder is a path relative to a folder that it lies below; any other stays as it is.
func belowFolder(folder, path string) string {
	if rest, err := filepath.Rel(folder, path); err == nil && filepath.IsLocal(rest) {
		return rest
	}
	return path
}

// pack writes everything that belongs to an installation: the copy of the store, its master key, the configuration.
func pack(dst io.Writer, contents backupContents, cfg *config.Config, storeCopy string, key secret.Text) error {
	text, err := json.Marshal(contents)
	if err != nil {
		return err
	}
	archive := tar.NewWriter(dst)
	if err := packBytes(archive, contentsFile, text); err != nil {
		return err
	}
	for i, file := range cfg.Files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if err := packBytes(archive, fmt.Sprintf(configFile, i), text); err != nil {
			return err
		}
	}
	if !key.Empty() {
		digits := fmt.Appendf(nil, "%x\n", key.Reveal())
		defer clear(digits)
		if err := packBytes(archive, masterFile, digits); err != nil {
			return err
		}
	}
	return errors.Join(packFile(archive, storeFile, storeCopy), archive.Close())
}

func packBytes(archive *tar.Writer, name string, text []byte) error {
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(text))}); err != nil {
		return err
	}
	_, err := archive.Write(text)
	return err
}

func packFile(archive *tar.Writer, name, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }() // read only
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if err := archive.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: info.Size()}); err != nil {
		return err
	}
	_, err = io.Copy(archive, file)
	return err
}

// unpack opens a backup into an empty folder. Only when it returns nil was the backup whole.
func unpack(ctx context.Context, path string, passphrase secret.Text, dir string) (backupContents, error) {
	file, err := os.Open(path)
	if err != nil {
		return backupContents{}, usage(err)
	}
	defer func() { _ = file.Close() }() // read only
	contents, err := unpackStream(ctx, file, passphrase, dir)
	if err != nil {
		return contents, backupReason(path, err)
	}
	return contents, nil
}

// peek gives what a backup says of itself, from its beginning.
func peek(ctx context.Context, path string, passphrase secret.Text) (contents backupContents, err error) {
	file, err := os.Open(path)
	if err != nil {
		return contents, usage(err)
	}
	defer func() { _ = file.Close() }() // read only
	opened, err := newSealReader(file, passphrase)
	if err != nil {
		return contents, backupReason(path, err)
	}
	archive := tar.NewReader(opened)
	entry, err := archive.Next()
	if err == nil && entry.Name != contentsFile {
		err = fmt.Errorf("%w: it begins with %q", errAltered, entry.Name)
	}
	if err == nil {
		err = json.NewDecoder(archive).Decode(&contents)
	}
	if err != nil {
		return contents, backupReason(path, err)
	}
	return contents, ctx.Err()
}

func unpackStream(ctx context.Context, src io.Reader, passphrase secret.Text, dir string) (backupContents, error) {
	var contents backupContents
	opened, err := newSealReader(src, passphrase)
	if err != nil {
		return contents, err
	}
	if err := unpackTar(ctx, opened, dir); err != nil {
		return contents, err
	}
	text, err := os.ReadFile(filepath.Join(dir, contentsFile))
	if err != nil {
		return contents, fmt.Errorf("%w: %w", errAltered, err)
	}
	return contents, json.Unmarshal(text, &contents)
}

// unpackTar writes what a backup holds into a folder: files, by plain names, as long as they are in the backup.
func unpackTar(ctx context.Context, opened io.Reader, dir string) error {
	archive := tar.NewReader(opened)
	for {
		entry, err := archive.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if entry.Name != filepath.Base(entry.Name) || entry.Typeflag != tar.TypeReg || sparse(entry) {
			return fmt.Errorf("%w: it holds %q", errAltered, entry.Name)
		}
		if err := writePrivate(filepath.Join(dir, entry.Name), archive); err != nil {
			return err
		}
	}
	_, err := io.Copy(io.Discard, opened) // the end must be there
	return err
}

// sparse says whether an entry claims bytes that are not in the archive.
func sparse(entry *tar.Header) bool {
	for key := range entry.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// writePrivate makes a new file, on disk when it returns.
func writePrivate(path string, from io.Reader) error {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(file, from)
	return errors.Join(err, file.Sync(), file.Close())
}

// backupReason says what is wrong with a backup.
func backupReason(path string, err error) error {
	r := &job.Reason{What: "nothing was changed: " + path + " could not be opened", Who: job.WhoUs, Technical: err.Error(), Err: err}
	switch {
	case errors.Is(err, errPassphrase):
		r.Slug, r.Cause, r.Do = "local.backup_passphrase", "the passphrase is not the one that the backup was sealed with", "try the passphrase that was used when it was made"
	case errors.Is(err, errNoBackup):
		r.Slug, r.Cause, r.Do = "local.backup_format", "the file does not begin as a backup of haulier does", "name the file that `haulier backup` wrote"
	case errors.Is(err, errNewer):
		r.Slug, r.Cause, r.Do = "local.backup_format", "a newer version of haulier made it", "use that version, or a newer one"
	case errors.Is(err, errAltered), errors.Is(err, tar.ErrHeader), errors.Is(err, io.ErrUnexpectedEOF):
		r.Slug, r.Cause, r.Do = "local.backup_damaged", "the backup was altered or cut off since it was made", "copy it again from where it was kept, or take another backup"
	default:
		return fmt.Errorf("open the backup %s: %w", path, err)
	}
	return r
}

// unpackedKey gives the master key of an unpacked backup; fs.ErrNotExist: it has none, as nothing is sealed in it.
func unpackedKey(dir string) store.KeySource {
	return store.KeySource{Path: filepath.Join(dir, masterFile), Getenv: func(string) string { return "" }}
}

// judgeUnpacked looks whether the store of an unpacked backup is whole, and whether all its secrets open.
func judgeUnpacked(ctx context.Context, s *store.Store, path string) error {
	problems, err := s.Check(ctx)
	if err != nil {
		return err
	}
	bad, err := s.CheckSecrets(ctx)
	if err != nil {
		return err
	}
	for _, name := range bad {
		problems = append(problems, "the secret "+name+" does not open")
	}
	if len(problems) == 0 {
		return nil
	}
	return &job.Reason{
		Slug: "local.backup_unsound", What: "nothing was changed: the store in " + path + " is not sound", Cause: strings.Join(problems[:min(len(problems), 5)], "; "),
		Do: "take another backup, and see `haulier doctor`", Who: job.WhoUs,
	}
}

// absent passes errors over that say that a file is not there.
func absent(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
