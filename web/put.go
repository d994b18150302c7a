package web

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strings"
	"time"

	"github.com/haulier/haulier/web/route"
)

// Offer is a file that a program sends for the outbox of a job.
type Offer struct {
	Name string
	Key  string
	By   string
	Size int64 // negative: not said
	Body io.Reader
}

// Intake puts files into outboxes, each once, and gives what lies there.
type Intake interface {
	PutFile(ctx context.Context, jobName string, o Offer) (any, error)
}

// PutFile is the answer to a file that was put into an outbox.
type PutFile struct {
	Job    string `json:"job"`
	Name   string `json:"name"`
	Size   int64  `json:"size"`
	SHA256 string `json:"sha256"`
}

const (
	putMost = 1 << 40 // of a body; the job's limits.max_file_size counts
	keyMost = 255     // bytes of an Idempotency-Key
)

func (a *api) put(w http.ResponseWriter, r *http.Request) {
	r.Body = a.steadily(w, r)
	answers(a.putFile)(unhurried{w, a.patienceOf()}, r)
}

// unhurried begins to count how long the answer takes when it is written: a large file takes as long as it takes to come.
type unhurried struct {
	http.ResponseWriter
	patience time.Duration
}

func (u unhurried) WriteHeader(status int) {
	_ = http.NewResponseController(u.ResponseWriter).SetWriteDeadline(time.Now().Add(u.patience)) // a recorder of tests has none
	u.ResponseWriter.WriteHeader(status)
}

func (u unhurried) Unwrap() http.ResponseWriter { return u.ResponseWriter }

func (a *api) putFile(r *http.Request) (any, error) {
	key := r.Header.Get("Idempotency-Key")
	if !printable(key) {
		return nil, badRequest{fmt.Errorf("the header Idempotency-Key is needed: a name of your own for this file, up to %d characters of ASCII, by which it may be sent again", keyMost)}
	}
	o := Offer{Name: r.URL.Query().Get("name"), Key: key, By: cmp.Or(route.Of(r.Context()).Name, onSocket), Size: r.ContentLength, Body: r.Body}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if strings.HasPrefix(kind, "multipart/") {
		if err := o.single(r); err != nil {
			return nil, formError(err)
		}
	}
	return a.Intake.PutFile(context.WithoutCancel(r.Context()), r.PathValue("name"), o)
}

func printable(key string) bool {
	return key != "" && len(key) <= keyMost && !strings.ContainsFunc(key, func(c rune) bool { return c < ' ' || c > '~' })
}

// single makes the one part of a form the file.
func (o *Offer) single(r *http.Request) error {
	parts, err := r.MultipartReader()
	if err != nil {
		return err
	}
	part, err := parts.NextPart()
	if err != nil {
		return fmt.Errorf("the form has no part: %w", err)
	}
	o.Name, o.Size, o.Body = cmp.Or(o.Name, part.FileName()), -1, &onlyPart{part, parts}
	return nil
}

// onlyPart is the file of a form, which ends only when the form does: what comes behind it would be lost without a word.
type onlyPart struct {
	part  io.Reader
	parts *multipart.Reader
}

func (p *onlyPart) Read(into []byte) (int, error) {
	n, err := p.part.Read(into)
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
		return n, formError(fmt.Errorf("read the form: %w", err))
	}
	switch _, err := p.parts.NextPart(); {
	case err == nil:
		return n, badRequest{errors.New("the form has more than one part; send each file by itself")}
	case !errors.Is(err, io.EOF):
		return n, formError(err)
	}
	return n, io.EOF
}

// formError says whose mistake it is that a form cannot be read.
func formError(err error) error {
	if errors.Is(err, errSlow) {
		return err
	}
	return badRequest{err}
}
