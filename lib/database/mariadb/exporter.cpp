#include "database/mariadb/exporter.hpp"

#include <cppconn/resultset.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/digest.hpp"
#include "base/text.hpp"
#include "database/mariadb/content.hpp"
#include "database/mariadb/findings.hpp"
#include "database/mariadb/literal.hpp"

namespace bench {

namespace {

using Type = MariadbObject::Type;

// Long enough that parsing a statement costs little for each row, short enough to hold in memory many times.
constexpr std::size_t insert_size = 65'536;
// As a literal a value of a server's max_allowed_packet is longer than that. What is longer than this is put
// together from pieces in a variable.
constexpr std::size_t largest_literal = 262'144;

constexpr std::string_view beginning =
    "SET NAMES utf8mb4;\n"
    "SET time_zone = '+00:00';\n"
    "SET foreign_key_checks = 0;\n"
    "SET unique_checks = 0;\n"
    "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';\n";

bool is_program(const MariadbObject& object) {
  return object.type == Type::routine || object.type == Type::trigger || object.type == Type::event;
}

/// A literal in a text of rows that stands for a long value.
struct LongValue {
  std::size_t at = 0, size = 0;
  std::string value;
  MariadbRows::Form form = MariadbRows::Form::text;
};

/// Rows as they are summed up: every value a literal.
struct RowsText {
  std::string text;
  std::vector<LongValue> long_values;
};

std::string variable(std::size_t index) {
  return fmt::format("{}{}", long_value_variable, index + 1);
}

/// One dump under way.
class Dump {
 public:
  Dump(MariadbDatabase& database, const ByteSink& sink, const TableSelection& selection,
       const std::function<void(std::uint64_t, std::uint64_t)>& advance, std::uint64_t size,
       MariadbHistory history)
      : m_database(database),
        m_sink(sink),
        m_selection(selection),
        m_advance(advance),
        m_size(size),
        m_collation(mariadb_database_collation(database)) {
    if (history == MariadbHistory::held && takes_history(database)) m_periods = mariadb_periods(database);
  }
  ContentSummary write();

 private:
  bool wants(const MariadbObject& object) const;
  void write_object(const MariadbObject& object);
  void write_program(const MariadbObject& object);
  TableSummary write_sequence_value(const std::string& sequence);
  TableSummary write_rows(const std::string& table);
  const MariadbPeriod* begin_history(const std::string& table);
  static void append_row(RowsText& rows, const std::vector<MariadbRows::Form>& forms,
                         const sql::ResultSet& row);
  void flush(RowsText& rows, const std::string& insert, Sha256& digest);
  void write_long_value(const std::string& name, const LongValue& value);
  void finish_summary();

  MariadbDatabase& m_database;
  const ByteSink& m_sink;
  const TableSelection& m_selection;
  const std::function<void(std::uint64_t, std::uint64_t)>& m_advance;
  std::uint64_t m_size;
  std::string m_collation;  ///< of the database
  std::map<std::string, MariadbPeriod> m_periods;
  bool m_writes_history = false;
  std::uint64_t m_written = 0;
  ContentSummary m_summary;
  std::vector<std::string> m_definitions;
};

bool Dump::wants(const MariadbObject& object) const {
  if (object.type == Type::routine || object.type == Type::event) return !m_selection.is_partial();
  return m_selection.selects(object.table);
}

void Dump::write_object(const MariadbObject& object) {
  m_definitions.push_back(object.definition());
  if (is_program(object)) return write_program(object);
  for (const std::string& statement : object.statements(m_collation)) m_sink(statement + ";\n");
  if (object.type == Type::sequence) m_summary.tables.push_back(write_sequence_value(object.name));
  if (object.type == Type::table) m_summary.tables.push_back(write_rows(object.name));
}

// Bodies hold semicolons, which the server's own shell cuts at.
void Dump::write_program(const MariadbObject& object) {
  std::string delimiter = ";;";
  while (object.create.find(delimiter) != std::string::npos) delimiter += ';';
  m_sink(fmt::format("DELIMITER {}\n", delimiter));
  for (const std::string& statement : object.statements(m_collation))
    m_sink(fmt::format("{}\n{}\n", statement, delimiter));
  m_sink("DELIMITER ;\n");
  if (!object.time_zone.empty()) m_sink("SET time_zone = '+00:00';\n");
}

TableSummary Dump::write_sequence_value(const std::string& sequence) {
  const std::string quoted = mariadb_name(sequence);
  const Row row = m_database.query("SELECT next_not_cached_value, cycle_count FROM " + quoted).at(0);
  const std::string values = fmt::format("{}, 0, {}", to_text(row[0]), to_text(row[1]));
  m_sink(fmt::format("DO SETVAL({}, {});\n", quoted, values));
  return {sequence, 1, "sha256:" + sha256(values)};
}

void Dump::append_row(RowsText& rows, const std::vector<MariadbRows::Form>& forms,
                      const sql::ResultSet& row) {
  std::string& text = rows.text;
  text += ",(";
  for (std::size_t column = 0; column < forms.size(); ++column) {
    if (column > 0) text += ',';
    const auto number = static_cast<std::uint32_t>(column + 1);
    const sql::SQLString value = row.getString(number);
    if (row.isNull(number)) {
      text += "NULL";
      continue;
    }
    const std::string_view bytes(value.c_str(), value.length());
    const std::size_t at = text.size();
    append_mariadb_literal(text, bytes, forms[column]);
    if (const std::size_t size = text.size() - at; size > largest_literal)
      rows.long_values.push_back({at, size, std::string(bytes), forms[column]});
  }
  text += ')';
}

void Dump::write_long_value(const std::string& name, const LongValue& value) {
  const std::string_view bytes = value.value;
  for (std::size_t at = 0; at < bytes.size();) {
    std::size_t end = std::min(at + largest_literal, bytes.size());
    if (value.form == MariadbRows::Form::text) end = character_begin(bytes, end);
    std::string literal;
    append_mariadb_literal(literal, bytes.substr(at, end - at), value.form);
    m_sink(at == 0 ? fmt::format("SET {} = {};\n", name, literal)
                   : fmt::format("SET {} = CONCAT({}, {});\n", name, name, literal));
    at = end;
  }
}

void Dump::flush(RowsText& rows, const std::string& insert, Sha256& digest) {
  if (rows.text.empty()) return;
  digest.update(rows.text);
  for (std::size_t i = 0; i < rows.long_values.size(); ++i)
    write_long_value(variable(i), rows.long_values[i]);
  m_sink(insert);
  const std::string_view text = rows.text;
  // The first row's comma belongs to no row before it.
  std::size_t from = 1;
  for (std::size_t i = 0; i < rows.long_values.size(); ++i) {
    const LongValue& value = rows.long_values[i];
    m_sink(text.substr(from, value.at - from));
    m_sink(variable(i));
    from = value.at + value.size;
  }
  m_sink(text.substr(from));
  m_sink(";\n");
  for (std::size_t i = 0; i < rows.long_values.size(); ++i)
    m_sink(fmt::format("SET {} = NULL;\n", variable(i)));
  m_written += text.size();
  if (m_advance) m_advance(std::min(m_written, m_size), m_size);
  rows = {};
}

// A text without such rows does not need a server that knows the setting.
const MariadbPeriod* Dump::begin_history(const std::string& table) {
  const auto found = m_periods.find(table);
  if (found == m_periods.end() || found->second.is_of_transactions) return nullptr;
  if (!std::exchange(m_writes_history, true)) m_sink(fmt::format("SET {} = 1;\n", history_setting));
  return &found->second;
}

TableSummary Dump::write_rows(const std::string& table) {
  const MariadbRows rows = mariadb_rows(m_database, table, begin_history(table));
  Sha256 digest;
  std::int64_t count = 0;
  RowsText text;
  m_database.execute("SAVEPOINT bench_table");
  m_database.stream(rows.select, [&](const sql::ResultSet& row) {
    append_row(text, rows.forms, row);
    ++count;
    if (text.text.size() >= insert_size) flush(text, rows.insert, digest);
  });
  // Lets go of the table, so that a long dump holds up no ALTER of a table that it is done with.
  m_database.execute("ROLLBACK TO SAVEPOINT bench_table");
  flush(text, rows.insert, digest);
  return {table, count, "sha256:" + digest.finish()};
}

void Dump::finish_summary() {
  std::sort(m_definitions.begin(), m_definitions.end());
  Sha256 fingerprint;
  for (const std::string& definition : m_definitions) fingerprint.update(definition);
  m_summary.schema_fingerprint = "sha256:" + fingerprint.finish();
  std::sort(m_summary.tables.begin(), m_summary.tables.end(),
            [](const TableSummary& a, const TableSummary& b) { return a.name < b.name; });
}

ContentSummary Dump::write() {
  m_sink(beginning);
  m_sink(fmt::format("SET {} = 'begun';\n", dump_state_variable));
  m_sink(fmt::format("ALTER DATABASE COLLATE {};\n", m_collation));
  for (const MariadbObject& object : mariadb_objects(m_database))
    if (wants(object)) write_object(object);
  m_sink(fmt::format("SET {} = 'complete';\n", dump_state_variable));
  finish_summary();
  return std::move(m_summary);
}

}  // namespace

MariadbExporter::MariadbExporter(const ConnectionSettings& settings, const ConnectOptions& options,
                                 MariadbHistory history)
    : m_database(settings, options), m_history(history) {
  // In a session that is read-only the server shows no view that takes numbers from a sequence.
  m_database.execute(
      "SET SESSION sql_mode = '', time_zone = '+00:00', sql_quote_show_create = 1, tx_read_only = 0");
  m_database.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  m_database.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT");
}

std::vector<std::string> MariadbExporter::restore_limits() {
  return mariadb_restore_limits(m_database);
}

std::uint64_t MariadbExporter::size() {
  return mariadb_size(m_database);
}

ContentSummary MariadbExporter::write(const ByteSink& sink, const TableSelection& selection,
                                      const std::function<void(std::uint64_t, std::uint64_t)>& advance) {
  return Dump(m_database, sink, selection, advance, size(), m_history).write();
}

std::uint64_t mariadb_size(MariadbDatabase& database) {
  return static_cast<std::uint64_t>(
      to_integer(database.value("SELECT CAST(IFNULL(SUM(DATA_LENGTH + INDEX_LENGTH), 0) AS UNSIGNED) FROM "
                                "information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()")));
}

}  // namespace bench
