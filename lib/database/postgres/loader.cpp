#include "database/postgres/loader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/error.hpp"
#include "database/foreign_dump.hpp"
#include "database/lexer.hpp"
#include "database/postgres/error.hpp"
#include "database/tokens.hpp"

namespace bench {

namespace {

void refuse_archive(std::string_view beginning) {
  const bool is_custom = beginning.starts_with("PGDMP");
  // The first member of a tar archive's begins with its name.
  if (is_custom || beginning.starts_with("toc.dat"))
    throw Error(
        Kind::bad_backup,
        fmt::format("this is a dump in pg_dump's {} format, not SQL text", is_custom ? "custom" : "tar"),
        "make it text first: pg_restore -f dump.sql FILE");
}

std::string in_capitals(std::string_view text) {
  std::string capitals(text);
  for (char& letter : capitals)
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  return capitals;
}

constexpr std::string_view of_one_database =
    "take the dump of that database alone, with pg_dump and without --create";

bool begins(const Statement& statement, std::initializer_list<std::string_view> starts) {
  return std::ranges::any_of(starts, [&statement](std::string_view start) {
    return statement.keywords.starts_with(start) &&
           (statement.keywords.size() == start.size() || statement.keywords[start.size()] == ' ');
  });
}

bool copies_from_stdin(const Statement& statement) {
  return begins(statement, {"COPY"}) && in_capitals(statement.text).find("FROM STDIN") != std::string::npos;
}

// Nobody but the site's owner owns what is loaded. What follows must be a name: the words may stand in a
// string.
bool gives_away(const Statement& statement) {
  constexpr std::string_view words = " OWNER TO ";
  if (!begins(statement, {"ALTER"})) return false;
  const std::size_t at = in_capitals(statement.text).rfind(words);
  if (at == std::string::npos) return false;
  const std::string_view role = std::string_view(statement.text).substr(at + words.size());
  return (role.starts_with('"') && role.ends_with('"')) || std::ranges::all_of(role, is_word_character);
}

// What may fail because roles, settings or schemas are others here; undefined_object and duplicate_schema.
bool may_be_left_out(const Statement& statement) {
  return begins(statement, {"GRANT", "REVOKE", "ALTER DEFAULT PRIVILEGES", "SET", "COMMENT ON EXTENSION",
                            "COMMENT ON SCHEMA", "CREATE SCHEMA PUBLIC", "CREATE EXTENSION",
                            "CREATE PUBLICATION", "ALTER PUBLICATION", "COMMENT ON PUBLICATION"});
}
// undefined_table, undefined_object, undefined_function, invalid_schema_name
bool is_elsewhere(const std::string& sqlstate) {
  return sqlstate == "42P01" || sqlstate == "42704" || sqlstate == "42883" || sqlstate == "3F000";
}
bool is_of_another_place(const std::string& sqlstate) {
  return sqlstate == "42704" || sqlstate == "42P06" || sqlstate == insufficient_privilege;
}

// An expression would be read with the rights of whoever runs it.
bool is_for_superuser_without_code(const Statement& statement) {
  std::string words;
  std::size_t count = 0;
  for (const SqlToken& token : sql_tokens(statement.text, Dialect::postgres)) {
    const bool is_name = count == 2 || count == 7;
    words += is_name ? "_ " : token.word + " ";
    ++count;
  }
  return words.starts_with("CREATE PUBLICATION _ FOR ALL TABLES ") ||
         words == "ALTER PUBLICATION _ ADD TABLES IN SCHEMA _ " ||
         begins(statement, {"COMMENT ON PUBLICATION"});
}

}  // namespace

DumpLoader::DumpLoader(PostgresDatabase& database, Scratch::Extent extent, MakeExtension make_extension)
    : m_database(database),
      m_extent(extent),
      m_make_extension(std::move(make_extension)),
      m_splitter(Dialect::postgres),
      m_transaction(database) {}

void DumpLoader::refuse(int line, std::string_view words, std::string_view hint) {
  throw Error(Kind::bad_backup, fmt::format("line {}: {}", line, words), std::string(hint));
}

void DumpLoader::fail(int line, const Error& error) {
  const bool is_its_fault = error.kind() == Kind::statement || error.kind() == Kind::busy;
  if (!is_its_fault) throw error;
  throw error.with_context(fmt::format("line {}", line)).with_kind(Kind::bad_backup);
}

void DumpLoader::feed(std::string_view bytes) {
  if (!std::exchange(m_begun, true)) {
    refuse_archive(bytes);
    refuse_foreign_dump(bytes.substr(0, 4096), Dialect::postgres);
  }
  m_buffer += bytes;
  std::size_t at = 0;
  for (;;) {
    const std::size_t next = m_in_rows != InRows::no ? take_rows(at) : take_line(at);
    if (next == at) break;
    at = next;
  }
  m_buffer.erase(0, at);
}

// Rows are not looked at one by one: what stands before the line that ends them goes on as it is.
std::size_t DumpLoader::take_rows(std::size_t at) {
  const std::string_view rows = std::string_view(m_buffer).substr(at);
  std::size_t mark = rows.starts_with("\\.") ? 0 : rows.find("\n\\.");
  if (mark != 0 && mark != std::string_view::npos) ++mark;
  const std::size_t end_of_mark = mark == std::string_view::npos ? mark : rows.find('\n', mark);
  const std::size_t whole = mark == std::string_view::npos ? rows.rfind('\n') + 1 : mark;
  if (m_in_rows == InRows::loaded) m_database.put_copy(rows.substr(0, whole));
  m_lines_elsewhere += static_cast<int>(std::ranges::count(rows.substr(0, whole), '\n'));
  if (end_of_mark == std::string_view::npos) return at + whole;
  ++m_lines_elsewhere;
  if (std::exchange(m_in_rows, InRows::no) == InRows::left_out) return at + end_of_mark + 1;
  try {
    m_database.end_copy();
    if (m_part) m_part->release();
    m_part.reset();
  } catch (const Error& error) {
    fail(m_line, error);
  }
  return at + end_of_mark + 1;
}

std::size_t DumpLoader::take_line(std::size_t at) {
  const std::size_t end = m_buffer.find('\n', at);
  if (end == std::string::npos) return at;
  take(std::string_view(m_buffer).substr(at, end + 1 - at));
  return end + 1;
}

void DumpLoader::take(std::string_view line) {
  if (m_splitter.is_between_statements()) {
    if (line.starts_with('\\')) return obey_psql_command(line);
    if (line.starts_with("-- PostgreSQL database dump complete"))
      ++m_tool_ends;
    else if (line.starts_with("-- PostgreSQL database dump"))
      ++m_tool_begins;
  }
  ++m_lines;
  m_splitter.feed(line);
  run_statements();
}

// pg_dump guards its text against psql's own commands with the first two; the others would leave the dump.
void DumpLoader::obey_psql_command(std::string_view line) {
  ++m_lines_elsewhere;
  if (line.starts_with("\\restrict ") || line.starts_with("\\unrestrict ")) return;
  refuse(m_lines + m_lines_elsewhere,
         fmt::format("a command for psql, which is not run: {}", line.substr(0, line.find_first_of("\r\n"))),
         line.starts_with("\\connect") ? of_one_database : "");
}

void DumpLoader::run_statements() {
  try {
    while (const auto statement = m_splitter.next()) run(*statement);
  } catch (const Error& error) {
    throw error.kind() == Kind::configuration ? error.with_kind(Kind::bad_backup) : error;
  }
}

void DumpLoader::run(const Statement& statement) {
  m_line = statement.line + m_lines_elsewhere;
  if (is_handled_here(statement)) return;
  const bool brings_rows = copies_from_stdin(statement);
  try {
    if (may_be_left_out(statement)) return run_if_it_can(statement);
    if (m_extent == Scratch::Extent::part) m_part.emplace(m_database, "bench_part");
    if (!brings_rows) return run_alone(statement);
    m_database.begin_copy(statement.text);
    m_in_rows = InRows::loaded;
  } catch (const Error& error) {
    const bool is_left_out = m_part && is_elsewhere(error.sqlstate());
    m_part.reset();
    if (!is_left_out) fail(m_line, error);
    if (brings_rows)
      m_in_rows = InRows::left_out;
    else if (!begins(statement, {"SELECT"}))
      m_left_out.push_back(left_out(statement.text.substr(statement.first_token), Dialect::postgres));
  }
}

void DumpLoader::run_alone(const Statement& statement) {
  m_database.execute(statement.text);
  if (m_part) m_part->release();
  m_part.reset();
}

// The whole dump is one transaction of ours, and runs as one role.
bool DumpLoader::is_handled_here(const Statement& statement) {
  if (begins(statement, {"ROLLBACK", "ABORT", "PREPARE TRANSACTION"}))
    refuse(m_line, statement.keywords + " does not belong into a dump");
  if (begins(statement, {"CREATE DATABASE", "DROP DATABASE"}))
    refuse(m_line, "the dump makes a database of its own", of_one_database);
  if (begins(statement, {"BEGIN", "START TRANSACTION"})) {
    m_in_transaction = true;
    return true;
  }
  if (begins(statement, {"COMMIT", "END"})) {
    m_in_transaction = false;
    return true;
  }
  return gives_away(statement) || begins(statement, {"SET ROLE", "RESET ROLE", "SET SESSION AUTHORIZATION",
                                                     "RESET SESSION AUTHORIZATION"});
}

void DumpLoader::run_if_it_can(const Statement& statement) {
  try {
    Savepoint savepoint(m_database, "bench_load");
    m_database.execute(statement.text);
    savepoint.release();
  } catch (const Error& error) {
    const bool is_of_the_rest = m_extent == Scratch::Extent::part && is_elsewhere(error.sqlstate());
    if (!is_of_the_rest && !is_of_another_place(error.sqlstate())) throw;
    if (begins(statement, {"CREATE EXTENSION"}) && !m_make_extension(statement.text)) throw;
    if (is_for_superuser_without_code(statement)) m_left_to_superuser.push_back(statement.text);
  }
}

void DumpLoader::finish() {
  if (!m_buffer.empty() && m_in_rows == InRows::no) take(std::exchange(m_buffer, {}));
  // The line that ends the rows may be the last one, and lack its end.
  if (m_in_rows != InRows::no && m_buffer == "\\.") feed("\n");
  if (m_in_rows != InRows::no) refuse(m_line, "the dump ends among the rows that begin here: it was cut off");
  try {
    m_splitter.finish();
  } catch (const Error& error) {
    // Inside a statement: what is open there says less.
    refuse_cut_off();
    throw error.kind() == Kind::configuration ? error.with_kind(Kind::bad_backup) : error;
  }
  run_statements();
  if (m_in_transaction) throw Error(Kind::bad_backup, "the dump ends inside a transaction: it was cut off");
  refuse_cut_off();
  m_transaction.commit();
}

void DumpLoader::refuse_cut_off() const {
  if (m_tool_begins > m_tool_ends)
    throw Error(Kind::bad_backup, "the dump does not end as pg_dump ends one: it was cut off");
}

}  // namespace bench
