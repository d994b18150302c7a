package rows_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/sftp/wire/packet"
	"github.com/haulier/haulier/transfer/sftptest"
)

// events gives what was written so far.
func (w *world) events() []job.Event {
	w.t.Helper()
	s, err := store.Open(w.t.Context(), store.Options{Path: filepath.Join(w.dir, "haulier-data", "haulier.db"), ReadOnly: true})
	if err != nil {
		w.t.Fatal(err)
	}
	defer s.Close()
	all, err := s.Events(w.t.Context(), 0, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// socket asks the daemon.
func (w *world) socket() *http.Client {
	return &http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", w.path("haulier-data/haulier.sock"))
	}}}
}

// told counts the events of a type that hold these parts.
func (w *world) told(kind string, parts ...string) (n int) {
	w.t.Helper()
	for _, e := range w.events() {
		lacks := func(part string) bool { return !strings.Contains(string(e.Data), part) }
		if e.Type == kind && !slices.ContainsFunc(parts, lacks) {
			n++
		}
	}
	return n
}

// The table of types of events is what the program writes, each of them, and nothing else.
func TestEachTypeOfEventIsWritten(t *testing.T) {
	if testing.Short() {
		t.Skip("needs time: deadlines are whole minutes")
	}
	w, c, other := newWorld(t), newCustomer(t, sftptest.Options{}), newCustomer(t, sftptest.Options{})
	w.customersOfAllKinds(c, other)
	w.haulier(0, "pgp", "generate", "acme-in", "--type", "x25519")
	g := newGPG(t)
	w.write("theirs.asc", g.generate("theirs@example.org", "2w"))
	w.haulier(0, "pgp", "import", "theirs", w.path("theirs.asc"))
	s := w.serve()
	w.filesOfAllKinds(c)
	w.runsOfAllKinds(c, s)
	s = w.serve()
	w.connectionsOfAllKinds(other)
	w.answered("acme")
	w.configOfAllKinds(s)

	w.becomes("customers", "missing")
	within(t, patience, "the alert", func() bool { return w.told(job.EventAlertOpened, "expect.missing") > 0 })
	c.put("customers/late.csv", "here it is")
	w.haulier(0, "run", "customers")
	within(t, patience, "the others", func() bool { return w.told(job.EventAlertResolved) > 0 && w.told(job.EventAlertReminded) > 0 })
	s.end()
	w.sameTypes()
}

// sameTypes compares what was written with the table of types, and with the table of their data in docs/api.md.
func (w *world) sameTypes() {
	w.t.Helper()
	var types []string
	documented := fieldsOfEvents(w.t)
	for _, e := range w.events() {
		var data map[string]any
		if err := json.Unmarshal(e.Data, &data); err != nil {
			w.t.Errorf("%s has the data %s: %v", e.Type, e.Data, err)
		}
		for field := range data {
			if !slices.Contains(documented[e.Type], field) {
				w.t.Errorf("docs/api.md has no %s of %s", field, e.Type)
			}
		}
		types = append(types, e.Type)
	}
	slices.Sort(types)
	want := slices.Clone(job.EventTypes)
	slices.Sort(want)
	same(w.t, "types of events", slices.Compact(types), want)
	same(w.t, "types in docs/api.md", slices.Sorted(maps.Keys(documented)), want)
}

// fieldsOfEvents reads the table of docs/api.md: types, when, data.
func fieldsOfEvents(t testing.TB) map[string][]string {
	t.Helper()
	_, part, found := strings.Cut(readFile(t, "../../docs/api.md"), "\n## Events\n")
	if !found {
		t.Fatal("docs/api.md has no part on events")
	}
	part, _, _ = strings.Cut(part, "\n## ")
	code := regexp.MustCompile("`([a-z0-9_.]+)`")
	names := func(cell string) (names []string) {
		for _, m := range code.FindAllStringSubmatch(cell, -1) {
			names = append(names, m[1])
		}
		return names
	}
	fields := map[string][]string{}
	for line := range strings.Lines(part) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 {
			continue
		}
		for _, kind := range names(cells[1]) {
			fields[kind] = names(cells[3])
		}
	}
	return fields
}

func (w *world) customersOfAllKinds(c, other *customer) {
	w.t.Helper()
	for _, name := range []string{"staff/a.csv", "mixed/d", "mixed/locked", "flaky/flaky", "sealed/clear.txt", "waits/w", "long/l", "in/.keep", "customers/old/.keep"} {
		c.put(name, "the content of "+name)
	}
	other.put("out/old/.keep", "")
	w.write("invoices/e", "an invoice")
	c.Change(func(k *sftptest.Knobs) {
		k.Faults = []sftptest.Fault{
			{Op: "open", Path: "locked", Do: sftptest.Fail, Code: packet.PermissionDenied},
			{Op: "open", Path: "flaky", Do: sftptest.Drop},
			{Op: "read", Path: "l", Do: sftptest.Stall},
		}
	})
	by := time.Now().UTC().Truncate(time.Minute).Add(2 * time.Minute)
	site := fmt.Sprintf("127.0.0.1:%d", freePort(w.t))
	w.config(fmt.Sprintf("web: {listen: %q, public_url: %q}\n", site, "http://"+site), "connections:\n",
		c.connection("acme", "locations: {staff: /staff, mixed: /mixed, flaky: /flaky, waits: /waits, long: /long, customers: /customers, in: /in}"),
		c.connection("pgp", "locations: {sealed: /sealed}", "inbound: {pgp: {decrypt_with: acme-in}}"),
		other.connection("other", "locations: {out: /out}"),
		other.connection("theirs", "locations: {in: /out}", "outbound: {pgp: {encrypt_to: [theirs]}}"),
		"jobs:\n", importJob("staff", "acme", "staff"), importJob("mixed", "acme", "mixed"), importJob("flaky", "acme", "flaky"), importJob("sealed", "pgp", "sealed", "alert: {remind_every: 20s}"),
		importJob("waits", "acme", "waits", "supervised: {files: 1}"), importJob("long", "acme", "long"),
		exportJob("invoices", "acme", "in"), importJob("behind", "acme", "staff", "after: staff"), importJob("shut", "other", "out"), exportJob("encrypted", "theirs", "in"),
		importJob("customers", "acme", "customers", fmt.Sprintf(`expect: {by: "%s", grace: 2s}`, by.Format("15:04"))))
}

func (w *world) filesOfAllKinds(c *customer) {
	w.t.Helper()
	w.haulier(0, "pause", "behind", "--reason", "it is to be skipped")
	w.haulier(0, "run", "staff")
	until(w.t, "a run that was skipped", func() bool { return w.told("run.skipped") > 0 })
	var file struct{ ID int64 }
	for _, e := range w.events() {
		if err := json.Unmarshal(e.Data, &file); e.Type == "file.landed" || err != nil {
			break
		}
	}
	status, text := request(w.t, w.socket(), http.MethodPost, fmt.Sprintf("http://haulier/api/v1/files/%d/outcome", file.ID), `{"created": 1, "updated": 0, "deleted": 0, "errored": 0}`)
	if status != http.StatusOK && status != http.StatusCreated {
		w.t.Errorf("outcome: %d %s", status, text)
	}
	w.haulier(0, "run", "invoices")
	w.haulier(4, "run", "mixed")
	w.haulier(10, "run", "flaky")
	w.haulier(13, "run", "sealed")
	w.haulier(4, "run", "waits")
}

func (w *world) runsOfAllKinds(c *customer, s *serving) {
	w.t.Helper()
	ask := func() (wait func() error) {
		before := c.count("open", "/long/l")
		command := w.command("run", "long")
		if err := command.Start(); err != nil {
			w.t.Fatal(err)
		}
		until(w.t, "the file to be read", func() bool { return c.count("open", "/long/l") > before })
		return command.Wait
	}
	wait := ask()
	w.haulier(0, "cancel", fmt.Sprint(w.history("long")[0].Run))
	_ = wait()
	wait = ask()
	s.end()
	_ = wait()
}

func (w *world) connectionsOfAllKinds(other *customer) {
	w.t.Helper()
	const its = `"connection":"other"`
	w.haulier(0, "run", "shut")
	for range 3 { // one storm is one event
		other.Change(func(k *sftptest.Knobs) { k.RefuseLogin = true })
		w.haulier(11, "run", "shut")
		w.haulier(11, "run", "shut")
		other.Change(func(k *sftptest.Knobs) { k.RefuseLogin = false })
		w.haulier(0, "connections", "test", "other")
	}
	same(w.t, "down and up", []int{w.told(job.EventConnectionDown, its), w.told(job.EventConnectionUp, its)}, []int{3, 3})
	key, err := sftptest.NewKey()
	if err != nil {
		w.t.Fatal(err)
	}
	other.Change(func(k *sftptest.Knobs) { k.HostKeys = []ssh.Signer{key} })
	w.haulier(12, "run", "shut")
	w.haulier(12, "run", "shut")
	same(w.t, "changed host keys", []int{w.told(job.EventHostKeyChanged, its), w.told(job.EventConnectionDown, its)}, []int{1, 4})
	other.Change(func(k *sftptest.Knobs) { k.HostKeys = nil })
	w.haulier(0, "run", "shut")
	same(w.t, "up again", []int{w.told(job.EventConnectionUp, its)}, []int{4})
}

// answered fills in the sheet of a connection as its customer does.
func (w *world) answered(connection string) {
	w.t.Helper()
	link := strings.TrimSpace(w.haulier(0, "onboarding", connection, "--link", "14d").out)
	asked, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, link, strings.NewReader("remarks=none"))
	if err != nil {
		w.t.Fatal(err)
	}
	asked.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	asked.Header.Set("Sec-Fetch-Site", "same-origin")
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(asked)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = answer.Body.Close()
	same(w.t, "status", []int{answer.StatusCode}, []int{http.StatusOK})
}

func (w *world) configOfAllKinds(s *serving) {
	w.t.Helper()
	w.haulier(0, "keys", "generate", "ours")
	same(w.t, "a first key is no rotation", []int{w.told(job.EventKeyRotated)}, []int{0})
	w.haulier(0, "keys", "rotate", "ours")
	good := w.read("haulier.yaml")
	w.write("haulier.yaml", good+"nonsense: 1\n")
	if err := s.command.Process.Signal(syscall.SIGHUP); err != nil {
		w.t.Fatal(err)
	}
	s.await("configuration rejected")
	until(w.t, "the event", func() bool { return w.told(job.EventConfigRejected) == 1 })
	w.write("haulier.yaml", good)
	w.haulier(0, "reload")
}
