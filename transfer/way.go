package transfer

import "github.com/haulier/haulier/job"

// way is how files are written to one server: chosen from what the configuration pins and what the server has shown.
type way struct {
	direct bool // write the final name at once
	look   bool // the server may be asked what lies under a name
	posix  bool // rename by posix-rename@openssh.com, which replaces
	verify job.Verify
	sweeps bool // files vanish at CLOSE or RENAME, and that is fine
	once   bool // a download uses the file up, ours too: what was delivered is not fetched
	suffix string
}

// chooseWay prefers a temporary name and the best rename the server has; a server that is known to have none is written
// to directly. What was never tried is assumed to work: the first run learns.
func chooseWay(c job.Connection, e job.Export, p job.Profile) way {
	putOnly := c.Profile == "put-only"
	means := pick(e.Rename, c.Rename)
	noRename := no(p.Rename) && !yes(p.PosixRename)
	w := way{
		direct: e.InPlace || putOnly || means == job.RenameNone || (means == "" && noRename),
		look:   !putOnly && !no(p.Stat),
		verify: pick(e.Verify, c.Verify),
		sweeps: yes(p.SweepsAtOnce),
		once:   c.ReadOnce || c.Profile == "read-once" || yes(p.ReadOnce),
		suffix: e.PartialSuffix,
	}
	if putOnly {
		w.verify = job.VerifyNone
	}
	if w.once && w.verify == job.VerifyReadback {
		w.verify = job.VerifyStat
	}
	w.posix = !w.direct && choosePosix(means, e.IfExists, p)
	return w
}

// choosePosix: a rename that replaces is used only where replacing is asked for, or where the plain one is not to be had.
func choosePosix(means job.RenameMeans, ifExists job.IfExists, p job.Profile) bool {
	switch {
	case means != "":
		return means == job.RenamePosix
	case no(p.PosixRename):
		return false
	case ifExists == job.ExistsReplace:
		return yes(p.PosixRename)
	}
	return no(p.Rename)
}

// pick gives the first unless it is nothing.
func pick[T comparable](first, second T) T {
	var nothing T
	if first != nothing {
		return first
	}
	return second
}

func (w way) means() job.RenameMeans {
	if w.posix {
		return job.RenamePosix
	}
	return job.RenameV3
}
