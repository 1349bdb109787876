CREATE TABLE res_country (id int PRIMARY KEY, code varchar(2), name {text});
CREATE TABLE res_partner (id int PRIMARY KEY, name varchar, email varchar, phone varchar, street varchar, city varchar,
  zip varchar, vat varchar, country_id int REFERENCES res_country (id), is_company boolean, parent_id int,
  commercial_partner_id int);
CREATE TABLE product_category (id int PRIMARY KEY, name varchar NOT NULL, complete_name varchar, parent_id int);
CREATE TABLE product_template (id int PRIMARY KEY, name {text} NOT NULL, description_sale {text}, type varchar, categ_id int,
  list_price numeric, weight numeric, active boolean, sale_ok boolean, create_date timestamp);
CREATE TABLE product_product (id int PRIMARY KEY, product_tmpl_id int NOT NULL REFERENCES product_template (id),
  default_code varchar, active boolean);
CREATE TABLE sale_order (id int PRIMARY KEY, name varchar NOT NULL, state varchar, date_order timestamp NOT NULL,
  partner_id int NOT NULL REFERENCES res_partner (id));
CREATE TABLE sale_order_line (id int PRIMARY KEY, order_id int NOT NULL REFERENCES sale_order (id), name text,
  product_id int REFERENCES product_product (id), product_uom_qty numeric, price_reduce_taxexcl numeric, display_type varchar,
  is_downpayment boolean);
