#!/bin/bash
# Read by the image of MySQL as part of its own start, once, in a new database.
docker_process_sql --database=shop <<SQL
CREATE TABLE customers (id int PRIMARY KEY, name varchar(80) NOT NULL, email varchar(80) NOT NULL, ssn varchar(11) NOT NULL, city varchar(80) NOT NULL);
INSERT INTO customers VALUES
  (1, 'Ada Young', 'ada@example.com', '123-45-6789', 'Bern'),
  (2, 'Ben Ortiz', 'ben@example.com', '987-65-4321', 'Oslo');
CREATE USER gatehouse IDENTIFIED BY '$(cat /run/secrets/shop-password)';
GRANT SELECT, INSERT, UPDATE, DELETE, SHOW VIEW ON shop.* TO gatehouse;
SQL
