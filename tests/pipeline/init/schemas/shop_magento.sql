CREATE TABLE m2_eav_entity_type (entity_type_id smallint unsigned PRIMARY KEY, entity_type_code varchar(50) NOT NULL);
CREATE TABLE m2_eav_attribute (attribute_id smallint unsigned PRIMARY KEY, entity_type_id smallint unsigned NOT NULL,
  attribute_code varchar(255) NOT NULL);
CREATE TABLE m2_eav_attribute_option_value (value_id int unsigned PRIMARY KEY, option_id int unsigned NOT NULL,
  store_id smallint unsigned NOT NULL, value varchar(255));
CREATE TABLE m2_customer_entity (entity_id int unsigned PRIMARY KEY, email varchar(255), group_id smallint unsigned,
  firstname varchar(255), lastname varchar(255), dob date, password_hash varchar(128), gender smallint unsigned);
CREATE TABLE m2_sales_order (entity_id int unsigned PRIMARY KEY, state varchar(32), status varchar(32), customer_id int unsigned,
  customer_email varchar(128), created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE m2_sales_order_item (item_id int unsigned PRIMARY KEY, order_id int unsigned NOT NULL,
  parent_item_id int unsigned, product_id int unsigned, qty_ordered decimal(12,4), qty_canceled decimal(12,4) DEFAULT 0,
  qty_refunded decimal(12,4) DEFAULT 0, base_price decimal(20,4) NOT NULL DEFAULT 0);
CREATE TABLE m2_catalog_product_super_link (link_id int unsigned PRIMARY KEY, product_id int unsigned NOT NULL,
  parent_id int unsigned NOT NULL);
CREATE TABLE m2_catalog_category_product (entity_id int PRIMARY KEY, category_id int unsigned NOT NULL,
  product_id int unsigned NOT NULL, position int NOT NULL DEFAULT 0);
CREATE TABLE m2_catalog_product_entity ({row} entity_id int unsigned NOT NULL, attribute_set_id smallint unsigned,
  type_id varchar(32), sku varchar(64), created_at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP);
CREATE TABLE m2_catalog_category_entity ({row} entity_id int unsigned NOT NULL, path varchar(255) NOT NULL,
  level int NOT NULL DEFAULT 0);
CREATE TABLE m2_catalog_product_entity_varchar (value_id int PRIMARY KEY, attribute_id smallint unsigned,
  store_id smallint unsigned, {link} int unsigned, value varchar(255));
CREATE TABLE m2_catalog_category_entity_varchar (value_id int PRIMARY KEY, attribute_id smallint unsigned,
  store_id smallint unsigned, {link} int unsigned, value varchar(255));
CREATE TABLE m2_catalog_product_entity_decimal (value_id int PRIMARY KEY, attribute_id smallint unsigned,
  store_id smallint unsigned, {link} int unsigned, value decimal(20,6));
CREATE TABLE m2_catalog_product_entity_int (value_id int PRIMARY KEY, attribute_id smallint unsigned,
  store_id smallint unsigned, {link} int unsigned, value int);
