package config

import (
	"net/netip"
	"net/url"
	"strings"

	"github.com/haulier/haulier/job"
)

func (b *builder) channels() {
	for _, name := range b.top.get("channels").names() {
		v := b.top.get("channels", name)
		c := job.Channel{
			Name: name, Type: job.ChannelType(v.get("type").str()), Fallback: v.get("fallback").str(), Position: v.key.position(),
		}
		switch c.Type {
		case job.ChannelMail:
			c.Mail = b.mail(name, v)
		case job.ChannelWebhook:
			c.Webhook = b.webhook(name, v)
		case job.ChannelShout:
			c.Shout = b.shout(name, v)
		case job.ChannelPing:
			c.Ping = &job.Ping{URL: b.given(v.get("ping_url")), Every: v.get("every").duration(), AllowPrivate: v.get("allow_private").flag()}
		}
		b.config.Channels[name] = c
	}
}

func (b *builder) shout(name string, v *value) *job.Shout {
	s := &job.Shout{AllowPrivate: v.get("allow_private").flag()}
	b.lookForSecret(v.get("url"))
	ref := b.reference(v.get("url"))
	if ref == nil {
		return s
	}
	s.URL = *ref
	if b.CheckShout == nil {
		return s
	}
	if fault := b.CheckShout(*ref, s.AllowPrivate); fault != "" {
		b.fail(v.get("url").at, "E-CHANNEL", "%s", about("channel", name, "what url holds may not be used: %s", fault))
	}
	return s
}

// given reads a text or the secret that holds it.
func (b *builder) given(v *value) job.Given {
	b.lookForSecret(v)
	return job.Given{Text: v.str(), Secret: b.reference(v)}
}

func (b *builder) webhook(name string, v *value) *job.Webhook {
	hook := &job.Webhook{
		URL: b.given(v.get("url")), Events: v.get("events").words(), Format: job.WebhookFormat(v.get("format").str()),
		AllowPrivate: v.get("allow_private").flag(),
	}
	secrets := v.get("signing_secret")
	for _, item := range secrets.entries() {
		if ref := b.reference(item); ref != nil {
			hook.Secrets = append(hook.Secrets, *ref)
		}
		b.lookForSecret(item)
	}
	if len(secrets.entries()) > 2 {
		b.fail(secrets.at, "E-VALUE", "%s", about("channel", name, "signing_secret has %d secrets; two are enough, the new one and the one that it replaces", len(secrets.items)))
	}
	if target, err := url.Parse(hook.URL.Text); err == nil && target.Scheme == "http" && !onLoopback(target.Hostname()) {
		b.warn(v.get("url").at, "W-PLAIN-HTTP", "%s", about("channel", name, "url is http: what is told is signed, and everybody on the way can read it; write https"))
	}
	return hook
}

func onLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// localMail is the mail server of this machine.
var localMail = job.SMTP{Host: "localhost", Port: 25, TLS: job.TLSNone}

// mailPorts are the ports that mail servers listen on.
var mailPorts = map[job.TLS]int{job.TLSStart: 587, job.TLSFull: 465, job.TLSNone: 25}

func (b *builder) mail(name string, v *value) *job.Mail {
	m := &job.Mail{To: v.get("to").words(), From: v.get("from").str(), Contacts: v.get("contacts").flag(), SMTP: localMail}
	s := v.get("smtp")
	if !s.usable() {
		return m
	}
	m.SMTP = job.SMTP{
		Host: s.get("host").str(), Port: s.get("port").count(), User: s.get("username").str(), Password: b.reference(s.get("password")),
		TLS: job.TLS(s.get("tls").str()),
	}
	if m.SMTP.Port == 0 {
		m.SMTP.Port = mailPorts[m.SMTP.TLS]
	}
	b.judgeSMTP(name, m.SMTP, s)
	return m
}

func (b *builder) judgeSMTP(name string, m job.SMTP, v *value) {
	b.lookForSecret(v.get("password"))
	host := v.get("host")
	if m.TLS == job.TLSNone && host.usable() && !onLoopback(strings.TrimSpace(m.Host)) {
		b.fail(v.get("tls").at, "E-CONFLICT", "%s", about("channel", name, "smtp.tls is none, and %s is another machine: everybody on the way could read mail and password; write starttls or tls", quoted(m.Host)))
	}
	user, password := v.get("username"), v.get("password")
	if (user == nil) != (password == nil) {
		b.fail(v.key, "E-AUTH", "%s", about("channel", name, "a login wants both smtp.username and smtp.password"))
	}
}

// judgeFallbacks looks at who stands in for whom.
func (b *builder) judgeFallbacks() {
	next, seen := map[string]string{}, map[string]bool{}
	for _, name := range b.top.get("channels").names() {
		v := b.top.get("channels", name, "fallback")
		if !v.usable() {
			continue
		}
		other, found := b.config.Channels[v.str()]
		switch {
		case !found:
			b.missing(v, "channel", b.top.get("channels"), "")
		case b.config.Channels[name].Type == job.ChannelPing:
			b.fail(v.key, "E-CHANNEL", "%s", about("channel", name, "is pinged and told nothing, so nothing can be told in its place; take fallback out"))
		case other.Type == job.ChannelPing:
			b.fail(v.at, "E-CHANNEL", "%s", about("channel", name, "fallback %q is of type healthchecks, which nothing can be told", v.str()))
		default:
			next[name] = v.str()
		}
	}
	for _, name := range b.top.get("channels").names() {
		if ring := ringOf(name, next, seen); len(ring) > 0 {
			b.fail(b.top.get("channels", ring[0], "fallback").at, "E-CYCLE", "channels fall back on each other: %s", strings.Join(append(ring, ring[0]), " to "))
		}
	}
}
