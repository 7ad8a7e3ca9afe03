#include "database/mariadb/scratch.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <thread>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/time.hpp"
#include "database/mariadb/accounts.hpp"
#include "database/mariadb/exporter.hpp"
#include "database/mariadb/literal.hpp"
#include "database/mariadb/loader.hpp"
#include "database/mariadb/program.hpp"
#include "database/mariadb/program_rights.hpp"
#include "database/mariadb/swap.hpp"
#include "database/refusal.hpp"

namespace bench {

namespace {

using Type = MariadbObject::Type;

constexpr std::size_t longest_name = 64;
constexpr std::string_view replaced_suffix = "_old";
constexpr Milliseconds orphan_timeout{30'000};

ConnectionSettings with_name(ConnectionSettings settings, std::string name) {
  settings.name = std::move(name);
  return settings;
}

MariadbSwapNames swap_names(const SiteDatabase& site, std::string_view owner) {
  return {site.app.name, mariadb_scratch_name(site, owner), mariadb_replaced_name(site, owner)};
}

// Patterns of grants hold backslashes, which mean themselves in no other mode.
std::unique_ptr<MariadbDatabase> connect_to_server(const SiteDatabase& site) {
  auto server = std::make_unique<MariadbDatabase>(without_database(site.for_changes()), ConnectOptions{});
  server->execute("SET SESSION sql_mode = '', foreign_key_checks = 0");
  return server;
}

void drop_database(MariadbDatabase& server, const std::string& name) {
  server.execute(fmt::format("DROP DATABASE IF EXISTS {}", mariadb_name(name)));
}

std::string loader_account(const SiteDatabase& site, MariadbDatabase& server, const std::string& name) {
  return mariadb_account(name, app_host(site.for_changes(), server));
}

bool has_global_right(MariadbDatabase& server, const std::string& right) {
  const std::vector<Value> name{right};
  return !server
              .query(
                  "SELECT 1 FROM information_schema.USER_PRIVILEGES WHERE PRIVILEGE_TYPE = ? AND "
                  "REPLACE(GRANTEE, '''', '') = CURRENT_USER()",
                  name)
              .empty();
}

// Triggers are dropped on the way, so whoever cannot make them again could not go back.
void refuse_without_right_to_triggers(MariadbDatabase& server, const std::vector<MariadbObject>& live) {
  const bool has_triggers = std::any_of(
      live.begin(), live.end(), [](const MariadbObject& object) { return object.type == Type::trigger; });
  if (!has_triggers || has_global_right(server, "SUPER") ||
      to_integer(server.value("SELECT @@log_bin AND NOT @@log_bin_trust_function_creators")) == 0)
    return;
  throw Error(Kind::configuration,
              fmt::format("the server writes a binary log, and the account {} may create no triggers on it",
                          server.settings().user),
              "set log_bin_trust_function_creators = 1 on the server, or use an account with SUPER");
}

/// Gives programs the definers that they are to have in the live database. Answers the names of those that
/// become `app`'s, whoever made them.
std::vector<std::string> set_definers(std::vector<MariadbObject>& programs,
                                      const std::vector<MariadbObject>& live, const std::string& app) {
  std::vector<std::string> of_app;
  for (MariadbObject& object : programs) {
    std::string definer;
    for (const MariadbObject& other : live)
      if (other.definition() == object.definition()) definer = definer_of(other.create);
    if (definer.empty()) of_app.push_back(object.name);
    object.create = with_definer(object.create, definer.empty() ? app : definer);
  }
  return of_app;
}

// Without a definer it is whoever creates it.
void drop_definers(std::vector<MariadbObject>& programs) {
  for (MariadbObject& object : programs) object.create = with_definer(object.create, "");
}

MariadbSwapPlan plan_swap(const SiteDatabase& site, MariadbDatabase& run, const MariadbSwapNames& names,
                          std::vector<MariadbObject> programs, std::vector<std::string>& given_to_others) {
  std::vector<MariadbObject> live = mariadb_programs(run);
  refuse_without_right_to_triggers(run, live);
  std::string definer = run.settings().user;
  std::vector<std::string> given;
  if (has_global_right(run, "SET USER")) {
    definer = mariadb_app_account(site.app, run);
    given = set_definers(programs, live, definer);
  } else {
    drop_definers(live);
    drop_definers(programs);
    for (const MariadbObject& object : programs) given.push_back(object.name);
  }
  if (!given.empty())
    given_to_others.push_back(
        fmt::format("run with the rights of {} now, whoever made them: {}", definer, fmt::join(given, ", ")));
  return plan_mariadb_swap(run, names, live, programs);
}

// A client that was killed leaves its last statement to the server, which goes on with it.
void wait_for_orphans(MariadbDatabase& server, const std::string& scratch) {
  const Stopwatch stopwatch;
  const std::vector<Value> words{scratch};
  while (!server
              .query("SELECT 1 FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND "
                     "LOCATE(?, INFO) > 0 LIMIT 1",
                     words)
              .empty()) {
    if (stopwatch.elapsed() > orphan_timeout)
      throw Error(Kind::busy, fmt::format("the server still runs a statement on {}", scratch),
                  "try again when it is done");
    std::this_thread::sleep_for(Milliseconds(50));
  }
}

// A site's own account is not to be made an administrator.
std::string hint_without_scratch(const SiteDatabase& site, MariadbDatabase& server) {
  if (!site.admin)
    return "name an admin account of the server with --db-root-username, or in config/admin.json";
  return mariadb_scratch_grant(site, server);
}

}  // namespace

std::string mariadb_scratch_grant(const SiteDatabase& site, MariadbDatabase& server) {
  const std::string account = to_text(server.value("SELECT CURRENT_USER()"));
  const std::size_t at = account.rfind('@');
  return fmt::format("GRANT ALL PRIVILEGES ON {}.* TO {} WITH GRANT OPTION",
                     mariadb_name(escaped_pattern(site.app.name) + "\\_bench\\_%"),
                     mariadb_account(account.substr(0, at), account.substr(at + 1)));
}

std::string mariadb_scratch_name(const SiteDatabase& site, std::string_view owner) {
  constexpr std::size_t shortest_digest = 8;
  const std::string prefix = site.app.name + "_bench_";
  const std::size_t taken = prefix.size() + replaced_suffix.size();
  if (taken + owner.size() <= longest_name) return prefix + std::string(owner);
  if (taken + shortest_digest > longest_name)
    throw Error(Kind::configuration,
                fmt::format("the database name {} is too long: its scratch database needs {} more characters",
                            site.app.name, taken + shortest_digest - site.app.name.size()));
  return prefix + sha256(owner).substr(0, longest_name - taken);
}

std::string mariadb_replaced_name(const SiteDatabase& site, std::string_view owner) {
  return fmt::format("{}{}", mariadb_scratch_name(site, owner), replaced_suffix);
}

/// An account for the time of the scratch that can reach nothing else: a dump comes from outside, and what it
/// runs must not find the way to other databases. An administrator that may create no accounts loads it
/// itself.
class MariadbScratch::LoaderAccount {
 public:
  explicit LoaderAccount(const MariadbScratch& scratch)
      : m_scratch(scratch), m_server(connect_to_server(scratch.m_site)), m_settings(scratch.settings()) {
    m_account = loader_account(scratch.m_site, *m_server, scratch.m_name);
    // With what rules for passwords ask for.
    const std::string password = random_hex(24) + "-Aa1";
    try {
      drop();
      m_server->execute(fmt::format("CREATE USER {} IDENTIFIED BY '{}'", m_account, password));
      m_server->execute(fmt::format("GRANT ALL PRIVILEGES ON {}.* TO {}",
                                    mariadb_name(escaped_pattern(scratch.m_name)), m_account));
    } catch (const Error& error) {
      if (error.kind() != Kind::statement)
        throw error.with_statement(error.sqlstate(), "CREATE USER", error.database_error());
      drop_if_allowed();
      m_account.clear();
      return;
    }
    m_settings.user = scratch.m_name;
    m_settings.password = password;
  }
  ~LoaderAccount() {
    // recover_scratch drops what cannot be dropped now.
    try {
      if (!m_account.empty()) drop();
    } catch (const Error&) {
    }
  }
  LoaderAccount(const LoaderAccount&) = delete;
  LoaderAccount& operator=(const LoaderAccount&) = delete;

  MariadbDatabase connect() const { return {m_settings, m_scratch.m_options}; }

  // With the account as definer, whoever creates it.
  void create_program(const std::string& statement, const MariadbSessionSettings& session) const {
    MariadbDatabase admin(m_scratch.settings(), m_scratch.m_options);
    session.apply(admin);
    admin.execute(m_account.empty() ? statement : with_definer(statement, m_account));
  }

 private:
  void drop() const { m_server->execute(fmt::format("DROP USER IF EXISTS {}", m_account)); }
  void drop_if_allowed() const {
    try {
      drop();
    } catch (const Error& error) {
      if (error.kind() != Kind::statement) throw;
    }
  }

  const MariadbScratch& m_scratch;
  std::unique_ptr<MariadbDatabase> m_server;
  ConnectionSettings m_settings;
  std::string m_account;
};

MariadbScratch::MariadbScratch(const SiteDatabase& site, const ConnectOptions& options,
                               std::string_view owner)
    : m_site(site), m_options(options), m_owner(owner), m_name(mariadb_scratch_name(site, owner)) {
  const auto server = connect_to_server(m_site);
  const std::vector<Value> live{m_site.app.name};
  const auto rows = server->query(
      "SELECT DEFAULT_CHARACTER_SET_NAME, DEFAULT_COLLATION_NAME FROM information_schema.SCHEMATA WHERE "
      "SCHEMA_NAME = ?",
      live);
  try {
    drop_database(*server, m_name);
    server->execute(fmt::format("CREATE DATABASE {} CHARACTER SET {} COLLATE {}", mariadb_name(m_name),
                                rows.empty() ? "utf8mb4" : to_text(rows[0][0]),
                                rows.empty() ? "utf8mb4_unicode_ci" : to_text(rows[0][1])));
  } catch (const Error& error) {
    if (error.kind() != Kind::statement) throw;
    throw error.with_kind(Kind::configuration).with_hint(hint_without_scratch(m_site, *server));
  }
}

MariadbScratch::~MariadbScratch() {
  m_connection.reset();
  m_loader.reset();
  // recover_scratch drops what cannot be dropped now.
  try {
    recover_mariadb_scratch(m_site, m_owner);
  } catch (const Error&) {
  }
}

ConnectionSettings MariadbScratch::settings() const {
  return with_name(m_site.for_changes(), m_name);
}

std::vector<LeftOut> MariadbScratch::load(const ByteSource& source,
                                          const std::function<void(std::uint64_t)>& advance, Extent extent) {
  m_loader.reset();
  m_loader = std::make_unique<LoaderAccount>(*this);
  MariadbDatabase database = m_loader->connect();
  MariadbLoader loader(database, extent,
                       [this](const std::string& statement, const MariadbSessionSettings& session) {
                         m_loader->create_program(statement, session);
                       });
  std::vector<char> buffer(262'144);
  std::uint64_t total = 0;
  while (const std::size_t size = source(buffer)) {
    loader.feed({buffer.data(), size});
    total += size;
    if (advance) advance(total);
  }
  loader.finish();
  m_event_status = loader.event_status();
  m_history = loader.history();
  return loader.left_out_of_part();
}

void MariadbScratch::check() {
  MariadbDatabase database(settings(), m_options);
  for (const std::string& table : database.tables())
    for (const Row& row : database.query(fmt::format("CHECK TABLE {} QUICK", mariadb_name(table))))
      if (to_text(row.at(2)) == "error" || to_text(row.at(2)) == "Error")
        throw Error(Kind::bad_backup, fmt::format("the restored database is not sound: table {}: {}", table,
                                                  to_text(row.at(3))));
}

std::vector<std::string> MariadbScratch::lacking() {
  MariadbDatabase database(settings(), m_options);
  std::vector<std::string> tables;
  for (const auto& [table, period] : mariadb_periods(database))
    if (m_history == MariadbHistory::left_out || period.is_of_transactions) tables.push_back(table);
  if (tables.empty()) return {};
  return {fmt::format("of tables with system versioning it holds only the present rows: {}",
                      fmt::join(tables, ", "))};
}

// As the manifest of a text without rows of the past counts them.
ContentSummary MariadbScratch::summarize() {
  return MariadbExporter(settings(), m_options, m_history).write([](std::string_view) {}, {}, {});
}

Database& MariadbScratch::connection() {
  if (!m_connection) m_connection = std::make_unique<MariadbDatabase>(settings(), m_options);
  return *m_connection;
}

// Read once: a swap that failed has taken the triggers away.
const std::vector<MariadbObject>& MariadbScratch::programs() {
  if (m_programs) return *m_programs;
  MariadbDatabase database(settings(), m_options);
  database.execute("SET SESSION sql_mode = ''");
  std::vector<MariadbObject> programs = mariadb_programs(database);
  for (MariadbObject& object : programs)
    if (const auto status = m_event_status.find(object.name);
        object.type == Type::event && status != m_event_status.end())
      object.create = with_event_status(object.create, status->second);
  return m_programs.emplace(std::move(programs));
}

void MariadbScratch::swap_in(Database& run_connection, const std::function<void()>& keep,
                             Progress* progress) {
  auto& run = dynamic_cast<MariadbDatabase&>(run_connection);
  keep();
  m_connection.reset();
  const MariadbSwapNames names = swap_names(m_site, m_owner);
  MariadbSwap swap(run, names);
  try {
    swap.save(plan_swap(m_site, run, names, programs(), m_given_to_others));
    swap.run(MariadbSwap::Way::forwards, progress);
  } catch (const Error&) {
    // The connection that failed may be lost or interrupted.
    MariadbDatabase server(m_site.for_changes(), {});
    if (MariadbSwap(server, names).bring_to_end() == MariadbSwap::Way::backwards) throw;
  }
  // Dropped again by recover_scratch, if it cannot be dropped now: the swap itself is done.
  try {
    swap.finish();
  } catch (const Error&) {
  }
}

void recover_mariadb_scratch(const SiteDatabase& site, std::string_view owner) {
  const auto server = connect_to_server(site);
  const MariadbSwapNames names = swap_names(site, owner);
  if (mariadb_database_exists(*server, names.replaced)) {
    wait_for_orphans(*server, names.scratch);
    MariadbDatabase live(site.for_changes(), {});
    MariadbSwap swap(live, names);
    swap.bring_to_end();
    swap.finish();
  }
  // Who may drop no such database has made none, and who may create no accounts has made none of them.
  try {
    drop_database(*server, names.scratch);
  } catch (const Error& error) {
    if (!lacks_right(error)) throw;
  }
  try {
    server->execute(fmt::format("DROP USER IF EXISTS {}", loader_account(site, *server, names.scratch)));
  } catch (const Error& error) {
    if (error.kind() != Kind::statement) throw;
  }
}

}  // namespace bench
