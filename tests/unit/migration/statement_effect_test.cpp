#include "migration/statement_effect.hpp"

#include <catch2/catch.hpp>

using namespace bench;

namespace {

Statement statement(const char* text, Dialect dialect = Dialect::postgres) {
  return split_statements(text, dialect).at(0);
}

}  // namespace

TEST_CASE("what a statement changes is told by its first words") {
  for (const char* text : {"INSERT INTO t VALUES (1)", "/* first */ update t SET a = 1",
                           "WITH x AS (SELECT 1) SELECT 2", "REPLACE INTO t VALUES (1)", "DELETE FROM t"})
    CHECK(effect_of(statement(text, Dialect::mariadb)) == Effect::rows);
  for (const char* text : {"SET foreign_key_checks = 0", "USE other"})
    CHECK(effect_of(statement(text, Dialect::mariadb)) == Effect::session);
  for (const char* text : {"ALTER TABLE t ADD a INT", "CALL something()", "TRUNCATE t", "(SELECT 1)"})
    CHECK(effect_of(statement(text, Dialect::mariadb)) == Effect::schema);
}

TEST_CASE("what PostgreSQL refuses inside a transaction runs outside of one") {
  for (const char* text :
       {"CREATE INDEX CONCURRENTLY i ON t (a)", "create unique index concurrently i on t (a)",
        "DROP INDEX CONCURRENTLY i", "REINDEX TABLE CONCURRENTLY t", "ALTER TYPE mood ADD VALUE 'glad'",
        "ALTER TYPE public.mood /* so */ ADD VALUE IF NOT EXISTS 'glad'"})
    CHECK(runs_outside_transaction(statement(text)));
  for (const char* text : {"CREATE INDEX i ON t (a)", "CREATE INDEX i ON t (\"CONCURRENTLY\")",
                           "ALTER TYPE mood RENAME TO feeling", "INSERT INTO t VALUES ('CONCURRENTLY')",
                           "REFRESH MATERIALIZED VIEW CONCURRENTLY v"})
    CHECK_FALSE(runs_outside_transaction(statement(text)));
}
