#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "database/backend.hpp"
#include "database/database.hpp"

namespace sql {
class Connection;
class ResultSet;
}  // namespace sql

namespace bench {

class Error;
class StatementWatch;

/// One connection to a MariaDB server; when it is lost it stays lost. The session keeps the server's
/// sql_mode, since patches are written for it.
class MariadbDatabase final : public Database {
 public:
  /// Without a name in the settings: connected to the server only. Error{database} names the server, user and
  /// database.
  MariadbDatabase(const ConnectionSettings& settings, const ConnectOptions& options);
  ~MariadbDatabase() override;

  Dialect dialect() const override { return Dialect::mariadb; }
  const Features& features() const override;
  std::string server_version() override;
  void execute(std::string_view statement, std::span<const Value> parameters = {}) override;
  void read(std::string_view statement, std::span<const Value> parameters,
            const std::function<void(RowView)>& see, std::vector<AnswerColumn>* answered = nullptr) override;
  bool has_table(std::string_view table) override;
  std::vector<std::string> tables() override;
  std::vector<Column> columns(std::string_view table) override;
  bool in_transaction() override;
  bool has_tables_without_transactions() override;
  std::optional<std::string> definition_of(std::string_view statement) override;
  void execute_patiently(std::string_view statement, const LockPatience& patience) override;
  std::optional<LockHolder> try_site_lock() override;

  const ConnectionSettings& settings() const { return m_settings; }
  /// What cancels its statements; empty: nothing.
  const std::function<bool()>& cancelled() const { return m_cancelled; }
  std::int64_t connection_id() const { return m_id; }
  /// The first value of the first row; NULL where there is none.
  Value value(std::string_view statement, std::span<const Value> parameters = {});
  /// Hands on the rows of one SELECT as they arrive, in bounded memory. An error that comes in the middle is
  /// thrown too.
  void stream(std::string_view statement, const std::function<void(const sql::ResultSet&)>& row);

 protected:
  void begin() override { execute("START TRANSACTION"); }
  void commit() override { execute("COMMIT"); }
  void rollback() override { execute("ROLLBACK"); }

 private:
  class Watched;
  void open(const ConnectOptions& options);
  void prepare_session(Access access);
  void cancel_statement() const;
  void run(std::string_view statement, std::span<const Value> parameters,
           const std::function<void(const sql::ResultSet&)>& row);
  void wait_between_tries(std::chrono::milliseconds pause) const;
  void note_lock_holder();

  ConnectionSettings m_settings;
  std::function<bool()> m_cancelled;
  std::chrono::milliseconds m_connect_timeout;
  std::unique_ptr<sql::Connection> m_connection;
  std::int64_t m_id = 0;
  std::unique_ptr<StatementWatch> m_watch;
};

/// "MariaDB at socket /run/mysqld/mysqld.sock": for messages.
std::string describe_server(const ConnectionSettings& settings);

/// With the one that MariaDB takes when none is named.
int port_of(const ConnectionSettings& settings);

/// The same server and account, connected to no database.
ConnectionSettings without_database(ConnectionSettings settings);

}  // namespace bench
