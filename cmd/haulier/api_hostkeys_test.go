package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/haulier/haulier/internal/testserver"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/web"
	"github.com/haulier/haulier/web/route"
)

// A jump host is met before the server behind it, and trusted in the same way: until it is, nothing behind it is believed.
func TestJumpHostsAreTrustedOverTheAPI(t *testing.T) {
	jump := testserver.SSHD(t, testserver.Options{})
	server := testserver.SSHD(t, testserver.Options{AuthorizedKeys: []string{jump.PublicKey}})
	folders(t, server, "out", "in")
	yaml := strings.Replace(connectionTo(server, ""), "    locations:", "    entity: acme-nv\n    jump: [bastion]\n    locations:", 1) + fmt.Sprintf("jump_hosts:\n  bastion: {host: %s, port: %d, username: %s, auth: {methods: [publickey], key_file: {path: %s}}}\n", jump.Host, jump.Port, jump.User, jump.KeyFile)
	who := route.Identity{Name: "olivia", Role: route.Admin, Sight: job.Sight{"acme-nv"}}
	h, _ := pagesOf(t, yaml, func(context.Context, *store.Store) {}, &who)
	theirs, ours := fingerprintOf(t, server.HostKeyLines[0]), fingerprintOf(t, jump.HostKeyLines[0])
	const trust = "/connections/acme/trust"
	status, text := askAPI(t, h, "POST", trust, fmt.Sprintf(`{"fingerprint":%q}`, theirs))
	if status != 422 || !strings.Contains(text, "host_key.unknown") || !strings.Contains(text, "bastion") || !strings.Contains(text, ours) {
		t.Errorf("behind a jump host that nobody knows: %d %s", status, text)
	}
	for _, print := range []string{ours, theirs} {
		k := answerOf[web.HostKeys](t, h, "POST", trust, fmt.Sprintf(`{"fingerprint":%q}`, print))
		at := k.Address
		if print == ours {
			at = k.Jump[0].Address
		}
		if k.PinnedAt != at || k.Pinned[0] != print || len(k.Jump) != 1 || k.Jump[0].Name != "bastion" || len(k.Jump[0].Keys) != 1 || k.Jump[0].Keys[0].By != "olivia" {
			t.Errorf("%s: %+v", print, k)
		}
	}
	if r := answerOf[web.Test](t, h, "POST", "/connections/acme/test", "{}"); r.Error != nil && strings.HasPrefix(r.Error.Slug, "host_key.") {
		t.Errorf("%+v", r)
	}
}
