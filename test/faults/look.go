package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	_ "modernc.org/sqlite"

	"github.com/haulier/haulier/test/audit"
)

// found is what a look at everything came to.
type found struct {
	counts   findings
	words    []string
	held     int
	rejected int
}

// audit has the auditor look at everything, and looks itself whether what is held may be.
func (w *world) audit(ctx context.Context) (found, error) {
	f := found{counts: findings{}}
	e, err := w.evidence()
	if err != nil {
		return f, err
	}
	report, err := audit.Audit(e)
	if err != nil {
		return f, fmt.Errorf("the auditor: %w", err)
	}
	for _, finding := range report.Findings {
		f.counts[string(finding.Kind)]++
		f.words = append(f.words, finding.String())
	}
	if err := w.wronglyHeld(ctx, &f); err != nil || f.held+f.rejected > 0 {
		return f, err
	}
	open, err := w.openIncidents(ctx)
	open = slices.DeleteFunc(open, func(cause string) bool { return slices.Contains(w.kind.calls, path.Base(cause)) })
	if len(open) > 0 {
		f.counts["ALARM"] += len(open)
		f.words = append(f.words, fmt.Sprintf("ALARM all is well, and open are the incidents %q", open))
	}
	return f, err
}

// openIncidents gives the causes for which a person is called.
func (w *world) openIncidents(ctx context.Context) (open []string, err error) {
	err = w.query(ctx, `SELECT cause FROM incidents WHERE resolved = 0`, func(rows *sql.Rows) error {
		var cause string
		err := rows.Scan(&cause)
		open = append(open, cause)
		return err
	})
	return open, err
}

// query reads the ledger.
func (w *world) query(ctx context.Context, question string, each func(*sql.Rows) error) (err error) {
	db, err := sql.Open("sqlite", "file:"+w.ledger()+"?mode=ro")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	rows, err := db.QueryContext(ctx, question)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (w *world) evidence() (audit.Evidence, error) {
	server := audit.Server{Root: w.path("server"), Log: w.path("log/server.jsonl")}
	e := audit.Evidence{Ledger: w.ledger(), Now: time.Now()}
	if !w.kind.export {
		e.Imports = []audit.Import{{
			Job: "move", Server: server, Dir: "/out", Sources: w.path("log/sources"), Landing: w.path("disk/landing"), Taken: w.path("log/taken"),
			Claim: strings.Contains(w.kind.job, "claim"),
		}}
		return e, nil
	}
	opened, err := w.people.openSealed()
	e.Exports = []audit.Export{{
		Job: "move", Server: server, Dir: "/in", Sources: w.path("log/sources"), Outbox: w.path("outbox"), Archive: w.path("sent"), Opened: opened,
		Ignore: []string{"*.done", ".haulier-probe-*"}, Resend: w.kind.twice, InPlace: w.kind.direct(),
	}}
	return e, err
}

// direct says whether final names are written at once.
func (k kind) direct() bool {
	return strings.Contains(k.conn, "put-only") || strings.Contains(k.conn, "in_place")
}

// wronglyHeld counts what is held or rejected, and complains about what a person would be asked in vain.
func (w *world) wronglyHeld(ctx context.Context, f *found) error {
	return w.query(ctx, `SELECT path, state, json_extract(reason, '$.slug') FROM files WHERE state IN ('held', 'rejected')`, func(rows *sql.Rows) error {
		var path, state, slug string
		if err := rows.Scan(&path, &state, &slug); err != nil {
			return err
		}
		if state == "rejected" {
			f.rejected++
			return nil
		}
		if f.held++; !slices.Contains(w.kind.holds, slug) {
			f.counts["HELD"]++
			f.words = append(f.words, fmt.Sprintf("HELD %s: %s, and nothing of this kind need be", path, slug))
		}
		return nil
	})
}

// keep leaves the world where a person can look at it, and says where.
func (w *world) keep() string {
	err := w.people.close()
	w.server.Stop()
	text := "kept: " + w.dir
	if err != nil {
		text += "\n" + err.Error()
	}
	return text
}

func sum(content []byte) string {
	s := sha256.Sum256(content)
	return hex.EncodeToString(s[:])
}
