CREATE TABLE `tabAuthor` (
  name VARCHAR(140) PRIMARY KEY,
  born INTEGER
) ENGINE = InnoDB;

CREATE TABLE `tabBook` (
  name VARCHAR(140) PRIMARY KEY,
  title VARCHAR(280) NOT NULL,
  author VARCHAR(140) REFERENCES `tabAuthor` (name),
  published INTEGER
) ENGINE = InnoDB;

CREATE TABLE `tabLoan` (
  name VARCHAR(140) PRIMARY KEY,
  book VARCHAR(140) NOT NULL REFERENCES `tabBook` (name),
  reader VARCHAR(140) NOT NULL,
  lent_on VARCHAR(10) NOT NULL,
  returned_on VARCHAR(10)
) ENGINE = InnoDB;
