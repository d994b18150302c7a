package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/haulier/haulier/transfer/sftptest"
)

// kind is one way in which a job moves files.
type kind struct {
	name      string
	export    bool
	sealed    bool // PGP
	knobs     sftptest.Knobs
	conn      string   // further lines of the connection
	timeouts  string   // further times to wait; not for one that is patient
	job       string   // further lines of the job; from and to are given
	to        string   // further keys in to: {…}
	fixed     bool     // one name that comes again with other content
	holds     []string // slugs under which a file may rightly be held after a crash: nobody can know
	calls     []string // slugs for which a person may rightly be called though all is well here: only the customer can mend it
	backwards bool     // each version is older than the one before it, by its time
	twice     bool     // a version may come twice: the job says so
	people    bool     // a person looks at each file and approves it: the job is supervised
	stored    bool     // the password is kept in the store, beside other secrets
	learns    bool     // `connections test --write` has shown what the server does

	proxied bool              // the server lies behind a proxy that can spoil the connection
	patient bool              // haulier waits as long as it does by itself, not as long as tests have time
	disks   map[string]string // folders on a tmpfs of their own, with its options
	power   bool              // the machine's disks are such as lose what was not synced when their power is lost
	version string            // of the server's SSH; empty: its own
	lanes   int               // max_connections; 0: 2
	sizes   []int             // of the files; none: twenty small ones
	lasts   time.Duration     // that a run may take; 0: patience
	rekey   uint64            // bytes after which the server wants new keys; 0: as SSH says
}

var kinds = []kind{
	{name: "import-keep"},
	{name: "import-move", job: "after_success: {move: done}"},
	{name: "import-delete", job: "after_success: delete"},
	{name: "import-delete-in-place", knobs: sftptest.Knobs{NoRename: true}, job: "after_success: delete"},
	{name: "import-claim", job: "claim: rename\n    after_success: delete"},
	{name: "import-fixed-name", fixed: true, job: "after_success: {move: done}"},
	{name: "import-pgp-archive", sealed: true, job: "after_success: delete\n    archive: {dir: archive, keep_for: 30d}"},
	{name: "import-read-once", knobs: sftptest.Knobs{ReadOnce: true}, conn: "profile: read-once", holds: []string{"remote.source_consumed"}},
	{name: "import-supervised", people: true, job: "after_success: delete\n    supervised: {files: 10000}"},
	{name: "export-keep", export: true},
	{name: "export-move", export: true, job: "after_success: {move: sent, keep_for: 30d}"},
	{name: "export-pgp-delete", export: true, sealed: true, job: "after_success: delete"},
	{name: "export-replace", export: true, fixed: true, to: "if_exists: replace", job: "after_success: delete"},
	{name: "export-no-posix-rename", export: true, fixed: true, knobs: sftptest.Knobs{NoPosixRename: true}, to: "if_exists: replace", job: "after_success: delete"},
	{name: "export-put-only", export: true, knobs: sftptest.Knobs{PutOnly: true}, conn: "profile: put-only", holds: []string{"remote.indeterminate"}},
	{name: "export-put-only-resend", export: true, knobs: sftptest.Knobs{PutOnly: true}, conn: "profile: put-only", job: "on_lost_reply: resend", twice: true},
	{name: "export-in-place", export: true, conn: "outbound: {in_place: true}", holds: []string{"remote.indeterminate"}},
	{name: "export-nobody-looks", export: true, knobs: sftptest.Knobs{NoStat: true}, holds: []string{"remote.indeterminate"}},
	{name: "export-swept", export: true, learns: true, knobs: sftptest.Knobs{Sweep: sftptest.SweepAtRename}, holds: []string{"remote.indeterminate", "remote.vanished"}},
	{name: "export-swept-at-close", export: true, learns: true, conn: "outbound: {in_place: true}", knobs: sftptest.Knobs{Sweep: sftptest.SweepAtClose},
		holds: []string{"remote.indeterminate", "remote.vanished"}},
	{name: "export-marker", export: true, to: `done_file: "{name}.done"`, job: "after_success: delete"},
	{name: "export-supervised", export: true, people: true, job: "after_success: delete\n    supervised: {files: 10000}"},
}

// settings are those of the job that are of its kind.
func (k kind) settings() string {
	direction, from, to := "import", `{location: out, match: "*.csv", stable_for: 0s}`, "{dir: disk/landing"
	body, pgp := k.job, "inbound: {pgp: {decrypt_with: ours}}"
	if k.export {
		direction, from, to = "export", `{dir: outbox, match: "*.csv", stable_for: 0s}`, `{location: in, name: "{name}"`
		pgp = "outbound: {pgp: {encrypt_to: [theirs]}}"
	}
	if k.sealed {
		body += "\n    " + pgp
		if !k.export {
			from = strings.Replace(from, "*.csv", "*.csv.pgp", 1)
		}
	}
	if k.to != "" {
		to += ", " + k.to
	}
	return fmt.Sprintf("type: %s\n    from: %s\n    to: %s}\n    %s", direction, from, to, body)
}
