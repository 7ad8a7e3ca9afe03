-- A book cannot come back before it was lent.
CREATE FUNCTION loan_dates() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.returned_on < NEW.lent_on THEN
    RAISE EXCEPTION 'a book cannot come back before it was lent';
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER "tabLoan_dates" BEFORE UPDATE OF returned_on ON "tabLoan"
FOR EACH ROW EXECUTE FUNCTION loan_dates();
