#pragma once

#include <nlohmann/json.hpp>

#include <memory>
#include <string>
#include <vector>

#include "support/databases.hpp"
#include "support/temporary_folder.hpp"

namespace bench::test {

/// Fails the case when the tests run without a PostgreSQL server.
const TestDatabase& postgres();

std::string in_quotes(const std::string& name);

/// The first value of the only row.
std::int64_t number(Database& database, const std::string& query);
std::string words(Database& database, const std::string& query);

/// A site on PostgreSQL with a table t (id serial, words text), its run connection and its fence.
struct PostgresSite {
  PostgresSite();
  FenceReport enter(FenceOptions options = {});
  /// By another process, so to speak.
  std::vector<std::string> lift();
  std::unique_ptr<Database> app() const { return open_as_app(settings); }
  /// With the rights of the server's administrator.
  std::unique_ptr<Database> administrator() const;
  std::unique_ptr<Scratch> scratch(const std::string& owner) const;
  std::vector<std::string> findings() const;
  std::string owner() const { return settings.app.name + "_owner"; }

  TemporaryFolder folder;
  SiteDatabase settings;
  std::unique_ptr<Database> run;
  std::unique_ptr<Fence> fence;
  nlohmann::json saved = nlohmann::json::array();
};

/// A role of the server that is gone when this goes, with whatever it was given in the site's database.
class OtherRole {
 public:
  OtherRole(const PostgresSite& site, const std::string& suffix, const std::string& options);
  ~OtherRole();
  OtherRole(const OtherRole&) = delete;
  OtherRole& operator=(const OtherRole&) = delete;
  std::string quoted() const { return in_quotes(m_name); }
  const std::string& name() const { return m_name; }

 private:
  const PostgresSite& m_site;
  std::string m_name;
};

/// Who may do what with the tables and sequences of the site, and with those to come.
std::vector<Row> rights(Database& database);

/// Checks that the connection may change nothing of the site.
void refuses_writes(Database& database);

/// Feeds a text that is in memory to a scratch.
ByteSource source_of(const std::string& text);

}  // namespace bench::test
