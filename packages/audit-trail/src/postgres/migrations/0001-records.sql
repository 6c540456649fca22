-- Which trails there are, and how far each of them is here.
CREATE TABLE gatehouse_audit.trail (
  id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  gateway text NOT NULL,
  trail text NOT NULL,
  -- The last record that is here.
  position bigint NOT NULL DEFAULT 0,
  -- The greatest record.time of it.
  newest timestamptz NOT NULL DEFAULT '-infinity',
  -- By how much its clock went back, at most.
  clock_back interval NOT NULL DEFAULT '0',
  UNIQUE (gateway, trail)
);

-- One row for each record; an outcome stands with its intent. A partition for each UTC day, made by make_day.
CREATE TABLE gatehouse_audit.record (
  -- The record's time, or that of a record before it in its trail where the clock went back: never less than in the row before.
  time timestamptz NOT NULL,
  -- Of an outcome whose intent is not here (line is null): the intent's.
  seq bigint NOT NULL,
  outcome_time timestamptz,
  outcome_seq bigint,
  -- The record's own time where it is another; null: it is that in time.
  clock timestamptz,
  trail integer NOT NULL,
  -- What it is found by: the first 8 bytes of the SHA-256 of each member and its value.
  terms bigint[] NOT NULL,
  -- The statement's text in lower case, to search in; U+0000 replaced.
  statement text,
  -- The record's line as it stands in the segment.
  line text,
  -- Of an intent: its outcome's line.
  outcome text,
  PRIMARY KEY (trail, seq, time)
) PARTITION BY RANGE (time);
CREATE INDEX record_by_time ON gatehouse_audit.record (time);
CREATE INDEX record_by_outcome ON gatehouse_audit.record (outcome_time) WHERE outcome_time IS NOT NULL;
CREATE INDEX record_by_terms ON gatehouse_audit.record USING gin (terms);

-- How many records of an hour (hours = 1) and of a UTC day (hours = 24) have a value.
CREATE TABLE gatehouse_audit.tally (
  begins timestamptz NOT NULL,
  hours smallint NOT NULL,
  facet text NOT NULL,
  value text NOT NULL,
  other text NOT NULL,
  count integer NOT NULL,
  refused integer NOT NULL,
  PRIMARY KEY (hours, facet, begins, value, other)
) PARTITION BY LIST (hours);
CREATE TABLE gatehouse_audit.tally_by_hour PARTITION OF gatehouse_audit.tally FOR VALUES IN (1) WITH (fillfactor = 70);
CREATE TABLE gatehouse_audit.tally_by_day PARTITION OF gatehouse_audit.tally FOR VALUES IN (24) WITH (fillfactor = 70);

-- One row: from when on the tallies count everything, once records were removed; null: from the beginning.
CREATE TABLE gatehouse_audit.tallied (since timestamptz);
INSERT INTO gatehouse_audit.tallied VALUES (NULL);

-- Attached, not created in place: that would wait for every search to end, and hold up those that come.
CREATE FUNCTION gatehouse_audit.make_day(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  name text := 'record_' || to_char(day, 'YYYYMMDD');
BEGIN
  PERFORM pg_advisory_xact_lock(7166200411938430001);
  -- Not by to_regclass: it may answer what it knew before this waited for another that made the day.
  IF EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'gatehouse_audit' AND c.relname = name) THEN
    RETURN;
  END IF;
  EXECUTE format('CREATE TABLE gatehouse_audit.%I (LIKE gatehouse_audit.record INCLUDING ALL)', name);
  EXECUTE format('ALTER TABLE gatehouse_audit.record ATTACH PARTITION gatehouse_audit.%I FOR VALUES FROM (%L) TO (%L)',
    name, day || ' 00:00:00+00', (day + 1) || ' 00:00:00+00');
END
$$;
REVOKE ALL ON FUNCTION gatehouse_audit.make_day(date) FROM PUBLIC;

-- Removes a day with all its records. It waits for no search longer than five seconds: the next turn may succeed.
CREATE FUNCTION gatehouse_audit.drop_day(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET lock_timeout = '5s' AS $$
BEGIN
  EXECUTE format('DROP TABLE IF EXISTS gatehouse_audit.%I', 'record_' || to_char(day, 'YYYYMMDD'));
END
$$;
REVOKE ALL ON FUNCTION gatehouse_audit.drop_day(date) FROM PUBLIC;
