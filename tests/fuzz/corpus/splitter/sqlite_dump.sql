PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE [a;b] ("c;d" INTEGER, `e;f` TEXT DEFAULT 'it''s; so');
INSERT INTO "a;b" VALUES(1,replace('x\ny','\n',char(10)));
INSERT INTO "a;b" VALUES(-2,X'00ff'); -- done;
CREATE TRIGGER t AFTER UPDATE ON [a;b] WHEN new."c;d" > 1 BEGIN
  UPDATE "a;b" SET "c;d" = CASE WHEN 1 THEN 2 ELSE 3 END; -- END;
  SELECT RAISE(ABORT, 'no;') /* ; */ ;
END;
EXPLAIN QUERY PLAN SELECT 1;
COMMIT;
