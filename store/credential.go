package store

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// CredentialLead says that a credential comes to its end, and how soon.
type CredentialLead struct {
	Kind       string // password, pgp, pgp-public, token
	Name       string
	Version    int // of a key; 0: it has none
	Ends       time.Time
	Days       int // the lead time that has been reached; 0: it has ended
	Connection string
	Reason     job.Reason
}

// The slugs of credentials.
const (
	SlugCredentialExpiring = "credential.expiring"
	SlugCredentialExpired  = "credential.expired"
)

func credentialCause(kind, name, slug string) string {
	return "credential/" + kind + "/" + name + "/" + slug
}

// TellCredential lets people be told that a credential comes to its end: once at each lead time, whoever asks and however often. A new end is a
// new beginning. Its incident opens, or is told anew, with the lead time in one transaction; told is false when that was done before.
func (s *Store) TellCredential(ctx context.Context, c CredentialLead, at time.Time) (told bool, err error) {
	err = s.write(ctx, "tell that "+c.Kind+" "+c.Name+" ends", func(tx *gorm.DB) error {
		taken := tx.Exec(`INSERT INTO credential_leads VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE
			SET ends = excluded.ends, lead = excluded.lead, at = excluded.at WHERE ends <> excluded.ends OR lead > excluded.lead`,
			c.Kind, c.Name, micros(c.Ends), c.Days, micros(at))
		if told = taken.RowsAffected == 1; taken.Error != nil || !told {
			return taken.Error
		}
		if err := s.strikeCredential(tx, c, at); err != nil || (c.Kind != string(job.KeyPGP) && c.Kind != string(job.KeyPGPPublic)) {
			return err
		}
		return s.tell(tx, job.EventPGPKeyExpiring, keyEvent{c.Kind, c.Name, c.Version, c.Connection, utc(c.Ends), c.Days, viewOf(&c.Reason)})
	})
	return told && err == nil, err
}

type keyEvent struct {
	Kind       string     `json:"kind"`
	Key        string     `json:"key"`
	Version    int        `json:"version"`
	Connection string     `json:"connection,omitempty"`
	Expires    string     `json:"expires"`
	Days       int        `json:"days"`
	Error      *errorView `json:"error"`
}

// strikeCredential has the one incident of a credential tell anew, also when somebody has taken on what was told before. Its other
// incident, that it would end, is over without a word when it has ended.
func (s *Store) strikeCredential(tx *gorm.DB, c CredentialLead, at time.Time) error {
	other := SlugCredentialExpired
	if c.Reason.Slug == other {
		other = SlugCredentialExpiring
	}
	var rows []incidentRow
	if err := tx.Where("cause = ? AND resolved = 0", credentialCause(c.Kind, c.Name, other)).Find(&rows).Error; err != nil {
		return err
	}
	for _, row := range rows {
		row.Resolved, row.ResolvedBy, row.Recovery = micros(at), c.Reason.Slug, micros(at)
		if err := row.save(tx); err != nil {
			return err
		}
	}
	k := job.Strike{Cause: credentialCause(c.Kind, c.Name, c.Reason.Slug), Connection: c.Connection, Reason: c.Reason, At: at}
	row, err := standingIncident(tx, k)
	if err != nil {
		return err
	}
	row.Told, row.Remind, row.Recovery, row.Acked, row.AckedBy, row.AckNote = 0, 0, 0, 0, "", ""
	return row.strike(tx, k)
}

// CredentialsEnd says which credentials come to their end, as KIND/NAME: what was told of any other is over.
func (s *Store) CredentialsEnd(ctx context.Context, which map[string]bool, at time.Time) error {
	var leads []struct{ Kind, Name string }
	err := s.read(ctx, "read which credentials end", func(db *gorm.DB) error {
		return db.Table("credential_leads").Order("kind, name").Find(&leads).Error
	})
	for _, l := range leads {
		if err != nil || which[l.Kind+"/"+l.Name] {
			continue
		}
		err = s.write(ctx, "end what was told of "+l.Kind+" "+l.Name, func(tx *gorm.DB) error {
			causes := []string{credentialCause(l.Kind, l.Name, SlugCredentialExpiring), credentialCause(l.Kind, l.Name, SlugCredentialExpired)}
			if err := s.resolve(tx, at, "", tx.Where("cause IN ?", causes)); err != nil {
				return err
			}
			return tx.Exec(`DELETE FROM credential_leads WHERE kind = ? AND name = ?`, l.Kind, l.Name).Error
		})
	}
	return err
}

// HostKeys gives the host keys that any server showed for the first time since then, or that are pinned, with when each was seen last; the
// last 1,000.
func (s *Store) HostKeys(ctx context.Context, since time.Time) (seen []HostKeySeen, err error) {
	var rows []struct {
		Address, Key string
		First, Last  int64
		Count        int
	}
	err = s.read(ctx, "read the host keys", func(db *gorm.DB) error {
		return db.Raw(`SELECT * FROM host_keys_seen AS h WHERE first >= ?
			OR EXISTS (SELECT 1 FROM host_pins AS p WHERE p.address = h.address AND p.key = h.key) ORDER BY first DESC LIMIT ?`,
			micros(since), knownMost).Scan(&rows).Error
	})
	for _, r := range rows {
		seen = append(seen, HostKeySeen{r.Address, r.Key, instant(r.First), instant(r.Last), r.Count})
	}
	return seen, err
}
