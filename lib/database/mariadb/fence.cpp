#include "database/mariadb/fence.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <set>

#include "base/error.hpp"
#include "base/time.hpp"
#include "database/mariadb/connection.hpp"
#include "database/mariadb/drain.hpp"
#include "database/mariadb/findings.hpp"
#include "database/mariadb/grants.hpp"
#include "database/mariadb/sessions.hpp"

namespace bench {

namespace {

constexpr std::string_view proof_table = "__bench_fence_proof";

// Patterns of grants hold backslashes, which mean themselves in no other mode.
std::unique_ptr<MariadbDatabase> connect_admin(const SiteDatabase& database,
                                               const std::function<bool()>& cancelled = {}) {
  auto server = std::make_unique<MariadbDatabase>(*database.admin, ConnectOptions{.cancelled = cancelled});
  server->execute("SET SESSION sql_mode = '', lc_messages = 'en_US'");
  return server;
}

nlohmann::json inverse_of(const std::vector<MariadbGrant>& grants) {
  nlohmann::json inverse{{"kind", "mariadb-grants"}, {"statements", nlohmann::json::array()}};
  for (const MariadbGrant& grant : grants) inverse["statements"].push_back(grant.grant());
  return inverse;
}

// The server has no state of its own for it, and its words are not translated (lc_messages of the session).
bool is_denied(const Error& error) {
  return std::string_view(error.what()).find(" denied") != std::string_view::npos;
}

// Answers what could not be put back.
std::vector<std::string> grant_back(MariadbDatabase& server, const nlohmann::json& saved) {
  std::vector<std::string> not_put_back;
  for (const nlohmann::json& inverse : saved)
    for (const nlohmann::json& statement : inverse.at("statements")) try {
        server.execute(statement.get<std::string>());
      } catch (const Error& error) {
        // The table, column, routine or account may be gone with a patch; all else is not over with a note.
        if (error.kind() != Kind::statement || is_denied(error)) throw;
        not_put_back.push_back(fmt::format("{}: {}", statement.get<std::string>(), error.what()));
      }
  return not_put_back;
}

}  // namespace

MariadbFence::MariadbFence(const SiteDatabase& database, const Database* run_connection)
    : m_database(database) {
  if (const auto* run = dynamic_cast<const MariadbDatabase*>(run_connection)) m_cancelled = run->cancelled();
}

FenceReport MariadbFence::enter(const FenceOptions& options,
                                const std::function<void(const nlohmann::json&)>& save) {
  FenceReport report;
  std::unique_ptr<MariadbDatabase> server;
  auto reason = why_not_enforceable(m_database);
  if (!reason) {
    server = connect_admin(m_database);
    reason = why_not_enforceable(m_database, *server);
  }
  if (reason) {
    report.gaps = {*reason};
    return report;
  }
  refuse_shared_account(m_database, *server);
  report.gaps = fence_gaps(m_database, *server);
  const auto grants = write_grants(*server, m_database.app.name, m_database.app.user);
  const nlohmann::json inverse = inverse_of(grants);
  save(inverse);
  try {
    for (const MariadbGrant& grant : grants) server->execute(grant.revoke());
    close(options, report);
  } catch (const Error&) {
    give_up(server->connection_id(), nlohmann::json::array({inverse}));
    throw;
  }
  report.level = report.gaps.empty() ? FenceLevel::database : FenceLevel::database_with_gaps;
  return report;
}

void MariadbFence::close(const FenceOptions& options, FenceReport& report) {
  const Stopwatch stopwatch;
  // Opened after the rights are gone: whoever logged in before it may have kept them.
  const auto newest = connect_admin(m_database, m_cancelled);
  report.ended_sessions = end_older_sessions(*newest, m_database.app.user, options);
  const auto left = options.drain_timeout - stopwatch.elapsed();
  wait_for_writers(*newest, std::max(left, Milliseconds(0)));
  report.drain = stopwatch.elapsed();
  if (!write_grants(*newest, m_database.app.name, m_database.app.user).empty())
    throw Error(Kind::database, fmt::format("somebody grants rights on {} back to {} while it is fenced",
                                            m_database.app.name, m_database.app.user));
  prove_as_app();
}

// The server's own word for it, from the account that must not write.
void MariadbFence::prove_as_app() {
  std::unique_ptr<MariadbDatabase> app;
  try {
    app = std::make_unique<MariadbDatabase>(m_database.app, ConnectOptions{});
  } catch (const Error&) {
    // An account that cannot log in cannot write.
    return;
  }
  try {
    app->execute(fmt::format("CREATE TABLE {} (id INT)", proof_table));
  } catch (const Error& error) {
    if (error.kind() == Kind::statement && is_denied(error)) return;
    throw;
  }
  app->execute(fmt::format("DROP TABLE {}", proof_table));
  throw Error(Kind::database,
              fmt::format("the account {} can still write to {} although its rights were revoked",
                          m_database.app.user, m_database.app.name));
}

// Transactions that were waited for in vain go on: their sessions are older than the fence and lost nothing.
void MariadbFence::give_up(std::int64_t before_it, const nlohmann::json& saved) {
  grant_back(*connect_admin(m_database), saved);
  const auto newest = connect_admin(m_database);
  std::set<std::int64_t> in_flight = writing_sessions(*newest);
  in_flight.erase(in_flight.lower_bound(before_it), in_flight.end());
  end_older_sessions(*newest, m_database.app.user, in_flight);
}

std::vector<std::string> MariadbFence::lift(const nlohmann::json& saved) {
  if (saved.empty()) return {};
  if (!m_database.admin)
    throw Error(Kind::configuration,
                fmt::format("the rights of {} on {} were taken by an admin account, and none is known now",
                            m_database.app.user, m_database.app.name),
                "name it as then: --db-root-username, BENCH_DB_ROOT_USERNAME, or config/admin.json");
  const auto not_put_back = grant_back(*connect_admin(m_database), saved);
  // Sessions that were opened in the window would stay without their rights.
  const auto newest = connect_admin(m_database);
  end_older_sessions(*newest, m_database.app.user);
  return not_put_back;
}

}  // namespace bench
