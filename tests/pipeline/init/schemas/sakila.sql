CREATE TABLE country (country_id int PRIMARY KEY, country varchar(50) NOT NULL, last_update timestamp NULL);
CREATE TABLE city (city_id int PRIMARY KEY, city varchar(50) NOT NULL, country_id int NOT NULL, last_update timestamp NULL,
  FOREIGN KEY (country_id) REFERENCES country (country_id));
CREATE TABLE address (address_id int PRIMARY KEY, address varchar(50), address2 varchar(50), district varchar(20),
  city_id int NOT NULL, postal_code varchar(10), phone varchar(20), last_update timestamp NULL,
  FOREIGN KEY (city_id) REFERENCES city (city_id));
CREATE TABLE store (store_id int PRIMARY KEY, address_id int NOT NULL, last_update timestamp NULL,
  FOREIGN KEY (address_id) REFERENCES address (address_id));
CREATE TABLE staff (staff_id int PRIMARY KEY, first_name varchar(45), last_name varchar(45), email varchar(50),
  store_id int, password varchar(40), FOREIGN KEY (store_id) REFERENCES store (store_id));
CREATE TABLE customer (customer_id int PRIMARY KEY, store_id int NOT NULL, first_name varchar(45),
  last_name varchar(45), email varchar(50), address_id int NOT NULL, active tinyint(1) NOT NULL, create_date timestamp NULL, last_update timestamp NULL,
  FOREIGN KEY (address_id) REFERENCES address (address_id), FOREIGN KEY (store_id) REFERENCES store (store_id));
CREATE TABLE language (language_id int PRIMARY KEY, name char(20) NOT NULL, last_update timestamp NULL);
CREATE TABLE category (category_id int PRIMARY KEY, name varchar(25) NOT NULL, last_update timestamp NULL);
CREATE TABLE actor (actor_id int PRIMARY KEY, first_name varchar(45), last_name varchar(45), last_update timestamp NULL);
CREATE TABLE film (film_id int PRIMARY KEY, title varchar(128) NOT NULL, description text, release_year year,
  language_id int NOT NULL, original_language_id int, rental_duration int NOT NULL, rental_rate decimal(4,2) NOT NULL,
  length int, replacement_cost decimal(5,2), rating enum('G','PG','R'), last_update timestamp NULL, special_features set('Trailers','Commentaries','Deleted Scenes'),
  FOREIGN KEY (language_id) REFERENCES language (language_id),
  FOREIGN KEY (original_language_id) REFERENCES language (language_id));
CREATE TABLE film_category (film_id int NOT NULL, category_id int NOT NULL, last_update timestamp NULL,
  PRIMARY KEY (film_id, category_id), FOREIGN KEY (film_id) REFERENCES film (film_id),
  FOREIGN KEY (category_id) REFERENCES category (category_id));
CREATE TABLE film_actor (actor_id int NOT NULL, film_id int NOT NULL, last_update timestamp NULL,
  PRIMARY KEY (actor_id, film_id), FOREIGN KEY (film_id) REFERENCES film (film_id),
  FOREIGN KEY (actor_id) REFERENCES actor (actor_id));
CREATE TABLE inventory (inventory_id int PRIMARY KEY, film_id int NOT NULL, store_id int NOT NULL,
  last_update timestamp NULL, FOREIGN KEY (film_id) REFERENCES film (film_id), FOREIGN KEY (store_id) REFERENCES store (store_id));
CREATE TABLE rental (rental_id int PRIMARY KEY, rental_date datetime NOT NULL, inventory_id int NOT NULL,
  customer_id int NOT NULL, return_date datetime, staff_id int NOT NULL, last_update timestamp NULL,
  FOREIGN KEY (inventory_id) REFERENCES inventory (inventory_id),
  FOREIGN KEY (customer_id) REFERENCES customer (customer_id), FOREIGN KEY (staff_id) REFERENCES staff (staff_id));
CREATE TABLE payment (payment_id int PRIMARY KEY, customer_id int NOT NULL, staff_id int NOT NULL, rental_id int,
  amount decimal(5,2) NOT NULL, payment_date datetime NOT NULL,
  FOREIGN KEY (customer_id) REFERENCES customer (customer_id), FOREIGN KEY (rental_id) REFERENCES rental (rental_id));
