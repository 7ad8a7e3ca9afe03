#include "base/error.hpp"

#include <catch2/catch.hpp>
#include <cerrno>
#include <string>
#include <vector>

using namespace bench;

TEST_CASE("each kind has its name and its exit code") {
  struct Row {
    Kind kind;
    std::string name;
    int code;
  };
  const std::vector<Row> rows{
      {Kind::unexpected, "unexpected", 1},
      {Kind::usage, "usage", 2},
      {Kind::answer_yes, "answer-yes", 3},
      {Kind::some_failed, "some-failed", 4},
      {Kind::busy, "busy", 5},
      {Kind::bad_backup, "bad-backup", 6},
      {Kind::undone, "undone", 7},
      {Kind::needs_attention, "needs-attention", 8},
      {Kind::configuration, "configuration", 9},
      {Kind::database, "database", 10},
      {Kind::statement, "statement", 10},
      {Kind::interrupted, "interrupted", 130},
      {Kind::terminated, "terminated", 143},
  };
  for (const Row& row : rows) {
    CHECK(name(row.kind) == row.name);
    CHECK(exit_code(row.kind) == row.code);
  }
}

TEST_CASE("context, hint, kind and statement are added to a copy that keeps the rest") {
  const Error first(Kind::statement, "no such table: book", "apply the patch before it");
  const Error error =
      first.with_statement("SQLITE_ERROR", "SELECT 1 FROM book", 1146).with_context("patch 'a'");

  CHECK(std::string(error.what()) == "patch 'a': no such table: book");
  CHECK(error.kind() == Kind::statement);
  CHECK(error.hint() == "apply the patch before it");
  CHECK(error.sqlstate() == "SQLITE_ERROR");
  CHECK(error.statement() == "SELECT 1 FROM book");
  CHECK(error.database_error() == 1146);
  CHECK(first.statement().empty());

  const Error undone = error.with_kind(Kind::undone).with_hint("run 'bench operations'");
  CHECK(undone.kind() == Kind::undone);
  CHECK(undone.hint() == "run 'bench operations'");
  CHECK(undone.sqlstate() == "SQLITE_ERROR");
  CHECK(undone.database_error() == 1146);
  CHECK(std::string(undone.what()) == "patch 'a': no such table: book");
}

TEST_CASE("a system error ends in the system's words, and names a way out where there is one") {
  const Error error = system_error("cannot open 'x'", EACCES);
  CHECK(std::string(error.what()) == "cannot open 'x': Permission denied");
  CHECK(error.kind() == Kind::unexpected);
  CHECK(error.hint() == "look at who owns it, and what the user that runs bench may do there");
  CHECK(system_error("cannot write 'x'", ENOSPC).hint() == "free some space and try again");
  CHECK(system_error("cannot open 'x'", ENOENT).hint().empty());
}
