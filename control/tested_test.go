package control

import (
	"context"
	"errors"
	"net"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/haulier/haulier/config"
	"github.com/haulier/haulier/control/sheet"
	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/sftp"
)

// failing is a test of a connection that ends as it says.
type failing sftp.Report

func (f failing) Test(context.Context, job.Connection, sftp.Purpose) sftp.Report {
	return sftp.Report(f)
}

// A customer is asked for what they can mend. What failed at our proxy, jump host or resolver, or is for us to set, asks them for nothing.
func TestSheetAsksTheCustomerForWhatIsTheirs(t *testing.T) {
	const firewall, account, other, ours = "firewall", "account", "another host key", "on our side"
	jumped := []sftp.Stage{{Name: "jump bastion", State: sftp.StateFail}, {Name: "login", State: sftp.StateNotReached}}
	here := []sftp.Stage{{Name: "jump bastion", State: sftp.StateOK}, {Name: "login", State: sftp.StateFail}}
	for name, test := range map[string]struct {
		slug   string
		who    job.Who
		err    error
		stages []sftp.Stage
		says   string
	}{
		"a new server":                   {slug: "host_key.unknown", who: job.WhoUs, stages: here, says: "tell us the fingerprint"},
		"a new jump host":                {slug: "host_key.unknown", who: job.WhoUs, stages: jumped, says: ours},
		"another key":                    {slug: "host_key.changed", who: job.WhoBoth, stages: here, says: other},
		"our proxy":                      {slug: "net.proxy", who: job.WhoNetwork, says: ours},
		"our network":                    {slug: "net.unreachable", who: job.WhoNetwork, says: ours},
		"behind our jump host":           {slug: "net.jump", who: job.WhoNetwork, says: ours},
		"our jump host's name":           {slug: "net.dns", who: job.WhoNetwork, err: &net.DNSError{IsNotFound: true}, stages: jumped, says: ours},
		"our resolver":                   {slug: "net.dns", who: job.WhoNetwork, err: &net.DNSError{}, says: ours},
		"their name":                     {slug: "net.dns", who: job.WhoNetwork, err: &net.DNSError{IsNotFound: true}, says: "not known to the DNS"},
		"their firewall":                 {slug: "net.timeout", who: job.WhoNetwork, says: firewall},
		"a method that we are to set":    {slug: "auth.method_not_offered", who: job.WhoUs, says: ours},
		"their account":                  {slug: "auth.password_rejected", who: job.WhoBoth, stages: here, says: account},
		"our account of the jump host":   {slug: "auth.password_rejected", who: job.WhoBoth, stages: jumped, says: ours},
		"a matter of ours without texts": {slug: "local.disk", who: job.WhoUs, says: ours},
	} {
		s, err := store.Open(t.Context(), store.Options{Path: filepath.Join(t.TempDir(), "haulier.db")})
		if err != nil {
			t.Fatal(err)
		}
		c := job.Connection{Name: "acme", Endpoint: job.Endpoint{Host: "sftp.acme.example", Port: 22, User: "haulier"}}
		report := failing{Stages: test.stages, Error: &job.Reason{Slug: test.slug, Who: test.who, Err: test.err}}
		_, err = TestConnection(t.Context(), report, s, c, sftp.Purpose{}, "ann")
		facts, errSheet := Sheet(t.Context(), &config.Config{Connections: map[string]job.Connection{"acme": c}}, s, "acme", "1", time.Unix(0, 0))
		document, errText := sheet.Compose(facts, "en")
		if err := errors.Join(err, errSheet, errText, s.Close()); err != nil {
			t.Fatal(err)
		}
		var said string
		for _, section := range document.Sections {
			for _, block := range section.Blocks {
				if strings.HasPrefix(block.Text, "[ ] Tested") {
					said = block.Text
				}
			}
		}
		if !strings.Contains(said, test.says) || !strings.Contains(said, "("+test.slug+")") {
			t.Errorf("%s: the customer reads %q", name, said)
		}
		for _, word := range []string{firewall, account, other, ours} {
			if word != test.says && strings.Contains(said, word) {
				t.Errorf("%s: the customer reads of %s: %q", name, word, said)
			}
		}
	}
}
