package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	_ "modernc.org/sqlite"

	"github.com/haulier/haulier/test/audit"
)

// found is what a look at everything came to.
type found struct {
	counts findings
	words  []string
	held   int
	ended  map[string]bool // numbers of rows that are done or held
	asked  map[string]bool // of those that are held
	slugs  []string        // for which a person is asked, or the customer is to be
}

func (f *found) add(word, format string, args ...any) {
	f.counts[word]++
	f.words = append(f.words, word+" "+fmt.Sprintf(format, args...))
}

// audit has the auditor look at everything, and looks itself whether haulier is at rest: nothing waits, what is held, rejected or
// skipped may be, people are called for that alone, and nothing is left lying about.
func (w *world) audit(ctx context.Context) (*found, error) {
	f := &found{counts: findings{}, ended: map[string]bool{}, asked: map[string]bool{}}
	e, err := w.evidence()
	if err != nil {
		return f, err
	}
	report, err := audit.Audit(e)
	if err != nil {
		return f, fmt.Errorf("the auditor: %w", err)
	}
	for _, finding := range report.Findings {
		f.add(string(finding.Kind), "%s", strings.TrimPrefix(finding.String(), string(finding.Kind)+" "))
	}
	if n := report.Unseen + report.Overwritten; n > 0 && !w.people.replaces {
		f.add("MISSED", "%d versions that nobody replaced were never taken: %d unseen, %d overwritten", n, report.Unseen, report.Overwritten)
	}
	return f, errors.Join(w.judgeRows(ctx, f), w.judgeIncidents(ctx, f), w.judgeFolders(f))
}

// judgeRows looks at every row, above all at those of files that did not arrive.
func (w *world) judgeRows(ctx context.Context, f *found) error {
	const question = `SELECT id, path, step, state, coalesce(json_extract(nullif(reason, ''), '$.slug'), '') FROM files`
	return w.query(ctx, question, func(rows *sql.Rows) error {
		var id, path, step, state, slug string
		if err := rows.Scan(&id, &path, &step, &state, &slug); err != nil {
			return err
		}
		f.ended[id] = step == "done" || state == "held"
		switch state {
		case "landed", "delivered":
			return nil
		case "held":
			f.held++
			f.asked[id] = true
		}
		may := map[string][]string{"held": w.kind.holds, "rejected": slices.Concat(w.may, []string{"content.empty"}), "skipped": slices.Concat(w.may, []string{"remote.withdrawn"})}
		if f.slugs = append(f.slugs, slug); !slices.Contains(may[state], slug) {
			f.add(strings.ToUpper(state), "%q: at %s, %q, and nothing of this kind need be", path, step, slug)
		}
		return nil
	})
}

// judgeIncidents looks whether people are called although all is well.
func (w *world) judgeIncidents(ctx context.Context, f *found) error {
	open, err := w.openIncidents(ctx)
	for _, cause := range open {
		if slug := path.Base(cause); !slices.Contains(w.kind.calls, slug) && !slices.Contains(f.slugs, slug) {
			f.add("ALARM", "nothing is wrong, and open is the incident %s", cause)
		}
	}
	return err
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

// theirs is how files of customer and platform are called, with the time behind it when a name was taken. In a stage lie at rest:
// what it remembers, the files of rows that are held, and what processes left there that died: the sweep finds that when it is a day old,
// if its row is done.
var (
	theirs = regexp.MustCompile(`^(f\d{4}|daily)-\d{2,3}(\.\d{8}T\d{6}\.\d{6}Z)?\.csv(\.pgp)?(\.done)?$`)
	ours   = regexp.MustCompile(`^(epoch\.move(\.new)?|probe-\d+)$`)
)

// judgeFolders looks for what a job at rest has no use for, and for what lies where nothing of haulier's should.
func (w *world) judgeFolders(f *found) error {
	for dir, usual := range map[string]*regexp.Regexp{
		"server/out": theirs, "server/in": theirs, "server/done": theirs, "outbox": theirs, "sent": theirs,
		"disk/landing/.haulier": ours, "haulier-data/stage/move": ours,
	} {
		entries, err := os.ReadDir(w.path(dir))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, entry := range entries {
			if !usual.MatchString(entry.Name()) && !f.explains(entry) {
				f.add("LITTER", "%s/%s", dir, entry.Name())
			}
		}
	}
	return nil
}

// temporary is one of an export, with the number of its row.
var temporary = regexp.MustCompile(`\.(\d+)-\d+\.part$`)

// explains says whether a row is the reason why a file lies there: in a stage one that is done or held, on the server one that is held.
func (f *found) explains(entry fs.DirEntry) bool {
	row, _, _ := strings.Cut(entry.Name(), ".")
	if part := temporary.FindStringSubmatch(entry.Name()); part != nil && f.asked[part[1]] {
		return true
	}
	return f.ended[row] || isGuard(entry)
}

// isGuard says whether a file is one that keeps a late rename off a delivery: empty, and there to stay.
func isGuard(entry fs.DirEntry) bool {
	info, err := entry.Info()
	return err == nil && info.Size() == 0 && strings.HasPrefix(entry.Name(), ".haulier-")
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
