#include "database/mariadb/sessions.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include "base/text.hpp"

namespace bench {

namespace {

constexpr std::size_t shown_statement_length = 120;

std::int64_t number_at(std::string_view text) {
  std::int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

std::string shortened(std::string statement) {
  std::replace(statement.begin(), statement.end(), '\n', ' ');
  if (statement.size() <= shown_statement_length) return statement;
  return statement.substr(0, character_begin(statement, shown_statement_length)) + " ...";
}

bool has_metadata_lock_info(MariadbDatabase& database) {
  return !database
              .query(
                  "SELECT 1 FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'METADATA_LOCK_INFO' AND "
                  "PLUGIN_STATUS = 'ACTIVE'")
              .empty();
}

constexpr std::string_view columns =
    "SELECT DISTINCT p.ID, p.USER, p.HOST, IFNULL(TIMESTAMPDIFF(SECOND, t.trx_started, NOW()), p.TIME), "
    "p.INFO FROM information_schema.PROCESSLIST p LEFT JOIN information_schema.INNODB_TRX t ON "
    "t.trx_mysql_thread_id = p.ID ";

constexpr std::string_view exactly =
    "JOIN information_schema.METADATA_LOCK_INFO m ON m.THREAD_ID = p.ID WHERE m.TABLE_SCHEMA = DATABASE() "
    "AND p.ID <> CONNECTION_ID() ORDER BY 4 DESC";

// A session that waits for a lock itself does not hold the one that counts.
constexpr std::string_view perhaps =
    "WHERE p.ID <> CONNECTION_ID() AND (p.DB = DATABASE() OR (p.DB IS NULL AND t.trx_id IS NOT NULL)) AND "
    "(t.trx_id IS NOT NULL OR p.COMMAND <> 'Sleep') AND p.STATE NOT LIKE 'Waiting for table%lock' ORDER BY 4 "
    "DESC";

}  // namespace

std::string describe(const MariadbSession& session) {
  return fmt::format("session {} of {}@{}, {} s{}{}", session.id, session.user, session.host, session.seconds,
                     session.statement.empty() ? ", idle in a transaction" : ", in: ", session.statement);
}

std::string describe(const std::vector<MariadbSession>& sessions) {
  if (sessions.empty()) return "nobody that can be named";
  std::vector<std::string> words;
  for (const MariadbSession& session : sessions) words.push_back(describe(session));
  return fmt::format("{}", fmt::join(words, "; "));
}

std::vector<MariadbSession> lock_holders(MariadbDatabase& database) {
  const std::string_view which = has_metadata_lock_info(database) ? exactly : perhaps;
  std::vector<MariadbSession> sessions;
  for (const Row& row : database.query(fmt::format("{}{}", columns, which)))
    sessions.push_back({to_integer(row[0]), to_text(row[1]), to_text(row[2]), to_integer(row[3]),
                        shortened(to_text(row[4]))});
  return sessions;
}

std::vector<std::string> prepared_transactions(MariadbDatabase& server) {
  std::vector<std::string> ids;
  for (const Row& row : server.query("XA RECOVER FORMAT='SQL'")) ids.push_back(to_text(row.at(3)));
  return ids;
}

std::set<std::int64_t> writing_sessions(MariadbDatabase& server) {
  constexpr std::string_view transaction = "\n---TRANSACTION ", thread = "\nMariaDB thread id ";
  const std::string status = to_text(server.query("SHOW ENGINE INNODB STATUS").at(0).at(2));
  std::set<std::int64_t> ids;
  for (std::size_t at = status.find(transaction); at != std::string::npos;) {
    const std::size_t next = status.find(transaction, at + 1);
    const std::string_view one = std::string_view(status).substr(at, next - at);
    const std::size_t session = one.find(thread);
    // What stands behind the session is its statement, in its own words.
    const std::string_view facts = one.substr(0, session);
    const bool has_written = facts.find("undo log entries") != std::string_view::npos;
    const bool has_locked = facts.find("row lock(s)") != std::string_view::npos &&
                            facts.find(" 0 row lock(s)") == std::string_view::npos;
    if (session != std::string_view::npos && (has_written || has_locked))
      ids.insert(number_at(one.substr(session + thread.size())));
    at = next;
  }
  return ids;
}

}  // namespace bench
