-- What pages read of a store with a million runs: ADR 0018.

-- +goose Up

-- The newest runs of a job, of a connection or of all, in any states, are the ends of a few ranges of these.
CREATE INDEX runs_state      ON runs (state, id);
CREATE INDEX runs_job_state  ON runs (job, state, id);
CREATE INDEX runs_connection ON runs (connection, state, id);

CREATE INDEX files_arrived ON files (job, ended) WHERE state IN ('landed', 'delivered');
-- The last part of the final name.
CREATE INDEX files_final ON files (replace(CAST(final AS TEXT), rtrim(CAST(final AS TEXT), replace(CAST(final AS TEXT), '/', '')), ''))
  WHERE final <> x'';

-- Kept for ever: ended runs of a job, by state.
CREATE TABLE run_totals (
  job   TEXT    NOT NULL,
  state TEXT    NOT NULL,
  count INTEGER NOT NULL,
  PRIMARY KEY (job, state)
) STRICT, WITHOUT ROWID;
INSERT INTO run_totals SELECT job, state, count(*) FROM runs WHERE state NOT IN ('queued', 'running') GROUP BY job, state;

-- The lead time of which people were told last, of each credential that comes to its end: nothing is told twice, and nothing forgotten.
CREATE TABLE credential_leads (
  kind TEXT    NOT NULL,
  name TEXT    NOT NULL,
  ends INTEGER NOT NULL,
  lead INTEGER NOT NULL,                      -- days; 0: it has ended
  at   INTEGER NOT NULL,
  PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;
