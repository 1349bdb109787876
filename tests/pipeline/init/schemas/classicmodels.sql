CREATE TABLE productlines (productLine varchar(50) PRIMARY KEY, textDescription varchar(4000), htmlDescription mediumtext,
  image mediumblob);
CREATE TABLE products (productCode varchar(15) PRIMARY KEY, productName varchar(70) NOT NULL,
  productLine varchar(50) NOT NULL, productScale varchar(10), productVendor varchar(50), productDescription text,
  quantityInStock smallint NOT NULL, buyPrice decimal(10,2), MSRP decimal(10,2),
  FOREIGN KEY (productLine) REFERENCES productlines (productLine));
CREATE TABLE offices (officeCode varchar(10) PRIMARY KEY, city varchar(50), phone varchar(50), addressLine1 varchar(50),
  country varchar(50), territory varchar(10));
CREATE TABLE employees (employeeNumber int PRIMARY KEY, lastName varchar(50), firstName varchar(50),
  email varchar(100), officeCode varchar(10), jobTitle varchar(50),
  FOREIGN KEY (officeCode) REFERENCES offices (officeCode));
CREATE TABLE customers (customerNumber int PRIMARY KEY, customerName varchar(50), contactLastName varchar(50),
  contactFirstName varchar(50), phone varchar(50), addressLine1 varchar(50), addressLine2 varchar(50),
  city varchar(50), state varchar(50), postalCode varchar(15), country varchar(50), salesRepEmployeeNumber int,
  creditLimit decimal(10,2), FOREIGN KEY (salesRepEmployeeNumber) REFERENCES employees (employeeNumber));
CREATE TABLE orders (orderNumber int PRIMARY KEY, orderDate date NOT NULL, requiredDate date NOT NULL,
  shippedDate date, status varchar(15) NOT NULL, comments text, customerNumber int NOT NULL,
  FOREIGN KEY (customerNumber) REFERENCES customers (customerNumber));
CREATE TABLE orderdetails (orderNumber int NOT NULL, productCode varchar(15) NOT NULL, quantityOrdered int NOT NULL,
  priceEach decimal(10,2) NOT NULL, orderLineNumber smallint NOT NULL, PRIMARY KEY (orderNumber, productCode),
  FOREIGN KEY (orderNumber) REFERENCES orders (orderNumber),
  FOREIGN KEY (productCode) REFERENCES products (productCode));
CREATE TABLE payments (customerNumber int NOT NULL, checkNumber varchar(50) NOT NULL, paymentDate date NOT NULL,
  amount decimal(10,2) NOT NULL, PRIMARY KEY (customerNumber, checkNumber),
  FOREIGN KEY (customerNumber) REFERENCES customers (customerNumber))
