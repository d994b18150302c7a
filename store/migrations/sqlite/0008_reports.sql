-- What those who take landed files, and those who leave files to be sent, say by the API.

-- +goose Up

-- What became of the records of a landed file, as its taker reports it: the last word.
CREATE TABLE file_reports (
  file    INTEGER PRIMARY KEY REFERENCES files (id),
  created INTEGER NOT NULL,
  updated INTEGER NOT NULL,
  deleted INTEGER NOT NULL,
  errored INTEGER NOT NULL,
  note    TEXT    NOT NULL,
  by_whom TEXT    NOT NULL,
  at      INTEGER NOT NULL
) STRICT;

-- Jobs whose files are to be reported, and within how many microseconds of their landing.
CREATE TABLE report_jobs (
  job    TEXT PRIMARY KEY,
  within INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Files of theirs that have landed and were not reported.
CREATE TABLE report_waits (
  file   INTEGER PRIMARY KEY REFERENCES files (id),
  job    TEXT    NOT NULL,
  landed INTEGER NOT NULL,
  due    INTEGER NOT NULL,
  told   INTEGER NOT NULL DEFAULT 0        -- the incident of the job counts it
) STRICT;
CREATE INDEX report_waits_job ON report_waits (job, due);
CREATE INDEX report_waits_due ON report_waits (due) WHERE told = 0;

-- What programs asked under a key of theirs (Idempotency-Key), so that they may ask again: kept for seven days.
CREATE TABLE answered (
  key    TEXT PRIMARY KEY,                   -- SHA-256 of who asked, of what, and of the key
  asked  TEXT    NOT NULL,                   -- SHA-256 of the request
  answer TEXT    NOT NULL,                   -- empty: it is being done, or the process died meanwhile
  at     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX answered_at ON answered (at);
