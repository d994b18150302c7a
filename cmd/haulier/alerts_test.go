package main

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
)

// An incident is listed, taken on, silenced and shown with what has changed since all was well, with no daemon at work.
func TestAlerts(t *testing.T) {
	b := newBench(t, statusYAML())
	out, _ := b.run(exitOK, "connections", "list") // makes nothing
	if strings.Contains(out, "incident") {
		t.Error(out)
	}
	b.store(func(ctx context.Context, _ *config.Config, s *store.Store) {
		fillStatus(ctx, t, s)
		_, err := s.AddRevision(ctx, store.Revision{Hash: "h", Text: "x", By: "ann"})
		key := s.AddAudit(ctx, store.AuditLine{Who: "bob", Act: "key.rotate", Object: "acme"})
		if err := errors.Join(err, key, s.SawHostKey(ctx, "[sftp.acme.example]:22", "ssh-ed25519 AAAAother")); err != nil {
			t.Fatal(err)
		}
	})
	out, _ = b.run(exitOK, "alerts", "list")
	wants(t, out, "1     waiting   error", "[auth.key_rejected]", "fails  -> customer")
	out, _ = b.run(exitOK, "alerts", "ack", "1", "--note", "asked them")
	wants(t, out, "incident 1 is acked")
	_, text := b.run(exitUsage, "alerts", "silence", "1", "--until", "4h")
	wants(t, text, "--until and --reason are both needed")
	_, text = b.run(exitUsage, "alerts", "silence", "1", "--until", "200d", "--reason", "x")
	wants(t, text, "usage.bad_silence")
	_, text = b.run(exitUsage, "alerts", "ack", "99")
	wants(t, text, "usage.no_such_incident")
	b.run(exitOK, "alerts", "silence", "1", "--until", "4h", "--reason", "their server moves")
	out, _ = b.run(exitOK, "alerts", "list")
	wants(t, out, "1     acked", "acked by ", "asked them", "silenced by ", "their server moves")
	out, _ = b.run(exitOK, "status")
	wants(t, out, "Alert     acked  acked by", "haulier alerts show 1")
	b.run(exitOK, "alerts", "unsilence", "1")

	out, _ = b.run(exitOK, "alerts", "show", "1")
	wants(t, out, "connection/acme/auth.key_rejected", "Evidence  haulier show ", "Last good run ", "configuration revision 1 by ann", "key.rotate acme", "another host key: ssh-ed25519 AAAAother")
	out, _ = b.run(exitOK, "--json", "alerts", "show", "1")
	var book control.Runbook
	if err := json.Unmarshal([]byte(out), &book); err != nil || book.LastGood == nil || book.LastGood.Job != "fails" || len(book.Changed) != 3 || book.Incident.AckNote != "asked them" {
		t.Errorf("%s: %v", out, err)
	}

	b.store(func(ctx context.Context, _ *config.Config, s *store.Store) {
		if err := s.ResolveConnection(ctx, "acme", "", time.Now()); err != nil {
			t.Fatal(err)
		}
	})
	_, text = b.run(exitUsage, "alerts", "ack", "1")
	wants(t, text, "usage.incident_over")
	out, _ = b.run(exitOK, "alerts", "list")
	if out != "" {
		t.Error(out)
	}
	out, _ = b.run(exitOK, "--json", "alerts", "list", "--since", "1h")
	var over job.Incident
	if err := json.Unmarshal([]byte(out), &over); err != nil || over.Resolved.IsZero() || len(over.Jobs) != 1 {
		t.Errorf("%s: %v", out, err)
	}
}
