CREATE TABLE account_address (id int PRIMARY KEY, first_name text, last_name text, street_address_1 text, city text,
  postal_code text, country text, phone text);
CREATE TABLE account_user (id int PRIMARY KEY, email text, password text, first_name text, last_name text, language_code text,
  default_billing_address_id int REFERENCES account_address (id));
CREATE TABLE product_producttype (id int PRIMARY KEY, name text NOT NULL);
CREATE TABLE product_category (id int PRIMARY KEY, name text NOT NULL, parent_id int REFERENCES product_category (id));
CREATE TABLE product_product (id int PRIMARY KEY, name text NOT NULL, description jsonb, description_plaintext text NOT NULL,
  product_type_id int NOT NULL REFERENCES product_producttype (id), category_id int REFERENCES product_category (id),
  created_at timestamptz NOT NULL);
CREATE TABLE product_productvariant (id int PRIMARY KEY, sku text, name text,
  product_id int NOT NULL REFERENCES product_product (id));
CREATE TABLE product_productchannellisting (id int PRIMARY KEY, channel_id int NOT NULL, product_id int NOT NULL,
  is_published boolean NOT NULL, visible_in_listings boolean NOT NULL, discounted_price_amount numeric, currency text);
CREATE TABLE order_order (id uuid PRIMARY KEY, number int, created_at timestamptz NOT NULL, status text NOT NULL,
  user_id int REFERENCES account_user (id), user_email text NOT NULL);
CREATE TABLE order_orderline (id uuid PRIMARY KEY, order_id uuid NOT NULL REFERENCES order_order (id),
  variant_id int REFERENCES product_productvariant (id), product_name text, quantity int NOT NULL,
  unit_price_gross_amount numeric NOT NULL);
