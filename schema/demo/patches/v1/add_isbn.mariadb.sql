ALTER TABLE `tabBook` ADD COLUMN isbn VARCHAR(17);

UPDATE `tabBook` SET isbn = '978-0-06-051275-0' WHERE name = 'BOOK-0001';
UPDATE `tabBook` SET isbn = '978-0-15-643961-9' WHERE name = 'BOOK-0002';

CREATE UNIQUE INDEX `tabBook_isbn` ON `tabBook` (isbn);
