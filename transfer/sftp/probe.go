package sftp

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/haulier/haulier/job"
)

// probeSize is how much a round trip sends, in bytes.
const probeSize = 4 << 10

// errEnough ends a listing: a folder that gave one name can be listed.
var errEnough = errors.New("one name is enough")

// probe looks at a server for a test. The first failure ends it.
type probe struct {
	s       *Session
	t       *trace
	purpose Purpose
	failure *job.Reason
	rename  renameNote
}

// renameNote is what was found out about renaming.
type renameNote struct {
	state  StageState
	detail string
}

func (p *probe) run(ctx context.Context) {
	for _, stage := range []func(context.Context) (string, StageState, string, error){p.locations, p.rights, p.space, p.renames} {
		name, state, detail, err := stage(ctx)
		if err != nil {
			p.failure = asReason(err)
			state, detail = StateFail, fmt.Sprintf("%s [%s]", p.failure.Cause, p.failure.Slug)
		}
		p.t.note(name, state, detail)
		if err != nil {
			return
		}
	}
}

// uploadsOnly says whether the server is known, or has shown by its lack of every extension, to take uploads and no
// questions, while nothing is to be downloaded.
func (p *probe) uploadsOnly() bool {
	if p.s.putOnly {
		return true
	}
	for _, name := range p.purpose.names() {
		if p.purpose.downloads(p.purpose.Locations[name]) {
			return false
		}
	}
	isOpenSSH := bytes.Contains(p.s.way.last().client.ServerVersion(), []byte("OpenSSH"))
	return isOpenSSH && len(p.s.way.wire.Extensions()) == 0
}

func (p *probe) locations(ctx context.Context) (string, StageState, string, error) {
	names := p.purpose.names()
	if len(names) == 0 {
		return stageLocations, StateNotReached, "none is configured", nil
	}
	state, details := StateOK, []string{}
	for _, name := range names {
		detail, warn, err := p.location(ctx, p.purpose.Locations[name])
		if err != nil {
			return stageLocations, StateFail, "", err
		}
		if warn {
			state = StateWarn
		}
		details = append(details, fmt.Sprintf("%s %s: %s", name, printable(p.purpose.Locations[name].Path), detail))
	}
	return stageLocations, state, strings.Join(details, "; "), nil
}

// location looks at one folder, as its use allows.
func (p *probe) location(ctx context.Context, l job.Location) (detail string, warn bool, err error) {
	if p.purpose.downloads(l) && !p.s.putOnly {
		err := p.s.List(ctx, l.Path, 0, func(job.Entry) error { return errEnough })
		if err != nil && !errors.Is(err, errEnough) {
			return "", false, err
		}
		p.s.Learn(func(p *job.Profile) { p.List = yes() })
		return "can be listed", false, nil
	}
	if !p.purpose.uploads(l) {
		return "not used", false, nil
	}
	if p.uploadsOnly() {
		return "not looked at, the server takes uploads only", false, nil
	}
	_, err = p.s.Stat(ctx, l.Path)
	switch {
	case errors.Is(err, fs.ErrPermission):
		p.s.Learn(func(p *job.Profile) { p.Stat = no() })
		return "may not be looked at; uploads are proven by CLOSE only", true, nil
	case err != nil:
		return "", false, err
	}
	return "is there", false, nil
}

func (p *probe) rights(ctx context.Context) (string, StageState, string, error) {
	p.rename = renameNote{StateNotReached, "not tried (a test with write tries)"}
	if !p.purpose.Write && !p.purpose.RoundTrip {
		return stageRights, StateNotReached, "not tried (a test with write, or with a round trip, tries)", nil
	}
	state, details := StateOK, []string{}
	for _, name := range p.purpose.names() {
		l := p.purpose.Locations[name]
		if !p.purpose.uploads(l) {
			continue
		}
		found, warn, err := p.tryUpload(ctx, l)
		if err != nil {
			return stageRights, StateFail, "", err
		}
		if warn {
			state = StateWarn
		}
		details = append(details, name+": "+strings.Join(found, ", "))
	}
	if len(details) == 0 {
		return stageRights, StateNotReached, "no location is for uploads", nil
	}
	return stageRights, state, strings.Join(details, "; "), nil
}

// tryUpload sends what was asked for to one location and clears it away.
func (p *probe) tryUpload(ctx context.Context, l job.Location) (found []string, warn bool, err error) {
	t := &trial{s: p.s, dir: l.Path, name: path.Join(l.Path, probeName()), quiet: p.uploadsOnly()}
	var content []byte
	if p.purpose.RoundTrip {
		content = make([]byte, probeSize)
		_, _ = rand.Read(content)
	}
	if err := t.upload(ctx, content); err != nil {
		return nil, false, err
	}
	if p.purpose.RoundTrip && !t.quiet && !t.swept {
		if err := t.fetch(ctx, content, p.purpose.downloads(l)); err != nil {
			t.clear(ctx)
			return nil, false, err
		}
	}
	if p.purpose.Write && !t.quiet && !t.swept {
		p.rename = t.renames(ctx)
	}
	if t.quiet {
		p.rename = renameNote{StateNotReached, "not tried, the server takes uploads only"}
	}
	t.clear(ctx)
	return t.found, t.warn, nil
}

func probeName() string {
	var token [8]byte
	_, _ = rand.Read(token[:])
	return ".haulier-probe-" + hex.EncodeToString(token[:])
}

func (p *probe) space(ctx context.Context) (string, StageState, string, error) {
	for _, name := range p.purpose.names() {
		l := p.purpose.Locations[name]
		if !p.purpose.uploads(l) || p.uploadsOnly() {
			continue
		}
		free, err := p.s.Free(ctx, l.Path)
		if err != nil {
			return stageSpace, StateNotReached, "the server does not tell", nil
		}
		return stageSpace, StateOK, fmt.Sprintf("%.1f GiB free in %s", float64(free)/(1<<30), printable(l.Path)), nil
	}
	return stageSpace, StateNotReached, "not asked: nothing is uploaded, or the server takes no questions", nil
}

func (p *probe) renames(context.Context) (string, StageState, string, error) {
	if p.rename.state == StateNotReached && p.s.putOnly {
		p.rename.detail = "not tried, the profile is put-only: files are written under their final name"
	}
	return stageRename, p.rename.state, p.rename.detail, nil
}
