package transfer_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/store/blank"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/local"
	"github.com/haulier/haulier/transfer/sftp"
	"github.com/haulier/haulier/transfer/sftptest"
)

// bundle is a whole machine for one job: a real store, a real pool, and a server whose folder is on the disk.
type bundle struct {
	t       *testing.T
	store   *store.Store
	pool    *sftp.Pool
	server  *sftptest.Server // nil on real servers
	root    string           // what the server shows, on disk
	conn    job.Connection
	landing string
	outbox  string
	stage   string
	spec    job.Spec
	watch   func(job.Progress)
	alone   bool     // imports move one file at a time
	known   []string // paths whose rows were looked up
	opener  func(context.Context, job.Opening, job.Limits) (transfer.Opener, error)
	sealer  func(context.Context, job.Sealing) (transfer.Sealer, error)
	refetch func(error) bool
	run     int64
}

type noSecrets struct{ password string }

func (n noSecrets) Reveal(context.Context, job.SecretRef) (secret.Text, error) {
	return secret.New([]byte(n.password)), nil
}

// setup starts the server of sftptest with folders /out (to import from), /done and /in (to export to).
func setup(t *testing.T, knobs sftptest.Knobs) *bundle {
	t.Helper()
	root := t.TempDir()
	server, err := sftptest.Start(sftptest.Options{
		Root: root, Users: []sftptest.User{{Name: "platform", Password: "pw"}}, Knobs: knobs,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	host, port, err := net.SplitHostPort(server.Addr())
	if err != nil {
		t.Fatal(err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		t.Fatal(err)
	}
	b := begin(t, root, job.Endpoint{
		Host: host, Port: number, User: "platform", HostKeys: server.HostKeys(),
		Auth: job.Auth{Methods: []string{"password"}, Password: &job.SecretRef{From: job.SecretStored, Name: "pw"}},
	})
	b.server = server
	return b
}

// begin makes the bundle around a server.
func begin(t *testing.T, root string, endpoint job.Endpoint) *bundle {
	t.Helper()
	endpoint.Timeouts = job.Timeouts{
		Connect: 5 * time.Second, Handshake: 10 * time.Second, Operation: 5 * time.Second, Stall: 10 * time.Second,
		Keepalive: 5 * time.Second, Floor: 1, FloorOver: time.Minute,
	}
	b := &bundle{t: t, root: root, landing: filepath.Join(t.TempDir(), "landing"), outbox: t.TempDir(), stage: t.TempDir()}
	for _, dir := range []string{"out", "done", "in"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	s, err := store.Open(t.Context(), store.Options{Path: blank.Lay(t, filepath.Join(t.TempDir(), "haulier.db"))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	b.store = s
	b.pool = sftp.NewPool(sftp.Options{Store: s, Secrets: noSecrets{"pw"}})
	b.conn = job.Connection{Name: "acme", Enabled: true, Entity: "acme-nv", MaxConnections: 2, Endpoint: endpoint}
	return b
}

// importing makes the job an import of *.csv from /out.
func (b *bundle) importing(change func(*job.Import)) *bundle {
	im := &job.Import{
		Location: "out", Dir: "/out", Match: "*.csv", Ignore: []string{"*.part"}, LookBack: 7 * 24 * time.Hour,
		Landing: b.landing, Name: "{name}", IfExists: job.ExistsVersion, Duplicates: job.DuplicatesSkip,
		AfterSuccess: job.Retire{Action: job.RetireKeep},
	}
	if change != nil {
		change(im)
	}
	b.spec = spec(job.TypeImport)
	b.spec.Import = im
	return b
}

// exporting makes the job an export of *.csv to /in.
func (b *bundle) exporting(change func(*job.Export)) *bundle {
	ex := &job.Export{
		Outbox: b.outbox, Match: "*.csv", LookBack: 7 * 24 * time.Hour, Resend: job.ResendChanged,
		Location: "in", Dir: "/in", Name: "{name}", IfExists: job.ExistsFail, PartialSuffix: ".part",
		OnLostReply: job.LostHold, AfterSuccess: job.Retire{Action: job.RetireKeep},
	}
	if change != nil {
		change(ex)
	}
	b.spec = spec(job.TypeExport)
	b.spec.Export = ex
	return b
}

func spec(t job.Type) job.Spec {
	return job.Spec{
		Name: "acme-" + string(t), Type: t, Connection: "acme", Enabled: true, Timing: job.Timing{Zone: time.UTC},
		Limits: job.Limits{Timeout: time.Minute, MaxFileSize: 1 << 30, MaxEntries: 1000, PGPRatio: 50},
	}
}

// do runs the job once, as a person would, and gives what it came to.
func (b *bundle) do(change ...func(*job.Run)) job.Result {
	b.t.Helper()
	session, err := b.pool.Session(b.t.Context(), b.conn)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.doOn(session, change...)
}

// asked is a run that a person asks for.
func (b *bundle) asked() job.Run {
	return job.Run{Job: b.spec.Name, Connection: "acme", Type: b.spec.Type, Trigger: job.TriggerManual, Attempt: 1, Started: time.Now(), State: job.RunRunning}
}

// doOn is do on a session, which it closes.
func (b *bundle) doOn(session *sftp.Session, change ...func(*job.Run)) job.Result {
	b.t.Helper()
	defer session.Close()
	asked := b.asked()
	for _, c := range change {
		c(&asked)
	}
	run, err := b.store.BeginRun(b.t.Context(), asked)
	if err != nil {
		b.t.Fatal(err)
	}
	b.run, run.AsRun = run.ID, asked.AsRun
	if b.spec.Type == job.TypeImport {
		return b.importer().Run(b.t.Context(), session, b.conn, b.spec, run)
	}
	return b.exporter().Run(b.t.Context(), session, b.conn, b.spec, run)
}

func (b *bundle) importer() *transfer.Importer {
	parallel := 0
	if b.alone {
		parallel = 1
	}
	return &transfer.Importer{
		Parallel: parallel,
		Ledger:   steppedLedger{b.store, &b.known},
		Landing:  func(dir string) (transfer.Landing, error) { return local.OpenLanding(dir) },
		Former:   func(dir string) (transfer.Landing, error) { return local.FindLanding(dir) },
		Opener:   b.opener, Refetch: b.refetch, Forget: local.Forget, Epoch: b.store.Epoch, Watch: b.watch, Looked: b.store.Looked,
	}
}

func (b *bundle) exporter() *transfer.Exporter {
	return &transfer.Exporter{
		Ledger: steppedLedger{b.store, &b.known},
		Outbox: func(dir string) (transfer.Outbox, error) { return local.OpenOutbox(dir) },
		Stage:  func(string) (transfer.Stage, error) { return local.OpenStage(b.stage) },
		Sealer: b.sealer, Forget: local.Forget, Epoch: b.store.Epoch, Watch: b.watch, Looked: b.store.Looked,
	}
}

// want runs the job and compares its counts: ok, failed, skipped, held.
func (b *bundle) want(ok, failed, skipped, held int, change ...func(*job.Run)) job.Result {
	b.t.Helper()
	result := b.do(change...)
	if got := fmt.Sprint(result.Counts); got != fmt.Sprint(job.Counts{OK: ok, Failed: failed, Skipped: skipped, Held: held}) {
		b.t.Fatalf("counts {ok failed skipped held} = %s, want {%d %d %d %d}; state %s, reason %v", got, ok, failed, skipped, held, result.State, result.Reason)
	}
	return result
}

// put writes a file below the server's root or anywhere else, with a time of its own.
func put(t *testing.T, path, text string, mtime ...time.Time) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if len(mtime) == 1 {
		if err := os.Chtimes(path, mtime[0], mtime[0]); err != nil {
			t.Fatal(err)
		}
	}
}

func (b *bundle) remote(parts ...string) string {
	return filepath.Join(append([]string{b.root}, parts...)...)
}

// has checks what a folder holds: name and content of every file that does not begin with a dot.
func has(t *testing.T, dir string, want map[string]string) {
	t.Helper()
	got := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil && len(want) > 0 {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Name() == local.StageDir {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		got[entry.Name()] = string(text)
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s holds %v, want %v", dir, got, want)
	}
}

// rows gives all rows of the job, the oldest first.
func (b *bundle) rows() []job.File {
	b.t.Helper()
	files, err := b.store.Files(b.t.Context(), store.FileFilter{Job: b.spec.Name})
	if err != nil {
		b.t.Fatal(err)
	}
	for i, j := 0, len(files)-1; i < j; i, j = i+1, j-1 {
		files[i], files[j] = files[j], files[i]
	}
	return files
}

// last gives the newest row.
func (b *bundle) last() job.File {
	b.t.Helper()
	rows := b.rows()
	if len(rows) == 0 {
		b.t.Fatal("the ledger is empty")
	}
	return rows[len(rows)-1]
}

// again gives a row back to the next run, as control does for a person who decides so.
func (b *bundle) again(row job.File) {
	b.t.Helper()
	b.decide(row, func(f *job.File) {
		f.State, f.Reason, f.Step, f.Absent = job.FileWaiting, nil, job.StepSeen, false
		if f.Spent && f.Kept != "" {
			f.Step = job.StepDownloaded
		}
	})
}
