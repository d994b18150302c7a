-- +goose Up
-- What people approved of supervised jobs, one row a file: the last word for it.
CREATE TABLE approvals (
  file   INTEGER PRIMARY KEY REFERENCES files (id),
  job    TEXT    NOT NULL,
  day    TEXT    NOT NULL,                    -- on which the file was seen first, in the job's zone
  sha256 TEXT    NOT NULL,                    -- of the content that was looked at
  who    TEXT    NOT NULL,
  at     INTEGER NOT NULL
) STRICT;
CREATE INDEX approvals_job ON approvals (job, day);
