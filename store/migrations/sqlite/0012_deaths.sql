-- +goose Up

ALTER TABLE runs ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0; -- attempts, up to this one, in the middle of which the process died
