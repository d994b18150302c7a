-- +goose Up

-- The landing in whose stage a file is made: a job may have another one by the time that the file is finished.
ALTER TABLE files ADD COLUMN landing BLOB NOT NULL DEFAULT X'';
