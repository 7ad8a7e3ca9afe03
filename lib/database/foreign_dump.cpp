#include "database/foreign_dump.hpp"

#include <fmt/format.h>

#include <array>

#include "base/error.hpp"

namespace bench {

namespace {

struct Mark {
  std::string_view text;
  Dialect dialect;
  std::string_view tool;
};
constexpr std::array marks{Mark{"-- MariaDB dump", Dialect::mariadb, "MariaDB"},
                           Mark{"-- MySQL dump", Dialect::mariadb, "MySQL"},
                           Mark{"/*M!999999", Dialect::mariadb, "MariaDB"},
                           Mark{"PGDMP", Dialect::postgres, "PostgreSQL"},
                           Mark{"-- PostgreSQL database dump", Dialect::postgres, "PostgreSQL"},
                           Mark{"SQLite format 3", Dialect::sqlite, "SQLite"},
                           Mark{"PRAGMA foreign_keys", Dialect::sqlite, "SQLite"}};

std::string_view called(Dialect dialect) {
  switch (dialect) {
    case Dialect::mariadb:
      return "MariaDB";
    case Dialect::postgres:
      return "PostgreSQL";
    case Dialect::sqlite:
      return "SQLite";
  }
  return "";
}

}  // namespace

void refuse_foreign_dump(std::string_view beginning, Dialect own) {
  for (const Mark& mark : marks)
    if (mark.dialect != own && beginning.find(mark.text) != std::string_view::npos)
      throw Error(Kind::bad_backup,
                  fmt::format("this is a dump of {}, and the site's database is {}", mark.tool, called(own)),
                  "restore it into a site of its own database type");
}

}  // namespace bench
