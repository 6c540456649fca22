-- The demonstration shop of shop-schema.sql, as MySQL and MariaDB have it. One statement for each semicolon at a line's end.

CREATE TABLE customers (
  id              int AUTO_INCREMENT PRIMARY KEY,
  reference       char(36) NOT NULL UNIQUE,
  name            varchar(100) NOT NULL,
  email           varchar(190) NOT NULL UNIQUE,
  phone           varchar(20),
  ssn             char(11),
  date_of_birth   date,
  tier            enum('bronze', 'silver', 'gold') NOT NULL DEFAULT 'bronze',
  tags            json NOT NULL,
  preferences     json NOT NULL,
  last_login_from varchar(45),
  signed_up_at    timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE TABLE addresses (
  id          int AUTO_INCREMENT PRIMARY KEY,
  customer_id int NOT NULL,
  kind        enum('home', 'billing', 'shipping') NOT NULL,
  street      varchar(190) NOT NULL,
  city        varchar(100) NOT NULL,
  postal_code varchar(10) NOT NULL,
  country     char(2) NOT NULL,
  FOREIGN KEY (customer_id) REFERENCES customers (id)
);

CREATE TABLE products (
  id         int AUTO_INCREMENT PRIMARY KEY,
  sku        varchar(20) NOT NULL UNIQUE,
  name       varchar(100) NOT NULL,
  category   varchar(50) NOT NULL,
  price      decimal(10, 2) NOT NULL CHECK (price >= 0),
  in_stock   int NOT NULL DEFAULT 0,
  weight_kg  float,
  attributes json NOT NULL,
  tags       json NOT NULL
);

CREATE TABLE orders (
  id                  bigint AUTO_INCREMENT PRIMARY KEY,
  customer_id         int NOT NULL,
  shipping_address_id int,
  status              enum('new', 'paid', 'shipped', 'delivered', 'cancelled', 'refunded') NOT NULL DEFAULT 'new',
  placed_at           timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  shipped_on          date,
  note                text,
  KEY (customer_id, placed_at),
  FOREIGN KEY (customer_id) REFERENCES customers (id),
  FOREIGN KEY (shipping_address_id) REFERENCES addresses (id)
);

CREATE TABLE order_items (
  order_id   bigint NOT NULL,
  line       smallint NOT NULL,
  product_id int NOT NULL,
  quantity   smallint NOT NULL CHECK (quantity > 0),
  unit_price decimal(10, 2) NOT NULL,
  PRIMARY KEY (order_id, line),
  FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
  FOREIGN KEY (product_id) REFERENCES products (id)
);

CREATE TABLE payments (
  id               char(36) PRIMARY KEY,
  order_id         bigint NOT NULL,
  card_number      varchar(19) NOT NULL,
  card_holder      varchar(100) NOT NULL,
  card_expires_on  date NOT NULL,
  amount           decimal(10, 2) NOT NULL,
  currency         char(3) NOT NULL,
  captured         boolean NOT NULL DEFAULT false,
  gateway_response json NOT NULL,
  paid_at          timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  FOREIGN KEY (order_id) REFERENCES orders (id)
);

CREATE TABLE employees (
  id            int AUTO_INCREMENT PRIMARY KEY,
  name          varchar(100) NOT NULL,
  email         varchar(190) NOT NULL UNIQUE,
  title         varchar(100) NOT NULL,
  manager_id    int,
  ssn           char(11) NOT NULL UNIQUE,
  date_of_birth date NOT NULL,
  salary        decimal(12, 2) NOT NULL,
  photo         blob,
  hired_on      date NOT NULL,
  FOREIGN KEY (manager_id) REFERENCES employees (id)
);

CREATE TABLE support_tickets (
  id          int AUTO_INCREMENT PRIMARY KEY,
  customer_id int,
  assigned_to int,
  subject     varchar(190) NOT NULL,
  body        text NOT NULL,
  status      enum('open', 'waiting', 'closed') NOT NULL DEFAULT 'open',
  priority    smallint NOT NULL DEFAULT 3 CHECK (priority BETWEEN 1 AND 5),
  opened_at   timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP,
  KEY (status, priority),
  FOREIGN KEY (customer_id) REFERENCES customers (id),
  FOREIGN KEY (assigned_to) REFERENCES employees (id)
);

-- One line a customer, with what they bought: masks on customers reach through it.
CREATE VIEW customer_overview AS
SELECT c.id, c.reference, c.name, c.email, c.tier, c.signed_up_at,
       count(DISTINCT o.id) AS orders,
       coalesce(sum(i.quantity * i.unit_price), 0) AS total_spent,
       max(o.placed_at) AS last_order_at
FROM customers c
LEFT JOIN orders o ON o.customer_id = c.id AND o.status NOT IN ('cancelled', 'refunded')
LEFT JOIN order_items i ON i.order_id = o.id
GROUP BY c.id;

-- What everybody may know of an employee.
CREATE VIEW staff_directory AS
SELECT e.id, e.name, e.title, m.name AS manager FROM employees e LEFT JOIN employees m ON m.id = e.manager_id;

CREATE FUNCTION customer_order_total(customer int) RETURNS decimal(12, 2) READS SQL DATA
RETURN (
  SELECT coalesce(sum(i.quantity * i.unit_price), 0)
  FROM orders o JOIN order_items i ON i.order_id = o.id
  WHERE o.customer_id = customer AND o.status NOT IN ('cancelled', 'refunded')
);
