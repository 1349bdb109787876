CREATE TABLE xy_posts (ID bigint unsigned PRIMARY KEY, post_author bigint unsigned NOT NULL DEFAULT 0,
  post_date datetime NOT NULL DEFAULT '0000-00-00 00:00:00', post_date_gmt datetime NOT NULL DEFAULT '0000-00-00 00:00:00',
  post_title text NOT NULL, post_status varchar(20) NOT NULL, post_type varchar(20) NOT NULL);
CREATE TABLE xy_postmeta (meta_id bigint unsigned PRIMARY KEY, post_id bigint unsigned NOT NULL, meta_key varchar(255),
  meta_value longtext);
CREATE TABLE xy_terms (term_id bigint unsigned PRIMARY KEY, name varchar(200) NOT NULL);
CREATE TABLE xy_term_taxonomy (term_taxonomy_id bigint unsigned PRIMARY KEY, term_id bigint unsigned NOT NULL,
  taxonomy varchar(32) NOT NULL);
CREATE TABLE xy_term_relationships (object_id bigint unsigned NOT NULL, term_taxonomy_id bigint unsigned NOT NULL,
  term_order int NOT NULL DEFAULT 0, PRIMARY KEY (object_id, term_taxonomy_id));
CREATE TABLE xy_users (ID bigint unsigned PRIMARY KEY, user_login varchar(60), user_pass varchar(255), user_email varchar(100));
CREATE TABLE xy_wc_orders (id bigint unsigned PRIMARY KEY, status varchar(20), currency varchar(10), type varchar(20),
  total_amount decimal(26,8), customer_id bigint unsigned, billing_email varchar(320), date_created_gmt datetime,
  parent_order_id bigint unsigned);
CREATE TABLE xy_wc_order_product_lookup (order_item_id bigint unsigned PRIMARY KEY, order_id bigint unsigned NOT NULL,
  product_id bigint unsigned NOT NULL, variation_id bigint unsigned NOT NULL, customer_id bigint unsigned,
  date_created datetime NOT NULL DEFAULT '0000-00-00 00:00:00', product_qty int NOT NULL,
  product_net_revenue double NOT NULL DEFAULT 0, product_gross_revenue double NOT NULL DEFAULT 0);
CREATE TABLE xy_wc_customer_lookup (customer_id bigint unsigned PRIMARY KEY, user_id bigint unsigned, username varchar(60),
  first_name varchar(255), last_name varchar(255), email varchar(100), country char(2), postcode varchar(20), city varchar(100));
CREATE TABLE xy_wc_product_meta_lookup (product_id bigint PRIMARY KEY, sku varchar(100), `virtual` tinyint(1),
  min_price decimal(19,4), max_price decimal(19,4), onsale tinyint(1), stock_quantity double, stock_status varchar(100));
