#include "database/mariadb/fence.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/thread.hpp"
#include "base/time.hpp"
#include "database/admin_account.hpp"
#include "database/mariadb/accounts.hpp"
#include "database/mariadb/connection.hpp"
#include "database/mariadb/drain.hpp"
#include "database/mariadb/findings.hpp"
#include "database/mariadb/grants.hpp"
#include "database/mariadb/literal.hpp"
#include "database/mariadb/sessions.hpp"
#include "database/refusal.hpp"

namespace bench {

namespace {

constexpr std::string_view proof_table = "__bench_fence_proof";

// Patterns of grants hold backslashes, which every session reads alike without NO_BACKSLASH_ESCAPES; and a
// right must not be given to an account that is gone, which GRANT would make anew, without a password.
std::unique_ptr<MariadbDatabase> connect_admin(const SiteDatabase& database,
                                               const std::function<bool()>& cancelled = {}) {
  auto server = std::make_unique<MariadbDatabase>(*database.admin, ConnectOptions{.cancelled = cancelled});
  server->execute("SET SESSION sql_mode = 'NO_AUTO_CREATE_USER'");
  return server;
}

nlohmann::json inverse_of(const std::vector<MariadbGrant>& grants) {
  nlohmann::json inverse{{"kind", "mariadb-grants"}, {"statements", nlohmann::json::array()}};
  for (const MariadbGrant& grant : grants) inverse["statements"].push_back(grant.grant());
  return inverse;
}

// Asked before a right is gone, it tells who has them all.
std::int64_t newest_session(MariadbDatabase& server) {
  return to_integer(server.value("SELECT MAX(ID) FROM information_schema.PROCESSLIST"));
}

bool is_alive(MariadbDatabase& server) {
  try {
    server.execute("DO 1");
    return true;
  } catch (const Error&) {
    return false;
  }
}

// Answers what could not be put back.
std::vector<std::string> grant_back(MariadbDatabase& server, const nlohmann::json& saved) {
  std::vector<std::string> not_put_back;
  for (const nlohmann::json& inverse : saved)
    for (const nlohmann::json& statement : inverse.at("statements")) try {
        server.execute(statement.get<std::string>());
      } catch (const Error& error) {
        // The table, column, routine or account may be gone with a patch; all else is not over with a note.
        if (error.kind() != Kind::statement || is_refused_write(error)) throw;
        not_put_back.push_back(fmt::format("{}: {}", statement.get<std::string>(), error.what()));
      }
  return not_put_back;
}

}  // namespace

MariadbFence::MariadbFence(const SiteDatabase& database, Database* run_connection)
    : m_database(database), m_run(dynamic_cast<MariadbDatabase*>(run_connection)) {
  if (m_run != nullptr) m_cancelled = m_run->cancelled();
}

// One serves from the preflight to the lift, unless a hook or the run takes long, or the server ends it.
MariadbDatabase& MariadbFence::admin() {
  if (m_admin && (m_rest.elapsed() > longest_rest || !is_alive(*m_admin))) m_admin.reset();
  if (!m_admin) m_admin = connect_admin(m_database);
  m_rest = Stopwatch();
  return *m_admin;
}

std::vector<std::string> MariadbFence::preflight() {
  return mariadb_preflight(m_database, m_database.admin ? admin() : *m_run);
}

std::optional<std::string> MariadbFence::why_not() {
  if (auto reason = why_not_enforceable(m_database)) return reason;
  return why_not_enforceable(m_database, admin());
}

void MariadbFence::prepare() {
  m_is_prepared = true;
  m_obstacle = why_not();
  if (m_obstacle) return;
  refuse_shared_account(m_database, admin());
  m_programs = read_program_rights(admin(), m_database.app.user);
}

FenceReport MariadbFence::enter(const FenceOptions& options,
                                const std::function<void(const nlohmann::json&)>& save) {
  if (!m_is_prepared) prepare();
  m_is_prepared = false;
  FenceReport report;
  if (m_obstacle) {
    report.gaps = {*m_obstacle};
    return report;
  }
  MariadbDatabase& server = admin();
  const auto grants = write_grants(server, m_database.app.name, m_database.app.user);
  nlohmann::json inverse = inverse_of(grants);
  inverse["programs"] = m_programs;
  save(inverse);
  const std::int64_t newest = newest_session(server);
  try {
    for (const MariadbGrant& grant : grants) server.execute(grant.revoke());
    close(server, options, report);
  } catch (const Error& error) {
    const auto lost = give_up(newest, nlohmann::json::array({inverse}));
    if (lost.empty()) throw;
    throw Error(error.kind(),
                fmt::format("{}; what could not be given back: {}", error.what(), fmt::join(lost, "; ")),
                error.hint());
  }
  return report;
}

void MariadbFence::add_gaps(MariadbDatabase& server, FenceReport& report) const {
  report.gaps = report.ways_to_write = others_ways_to_write(m_database, server);
  // What was left prepared while the app was waited for is there only now.
  if (auto prepared = prepared_writes(m_database, server)) {
    report.ways_to_write.push_back(*prepared);
    report.gaps.push_back(std::move(*prepared));
  }
  for (std::string& gap : gaps_without_writers(m_database, server)) report.gaps.push_back(std::move(gap));
  report.level = report.gaps.empty() ? FenceLevel::database : FenceLevel::database_with_gaps;
}

void MariadbFence::close(MariadbDatabase& server, const FenceOptions& options, FenceReport& report) {
  const Stopwatch stopwatch;
  // Opened after the rights are gone: whoever logged in before it may have kept them.
  const auto newest = connect_admin(m_database, m_cancelled);
  report.ended_sessions = end_older_sessions(*newest, m_database.app.user, options);
  const auto left = options.drain_timeout - stopwatch.elapsed();
  wait_for_writers(*newest, std::max(left, Milliseconds(0)), options.progress);
  report.drain = stopwatch.elapsed();
  auto gaps = do_beside([&] { add_gaps(server, report); });
  if (const auto ways = what_the_app_may(*newest); !ways.empty())
    throw Error(Kind::database, fmt::format("{}, although its rights were revoked", fmt::join(ways, "; ")));
  gaps.get();
}

std::vector<std::string> MariadbFence::what_the_app_may(MariadbDatabase& server) const {
  std::vector<std::string> ways;
  for (const MariadbGrant& grant : write_grants(server, m_database.app.name, m_database.app.user))
    ways.push_back(
        fmt::format("the app account {} may {} on {}", grant.account(), grant.privileges, grant.object));
  if (ways.empty() && app_can_make_a_table())
    ways.push_back(
        fmt::format("the app account {} can make tables in {}", m_database.app.user, m_database.app.name));
  return ways;
}

// The server's own word for it, from the account that must not write.
bool MariadbFence::app_can_make_a_table() const {
  std::unique_ptr<MariadbDatabase> app;
  try {
    app = std::make_unique<MariadbDatabase>(m_database.app, ConnectOptions{});
  } catch (const Error&) {
    // An account that cannot log in cannot write.
    return false;
  }
  try {
    app->execute(fmt::format("CREATE TABLE {} (id INT)", proof_table));
  } catch (const Error& error) {
    if (error.kind() == Kind::statement && lacks_right(error)) return false;
    throw;
  }
  app->execute(fmt::format("DROP TABLE {}", proof_table));
  return true;
}

std::vector<std::string> MariadbFence::ways_to_write() {
  if (const auto reason = why_not()) return {*reason};
  MariadbDatabase& server = admin();
  std::vector<std::string> ways = what_the_app_may(server);
  for (std::string& way : others_ways_to_write(m_database, server, AdminsEvents::left_out))
    ways.push_back(std::move(way));
  if (auto prepared = prepared_writes(m_database, server)) ways.push_back(std::move(*prepared));
  return ways;
}

// Transactions that were waited for in vain go on: their sessions are older than the fence and lost nothing.
std::vector<std::string> MariadbFence::give_up(std::int64_t last_before_it, const nlohmann::json& saved) try {
  auto not_put_back = grant_back(*connect_admin(m_database), saved);
  const auto newest = connect_admin(m_database);
  std::set<std::int64_t> in_flight = writing_sessions(*newest);
  in_flight.erase(in_flight.upper_bound(last_before_it), in_flight.end());
  end_older_sessions(*newest, m_database.app.user, in_flight);
  return not_put_back;
} catch (const Error& error) {
  // As busy or interrupted it would say that nothing is left changed.
  throw error.with_kind(Kind::database);
}

namespace {

// As create_mariadb_database gives them.
std::vector<MariadbGrant> usual_grants(MariadbDatabase& server, const ConnectionSettings& app) {
  const std::vector<Value> user{app.user};
  std::vector<MariadbGrant> grants;
  for (const Row& row : server.query("SELECT Host FROM mysql.user WHERE User = ? AND is_role = 'N'", user))
    grants.push_back({.privileges = "ALL PRIVILEGES",
                      .object = mariadb_name(escaped_pattern(app.name)) + ".*",
                      .user = app.user,
                      .host = to_text(row[0])});
  return grants;
}

}  // namespace

std::optional<std::string> MariadbFence::lost_rights() {
  if (why_not()) return std::nullopt;
  MariadbDatabase& server = admin();
  if (!write_grants(server, m_database.app.name, m_database.app.user).empty()) return std::nullopt;
  std::vector<std::string> words;
  for (const MariadbGrant& grant : usual_grants(server, m_database.app)) words.push_back(grant.grant());
  return words.empty() ? std::nullopt : std::optional(fmt::format("{}", fmt::join(words, "; ")));
}

void MariadbFence::give_usual_rights() {
  lift(nlohmann::json::array({inverse_of(usual_grants(admin(), m_database.app))}));
}

// A swap makes programs anew.
std::vector<std::string> MariadbFence::restore_rights(const nlohmann::json& saved) {
  std::vector<std::string> not_put_back;
  for (const nlohmann::json& inverse : saved) {
    if (!inverse.contains("programs")) continue;
    const auto server = connect_admin(m_database);
    for (std::string& what : give_program_rights(*server, inverse.at("programs").get<MariadbProgramRights>()))
      not_put_back.push_back(std::move(what));
  }
  return not_put_back;
}

// What a patch makes is the admin account's. An event of that one would write behind every later fence. Not
// so triggers, routines and views: who can only read makes none of them write, while a fenced account's fail
// in the next patch that uses them.
std::vector<std::string> MariadbFence::settle_events(MariadbDatabase& server,
                                                     const nlohmann::json& saved) const {
  std::vector<std::string> not_settled;
  for (const nlohmann::json& inverse : saved) {
    if (!inverse.contains("programs")) continue;
    for (std::string& what : give_new_events(server, inverse.at("programs").get<MariadbProgramRights>(),
                                             mariadb_app_account(m_database.app, server)))
      not_settled.push_back(std::move(what));
  }
  return not_settled;
}

std::vector<std::string> MariadbFence::lift(const nlohmann::json& saved) {
  if (saved.empty()) return {};
  require_admin(m_database,
                fmt::format("giving back the rights of {} on {}", m_database.app.user, m_database.app.name));
  auto not_put_back = grant_back(admin(), saved);
  // Sessions that were opened in the window would stay without their rights; whoever comes after this one has
  // them.
  const auto newest = connect_admin(m_database);
  for (std::string& what : settle_events(*newest, saved)) not_put_back.push_back(std::move(what));
  end_older_sessions(*newest, m_database.app.user);
  return not_put_back;
}

}  // namespace bench
