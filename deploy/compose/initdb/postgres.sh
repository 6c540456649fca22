#!/bin/sh
# Run once by the image of PostgreSQL, in a new database.
set -eu
psql -v ON_ERROR_STOP=1 -v password="$(cat /run/secrets/shop-password)" --username "$POSTGRES_USER" --dbname shop <<'SQL'
CREATE TABLE customers (id int PRIMARY KEY, name text NOT NULL, email text NOT NULL, ssn text NOT NULL, city text NOT NULL);
INSERT INTO customers VALUES
  (1, 'Ada Young', 'ada@example.com', '123-45-6789', 'Bern'),
  (2, 'Ben Ortiz', 'ben@example.com', '987-65-4321', 'Oslo');
CREATE ROLE gatehouse LOGIN PASSWORD :'password';
GRANT SELECT, INSERT, UPDATE, DELETE ON customers TO gatehouse;
SQL
