CREATE TABLE oc_setting (setting_id int PRIMARY KEY, `code` varchar(128), `key` varchar(128), `value` text);
CREATE TABLE oc_customer (customer_id int PRIMARY KEY, customer_group_id int NOT NULL, language_id int NOT NULL,
  firstname varchar(32), lastname varchar(32), email varchar(96), telephone varchar(32), password varchar(255),
  newsletter tinyint(1) NOT NULL DEFAULT 0, ip varchar(40), date_added datetime NOT NULL);
CREATE TABLE oc_order (order_id int PRIMARY KEY, customer_id int NOT NULL DEFAULT 0, email varchar(96) NOT NULL,
  order_status_id int NOT NULL DEFAULT 0, currency_value decimal(15,8) NOT NULL DEFAULT 1, date_added datetime NOT NULL);
CREATE TABLE oc_order_status (order_status_id int NOT NULL, language_id int NOT NULL, name varchar(32) NOT NULL,
  PRIMARY KEY (order_status_id, language_id));
CREATE TABLE oc_order_product (order_product_id int PRIMARY KEY, order_id int NOT NULL, product_id int NOT NULL,
  name varchar(255), quantity int NOT NULL, price decimal(15,4) NOT NULL);
CREATE TABLE oc_customer_wishlist (customer_id int NOT NULL, product_id int NOT NULL, date_added datetime NOT NULL,
  PRIMARY KEY (customer_id, product_id));
CREATE TABLE oc_product (product_id int PRIMARY KEY, model varchar(64), quantity int NOT NULL, manufacturer_id int NOT NULL,
  price decimal(15,4) NOT NULL, date_available date NOT NULL DEFAULT '0000-00-00', status tinyint(1) NOT NULL,
  date_added datetime NOT NULL);
CREATE TABLE oc_product_description (product_id int NOT NULL, language_id int NOT NULL, name varchar(255) NOT NULL,
  PRIMARY KEY (product_id, language_id));
CREATE TABLE oc_product_to_category (product_id int NOT NULL, category_id int NOT NULL, PRIMARY KEY (product_id, category_id));
CREATE TABLE oc_category_description (category_id int NOT NULL, language_id int NOT NULL, name varchar(255) NOT NULL,
  PRIMARY KEY (category_id, language_id));
CREATE TABLE oc_manufacturer (manufacturer_id int PRIMARY KEY{name});
CREATE TABLE oc_manufacturer_description (manufacturer_id int NOT NULL, language_id int NOT NULL, name varchar(64),
  PRIMARY KEY (manufacturer_id, language_id));
