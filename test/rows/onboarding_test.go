package rows_test

import (
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"

	"github.com/haulier/haulier/transfer/sftptest"
)

// X13: a customer's IT gets all that they need, in every form: both forms of the key with its
// fingerprints, our addresses, the rights that the jobs need and no others, PGP, how files are named, settings for a test of their
// own. Nothing that is secret, and no path of ours, is in it.
func TestOnboardingSheetHasAllThatACustomerNeeds(t *testing.T) {
	w, g := newWorld(t), newGPG(t)
	w.config("connections: {}\njobs: {}\n")
	key := w.generate("acme")
	c := newCustomer(t, sftptest.Options{Users: []sftptest.User{{Name: "customer", Keys: []ssh.PublicKey{key}}}})
	for _, folder := range []string{"export/done", "import"} {
		c.put(folder+"/.keep", "")
	}
	w.config("egress_ips: [203.0.113.10]\ncontact: sftp@platform.example\nconnections:\n",
		connection("acme", c.place(), "username: customer", "auth: {methods: [publickey], key: acme}", "display_name: ACME Retail",
			"inbound: {pgp: {decrypt_with: acme-in}}", "outbound: {pgp: {encrypt_to: [acme-out]}}", "locations: {out: /export, done: /export/done, in: /import}"),
		"jobs:\n",
		"  customers: {type: import, connection: acme, from: {location: out, match: \"customers_{date:%Y%m%d}*.pgp\"}, to: {dir: landing}, after_success: {move: done}, expect: {by: \"03:00\", days: mon-fri}}\n",
		"  segments: {type: export, connection: acme, from: {dir: outbox, match: \"segment_*.csv\"}, to: {location: in, name: \"{name}.pgp\"}}\n")
	fingerprint := g.take(w.haulier(0, "pgp", "generate", "acme-in", "--type", "x25519").out)
	public, printed := w.haulier(0, "keys", "show", "acme").out, strings.Fields(w.haulier(0, "keys", "show", "acme", "--format", "fingerprint").out)
	ssh2 := w.haulier(0, "keys", "show", "acme", "--format", "ssh2").out
	for _, format := range []string{"md", "txt", "mail"} {
		sheet := strings.ReplaceAll(w.haulier(0, "onboarding", "acme", "--format", format).out, "\n    ", "\n")
		has(t, sheet, "ACME Retail", "203.0.113.10", "sftp@platform.example", strings.TrimSpace(public), printed[0], printed[1], strings.TrimSpace(ssh2),
			"list, read files, rename files", "receive files that we move there", "customers_YYYYMMDD*.pgp", "Mon–Fri 03:00 (UTC)", "segment_*.csv.pgp", ".part", "acme-out",
			fingerprint, "BEGIN PGP PUBLIC KEY BLOCK", "FileZilla or WinSCP", "We have not tested the connection yet", "Connection refused", "Permission denied")
		hasNot(t, sheet, w.dir, "PRIVATE", "landing", "outbox")
		_, block, _ := strings.Cut(sheet, "-----BEGIN PGP")
		if got := newGPG(t).take("-----BEGIN PGP" + block); got != fingerprint {
			t.Errorf("%s: gpg takes key %s from the sheet, want %s", format, got, fingerprint)
		}
	}
	page := w.haulier(0, "onboarding", "acme").out
	has(t, page, "<!doctype html>", `<pre title="acme@1.pub">`, "@media print")
	hasNot(t, page, w.dir, "PRIVATE", "<script", "http")

	w.haulier(0, "connections", "test", "acme")
	has(t, w.haulier(0, "onboarding", "acme", "--format", "txt").out, "[x] Tested on", "all is well", c.Fingerprint())
	has(t, w.haulier(2, "onboarding", "nobody").err, "usage.no_such_connection", "haulier connections list")
	has(t, w.haulier(2, "onboarding", "acme", "--format", "pdf").err, "html, md, txt, mail")
}
