#include "database/mariadb/loader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
#include "database/foreign_dump.hpp"
#include "database/mariadb/collations.hpp"
#include "database/mariadb/content.hpp"
#include "database/mariadb/exporter.hpp"
#include "database/mariadb/program.hpp"
#include "database/tokens.hpp"

namespace bench {

namespace {

constexpr std::size_t looked_at = 4096;
// Often enough that what one transaction would have to undo stays small, seldom enough that the disk is not
// what is waited for.
constexpr std::size_t transaction_size = 8'388'608;

constexpr std::string_view session =
    "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', foreign_key_checks = 0, unique_checks = 0, autocommit = "
    "0, "
    "innodb_strict_mode = 0";

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

int number_of(MariadbDatabase& database) {
  return static_cast<int>(to_integer(database.value(
      "SELECT CAST(SUBSTRING_INDEX(VERSION(), '.', 1) * 10000 + SUBSTRING_INDEX(SUBSTRING_INDEX(VERSION(), "
      "'.', 2), "
      "'.', -1) * 100 + SUBSTRING_INDEX(SUBSTRING_INDEX(VERSION(), '-', 1), '.', -1) AS SIGNED)")));
}

// Error codes: https://mariadb.com/kb/en/mariadb-error-codes/; 2020 is the client library's.
constexpr int unknown_collation_error = 1273, unknown_variable_error = 1193;
constexpr std::array packet_errors{1153, 1301, 2020};
constexpr std::array binary_log_errors{1418, 1419};
// A table, a routine, what a view reads from, what a foreign key refers to, a sequence.
constexpr std::array elsewhere_errors{1146, 1305, 1356, 1824, 4091};

template <std::size_t size>
bool is_one_of(const Error& error, const std::array<int, size>& codes) {
  return std::find(codes.begin(), codes.end(), error.database_error()) != codes.end();
}

// "Unknown collation: 'utf8mb4_0900_ai_ci'", in the server's language.
std::string unknown_collation(const Error& error) {
  if (error.database_error() != unknown_collation_error) return {};
  std::string_view message = error.what();
  take_until(message, '\'');
  return std::string(take_until(message, '\''));
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

bool is_setting(const std::string& text) {
  return SqlTokens(text).next().word == "SET";
}

bool is_definition(const std::string& text) {
  const std::string first = SqlTokens(text).next().word;
  return first == "CREATE" || first == "ALTER";
}

constexpr std::string_view larger_packets =
    "raise the server's max_allowed_packet to that of the server that was dumped";

Error with_way_out(const Error& error) {
  if (is_one_of(error, packet_errors)) return error.with_hint(std::string(larger_packets));
  if (error.database_error() == unknown_collation_error)
    return error.with_hint("restore it on a server that is as new as the one that was dumped");
  if (is_one_of(error, binary_log_errors))
    return error.with_hint(
        "set log_bin_trust_function_creators = 1 on the server, or use an account with SUPER");
  return error;
}

}  // namespace

MariadbLoader::MariadbLoader(MariadbDatabase& database, Scratch::Extent extent, CreateProgram create_program)
    : m_database(database),
      m_extent(extent),
      m_create_program(std::move(create_program)),
      m_gate(number_of(database)) {
  m_database.execute(session);
  m_largest_packet =
      static_cast<std::size_t>(to_integer(m_database.value("SELECT @@SESSION.max_allowed_packet")));
  note_character_set();
}

void MariadbLoader::note_character_set() {
  m_character_set = to_text(m_database.value("SELECT @@character_set_client"));
}

void MariadbLoader::refuse_misleading_bytes() const {
  if (!has_misleading_bytes(m_character_set)) return;
  throw Error(
      Kind::bad_backup,
      fmt::format("the dump goes on in the character set {}, in which bench cannot tell where a text ends",
                  m_character_set),
      "make again over a connection in utf8mb4 what was made over one in that, and take the dump with "
      "--default-character-set=utf8mb4");
}

void MariadbLoader::fail(const Error& of_splitter) const {
  if (of_splitter.kind() != Kind::configuration) throw of_splitter;
  refuse_misleading_bytes();
  throw of_splitter.with_kind(Kind::bad_backup);
}

// The session shows its answers in what the dump has chosen.
void MariadbLoader::note_event(const DumpGate::Event& event) {
  std::string name;
  append_mariadb_bytes(name, event.name);
  m_event_status[to_text(m_database.value(fmt::format(
      "SELECT CAST(CONVERT(CONVERT({} USING {}) USING utf8mb4) AS BINARY)", name, m_character_set)))] =
      event.status;
}

// The server would end the connection without a word. And a value that it cannot put together it takes for
// NULL.
void MariadbLoader::refuse_too_large(std::size_t size) const {
  if (size < m_largest_packet) return;
  throw Error(Kind::bad_backup,
              fmt::format("a statement of {} is more than the server takes at once ({})", format_bytes(size),
                          format_bytes(m_largest_packet)),
              std::string(larger_packets));
}

void MariadbLoader::refuse_value_too_large(std::string_view text) {
  if (take_until(text, ' ') != "SET" || !text.starts_with(long_value_variable) || text.ends_with("= NULL"))
    return;
  const std::string_view variable = take_until(text, ' ');
  if (to_integer(m_database.value(fmt::format("SELECT {} IS NULL", variable))) == 0) return;
  throw Error(Kind::bad_backup,
              fmt::format("a value is larger than the server takes ({})", format_bytes(m_largest_packet)),
              std::string(larger_packets));
}

void MariadbLoader::feed(std::string_view bytes) {
  if (m_beginning.size() < looked_at) {
    m_beginning += bytes.substr(0, looked_at - m_beginning.size());
    refuse_foreign_dump(m_beginning, Dialect::mariadb);
  }
  m_end += bytes.substr(bytes.size() - std::min(bytes.size(), looked_at));
  m_end.erase(0, m_end.size() - std::min(m_end.size(), looked_at));
  m_splitter.feed(bytes);
  run_statements();
}

void MariadbLoader::run_statements() {
  try {
    while (const auto statement = m_splitter.next()) run(*statement);
  } catch (const Error& error) {
    fail(error);
  }
}

void MariadbLoader::run(const Statement& statement) {
  try {
    if (!is_ascii(statement.text)) refuse_misleading_bytes();
    const std::string text = m_gate.pass(statement.text);
    if (!text.empty() && !runs_or_is_left_out(text)) return;
    if (const auto& event = m_gate.event()) note_event(*event);
    commit_now_and_then(statement.text.size());
  } catch (const Error& error) {
    const bool is_its_fault =
        error.kind() == Kind::statement || error.kind() == Kind::busy || error.kind() == Kind::bad_backup;
    if (!is_its_fault) throw with_way_out(error);
    throw with_way_out(error.with_context(fmt::format("line {} of the dump", statement.line)))
        .with_kind(Kind::bad_backup);
  }
}

bool MariadbLoader::runs_or_is_left_out(const std::string& text) try {
  execute(text);
  return true;
} catch (const Error& error) {
  if (m_extent != Scratch::Extent::part || !is_one_of(error, elsewhere_errors)) throw;
  // Rows and numbers of what was left out itself say nothing new.
  if (is_definition(text)) m_left_out.push_back(left_out(text, Dialect::mariadb));
  return false;
}

void MariadbLoader::execute(std::string text) {
  for (const auto& [from, to] : m_collations)
    if (has(text, from) && text.size() < looked_at * 16) text = with_collation(text, from, to);
  refuse_too_large(text.size());
  while (true) try {
      m_database.execute(text);
      if (!is_setting(text)) return;
      // Ours stays with it, mariadb-dump takes it back behind each table.
      if (has(text, history_setting)) m_history = MariadbHistory::held;
      note_character_set();
      return refuse_value_too_large(text);
    } catch (const Error& error) {
      if (error.kind() != Kind::statement) throw;
      if (is_setting(text) && error.database_error() == unknown_variable_error) return;
      if (is_one_of(error, binary_log_errors) && m_create_program)
        return m_create_program(text, MariadbSessionSettings(m_database));
      if (!is_put_right(error, text)) throw;
    }
}

bool MariadbLoader::is_put_right(const Error& error, std::string& text) {
  const std::string unknown = unknown_collation(error);
  if (unknown.empty() || m_collations.contains(unknown)) return false;
  const auto known = equivalent_collation(m_database, unknown);
  if (!known) return false;
  m_collations[unknown] = *known;
  text = with_collation(text, unknown, *known);
  return true;
}

void MariadbLoader::commit_now_and_then(std::size_t bytes) {
  m_uncommitted += bytes;
  if (m_uncommitted < transaction_size) return;
  m_database.execute("COMMIT");
  m_uncommitted = 0;
}

void MariadbLoader::finish() {
  try {
    m_splitter.finish();
  } catch (const Error& error) {
    fail(error);
  }
  run_statements();
  const bool is_of_tool = has(m_beginning, "-- MariaDB dump ") || has(m_beginning, "-- MySQL dump ");
  if (is_of_tool && !has(m_end, "-- Dump completed"))
    throw Error(Kind::bad_backup, "the dump does not end as its tool ends one: it was cut off");
  if (to_text(m_database.value(fmt::format("SELECT {}", dump_state_variable))) == "begun")
    throw Error(Kind::bad_backup, "the dump does not end as bench ends one: it was cut off");
  m_database.execute("COMMIT");
}

}  // namespace bench
