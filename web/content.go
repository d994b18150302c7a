package web

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/web/route"
)

// Contents gives out what landed. The body fails in place of ending when its bytes are not those of the digest.
type Contents interface {
	OpenContent(ctx context.Context, id int64, received bool) (name string, digest job.Digest, body io.ReadCloser, err error)
}

// patienceOf is how long an answer may take to be written, or a stretch of one that is long.
func (o Options) patienceOf() time.Duration { return cmp.Or(o.Patience, 30*time.Second) }

// Auditor writes down what somebody did.
type Auditor interface {
	Act(ctx context.Context, who, act, object, detail string) error
}

// onSocket is who asks on the daemon's socket, where nobody logs in.
const onSocket = "socket"

// audited has the audit list know of content before it is given out on the socket; over the network the gate sees to that.
func (o Options) audited(next http.HandlerFunc) http.HandlerFunc {
	return route.Keeper{
		Note: func(r *http.Request, act, detail string) error {
			return o.Audit.Act(context.WithoutCancel(r.Context()), onSocket, act, r.URL.Path, detail)
		},
		Refuse: refuse,
	}.Kept(next)
}

func (a *api) content(w http.ResponseWriter, r *http.Request) {
	id, err := idOf(r)
	as := r.URL.Query().Get("as")
	if err == nil && as != "" && as != "landed" && as != "received" {
		err = badRequest{fmt.Errorf("as is %q, and may be landed or received", as)}
	}
	if err != nil {
		refuse(w, r, err)
		return
	}
	name, digest, body, err := a.Contents.OpenContent(r.Context(), id, as == "received")
	if err != nil {
		refuse(w, r, err)
		return
	}
	defer body.Close()
	a.stream(w, r, name, digest, body)
}

// stream gives a file out. Headers go with the first bytes: a small file that is not what it should be is a refusal, of a large
// one the answer breaks off.
func (a *api) stream(w http.ResponseWriter, r *http.Request, name string, digest job.Digest, body io.Reader) {
	control, piece := http.NewResponseController(w), make([]byte, 32<<10)
	for begun := false; ; begun = true {
		n, err := body.Read(piece)
		if err != nil && !errors.Is(err, io.EOF) || r.Context().Err() != nil {
			if begun {
				panic(http.ErrAbortHandler) // whoever reads must not take it for whole
			}
			refuse(w, r, err)
			return
		}
		if !begun {
			describe(w.Header(), name, digest)
		}
		if err != nil {
			return
		}
		_ = control.SetWriteDeadline(time.Now().Add(a.patienceOf())) // a recorder of tests has none
		if _, err := w.Write(piece[:n]); err != nil {
			return // they are gone
		}
	}
}

// describe says what a file is; its hash as RFC 9530 wants it.
func describe(h http.Header, name string, digest job.Digest) {
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Content-Length", strconv.FormatInt(digest.Size, 10))
	h.Set("Content-Disposition", attachment(name))
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if sum, err := hex.DecodeString(digest.SHA256); err == nil {
		h.Set("Content-Digest", "sha-256=:"+base64.StdEncoding.EncodeToString(sum)+":")
	}
}

// attachment offers a file under a name that came from outside.
func attachment(name string) string {
	plain := strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || strings.ContainsRune(`/\"`, r) {
			return '_'
		}
		return r
	}, strings.ToValidUTF8(name, "_"))
	return cmp.Or(mime.FormatMediaType("attachment", map[string]string{"filename": plain}), "attachment")
}
