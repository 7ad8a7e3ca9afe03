#include "database/sqlite/statement.hpp"

#include <fmt/format.h>

#include <limits>

namespace bench {

namespace {

std::string_view code_name(int code) {
  switch (code & 0xff) {
    case SQLITE_ERROR:
      return "SQLITE_ERROR";
    case SQLITE_PERM:
      return "SQLITE_PERM";
    case SQLITE_ABORT:
      return "SQLITE_ABORT";
    case SQLITE_BUSY:
      return "SQLITE_BUSY";
    case SQLITE_LOCKED:
      return "SQLITE_LOCKED";
    case SQLITE_NOMEM:
      return "SQLITE_NOMEM";
    case SQLITE_READONLY:
      return "SQLITE_READONLY";
    case SQLITE_INTERRUPT:
      return "SQLITE_INTERRUPT";
    case SQLITE_IOERR:
      return "SQLITE_IOERR";
    case SQLITE_CORRUPT:
      return "SQLITE_CORRUPT";
    case SQLITE_FULL:
      return "SQLITE_FULL";
    case SQLITE_CANTOPEN:
      return "SQLITE_CANTOPEN";
    case SQLITE_SCHEMA:
      return "SQLITE_SCHEMA";
    case SQLITE_TOOBIG:
      return "SQLITE_TOOBIG";
    case SQLITE_CONSTRAINT:
      return "SQLITE_CONSTRAINT";
    case SQLITE_MISMATCH:
      return "SQLITE_MISMATCH";
    case SQLITE_MISUSE:
      return "SQLITE_MISUSE";
    case SQLITE_AUTH:
      return "SQLITE_AUTH";
    case SQLITE_RANGE:
      return "SQLITE_RANGE";
    case SQLITE_NOTADB:
      return "SQLITE_NOTADB";
    default:
      return "SQLITE";
  }
}

Kind kind_of(int code) {
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Kind::busy;
    case SQLITE_INTERRUPT:
      return Kind::interrupted;
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_FULL:
    case SQLITE_CANTOPEN:
    case SQLITE_NOTADB:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_NOMEM:
      return Kind::database;
    default:
      return Kind::statement;
  }
}

}  // namespace

Error sqlite_error(sqlite3* connection, int code, std::string_view statement) {
  const std::string words = connection != nullptr ? sqlite3_errmsg(connection) : sqlite3_errstr(code);
  return Error(kind_of(code), fmt::format("SQLite: {}", words))
      .with_statement(fmt::format("{} ({})", code_name(code), code), std::string(statement));
}

SqliteStatement::SqliteStatement(sqlite3* connection, std::string_view sql)
    : m_connection(connection), m_sql(sql) {
  if (sql.size() > static_cast<std::size_t>(std::numeric_limits<int>::max()))
    throw Error(Kind::statement, "SQLite: the statement is longer than 2 GiB");
  sqlite3_stmt* statement = nullptr;
  const char* rest = nullptr;
  const int code =
      sqlite3_prepare_v2(connection, m_sql.data(), static_cast<int>(m_sql.size()), &statement, &rest);
  m_statement.reset(statement);
  if (code != SQLITE_OK) throw sqlite_error(connection, code, m_sql);
  // SQLite would leave a second statement out without a word.
  const std::string_view unread =
      std::string_view(m_sql).substr(static_cast<std::size_t>(rest - m_sql.data()));
  if (unread.find_first_not_of(" \t\r\n") != std::string_view::npos && SqliteStatement(connection, unread))
    throw Error(Kind::statement, "SQLite: there are two statements in one").with_statement({}, m_sql);
}

void SqliteStatement::bind(std::span<const Value> parameters) {
  int index = 1;
  for (const Value& value : parameters) bind(index++, value);
}

void SqliteStatement::bind(int index, const Value& value) {
  int code = SQLITE_OK;
  if (const auto* integer = std::get_if<std::int64_t>(&value))
    code = sqlite3_bind_int64(handle(), index, *integer);
  else if (const auto* real = std::get_if<double>(&value))
    code = sqlite3_bind_double(handle(), index, *real);
  else if (const auto* text = std::get_if<std::string>(&value))
    code = sqlite3_bind_text64(handle(), index, text->data(), text->size(), SQLITE_TRANSIENT, SQLITE_UTF8);
  else
    code = sqlite3_bind_null(handle(), index);
  if (code != SQLITE_OK) throw sqlite_error(m_connection, code, m_sql);
}

bool SqliteStatement::step() {
  const int code = sqlite3_step(handle());
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  throw sqlite_error(m_connection, sqlite3_extended_errcode(m_connection), m_sql);
}

void SqliteStatement::reset() {
  if (handle() == nullptr) return;
  sqlite3_reset(handle());
  sqlite3_clear_bindings(handle());
}

ValueView SqliteStatement::value(int column) const {
  const int type = sqlite3_column_type(handle(), column);
  switch (type) {
    case SQLITE_INTEGER:
      return integer(column);
    case SQLITE_FLOAT:
      return sqlite3_column_double(handle(), column);
    case SQLITE_NULL:
      return std::monostate{};
    default:
      return bytes(column, type);
  }
}

std::string_view SqliteStatement::bytes(int column) const {
  return bytes(column, sqlite3_column_type(handle(), column));
}

std::string_view SqliteStatement::bytes(int column, int type) const {
  // The pointer must be asked for before the length: the first call may convert the value.
  const void* data =
      type == SQLITE_BLOB ? sqlite3_column_blob(handle(), column) : sqlite3_column_text(handle(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle(), column));
  return data == nullptr ? std::string_view() : std::string_view(static_cast<const char*>(data), size);
}

}  // namespace bench
