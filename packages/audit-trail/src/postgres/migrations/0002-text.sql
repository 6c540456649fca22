-- Texts are found by their trigrams where pg_trgm can be had: contrib, and trusted, so the database's owner may create it.
DO $$
BEGIN
  CREATE EXTENSION IF NOT EXISTS pg_trgm WITH SCHEMA gatehouse_audit;
EXCEPTION
  WHEN insufficient_privilege OR undefined_file OR feature_not_supported OR invalid_parameter_value THEN
    RAISE NOTICE 'pg_trgm cannot be created here (%): searches for text read row by row', SQLERRM;
END
$$;

CREATE FUNCTION gatehouse_audit.index_text() RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  its_schema text;
BEGIN
  SELECT n.nspname INTO its_schema FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'pg_trgm';
  IF its_schema IS NULL THEN
    RETURN false;
  END IF;
  EXECUTE format('CREATE INDEX IF NOT EXISTS record_by_text ON gatehouse_audit.record USING gin (statement %I.gin_trgm_ops)', its_schema);
  RETURN true;
END
$$;
REVOKE ALL ON FUNCTION gatehouse_audit.index_text() FROM PUBLIC;
SELECT gatehouse_audit.index_text();
