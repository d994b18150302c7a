package store

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// oldStore makes a store of the first schema with something in it.
func oldStore(t *testing.T, statements ...string) (path string) {
	t.Helper()
	return storeOf(t, 1, statements...)
}

// storeOf makes a store of a schema with something in it.
func storeOf(t *testing.T, schema int64, statements ...string) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "haulier.db")
	db, err := sql.Open("sqlite", writerDSN(path))
	if err != nil {
		t.Fatal(err)
	}
	provider, err := migrator(db)
	if err == nil {
		_, err = provider.UpTo(t.Context(), schema)
	}
	for _, statement := range statements {
		if err == nil {
			_, err = db.ExecContext(context.Background(), statement)
		}
	}
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// Incidents of a store of before were told when they began: they are not told again, and reminded of as any other.
func TestIncidentsOfAnOlderStore(t *testing.T) {
	path := oldStore(t, `INSERT INTO jobs (name, connection, first_loaded, loaded) VALUES ('acme-in', 'acme', 1, 1)`,
		`INSERT INTO incidents (cause, reason, count, opened, last) VALUES ('job/acme-in/pgp.wrong_key', '{"slug":"pgp.wrong_key"}', 2, 1000000, 2000000)`,
		`INSERT INTO incidents (cause, reason, count, opened, last, resolved) VALUES ('connection/bank/net.dns', '', 1, 1000000, 1000000, 2000000)`,
		`INSERT INTO incidents (cause, reason, count, opened, last) VALUES ('config/config.rejected_on_reload', '', 1, 1000000, 1000000)`,
		`INSERT INTO incident_jobs (incident, job) VALUES (1, 'acme-in')`)
	s, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	now := time.Unix(100, 0).UTC()
	tell := func(at time.Time) (said []string) {
		ids, _, err := s.IncidentsDue(t.Context(), at, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, id := range ids {
			what, err := s.TellIncident(t.Context(), id, at, func(job.Incident) Manner { return Manner{RemindEvery: time.Hour} })
			if err != nil {
				t.Fatal(err)
			}
			said = append(said, what)
		}
		return said
	}
	if said := tell(now); len(said) != 2 || said[0] != "" || said[1] != "" {
		t.Errorf("said %q at the first look", said)
	}
	if said := tell(now.Add(time.Hour)); len(said) != 2 || said[0] != sayReminded || said[1] != sayReminded {
		t.Errorf("said %q after an hour", said)
	}
	open, err := s.OpenIncidents(t.Context())
	if err != nil || len(open) != 2 || open[0].Connection != "acme" || open[0].JobsTotal != 1 || open[1].Kind != job.AlertConfig {
		t.Errorf("open %+v, error %v", open, err)
	}
	all, err := s.Incidents(t.Context(), time.Time{})
	if err != nil || len(all) != 3 || all[1].Connection != "bank" {
		t.Errorf("all %+v, error %v", all, err)
	}
}

// Who heard of an incident that stood when the store was brought up to date hears that it is over, and nobody else.
func TestHearersOfAnOlderStore(t *testing.T) {
	path := storeOf(t, 9, `INSERT INTO incidents (id, cause, reason, count, opened, last, told, told_count, remind) VALUES (5, 'connection/acme/net.dns', '{}', 1, 1000000, 1000000, 2000000, 1, 0)`,
		`INSERT INTO events (id, type, at, data) VALUES (1, 'alert.opened', 2000100, x'7b226964223a357d'), (2, 'alert.opened', 2000100, x'7b226964223a367d'), (3, 'alert.opened', 2000100, x'7b')`,
		`INSERT INTO channels (name, fallback, recipients, mark, after) VALUES ('ops', '', '[]', '', 0), ('chat', '', '[]', '', 0)`,
		`INSERT INTO deliveries (channel, event, recipient, contact, connection, message, state, made, next) VALUES ('ops', 1, '', 0, 'acme', 'm', 'sent', 1, 0), ('chat', 2, '', 0, 'acme', 'm', 'sent', 1, 0),
			('chat', 3, '', 0, 'acme', 'm', 'sent', 1, 0)`,
		`UPDATE routed SET event = 3`)
	s, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	over := job.Event{ID: 4, Type: job.EventAlertResolved}
	err = errors.Join(s.write(t.Context(), "tell", func(tx *gorm.DB) error { return s.tell(tx, over.Type, nil) }),
		s.Deliver(t.Context(), 3, over.ID, []job.Delivery{{Event: over, Incident: 5, Hearers: &job.Hearers{}}}))
	if err != nil {
		t.Fatal(err)
	}
	all, err := s.ListDeliveries(t.Context(), job.Deliveries{Limit: 1})
	if err != nil || len(all) != 1 || all[0].Channel != "ops" || all[0].State != job.DeliveryPending || all[0].Incident != 5 {
		t.Errorf("deliveries %+v, error %v", all, err)
	}
	if due, err := s.DueDeliveries(t.Context(), "chat", time.Now(), 0); err != nil || len(due) != 0 {
		t.Errorf("owed to chat %+v, error %v", due, err)
	}
}
