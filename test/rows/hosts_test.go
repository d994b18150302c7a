package rows_test

import (
	"fmt"
	"net"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/transfer/sftptest"
)

// A9, M5: the name is looked up at every dial, whatever a name server said of how long its answer is good, and the host
// key that was trusted belongs to the name: the server may move, and another one under its name is refused.
func TestNameIsResolvedAtEveryDial(t *testing.T) {
	w, first := newWorld(t), newCustomer(t, sftptest.Options{})
	key, err := sftptest.NewKey()
	if err != nil {
		t.Fatal(err)
	}
	second := customerAt(t, "127.0.0.2", first.Port(), sftptest.Options{})
	impostor := customerAt(t, "127.0.0.3", first.Port(), sftptest.Options{})
	impostor.SetHostKeys(key)
	second.copyHostKey(first)
	for _, c := range []*customer{first, second, impostor} {
		c.put("out/"+c.Addr(), c.Addr())
	}
	servers := newNames(t, "sftp.customer.example", "127.0.0.1")
	w.config("connections:\n", connection("moving", fmt.Sprintf("host: sftp.customer.example\n    port: %d", first.Port()), "username: customer", login,
		"locations: {out: /out}"), "jobs:\n", importJob("moved", "moving", "out"))
	w.pin(fmt.Sprintf("[sftp.customer.example]:%d", first.Port()), first.HostKeys()...)
	p := w.plug()

	if run := p.run("moved"); run.State != job.RunSucceeded {
		t.Fatalf("first address: %v %v", run.State, run.Reason)
	}
	before := servers.move("127.0.0.2")
	if run := p.run("moved"); run.State != job.RunSucceeded {
		t.Fatalf("second address: %v %v", run.State, run.Reason)
	}
	same(t, "landed", w.names("moved"), []string{first.Addr(), second.Addr()})
	if after := servers.move("127.0.0.3"); before < 1 || after <= before {
		t.Errorf("%d look-ups for the first dial, %d for both", before, after)
	}
	if run := p.run("moved"); run.Reason == nil || run.Reason.Slug != "host_key.changed" {
		t.Errorf("another server under the name: %v %v", run.State, run.Reason)
	}
	same(t, "logged in on the impostor", impostor.users(), []string{})
}

// customerAt starts a server on an address of its own.
func customerAt(t *testing.T, host string, port int, o sftptest.Options) *customer {
	t.Helper()
	o.Addr = net.JoinHostPort(host, fmt.Sprint(port))
	return newCustomer(t, o)
}

// A10, M3, M10: a connection says host and user, and nothing of a port, of our addresses or of allow-lists. Each host name
// is dialled as it is written, region and all, at port 22.
func TestPortIs22AndRegionalNamesAreAsWritten(t *testing.T) {
	w, out := newWorld(t), newInternet(t)
	config := []string{"connections:\n", "", "", "jobs:\n"}
	for i, host := range []string{"sftp.emersion.com.au", "SFTP.Emersion.com"} {
		c := newCustomer(t, sftptest.Options{})
		c.put("out/where.txt", host)
		out.route(host+":22", c.Addr())
		name := fmt.Sprintf("region-%d", i)
		config[1+i] = connection(name, "host: "+host, "host_keys: ["+c.HostKeys()[0]+"]", out.via(), "username: customer", login, "locations: {out: /out}")
		config = append(config, importJob("from-"+name, name, "out"))
	}
	w.config(config...)
	hasNot(t, w.haulier(0, "check").all(), "allow", "egress", "W-IP", "W-NO-PIN")
	for i, host := range []string{"sftp.emersion.com.au", "SFTP.Emersion.com"} {
		w.haulier(0, "run", fmt.Sprintf("from-region-%d", i))
		same(t, "dialled", out.targets(), []string{host + ":22"})
		if got := w.read(fmt.Sprintf("from-region-%d/where.txt", i)); got != host {
			t.Errorf("landed %q, want what lies on %s", got, host)
		}
	}
}

// M4: a port is part of what a host key belongs to: one trusted at 22 says nothing of 3333 on the same host.
func TestHostKeysBelongToHostAndPort(t *testing.T) {
	w, out := newWorld(t), newInternet(t)
	c := newCustomer(t, sftptest.Options{})
	c.put("out/a.csv", "a")
	out.route("sftp.emersion.example:22", c.Addr())
	out.route("sftp.emersion.example:3333", c.Addr())
	at := func(port string) {
		w.config("connections:\n", connection("emersion", "host: sftp.emersion.example", port, out.via(), "username: customer", login,
			"locations: {out: /out}"), "jobs:\n", importJob("cdr", "emersion", "out"))
	}
	at("port: 22")
	w.trust("emersion", c)
	at("port: 3333")
	has(t, w.haulier(12, "run", "cdr").err, "host_key.unknown", "3333")
	at("port: 22")
	w.haulier(0, "run", "cdr")
	same(t, "landed", w.names("cdr"), []string{"a.csv"})
}

// N13: the customer's service gets a new host name. Login key, ledger and figures of the connection stay; the new name's
// host key is asked for anew.
func TestNewHostNameKeepsKeyLedgerAndFigures(t *testing.T) {
	w, out := newWorld(t), newInternet(t)
	w.config("connections: {}\njobs: {}\n")
	key := w.generate("nectar")
	c := newCustomer(t, sftptest.Options{Users: []sftptest.User{{Name: "hris", Keys: []ssh.PublicKey{key}}}})
	c.put("out/june.csv", "june")
	at := func(host string) {
		out.route(host+":22", c.Addr())
		w.config("connections:\n", connection("nectar", "host: "+host, out.via(), "username: hris", "auth: {methods: [publickey], key: nectar}",
			"locations: {out: /out}"), "jobs:\n", importJob("reports", "nectar", "out"))
	}
	at("sftp.nectar.example")
	w.trust("nectar", c)
	w.haulier(0, "run", "reports")

	at("secure.nectar.example")
	c.ClearLog()
	has(t, w.haulier(12, "run", "reports").err, "host_key.unknown", "secure.nectar.example")
	same(t, "logged in before the new name was trusted", c.users(), []string{})
	w.trust("nectar", c)
	c.put("out/july.csv", "july")
	has(t, w.haulier(0, "run", "reports").all(), "july.csv")
	if n := c.count("open", "/out/june.csv"); n != 0 {
		t.Error("june.csv was fetched again")
	}
	same(t, "landed", w.names("reports"), []string{"july.csv", "june.csv"})
	if q := w.figures("nectar").Requests; q.Download.OK != 2 || q.Total != 2 {
		t.Errorf("figures under the new name: %+v", q)
	}
}
