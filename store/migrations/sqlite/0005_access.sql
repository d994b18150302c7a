-- Who may ask over the network. Entities are JSON: null is all of them, [] none.

-- +goose Up

CREATE TABLE users (
  name     TEXT PRIMARY KEY,
  role     TEXT    NOT NULL,
  entities TEXT    NOT NULL,
  password TEXT    NOT NULL,                -- argon2id, with its parameters and salt
  created  INTEGER NOT NULL,
  login    INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE TABLE tokens (
  id       TEXT PRIMARY KEY,
  name     TEXT    NOT NULL,
  role     TEXT    NOT NULL,
  entities TEXT    NOT NULL,
  hash     BLOB    NOT NULL,                -- SHA-256 of the whole token
  by_whom  TEXT    NOT NULL,
  created  INTEGER NOT NULL,
  expires  INTEGER NOT NULL,
  used     INTEGER NOT NULL DEFAULT 0,
  revoked  INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX tokens_live ON tokens (name) WHERE revoked = 0;

CREATE TABLE sessions (
  hash     BLOB PRIMARY KEY,                -- SHA-256 of what the browser keeps
  user     TEXT    NOT NULL,
  source   TEXT    NOT NULL,
  role     TEXT    NOT NULL,
  entities TEXT    NOT NULL,
  begun    INTEGER NOT NULL,
  seen     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX sessions_user  ON sessions (user);
CREATE INDEX sessions_begun ON sessions (begun);

-- Logins that were refused, by account, by address, and by account from an address that it has logged in from.
CREATE TABLE login_tries (
  kind   TEXT    NOT NULL,
  key    TEXT    NOT NULL,
  tries  INTEGER NOT NULL,
  last   INTEGER NOT NULL,
  passed INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, key)
) STRICT, WITHOUT ROWID;
CREATE INDEX login_tries_last ON login_tries (last);

-- The end of the audit list: without it the loss of the last lines would go unseen.
CREATE TABLE audit_end (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  line  INTEGER NOT NULL,
  chain TEXT    NOT NULL
) STRICT;
INSERT INTO audit_end
  SELECT 1, coalesce(max(id), 0), coalesce((SELECT chain FROM audit ORDER BY id DESC LIMIT 1), '') FROM audit;
