package config

import (
	"cmp"
	"net/netip"
	"path/filepath"
	"time"

	"github.com/haulier/haulier/job"
)

// builder makes specs of values, and judges what only the whole can tell.
type builder struct {
	*reader
	Options
	config *Config
	top    *value
	dir    string // absolute folder of haulier.yaml
}

func newBuilder(r *reader, file string, o Options) *builder {
	dir, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		dir = filepath.Dir(file)
	}
	return &builder{reader: r, Options: o, dir: dir, config: &Config{
		Path: file, Connections: map[string]job.Connection{}, JumpHosts: map[string]job.Jump{}, Calendars: map[string]job.Calendar{},
		Channels: map[string]job.Channel{},
	}}
}

func (b *builder) build() {
	b.top = b.merge()
	b.config.tree = b.top
	b.settings()
	b.calendars()
	b.channels()
	for _, name := range b.top.get("jump_hosts").names() {
		v := b.top.get("jump_hosts", name)
		b.config.JumpHosts[name] = job.Jump{Name: name, Endpoint: b.endpoint("jump host", name, v)}
	}
	for _, name := range b.top.get("connections").names() {
		b.config.Connections[name] = b.connection(name, b.top.get("connections", name))
	}
	for _, name := range b.top.get("jobs").names() {
		b.config.Jobs = append(b.config.Jobs, b.job(name, b.top.get("jobs", name)))
	}
	b.problems.Connections, b.problems.Jobs = len(b.config.Connections), len(b.config.Jobs)
	b.judgeAll()
	b.config.restart = b.top.needRestart()
}

func (v *value) names() []string {
	if v == nil {
		return nil
	}
	return v.order
}

func (b *builder) settings() {
	c := b.config
	c.Version = b.top.get("version").count()
	for _, src := range b.sources {
		c.Files = append(c.Files, src.name)
	}
	c.Timezone = b.top.get("timezone").zone()
	if c.Timezone == nil {
		c.Timezone = time.UTC
	}
	if b.top.get("timezone") == nil && !b.unread() {
		b.warn(place{src: b.sources[0]}, "W-TZ", "no timezone is set: schedules and dates in names follow UTC. Write `timezone: Europe/Brussels` or whichever is yours")
	}
	c.DataDir = b.local(b.top.get("data_dir"))
	c.Contact = b.top.get("contact").str()
	c.EgressIPs = all[netip.Addr](b.top.get("egress_ips"))
	c.Metrics.Listen = b.top.get("metrics", "listen").str()
	c.Log = Log{Level: b.top.get("log", "level").str(), Format: b.top.get("log", "format").str()}
	c.Alert = b.alert(nil)
	b.judgeMetrics(b.top.get("metrics", "listen"))
	b.web()
}

// local resolves a local path against the folder of haulier.yaml.
func (b *builder) local(v *value) string {
	if v.str() == "" {
		return ""
	}
	return b.localPath(v.str())
}

func (b *builder) localPath(path string) string {
	if !filepath.IsAbs(path) {
		path = filepath.Join(b.dir, path)
	}
	return filepath.Clean(path)
}

func (b *builder) calendars() {
	for _, name := range b.top.get("calendars").names() {
		v := b.top.get("calendars", name)
		c := job.Calendar{Name: name, Days: take[[7]bool](v.get("days")), Except: map[string]struct{}{}}
		for _, day := range v.get("except").words() {
			c.Except[day] = struct{}{}
		}
		if len(c.Except) == 0 {
			c.Except = nil
		}
		b.config.Calendars[name] = c
	}
}

// effective finds a setting of a job: its own, else the global default.
func (b *builder) effective(v *value, section, key string) *value {
	if own := v.get(section, key); own != nil {
		return own
	}
	return b.top.get("defaults", section, key)
}

func (b *builder) retry(v *value) job.Retry {
	return job.Retry{
		Attempts:   b.effective(v, "retry", "attempts").count(),
		Backoff:    b.effective(v, "retry", "backoff").duration(),
		MaxBackoff: b.effective(v, "retry", "max_backoff").duration(),
	}
}

func (b *builder) limits(v *value) job.Limits {
	return job.Limits{
		Timeout:      b.effective(v, "limits", "timeout").duration(),
		MaxFileSize:  b.effective(v, "limits", "max_file_size").bytes(),
		MaxFiles:     b.effective(v, "limits", "max_files").count(),
		MaxEntries:   b.effective(v, "limits", "max_entries").count(),
		MinFreeSpace: b.effective(v, "limits", "min_free_space").bytes(),
		PGPRatio:     float64(b.effective(v, "limits", "pgp_ratio").count()),
	}
}

func (b *builder) timing(v *value) job.Timing {
	t := job.Timing{
		Cron:    v.get("schedule").str(),
		Zone:    cmp.Or(v.get("timezone").zone(), b.config.Timezone),
		After:   v.get("after").str(),
		Jitter:  v.get("jitter").duration(),
		Overlap: job.Overlap(v.get("overlap").str()),
		CatchUp: v.get("catch_up").duration(),
	}
	if w := v.get("window"); w.usable() {
		t.Window = &job.Window{From: w.get("from").minutes(), To: w.get("to").minutes()}
	}
	if name := v.get("calendar").str(); name != "" {
		if c, ok := b.config.Calendars[name]; ok {
			t.Calendar = &c
		}
	}
	return t
}
