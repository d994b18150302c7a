package archtest

// module is the path of this module; packages are named relative to it.
const module = "github.com/haulier/haulier"

// A row says what one package, or a family of packages, may import beyond the standard library.
//
// Names are paths relative to the module; a name ending in "/..." means the package and everything below it.
type row struct {
	name string // package or family
	says string // its job, for the reader of a violation

	own   []string // own packages
	third []string // modules or packages of others

	testOwn   []string // further own packages for tests only
	testThird []string // further packages of others for tests only
}

// Names of others' packages that the table repeats.
const (
	ssh        = "golang.org/x/crypto/ssh/..."
	pkgSFTP    = "github.com/pkg/sftp"
	unixCalls  = "golang.org/x/sys/unix"
	terminal   = "golang.org/x/term"
	cobra      = "github.com/spf13/cobra/..."
	prometheus = "github.com/prometheus/..."
)

// testKit is what every test may import.
var testKit = []string{
	"github.com/google/go-cmp/...",
	"go.uber.org/goleak",
	"github.com/rogpeppe/go-internal/testscript",
}

// testOnly are packages that only tests may import, and the production packages that may all the same.
var testOnly = map[string][]string{
	"internal/testserver": nil,
	"store/blank":         nil,
	"store/storetest":     nil,
	"web/page/pagetest":   nil,
	"transfer/sftptest":   {"cmd/haulier"}, // the demo's customer server
}

// table is the house. The most exact name counts.
var table = []row{
	{name: "job", says: "the vocabulary"},
	{name: "internal/...", says: "tiny helpers on the standard library"},
	{name: "internal/atomicfile", says: "files that are whole or not there", third: []string{unixCalls}},
	{name: "internal/ask", says: "what customers are asked for, in their languages", own: []string{"internal/words"}},
	{name: "internal/testserver", says: "real servers for tests"},

	{
		name: "scheduler", says: "when",
		own:     []string{"job", "internal/..."},
		third:   []string{"github.com/robfig/cron/v3"},
		testOwn: []string{"store", "store/blank"},
	},
	{
		name: "scheduler/expect", says: "what must have come by when",
		own:     []string{"job", "internal/...", "scheduler"},
		testOwn: []string{"store", "store/blank"},
	},
	{
		name: "transfer", says: "what: the two state machines",
		own:     []string{"job", "internal/...", "transfer/naming"},
		testOwn: []string{"transfer/...", "store", "store/blank", "pgp"},
	},
	{
		name: "transfer/naming", says: "patterns, templates, safe names",
		own:   []string{"job", "internal/..."},
		third: []string{"github.com/ncruces/go-strftime"},
	},
	{
		name: "transfer/local", says: "stage, landing, outbox on local disks",
		own:   []string{"job", "internal/..."},
		third: []string{unixCalls},
	},
	{
		name: "transfer/sftp", says: "connections to customers' servers",
		own:       []string{"job", "internal/...", "transfer/sftp/..."},
		third:     []string{ssh, "golang.org/x/net/proxy", "github.com/skeema/knownhosts"},
		testOwn:   []string{"transfer/sftptest", "store"},
		testThird: []string{pkgSFTP},
	},
	{
		name: "transfer/sftp/wire/...", says: "the SFTP client engine, over any stream",
		own:       []string{"job", "internal/...", "transfer/sftp/wire/..."},
		testThird: []string{pkgSFTP},
	},
	{
		name: "transfer/sftp/sshkey", says: "SSH keys in all their formats",
		own:   []string{"job", "internal/..."},
		third: []string{ssh},
	},
	{
		name: "transfer/sftptest", says: "a real SSH and SFTP server with fault knobs",
		own:     []string{"job", "internal/...", "transfer/sftp/wire/...", "transfer/sftp/sshkey"},
		third:   []string{ssh, pkgSFTP, unixCalls},
		testOwn: []string{"transfer/sftp"},
	},
	{
		name: "pgp", says: "streams in and out of OpenPGP",
		own:   []string{"job", "internal/..."},
		third: []string{"github.com/ProtonMail/..."},
	},
	{
		name: "store", says: "the ledger and everything remembered",
		own: []string{"job", "internal/..."},
		third: []string{
			"gorm.io/...", "github.com/pressly/goose/...", "modernc.org/sqlite/...",
			"golang.org/x/crypto/argon2", unixCalls,
		},
		testOwn: []string{"store/storetest"},
	},
	{name: "store/blank", says: "fresh stores for tests", own: []string{"store"}, third: testKit},
	{
		name: "store/storetest", says: "the conformance suite of every database",
		own:   []string{"job", "internal/...", "store"},
		third: testKit,
	},
	{
		name: "notify", says: "tells people and systems",
		own:       []string{"job", "internal/..."},
		third:     []string{"github.com/wneessen/go-mail/..."},
		testOwn:   []string{"store", "store/blank"},
		testThird: []string{"github.com/standard-webhooks/standard-webhooks/libraries/go", "github.com/google/jsonschema-go/..."},
	},
	{
		name: "notify/shout", says: "chat, paging and SMS",
		own:   []string{"job", "internal/..."},
		third: []string{"github.com/nicholas-fedor/shoutrrr/..."},
	},
	{
		name: "web", says: "shows and triggers",
		own:   []string{"job", "internal/...", "web/route"},
		third: []string{prometheus, "github.com/google/jsonschema-go/..."},
	},
	{
		name: "web/route", says: "the vocabulary of what is answered over HTTP",
		own: []string{"job"},
	},
	{
		name: "web/access", says: "who may ask what",
		own:   []string{"job", "internal/...", "web/route"},
		third: []string{"github.com/coreos/go-oidc/...", "golang.org/x/oauth2", "golang.org/x/crypto/argon2"},
	},
	{
		name: "web/page", says: "the pages of the dashboard",
		own:       []string{"job", "internal/...", "web/route"},
		testOwn:   []string{"web/page/pagetest"},
		testThird: []string{"golang.org/x/net/html"},
	},
	{
		name: "web/page/pagetest", says: "scenes for tests of the pages",
		own: []string{"job", "web/page", "web/route"},
	},
	{
		name: "test/pages", says: "the pages in a browser",
		own:   []string{"control/sheet", "job", "test/program", "web/access", "web/page", "web/page/pagetest", "web/route"},
		third: []string{"github.com/chromedp/..."},
	},

	{
		name: "config", says: "YAML in, job.Spec out",
		own:   []string{"job", "internal/...", "scheduler", "transfer/naming"},
		third: []string{"go.yaml.in/yaml/...", "github.com/invopop/jsonschema", "github.com/pb33f/ordered-map/..."},
	},
	{
		name: "control", says: "what a person or a program may ask",
		own: []string{
			"job", "internal/...", "config", "control/sheet", "scheduler/...", "transfer/...", "pgp", "store",
		},
		testOwn: []string{"web"},
	},
	{name: "control/sheet", says: "the onboarding sheet for a customer", own: []string{"internal/ask", "internal/words"}, third: []string{"rsc.io/qr/..."}},
	{
		name: "cmd/haulier", says: "the only composition root",
		own: []string{
			"job", "internal/...", "config", "control/...", "control", "scheduler/...", "transfer/...", "pgp", "store", "web", "web/...", "notify/...",
		},
		third: []string{
			cobra, prometheus, terminal, unixCalls,
			"github.com/schollz/progressbar/v3", "golang.org/x/crypto/argon2", "github.com/coreos/go-systemd/v22/daemon",
		},
		testOwn:   []string{"examples/..."},
		testThird: []string{ssh, pkgSFTP},
	},

	{name: "examples/...", says: "one complete configuration per integration", testOwn: []string{"config", "job", "scheduler", "transfer/naming"}},
	{
		name: "test/audit", says: "the auditor of the fault campaign: no code of the program, so that no mistake hides itself",
		third:     []string{"modernc.org/sqlite"},
		testOwn:   []string{"test/audit/witness", "test/program", "transfer/sftptest"},
		testThird: []string{"github.com/ProtonMail/..."},
	},
	{
		name: "test/audit/...", says: "witnesses of the auditor, and its program",
		own:   []string{"test/audit/..."},
		third: []string{unixCalls},
	},
	{
		name: "test/faults", says: "the fault campaign",
		own:   []string{"test/audit/...", "test/docs", "test/faults/power", "transfer/sftptest"},
		third: []string{ssh, "github.com/ProtonMail/...", "github.com/Shopify/toxiproxy/v2/...", "github.com/rs/zerolog", "modernc.org/sqlite/..."},
	},
	{
		name: "test/faults/power", says: "a disk that loses its power",
		third: []string{"github.com/hanwen/go-fuse/v2/fuse", unixCalls},
	},
	{
		name: "test/...", says: "what spans packages",
		own:       []string{"..."},
		third:     []string{ssh, pkgSFTP, "github.com/ProtonMail/...", cobra, terminal, "github.com/google/go-cmp/...", "go.uber.org/goleak", "github.com/rogpeppe/go-internal/testscript"},
		testThird: []string{"github.com/standard-webhooks/standard-webhooks/libraries/go", "github.com/google/jsonschema-go/..."},
	},
	{
		name: "bench/...", says: "measurements of the whole",
		own:   []string{"..."},
		third: []string{unixCalls},
	},
}
