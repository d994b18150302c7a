-- What must be true of jobs by when, and what came near it.

-- +goose Up

-- One row a day of a job's expectation.
CREATE TABLE expectations (
  job          TEXT    NOT NULL,
  day          TEXT    NOT NULL,            -- 2006-01-02, of the deadline, in the zone
  connection   TEXT    NOT NULL,
  type         TEXT    NOT NULL,
  zone         TEXT    NOT NULL,
  opens_at     INTEGER NOT NULL,
  by_at        INTEGER NOT NULL,
  missing_at   INTEGER NOT NULL,
  closes_at    INTEGER NOT NULL,            -- what comes later is another day's
  planned_at   INTEGER NOT NULL,            -- by_at as configured; that differs when it was extended
  wanted       INTEGER NOT NULL,
  got          INTEGER NOT NULL DEFAULT 0,
  held         INTEGER NOT NULL DEFAULT 0,
  rejected     INTEGER NOT NULL DEFAULT 0,
  first_at     INTEGER NOT NULL DEFAULT 0,
  last_at      INTEGER NOT NULL DEFAULT 0,
  filled_at    INTEGER NOT NULL DEFAULT 0,  -- when as many had come as are wanted
  verdict      TEXT    NOT NULL,
  reason       TEXT    NOT NULL DEFAULT '',
  judged_at    INTEGER NOT NULL,            -- when the verdict was written
  version      INTEGER NOT NULL DEFAULT 0,  -- counts the writes of the row
  closed       INTEGER NOT NULL DEFAULT 0,  -- nothing more becomes of it
  extended_by  TEXT    NOT NULL DEFAULT '',
  extended_at  INTEGER NOT NULL DEFAULT 0,
  extended_why TEXT    NOT NULL DEFAULT '',
  PRIMARY KEY (job, day)
) STRICT, WITHOUT ROWID;
CREATE INDEX expectations_open ON expectations (job, day) WHERE closed = 0;
CREATE INDEX expectations_day  ON expectations (day);

-- Arrivals, by when they came.
CREATE INDEX files_ended ON files (job, ended)
  WHERE ended <> 0 AND state IN ('landed', 'delivered', 'held', 'rejected', 'skipped');

-- The last look of each job that expects something: how many names there were, and some that nearly matched.
CREATE TABLE looks (
  job     TEXT    PRIMARY KEY,
  at      INTEGER NOT NULL,
  run     INTEGER NOT NULL,
  names   INTEGER NOT NULL,
  strays  BLOB    NOT NULL                  -- JSON
) STRICT, WITHOUT ROWID;
