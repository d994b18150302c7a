package notify

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"github.com/haulier/haulier/internal/secret"
	"github.com/haulier/haulier/job"
)

// Where alerts go by shoutrrr is held to the rules of webhooks, as far as the URL shows it.
func TestURLsOfShoutrrr(t *testing.T) {
	const own = "it leads to this machine"
	for _, tc := range []struct {
		url     string
		private bool
		want    string // part of what is against it; empty: nothing
	}{
		{url: "slack://hook:T0-B0-x@webhook"},
		{url: "telegram://1:x@telegram?chats=@ops"},
		{url: "discord://x@127"}, // a number of theirs
		{url: "mattermost://chat.acme.example/x"},
		{url: "mattermost://chat.acme.example/x?disabletls=no"},
		{url: "generic://hooks.acme.example/x?template=json"},
		{url: "logger://", want: "none of those that may be told: bark, discord"},
		{url: "smtp://u:x@mail.acme.example/?to=a@b", want: "none of those"},
		{url: "mqtt://broker.acme.example/x", want: "none of those"},
		{url: "script:///bin/x", want: "none of those"},
		{url: "file:///etc/x", want: "none of those"},
		{url: "generic+https://hooks.acme.example/x", want: "none of those"},
		{url: "https://hooks.acme.example/x", want: "none of those"},
		{url: "x", want: "none of those"},
		{url: "slack://%zz", want: "it is no URL"},
		{url: "generic://hooks.acme.example/x?disabletls=yes", want: "turns encryption"},
		{url: "generic://hooks.acme.example/x?disableTLS=1", private: true, want: "turns encryption"},
		{url: "ntfy://ntfy.acme.example/x?scheme=http", want: "turns encryption"},
		{url: "ntfy://ntfy.acme.example/x?DisableTLSVerification=true", want: "turns encryption"},
		{url: "gotify://gotify.acme.example/x?insecureskipverify=yes", want: "turns encryption"},
		{url: "matrix://u:x@matrix.acme.example/?disableTLS=yes", want: "turns encryption"},
		{url: "generic://127.0.0.1:8080/x?disabletls=yes", want: "turns encryption"},
		{url: "generic://127.0.0.1:8080/x?disabletls=yes", private: true},
		{url: "generic://127.0.0.1/x", want: own},
		{url: "gotify://localhost/x", want: own},
		{url: "ntfy://10.1.2.3/x", want: own},
		{url: "ntfy://10.1.2.3/x", private: true},
		{url: "signal://u:x@host/+1/+2?host=192.168.1.2", want: own},
		{url: "teams://a@b/c/d?host=169.254.169.254", private: true, want: own},
		{url: "generic://169.254.169.254/latest", private: true, want: own},
		{url: "generic://[fe80::1]/x", private: true, want: own},
	} {
		got := ShoutFault(tc.url, tc.private)
		if (got == "") != (tc.want == "") || !strings.Contains(got, tc.want) {
			t.Errorf("%s, private %v: %q, want %q", tc.url, tc.private, got, tc.want)
		}
	}
}

// A name is judged by the addresses that it has when something is sent.
func TestNamesInURLsOfShoutrrrAreJudgedWhenTheyAreUsed(t *testing.T) {
	w := newWorld(t)
	o := w.options()
	lies := netip.MustParseAddr("203.0.113.9")
	o.Resolve = func(_ context.Context, host string) ([]netip.Addr, error) { return []netip.Addr{lies}, nil }
	calls := 0
	o.Shout = func(context.Context, secret.Text, string, string) error { calls++; return nil }
	for _, tc := range []struct {
		address string
		private bool
		slug    string
	}{
		{"203.0.113.9", false, ""}, {"127.0.0.1", false, "channel.address"}, {"127.0.0.1", true, ""}, {"169.254.169.254", true, "channel.address"},
	} {
		lies, calls = netip.MustParseAddr(tc.address), 0
		c := job.Channel{Name: "pager", Type: job.ChannelShout, Shout: &job.Shout{URL: ref("pager"), AllowPrivate: tc.private}}
		r := NewSender(o).Send(t.Context(), c, sample(c))
		slug := ""
		if r.Reason != nil {
			slug = r.Reason.Slug
		}
		if slug != tc.slug || (calls == 1) != (slug == "") {
			t.Errorf("%s, private %v: %q, %d calls", tc.address, tc.private, slug, calls)
		}
	}
	w.vault["pager"] = "logger://" + canary
	c := job.Channel{Name: "pager", Type: job.ChannelShout, Shout: &job.Shout{URL: ref("pager")}}
	if r := NewSender(o).Send(t.Context(), c, sample(c)); r.Reason == nil || r.Reason.Slug != "channel.shoutrrr" || strings.Contains(r.Reason.Error(), canary) {
		t.Errorf("a service that may not be told: %+v", r.Reason)
	}
}
