#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "database/backend.hpp"
#include "database/database.hpp"

struct pg_conn;

namespace bench {

class StatementWatch;

/// One connection to a PostgreSQL database. Statements go through libpqxx outside of its transaction classes:
/// transactions are begun and ended by statements of our own. A connection that is lost is never made anew
/// behind our back: that would lose its lock and role.
class PostgresDatabase final : public Database {
 public:
  /// As whom it works. `owner`: an account that may take the role that owns the site's objects takes it, so
  /// that what it creates belongs to that role, and what it reads is what it wrote. `itself`: with the
  /// account's own rights.
  enum class WorksAs { owner, itself };

  /// Error{database} names the database, place and account.
  PostgresDatabase(const ConnectionSettings& settings, const ConnectOptions& options,
                   WorksAs works_as = WorksAs::owner);
  ~PostgresDatabase() override;

  Dialect dialect() const override { return Dialect::postgres; }
  const Features& features() const override;
  std::string server_version() override;
  void execute(std::string_view statement, std::span<const Value> parameters = {}) override;
  void read(std::string_view statement, std::span<const Value> parameters,
            const std::function<void(RowView)>& see, std::vector<AnswerColumn>* answered = nullptr) override;
  bool has_table(std::string_view table) override;
  std::vector<std::string> tables() override;
  std::vector<Column> columns(std::string_view table) override;
  bool in_transaction() override;
  std::optional<std::string> definition_of(std::string_view statement) override;
  void execute_patiently(std::string_view statement, const LockPatience& patience) override;
  std::optional<LockHolder> try_site_lock() override;

  /// The first value of the only row.
  Value value(std::string_view statement, std::span<const Value> parameters = {});
  /// Asks the server.
  bool is_alive();
  /// 150018 for 15.18.
  int version_number() const;
  int backend_pid() const;
  /// Whether a pooler stands in between, which may give this session to others.
  bool is_pooled();
  /// From now on the server plans each query once, however often it is asked. Does nothing through a pooler.
  void keep_plans();
  bool is_superuser() const;
  /// The role that owns the tables, or the database where there are none.
  std::string owner_of_objects();
  const ConnectionSettings& settings() const { return m_settings; }
  const ConnectOptions& options() const { return m_options; }

  /// COPY ... TO STDOUT: each row with its line break.
  void copy_out(const std::string& statement, const std::function<void(std::string_view)>& row);
  /// COPY ... FROM STDIN in pieces; `end_copy` answers what the server made of all of them.
  void begin_copy(const std::string& statement);
  void put_copy(std::string_view piece);
  void end_copy();

  /// What the server keeps instead of a password, so that the password itself is in no statement.
  std::string password_verifier(const std::string& user, const std::string& password);

  /// Ends the session and begins a new one, with the same role and site lock; for when the database is
  /// replaced under its name.
  void disconnect();
  void reconnect();

 protected:
  void begin() override;
  void commit() override;
  void rollback() override;

 private:
  struct Session;
  class Watched;
  void connect();
  void cancel_statement() const;
  void prepare_session();
  void take_owner_role();
  LockHolder lock_holder();
  pg_conn* handle() const;
  [[noreturn]] void fail(std::string sqlstate, std::string words, std::string_view statement, bool cancelled);
  void check_result(void* result, std::string_view statement, bool cancelled);
  void drain_results(std::string_view statement, bool cancelled);
  void refuse_open_copy(std::string_view statement);
  const std::string& plan_of(const std::string& text);

  ConnectionSettings m_settings;
  ConnectOptions m_options;
  WorksAs m_works_as;
  std::string m_role;  ///< that was taken; empty: none
  bool m_holds_site_lock = false;
  std::unique_ptr<Session> m_session;
  std::unique_ptr<StatementWatch> m_watcher;  ///< before the session goes, it must be gone
  std::string m_copy;                         ///< the COPY under way
  bool m_keeps_plans = false;
  std::map<std::string, std::string> m_plans;  ///< of this session: the statement's name by its text
};

/// Whether a server takes connections there; who asks, and for which database, does not matter.
bool postgres_server_answers(const ConnectionSettings& settings);

/// A connection to another database of the same server, for what cannot be done from inside one.
std::unique_ptr<PostgresDatabase> connect_to_server(const ConnectionSettings& settings);
/// The settings with another database.
ConnectionSettings with_name(ConnectionSettings settings, const std::string& name);

/// "pid 12, user u, for 3 s: UPDATE t ..." from columns pid, usename, age in seconds, query.
std::string describe_session(const Row& row);

}  // namespace bench
