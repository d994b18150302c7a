package transfer_test

import (
	"context"
	"errors"
	"io"
	"os"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer"
)

// blow is what happens at one action of a run.
type blow int

const (
	nothing     blow = iota
	killProcess      // this and every later call of the run fails, whatever it is about
	killSession      // this and every later request to the server fails with its answer lost
	refuse           // this one call fails, and the next ones are well
	happen           // something else happens at this moment, and the call goes on
)

// guard counts the durable actions of a run and strikes at one of them, before or after it took effect.
type guard struct {
	blow  blow
	at    int // from 1; 0: never
	after bool
	event func() // what happens at the action, beside or instead of the blow

	mu     sync.Mutex
	count  int
	hit    string // the action that was hit
	dead   bool   // the process
	lost   bool   // the session
	late   bool   // a request that was cut off takes effect after all, when release is called
	owed   func() error
	watch  func(act string) // called after every request to the server that took effect
	landed func()           // called after every landing that took effect
}

var (
	errDead = errors.New("the process is dead")
	errLost = &job.Reason{Slug: "net.lost", What: "the request was sent, and its answer lost", Cause: "test", Do: "nothing", Who: job.WhoNetwork, Temporary: true, Unknown: true}
	errSays = &job.Reason{Slug: "remote.failure", What: "the file was left as it was", Cause: "test", Do: "nothing", Who: job.WhoCustomer}
)

// kind says whose action it is, which decides what its failure looks like.
type kind int

const (
	ofLedger kind = iota
	ofDisk
	ofServer
)

func (k kind) failure(b blow) error {
	switch {
	case b == killProcess:
		return errDead
	case b == killSession:
		return errLost
	case k == ofServer:
		return errSays
	case k == ofDisk:
		return syscall.EIO
	}
	return errors.New("disk I/O error")
}

// act does one action, or does not.
func (g *guard) act(k kind, name string, do func() error) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.dead:
		return errDead
	case g.lost && k == ofServer:
		return errLost
	}
	if g.blow == killSession && k != ofServer {
		return do()
	}
	g.count++
	if g.count != g.at || g.hit != "" {
		return do()
	}
	g.hit = name
	return g.strike(k, do)
}

func (g *guard) strike(k kind, do func() error) error {
	if !g.after && g.event != nil {
		g.event()
	}
	var done error
	switch {
	case g.after, g.blow == happen:
		done = do()
	case g.late && k == ofServer:
		g.owed = do
	}
	if g.after && g.event != nil {
		g.event()
	}
	switch g.blow {
	case killProcess:
		g.dead = true
	case killSession:
		g.lost = true
	case nothing, happen:
		return done
	}
	if done != nil {
		return done
	}
	return k.failure(g.blow)
}

// alive is asked by everything that is no durable action.
func (g *guard) alive(k kind) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case g.dead:
		return errDead
	case g.lost && k == ofServer:
		return errLost
	}
	return nil
}

func valued[T any](g *guard, k kind, name string, do func() (T, error)) (T, error) {
	var value T
	err := g.act(k, name, func() error {
		var err error
		value, err = do()
		return err
	})
	if err != nil {
		var none T
		return none, err
	}
	return value, nil
}

// guardedLedger is the real store of a process that may die.
type guardedLedger struct {
	steppedLedger
	g *guard
}

func (l guardedLedger) Claim(ctx context.Context, f job.File, run int64) (job.File, error) {
	return valued(l.g, ofLedger, "claim", func() (job.File, error) { return l.Store.Claim(ctx, f, run) })
}

func (l guardedLedger) Advance(ctx context.Context, from job.Step, f job.File, beside job.Beside) (job.File, error) {
	return valued(l.g, ofLedger, "advance "+string(from)+" to "+string(f.Step), func() (job.File, error) { return l.steppedLedger.Advance(ctx, from, f, beside) })
}

func (l guardedLedger) SeeMany(ctx context.Context, files []job.File) ([]job.File, error) {
	return valued(l.g, ofLedger, "see", func() ([]job.File, error) { return l.Store.SeeMany(ctx, files) })
}

func (l guardedLedger) MarkAbsent(ctx context.Context, ids []int64, before int64) error {
	return l.g.act(ofLedger, "mark absent", func() error { return l.Store.MarkAbsent(ctx, ids, before) })
}

func (l guardedLedger) Outcome(ctx context.Context, o job.Outcome) error {
	if err := l.g.alive(ofLedger); err != nil {
		return err
	}
	return l.Store.Outcome(ctx, o)
}

func (l guardedLedger) Request(ctx context.Context, r job.Request) error {
	if err := l.g.alive(ofLedger); err != nil {
		return err
	}
	return l.Store.Request(ctx, r)
}

// guardedRemote is a real session that may be cut.
type guardedRemote struct {
	transfer.Carrier
	g *guard
}

func (r guardedRemote) act(name string, do func() error) error {
	return r.g.act(ofServer, name, func() error {
		err := do()
		if err == nil && r.g.watch != nil {
			r.g.watch(name)
		}
		return err
	})
}

func (r guardedRemote) Rename(ctx context.Context, from, to string, means job.RenameMeans, sent ...func()) error {
	return r.act("rename "+from+" to "+to, func() error { return r.Carrier.Rename(context.WithoutCancel(ctx), from, to, means, sent...) })
}

func (r guardedRemote) Remove(ctx context.Context, path string) error {
	return r.act("remove "+path, func() error { return r.Carrier.Remove(context.WithoutCancel(ctx), path) })
}

func (r guardedRemote) List(ctx context.Context, dir string, limit int, each func(job.Entry) error) error {
	if err := r.g.alive(ofServer); err != nil {
		return err
	}
	return r.Carrier.List(ctx, dir, limit, each)
}

func (r guardedRemote) Stat(ctx context.Context, path string) (job.Entry, error) {
	entry, failed := job.Entry{}, error(nil)
	err := r.g.act(ofServer, "stat "+path, func() error {
		entry, failed = r.Carrier.Stat(ctx, path)
		return failed
	})
	return entry, err
}

// Get has two moments: in the middle of the bytes, and the answer to CLOSE.
func (r guardedRemote) Get(ctx context.Context, path string, size int64, dst io.Writer, committed func(job.Entry) error) (int64, error) {
	if err := r.g.alive(ofServer); err != nil {
		return 0, err
	}
	if err := r.g.act(ofServer, "get "+path, func() error { return nil }); err != nil {
		return 0, err
	}
	n, err := r.Carrier.Get(ctx, path, size, dst, committed)
	if err != nil {
		return n, err
	}
	if err := r.g.act(ofServer, "close of get "+path, func() error { return nil }); err != nil {
		return n, err
	}
	return n, nil
}

// Put has three: before OPEN, in the middle, and the answer to CLOSE.
func (r guardedRemote) Put(ctx context.Context, path string, src io.Reader, size int64, ahead func()) (int64, error) {
	if err := r.g.act(ofServer, "open of put "+path, func() error { return nil }); err != nil {
		return 0, err
	}
	half := &halfway{Reader: src, cut: func() error {
		return r.g.act(ofServer, "middle of put "+path, func() error { return nil })
	}}
	n, err := r.Carrier.Put(ctx, path, half, size, ahead)
	if half.err != nil {
		return n, half.err
	}
	if err != nil {
		return n, err
	}
	if r.g.watch != nil {
		r.g.watch("put " + path)
	}
	if err := r.g.act(ofServer, "close of put "+path, func() error { return nil }); err != nil {
		return n, err
	}
	return n, nil
}

// halfway gives a few bytes, then comes its moment, then the rest.
type halfway struct {
	io.Reader
	given bool
	asked bool
	err   error
	cut   func() error
}

func (h *halfway) Read(p []byte) (int, error) {
	if h.err != nil {
		return 0, h.err
	}
	if !h.given {
		h.given = true
		return h.Reader.Read(p[:min(3, len(p))])
	}
	if !h.asked {
		h.asked = true
		if h.err = h.cut(); h.err != nil {
			return 0, h.err
		}
	}
	return h.Reader.Read(p)
}

// guardedStage is a real stage of a process that may die.
type guardedStage struct {
	transfer.Stage
	g *guard
}

func (s guardedStage) Create(name string) (io.WriteCloser, error) {
	return valued(s.g, ofDisk, "create "+name, func() (io.WriteCloser, error) { return s.Stage.Create(name) })
}

func (s guardedStage) Promote(from, to string) error {
	return s.g.act(ofDisk, "promote "+from, func() error { return s.Stage.Promote(from, to) })
}

func (s guardedStage) Remove(name string) error {
	if err := s.g.alive(ofDisk); err != nil {
		return err
	}
	return s.Stage.Remove(name)
}

func (s guardedStage) SetEpoch(jobName, epoch string) error {
	if err := s.g.alive(ofDisk); err != nil {
		return err
	}
	return s.Stage.SetEpoch(jobName, epoch)
}

func (s guardedStage) ChangeEpoch(jobName, from, to string) error {
	if err := s.g.alive(ofDisk); err != nil {
		return err
	}
	return s.Stage.ChangeEpoch(jobName, from, to)
}

// guardedLanding is a real landing of a process that may die.
type guardedLanding struct {
	guardedStage
	landing transfer.Landing
}

func (l guardedLanding) Land(ready, final string, replace bool) error {
	return l.g.act(ofDisk, "land "+final, func() error {
		err := l.landing.Land(ready, final, replace)
		if err == nil && l.g.landed != nil {
			l.g.landed()
		}
		return err
	})
}

func (l guardedLanding) Path(final string) string { return l.landing.Path(final) }
func (l guardedLanding) Taken(final string) bool  { return l.landing.Taken(final) }

func (l guardedLanding) Archive(staged, dir, name string) (path string, err error) {
	return valued(l.g, ofDisk, "archive "+name, func() (string, error) { return l.landing.Archive(staged, dir, name) })
}

// guardedOutbox is a real outbox of a process that may die.
type guardedOutbox struct {
	transfer.Outbox
	g *guard
}

func (o guardedOutbox) Remove(name string) error {
	return o.g.act(ofDisk, "remove "+name, func() error { return o.Outbox.Remove(name) })
}

func (o guardedOutbox) Move(name, dir, newName string) error {
	return o.g.act(ofDisk, "move "+name+" to "+newName, func() error { return o.Outbox.Move(name, dir, newName) })
}

// doGuarded runs the job once as a process that may die would, and ends the run as the next process does.
func (b *bundle) doGuarded(g *guard) job.Result {
	b.t.Helper()
	if _, err := b.store.EndClaims(b.t.Context()); err != nil {
		b.t.Fatal(err)
	}
	run, err := b.store.BeginRun(b.t.Context(), job.Run{
		Job: b.spec.Name, Connection: "acme", Type: b.spec.Type, Trigger: job.TriggerManual, Started: time.Now(), State: job.RunRunning,
	})
	if err != nil {
		b.t.Fatal(err)
	}
	session, err := b.pool.Session(b.t.Context(), b.conn)
	if err != nil {
		b.t.Fatal(err)
	}
	defer session.Close()
	remote := guardedRemote{session, g}
	var result job.Result
	if b.spec.Type == job.TypeImport {
		im := b.importer()
		im.Parallel, im.Ledger = 1, guardedLedger{steppedLedger{b.store, &b.known}, g}
		guarded := func(open func(string) (transfer.Landing, error)) func(string) (transfer.Landing, error) {
			return func(dir string) (transfer.Landing, error) {
				landing, err := open(dir)
				return guardedLanding{guardedStage{landing, g}, landing}, err
			}
		}
		im.Landing, im.Former = guarded(im.Landing), guarded(im.Former)
		result = im.Run(b.t.Context(), remote, b.conn, b.spec, run)
	} else {
		ex := b.exporter()
		ex.Parallel, ex.Ledger = 1, guardedLedger{steppedLedger{b.store, &b.known}, g}
		outbox, stage := ex.Outbox, ex.Stage
		ex.Outbox = func(dir string) (transfer.Outbox, error) {
			o, err := outbox(dir)
			return guardedOutbox{o, g}, err
		}
		ex.Stage = func(name string) (transfer.Stage, error) {
			s, err := stage(name)
			return guardedStage{s, g}, err
		}
		result = ex.Run(b.t.Context(), remote, b.conn, b.spec, run)
	}
	run.State, run.Ended = job.RunInterrupted, time.Now()
	if err := b.store.EndRun(b.t.Context(), run); err != nil {
		b.t.Fatal(err)
	}
	return result
}

// thorough asks for every blow at every action; without it each action gets some of the blows, and each blow some of the
// actions.
const thorough = "HAULIER_CRASH"

// sparse is how many actions lie between two that one way of dying is tried at; the race detector, which looks for what these tests
// share with all others, gets one of four.
const sparse = 12

func everyHit() int {
	switch {
	case os.Getenv(thorough) != "":
		return 1
	case testing.Short():
		return 4 * sparse
	}
	return sparse
}

// firstHit spreads the actions over the kinds and the ways.
func firstHit(kind, way int) int { return 1 + (kind*5+way)%everyHit() }
