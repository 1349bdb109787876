CREATE TABLE "DimDate" ("DateKey" int PRIMARY KEY, "FullDateAlternateKey" date NOT NULL, "EnglishMonthName" text);
CREATE TABLE "DimProductCategory" ("ProductCategoryKey" int PRIMARY KEY, "ProductCategoryAlternateKey" int,
  "EnglishProductCategoryName" text NOT NULL, "SpanishProductCategoryName" text NOT NULL);
CREATE TABLE "DimProductSubcategory" ("ProductSubcategoryKey" int PRIMARY KEY,
  "EnglishProductSubcategoryName" text NOT NULL, "SpanishProductSubcategoryName" text NOT NULL,
  "ProductCategoryKey" int REFERENCES "DimProductCategory" ("ProductCategoryKey"));
CREATE TABLE "DimProduct" ("ProductKey" int PRIMARY KEY, "ProductAlternateKey" text,
  "ProductSubcategoryKey" int REFERENCES "DimProductSubcategory" ("ProductSubcategoryKey"),
  "EnglishProductName" text NOT NULL, "SpanishProductName" text NOT NULL, "FinishedGoodsFlag" boolean NOT NULL,
  "Color" text, "ListPrice" numeric, "Size" text, "ModelName" text, "LargePhoto" bytea, "EnglishDescription" text,
  "FrenchDescription" text, "StartDate" timestamp, "EndDate" timestamp, "Status" text,
  "ProductLine" text, "Class" text, "Style" text, "Weight" float8);
CREATE TABLE "DimGeography" ("GeographyKey" int PRIMARY KEY, "City" text, "StateProvinceName" text,
  "EnglishCountryRegionName" text, "SpanishCountryRegionName" text, "PostalCode" text);
CREATE TABLE "DimCustomer" ("CustomerKey" int PRIMARY KEY,
  "GeographyKey" int REFERENCES "DimGeography" ("GeographyKey"), "CustomerAlternateKey" text NOT NULL,
  "FirstName" text, "LastName" text, "BirthDate" date, "MaritalStatus" char(1), "Gender" text, "EmailAddress" text,
  "YearlyIncome" numeric, "TotalChildren" smallint, "EnglishEducation" text, "SpanishEducation" text,
  "HouseOwnerFlag" char(1), "AddressLine1" text, "Phone" text, "DateFirstPurchase" date, "CommuteDistance" text,
  "EnglishOccupation" text, "NumberCarsOwned" smallint);
CREATE TABLE "DimEmployee" ("EmployeeKey" int PRIMARY KEY, "FirstName" text, "LastName" text, "LoginID" text);
CREATE TABLE "DimReseller" ("ResellerKey" int PRIMARY KEY, "ResellerName" text, "Phone" text);
CREATE TABLE "FactResellerSales" ("ProductKey" int REFERENCES "DimProduct" ("ProductKey"),
  "OrderDateKey" int REFERENCES "DimDate" ("DateKey"), "ResellerKey" int REFERENCES "DimReseller" ("ResellerKey"),
  "EmployeeKey" int REFERENCES "DimEmployee" ("EmployeeKey"), "OrderQuantity" smallint, "OrderDate" timestamp);
CREATE TABLE "FactInternetSales" ("ProductKey" int NOT NULL REFERENCES "DimProduct" ("ProductKey"),
  "OrderDateKey" int NOT NULL REFERENCES "DimDate" ("DateKey"), "DueDateKey" int NOT NULL, "ShipDateKey" int NOT NULL,
  "CustomerKey" int NOT NULL REFERENCES "DimCustomer" ("CustomerKey"), "PromotionKey" int NOT NULL,
  "SalesOrderNumber" text NOT NULL, "SalesOrderLineNumber" smallint NOT NULL, "OrderQuantity" smallint NOT NULL,
  "UnitPrice" numeric NOT NULL, "TotalProductCost" numeric NOT NULL, "SalesAmount" numeric NOT NULL,
  "CustomerPONumber" text, "OrderDate" timestamp, "DueDate" timestamp, "ShipDate" timestamp,
  PRIMARY KEY ("SalesOrderNumber", "SalesOrderLineNumber"))
