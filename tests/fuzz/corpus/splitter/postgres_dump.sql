-- PostgreSQL database dump
SET standard_conforming_strings = on;
CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $_$
BEGIN
  EXECUTE $q$ SELECT ';' $q$ || $1; -- $$
  RETURN NEW;
END;
$_$;
/* outer /* inner; */ still; */
CREATE FUNCTION g(a int) RETURNS int LANGUAGE sql BEGIN ATOMIC
  SELECT CASE WHEN a = 1 THEN (SELECT 2) ELSE 3 END;
  SELECT 4;
END;
CREATE RULE r AS ON INSERT TO t DO ALSO (INSERT INTO u VALUES (1); DELETE FROM v;);
SELECT E'a\';' , 'b\', U&'\0061', a$b$c, "x;""y", e'a'
  'c\';' ;
SELECT $$;$$, $1, $x$ $ $x $x$;
DO $$ BEGIN END $$
