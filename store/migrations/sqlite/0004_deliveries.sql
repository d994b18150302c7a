-- What is told to whom. Times are microseconds since 1970 in UTC; 0 means none.

-- +goose Up

-- One row: the last event for which deliveries were made.
CREATE TABLE routed (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  event INTEGER NOT NULL
) STRICT;
INSERT INTO routed VALUES (1, 0);

CREATE TABLE channels (
  name       TEXT PRIMARY KEY,
  fallback   TEXT    NOT NULL,
  recipients TEXT    NOT NULL,             -- a JSON list
  mark       TEXT    NOT NULL,             -- digest of the configuration
  after      INTEGER NOT NULL,             -- it is told only of later events
  failures   INTEGER NOT NULL DEFAULT 0,   -- in a row
  succeeded  INTEGER NOT NULL DEFAULT 0,   -- last success
  disabled   INTEGER NOT NULL DEFAULT 0,   -- since when nothing is sent
  gone       INTEGER NOT NULL DEFAULT 0,   -- the other side said so
  probe      INTEGER NOT NULL DEFAULT 0,   -- when one delivery is let through all the same
  removed    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE deliveries (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  channel    TEXT    NOT NULL,
  event      INTEGER NOT NULL REFERENCES events (id),
  recipient  TEXT    NOT NULL,
  contact    INTEGER NOT NULL,
  connection TEXT    NOT NULL,
  message    TEXT    NOT NULL,             -- id of the message, the same in every attempt
  state      TEXT    NOT NULL,
  attempts   INTEGER NOT NULL DEFAULT 0,
  rung       INTEGER NOT NULL DEFAULT 0,
  made       INTEGER NOT NULL,
  last       INTEGER NOT NULL DEFAULT 0,
  next       INTEGER NOT NULL,
  status     INTEGER NOT NULL DEFAULT 0,
  detail     TEXT    NOT NULL DEFAULT '',
  UNIQUE (event, channel, recipient)
) STRICT;
CREATE INDEX deliveries_due        ON deliveries (channel, next) WHERE next <> 0;
CREATE INDEX deliveries_made       ON deliveries (made);
CREATE INDEX deliveries_by_state   ON deliveries (state, id);
CREATE INDEX deliveries_by_channel ON deliveries (channel, id);
