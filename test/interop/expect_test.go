package interop

import "maps"

// Outcomes that differ from what the behaviours want, server by server. What is skipped, and why, is further below: a
// skip whose behaviour comes to something after all fails the run.

func all(outcome string, names ...string) map[string]string {
	m := map[string]string{}
	for _, name := range names {
		m[name] = outcome
	}
	return m
}

func merged(parts ...map[string]string) map[string]string {
	m := map[string]string{}
	for _, part := range parts {
		maps.Copy(m, part)
	}
	return m
}

const (
	noLimits    = "differs: the server does not have it; requests carry 32 KiB"
	noFsync     = "differs: the server does not have it; CLOSE ends the upload"
	noExtension = "differs: the server does not have it"
	noAnnounce  = "differs: the server announces none"
	denied      = "refused: remote.permission"
	overwritten = "differs: the older file is overwritten: what is written in place replaces, unless `to.if_exists` says otherwise"
	partLies    = "differs: a part lies under the final name, as it is written in place"
	partUntil   = "differs: a part lies under the final name until the next run, as it is written in place"
	noRename    = "refused: remote.rename_refused"
)

var (
	proFTPDExpect = map[string]string{"request.limits": noLimits}

	dropbearExpect = map[string]string{"hostkey.rotation": noAnnounce}

	// rclone has a layer of its own between SFTP and the disk: a folder that may not be listed looks empty, links are
	// left out, and a refusal has no other reason than failure.
	rcloneExpect = map[string]string{
		"hostkey.rotation":     noAnnounce,
		"list.link":            "differs: links are not listed",
		"denied.list":          "differs: the server lists such a folder as empty",
		"import.delete-denied": noRename,
		"export.full":          "refused: remote.failure",
		"request.rename-onto":  "differs: it replaces",
		"request.fsync":        noFsync,
		"request.limits":       noLimits,
		"request.mkdir":        "differs: making it twice is no failure",
	}

	noRenameExpect = merged(
		all(noRename, "import.move", "import.claim", "export.rename", "request.rename-onto"),
		map[string]string{
			"request.posix-rename": noExtension,
			"export.proof":         "differs: proof: size-checked",
			"export.taken":         overwritten,
			"export.full":          partLies,
			"broken.export":        partUntil,
			"silent.export":        partUntil,
		})

	putOnlyExpect = merged(
		all(denied, "login.key", "login.password", "login.key-and-password", "login.interactive", "hostkey.ed25519", "hostkey.ecdsa",
			"hostkey.rsa", "hostkey.trust", "list.empty", "list.5000", "list.names", "list.link", "look.size-and-time", "look.missing",
			"import.keep", "import.once", "import.new-version", "import.move", "import.delete", "import.claim", "import.done-file",
			"import.sizes", "import.big", "import.200", "request.mkdir", "request.remove", "session.two", "session.rekey",
			"broken.import", "silent.import", "restart"),
		all(noRename, "export.rename", "request.rename-onto"),
		map[string]string{
			"test.learns":          "differs: the probe file stays there",
			"export.proof":         "differs: proof: acknowledged",
			"export.direct":        "differs: proof: acknowledged",
			"export.taken":         overwritten,
			"export.full":          partLies,
			"request.posix-rename": noExtension,
			"request.fsync":        noFsync,
			"request.statvfs":      "differs: the server does not have it; a full disk shows at the upload",
			"request.limits":       noLimits,
			// Nobody may look whether it arrived, so a person decides.
			"broken.export": "refused: remote.indeterminate",
			"silent.export": "refused: remote.indeterminate",
		})

	readOnlyExpect = merged(
		all(denied, "test.learns", "import.delete", "export.rename", "export.proof", "export.direct", "export.once",
			"export.replace", "export.done-file", "export.sizes", "export.big", "export.200", "export.missing", "export.full",
			"request.fsync", "request.mkdir", "request.remove", "session.twenty-failures", "session.rekey", "broken.export", "silent.export"),
		all(noRename, "import.move", "import.claim", "request.rename-onto"),
		map[string]string{"request.posix-rename": noExtension})
)

// The skip lists.

var (
	sshdSkips = map[string]string{"request.no-setstat": "internal-sftp tells only the system's log what it was asked"}

	proFTPDSkips = map[string]string{"login.interactive": "it asks by PAM only, which takes users of the machine, and these are its own"}

	dropbearSkips = map[string]string{
		"login.interactive":  "Debian builds it without PAM",
		"request.no-setstat": "it starts sftp-server without a log",
		"session.rekey":      "it changes keys after 1 GiB, and cannot be told otherwise",
	}

	rcloneSkips = map[string]string{
		"login.key-and-password": "it takes either and cannot ask for both",
		"login.interactive":      "it does not ask that way",
		"request.no-setstat":     "it keeps no log of requests",
		"session.rekey":          "it cannot be told when to change keys",
	}
)
