package interop

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp"
)

var requests = []behaviour{
	{name: "request.rename-onto", says: "SSH_FXP_RENAME onto a name that is taken is refused, as the draft says", do: renameOnto},
	{name: "request.posix-rename", says: "posix-rename@openssh.com takes the place of a file", do: posixRename},
	{name: "request.fsync", says: "fsync@openssh.com is offered, and an upload with it goes through", do: fsync},
	{name: "request.statvfs", says: "statvfs@openssh.com tells the free space", do: statvfs},
	{name: "request.limits", says: "limits@openssh.com tells how much one request may carry", do: limits},
	{name: "request.mkdir", says: "a folder is made, and not twice", do: mkdir},
	{name: "request.remove", says: "a file is removed, and a missing one is told as missing", do: remove},
	{name: "request.no-setstat", says: "an upload sets no attributes, by the server's own log", do: noSetstat},
	{name: "request.keepalive", says: "a question that keeps the line alive is answered", do: keepalive},
	{name: "session.two", says: "two sessions of one account work side by side", do: twoSessions},
	{name: "session.twenty-failures", says: "sixty refused requests on one session do not keep the next one from working", do: twentyFailures},
	{name: "session.rekey", says: "keys are changed again and again while 8 MiB go both ways, by hash", do: rekey},
}

func renameOnto(v *visit) {
	v.seed(map[string]string{"a": "new", "b": "old", "c": "c"})
	s := v.session()
	v.allowed(s.Rename(v.t.Context(), v.path("c"), v.path("d"), job.RenameV3))
	if s.Rename(v.t.Context(), v.path("a"), v.path("b"), job.RenameV3) == nil {
		v.same("there", v.there(""), map[string]string{"b": "new", "d": "c"})
		end(differs, "it replaces")
	}
	v.same("there", v.there(""), map[string]string{"a": "new", "b": "old", "d": "c"})
}

func posixRename(v *visit) {
	v.seed(map[string]string{"a": "new", "b": "old"})
	_, c := v.raw()
	v.answered(c.PosixRename(v.t.Context(), v.path("a"), v.path("b")))
	v.same("there", v.there(""), map[string]string{"b": "new"})
}

func fsync(v *visit) {
	s := v.session()
	_, err := s.Put(v.t.Context(), v.path("a"), strings.NewReader("a"), 0, nil)
	v.allowed(err)
	v.same("there", v.there(""), map[string]string{"a": "a"})
	if known := s.Profile().Fsync; known == nil || !*known {
		end(differs, "the server does not have it; CLOSE ends the upload")
	}
}

func statvfs(v *visit) {
	free, err := v.session().Free(v.t.Context(), v.path(""))
	var reason *job.Reason
	if errors.As(err, &reason) && reason.Slug == "remote.unsupported" {
		end(differs, "the server does not have it; a full disk shows at the upload")
	}
	v.allowed(err)
	if free <= 0 {
		end(fails, "%d bytes free", free)
	}
}

func limits(v *visit) {
	_, c := v.raw()
	if _, ok := c.Extensions()["limits@openssh.com"]; !ok {
		end(differs, "the server does not have it; requests carry 32 KiB")
	}
	if l := c.Limits(); l.Read < 32<<10 || l.Write < 32<<10 {
		end(fails, "limits %+v", l)
	}
}

func mkdir(v *visit) {
	s := v.session()
	v.allowed(s.Mkdir(v.t.Context(), v.path("made")))
	v.must(v.files.write(v.what+"/made/a", "a"))
	if s.Mkdir(v.t.Context(), v.path("made")) == nil {
		end(differs, "making it twice is no failure")
	}
}

func remove(v *visit) {
	v.seed(map[string]string{"a": "a"})
	s := v.session()
	v.allowed(s.Remove(v.t.Context(), v.path("a")))
	v.same("there", v.there(""), map[string]string{})
	if err := s.Remove(v.t.Context(), v.path("a")); !errors.Is(err, fs.ErrNotExist) {
		end(differs, "a missing file is told as something else")
	}
}

func noSetstat(v *visit) {
	if v.asked == nil {
		end(cannot, "the server keeps no log of requests")
	}
	v.exportOf(one, v.settings)
	v.run("out")
	log := v.asked()
	if !strings.Contains(log, v.what+"/a.csv") {
		end(fails, "the upload is not in the log:\n%s", log)
	}
	for line := range strings.Lines(log) {
		if strings.Contains(line, v.what+"/a.csv") && strings.Contains(line, v.setstat) {
			end(fails, "attributes were set: %s", line)
		}
	}
}

func keepalive(v *visit) {
	client, _ := v.raw()
	_, _, err := client.SendRequest("keepalive@openssh.com", true, nil)
	v.must(err)
}

func twoSessions(v *visit) {
	pool, c := v.pool(), v.connection()
	content := noise(300_000)
	v.seed(map[string]string{"a": content})
	var open []*sftp.Session
	for range 2 {
		s, err := pool.Session(v.t.Context(), c)
		v.allowed(err)
		v.t.Cleanup(func() { _ = s.Close() })
		open = append(open, s)
	}
	for _, s := range open {
		var got strings.Builder
		_, err := s.Get(v.t.Context(), v.path("a"), int64(len(content)), &got, nil)
		v.allowed(err)
		v.same("fetched", digest(got.String()), digest(content))
	}
}

func rekey(v *visit) {
	if v.rekeyed == nil {
		v.other(variant{rekey: true, login: v.login})
	}
	content := large["large.bin"]
	s := v.session()
	if _, err := s.Put(v.t.Context(), v.path("up"), strings.NewReader(content), 0, nil); err != nil {
		v.allowed(err)
	}
	v.same("sent", v.there(""), digests(map[string]string{"up": content}))
	var got strings.Builder
	if _, err := s.Get(v.t.Context(), v.path("up"), int64(len(content)), &got, nil); err != nil {
		v.allowed(err)
	}
	v.same("fetched", digest(got.String()), digest(content))
	if !v.rekeyed() {
		end(fails, "the keys were not changed")
	}
}
