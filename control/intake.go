package control

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"
	"time"

	"github.com/haulier/haulier/internal/failpoint"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer"
	"github.com/haulier/haulier/transfer/local"
	"github.com/haulier/haulier/transfer/naming"
)

// AnswerBook remembers what was asked under which key.
type AnswerBook interface {
	Answered(ctx context.Context, key string) (store.Answered, bool, error)
	BeginAnswer(ctx context.Context, key, asked string, line store.AuditLine) error
	EndAnswer(ctx context.Context, key, answer string) error
	DropAnswer(ctx context.Context, key string) error
}

// Offer is a file that a program puts into the outbox of a job.
type Offer struct {
	Name string
	Key  string // by which the program asks again: the same key is the same file
	By   string
	Size int64 // negative: not known
	Body io.Reader
}

// Put is a file that lies in an outbox, or did.
type Put struct {
	Job    string `json:"job"`
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

// Intake puts files into outboxes, whole or not at all, and each once.
//
// A file is made whole in a private folder inside the outbox. Then a row says that it is to appear, and a rename that replaces
// nothing has it appear: as for what lands, the absence of the first name is the proof, whatever became of the file since. A
// process that dies anywhere leaves nothing behind that a job takes by mistake, and whoever asks again gets the rest done.
type Intake struct {
	Book AnswerBook

	mu   sync.Mutex
	busy map[string]bool // keys that are being worked on
}

// Put puts a file into the outbox of a job. Asked again under the same key with the same file, it gives the same answer.
func (i *Intake) Put(ctx context.Context, spec job.Spec, o Offer) (Put, error) {
	w, err := i.work(spec, o)
	if err != nil {
		return Put{}, err
	}
	if !i.hold(w.key) {
		return Put{}, &job.Reason{Slug: "api.key_in_use", What: nothingPut, Cause: "a request with this Idempotency-Key is being worked on", Do: "ask again in a moment", Who: job.WhoUs, Err: job.ErrStale}
	}
	defer i.free(w.key)
	before, known, err := i.Book.Answered(ctx, w.key)
	switch {
	case err != nil:
		return Put{}, err
	case known:
		return w.again(ctx, before)
	}
	return w.anew(ctx)
}

func (i *Intake) hold(key string) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.busy[key] {
		return false
	}
	if i.busy == nil {
		i.busy = map[string]bool{}
	}
	i.busy[key] = true
	return true
}

func (i *Intake) free(key string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	delete(i.busy, key)
}

const nothingPut = "no file was put into the outbox"

// intaking is one file on its way into an outbox.
type intaking struct {
	Offer
	book   AnswerBook
	spec   job.Spec
	key    string // hash of what names this request
	staged string
	marker string
	outbox *local.Landing
	fresh  bool // the private folder was made just now: what is not in it proves nothing
}

// work judges a request before the first byte of the file is read.
func (i *Intake) work(spec job.Spec, o Offer) (*intaking, error) {
	if spec.Export == nil {
		return nil, &job.Reason{Slug: "api.not_an_export", What: nothingPut, Cause: fmt.Sprintf("job %s is an import and has no outbox", spec.Name), Do: "name an export", Who: job.WhoUs}
	}
	if err := naming.Check(o.Name); err != nil {
		return nil, &job.Reason{Slug: "local.unsafe_name", What: nothingPut, Cause: err.Error(), Do: "name the file in ?name=, without a folder", Who: job.WhoUs}
	}
	marker, takes, err := transfer.Takes(*spec.Export, o.Name, time.Now().In(spec.Timing.Zone))
	if err != nil {
		return nil, err
	}
	if !takes {
		return nil, &job.Reason{Slug: "api.name_not_taken", What: nothingPut, Cause: fmt.Sprintf("job %s takes no file called %s", spec.Name, naming.Printable(o.Name, 200)),
			Do: "compare it with from.match and from.ignore: haulier plan " + spec.Name, Who: job.WhoUs}
	}
	if _, err := local.OpenOutbox(spec.Export.Outbox); err != nil {
		return nil, &job.Reason{Slug: "local.outbox", What: nothingPut, Cause: "its folder cannot be used", Do: "haulier doctor", Who: job.WhoUs, Technical: err.Error(), Err: err}
	}
	_, err = local.FindLanding(spec.Export.Outbox)
	fresh := errors.Is(err, fs.ErrNotExist)
	outbox, err := local.OpenLanding(spec.Export.Outbox)
	if err != nil {
		return nil, &job.Reason{Slug: "local.outbox", What: nothingPut, Cause: "no file can be made whole inside it", Do: "haulier doctor", Who: job.WhoUs, Technical: err.Error(), Err: err}
	}
	sum := sha256.Sum256(fmt.Appendf(nil, "outbox %q %q %q", spec.Name, o.By, o.Key))
	key := hex.EncodeToString(sum[:])
	return &intaking{Offer: o, book: i.Book, spec: spec, key: key, staged: stagedOffer + key, marker: marker, outbox: outbox, fresh: fresh}, nil
}

// stagedOffer begins the names of files that are on their way into an outbox.
const stagedOffer = "offer-"

// anew reads a file that was not asked for before, and puts it there.
func (w *intaking) anew(ctx context.Context) (Put, error) {
	w.sweep()
	if w.outbox.Taken(w.Name) {
		return Put{}, w.taken(fs.ErrExist)
	}
	put, err := w.receive(ctx)
	if err != nil {
		return Put{}, errors.Join(err, w.outbox.Remove(w.staged))
	}
	line := store.AuditLine{At: time.Now(), Who: w.By, Act: "outbox.put", Object: w.spec.Name, Detail: fmt.Sprintf("%s, %d bytes, sha256 %s", naming.Printable(w.Name, 300), put.Size, put.SHA256)}
	if err := w.book.BeginAnswer(ctx, w.key, asked(put)+" "+w.place(), line); err != nil {
		return Put{}, err // the row may be there all the same: what is staged stays, for whoever asks again
	}
	if hit := failpoint.Hit("intake.begun"); hit != nil {
		return Put{}, hit
	}
	return w.appear(ctx, put, false)
}

// again goes on with a request that is known: nothing is written of what is sent, it only has to be the same.
func (w *intaking) again(ctx context.Context, before store.Answered) (Put, error) {
	put, err := w.read(io.Discard)
	if err != nil {
		return Put{}, err
	}
	same, place, _ := strings.Cut(before.Asked, " ")
	if same != asked(put) {
		return Put{}, &job.Reason{Slug: "api.key_reused", What: nothingPut, Cause: "this Idempotency-Key was used for another file, or another name", Do: "use a key of its own for each file", Who: job.WhoUs}
	}
	if before.Answer != "" {
		return put, json.Unmarshal([]byte(before.Answer), &put)
	}
	if w.fresh || place != w.place() {
		return Put{}, &job.Reason{Slug: "api.put_unknown", What: "whether the file appeared in the outbox is not known", Cause: "the process died while it was put there, and the outbox is another by now, or its folder .haulier was removed",
			Do: "look whether the file was sent: haulier history; else send it under another key", Who: job.WhoUs, Err: job.ErrStale}
	}
	return w.appear(ctx, put, true)
}

// place is a hash of the folder in which the file is to appear.
func (w *intaking) place() string {
	sum := sha256.Sum256([]byte(w.spec.Export.Outbox))
	return hex.EncodeToString(sum[:8])
}

// asked is the hash of what makes two requests the same.
func asked(p Put) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %d %s", p.Name, p.Size, p.SHA256))
	return hex.EncodeToString(sum[:])
}

// appear has the staged file appear in the outbox, and keeps the answer. Where the row is from before, a staged file that is
// gone did appear.
func (w *intaking) appear(ctx context.Context, put Put, before bool) (Put, error) {
	err := w.outbox.Land(w.staged, w.Name, false)
	if errors.Is(err, fs.ErrNotExist) && before {
		err = nil
	}
	switch {
	case errors.Is(err, fs.ErrExist): // it never appeared
		return Put{}, errors.Join(w.taken(err), w.book.DropAnswer(ctx, w.key), w.outbox.Remove(w.staged))
	case err != nil:
		return Put{}, fmt.Errorf("put %s into the outbox of %s: %w", naming.Printable(w.Name, 200), w.spec.Name, err)
	}
	if hit := failpoint.Hit("intake.renamed"); hit != nil {
		return Put{}, hit
	}
	if err := w.mark(); err != nil {
		return Put{}, err
	}
	text, err := json.Marshal(put)
	if err != nil {
		return Put{}, err
	}
	return put, w.book.EndAnswer(ctx, w.key, string(text))
}

// mark makes the done-file that the job waits for. A file that is gone had it.
func (w *intaking) mark() error {
	if w.marker == "" || w.outbox.Taken(w.marker) || !w.outbox.Taken(w.Name) {
		return nil
	}
	staged := w.staged + ".done"
	file, err := w.create(staged)
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		return err
	}
	if err := w.outbox.Land(staged, w.marker, false); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return w.outbox.Remove(staged)
}

// create makes a staged file anew: what lies there is of an attempt that died.
func (w *intaking) create(staged string) (io.WriteCloser, error) {
	if err := w.outbox.Remove(staged); err != nil {
		return nil, err
	}
	return w.outbox.Create(staged)
}

func (w *intaking) taken(why error) error {
	return &job.Reason{Slug: "local.name_taken", What: nothingPut, Cause: fmt.Sprintf("a file called %s lies there already, and none is replaced", naming.Printable(w.Name, 200)),
		Do: "wait until it is sent, or use another name", Who: job.WhoUs, Err: errors.Join(job.ErrExists, why)}
}

// sweep removes what requests left that nobody can go on with any more.
func (w *intaking) sweep() {
	const longGone = 8 * 24 * time.Hour // the row of a request is kept for seven days
	names, _ := w.outbox.Leftovers(time.Now().Add(-longGone))
	for _, name := range names {
		if strings.HasPrefix(name, stagedOffer) {
			_ = w.outbox.Remove(name)
		}
	}
}
