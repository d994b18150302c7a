package store

import (
	"context"
	"encoding/json"
	"time"

	"gorm.io/gorm"

	"github.com/haulier/haulier/job"
)

// Failing is how a job has failed since it last succeeded.
type Failing struct {
	Runs  int       // at most some 1,000 are counted
	Since time.Time // the first of them began
	Last  job.Run   // the latest: its ID, times, state and reason
}

// failingSince finds the failed runs behind the last that succeeded, of each job its last 1,000 of a state. What says nothing of the
// job is left out: a run that was asked for what is not there, and one that did no worse than to hold files for a person to look at.
const failingSince = `WITH named AS (SELECT value AS job, max(
	coalesce((SELECT id FROM runs INDEXED BY runs_job_state WHERE job = value AND state = 'succeeded' ORDER BY id DESC LIMIT 1), 0),
	coalesce((SELECT id FROM runs INDEXED BY runs_job_state WHERE job = value AND state = 'failed' ORDER BY id DESC LIMIT 1 OFFSET 1000), 0),
	coalesce((SELECT id FROM runs INDEXED BY runs_job_state WHERE job = value AND state = 'partial' ORDER BY id DESC LIMIT 1 OFFSET 1000), 0)) AS behind
	FROM json_each(@names))
	SELECT r.job, count(*) AS runs, min(r.started) AS since, max(r.id) AS last FROM named CROSS JOIN runs AS r INDEXED BY runs_job_state
	ON r.job = named.job AND r.state IN ('failed', 'partial') AND r.id > named.behind
	WHERE r.reason = '' OR coalesce(json_extract(r.reason, '$.slug'), '') NOT IN (@asked, iif(r.files_failed = 0, @looked, @asked))
	GROUP BY r.job`

// Failing gives how jobs fail that do: of a job whose last run that says anything of it succeeded there is nothing. asked is the slug
// of runs that were asked for what is not there.
func (s *Store) Failing(ctx context.Context, names []string, asked string) (map[string]Failing, error) {
	list, err := json.Marshal(names)
	if err != nil {
		return nil, err
	}
	failing := map[string]Failing{}
	err = s.read(ctx, "read which jobs fail", func(db *gorm.DB) error {
		var rows []struct {
			Job         string
			Runs        int
			Since, Last int64
		}
		err := db.Raw(failingSince, map[string]any{"names": string(list), "asked": asked, "looked": job.SlugSupervised}).Scan(&rows).Error
		if err != nil {
			return err
		}
		ids := make([]int64, len(rows))
		for i, r := range rows {
			failing[r.Job], ids[i] = Failing{Runs: r.Runs, Since: instant(r.Since)}, r.Last
		}
		return addLastOf(db, failing, ids)
	})
	return failing, err
}

func addLastOf(db *gorm.DB, failing map[string]Failing, ids []int64) error {
	list, err := json.Marshal(ids)
	if err != nil {
		return err
	}
	var rows []runRow
	err = db.Where("id IN (SELECT value FROM json_each(?))", string(list)).Find(&rows).Error
	for _, r := range rows {
		f := failing[r.Job]
		f.Last = r.run()
		failing[r.Job] = f
	}
	return err
}
