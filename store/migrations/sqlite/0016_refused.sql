-- +goose Up

-- Host keys that a connection met and refused, and of which was told, until it logs in over one that counts, or another is trusted.
CREATE TABLE host_keys_told (
  connection TEXT    NOT NULL,
  address    TEXT    NOT NULL,
  key        TEXT    NOT NULL, -- empty: none of a pinned type
  at         INTEGER NOT NULL,
  PRIMARY KEY (connection, address, key)
) STRICT, WITHOUT ROWID;

-- Connections that were refused by an account while its breaker is open, until they log in.
CREATE TABLE refused_logins (
  connection TEXT    NOT NULL,
  host       TEXT    NOT NULL,
  port       INTEGER NOT NULL,
  user       TEXT    NOT NULL,
  PRIMARY KEY (connection, host, port, user)
) STRICT, WITHOUT ROWID;
