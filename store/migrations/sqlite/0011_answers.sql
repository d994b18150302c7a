-- +goose Up

-- What a customer filled in on the page of a link to an onboarding sheet. Nothing is done about it but by people.
CREATE TABLE sheet_answers (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  connection TEXT    NOT NULL,
  link       TEXT    NOT NULL,             -- hash of the link's token
  language   TEXT    NOT NULL,
  answers    BLOB    NOT NULL,             -- JSON: text by field, from outside
  at         INTEGER NOT NULL
) STRICT;
CREATE INDEX sheet_answers_connection ON sheet_answers (connection, id);
CREATE INDEX sheet_answers_link ON sheet_answers (link, id);
