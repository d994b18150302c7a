package audit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/ProtonMail/gopenpgp/v2/crypto"
	"go.uber.org/goleak"

	"github.com/haulier/haulier/test/audit"
	"github.com/haulier/haulier/test/audit/witness"
	"github.com/haulier/haulier/test/program"
	"github.com/haulier/haulier/transfer/sftptest"
)

// built builds the program, and clean spends the clean night, when the first test asks.
var (
	built func() (string, error)
	clean func() (string, error)
)

func TestMain(m *testing.M) {
	var made []string
	built = sync.OnceValues(func() (string, error) {
		file, _, err := program.Build()
		made = append(made, filepath.Dir(file))
		return file, err
	})
	clean = sync.OnceValues(func() (string, error) {
		dir, err := os.MkdirTemp("", "audit-night-")
		made = append(made, dir)
		if err != nil {
			return "", err
		}
		return dir, spend(dir)
	})
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		for _, dir := range made {
			if err := os.RemoveAll(dir); err != nil {
				fmt.Fprintln(os.Stderr, err)
			}
		}
		os.Exit(code)
	}))
}

// The jobs of the night. Imports read srv/out/JOB and land in land/JOB; exports send box/JOB to srv/in/JOB.
var (
	imports = []string{"keep", "move", "delete", "claim", "sealed", "sealed-delete", "forced"}
	exports = []string{"plain", "plain-delete", "plain-move", "seal", "seal-delete"}
)

const config = `version: 1
timezone: UTC
data_dir: data
defaults: {limits: {min_free_space: 1MiB}}
connections:
  acme:
    host: 127.0.0.1
    port: %d
    username: customer
    auth: {methods: [password], password: {env: PASSWORD}}
    host_keys: ["%s"]
    locations: {%s}
jobs:
%s`

// night is a folder with everything about one night in it.
type night struct {
	dir       string
	machine   program.Machine
	server    *sftptest.Server
	consumers []*witness.Consumer
	customers map[string]*witness.Customer
	ours      *crypto.KeyRing // to seal for us
	theirs    *crypto.Key     // to open what we sealed
}

func newNight(dir string) *night { return &night{dir: dir, customers: map[string]*witness.Customer{}} }

func (n *night) path(name string) string { return filepath.Join(n.dir, name) }

// spend spends a whole night of two rounds in a folder: everything that may be there is there, and nothing goes wrong.
func spend(dir string) (err error) {
	n := newNight(dir)
	if err := n.open(); err != nil {
		return errors.Join(err, n.close())
	}
	defer func() { err = errors.Join(err, n.close()) }()
	for _, round := range []func() error{n.first, n.second} {
		if err := errors.Join(round(), n.runAll()); err != nil {
			return err
		}
	}
	if _, err := n.haulier("run", "--force", "forced"); err != nil {
		return err
	}
	for _, job := range imports {
		if err := n.put(job, "too-late.csv", "put out when all runs were over, "+job); err != nil {
			return err
		}
	}
	return n.openSealed()
}

// open starts server, customers, consumers, and sets the program up.
func (n *night) open() error {
	log, err := os.Create(n.mk("logs") + "/server")
	if err != nil {
		return err
	}
	n.server, err = sftptest.Start(sftptest.Options{Root: n.mk("srv"), LogTo: log, Users: []sftptest.User{{Name: "customer", Password: "pw"}}})
	if err != nil {
		return err
	}
	file, err := built()
	n.machine = program.Machine{Program: file, Dir: n.dir, Env: []string{"PASSWORD=pw", "HOME=" + n.dir}}
	if err := errors.Join(err, n.configure()); err != nil {
		return err
	}
	for _, job := range append(append([]string{}, imports...), exports...) {
		c, err := witness.NewCustomer(n.mk(sourceOf(job)), n.mk("making/"+job), n.path("logs/"+job+".sources"))
		if err != nil {
			return err
		}
		n.customers[job] = c
	}
	for _, job := range imports {
		c, err := witness.Consume(n.mk("land/"+job), n.mk("taken/"+job), n.path("logs/"+job+".taken"))
		if err != nil {
			return err
		}
		n.consumers = append(n.consumers, c)
	}
	return n.exchangeKeys()
}

func (n *night) mk(name string) string {
	if err := os.MkdirAll(n.path(name), 0o755); err != nil {
		panic(err)
	}
	return n.path(name)
}

func sourceOf(job string) string {
	for _, i := range imports {
		if i == job {
			return "srv/out/" + job
		}
	}
	return "box/" + job
}

func (n *night) configure() error {
	after := map[string]string{
		"move": "{move: done}", "delete": "delete", "claim": "delete\n    claim: rename", "sealed-delete": "delete",
		"plain-delete": "delete", "plain-move": "{move: sent/plain-move}", "seal-delete": "delete",
	}
	locations, jobs := "done: /done", ""
	n.mk("srv/done")
	for _, job := range imports {
		locations += fmt.Sprintf(", %s: /out/%s", job, job)
		jobs += fmt.Sprintf("  %s:\n    type: import\n    connection: acme\n    from: {location: %s, match: \"*\", stable_for: 0s}\n    to: {dir: land/%s}\n", job, job, job)
		if job == "sealed" || job == "sealed-delete" {
			jobs += "    inbound: {pgp: {decrypt_with: ours}}\n"
		}
		if after[job] != "" {
			jobs += "    after_success: " + after[job] + "\n"
		}
	}
	for _, job := range exports {
		n.mk("srv/in/" + job)
		locations += fmt.Sprintf(", %s: /in/%s", job, job)
		jobs += fmt.Sprintf("  %s:\n    type: export\n    connection: acme\n    from: {dir: box/%s, match: \"*\", stable_for: 0s}\n    to: {location: %s, if_exists: replace}\n", job, job, job)
		if job == "seal" || job == "seal-delete" {
			jobs += "    outbound: {pgp: {encrypt_to: [theirs]}}\n"
		}
		if after[job] != "" {
			jobs += "    after_success: " + after[job] + "\n"
		}
	}
	text := fmt.Sprintf(config, n.server.Port(), n.server.HostKeys()[0], locations, jobs)
	return os.WriteFile(n.path("haulier.yaml"), []byte(text), 0o600)
}

func (n *night) exchangeKeys() error {
	block, err := n.haulier("pgp", "generate", "ours", "--type", "x25519")
	if err != nil {
		return err
	}
	key, err := crypto.NewKeyFromArmored(block)
	if err != nil {
		return err
	}
	if n.ours, err = crypto.NewKeyRing(key); err != nil {
		return err
	}
	if n.theirs, err = crypto.GenerateKey("customer", "customer@example.org", "x25519", 0); err != nil {
		return err
	}
	public, err := n.theirs.GetArmoredPublicKey()
	if err != nil {
		return err
	}
	if err := os.WriteFile(n.path("theirs.asc"), []byte(public), 0o600); err != nil {
		return err
	}
	_, err = n.haulier("pgp", "import", "theirs", n.path("theirs.asc"))
	return err
}

// haulier calls the program; a run that left something out is well.
func (n *night) haulier(args ...string) (string, error) {
	machine := n.machine
	ended, err := machine.Run(ctx(), args...)
	const partial, rejected = 4, 13
	if err == nil && ended.Code != 0 && ended.Code != partial && ended.Code != rejected {
		err = fmt.Errorf("haulier %q: exit code %d\n%s%s", args, ended.Code, ended.Stdout, ended.Stderr)
	}
	return ended.Stdout, err
}

func (n *night) runAll() error {
	for _, job := range append(append([]string{}, imports...), exports...) {
		if _, err := n.haulier("run", job); err != nil {
			return err
		}
	}
	return nil
}

// put puts a version out as the job wants it.
func (n *night) put(job, name, content string) error {
	switch job {
	case "sealed", "sealed-delete":
		message, err := n.ours.Encrypt(crypto.NewPlainMessage([]byte(content)), nil)
		if err != nil {
			return err
		}
		return n.customers[job].Put(name+".pgp", message.GetBinary(), []byte(content), time.Time{})
	}
	return n.customers[job].Put(name, []byte(content), nil, time.Time{})
}

// first: plain files, two of equal content, one that is refused, and one that is replaced before anybody can see it.
func (n *night) first() error {
	var all []error
	for job := range n.customers {
		all = append(all,
			n.put(job, "a.csv", "a of "+job), n.put(job, "b.csv", string(bytes.Repeat([]byte("b of "+job+"\n"), 20_000))),
			n.put(job, "twin-1.csv", "twins of "+job), n.put(job, "twin-2.csv", "twins of "+job),
			n.put(job, "daily.csv", "the first day of "+job),
			n.put(job, "hasty.csv", "nobody ever saw this in "+job), n.put(job, "hasty.csv", "but this in "+job),
			n.put(job, "withdrawn.csv", "nobody saw this either in "+job), n.customers[job].Remove(removedName(job)),
		)
		if job != "sealed" && job != "sealed-delete" {
			all = append(all, n.customers[job].Put("empty.csv", nil, nil, time.Time{}))
		} else {
			all = append(all, n.customers[job].Put("clear.csv", []byte("in clear in "+job), nil, time.Time{}))
		}
	}
	return errors.Join(all...)
}

func removedName(job string) string {
	if job == "sealed" || job == "sealed-delete" {
		return "withdrawn.csv.pgp"
	}
	return "withdrawn.csv"
}

// second: a fixed name comes again, once with what is new and once with what landed before; the time of the second
// differs, as seconds are all that the server tells.
func (n *night) second() error {
	var all []error
	for job := range n.customers {
		all = append(all, n.put(job, "daily.csv", "the second day of "+job+", which is longer"))
		if job == "sealed" || job == "sealed-delete" {
			continue
		}
		all = append(all, n.customers[job].Put("a.csv", []byte("a of "+job), nil, time.Now().Add(-time.Hour)))
	}
	return errors.Join(all...)
}

// openSealed is the customer who opens what we sealed.
func (n *night) openSealed() error {
	ring, err := crypto.NewKeyRing(n.theirs)
	if err != nil {
		return err
	}
	out, err := os.Create(n.path("logs/opened"))
	if err != nil {
		return err
	}
	defer out.Close()
	for _, job := range []string{"seal", "seal-delete"} {
		err := filepath.WalkDir(n.path("srv/in/"+job), func(name string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			sealed, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			o := audit.Opened{SHA256: sum(sealed)}
			if plain, err := ring.Decrypt(crypto.NewPGPMessage(sealed), nil, 0); err == nil {
				o.PlainSHA256 = sum(plain.GetBinary())
			}
			return json.NewEncoder(out).Encode(o)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (n *night) close() error {
	var all []error
	for _, c := range n.consumers {
		all = append(all, c.Stop())
	}
	for _, c := range n.customers {
		all = append(all, c.Close())
	}
	if n.server != nil {
		n.server.Stop()
	}
	return errors.Join(all...)
}
