-- Times are microseconds since 1970 in UTC; 0 means none. Names that come from outside are kept as raw bytes (BLOB).

-- +goose Up

CREATE TABLE meta (
  name  TEXT PRIMARY KEY,
  value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- One row: the last value given to files.touched.
CREATE TABLE ledger_stamp (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  value INTEGER NOT NULL
) STRICT;
INSERT INTO ledger_stamp VALUES (1, 0);

CREATE TABLE jobs (
  name         TEXT PRIMARY KEY,
  connection   TEXT    NOT NULL,
  first_loaded INTEGER NOT NULL,           -- ever
  loaded       INTEGER NOT NULL,           -- since when slots count: first loaded, or loaded again after a removal
  removed      INTEGER NOT NULL DEFAULT 0,
  renamed_to   TEXT    NOT NULL DEFAULT ''
) STRICT, WITHOUT ROWID;

CREATE TABLE slots (
  job        TEXT    NOT NULL,
  wall       TEXT    NOT NULL,
  utc_offset INTEGER NOT NULL,
  due        INTEGER NOT NULL,
  zone       TEXT    NOT NULL,
  state      TEXT    NOT NULL,
  reason     TEXT    NOT NULL DEFAULT '',
  run        INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (job, wall, utc_offset)
) STRICT, WITHOUT ROWID;
CREATE INDEX slots_due  ON slots (job, due);
CREATE INDEX slots_open ON slots (due, job) WHERE state = 'due';

CREATE TABLE runs (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  job           TEXT    NOT NULL,
  connection    TEXT    NOT NULL,
  type          TEXT    NOT NULL,
  cause         TEXT    NOT NULL,          -- what started it
  asked_by      TEXT    NOT NULL DEFAULT '',
  slot_wall     TEXT    NOT NULL DEFAULT '',
  slot_offset   INTEGER NOT NULL DEFAULT 0,
  slot_due      INTEGER NOT NULL DEFAULT 0,
  slot_zone     TEXT    NOT NULL DEFAULT '',
  attempt       INTEGER NOT NULL,
  attempt_of    INTEGER NOT NULL DEFAULT 0,
  follows       INTEGER NOT NULL DEFAULT 0, -- the run whose success began this one
  revision      INTEGER NOT NULL DEFAULT 0,
  retry_at      INTEGER NOT NULL DEFAULT 0,
  started       INTEGER NOT NULL,
  ended         INTEGER NOT NULL DEFAULT 0,
  state         TEXT    NOT NULL,
  files_ok      INTEGER NOT NULL DEFAULT 0,
  files_failed  INTEGER NOT NULL DEFAULT 0,
  files_skipped INTEGER NOT NULL DEFAULT 0,
  files_held    INTEGER NOT NULL DEFAULT 0,
  bytes_down    INTEGER NOT NULL DEFAULT 0,
  bytes_up      INTEGER NOT NULL DEFAULT 0,
  reason        TEXT    NOT NULL DEFAULT '',
  note          TEXT    NOT NULL DEFAULT '',
  only_name     TEXT    NOT NULL DEFAULT '',
  forced        INTEGER NOT NULL DEFAULT 0,
  log_bytes     INTEGER NOT NULL DEFAULT 0,
  log_full      INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX runs_job     ON runs (job, id);
CREATE INDEX runs_started ON runs (started);
CREATE INDEX runs_open    ON runs (id) WHERE ended = 0;
CREATE INDEX runs_retry   ON runs (retry_at) WHERE retry_at <> 0;
CREATE INDEX runs_attempt ON runs (attempt_of) WHERE attempt_of <> 0;
-- A run is followed once by each job, and of the runs of one job one at most waits to follow.
CREATE UNIQUE INDEX runs_follows ON runs (job, follows) WHERE follows <> 0;
CREATE UNIQUE INDEX runs_queued  ON runs (job) WHERE state = 'queued';

CREATE TABLE run_logs (
  id    INTEGER PRIMARY KEY AUTOINCREMENT,
  run   INTEGER NOT NULL,
  at    INTEGER NOT NULL,
  level TEXT    NOT NULL,
  line  TEXT    NOT NULL
) STRICT;
CREATE INDEX run_logs_run ON run_logs (run, id);
CREATE INDEX run_logs_at  ON run_logs (at);

-- The idempotency ledger: one row a version of a file.
CREATE TABLE files (
  id              INTEGER PRIMARY KEY AUTOINCREMENT,
  job             TEXT    NOT NULL,
  connection      TEXT    NOT NULL,
  type            TEXT    NOT NULL,
  path            BLOB    NOT NULL,
  dir             BLOB    NOT NULL,           -- where the source was found: the job may read another folder by now
  generation      INTEGER NOT NULL,
  superseded      INTEGER NOT NULL DEFAULT 0, -- a newer generation exists
  run             INTEGER NOT NULL,
  fence           INTEGER NOT NULL,
  touched         INTEGER NOT NULL,
  decided         INTEGER NOT NULL DEFAULT 0, -- touched, when a person decided about it last
  size            INTEGER NOT NULL,
  mtime           INTEGER NOT NULL,
  stable_since    INTEGER NOT NULL,
  absent          INTEGER NOT NULL,
  moved           INTEGER NOT NULL,
  stayed          INTEGER NOT NULL,
  step            TEXT    NOT NULL,
  state           TEXT    NOT NULL,
  reason          TEXT    NOT NULL,
  received_size   INTEGER NOT NULL,
  received_sha256 TEXT    NOT NULL,
  plain_size      INTEGER NOT NULL,
  plain_sha256    TEXT    NOT NULL,
  stage           TEXT    NOT NULL,
  landing         BLOB    NOT NULL,           -- in whose stage the file is made: the job may have another one by the time that it is finished
  spent           INTEGER NOT NULL,           -- the server does not have the source any more
  kept            TEXT    NOT NULL,
  final           BLOB    NOT NULL,
  local           BLOB    NOT NULL,
  temp            BLOB    NOT NULL,
  temp_mtime      INTEGER NOT NULL,
  leftovers       BLOB    NOT NULL,           -- temporaries of earlier attempts, a zero byte between them
  marker          BLOB    NOT NULL,
  marked          INTEGER NOT NULL,
  aside           BLOB    NOT NULL,
  archived        BLOB    NOT NULL,
  proof           TEXT    NOT NULL,
  means           TEXT    NOT NULL,
  envelope        TEXT    NOT NULL,
  receipt         TEXT    NOT NULL,
  refetched       INTEGER NOT NULL,
  seen            INTEGER NOT NULL,
  began           INTEGER NOT NULL,
  ended           INTEGER NOT NULL,
  name            BLOB    NOT NULL,           -- last part of path, for people who search
  UNIQUE (job, path, generation)
) STRICT;
CREATE INDEX files_present    ON files (job, id) WHERE absent = 0 AND (superseded = 0 OR (step = 'seen' AND state IN ('waiting', 'moving', 'failed')));
CREATE INDEX files_unfinished ON files (job, id)
  WHERE step NOT IN ('seen', 'done') AND state NOT IN ('held', 'rejected', 'skipped');
CREATE INDEX files_waiting    ON files (job, id) WHERE state = 'waiting';
CREATE INDEX files_moving     ON files (id) WHERE state = 'moving';
CREATE INDEX files_held       ON files (id) WHERE state = 'held';
CREATE INDEX files_rejected   ON files (job) WHERE state = 'rejected' AND superseded = 0 AND absent = 0;
CREATE INDEX files_plain      ON files (plain_sha256) WHERE plain_sha256 <> '';
CREATE INDEX files_received   ON files (received_sha256) WHERE received_sha256 <> '';
CREATE INDEX files_name       ON files (name);
CREATE INDEX files_archived   ON files (job, ended) WHERE archived <> x'';
CREATE INDEX files_littering  ON files (job, id)
  WHERE leftovers <> x'' OR (temp <> x'' AND temp <> final AND step = 'done' AND (state <> 'delivered' OR proof = 'assumed'));

CREATE TABLE run_files (
  run             INTEGER NOT NULL,
  file            INTEGER NOT NULL REFERENCES files (id),
  step            TEXT    NOT NULL,
  state           TEXT    NOT NULL,
  reason          TEXT    NOT NULL,
  received_size   INTEGER NOT NULL,
  received_sha256 TEXT    NOT NULL,
  plain_size      INTEGER NOT NULL,
  plain_sha256    TEXT    NOT NULL,
  final           BLOB    NOT NULL,
  local           BLOB    NOT NULL,
  proof           TEXT    NOT NULL,
  bytes           INTEGER NOT NULL,
  duration        INTEGER NOT NULL,           -- microseconds
  PRIMARY KEY (run, file)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_files_file ON run_files (file);

CREATE TABLE steps (
  id    INTEGER PRIMARY KEY AUTOINCREMENT,
  file  INTEGER NOT NULL REFERENCES files (id),
  run   INTEGER NOT NULL,
  step  TEXT    NOT NULL,
  state TEXT    NOT NULL,
  slug  TEXT    NOT NULL,
  at    INTEGER NOT NULL
) STRICT;
CREATE INDEX steps_file ON steps (file, id);

CREATE TABLE requests (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  connection TEXT    NOT NULL,
  entity     TEXT    NOT NULL,
  job        TEXT    NOT NULL,
  run        INTEGER NOT NULL,                -- of the first attempt
  file       INTEGER NOT NULL,
  direction  TEXT    NOT NULL,
  marker     INTEGER NOT NULL,                -- of the done-file, not of the file itself
  location   TEXT    NOT NULL,
  ok         INTEGER NOT NULL,
  slug       TEXT    NOT NULL,
  bytes      INTEGER NOT NULL,
  attempts   INTEGER NOT NULL,
  started    INTEGER NOT NULL,                -- first attempt
  duration   INTEGER NOT NULL                 -- all attempts, microseconds
) STRICT;
CREATE UNIQUE INDEX requests_fold ON requests (run, file, direction, marker) WHERE run <> 0 AND file <> 0;
CREATE INDEX requests_started    ON requests (started);
CREATE INDEX requests_connection ON requests (connection, started);

-- Kept for ever. A quarter is 15 minutes of UTC (unix time / 900): every zone's midnight is on its edge.
CREATE TABLE request_quarters (
  connection TEXT    NOT NULL,
  quarter    INTEGER NOT NULL,
  job        TEXT    NOT NULL,
  direction  TEXT    NOT NULL,
  ok         INTEGER NOT NULL,
  failed     INTEGER NOT NULL,
  bytes      INTEGER NOT NULL,
  PRIMARY KEY (connection, quarter, job, direction)
) STRICT, WITHOUT ROWID;

CREATE TABLE request_totals (
  connection      TEXT    NOT NULL,
  job             TEXT    NOT NULL,
  direction       TEXT    NOT NULL,
  ok              INTEGER NOT NULL,
  failed          INTEGER NOT NULL,
  bytes           INTEGER NOT NULL,
  attempts_ok     INTEGER NOT NULL,
  attempts_failed INTEGER NOT NULL,
  PRIMARY KEY (connection, job, direction)
) STRICT, WITHOUT ROWID;

-- The durable queue of what is to be told.
CREATE TABLE events (
  id   INTEGER PRIMARY KEY AUTOINCREMENT,
  type TEXT    NOT NULL,
  at   INTEGER NOT NULL,
  data BLOB    NOT NULL
) STRICT;
CREATE INDEX events_at ON events (at);

CREATE TABLE incidents (
  id       INTEGER PRIMARY KEY AUTOINCREMENT,
  cause    TEXT    NOT NULL,
  reason   TEXT    NOT NULL,
  count    INTEGER NOT NULL,
  opened   INTEGER NOT NULL,
  last     INTEGER NOT NULL,
  resolved INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX incidents_open ON incidents (cause) WHERE resolved = 0;
CREATE TABLE incident_jobs (
  incident  INTEGER NOT NULL REFERENCES incidents (id),
  job       TEXT    NOT NULL,
  recovered INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (incident, job)
) STRICT, WITHOUT ROWID;

CREATE TABLE config_revisions (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  hash    TEXT    NOT NULL,
  path    TEXT    NOT NULL,                   -- where it stood: its own paths are relative to that
  text    TEXT    NOT NULL,                   -- masked; empty: as in the first revision of this hash
  diff    TEXT    NOT NULL,                   -- masked
  by_whom TEXT    NOT NULL,
  at      INTEGER NOT NULL
) STRICT;
CREATE INDEX config_revisions_by_hash ON config_revisions (hash, id);

CREATE TABLE pauses (
  kind    TEXT    NOT NULL,
  name    TEXT    NOT NULL,
  reason  TEXT    NOT NULL,
  by_whom TEXT    NOT NULL,
  since   INTEGER NOT NULL,
  until   INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE connections (
  name    TEXT PRIMARY KEY,
  entity  TEXT    NOT NULL DEFAULT '',
  active  INTEGER NOT NULL DEFAULT 0,
  profile TEXT    NOT NULL DEFAULT '',
  removed INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE breakers (
  host   TEXT    NOT NULL,
  port   INTEGER NOT NULL,
  user   TEXT    NOT NULL,
  open   INTEGER NOT NULL,
  reason TEXT    NOT NULL,
  since  INTEGER NOT NULL,
  until  INTEGER NOT NULL,
  waits  INTEGER NOT NULL,
  mark   TEXT    NOT NULL,
  PRIMARY KEY (host, port, user)
) STRICT, WITHOUT ROWID;

CREATE TABLE host_pins (
  address TEXT    NOT NULL,
  key     TEXT    NOT NULL,
  added   INTEGER NOT NULL,
  by_whom TEXT    NOT NULL,
  why     TEXT    NOT NULL,
  PRIMARY KEY (address, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE host_keys_seen (
  address TEXT    NOT NULL,
  key     TEXT    NOT NULL,
  first   INTEGER NOT NULL,
  last    INTEGER NOT NULL,
  count   INTEGER NOT NULL,
  PRIMARY KEY (address, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE keys (
  kind        TEXT    NOT NULL,
  name        TEXT    NOT NULL,
  version     INTEGER NOT NULL,
  algorithm   TEXT    NOT NULL,
  slot        TEXT    NOT NULL,
  public      TEXT    NOT NULL,
  fingerprint TEXT    NOT NULL,
  key_ids     TEXT    NOT NULL,
  created     INTEGER NOT NULL,
  expires     INTEGER NOT NULL,
  last_used   INTEGER NOT NULL,
  origin      TEXT    NOT NULL,
  PRIMARY KEY (kind, name, version)
) STRICT, WITHOUT ROWID;

-- Private keys and stored passwords, sealed and bound to (kind, name, version).
CREATE TABLE secrets (
  kind    TEXT    NOT NULL,
  name    TEXT    NOT NULL,
  version INTEGER NOT NULL,
  key_id  TEXT    NOT NULL,                   -- of the master key
  nonce   BLOB    NOT NULL,
  sealed  BLOB    NOT NULL,
  at      INTEGER NOT NULL,
  PRIMARY KEY (kind, name, version)
) STRICT, WITHOUT ROWID;

CREATE TABLE audit (
  id     INTEGER PRIMARY KEY AUTOINCREMENT,
  at     INTEGER NOT NULL,
  who    TEXT    NOT NULL,
  act    TEXT    NOT NULL,
  object TEXT    NOT NULL,
  detail TEXT    NOT NULL,
  chain  TEXT    NOT NULL                     -- hash of this row and of the one before
) STRICT;
-- +goose StatementBegin
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit list is append-only');
END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN
  SELECT RAISE(ABORT, 'the audit list is append-only');
END;
-- +goose StatementEnd
