-- A book cannot come back before it was lent.
CREATE TRIGGER `tabLoan_dates` BEFORE UPDATE ON `tabLoan` FOR EACH ROW
BEGIN
  IF NEW.returned_on < NEW.lent_on THEN
    SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'a book cannot come back before it was lent';
  END IF;
END;
