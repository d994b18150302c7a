-- Times are microseconds since 1970 in UTC; 0 means none.

-- +goose Up

ALTER TABLE incidents ADD COLUMN kind           TEXT    NOT NULL DEFAULT 'failed';
ALTER TABLE incidents ADD COLUMN severity       TEXT    NOT NULL DEFAULT 'error';
ALTER TABLE incidents ADD COLUMN connection     TEXT    NOT NULL DEFAULT '';  -- whose data it is about
ALTER TABLE incidents ADD COLUMN due            INTEGER NOT NULL DEFAULT 0;   -- since when people ought to know; 0: not yet
ALTER TABLE incidents ADD COLUMN wake           INTEGER NOT NULL DEFAULT 0;   -- when something is to be said, or looked at
ALTER TABLE incidents ADD COLUMN told           INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incidents ADD COLUMN told_count     INTEGER NOT NULL DEFAULT 0;   -- count, as last said
ALTER TABLE incidents ADD COLUMN remind         INTEGER NOT NULL DEFAULT 0;   -- when the next reminder is due
ALTER TABLE incidents ADD COLUMN reminded       INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incidents ADD COLUMN reminders      INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incidents ADD COLUMN recovery       INTEGER NOT NULL DEFAULT 0;   -- when its end was told
ALTER TABLE incidents ADD COLUMN reopened       INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incidents ADD COLUMN acked          INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incidents ADD COLUMN acked_by       TEXT    NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN ack_note       TEXT    NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN silenced_until INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incidents ADD COLUMN silenced_by    TEXT    NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN silence_reason TEXT    NOT NULL DEFAULT '';
ALTER TABLE incidents ADD COLUMN resolved_by    TEXT    NOT NULL DEFAULT '';  -- empty: it recovered

ALTER TABLE incident_jobs ADD COLUMN joined   INTEGER NOT NULL DEFAULT 0;
ALTER TABLE incident_jobs ADD COLUMN chain    INTEGER NOT NULL DEFAULT 0;     -- run of the first attempt that struck last
ALTER TABLE incident_jobs ADD COLUMN failures INTEGER NOT NULL DEFAULT 0;     -- chains in a row
ALTER TABLE incident_jobs ADD COLUMN due      INTEGER NOT NULL DEFAULT 0;     -- since when people ought to know of this job

-- What was there was told when it began and when it ended; the clock plans its reminders.
UPDATE incidents SET told = opened, told_count = count, due = opened, recovery = resolved,
  wake = CASE resolved WHEN 0 THEN opened ELSE 0 END,
  connection = CASE WHEN cause LIKE 'connection/%' THEN substr(cause, 12, instr(substr(cause, 12), '/') - 1)
    WHEN cause LIKE 'job/%' THEN coalesce((SELECT connection FROM jobs WHERE name = substr(cause, 5, instr(substr(cause, 5), '/') - 1)), '')
    ELSE '' END;
UPDATE incidents SET kind = 'config' WHERE cause LIKE 'config/%';
UPDATE incident_jobs SET joined = (SELECT opened FROM incidents WHERE id = incident), failures = 1;

CREATE INDEX incidents_wake     ON incidents (wake) WHERE wake <> 0;
CREATE INDEX incidents_standing ON incidents (id) WHERE resolved = 0;
CREATE INDEX incidents_resolved ON incidents (resolved, id) WHERE resolved <> 0;
CREATE INDEX incidents_cause    ON incidents (cause, resolved);
CREATE INDEX incident_jobs_job  ON incident_jobs (job, incident);
