package sftp

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp/wire"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
)

// act is what was being done when an error came.
type act struct {
	doing   string // verb
	path    string
	to      string // target of a rename
	dir     string // folder that takes the bytes of an upload
	parents bool   // a missing path is worth a look at what is there of it
	writes  bool
	changes bool // it changes names: a lost answer leaves it open
}

// failed speaks for an error of the engine. Errors of the caller's own side are returned as they are.
func (s *Session) failed(ctx context.Context, a act, err error) error {
	err = s.explain(ctx, a, err)
	if r, ok := err.(*job.Reason); ok { // not one that the caller's own error wraps
		return s.way.redact(r)
	}
	return err
}

func (s *Session) explain(ctx context.Context, a act, err error) error {
	var local *wire.LocalError
	var connection *wire.ConnectionError
	var status *wire.StatusError
	var size *wire.SizeError
	var limit *wire.LimitError
	switch {
	case errors.As(err, &local):
		return local.Err
	case errors.As(err, &connection):
		return s.lost(ctx, a, connection)
	case errors.As(err, &size):
		return s.sizeChanged(size)
	case errors.As(err, &limit):
		return s.tooMany(a, limit)
	case errors.As(err, &status):
		return s.refused(ctx, a, status)
	}
	return s.remote("remote.failure", a, "the server did something unforeseen", "show the text below to whoever runs the server", err)
}

func (s *Session) at() string { return who(s.conn.Endpoint) }

func (s *Session) remote(slug string, a act, cause, do string, err error) *job.Reason {
	return &job.Reason{
		Slug: slug, What: a.outcome(), Cause: cause, Do: do, Who: job.WhoCustomer, Technical: technical(err), Err: err,
	}
}

// outcome says what became of the data, as far as an ordinary failure goes.
func (a act) outcome() string {
	switch {
	case a.writes:
		return fmt.Sprintf("%s was not delivered", shown(a.path))
	case a.doing == "fetch":
		return fmt.Sprintf("nothing of %s landed, and it was not touched on the server", shown(a.path))
	case a.doing == "rename":
		return fmt.Sprintf("%s keeps its name", shown(a.path))
	case a.doing == "remove":
		return fmt.Sprintf("%s stays on the server", shown(a.path))
	}
	return untouched
}

// lost speaks for a session that ended before the answer came.
func (s *Session) lost(ctx context.Context, a act, e *wire.ConnectionError) error {
	unknown := e.Sent && (a.changes || a.writes && e.Op == wire.OpClose)
	cause := e.Err
	if mine := s.way.life.why(); mine != nil {
		cause = mine
	}
	r := *s.lostReason(ctx, a, cause)
	if unknown {
		r.What = fmt.Sprintf("it is not known whether the server could still %s %s: the request was sent, and its answer lost", a.doing, shown(a.path))
	}
	r.Unknown = unknown
	r.Err = errors.Join(e, r.Err)
	return &r
}

func (s *Session) lostReason(ctx context.Context, a act, cause error) *job.Reason {
	lost := func(slug, text, do string) *job.Reason {
		r := network(slug, text, do, cause)
		r.What = a.outcome()
		return r
	}
	var ours *timeoutError
	again := "nothing yet; it is tried again"
	switch {
	case errors.As(cause, &ours):
		return lost(s.slowness(a, ours))
	case errors.Is(cause, wire.ErrSilent):
		return lost("net.stalled", fmt.Sprintf("%s did not answer when asked to %s %s within %v", s.at(), a.doing, shown(a.path), s.way.last().timeouts.Operation), again)
	case errors.Is(cause, wire.ErrUnanswered):
		return lost("net.stalled", fmt.Sprintf("%s left a request unanswered for too long while it answered others, so the connection was given up while we were to %s %s",
			s.at(), a.doing, shown(a.path)), again)
	case ctx.Err() != nil:
		return ended(a.outcome(), &endError{context.Cause(ctx)})
	case errors.Is(cause, wire.ErrListingPacket):
		return s.remote("remote.listing_packet_too_long", a, fmt.Sprintf("the server packs the whole listing of %s into one packet of more than 256 KiB", shown(a.path)),
			"ask the customer to clear old files away", cause)
	case errors.Is(cause, wire.ErrAbandoned):
		return lost("net.lost", "the session was dropped on purpose, so that the server does not take a download for done that was not", again)
	case errors.Is(cause, wire.ErrOtherFile):
		r := s.remote("remote.failure", a, fmt.Sprintf("somebody took the name %s away while it was written over several connections", shown(a.path)), again, cause)
		r.Temporary = true
		return r
	case errors.Is(cause, wire.ErrProtocol), errors.Is(cause, wire.ErrNotSFTP):
		return s.remote("remote.protocol", a, fmt.Sprintf("%s sent what SFTP does not allow; nothing more was believed", s.at()),
			"show the text below to whoever runs the server", cause)
	}
	return lost("net.lost", fmt.Sprintf("the connection to %s broke while it was asked to %s %s", s.at(), a.doing, shown(a.path)), again)
}

// slowness gives slug, cause and next step for one of our own bounds.
func (s *Session) slowness(a act, e *timeoutError) (slug, cause, do string) {
	again := "nothing yet; it is tried again"
	switch {
	case errors.Is(e, errTooSlow):
		return "net.too_slow", fmt.Sprintf("%s moved less than %d bytes a second over %v of %s", s.at(), s.way.last().timeouts.Floor, e.after, shown(a.path)),
			"if the line is always that slow, lower timeouts.floor of the connection"
	case errors.Is(e, errStalled):
		return "net.stalled", fmt.Sprintf("not a byte of %s moved for %v between %s and us", shown(a.path), e.after, s.at()), again
	case errors.Is(e, errSilent):
		return "net.lost", fmt.Sprintf("%s gave no sign of life for %v", s.at(), e.after), again
	}
	return "net.stalled", fmt.Sprintf("%s did not answer when asked to %s %s within %v", s.at(), a.doing, shown(a.path), e.after), again
}

func (s *Session) sizeChanged(e *wire.SizeError) *job.Reason {
	return &job.Reason{
		Slug: "remote.size_changed", What: fmt.Sprintf("nothing of %s landed, and it was not touched on the server", shown(e.Path)),
		Cause: fmt.Sprintf("it was listed with %d bytes, and at least %d were there when it was fetched: it is still being written, or was replaced", e.Want, e.Got),
		Do:    "nothing; the next run that finds it unchanged takes it up again", Who: job.WhoCustomer, Technical: technical(e), Err: e,
	}
}

func (s *Session) tooMany(a act, e *wire.LimitError) *job.Reason {
	return s.remote("remote.too_many_entries", a, fmt.Sprintf("folder %s holds more %s than the %d that one listing may have", shown(a.path), e.What, e.Limit),
		"ask the customer to clear old files away, or raise limits.max_entries", e)
}

// refused speaks for an answer of the server that says no.
func (s *Session) refused(ctx context.Context, a act, e *wire.StatusError) error {
	if a.doing == "rename" && !errors.Is(e, fs.ErrNotExist) {
		return s.renameRefused(a.path, a.to, e)
	}
	switch {
	case e.Code == packet.NoSpace, e.Code == packet.QuotaExceeded:
		return s.noSpace(a, 0, e)
	case errors.Is(e, fs.ErrNotExist):
		return s.pathMissing(ctx, a, e)
	case errors.Is(e, fs.ErrPermission):
		return s.remote("remote.permission", a, fmt.Sprintf("the server does not let user %q %s %s", s.conn.User, a.doing, shown(a.path)),
			"ask the customer for this right on this folder, or check the path of the location", e)
	case errors.Is(e, errors.ErrUnsupported):
		return s.remote("remote.unsupported", a, fmt.Sprintf("this server is not able to %s %s", a.doing, shown(a.path)),
			"nothing; the profile of the connection remembers it", e)
	case e.Code == packet.NoConnection, e.Code == packet.ConnectionLost, e.Code == packet.NoMedia:
		r := s.remote("remote.failure", a, "the server has lost its own storage: "+technical(e), "nothing yet; it is tried again", e)
		r.Temporary = true
		return r
	}
	if a.writes {
		if free, err := s.Free(context.WithoutCancel(ctx), a.dir); err == nil && free < fullBelow {
			return s.noSpace(a, free, e)
		}
	}
	return s.remote("remote.failure", a, fmt.Sprintf("the server would not %s %s and gives no reason", a.doing, shown(a.path)),
		"ask whoever runs the server to look into its log at this time", e)
}

// fullBelow is the free space below which a refusal without a reason is taken for a full disk: one request does not fit.
const fullBelow = 256 << 10

func (s *Session) noSpace(a act, free int64, e *wire.StatusError) *job.Reason {
	return s.remote("remote.no_space", a, fmt.Sprintf("the disk or the quota of user %q on the server is full (%d bytes are free in %s)", s.conn.User, free, shown(a.dir)),
		"ask the customer to make room; the next run tries again", e)
}

func (s *Session) renameRefused(from, to string, err error) *job.Reason {
	return s.remote("remote.rename_refused", act{doing: "rename", path: from},
		fmt.Sprintf("the server would not rename %s to %s: the name is taken and it has no posix-rename, or it forbids renaming", shown(from), shown(to)),
		"to.if_exists: replace, or ask the customer for the right to rename; a server that takes uploads only: profile: put-only", err)
}

// pathMissing shows what there is of a path that is not there.
func (s *Session) pathMissing(ctx context.Context, a act, e *wire.StatusError) *job.Reason {
	cause := fmt.Sprintf("there is no %s on the server", shown(a.path))
	if a.parents && !s.putOnly {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), wire.Patience*s.way.last().timeouts.Operation)
		defer cancel()
		if parent := s.nearest(ctx, a.path); parent != "" {
			cause += fmt.Sprintf("; the nearest folder that exists is %s", shown(parent))
		}
		if home, err := s.way.wire.Realpath(ctx, "."); err == nil {
			cause += fmt.Sprintf(", and a login begins in %s", shown(home))
		}
	}
	return s.remote("remote.path_missing", a, cause, "check the path of the location; case matters, and it is relative to root", e)
}

// nearest is the nearest existing folder above a path; empty: none can be seen.
func (s *Session) nearest(ctx context.Context, name string) string {
	const most = 16
	for range most {
		parent := path.Dir(name)
		if parent == name {
			return ""
		}
		name = parent
		entry, err := s.way.wire.Stat(ctx, name)
		if err == nil && (entry.Kind == job.KindDir || entry.Kind == job.KindUnknown) {
			return name
		}
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return ""
		}
	}
	return ""
}

func fingerprint(key ssh.PublicKey) string { return ssh.FingerprintSHA256(key) }

// negotiated names the key exchange and the cipher of a connection.
func negotiated(c *ssh.Client) string {
	if able, ok := c.Conn.(ssh.AlgorithmsConnMetadata); ok {
		return algorithmsText(able.Algorithms())
	}
	return ""
}
