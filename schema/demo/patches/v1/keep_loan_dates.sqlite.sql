-- A book cannot come back before it was lent.
CREATE TRIGGER "tabLoan_dates" BEFORE UPDATE OF returned_on ON "tabLoan"
WHEN new.returned_on < new.lent_on
BEGIN
  SELECT RAISE(ABORT, 'a book cannot come back before it was lent');
END;
