package control

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/haulier/haulier/job"
	"github.com/haulier/haulier/store"
	"github.com/haulier/haulier/transfer/sftp"
)

// Tester tests a connection from the name to the folder.
type Tester interface {
	Test(ctx context.Context, c job.Connection, purpose sftp.Purpose) sftp.Report
}

// IncidentBook keeps incidents, and who did what.
type IncidentBook interface {
	ResolveConnection(ctx context.Context, name, by string, at time.Time) error
	AddAudit(ctx context.Context, l store.AuditLine) error
}

// What the audit list has of tests: that somebody asks for one, before anything is dialled, and what it came to.
const (
	actTest   = "connection.test"
	actTested = "connection.tested"
)

// TestConnection tests a connection, whatever its breaker says. A green one ends the incidents that stood on it. The
// report is whole even when an error tells that the store could not be written behind it.
func TestConnection(ctx context.Context, t Tester, book IncidentBook, c job.Connection, purpose sftp.Purpose, by string) (sftp.Report, error) {
	line := store.AuditLine{Who: by, Act: actTest, Object: c.Name}
	if err := book.AddAudit(ctx, line); err != nil {
		return sftp.Report{}, err
	}
	report := t.Test(ctx, c, purpose)
	ctx = context.WithoutCancel(ctx)
	line.Act, line.Detail = actTested, "ok"
	if report.Error != nil {
		line.Detail = report.Error.Slug
		if !forCustomer(report) {
			line.Detail += onOurSide
		}
	}
	err := book.AddAudit(ctx, line)
	if report.OK {
		err = errors.Join(err, book.ResolveConnection(ctx, c.Name, "", time.Now()))
	}
	return report, err
}

// onOurSide follows the slug in the line of a test that failed at something of ours.
const onOurSide = " (on our side)"

// forCustomer says whether the owner of the server can do something about a failed test: not where our jump host, our proxy or our resolver failed,
// and not where we are to change something. A new host key is asked for, though it is we who will trust it.
func forCustomer(report sftp.Report) bool {
	failed, dns := report.Error, (*net.DNSError)(nil)
	switch {
	case report.FailedAtJump(), failed.Slug == "net.proxy", failed.Slug == "net.unreachable", strings.HasPrefix(failed.Slug, "net.jump"):
		return false
	case errors.As(failed, &dns) && !dns.IsNotFound:
		return false
	case failed.Slug == "host_key.unknown":
		return true
	}
	return failed.Who != job.WhoUs
}

// PurposeOf says what a connection is for: what its jobs do, in the locations that they use. Without jobs it is what
// the locations allow.
func PurposeOf(c job.Connection, jobs []job.Spec) sftp.Purpose {
	var p sftp.Purpose
	for _, spec := range jobs {
		if spec.Connection != c.Name {
			continue
		}
		location := ""
		switch {
		case spec.Import != nil:
			p.Download, location = true, spec.Import.Location
		case spec.Export != nil:
			p.Upload, location = true, spec.Export.Location
		}
		if l, found := c.Locations[location]; found {
			if p.Locations == nil {
				p.Locations = map[string]job.Location{}
			}
			p.Locations[location] = narrowed(p.Locations[location], l, spec)
		}
	}
	return p
}

// narrowed is a location with the use that its jobs make of it: one that is only read is not asked for the right to write.
func narrowed(before, l job.Location, spec job.Spec) job.Location {
	use := job.UseDownload
	if spec.Export != nil {
		use = job.UseUpload
	}
	if before.Use != "" && before.Use != use {
		use = job.UseBoth
	}
	l.Use = use
	return l
}

// PinAddress is how host keys of an endpoint are filed.
func PinAddress(e job.Endpoint) string { return fmt.Sprintf("[%s]:%d", e.Host, e.Port) }

// Trust pins host keys that a person has compared, and lets one login of the account through, whatever was refused
// before. With replace, pins of the server that it no longer shows are forgotten; otherwise they stay, as several
// machines may stand behind one name. All of it counts, with its lines of the audit list, or none.
func Trust(ctx context.Context, s *store.Store, e job.Endpoint, shown, accepted []sftp.HostKey, replace bool, by string) error {
	address := PinAddress(e)
	return s.Together(ctx, "trust "+address, func(t *store.Store) error {
		for _, key := range accepted {
			if err := t.AddPin(ctx, job.Pin{Address: address, Key: key.Key, Added: time.Now(), By: by, Why: "trust"}); err != nil {
				return err
			}
		}
		if replace && len(accepted) > 0 {
			if err := forgetUnseen(ctx, t, address, shown, by); err != nil {
				return err
			}
		}
		open, err := sftp.LetThrough(ctx, t, accountOf(e), time.Now())
		if err != nil || !open {
			return err
		}
		return t.Act(ctx, by, "connection.resume", address, "trust")
	})
}

func accountOf(e job.Endpoint) job.Account {
	return job.Account{Host: e.Host, Port: e.Port, User: e.User}
}

func forgetUnseen(ctx context.Context, s *store.Store, address string, shown []sftp.HostKey, by string) error {
	pins, err := s.Pins(ctx, address)
	for _, pin := range pins {
		if !slices.ContainsFunc(shown, func(k sftp.HostKey) bool { return samePin(pin.Key, k.Key) }) {
			pin.By, pin.Why = by, "replaced by trust"
			err = errors.Join(err, s.RemovePin(ctx, pin))
		}
	}
	return err
}

// samePin compares type and key; a comment behind them does not count.
func samePin(a, b string) bool {
	left, right := strings.Fields(a), strings.Fields(b)
	return len(left) >= 2 && len(right) >= 2 && left[0] == right[0] && left[1] == right[1]
}
