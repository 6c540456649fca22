-- One of everything that tools list besides tables and views, and rows with values that no agent may see.
COMMENT ON TABLE customers IS 'People who buy';
COMMENT ON COLUMN customers.tier IS 'What they are worth';
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TYPE money_amount AS (amount numeric, currency char(3));
CREATE TABLE visits (id bigserial, at date NOT NULL, pages positive NOT NULL, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE visits_2025 PARTITION OF visits FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE visits_other PARTITION OF visits DEFAULT;
CREATE MATERIALIZED VIEW sales_by_category AS
  SELECT p.category, sum(i.quantity) AS sold FROM order_items i JOIN products p ON p.id = i.product_id GROUP BY p.category;
CREATE UNIQUE INDEX ON sales_by_category (category);
CREATE INDEX products_name ON products (lower(name)) WHERE in_stock > 0;
CREATE INDEX products_text ON products USING gin (to_tsvector('english', name));
CREATE STATISTICS orders_stats (dependencies) ON customer_id, status FROM orders;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := coalesce(NEW.note, ''); RETURN NEW; END $$;
CREATE TRIGGER orders_touch BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION touch();
CREATE PROCEDURE tidy() LANGUAGE sql AS 'DELETE FROM visits WHERE false';
CREATE AGGREGATE product_of (numeric) (sfunc = numeric_mul, stype = numeric, initcond = '1');
CREATE OPERATOR === (leftarg = integer, rightarg = integer, function = int4eq);
CREATE TEXT SEARCH CONFIGURATION shop_search (COPY = english);
CREATE PUBLICATION shop_changes FOR TABLE orders, products;
CREATE COLLATION numbers (provider = icu, locale = 'en-u-kn');
ALTER TABLE visits ENABLE ROW LEVEL SECURITY;
CREATE POLICY visits_positive ON visits USING (pages > 0);
ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC;
GRANT SELECT ON products TO PUBLIC;
CREATE SCHEMA warehouse;
CREATE TABLE warehouse.shelves (id integer PRIMARY KEY, place text);
CREATE RULE shelves_stay AS ON DELETE TO warehouse.shelves DO INSTEAD NOTHING;

INSERT INTO customers (id, reference, name, email, phone, ssn, date_of_birth, tier, tags, preferences, last_login_from, signed_up_at) VALUES
  (1, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'Customer One', 'ada.lovelace@mail.example', '+49 775 5588996', '945-67-8956', '1985-12-10', 'gold', '{vip}', '{"news": true}', '192.0.2.7', '2024-01-15 10:00+00'),
  (2, 'b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12', 'Customer Two', 'blaise.pascal@mail.example', NULL, '964-55-7788', '1990-06-19', 'bronze', '{}', '{}', NULL, '2024-02-20 11:30+00'),
  (3, 'c0eebc99-9c0b-4ef8-bb6d-6bb9bd380a13', 'Customer Three', 'carl@mail.example', NULL, NULL, NULL, 'silver', '{new}', '{"news": false}', NULL, '2025-03-01 09:00+00');
INSERT INTO addresses (id, customer_id, kind, street, city, postal_code, country) VALUES
  (1, 1, 'home', 'Ockham Road 1', 'London', 'SW1A', 'GB'), (2, 2, 'home', 'Rue Haute 2', 'Paris', '75005', 'FR');
INSERT INTO products (id, sku, name, category, price, in_stock, weight_kg, attributes, tags) VALUES
  (1, 'TEA-1', 'Green tea', 'tea', 7.50, 40, 0.25, '{"origin": "JP", "organic": true}', '{tea,green}'),
  (2, 'CUP-1', 'Cup', 'ware', 12.00, 8, 0.4, '{"colour": "blue"}', '{cup}'),
  (3, 'POT-1', 'Pot', 'ware', 39.90, 0, 1.2, '{}', '{}');
INSERT INTO orders (id, customer_id, shipping_address_id, status, placed_at, shipped_on, note) VALUES
  (1, 1, 1, 'delivered', '2025-01-10 12:00+00', '2025-01-12', NULL), (2, 1, 1, 'paid', '2025-02-11 12:00+00', NULL, NULL),
  (3, 2, 2, 'cancelled', '2025-02-12 12:00+00', NULL, NULL);
INSERT INTO order_items VALUES (1, 1, 1, 2, 7.50), (1, 2, 2, 1, 12.00), (2, 1, 3, 1, 39.90), (3, 1, 1, 1, 7.50);
INSERT INTO payments (id, order_id, card_number, card_holder, card_expires_on, amount, currency, captured) VALUES
  ('d0eebc99-9c0b-4ef8-bb6d-6bb9bd380a14', 1, '4959 6464 7575 8686', 'A LOVELACE', '2027-01-31', 27.00, 'EUR', true),
  ('e0eebc99-9c0b-4ef8-bb6d-6bb9bd380a15', 2, '4556 7498 8764 5957', 'A LOVELACE', '2027-01-31', 39.90, 'EUR', false);
INSERT INTO employees (id, name, email, title, manager_id, ssn, date_of_birth, salary, hired_on) VALUES
  (1, 'Emmy N.', 'emmy@shop.example', 'Head', NULL, '975-66-4488', '1982-03-23', 487654.56, '2020-01-01');
INSERT INTO support_tickets (id, customer_id, assigned_to, subject, body, status, priority, opened_at) VALUES
  (1, 1, 1, 'Late', 'Where is it?', 'open', 2, '2025-02-01 08:00+00'), (2, 2, 1, 'Thanks', 'All well', 'closed', 4, '2025-02-02 08:00+00');
INSERT INTO visits (at, pages) VALUES ('2025-05-01', 3), ('2024-05-01', 9);
SELECT setval(pg_get_serial_sequence(name, 'id'), 100)
FROM unnest('{customers,addresses,products,orders,employees,support_tickets}'::text[]) AS name;
REFRESH MATERIALIZED VIEW sales_by_category;
ANALYZE;
