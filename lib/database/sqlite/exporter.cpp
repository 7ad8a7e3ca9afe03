#include "database/sqlite/exporter.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/digest.hpp"
#include "database/sqlite/content.hpp"
#include "database/sqlite/literal.hpp"

namespace bench {

namespace {

// Long enough that parsing a statement costs little for each row, short enough to hold in memory many times.
constexpr std::size_t insert_size = 65'536;

/// One dump under way.
class Dump {
 public:
  Dump(SqliteDatabase& database, const ByteSink& sink, const TableSelection& selection)
      : m_database(database), m_sink(sink), m_selection(selection), m_literals(database.handle()) {}

  ContentSummary write(const std::function<void(std::uint64_t, std::uint64_t)>& advance, std::uint64_t size);

 private:
  void write_settings();
  void write_table(const SqliteObject& object);
  void write_virtual_table(const SqliteObject& object);
  void write_own_table(const std::string& table);
  TableSummary write_rows(const std::string& table);
  void note_definition(const SqliteObject& object);
  void told(std::size_t bytes);

  SqliteDatabase& m_database;
  const ByteSink& m_sink;
  const TableSelection& m_selection;
  SqliteLiterals m_literals;
  ContentSummary m_summary;
  std::vector<std::string> m_definitions;
  bool m_schema_is_writable = false;
  std::function<void(std::uint64_t, std::uint64_t)> m_advance;
  std::uint64_t m_written = 0;
  std::uint64_t m_size = 0;
};

void Dump::told(std::size_t bytes) {
  m_written += bytes;
  if (m_advance) m_advance(std::min(m_written, m_size), m_size);
}

// What the file header keeps and a dump of tables would lose.
void Dump::write_settings() {
  for (const char* setting : {"user_version", "application_id"}) {
    const auto value = to_integer(m_database.query(fmt::format("PRAGMA {}", setting)).at(0).at(0));
    if (value != 0) m_sink(fmt::format("PRAGMA {} = {};\n", setting, value));
  }
}

void Dump::note_definition(const SqliteObject& object) {
  m_definitions.push_back(
      fmt::format("{}\n{}\n{}\n{}\n", static_cast<int>(object.type), object.name, object.table, object.sql));
}

void Dump::write_table(const SqliteObject& object) {
  m_sink(object.sql + ";\n");
  m_summary.tables.push_back(write_rows(object.name));
}

// Its content lies in shadow tables, which are dumped as tables; creating it anew would make them a second
// time.
void Dump::write_virtual_table(const SqliteObject& object) {
  if (!m_schema_is_writable) m_sink("PRAGMA writable_schema = ON;\n");
  m_schema_is_writable = true;
  SqliteStatement quote(m_database.handle(), "SELECT quote(?1), quote(?2)");
  quote.bind(1, Value(object.name));
  quote.bind(2, Value(object.sql));
  quote.step();
  m_sink(fmt::format(
      "INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql) VALUES('table',{0},{0},0,{1});\n",
      quote.bytes(0), quote.bytes(1)));
}

// sqlite_sequence and sqlite_stat1 are made by SQLite itself, and then only lack their rows.
void Dump::write_own_table(const std::string& table) {
  if (!m_database.has_table(table)) return;
  if (table != "sqlite_sequence") m_sink("ANALYZE sqlite_schema;\n");
  m_sink(fmt::format("DELETE FROM {};\n", table));
  write_rows(table);
}

TableSummary Dump::write_rows(const std::string& table) {
  const SqliteRows rows = sqlite_rows(m_database.handle(), table);
  SqliteStatement select(m_database.handle(), rows.select);
  Sha256 digest;
  std::int64_t count = 0;
  std::string text;
  const auto flush = [&] {
    if (text.empty()) return;
    digest.update(text);
    m_sink(rows.insert);
    text += ";\n";
    // The first row's comma belongs to no row before it.
    m_sink(std::string_view(text).substr(1));
    told(text.size());
    text.clear();
  };
  const int columns = select.columns();
  while (select.step()) {
    for (int column = 0; column < columns; ++column) {
      text += column == 0 ? ",(" : ",";
      m_literals.append(text, select, column);
    }
    text += ')';
    ++count;
    if (text.size() >= insert_size) flush();
  }
  flush();
  return {table, count, "sha256:" + digest.finish()};
}

ContentSummary Dump::write(const std::function<void(std::uint64_t, std::uint64_t)>& advance,
                           std::uint64_t size) {
  m_advance = advance;
  m_size = size;
  m_sink("PRAGMA foreign_keys = OFF;\n");
  const std::string encoding = to_text(m_database.query("PRAGMA encoding").at(0).at(0));
  if (encoding != "UTF-8") m_sink(fmt::format("PRAGMA encoding = '{}';\n", encoding));
  m_sink("BEGIN TRANSACTION;\n");
  write_settings();
  const std::vector<SqliteObject> objects = sqlite_objects(m_database.handle());
  for (const SqliteObject& object : objects) {
    if (!m_selection.selects(object.table)) continue;
    note_definition(object);
    if (object.type == SqliteObject::Type::table) write_table(object);
    if (object.type == SqliteObject::Type::virtual_table) write_virtual_table(object);
  }
  for (const char* table : {"sqlite_sequence", "sqlite_stat1", "sqlite_stat4"})
    if (!m_selection.is_partial()) write_own_table(table);
  for (const SqliteObject& object : objects)
    if (object.type >= SqliteObject::Type::index && m_selection.selects(object.table))
      m_sink(object.sql + ";\n");
  if (m_schema_is_writable) m_sink("PRAGMA writable_schema = RESET;\n");
  m_sink("COMMIT;\n");

  std::sort(m_definitions.begin(), m_definitions.end());
  Sha256 fingerprint;
  for (const std::string& definition : m_definitions) fingerprint.update(definition);
  m_summary.schema_fingerprint = "sha256:" + fingerprint.finish();
  std::sort(m_summary.tables.begin(), m_summary.tables.end(),
            [](const TableSummary& a, const TableSummary& b) { return a.name < b.name; });
  return std::move(m_summary);
}

}  // namespace

SqliteExporter::SqliteExporter(const std::filesystem::path& file, const ConnectOptions& options)
    : m_database(file, {Access::read_only, options.cancelled}) {
  m_database.execute("BEGIN");
  // A read transaction begins with its first read, not with BEGIN.
  m_database.query("SELECT 1 FROM sqlite_schema LIMIT 1");
}

std::uint64_t SqliteExporter::size() {
  const auto pages = to_integer(m_database.query("PRAGMA page_count").at(0).at(0));
  const auto page_size = to_integer(m_database.query("PRAGMA page_size").at(0).at(0));
  return static_cast<std::uint64_t>(pages * page_size);
}

ContentSummary SqliteExporter::write(const ByteSink& sink, const TableSelection& selection,
                                     const std::function<void(std::uint64_t, std::uint64_t)>& advance) {
  return Dump(m_database, sink, selection).write(advance, size());
}

}  // namespace bench
