CREATE TABLE spree_users (id int PRIMARY KEY, email varchar(255), encrypted_password varchar(128), login varchar(255),
  created_at {stamp});
CREATE TABLE spree_products (id int PRIMARY KEY, name varchar(255) NOT NULL, description text, available_on {stamp},
  discontinue_on {stamp}, deleted_at {stamp});
CREATE TABLE spree_variants (id int PRIMARY KEY, sku varchar(255), is_master boolean NOT NULL, product_id int NOT NULL,
  deleted_at {stamp});
CREATE TABLE spree_prices (id int PRIMARY KEY, variant_id int NOT NULL, amount decimal(10,2), currency varchar(3),
  deleted_at {stamp});
CREATE TABLE spree_taxons (id int PRIMARY KEY, parent_id int, name varchar(255) NOT NULL, permalink varchar(255));
CREATE TABLE spree_products_taxons (id int PRIMARY KEY, product_id int, taxon_id int, position int);
CREATE TABLE spree_orders (id int PRIMARY KEY, number varchar(32), state varchar(255), user_id int, email varchar(255),
  completed_at {stamp}, canceled_at {stamp}, created_at {stamp});
CREATE TABLE spree_line_items (id int PRIMARY KEY, variant_id int NOT NULL, order_id int NOT NULL, quantity int NOT NULL,
  price decimal(10,2) NOT NULL, created_at {stamp});
