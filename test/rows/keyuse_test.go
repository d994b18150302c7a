package rows_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/job"
)

// used gives the keys of pgp list that were used in the last hour.
func (w *world) used() []string {
	w.t.Helper()
	var used []string
	for line := range strings.Lines(w.haulier(0, "pgp", "list", "--json").out) {
		var key job.Key
		if err := json.Unmarshal([]byte(line), &key); err != nil {
			w.t.Fatal(err)
		}
		if time.Since(key.LastUsed) < time.Hour {
			used = append(used, fmt.Sprintf("%s@%d", key.Name, key.Version))
		}
	}
	return used
}

// Every use of a PGP key is written down: opening, also with one that was replaced, signing, encrypting, and a good
// signature. A replaced key that opened a file a moment ago is not destroyed without a further word.
func TestUseOfPGPKeysIsKnownBeforeOneIsRetired(t *testing.T) {
	w, c, block := inbound(t, ", signed_by: [theirs]")
	customer := newGPG(t)
	old := customer.take(block)
	w.write("theirs.asc", customer.generate("theirs@example.org", "2y"))
	w.haulier(0, "pgp", "import", "theirs", w.path("theirs.asc"))
	w.haulier(0, "pgp", "import", "bank", w.path("theirs.asc"))
	w.haulier(0, "pgp", "generate", "platform", "--type", "x25519")
	w.haulier(0, "pgp", "rotate", "acme-in")
	same(t, "used before", w.used(), nil)
	hasNot(t, w.haulier(0, "pgp", "list").out, ", used ")

	c.put("out/good.csv.pgp", customer.run("good\n", "--encrypt", "--sign", "--recipient", old))
	w.haulier(0, "run", "in")
	same(t, "used to open", w.used(), []string{"acme-in@1", "theirs@1"})

	c.put("to/.keep", "")
	w.config("connections:\n", c.connection("acme", "locations: {out: /out, to: /to}", "inbound: {pgp: {decrypt_with: acme-in}}",
		"outbound: {pgp: {encrypt_to: [bank], sign_with: platform}}"), "jobs:\n", importJob("in", "acme", "out"), exportJob("up", "acme", "to"))
	w.write("up/a.csv", "a\n")
	w.haulier(0, "run", "up")
	same(t, "used", w.used(), []string{"acme-in@1", "platform@1", "bank@1", "theirs@1"})

	has(t, w.haulier(11, "pgp", "retire", "acme-in@1").err, "key.used_lately", "acme-in@1 was used on ", "haulier pgp retire acme-in@1 --used-lately")
	c.put("out/later.csv.pgp", customer.run("later\n", "--encrypt", "--recipient", old))
	w.haulier(0, "run", "in")
	same(t, "landed with the key that was kept", w.names("in"), []string{"good.csv", "later.csv"})
	w.haulier(0, "pgp", "retire", "acme-in@1", "--used-lately")
	c.put("out/late.csv.pgp", customer.run("late\n", "--encrypt", "--recipient", old))
	has(t, w.haulier(13, "run", "in").err, "pgp.wrong_key")
}
