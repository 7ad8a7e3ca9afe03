#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "migration/patch.hpp"
#include "support/databases.hpp"
#include "support/temporary_folder.hpp"

namespace bench::test {

/// An SQLite database with the tables of the patch log, and patches made from SQL in memory.
class MigrationFixture {
 public:
  MigrationFixture()
      : m_settings(make_database(test_databases().front(), m_folder.path())), m_database(open(m_settings)) {
    m_database->execute(
        "CREATE TABLE \"tabPatch Log\" (name TEXT PRIMARY KEY, creation TEXT, modified TEXT, modified_by "
        "TEXT, owner TEXT, "
        "docstatus INTEGER, idx INTEGER, patch TEXT, skipped INTEGER, traceback TEXT)");
    m_database->execute(
        "CREATE TABLE __bench_patch (patch TEXT PRIMARY KEY, app TEXT NOT NULL, checksum TEXT NOT NULL, "
        "operation TEXT NOT "
        "NULL, applied_at TEXT NOT NULL)");
    m_database->execute("CREATE TABLE __bench_state (state_key TEXT PRIMARY KEY, state_value TEXT)");
  }

  Database& database() { return *m_database; }
  std::unique_ptr<Database> another_connection() { return open(m_settings); }

  std::string text(const std::string& query) {
    std::string all;
    for (const Row& row : m_database->query(query)) {
      if (!all.empty()) all += "; ";
      for (std::size_t column = 0; column < row.size(); ++column)
        all += (column > 0 ? "|" : "") + to_text(row[column]);
    }
    return all;
  }

  static Patch patch(const std::string& id, std::string_view sql) {
    Patch made;
    made.app = "demo";
    made.id = id;
    made.log_key = "demo." + id;
    made.file = "/apps/demo/" + id + ".sql";
    made.checksum = "sum of " + id;
    made.statements = split_statements(sql, Dialect::sqlite);
    return made;
  }

 private:
  TemporaryFolder m_folder;
  SiteDatabase m_settings;
  std::unique_ptr<Database> m_database;
};

}  // namespace bench::test
