#include "database/postgres/exporter.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "database/postgres/dump_tool.hpp"
#include "database/postgres/restore_limits.hpp"
#include "database/postgres/rights.hpp"
#include "database/postgres/text.hpp"

namespace bench {

namespace {

constexpr std::size_t piece_size = 65'536;
constexpr std::int64_t object_piece = 524'288;

constexpr std::string_view no_member_of_an_extension =
    "NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend e WHERE e.classid = 'pg_catalog.pg_class'::regclass AND "
    "e.objid = c.oid AND e.deptype = 'e')";

struct Table {
  std::int64_t oid = 0;
  std::string schema;
  std::string name;
  bool has_rows = false;  ///< a partitioned table's rows are its partitions'
  std::string summary_name() const { return schema == "public" ? name : schema + "." + name; }
};

/// One dump under way.
class Dump {
 public:
  Dump(PostgresDatabase& database, const std::string& snapshot, const ByteSink& sink,
       const TableSelection& selection)
      : m_database(database), m_snapshot(snapshot), m_sink(sink), m_selection(selection) {}
  ContentSummary write(const std::function<void(std::uint64_t, std::uint64_t)>& advance, std::uint64_t size);

 private:
  std::vector<Table> selected_tables();
  PostgresSchema schema(const std::vector<Table>& tables);
  TableSummary write_rows(const Table& table);
  std::string columns_of(const Table& table);
  void write_sequences(const std::vector<Table>& tables);
  void write_large_objects();
  void write_refreshes();

  PostgresDatabase& m_database;
  const std::string& m_snapshot;
  const ByteSink& m_sink;
  const TableSelection& m_selection;
  std::function<void(std::uint64_t)> m_told;
};

std::vector<Table> Dump::selected_tables() {
  std::vector<Table> tables;
  for (const Row& row : m_database.query(
           fmt::format("SELECT c.oid, n.nspname, c.relname, c.relkind = 'r' FROM pg_catalog.pg_class c JOIN "
                       "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') "
                       "AND {} AND {} ORDER BY "
                       "n.nspname::text COLLATE \"C\", c.relname::text COLLATE \"C\"",
                       is_site_schema, no_member_of_an_extension))) {
    const Table table{to_integer(row[0]), to_text(row[1]), to_text(row[2]), to_integer(row[3]) == 1};
    if (m_selection.selects(table.name)) tables.push_back(table);
  }
  return tables;
}

PostgresSchema Dump::schema(const std::vector<Table>& tables) {
  std::vector<std::string> patterns;
  if (m_selection.is_partial()) {
    // Without any pattern pg_dump would write all there is.
    if (tables.empty()) return {};
    for (const Table& table : tables) patterns.push_back(quote_name(table.schema, table.name));
  }
  return dump_schema(m_database.settings(), m_database.options(), m_snapshot, patterns);
}

// Generated columns are left out: they cannot be written, and come back by themselves.
std::string Dump::columns_of(const Table& table) {
  const std::vector<Value> oid{table.oid};
  std::vector<std::string> names;
  for (const Row& row : m_database.query("SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = ? AND "
                                         "attnum > 0 AND NOT attisdropped "
                                         "AND attgenerated = '' ORDER BY attnum",
                                         oid))
    names.push_back(quote_name(to_text(row[0])));
  return names.empty() ? "" : fmt::format(" ({})", fmt::join(names, ", "));
}

TableSummary Dump::write_rows(const Table& table) {
  const std::string target = quote_name(table.schema, table.name) + columns_of(table);
  Sha256 digest;
  std::int64_t rows = 0;
  std::string piece;
  const auto flush = [&] {
    digest.update(piece);
    m_sink(piece);
    m_told(piece.size());
    piece.clear();
  };
  m_sink(fmt::format("COPY {} FROM stdin;\n", target));
  m_database.copy_out(fmt::format("COPY {} TO STDOUT", target), [&](std::string_view row) {
    piece += row;
    ++rows;
    if (piece.size() >= piece_size) flush();
  });
  flush();
  m_sink("\\.\n\n");
  return {table.summary_name(), rows, "sha256:" + digest.finish()};
}

// Of chosen tables, the sequences that belong to them.
void Dump::write_sequences(const std::vector<Table>& tables) {
  std::vector<std::string> questions;
  for (const Row& row :
       m_database.query(fmt::format("SELECT n.nspname, c.relname, coalesce((SELECT d.refobjid FROM "
                                    "pg_catalog.pg_depend d WHERE d.classid = "
                                    "'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.refclassid = "
                                    "'pg_catalog.pg_class'::regclass AND d.deptype IN ('a', 'i') LIMIT 1), "
                                    "0::oid) FROM pg_catalog.pg_class c "
                                    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE "
                                    "c.relkind = 'S' AND {} AND {} ORDER BY 1, "
                                    "2",
                                    is_site_schema, no_member_of_an_extension))) {
    const auto belongs = std::ranges::find(tables, to_integer(row[2]), &Table::oid) != tables.end();
    if (m_selection.is_partial() && !belongs) continue;
    const std::string name = quote_name(to_text(row[0]), to_text(row[1]));
    questions.push_back(fmt::format("SELECT {}, last_value, is_called FROM {}", quote_text(name), name));
  }
  if (questions.empty()) return;
  for (const Row& row : m_database.query(fmt::format("{}", fmt::join(questions, " UNION ALL "))))
    m_sink(fmt::format("SELECT pg_catalog.setval({}, {}, {});\n", quote_text(to_text(row[0])),
                       to_integer(row[1]), to_integer(row[2]) == 1));
  m_sink("\n");
}

void Dump::write_large_objects() {
  if (m_selection.is_partial()) return;
  for (const Row& object :
       m_database.query("SELECT oid, pg_catalog.obj_description(oid, 'pg_largeobject') FROM "
                        "pg_catalog.pg_largeobject_metadata ORDER BY oid")) {
    const std::int64_t oid = to_integer(object[0]);
    m_sink(fmt::format("SELECT pg_catalog.lo_create({});\n", oid));
    if (!is_null(object[1]))
      m_sink(fmt::format("COMMENT ON LARGE OBJECT {} IS {};\n", oid, quote_text(to_text(object[1]))));
    for (std::int64_t offset = 0;; offset += object_piece) {
      const std::string hex = to_text(m_database.value(
          fmt::format("SELECT encode(pg_catalog.lo_get({}, {}, {}), 'hex')", oid, offset, object_piece)));
      if (hex.empty()) break;
      m_sink(fmt::format("SELECT pg_catalog.lo_put({}, {}, '\\x{}');\n", oid, offset, hex));
      m_told(hex.size() / 2);
    }
  }
}

// pg_dump fills them with the data, which it does not write here. One that reads another was made after it.
void Dump::write_refreshes() {
  if (m_selection.is_partial()) return;
  for (const Row& row : m_database.query(fmt::format(
           "SELECT n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
           "c.relnamespace WHERE c.relkind = 'm' AND c.relispopulated AND {} ORDER BY c.oid",
           is_site_schema)))
    m_sink(fmt::format("REFRESH MATERIALIZED VIEW {};\n", quote_name(to_text(row[0]), to_text(row[1]))));
}

ContentSummary Dump::write(const std::function<void(std::uint64_t, std::uint64_t)>& advance,
                           std::uint64_t size) {
  m_told = [&advance, size, written = std::uint64_t{0}](std::uint64_t bytes) mutable {
    written += bytes;
    if (advance) advance(std::min(written, size), size);
  };
  const std::vector<Table> tables = selected_tables();
  const PostgresSchema definitions = schema(tables);
  ContentSummary summary;
  summary.schema_fingerprint = fingerprint_of(definitions);
  m_sink("BEGIN;\n\n");
  m_sink(definitions.before_data);
  for (const Table& table : tables) {
    if (table.has_rows) summary.tables.push_back(write_rows(table));
  }
  write_sequences(tables);
  write_large_objects();
  m_sink(definitions.after_data);
  write_refreshes();
  m_sink("COMMIT;\n");
  std::ranges::sort(summary.tables, {}, &TableSummary::name);
  return summary;
}

}  // namespace

PostgresExporter::PostgresExporter(const ConnectionSettings& settings, const ConnectOptions& options)
    : m_database(settings, {Access::read_only, options.cancelled, options.connect_timeout},
                 PostgresDatabase::WorksAs::itself) {
  // The text of a value must not depend on who dumps it and where, nor the order of rows on other readers.
  for (const char* setting :
       {"DateStyle = 'ISO, YMD'", "IntervalStyle = postgres", "TimeZone = 'UTC'", "extra_float_digits = 3",
        "bytea_output = hex", "synchronize_seqscans = off", "row_security = off", "search_path = ''"})
    m_database.execute(fmt::format("SET {}", setting));
  m_database.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  m_snapshot = to_text(m_database.value("SELECT pg_catalog.pg_export_snapshot()"));
}

std::vector<std::string> PostgresExporter::restore_limits() {
  return postgres_restore_limits(m_database);
}

std::uint64_t PostgresExporter::size() {
  return static_cast<std::uint64_t>(
      to_integer(m_database.value("SELECT pg_catalog.pg_database_size(pg_catalog.current_database())")));
}

ContentSummary PostgresExporter::write(const ByteSink& sink, const TableSelection& selection,
                                       const std::function<void(std::uint64_t, std::uint64_t)>& advance) {
  return Dump(m_database, m_snapshot, sink, selection).write(advance, size());
}

}  // namespace bench
