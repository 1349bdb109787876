CREATE TABLE ps_configuration (id_configuration int PRIMARY KEY, name varchar(254) NOT NULL, value text);
CREATE TABLE ps_customer (id_customer int unsigned PRIMARY KEY, id_gender int unsigned, id_default_group int unsigned,
  firstname varchar(255), lastname varchar(255), email varchar(255) NOT NULL, passwd varchar(255), birthday date,
  is_guest tinyint(1) NOT NULL DEFAULT 0, deleted tinyint(1) NOT NULL DEFAULT 0);
CREATE TABLE ps_country (id_country int unsigned PRIMARY KEY, iso_code varchar(3) NOT NULL);
CREATE TABLE ps_address (id_address int unsigned PRIMARY KEY, id_country int unsigned, id_customer int unsigned,
  address1 varchar(128), city varchar(64), phone varchar(32));
CREATE TABLE ps_orders (id_order int unsigned PRIMARY KEY, id_customer int unsigned NOT NULL, current_state int unsigned NOT NULL,
  valid int unsigned NOT NULL DEFAULT 0, conversion_rate decimal(13,6) NOT NULL DEFAULT 1, date_add datetime NOT NULL);
CREATE TABLE ps_order_detail (id_order_detail int unsigned PRIMARY KEY, id_order int unsigned NOT NULL,
  product_id int unsigned NOT NULL, product_attribute_id int unsigned, product_name text,
  product_quantity int unsigned NOT NULL, product_quantity_refunded int unsigned NOT NULL DEFAULT 0,
  product_quantity_return int unsigned NOT NULL DEFAULT 0, unit_price_tax_incl decimal(20,6) NOT NULL);
CREATE TABLE ps_product (id_product int unsigned PRIMARY KEY, id_manufacturer int unsigned, id_category_default int unsigned,
  price decimal(20,6), weight decimal(20,6), `condition` varchar(20), active tinyint(1), available_for_order tinyint(1),
  visibility varchar(10), state int unsigned NOT NULL DEFAULT 1, date_add datetime NOT NULL);
CREATE TABLE ps_product_lang (id_product int unsigned NOT NULL, id_shop int unsigned NOT NULL, id_lang int unsigned NOT NULL,
  name varchar(128), description_short text, PRIMARY KEY (id_product, id_shop, id_lang));
CREATE TABLE ps_category (id_category int unsigned PRIMARY KEY, id_parent int unsigned NOT NULL,
  level_depth tinyint unsigned NOT NULL DEFAULT 0, nleft int unsigned NOT NULL DEFAULT 0, nright int unsigned NOT NULL DEFAULT 0);
CREATE TABLE ps_category_lang (id_category int unsigned NOT NULL, id_shop int unsigned NOT NULL, id_lang int unsigned NOT NULL,
  name varchar(128), PRIMARY KEY (id_category, id_shop, id_lang));
CREATE TABLE ps_manufacturer (id_manufacturer int unsigned PRIMARY KEY, name varchar(64));
