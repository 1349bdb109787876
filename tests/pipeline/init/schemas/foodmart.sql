CREATE TABLE product_class (product_class_id INTEGER NOT NULL, product_subcategory TEXT, product_category TEXT,
  product_department TEXT, product_family TEXT);
CREATE TABLE product (product_class_id INTEGER NOT NULL, product_id INTEGER NOT NULL, brand_name TEXT,
  product_name TEXT NOT NULL, SKU INTEGER NOT NULL, SRP REAL, gross_weight REAL, recyclable_package INTEGER,
  low_fat INTEGER);
CREATE TABLE customer (customer_id INTEGER NOT NULL, account_num INTEGER NOT NULL, lname TEXT, fname TEXT,
  address1 TEXT, city TEXT, state_province TEXT, postal_code TEXT, country TEXT, phone1 TEXT, birthdate TEXT,
  marital_status TEXT, yearly_income TEXT, gender TEXT, education TEXT, houseowner TEXT, fullname TEXT,
  total_children INTEGER, member_card TEXT, occupation TEXT, num_cars_owned INTEGER);
CREATE TABLE time_by_day (time_id INTEGER NOT NULL, the_date TEXT, the_day TEXT, the_month TEXT, the_year INTEGER,
  week_of_year INTEGER);
CREATE TABLE store (store_id INTEGER NOT NULL, store_type TEXT, store_name TEXT, store_city TEXT);
CREATE TABLE promotion (promotion_id INTEGER NOT NULL, promotion_name TEXT, media_type TEXT, start_date TEXT);
CREATE TABLE inventory_fact_1997 (product_id INTEGER NOT NULL, time_id INTEGER, warehouse_id INTEGER,
  store_id INTEGER, units_ordered INTEGER);
CREATE TABLE sales_fact_1997 (product_id INTEGER NOT NULL, time_id INTEGER NOT NULL, customer_id INTEGER NOT NULL,
  promotion_id INTEGER NOT NULL, store_id INTEGER NOT NULL, store_sales REAL NOT NULL, store_cost REAL NOT NULL,
  unit_sales REAL NOT NULL);
CREATE TABLE sales_fact_1998 (product_id INTEGER NOT NULL, time_id INTEGER NOT NULL, customer_id INTEGER NOT NULL,
  promotion_id INTEGER NOT NULL, store_id INTEGER NOT NULL, store_sales REAL NOT NULL, store_cost REAL NOT NULL,
  unit_sales REAL NOT NULL);
CREATE TABLE agg_c_10_sales_fact_1997 (month_of_year INTEGER, store_sales REAL, customer_count INTEGER)
