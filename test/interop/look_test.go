package interop

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp"
)

var looks = []behaviour{
	{name: "list.empty", says: "an empty folder is listed as empty", do: listEmpty},
	{name: "list.5000", says: "all names of a folder of 5,000 come, each once", do: listMany},
	{name: "list.names", says: "names with blanks, in other scripts, with signs and of 200 bytes are listed, fetched and land", do: listNames},
	{name: "list.link", says: "a symbolic link is shown as one, and an import does not take it", do: listLink},
	{name: "look.size-and-time", says: "size and time of a file are those on the server's disk", do: lookSizeAndTime},
	{name: "look.missing", says: "an import from a folder that is not there says so", want: "refused: remote.path_missing", do: lookMissing},
	{name: "denied.list", says: "an import from a folder that may not be listed says so", want: "refused: remote.permission", do: deniedList},
	{name: "denied.read", says: "a file that may not be read is left, and the run says so", want: "refused: remote.permission", do: deniedRead},
	{name: "test.learns", says: "`connections test --write --round-trip` goes through, removes its probe and learns the server's profile", do: testLearns},
}

// listed gives all entries of a folder by name.
func (v *visit) listed(s *sftp.Session, dir string) map[string]job.Entry {
	found := map[string]job.Entry{}
	v.allowed(s.List(v.t.Context(), dir, 0, func(e job.Entry) error {
		if _, twice := found[e.Name]; twice {
			return fmt.Errorf("%q is listed twice", e.Name)
		}
		found[e.Name] = e
		return nil
	}))
	return found
}

func listEmpty(v *visit) {
	v.seed(map[string]string{"none/": ""})
	v.same("entries", len(v.listed(v.session(), v.path("none"))), 0)
}

func listMany(v *visit) {
	const many = 5000
	v.seed(map[string]string{"many/": ""})
	for i := range many {
		v.must(v.files.write(fmt.Sprintf("%s/many/file-%05d.csv", v.what, i), ""))
	}
	v.same("entries", len(v.listed(v.session(), v.path("many"))), many)
}

func listNames(v *visit) {
	files := map[string]string{}
	for i, name := range []string{"with blanks in it.csv", "naïve-résumé.csv", "日本語.csv", "smile-😀.csv", "it's (1) #2 & $x;%41.csv", strings.Repeat("long-", 39) + ".csv"} {
		files[name] = fmt.Sprint("content ", i)
	}
	v.importOf(files)
	names := v.listed(v.session(), v.path(""))
	for name := range files {
		if _, ok := names[name]; !ok {
			end(differs, "%q is listed as something else", name)
		}
	}
	v.run("in")
	v.same("landed", v.landed(), files)
}

func listLink(v *visit) {
	v.seed(map[string]string{"a.csv": "a"})
	if err := v.files.link("a.csv", v.what+"/link.csv"); err != nil {
		end(cannot, "no link can be made there")
	}
	entry, ok := v.listed(v.session(), v.path(""))["link.csv"]
	v.imports()
	v.run("in")
	v.same("landed", v.landed(), map[string]string{"a.csv": "a"})
	if !ok {
		end(differs, "links are not listed")
	}
	v.same("kind", entry.Kind, job.KindLink)
}

func lookSizeAndTime(v *visit) {
	at := time.Date(2019, 3, 31, 1, 59, 58, 0, time.UTC)
	v.seed(map[string]string{"a.csv": noise(12345)})
	v.must(v.files.touch(v.what+"/a.csv", at))
	s := v.session()
	entry, err := s.Stat(v.t.Context(), v.path("a.csv"))
	v.allowed(err)
	listed := v.listed(s, v.path(""))["a.csv"]
	for _, e := range []job.Entry{entry, listed} {
		v.same("size and time", fmt.Sprint(e.Size, time.Unix(e.ModTime, 0).UTC()), fmt.Sprint(12345, at))
	}
}

func lookMissing(v *visit) {
	v.configure(nil, strings.Replace(v.jobIn(), "location: here", "location: missing", 1))
	v.run("in")
}

func deniedList(v *visit) {
	v.needs(v.forbid != nil, "rights cannot be taken away there")
	v.seed(map[string]string{"missing/": "", "missing/a.csv": "a"})
	v.forbid(v.what + "/missing")
	lookMissing(v)
	v.same("landed", v.landed(), map[string]string{})
	end(differs, "the server lists such a folder as empty")
}

func deniedRead(v *visit) {
	v.needs(v.forbid != nil, "rights cannot be taken away there")
	v.seed(map[string]string{"a.csv": "a", "b.csv": "b"})
	v.forbid(v.what + "/a.csv")
	v.imports()
	r := v.try("in")
	if r.Error == nil {
		end(fails, "a file that may not be read is no failure")
	}
	if r.Error.Slug == "remote.permission" && len(v.listed(v.session(), v.path(""))) > 0 {
		v.same("landed", v.landed(), map[string]string{"b.csv": "b"}) // the other one is not held up
	}
	end(refused, "%s", r.Error.Slug)
}

// testLearns lets the program test the connection of an export.
func testLearns(v *visit) {
	v.exports(v.settings)
	tested := v.call("connections", "test", v.what, "--write", "--round-trip", "--json")
	var report struct {
		OK      bool            `json:"ok"`
		Profile map[string]any  `json:"profile"`
		Error   *job.Reason     `json:"error"`
		Stages  json.RawMessage `json:"stages"`
	}
	v.must(json.Unmarshal([]byte(tested.Stdout), &report))
	if report.Error != nil {
		end(refused, "%s", report.Error.Slug)
	}
	if !report.OK || report.Profile["write"] != true {
		end(fails, "%s", tested.Stdout)
	}
	if left := slices.Collect(maps.Keys(v.there(""))); len(left) > 0 {
		end(differs, "the probe file stays there")
	}
}

// twentyFailures and a success, on one session.
func twentyFailures(v *visit) {
	s := v.session()
	ctx := v.t.Context()
	for i := range 20 {
		missing := v.path(fmt.Sprintf("missing-%d", i))
		_, looked := s.Stat(ctx, missing)
		_, got := s.Get(ctx, missing, 1, io.Discard, nil)
		_, put := s.Put(ctx, missing+"/a.csv", strings.NewReader("a"), 0, nil)
		for _, err := range []error{looked, got, put} {
			var reason *job.Reason
			if err == nil || !errors.As(err, &reason) || strings.HasPrefix(reason.Slug, "net.") {
				end(fails, "a request for something that is not there: %v", err)
			}
		}
	}
	content := noise(100_000)
	_, err := s.Put(ctx, v.path("a.csv"), strings.NewReader(content), 0, nil)
	v.allowed(err)
	v.same("there", v.there(""), digests(map[string]string{"a.csv": content}))
}
