-- +goose Up

ALTER TABLE deliveries ADD COLUMN begun INTEGER NOT NULL DEFAULT 0; -- an attempt of which it is not known that it failed
