#include "database/mariadb/loader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.hpp"
#include "base/text.hpp"
#include "base/time.hpp"
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

struct Mark {
  std::string_view text, tool;
};
constexpr std::array foreign_marks{Mark{"PGDMP", "PostgreSQL"},
                                   Mark{"-- PostgreSQL database dump", "PostgreSQL"},
                                   Mark{"SQLite format 3", "SQLite"}, Mark{"PRAGMA foreign_keys", "SQLite"}};

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

void refuse_foreign_dump(std::string_view beginning) {
  for (const Mark& mark : foreign_marks)
    if (has(beginning, mark.text))
      throw Error(Kind::bad_backup,
                  fmt::format("this is a dump of {}, and the site's database is MariaDB", mark.tool),
                  "restore it into a site of its own database type");
}

int number_of(MariadbDatabase& database) {
  return static_cast<int>(to_integer(database.value(
      "SELECT CAST(SUBSTRING_INDEX(VERSION(), '.', 1) * 10000 + SUBSTRING_INDEX(SUBSTRING_INDEX(VERSION(), "
      "'.', 2), "
      "'.', -1) * 100 + SUBSTRING_INDEX(SUBSTRING_INDEX(VERSION(), '-', 1), '.', -1) AS SIGNED)")));
}

// "Unknown collation: 'utf8mb4_0900_ai_ci'"
std::string unknown_collation(const Error& error) {
  constexpr std::string_view words = "Unknown collation: '";
  const std::string_view message = error.what();
  const std::size_t at = message.find(words);
  if (at == std::string_view::npos) return {};
  const std::size_t begin = at + words.size();
  return std::string(message.substr(begin, message.find('\'', begin) - begin));
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char byte) { return static_cast<unsigned char>(byte) < 0x80; });
}

bool is_setting(const std::string& text) {
  return SqlTokens(text).next().word == "SET";
}

constexpr std::string_view larger_packets =
    "raise the server's max_allowed_packet to that of the server that was dumped";

Error with_way_out(const Error& error) {
  if (has(error.what(), "max_allowed_packet")) return error.with_hint(std::string(larger_packets));
  if (has(error.what(), "Unknown collation"))
    return error.with_hint("restore it on a server that is as new as the one that was dumped");
  if (has(error.what(), "log_bin_trust_function_creators"))
    return error.with_hint(
        "set log_bin_trust_function_creators = 1 on the server, or use an account with SUPER");
  return error;
}

}  // namespace

MariadbLoader::MariadbLoader(MariadbDatabase& database, CreateProgram create_program)
    : m_database(database), m_create_program(std::move(create_program)), m_gate(number_of(database)) {
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
    refuse_foreign_dump(m_beginning);
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
    std::string text = m_gate.pass(statement.text);
    if (!text.empty()) execute(std::move(text));
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

void MariadbLoader::execute(std::string text) {
  for (const auto& [from, to] : m_collations)
    if (has(text, from) && text.size() < looked_at * 16) text = with_collation(text, from, to);
  refuse_too_large(text.size());
  while (true) try {
      m_database.execute(text);
      if (!is_setting(text)) return;
      note_character_set();
      return refuse_value_too_large(text);
    } catch (const Error& error) {
      if (error.kind() != Kind::statement) throw;
      if (is_setting(text) && has(error.what(), "Unknown system variable")) return;
      if (has(error.what(), "log_bin_trust_function_creators") && m_create_program)
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
