-- A store as it is after years: :runs runs of 500 jobs over 100 connections of 20 entities, one every five seconds up to :now, each with a
-- slot, two files and two requests. Statements are divided by a line with a semicolon. Every store of one size is the same.

CREATE TEMP TABLE numbers (n INTEGER PRIMARY KEY)
;
INSERT INTO numbers WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 2 * :runs) SELECT n FROM c
;
INSERT INTO connections (name, entity, active) SELECT 'c' || n, 'e' || (n % 20), 1 FROM numbers WHERE n <= 100
;
INSERT INTO jobs (name, connection, first_loaded, loaded) SELECT 'j' || n, 'c' || (n % 100 + 1), 1, 1 FROM numbers WHERE n <= 500
;
INSERT INTO runs (id, job, connection, type, cause, slot_wall, slot_due, slot_zone, attempt, started, ended, state, files_ok, files_failed, reason, bytes_down)
  SELECT n, 'j' || (n % 500 + 1), 'c' || ((n % 500 + 1) % 100 + 1), 'import', 'schedule', 'w' || n, :now - (:runs - n) * 5000000, 'UTC', 1,
    :now - (:runs - n) * 5000000, CASE WHEN n > :runs - 3 THEN 0 ELSE :now - (:runs - n) * 5000000 + 3000000 END,
    CASE WHEN n > :runs - 3 THEN 'running' WHEN n % 203 = 0 THEN 'failed' WHEN n % 331 = 0 THEN 'partial' WHEN n % 51 = 7 THEN 'skipped' ELSE 'succeeded' END,
    2, n % 203 = 0, CASE WHEN n % 203 = 0 THEN '{"slug":"net.timeout","what":"Nothing moved","cause":"silence","do":"ask","who":"network"}' ELSE '' END, 200000
  FROM numbers WHERE n <= :runs
;
INSERT INTO slots (job, wall, utc_offset, due, zone, state, run)
  SELECT job, slot_wall, 0, slot_due, 'UTC', CASE state WHEN 'skipped' THEN 'skipped' ELSE 'ran' END, CASE state WHEN 'skipped' THEN 0 ELSE id END FROM runs
;
INSERT INTO files (id, job, connection, type, path, dir, generation, run, fence, touched, size, mtime, stable_since, absent, moved, stayed, step, state, reason,
    received_size, received_sha256, plain_size, plain_sha256, stage, landing, spent, kept, final, local, temp, temp_mtime, leftovers, marker, marked, aside,
    archived, proof, means, envelope, receipt, refetched, seen, began, ended, name)
  SELECT n, r.job, r.connection, 'import', CAST('/export/daily/customers_' || n || '.csv.pgp' AS BLOB), x'2F', 1, r.id, 1, n, 100000 + n % 1000, 1700000000 + n, r.started,
    0, 0, 0, 'done', CASE WHEN n % 5003 = 0 THEN 'rejected' ELSE 'landed' END,
    CASE WHEN n % 5003 = 0 THEN '{"slug":"content.too_large","what":"It did not land","cause":"too large","do":"ask","who":"customer"}' ELSE '' END, 100000, printf('%064x', n), 200000, printf('%064x', n + 4000000000), '',
    x'2F6C', 0, '', CAST('customers_' || n || '.csv' AS BLOB), x'2F6C2F61', x'', 0, x'', x'', 0, x'', x'', 'verified', '', '', '', 0,
    r.started - 60000000, r.started, r.started + 2000000, CAST(CASE WHEN n % 4001 = 0 THEN 'rare_' ELSE 'customers_' END || n || '.csv.pgp' AS BLOB)
  FROM numbers JOIN runs AS r ON r.id = (n + 1) / 2
;
INSERT INTO run_files (run, file, step, state, reason, received_size, received_sha256, plain_size, plain_sha256, final, local, proof, bytes, duration)
  SELECT run, id, step, state, reason, received_size, received_sha256, plain_size, plain_sha256, final, local, proof, 100000, 2000000 FROM files
;
INSERT INTO steps (file, run, step, state, slug, at)
  SELECT id, run, column1, column2, '', began + column3 FROM files CROSS JOIN
    (VALUES ('claimed', 'moving', 0), ('downloaded', 'moving', 1000000), ('landing', 'moving', 1500000), ('landed', 'landed', 1800000), ('done', 'landed', 2000000))
  WHERE id > 1.8 * :runs
;
INSERT INTO requests (connection, entity, job, run, file, direction, marker, location, ok, slug, bytes, attempts, started, duration)
  SELECT connection, '', job, run, id, CASE id % 3 WHEN 0 THEN 'upload' ELSE 'download' END, 0, 'outgoing', id % 203 <> 0, '', 100000, 1, began, 1000000 FROM files
;
INSERT INTO request_quarters (connection, quarter, job, direction, ok, failed, bytes)
  SELECT connection, started / 900000000, job, direction, sum(ok), sum(1 - ok), sum(bytes) FROM requests GROUP BY 1, 2, 3, 4
;
INSERT INTO request_totals SELECT connection, job, direction, sum(ok), sum(failed), sum(bytes), sum(ok), sum(failed) FROM request_quarters GROUP BY 1, 2, 3
;
INSERT INTO incidents (cause, reason, count, opened, last, resolved)
  SELECT 'job/j' || n || '/net.timeout', '{"slug":"net.timeout"}', 1, :now - n * 5000000, :now - n * 5000000, CASE WHEN n % 997 = 0 THEN 0 ELSE :now - n * 4000000 END
  FROM numbers WHERE n <= :runs / 50
;
INSERT INTO config_revisions (hash, path, text, diff, by_whom, at) SELECT 'h' || n, '/etc/h.yaml', 'version: 1', '+ x', 'ops', :now - n * 5000000 FROM numbers WHERE n <= 1000
;
DROP TABLE numbers
