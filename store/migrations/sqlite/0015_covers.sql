-- +goose Up

ALTER TABLE expectations ADD COLUMN refused TEXT NOT NULL DEFAULT '[]'; -- numbers of the files of that day that were held or rejected last, as held and rejected count them

ALTER TABLE incidents ADD COLUMN passed_to INTEGER NOT NULL DEFAULT 0;  -- of what was late: the incident that it is missing
CREATE INDEX incidents_passed ON incidents (passed_to) WHERE passed_to <> 0;
