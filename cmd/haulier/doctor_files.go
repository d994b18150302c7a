package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/local"
)

// machineFindings look at what is no job's own: the disk of the store, the master key, zones, what commands that were
// killed left behind.
func machineFindings(cfg *config.Config) []finding {
	found := []finding{{Name: "time zones", State: well, Detail: zonesHere().String()}}
	if !exists(cfg.DataDir) {
		return found
	}
	return append(found, roomFinding("space of the store", cfg.DataDir, roomOfStore), masterFinding(cfg), scratchFinding(cfg))
}

// roomOfStore is how many bytes the store should be able to grow by.
const roomOfStore = 256 << 20

func roomFinding(name, dir string, least int64) finding {
	free, err := local.Free(dir)
	if err != nil {
		return failing(name, err)
	}
	f := finding{Name: name, State: well, Detail: fmt.Sprintf("%s: %s free", dir, size(free))}
	if free < least {
		f.State, f.Do = ill, "free space: at least "+size(least)+" are wanted"
	}
	return f
}

// masterFinding looks whether there is a master key, and whether it is for us alone.
func masterFinding(cfg *config.Config) finding {
	key, err := store.KeySource{Path: inData(cfg, masterFile)}.MasterKey(false)
	defer key.Wipe()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return finding{Name: "master key", State: well, Detail: "none yet; the first sealed secret makes it"}
	case err != nil:
		return failing("master key", err)
	}
	return finding{Name: "master key", State: well, Detail: "there, and nobody else may read it"}
}

// scratchFinding sees the folders of backups and restores that were killed; they hold copies of the store.
func scratchFinding(cfg *config.Config) finding {
	var left []string
	for _, pattern := range []string{restoreScratch, backupScratch} {
		paths, err := filepath.Glob(inData(cfg, pattern))
		if err != nil {
			return failing("leftovers", err)
		}
		left = append(left, paths...)
	}
	if len(left) == 0 {
		return finding{Name: "leftovers", State: well, Detail: "no backup or restore was cut off"}
	}
	return finding{
		Name: "leftovers", State: warn, Detail: "a backup or restore is under way or was cut off: " + strings.Join(left, ", "),
		Do: "remove these folders when none is under way",
	}
}

// archiveFindings look at the disks of archives.
func archiveFindings(spec job.Spec) []finding {
	if spec.Import == nil || spec.Import.Archive == nil || !exists(spec.Import.Archive.Dir) {
		return nil
	}
	return []finding{roomFinding("archive of "+spec.Name, spec.Import.Archive.Dir, spec.Limits.MinFreeSpace)}
}

// credentialFindings try every secret and key file that the configuration names; only what is wrong is told by itself.
func (a *app) credentialFindings(ctx context.Context, cfg *config.Config) []finding {
	vault := control.Vault{}
	if s, err := a.store(ctx, cfg, true); err == nil {
		vault.Store = s
	}
	var wrong []finding
	tried := 0
	for _, e := range endpoints(cfg) {
		for _, ref := range secretRefs(e.Endpoint) {
			if ref.From == job.SecretStored && vault.Store == nil {
				continue // there is no store to hold it; told elsewhere
			}
			tried++
			wrong = append(wrong, refFinding(ctx, vault, e.name, ref)...)
		}
		if file := e.Auth.KeyFile; file != nil {
			tried++
			wrong = append(wrong, keyFileFinding(e.name, file.Path)...)
		}
	}
	if len(wrong) > 0 {
		return wrong
	}
	return []finding{{Name: "credentials", State: well, Detail: fmt.Sprintf("all that the configuration names can be read (%d)", tried)}}
}

type namedEndpoint struct {
	name string
	job.Endpoint
}

// endpoints are all servers of a configuration, in the order of their names.
func endpoints(cfg *config.Config) []namedEndpoint {
	var all []namedEndpoint
	for _, name := range slices.Sorted(maps.Keys(cfg.Connections)) {
		all = append(all, namedEndpoint{"connection " + name, cfg.Connections[name].Endpoint})
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.JumpHosts)) {
		all = append(all, namedEndpoint{"jump host " + name, cfg.JumpHosts[name].Endpoint})
	}
	return all
}

func secretRefs(e job.Endpoint) []job.SecretRef {
	refs := []*job.SecretRef{e.Auth.Password}
	if e.Auth.Successor != nil {
		refs = append(refs, &e.Auth.Successor.Password)
	}
	if e.Auth.KeyFile != nil {
		refs = append(refs, e.Auth.KeyFile.Passphrase)
	}
	if e.Proxy != nil {
		refs = append(refs, e.Proxy.Password)
	}
	var set []job.SecretRef
	for _, ref := range refs {
		if ref != nil {
			set = append(set, *ref)
		}
	}
	return set
}

// refFinding tries one secret. The daemon's environment and credentials may be others than ours: what is missing there
// is a warning.
func refFinding(ctx context.Context, vault control.Vault, name string, ref job.SecretRef) []finding {
	text, err := vault.Reveal(ctx, ref)
	text.Wipe()
	if err == nil {
		return nil
	}
	f := failing(name, err)
	if ref.From == job.SecretEnv || ref.From == job.SecretCredential {
		f.State = warn
	}
	return []finding{f}
}

// keyFileFinding opens a key file. One that everybody may read is refused by the configuration already.
func keyFileFinding(name, path string) []finding {
	file, err := os.Open(path)
	if err != nil {
		return []finding{{Name: name, State: ill, Detail: err.Error(), Do: "put the key file there, for this program's user to read"}}
	}
	_ = file.Close() // read only
	return nil
}
