#include "database/mariadb/exporter.hpp"

#include <cppconn/resultset.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/digest.hpp"
#include "database/mariadb/content.hpp"
#include "database/mariadb/literal.hpp"

namespace bench {

namespace {

using Type = MariadbObject::Type;

// Long enough that parsing a statement costs little for each row, short enough to hold in memory many times.
constexpr std::size_t insert_size = 65'536;

constexpr std::string_view beginning =
    "SET NAMES utf8mb4;\n"
    "SET time_zone = '+00:00';\n"
    "SET foreign_key_checks = 0;\n"
    "SET unique_checks = 0;\n"
    "SET sql_mode = 'NO_AUTO_VALUE_ON_ZERO';\n";

bool is_program(const MariadbObject& object) {
  return object.type == Type::routine || object.type == Type::trigger || object.type == Type::event;
}

/// One dump under way.
class Dump {
 public:
  Dump(MariadbDatabase& database, const ByteSink& sink, const TableSelection& selection,
       const std::function<void(std::uint64_t, std::uint64_t)>& advance, std::uint64_t size)
      : m_database(database), m_sink(sink), m_selection(selection), m_advance(advance), m_size(size) {}
  ContentSummary write();

 private:
  bool wants(const MariadbObject& object) const;
  void write_object(const MariadbObject& object);
  void write_program(const MariadbObject& object);
  TableSummary write_sequence_value(const std::string& sequence);
  TableSummary write_rows(const std::string& table);
  void append_row(std::string& text, const MariadbRows& rows, const sql::ResultSet& row);
  void flush(std::string& text, const std::string& insert, Sha256& digest);
  void finish_summary();

  MariadbDatabase& m_database;
  const ByteSink& m_sink;
  const TableSelection& m_selection;
  const std::function<void(std::uint64_t, std::uint64_t)>& m_advance;
  std::uint64_t m_size;
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
  for (const std::string& statement : object.statements()) m_sink(statement + ";\n");
  if (object.type == Type::sequence) m_summary.tables.push_back(write_sequence_value(object.name));
  if (object.type == Type::table) m_summary.tables.push_back(write_rows(object.name));
}

// Bodies hold semicolons, which the server's own shell cuts at.
void Dump::write_program(const MariadbObject& object) {
  std::string delimiter = ";;";
  while (object.create.find(delimiter) != std::string::npos) delimiter += ';';
  m_sink(fmt::format("DELIMITER {}\n", delimiter));
  for (const std::string& statement : object.statements())
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

void Dump::append_row(std::string& text, const MariadbRows& rows, const sql::ResultSet& row) {
  text += ",(";
  for (std::size_t column = 0; column < rows.forms.size(); ++column) {
    if (column > 0) text += ',';
    const auto number = static_cast<std::uint32_t>(column + 1);
    const sql::SQLString value = row.getString(number);
    const std::string_view bytes(value.c_str(), value.length());
    if (row.isNull(number))
      text += "NULL";
    else if (rows.forms[column] == MariadbRows::Form::number)
      text += bytes;
    else if (rows.forms[column] == MariadbRows::Form::text)
      append_mariadb_text(text, bytes);
    else
      text.append("X'").append(bytes) += '\'';
  }
  text += ')';
}

void Dump::flush(std::string& text, const std::string& insert, Sha256& digest) {
  if (text.empty()) return;
  digest.update(text);
  m_sink(insert);
  text += ";\n";
  // The first row's comma belongs to no row before it.
  m_sink(std::string_view(text).substr(1));
  m_written += text.size();
  if (m_advance) m_advance(std::min(m_written, m_size), m_size);
  text.clear();
}

TableSummary Dump::write_rows(const std::string& table) {
  const MariadbRows rows = mariadb_rows(m_database, table);
  Sha256 digest;
  std::int64_t count = 0;
  std::string text;
  m_database.execute("SAVEPOINT bench_table");
  m_database.stream(rows.select, [&](const sql::ResultSet& row) {
    append_row(text, rows, row);
    ++count;
    if (text.size() >= insert_size) flush(text, rows.insert, digest);
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
  for (const MariadbObject& object : mariadb_objects(m_database))
    if (wants(object)) write_object(object);
  m_sink(fmt::format("SET {} = 'complete';\n", dump_state_variable));
  finish_summary();
  return std::move(m_summary);
}

}  // namespace

MariadbExporter::MariadbExporter(const ConnectionSettings& settings, const ConnectOptions& options)
    : m_database(settings, options) {
  m_database.execute("SET SESSION sql_mode = '', time_zone = '+00:00', sql_quote_show_create = 1");
  m_database.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ");
  // Not READ ONLY: then the server shows no view that takes numbers from a sequence.
  m_database.execute("START TRANSACTION WITH CONSISTENT SNAPSHOT");
}

std::uint64_t MariadbExporter::size() {
  return mariadb_size(m_database);
}

ContentSummary MariadbExporter::write(const ByteSink& sink, const TableSelection& selection,
                                      const std::function<void(std::uint64_t, std::uint64_t)>& advance) {
  return Dump(m_database, sink, selection, advance, size()).write();
}

std::uint64_t mariadb_size(MariadbDatabase& database) {
  return static_cast<std::uint64_t>(
      to_integer(database.value("SELECT CAST(IFNULL(SUM(DATA_LENGTH + INDEX_LENGTH), 0) AS UNSIGNED) FROM "
                                "information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()")));
}

}  // namespace bench
