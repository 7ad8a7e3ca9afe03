#include "database/column.hpp"

#include <catch2/catch.hpp>

using namespace bench;

TEST_CASE("a column's type is what was declared, and not what its declaration is spelled like") {
  CHECK(column_type("int(11) unsigned") == ColumnType::integer);
  CHECK(column_type("timestamp without time zone") == ColumnType::datetime);
  CHECK(column_type("character varying(140)") == ColumnType::text);
  for (const char* several : {"integer[]", "timestamp without time zone[]", "int4range", "datemultirange"})
    CHECK(column_type(several) == ColumnType::text);
  CHECK(column_type("enum('print','date')") == ColumnType::text);
  CHECK(enum_values("enum('Open','it''s','','a,b')") == std::vector<std::string>{"Open", "it's", "", "a,b"});
  CHECK(enum_values("varchar(140)").empty());
  CHECK(declared_length("varchar(140)") == 140);
  CHECK_FALSE(declared_length("character varying(10)[]"));
}
