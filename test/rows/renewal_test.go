package rows_test

import (
	"strings"
	"testing"

	"github.com/haulier/haulier/transfer/sftptest"
)

// shown gives the fingerprint of a block, in groups of four as gpg shows it to the customer.
func (g *gpg) shown(block string) string {
	g.t.Helper()
	return strings.TrimSpace(strings.Split(g.run(block, "--show-keys", "--with-fingerprint"), "\n")[1])
}

// A34: a customer's key is renewed under its name, whether it was extended or is another; uploads are encrypted to the
// new one from then on, and both fingerprints are shown.
func TestCustomersKeyIsRenewedUnderItsName(t *testing.T) {
	w, c, g := newWorld(t), newCustomer(t, sftptest.Options{}), newGPG(t)
	c.put("in/.keep", "")
	w.config("connections:\n", c.connection("acme", "locations: {in: /in}", "outbound: {pgp: {encrypt_to: [acme]}}"), "jobs:\n", exportJob("pay", "acme", "in"))
	first := g.generate("first@example.org", "2w")
	w.write("acme.asc", first)
	w.haulier(0, "pgp", "import", "acme", w.path("acme.asc"))

	has(t, w.haulier(0, "pgp", "import", "acme", w.path("acme.asc"), "--replace").err, "acme@1 is this very key: nothing was changed")
	g.run("", "--quick-set-expire", g.take(first), "2y")
	w.write("acme.asc", g.run("", "--armor", "--export", "first@example.org"))
	has(t, w.haulier(2, "pgp", "import", "acme", w.path("acme.asc")).err, "haulier pgp import acme FILE --replace")
	has(t, w.haulier(0, "pgp", "import", "acme", w.path("acme.asc"), "--replace").err, "The same key, renewed.", g.shown(first))
	second := g.generate("second@example.org", "2y")
	w.write("acme.asc", second)
	has(t, w.haulier(0, "pgp", "import", "acme", w.path("acme.asc"), "--replace").err,
		"another key: compare its fingerprint with the customer over the telephone", g.shown(first), g.shown(second))
	list := strings.Fields(w.haulier(0, "pgp", "list").out)
	has(t, strings.Join(list, " "), "acme@1 grace", "acme@2 grace", "acme@3 current")

	w.write("pay/june.csv", "account;amount\n")
	w.haulier(0, "run", "pay")
	sent := c.names("in")
	if len(sent) != 1 {
		t.Fatalf("sent: %v", sent)
	}
	has(t, g.run(c.get("in/"+sent[0]), "--status-fd", "1", "--decrypt"), "account;amount", "DECRYPTION_KEY", g.take(second))
}

// A32, A34: what the customer signs with their former key and with the new one lands, until the former is retired.
func TestFormerSignersKeyCountsUntilItIsRetired(t *testing.T) {
	w, c, block := inbound(t, ", signed_by: [acme-sign]")
	customer := newGPG(t)
	ours := customer.take(block)
	put := func(name, signer string) {
		c.put("out/"+name+".pgp", customer.run(name, "--encrypt", "--sign", "--local-user", signer, "--recipient", ours))
	}
	w.write("signer.asc", customer.generate("old@example.org", "2y"))
	w.haulier(0, "pgp", "import", "acme-sign", w.path("signer.asc"))
	w.write("signer.asc", customer.generate("new@example.org", "2y"))
	w.haulier(0, "pgp", "import", "acme-sign", w.path("signer.asc"), "--replace")
	put("by-old", "old@example.org")
	put("by-new", "new@example.org")
	w.haulier(0, "run", "in")
	same(t, "landed", w.names("in"), []string{"by-new", "by-old"})
	has(t, w.haulier(11, "pgp", "retire", "acme-sign@2").err, "key.in_use", "haulier pgp import acme-sign FILE --replace")
	w.haulier(0, "pgp", "retire", "acme-sign@1")
	put("by-old-again", "old@example.org")
	put("by-new-again", "new@example.org")
	has(t, w.haulier(4, "run", "in").all(), "by-old-again.pgp", "pgp.signature_unknown")
	same(t, "landed", w.names("in"), []string{"by-new", "by-new-again", "by-old"})
}
