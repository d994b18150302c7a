package config

import (
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/haulier/haulier/job"
)

// Config is a whole configuration: defaults filled in, names resolved. It does not change once loaded.
type Config struct {
	Version     int
	Path        string   // of haulier.yaml, as given
	Files       []string // all that were read, haulier.yaml first
	Timezone    *time.Location
	DataDir     string // absolute
	EgressIPs   []netip.Addr
	Contact     string // of ours, for customers; empty: not stated
	Connections map[string]job.Connection
	JumpHosts   map[string]job.Jump
	Jobs        []job.Spec // in the order of the files
	Calendars   map[string]job.Calendar
	Channels    map[string]job.Channel
	Alert       job.Alert // of what is no job's, and of jobs that do not say otherwise
	Metrics     Metrics
	Web         Web
	Log         Log

	restart map[string]string // settings that count only after a restart, by path

	writing sync.Once
	tree    *value // nil once it was written
	text    string
}

// Metrics says where the daemon serves its figures.
type Metrics struct {
	Listen string // host:port; empty: nowhere
}

// Log is how the program logs.
type Log struct {
	Level  string // debug, info, warn or error
	Format string // text or json
}

// Job finds a job by name.
func (c *Config) Job(name string) (job.Spec, bool) {
	for i := range c.Jobs {
		if c.Jobs[i].Name == name {
			return c.Jobs[i], true
		}
	}
	return job.Spec{}, false
}

// Options say with what a configuration is judged. The zero value judges as the daemon does, on this machine, and looks
// at no store.
type Options struct {
	// CheckCron judges a schedule in its zone; warnings are about lines that do what they say and perhaps not what is
	// meant. Nil: the scheduler's own judgement.
	CheckCron func(spec string, zone *time.Location) (warnings []string, err error)
	// CheckClock tells of times of a schedule that a change of the clocks skips, one sentence each. Nil: the next such
	// time after Now, as the scheduler sees it.
	CheckClock func(spec string, zone *time.Location) []string
	// CheckTemplate and CheckPattern judge name templates and globs. Nil: as transfers read them.
	CheckTemplate func(string) error
	CheckPattern  func(string) error
	// CheckHostKey judges a line of host_keys whose form is right. Nil: the form is all that is looked at.
	CheckHostKey func(string) error
	// CheckShout says what is against the URL of shoutrrr that a reference names; empty: nothing, or it is not to be had now. Nil: it is
	// not looked at.
	CheckShout func(url job.SecretRef, allowPrivate bool) string
	// Known tells what is there already, for the warnings about what is not.
	Known Known
	// Env looks up environment variables; nil: os.LookupEnv.
	Env func(string) (string, bool)
	// NoFiles leaves key files and secret files alone: for a configuration that is checked away from its machine.
	NoFiles bool
	// Now is the time that the clock's changes are looked for from; zero: the present.
	Now time.Time
}

// Known tells what the store already holds. A nil function: not looked at.
type Known struct {
	Key    func(kind job.KeyKind, name string) bool
	Pin    func(address string) bool // [host]:port
	Secret func(name string) bool
}

// Load reads a configuration and everything that is wrong with it. The Config is nil when there are errors. A folder
// stands for the haulier.yaml in it.
func Load(file string, o Options) (*Config, Problems) {
	if info, err := os.Stat(file); err == nil && info.IsDir() {
		file = filepath.Join(file, "haulier.yaml")
	}
	r := &reader{}
	r.readAll(file)
	return r.config(file, o)
}

// LoadText reads a configuration that Show gave as if it stood in a file, to which its paths are relative. Messages call
// the text by name.
func LoadText(text, file, name string, o Options) (*Config, Problems) {
	r := &reader{sources: []*source{{name: name}}}
	r.problems.Files = 1
	r.parse(r.sources[0], []byte(text))
	return r.config(file, o)
}

func (r *reader) config(file string, o Options) (*Config, Problems) {
	b := newBuilder(r, file, o.withDefaults())
	b.build()
	r.problems.sort()
	if r.problems.Errors() > 0 {
		return nil, r.problems
	}
	return b.config, r.problems
}
