-- +goose Up

-- Where the configuration stood, to which its paths are relative; empty: it was recorded before this was kept.
ALTER TABLE config_revisions ADD COLUMN path TEXT NOT NULL DEFAULT '';
CREATE INDEX config_revisions_by_hash ON config_revisions (hash, id);
