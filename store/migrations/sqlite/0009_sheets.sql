-- +goose Up

-- Links to onboarding sheets for people without a login. The token is in the link only; here is its SHA-256.
CREATE TABLE sheet_links (
  hash       TEXT PRIMARY KEY,
  connection TEXT    NOT NULL,
  language   TEXT    NOT NULL,
  by_whom    TEXT    NOT NULL,
  made       INTEGER NOT NULL,
  expires    INTEGER NOT NULL,
  opened     INTEGER NOT NULL DEFAULT 0, -- how often
  last       INTEGER NOT NULL DEFAULT 0  -- when it was opened last
) STRICT, WITHOUT ROWID;
CREATE INDEX sheet_links_connection ON sheet_links (connection, expires);

-- What was done last to one thing: the last test of a connection, for its sheet.
CREATE INDEX audit_object ON audit (object, act, id);
