package sftp_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftp"
	"github.com/haulier/haulier/transfer/sftptest"
)

// states shows a report in a line: a letter a stage.
func states(r sftp.Report) string {
	letters := map[sftp.StageState]string{sftp.StateOK: "o", sftp.StateFail: "F", sftp.StateWarn: "w", sftp.StateNotReached: "-"}
	text := ""
	for _, s := range r.Stages {
		text += letters[s.State]
	}
	return text
}

func detail(r sftp.Report, name string) string {
	for _, s := range r.Stages {
		if s.Name == name {
			return s.Detail
		}
	}
	return "no stage " + name
}

func located(c *customer, uses map[string]job.LocationUse) {
	c.conn.Locations = map[string]job.Location{}
	for path, use := range uses {
		c.conn.Locations[strings.Trim(path, "/")] = job.Location{Path: path, Use: use}
	}
}

// Stages: DNS, TCP, SSH, host key, login, SFTP, locations, rights, free space, rename.

func TestReportOfAGoodConnection(t *testing.T) {
	server := testserver.SSHD(t, testserver.Options{})
	pool, store, c := reach(t, server)
	c.Locations = map[string]job.Location{"in": {Path: server.Dir, Use: job.UseBoth}}
	r := pool.Test(t.Context(), c, sftp.Purpose{Write: true, RoundTrip: true})
	if states(r) != "oooooooooo" || !r.OK || r.Error != nil {
		t.Fatalf("%s\n%+v", states(r), r)
	}
	for stage, says := range map[string]string{
		"TCP": "from 127.0.0.1", "SSH": "SSH-2.0-OpenSSH", "host key": "matches the pin in host_keys", "login": "publickey with key acme@1 SHA256:",
		"SFTP": "posix-rename", "locations": "can be listed", "rights": "fetched back, bytes equal, removed", "free space": "GiB free",
		"rename": "posix-rename and plain rename; a plain rename does not replace",
	} {
		if got := detail(r, stage); !strings.Contains(got, says) {
			t.Errorf("%s: %q does not say %q", stage, got, says)
		}
	}
	if left, _ := os.ReadDir(server.Root); len(left) != 0 {
		t.Errorf("left on the server: %v", left)
	}
	if p := store.profiles["acme"]; p.RenameOver == nil || *p.RenameOver || p.SweepsAtOnce == nil || *p.SweepsAtOnce {
		t.Errorf("profile %+v", p)
	}
	if !store.active["acme"] {
		t.Error("still a draft")
	}
}

func TestReportJSON(t *testing.T) {
	c := newCustomer(t, nil)
	encoded, err := json.Marshal(c.pool.Test(t.Context(), c.conn, sftp.Purpose{}))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Connection string           `json:"connection"`
		OK         bool             `json:"ok"`
		Stages     []map[string]any `json:"stages"`
		Profile    map[string]any   `json:"profile"`
		Error      any              `json:"error"`
	}
	if err := json.Unmarshal(encoded, &got); err != nil {
		t.Fatal(err)
	}
	if got.Connection != "acme" || !got.OK || got.Error != nil || len(got.Stages) != 10 || len(got.Stages[0]) != 4 {
		t.Errorf("%s", encoded)
	}
	if value, ok := got.Profile["rename"]; !ok || value != nil {
		t.Errorf("what was not tried is not null: %s", encoded)
	}
}

func TestReportsOfFailures(t *testing.T) {
	for name, test := range map[string]struct {
		prepare func(*testing.T, *customer)
		states  string
		slug    string
	}{
		"refused":      {func(t *testing.T, c *customer) { c.Stop() }, "oF--------", "net.refused"},
		"no host":      {func(_ *testing.T, c *customer) { c.conn.Host = "no-such-host.invalid" }, "F---------", "net.dns"},
		"not SSH":      {func(t *testing.T, c *customer) { greeting(t, "220 FTP\r\n")(c) }, "ooF-------", "net.not_ssh"},
		"changed key":  {func(t *testing.T, c *customer) { c.SetHostKeys(hostSigner(t)) }, "oooF------", "host_key.changed"},
		"unknown key":  {func(_ *testing.T, c *customer) { c.conn.HostKeys = nil }, "oooF------", "host_key.unknown"},
		"password":     {func(_ *testing.T, c *customer) { c.store.secrets["pw"] = "wrong" }, "ooooF-----", "auth.password_rejected"},
		"no secret":    {func(_ *testing.T, c *customer) { delete(c.store.secrets, "pw") }, "----F-----", "auth.secret_missing"},
		"no SFTP":      {func(_ *testing.T, c *customer) { c.Change(func(k *sftptest.Knobs) { k.NoSFTP = true }) }, "oooooF----", "ssh.no_sftp"},
		"no such path": {func(_ *testing.T, c *customer) { located(c, map[string]job.LocationUse{"/in": job.UseDownload}) }, "ooooooF---", "remote.path_missing"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCustomer(t, nil)
			test.prepare(t, c)
			r := c.pool.Test(t.Context(), c.conn, sftp.Purpose{})
			if states(r) != test.states || r.OK {
				t.Errorf("states %s, want %s", states(r), test.states)
			}
			if r.Error == nil || r.Error.Slug != test.slug {
				t.Errorf("error %v", r.Error)
			}
			if i := strings.IndexByte(test.states, 'F'); !strings.Contains(r.Stages[i].Detail, test.slug) {
				t.Errorf("detail %q", r.Stages[i].Detail)
			}
		})
	}
}

func TestReportDialsThroughAnOpenBreaker(t *testing.T) {
	c, _ := refusing(t)
	c.refuse(t, "auth.password_rejected")
	c.store.secrets["pw"] = password
	if r := c.pool.Test(t.Context(), c.conn, sftp.Purpose{}); !r.OK {
		t.Fatalf("%+v", r.Error)
	}
	if c.store.breakers[c.account()].Open {
		t.Error("the breaker is open after a good test")
	}
}

func TestReportOfPutOnlyServerIsGreen(t *testing.T) {
	for _, profile := range []string{"put-only", ""} {
		server := testserver.SSHD(t, testserver.Options{SFTP: "-p open,write,close,realpath"})
		pool, _, c := reach(t, server)
		c.Profile = profile
		c.Locations = map[string]job.Location{"drop": {Path: server.Dir, Use: job.UseUpload}}
		r := pool.Test(t.Context(), c, sftp.Purpose{Upload: true, Write: true})
		if states(r) != "ooooooo"+"o--" || !r.OK {
			t.Errorf("profile %q: %s\n%+v", profile, states(r), r)
		}
		if log := server.Log(); strings.Contains(log, "Refusing") {
			t.Errorf("it was asked what it refuses:\n%s", log)
		}
		left, _ := os.ReadDir(server.Root)
		if len(left) != 1 || !strings.Contains(detail(r, "rights"), left[0].Name()) {
			t.Errorf("left %v, told %q", left, detail(r, "rights"))
		}
	}
}

func TestReportAsksOnlyWhatTheUseAllows(t *testing.T) {
	c := newCustomer(t, nil)
	if err := os.Mkdir(filepath.Join(c.root, "up"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(c.root, "down"), 0o700); err != nil {
		t.Fatal(err)
	}
	located(c, map[string]job.LocationUse{"/up": job.UseUpload, "/down": job.UseDownload})
	r := c.pool.Test(t.Context(), c.conn, sftp.Purpose{Write: true})
	if !r.OK {
		t.Fatalf("%+v", r.Error)
	}
	for _, op := range c.Log() {
		if strings.HasPrefix(op.Path, "/down") && slices.Contains([]string{"open", "rename", "remove", "write"}, op.Op) {
			t.Errorf("%s %s in a folder for downloads", op.Op, op.Path)
		}
		if strings.HasPrefix(op.Path, "/up") && op.Op == "opendir" {
			t.Errorf("a listing of a folder for uploads")
		}
	}
}

func TestReportLearnsTheProfile(t *testing.T) {
	for name, test := range map[string]struct {
		knobs  sftptest.Knobs
		rights string
		rename string
		check  func(job.Profile) bool
	}{
		"no rename": {sftptest.Knobs{NoRename: true}, "removed", "refused: files are written under their final name",
			func(p job.Profile) bool {
				return p.Rename != nil && !*p.Rename && p.PosixRename != nil && !*p.PosixRename
			}},
		"rename overwrites": {sftptest.Knobs{RenameOverwrites: true, NoPosixRename: true}, "removed", "plain rename; a plain rename replaces",
			func(p job.Profile) bool { return p.RenameOver != nil && *p.RenameOver }},
		"sweeps": {sftptest.Knobs{Sweep: sftptest.SweepAtClose}, "takes files away at once", "not tried",
			func(p job.Profile) bool { return p.SweepsAtOnce != nil && *p.SweepsAtOnce }},
		"sweeps at rename": {sftptest.Knobs{Sweep: sftptest.SweepAtRename}, "takes files away at once", "plain rename",
			func(p job.Profile) bool { return p.SweepsAtOnce != nil && *p.SweepsAtOnce }},
		"no stat": {sftptest.Knobs{NoStat: true}, "may not look at its files", "plain rename",
			func(p job.Profile) bool { return p.Stat != nil && !*p.Stat }},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCustomer(t, func(o *sftptest.Options) { o.Knobs = test.knobs })
			located(c, map[string]job.LocationUse{"/": job.UseUpload})
			r := c.pool.Test(t.Context(), c.conn, sftp.Purpose{Write: true})
			if !r.OK {
				t.Fatalf("%+v", r.Error)
			}
			if got := detail(r, "rights"); !strings.Contains(got, test.rights) {
				t.Errorf("rights: %q", got)
			}
			if got := detail(r, "rename"); !strings.Contains(got, test.rename) {
				t.Errorf("rename: %q", got)
			}
			if !test.check(c.store.profiles["acme"]) || !test.check(r.Profile) {
				t.Errorf("profile %+v", c.store.profiles["acme"])
			}
		})
	}
}

func TestRoundTripFindsChangedBytes(t *testing.T) {
	c := newCustomer(t, func(o *sftptest.Options) {
		o.Knobs.Faults = []sftptest.Fault{{Op: "write", Do: sftptest.Pretend}}
	})
	located(c, map[string]job.LocationUse{"/": job.UseBoth})
	r := c.pool.Test(t.Context(), c.conn, sftp.Purpose{RoundTrip: true})
	if r.OK || r.Error.Slug != "remote.size_changed" {
		t.Errorf("%+v", r.Error)
	}
}

func TestReportNamesTheJumpHost(t *testing.T) {
	c := newCustomer(t, nil)
	c.conn.Jump = []job.Jump{jump(t, c, testserver.Options{})}
	r := c.pool.Test(t.Context(), c.conn, sftp.Purpose{})
	if states(r) != "ooooooo----" || r.Stages[0].Name != "jump bastion" || !r.OK {
		t.Errorf("%s %+v", states(r), r)
	}
	c.conn.Jump[0].HostKeys = nil
	r = c.pool.Test(t.Context(), c.conn, sftp.Purpose{})
	if states(r) != "F----------" || r.Error.Slug != "host_key.unknown" {
		t.Errorf("%s %+v", states(r), r.Error)
	}
}
