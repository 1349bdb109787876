CREATE TABLE customer (id text PRIMARY KEY, company_name text, first_name text, last_name text, email text, phone text,
  has_account boolean NOT NULL, created_at timestamptz NOT NULL, deleted_at timestamptz);
CREATE TABLE product_type (id text PRIMARY KEY, value text NOT NULL);
CREATE TABLE product_collection (id text PRIMARY KEY, title text NOT NULL);
CREATE TABLE product_category (id text PRIMARY KEY, name text NOT NULL);
CREATE TABLE product (id text PRIMARY KEY, title text NOT NULL, subtitle text, description text, material text,
  is_giftcard boolean NOT NULL, status text NOT NULL, type_id text, collection_id text, created_at timestamptz NOT NULL,
  deleted_at timestamptz);
CREATE TABLE product_category_product (product_id text NOT NULL, product_category_id text NOT NULL);
CREATE TABLE "order" (id text PRIMARY KEY, customer_id text, email text, version int NOT NULL, status text NOT NULL,
  is_draft_order boolean NOT NULL, canceled_at timestamptz, created_at timestamptz NOT NULL, deleted_at timestamptz);
CREATE TABLE order_line_item (id text PRIMARY KEY, product_id text, variant_id text, title text, unit_price numeric NOT NULL);
CREATE TABLE order_item (id text PRIMARY KEY, order_id text NOT NULL, version int NOT NULL, item_id text NOT NULL,
  quantity numeric NOT NULL, deleted_at timestamptz);
