package control

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer"
)

// noteEvery is how often a key that one run uses again and again is written down as used.
const noteEvery = time.Minute

// uses writes down when keys were used. A use that cannot be written down is no reason to refuse a file: the log says so.
type uses struct {
	store KeyStore
	log   *slog.Logger

	mu    sync.Mutex
	noted map[string]time.Time
}

func (k Keyring) uses() *uses {
	log := k.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &uses{store: k.Store, log: log, noted: map[string]time.Time{}}
}

func (u *uses) note(ctx context.Context, keys ...job.Key) {
	u.mu.Lock()
	defer u.mu.Unlock()
	now := time.Now()
	for _, key := range keys {
		label := string(key.Kind) + " " + labelOf(key)
		if now.Sub(u.noted[label]) < noteEvery {
			continue
		}
		u.noted[label] = now
		if err := u.store.KeyUsed(context.WithoutCancel(ctx), key, now); err != nil {
			u.log.Warn("use of a key not written down", "key", label, "error", err)
		}
	}
}

// labelOf is NAME@VERSION.
func labelOf(key job.Key) string { return fmt.Sprintf("%s@%d", key.Name, key.Version) }

// notingOpener writes down which key of ours opened a message, also one that was then refused, and which of the customer's
// had signed it.
type notingOpener struct {
	transfer.Opener
	uses         *uses
	ours, theirs []job.Key
}

// Open opens a message.
func (n notingOpener) Open(ctx context.Context, dst io.Writer, src io.Reader) (job.Envelope, error) {
	envelope, err := n.Opener.Open(ctx, dst, src)
	for _, key := range n.ours {
		if envelope.KeyName == labelOf(key) {
			n.uses.note(ctx, key)
		}
	}
	for _, key := range n.theirs {
		if slices.ContainsFunc(key.KeyIDs, func(id string) bool { return strings.EqualFold(id, envelope.SignedBy) }) {
			n.uses.note(ctx, key)
			break // of versions with the same key the newest decided
		}
	}
	return envelope, err
}

// notingSealer writes down the keys that a message was made with, once it is whole.
type notingSealer struct {
	transfer.Sealer
	uses *uses
	keys []job.Key
}

// Seal begins a message.
func (n notingSealer) Seal(ctx context.Context, dst io.Writer) (io.WriteCloser, error) {
	message, err := n.Sealer.Seal(ctx, dst)
	if err != nil {
		return nil, err
	}
	return notingMessage{message, func() { n.uses.note(ctx, n.keys...) }}, nil
}

type notingMessage struct {
	io.WriteCloser
	closed func()
}

// Close ends the message.
func (m notingMessage) Close() error {
	err := m.WriteCloser.Close()
	if err == nil {
		m.closed()
	}
	return err
}
