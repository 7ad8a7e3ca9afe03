#include "database/mariadb/connection.hpp"

#include <cppconn/driver.h>
#include <cppconn/exception.h>
#include <cppconn/resultset.h>
#include <cppconn/resultset_metadata.h>
#include <cppconn/statement.h>
#include <fmt/format.h>
#include <mysql_connection.h>
#include <mysql_driver.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>

#include "base/error.hpp"
#include "base/host.hpp"
#include "database/mariadb/backend.hpp"
#include "database/mariadb/literal.hpp"
#include "database/statement_watch.hpp"

namespace bench {

namespace {

// Error codes: https://mariadb.com/kb/en/mariadb-error-codes/
constexpr int interrupted_code = 1317;
constexpr std::array busy_codes{1205, 1213};
constexpr std::array lost_codes{1053, 1152, 1158, 1159, 1160, 1161, 1184, 1927, 2006, 2013, 2055, 4031};

template <std::size_t size>
bool is_one_of(int code, const std::array<int, size>& codes) {
  return std::find(codes.begin(), codes.end(), code) != codes.end();
}

Kind kind_of(int code, bool was_cancelled) {
  if (code == interrupted_code && was_cancelled) return Kind::interrupted;
  if (is_one_of(code, busy_codes)) return Kind::busy;
  return is_one_of(code, lost_codes) ? Kind::database : Kind::statement;
}

sql::SQLString driver_text(const std::string& text) {
  return {text.data(), text.size()};
}

std::string host_of(const ConnectionSettings& settings) {
  return settings.host.empty() ? "127.0.0.1" : settings.host;
}

sql::ConnectOptionsMap driver_options(const ConnectionSettings& settings, std::chrono::milliseconds timeout) {
  sql::ConnectOptionsMap options;
  options["hostName"] =
      driver_text(settings.socket.empty() ? fmt::format("tcp://{}:{}", host_of(settings), port_of(settings))
                                          : "unix://" + settings.socket);
  options["userName"] = driver_text(settings.user);
  options["password"] = driver_text(settings.password);
  if (!settings.name.empty()) options["schema"] = driver_text(settings.name);
  options["OPT_CHARSET_NAME"] = sql::SQLString("utf8mb4");
  options["OPT_CONNECT_TIMEOUT"] = static_cast<int>(std::max<std::int64_t>(1, timeout.count() / 1000));
  options["OPT_RECONNECT"] = false;
  options["OPT_LOCAL_INFILE"] = 0;
  options["OPT_CONNECT_ATTR_ADD"] = std::map<sql::SQLString, sql::SQLString>{
      {"program_name", driver_text(fmt::format("bench {}:{}", host_name(), getpid()))}};
  if (!settings.tls_ca.empty()) {
    options["sslCA"] = driver_text(settings.tls_ca);
    options["sslVerify"] = true;
  }
  if (!settings.tls_certificate.empty()) options["sslCert"] = driver_text(settings.tls_certificate);
  if (!settings.tls_key.empty()) options["sslKey"] = driver_text(settings.tls_key);
  return options;
}

template <typename Number>
ValueView number_or_text(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return text;
  return number;
}

/// `text` holds what the view shows.
ValueView value_of(const sql::ResultSet& rows, unsigned column, int type, sql::SQLString& text) {
  text = rows.getString(column);
  if (rows.isNull(column)) return std::monostate{};
  switch (type) {
    case sql::DataType::BIT:
    case sql::DataType::TINYINT:
    case sql::DataType::SMALLINT:
    case sql::DataType::MEDIUMINT:
    case sql::DataType::INTEGER:
    case sql::DataType::BIGINT:
    case sql::DataType::YEAR:
      return number_or_text<std::int64_t>(text.asStdString());
    case sql::DataType::REAL:
    case sql::DataType::DOUBLE:
      return number_or_text<double>(text.asStdString());
    default:
      return std::string_view(text.asStdString());
  }
}

bool is_decimal(int type) {
  return type == sql::DataType::DECIMAL || type == sql::DataType::NUMERIC;
}

std::vector<int> column_types(sql::ResultSetMetaData& meta) {
  std::vector<int> types;
  for (unsigned column = 1; column <= meta.getColumnCount(); ++column)
    types.push_back(meta.getColumnType(column));
  return types;
}

}  // namespace

/// The time in which a statement may be cancelled.
class MariadbDatabase::Watched {
 public:
  explicit Watched(StatementWatch* watch) : m_watch(watch) {
    if (m_watch != nullptr) m_watch->begin();
  }
  ~Watched() { end(); }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;
  bool end() {
    if (m_watch != nullptr) m_was_cancelled = m_watch->end();
    m_watch = nullptr;
    return m_was_cancelled;
  }

 private:
  StatementWatch* m_watch;
  bool m_was_cancelled = false;
};

int port_of(const ConnectionSettings& settings) {
  return settings.port == 0 ? 3306 : settings.port;
}

std::string describe_server(const ConnectionSettings& settings) {
  if (!settings.socket.empty()) return "MariaDB at socket " + settings.socket;
  return fmt::format("MariaDB at {}:{}", host_of(settings), port_of(settings));
}

ConnectionSettings without_database(ConnectionSettings settings) {
  settings.name.clear();
  return settings;
}

MariadbDatabase::MariadbDatabase(const ConnectionSettings& settings, const ConnectOptions& options)
    : m_settings(settings), m_cancelled(options.cancelled), m_connect_timeout(options.connect_timeout) {
  open(options);
  // A statement that is shorter than this is not worth a second connection.
  constexpr std::chrono::milliseconds pause{50};
  if (m_cancelled)
    m_watch = std::make_unique<StatementWatch>(
        m_cancelled, [this] { cancel_statement(); }, pause);
}

MariadbDatabase::~MariadbDatabase() = default;

void MariadbDatabase::open(const ConnectOptions& options) {
  const auto told = [this](const char* reason) {
    return Error(
        Kind::database,
        fmt::format("cannot connect to {} as user {}{}: {}", describe_server(m_settings), m_settings.user,
                    m_settings.name.empty() ? "" : ", database " + m_settings.name, reason),
        connection_hint(reason));
  };
  try {
    auto driver_settings = driver_options(m_settings, options.connect_timeout);
    m_connection.reset(sql::mysql::get_mysql_driver_instance()->connect(driver_settings));
    prepare_session(options.access);
  } catch (const sql::SQLException& error) {
    throw told(error.what()).with_statement(error.getSQLState(), "", error.getErrorCode());
  } catch (const Error& error) {
    throw told(error.what());
  }
}

// A run may sleep for as long as a backup takes, and a stream may be read as slowly as a disk writes.
void MariadbDatabase::prepare_session(Access access) {
  execute(
      fmt::format("SET SESSION wait_timeout = 2147483, net_read_timeout = 86400, net_write_timeout = 86400, "
                  "max_statement_time = 0, lock_wait_timeout = 60, tx_read_only = {}",
                  access == Access::read_only ? 1 : 0));
  m_id = to_integer(value("SELECT CONNECTION_ID()"));
}

// On the watch's thread. When the server cannot be reached now, the next try may succeed.
void MariadbDatabase::cancel_statement() const {
  try {
    MariadbDatabase other(without_database(m_settings), {.connect_timeout = m_connect_timeout});
    other.execute(fmt::format("KILL QUERY {}", m_id));
  } catch (const Error&) {
  }
}

void MariadbDatabase::run(std::string_view statement, std::span<const Value> parameters,
                          const std::function<void(const sql::ResultSet&)>& row) {
  const std::string bound = bind_mariadb(statement, parameters);
  Watched watched(m_watch.get());
  try {
    const std::unique_ptr<sql::Statement> running(m_connection->createStatement());
    bool has_rows = running->execute(driver_text(bound));
    // A CALL answers several results, and an error may come with the last of them.
    do {
      if (!has_rows) continue;
      const std::unique_ptr<sql::ResultSet> rows(running->getResultSet());
      while (row && rows->next()) row(*rows);
    } while ((has_rows = running->getMoreResults()));
  } catch (const sql::SQLException& error) {
    throw Error(kind_of(error.getErrorCode(), watched.end()), error.what())
        .with_statement(error.getSQLState(), std::string(statement), error.getErrorCode());
  }
}

void MariadbDatabase::stream(std::string_view statement,
                             const std::function<void(const sql::ResultSet&)>& row) {
  Watched watched(m_watch.get());
  try {
    const std::unique_ptr<sql::Statement> running(m_connection->createStatement());
    running->setResultSetType(sql::ResultSet::TYPE_FORWARD_ONLY);
    const std::unique_ptr<sql::ResultSet> rows(running->executeQuery(driver_text(std::string(statement))));
    while (rows->next()) row(*rows);
  } catch (const sql::SQLException& error) {
    throw Error(kind_of(error.getErrorCode(), watched.end()), error.what())
        .with_statement(error.getSQLState(), std::string(statement), error.getErrorCode());
  }
  const bool was_cancelled = watched.end();
  // The driver takes an error in the middle of the rows for their end; the session remembers it.
  for (const Row& error : query("SHOW ERRORS")) {
    const int code = static_cast<int>(to_integer(error.at(1)));
    throw Error(kind_of(code, was_cancelled), to_text(error.at(2)))
        .with_statement("HY000", std::string(statement), code);
  }
}

const Features& MariadbDatabase::features() const {
  return mariadb_backend().features;
}

std::string MariadbDatabase::server_version() {
  const std::string version = to_text(value("SELECT VERSION()"));
  return "MariaDB " + version.substr(0, version.find('-'));
}

void MariadbDatabase::execute(std::string_view statement, std::span<const Value> parameters) {
  run(statement, parameters, {});
}

void MariadbDatabase::read(std::string_view statement, std::span<const Value> parameters,
                           const std::function<void(RowView)>& see, std::vector<AnswerColumn>* answered) {
  std::vector<int> types;
  std::vector<sql::SQLString> texts;
  std::vector<ValueView> views;
  run(statement, parameters, [&](const sql::ResultSet& result) {
    auto* meta = result.getMetaData();
    // A CALL answers several results.
    if (result.getRow() == 1) types = column_types(*meta);
    if (answered != nullptr && answered->empty())
      for (unsigned column = 1; column <= types.size(); ++column)
        answered->push_back({meta->getColumnLabel(column).c_str(), is_decimal(types[column - 1])});
    texts.resize(types.size());
    views.clear();
    for (unsigned column = 1; column <= types.size(); ++column)
      views.push_back(value_of(result, column, types[column - 1], texts[column - 1]));
    see(views);
  });
}

Value MariadbDatabase::value(std::string_view statement, std::span<const Value> parameters) {
  const auto rows = query(statement, parameters);
  return rows.empty() ? Value() : rows.front().at(0);
}

bool MariadbDatabase::has_table(std::string_view table) {
  const std::vector<Value> name{std::string(table)};
  return !query(
              "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = ? "
              "AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')",
              name)
              .empty();
}

std::vector<std::string> MariadbDatabase::tables() {
  std::vector<std::string> names;
  for (const Row& row : query("SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = "
                              "DATABASE() AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED')"))
    names.push_back(to_text(row[0]));
  std::sort(names.begin(), names.end());
  return names;
}

bool MariadbDatabase::has_tables_without_transactions() {
  return !query(
              "SELECT 1 FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_TYPE IN "
              "('BASE TABLE', 'SYSTEM VERSIONED') AND ENGINE <> 'InnoDB' LIMIT 1")
              .empty();
}

bool MariadbDatabase::in_transaction() {
  return to_integer(value("SELECT @@in_transaction")) != 0;
}

}  // namespace bench
