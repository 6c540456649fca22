-- What tools list besides tables and views, and rows with values that no agent may see: shop-extras.sql as MySQL and MariaDB have it.
ALTER TABLE customers COMMENT 'People who buy', MODIFY tier enum('bronze', 'silver', 'gold') NOT NULL DEFAULT 'bronze' COMMENT 'What they are worth';
ALTER TABLE products ADD full_price decimal(10, 2) AS (price * 2) STORED, ADD FULLTEXT KEY products_text (name);
CREATE TABLE visits (id bigint AUTO_INCREMENT, at date NOT NULL, pages int unsigned NOT NULL, PRIMARY KEY (id, at))
  PARTITION BY RANGE COLUMNS (at) (PARTITION visits_2025 VALUES LESS THAN ('2026-01-01'), PARTITION visits_other VALUES LESS THAN (MAXVALUE));
CREATE TRIGGER orders_touch BEFORE UPDATE ON orders FOR EACH ROW SET NEW.note = coalesce(NEW.note, '');
CREATE PROCEDURE tidy() DELETE FROM visits WHERE false;
SET time_zone = '+00:00';

INSERT INTO customers (id, reference, name, email, phone, ssn, date_of_birth, tier, tags, preferences, last_login_from, signed_up_at) VALUES
  (1, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', 'Customer One', 'ada.lovelace@mail.example', '+49 775 5588996', '945-67-8956', '1985-12-10', 'gold', '["vip"]', '{"news": true}', '192.0.2.7', '2024-01-15 10:00'),
  (2, 'b0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12', 'Customer Two', 'blaise.pascal@mail.example', NULL, '964-55-7788', '1990-06-19', 'bronze', '[]', '{}', NULL, '2024-02-20 11:30'),
  (3, 'c0eebc99-9c0b-4ef8-bb6d-6bb9bd380a13', 'Customer Three', 'carl@mail.example', NULL, NULL, NULL, 'silver', '["new"]', '{"news": false}', NULL, '2025-03-01 09:00');
INSERT INTO addresses (id, customer_id, kind, street, city, postal_code, country) VALUES
  (1, 1, 'home', 'Ockham Road 1', 'London', 'SW1A', 'GB'), (2, 2, 'home', 'Rue Haute 2', 'Paris', '75005', 'FR');
INSERT INTO products (id, sku, name, category, price, in_stock, weight_kg, attributes, tags) VALUES
  (1, 'TEA-1', 'Green tea', 'tea', 7.50, 40, 0.25, '{"origin": "JP", "organic": true}', '["tea", "green"]'),
  (2, 'CUP-1', 'Cup', 'ware', 12.00, 8, 0.4, '{"colour": "blue"}', '["cup"]'),
  (3, 'POT-1', 'Pot', 'ware', 39.90, 0, 1.2, '{}', '[]');
INSERT INTO orders (id, customer_id, shipping_address_id, status, placed_at, shipped_on, note) VALUES
  (1, 1, 1, 'delivered', '2025-01-10 12:00', '2025-01-12', NULL), (2, 1, 1, 'paid', '2025-02-11 12:00', NULL, NULL),
  (3, 2, 2, 'cancelled', '2025-02-12 12:00', NULL, NULL);
INSERT INTO order_items VALUES (1, 1, 1, 2, 7.50), (1, 2, 2, 1, 12.00), (2, 1, 3, 1, 39.90), (3, 1, 1, 1, 7.50);
INSERT INTO payments (id, order_id, card_number, card_holder, card_expires_on, amount, currency, captured, gateway_response) VALUES
  ('d0eebc99-9c0b-4ef8-bb6d-6bb9bd380a14', 1, '4959 6464 7575 8686', 'A LOVELACE', '2027-01-31', 27.00, 'EUR', true, '{}'),
  ('e0eebc99-9c0b-4ef8-bb6d-6bb9bd380a15', 2, '4556 7498 8764 5957', 'A LOVELACE', '2027-01-31', 39.90, 'EUR', false, '{}');
INSERT INTO employees (id, name, email, title, manager_id, ssn, date_of_birth, salary, hired_on) VALUES
  (1, 'Emmy N.', 'emmy@shop.example', 'Head', NULL, '975-66-4488', '1982-03-23', 487654.56, '2020-01-01');
INSERT INTO support_tickets (id, customer_id, assigned_to, subject, body, status, priority, opened_at) VALUES
  (1, 1, 1, 'Late', 'Where is it?', 'open', 2, '2025-02-01 08:00'), (2, 2, 1, 'Thanks', 'All well', 'closed', 4, '2025-02-02 08:00');
INSERT INTO visits (at, pages) VALUES ('2025-05-01', 3), ('2026-05-01', 9);
