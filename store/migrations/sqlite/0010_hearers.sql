-- Who heard of an incident hears that it is over, or back; since when a connection is down. Times are microseconds since 1970 in UTC; 0 means none.

-- +goose Up

ALTER TABLE deliveries ADD COLUMN incident INTEGER NOT NULL DEFAULT 0; -- that an alert tells of; 0: none
ALTER TABLE deliveries ADD COLUMN feed     INTEGER NOT NULL DEFAULT 0; -- 1: only because the channel asks for such events

-- What was said of incidents that are not over, or may go on: each event was written with its incident's row, within moments.
UPDATE deliveries SET incident = said.incident
  FROM (SELECT events.id AS event, incidents.id AS incident FROM incidents
    JOIN events ON (events.at BETWEEN incidents.told - 60000000 AND incidents.told + 60000000
      OR events.at BETWEEN incidents.reminded - 60000000 AND incidents.reminded + 60000000)
    WHERE incidents.told <> 0 AND (incidents.resolved = 0 OR incidents.wake <> 0)
      AND events.type IN ('alert.opened', 'alert.reminded') AND CASE WHEN json_valid(CAST(events.data AS TEXT)) THEN json_extract(CAST(events.data AS TEXT), '$.id') END = incidents.id) AS said
  WHERE deliveries.event = said.event;

CREATE INDEX deliveries_heard ON deliveries (incident, channel, recipient, event) WHERE incident <> 0;

ALTER TABLE connections ADD COLUMN down INTEGER NOT NULL DEFAULT 0; -- since when its account is refused, or a failure of it is open
UPDATE connections SET down = coalesce((SELECT min(opened) FROM incidents
  WHERE resolved = 0 AND connection = connections.name AND substr(cause, 1, 11) = 'connection/'), 0);
