#include "database/postgres/connection.hpp"

#include "base/escape.hpp"
#include "base/host.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <cstdlib>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/result>

#include "database/postgres/backend.hpp"
#include "database/postgres/error.hpp"
#include "database/postgres/text.hpp"
#include "database/statement_watch.hpp"

namespace bench {

namespace {

/// libpqxx keeps libpq's handle to itself; COPY, the state of the transaction and password verifiers need it.
class KeptHandle : public pqxx::connect_direct {
 public:
  using connect_direct::connect_direct;
  handle do_startconnect(handle original) override {
    return m_handle = connect_direct::do_startconnect(original);
  }
  handle get() const { return m_handle; }

 private:
  handle m_handle = nullptr;
};

std::string setting(std::string_view name, std::string_view value) {
  return fmt::format("{}='{}' ", name, backslashed(value, "'\\"));
}

constexpr std::size_t longest_host = 46;

std::string application_name() {
  // The server cuts names at 63 bytes; the pid must not be what goes.
  return fmt::format("bench {}:{}", host_name().substr(0, longest_host), getpid());
}

// https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-PARAMKEYWORDS
std::string connection_text(const ConnectionSettings& settings, const ConnectOptions& options) {
  std::string text = setting("dbname", settings.name) + setting("application_name", application_name());
  const std::string& place = settings.socket.empty() ? settings.host : settings.socket;
  if (!place.empty()) text += setting("host", place);
  if (settings.port != 0) text += setting("port", std::to_string(settings.port));
  if (!settings.user.empty()) text += setting("user", settings.user);
  if (!settings.password.empty()) text += setting("password", settings.password);
  if (!settings.tls_ca.empty())
    text += setting("sslmode", "verify-full") + setting("sslrootcert", settings.tls_ca);
  if (!settings.tls_certificate.empty()) text += setting("sslcert", settings.tls_certificate);
  if (!settings.tls_key.empty()) text += setting("sslkey", settings.tls_key);
  const auto seconds = (options.connect_timeout.count() + 999) / 1000;
  return text + setting("connect_timeout", std::to_string(seconds)) + setting("client_encoding", "UTF8");
}

std::optional<std::string> parameter_text(const Value& value) {
  if (is_null(value)) return std::nullopt;
  return to_text(value);
}

// pg_type.oid of the built-in types never changes.
enum TypeOid : unsigned {
  bool_oid = 16,
  bytea_oid = 17,
  int8_oid = 20,
  int2_oid = 21,
  int4_oid = 23,
  oid_oid = 26,
  float4_oid = 700,
  float8_oid = 701,
  numeric_oid = 1700
};

/// `bytes` holds what the view of a bytea shows; the others are shown where they lie.
ValueView value_of(const pqxx::field& field, std::string& bytes) {
  if (field.is_null()) return std::monostate{};
  const std::string_view text(field.c_str(), field.size());
  switch (field.type()) {
    case bool_oid:
      return std::int64_t{text == "t" ? 1 : 0};
    case int8_oid:
    case int2_oid:
    case int4_oid:
    case oid_oid: {
      std::int64_t number = 0;
      std::from_chars(text.data(), text.data() + text.size(), number);
      return number;
    }
    case float4_oid:
    case float8_oid:
      return std::strtod(field.c_str(), nullptr);
    case bytea_oid:
      return std::string_view(bytes = from_bytea(text));
    default:
      return text;
  }
}

struct ClearResult {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, ClearResult>;

// Any number will do, as long as it stays the same: it is what two runs on one database meet at.
constexpr std::int64_t site_lock_key = 7'090'215'364'172'047'211;

}  // namespace

struct PostgresDatabase::Session : pqxx::connection_base {
  explicit Session(const std::string& text) : connection_base(policy), policy(text) {
    init();
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    inhibit_reactivation(true);
#pragma GCC diagnostic pop
  }
  ~Session() {
    close();
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;
  KeptHandle policy;
};

/// A statement under way, which the watcher may cancel.
class PostgresDatabase::Watched {
 public:
  explicit Watched(StatementWatch* watcher) : m_watcher(watcher) {
    if (m_watcher != nullptr) m_watcher->begin();
  }
  ~Watched() { end(); }
  Watched(const Watched&) = delete;
  Watched& operator=(const Watched&) = delete;
  bool end() {
    if (m_watcher != nullptr) m_cancelled = std::exchange(m_watcher, nullptr)->end();
    return m_cancelled;
  }

 private:
  StatementWatch* m_watcher;
  bool m_cancelled = false;
};

PostgresDatabase::PostgresDatabase(const ConnectionSettings& settings, const ConnectOptions& options,
                                   WorksAs works_as)
    : m_settings(settings), m_options(options), m_works_as(works_as) {
  connect();
}

PostgresDatabase::~PostgresDatabase() {
  disconnect();
}

void PostgresDatabase::disconnect() {
  m_keeps_plans = false;
  m_plans.clear();
  m_watcher.reset();
  m_session.reset();
}

void PostgresDatabase::connect() {
  try {
    m_session = std::make_unique<Session>(connection_text(m_settings, m_options));
  } catch (const pqxx::failure& failure) {
    const Error error =
        postgres_error({.sqlstate = "", .words = failure.what(), .connection_lost = true}, "");
    throw error.with_context(fmt::format("cannot connect to {}", describe(m_settings)))
        .with_hint(connection_hint(failure.what()));
  }
  if (m_options.cancelled)
    m_watcher = std::make_unique<StatementWatch>(
        m_options.cancelled, [this] { cancel_statement(); }, std::chrono::milliseconds(20));
  prepare_session();
}

// On the watch's thread. When the server cannot be reached now, the next try may succeed.
void PostgresDatabase::cancel_statement() const {
  try {
    m_session->cancel_query();
  } catch (const std::exception&) {
  }
}

// What the server or the database has set for ordinary sessions must not cut a patch or a dump short.
void PostgresDatabase::prepare_session() {
  PQsetErrorVerbosity(handle(), PQERRORS_VERBOSE);
  std::string settings =
      "SET client_min_messages = warning; SET statement_timeout = 0; SET lock_timeout = 0; "
      "SET idle_in_transaction_session_timeout = 0;";
  // So that a bench that was killed inside a statement does not keep its locks until the statement ends.
  if (version_number() >= 140'000)
    settings += " SET client_connection_check_interval = '500ms'; SET idle_session_timeout = 0;";
  if (m_options.access == Access::read_only) settings += " SET default_transaction_read_only = on;";
  // Most connections are an app's, who is a member of nobody; to find the owner takes longer than to connect.
  if (m_works_as == WorksAs::owner)
    settings +=
        " SELECT EXISTS (SELECT FROM pg_catalog.pg_auth_members WHERE member = "
        "pg_catalog.quote_ident(current_user)::pg_catalog.regrole)";
  try {
    const pqxx::result last = pqxx::nontransaction(*m_session).exec(settings);
    if (m_works_as == WorksAs::itself || !(is_superuser() || last[0][0].as<bool>())) return;
  } catch (const pqxx::failure& failure) {
    fail("", failure.what(), settings, false);
  }
  take_owner_role();
}

// An adopted site's tables may belong to its app account, and then so must those that patches create.
std::string PostgresDatabase::owner_of_objects() {
  return to_text(
      value("SELECT pg_catalog.pg_get_userbyid(coalesce((SELECT c.relowner FROM pg_catalog.pg_class c JOIN "
            "pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p') AND n.nspname "
            "!~ '^pg_' "
            "AND n.nspname <> 'information_schema' GROUP BY c.relowner ORDER BY count(*) DESC LIMIT 1), "
            "(SELECT datdba "
            "FROM pg_catalog.pg_database WHERE datname = current_database())))"));
}

void PostgresDatabase::take_owner_role() {
  const std::string owner = owner_of_objects();
  const std::vector<Value> parameters{owner, owner};
  const bool may =
      to_integer(value("SELECT current_user <> ?::name AND pg_catalog.pg_has_role(?::name, 'MEMBER')",
                       parameters)) == 1;
  if (!may) return;
  m_role = owner;
  execute("SET ROLE " + quote_name(m_role));
}

void PostgresDatabase::reconnect() {
  disconnect();
  connect();
  if (!std::exchange(m_holds_site_lock, false)) return;
  if (const auto holder = try_site_lock())
    throw Error(Kind::busy,
                fmt::format("{}: another run took the site: {}", describe(m_settings), holder->told));
}

pg_conn* PostgresDatabase::handle() const {
  return m_session->policy.get();
}

const Features& PostgresDatabase::features() const {
  return postgres_backend().features;
}

bool PostgresDatabase::is_alive() {
  try {
    execute("SELECT 1");
    return true;
  } catch (const Error& error) {
    if (error.kind() != Kind::database) throw;
    return false;
  }
}

int PostgresDatabase::version_number() const {
  return PQserverVersion(handle());
}

int PostgresDatabase::backend_pid() const {
  return PQbackendPID(handle());
}

// A pooler answers with a process number of its own invention.
bool PostgresDatabase::is_pooled() {
  return to_integer(value("SELECT pg_backend_pid()")) != backend_pid();
}

void PostgresDatabase::keep_plans() {
  if (version_number() < 120'000 || is_pooled()) return;
  execute("SET plan_cache_mode = force_generic_plan");
  m_keeps_plans = true;
}

const std::string& PostgresDatabase::plan_of(const std::string& text) {
  const auto [plan, is_new] = m_plans.try_emplace(text, fmt::format("bench_{}", m_plans.size()));
  if (is_new) m_session->prepare(plan->second, text);
  return plan->second;
}

bool PostgresDatabase::is_superuser() const {
  const char* answer = PQparameterStatus(handle(), "is_superuser");
  return answer != nullptr && std::string_view(answer) == "on";
}

std::string PostgresDatabase::server_version() {
  const std::string version = PQparameterStatus(handle(), "server_version");
  return "PostgreSQL " + version.substr(0, version.find(' '));
}

void PostgresDatabase::fail(std::string sqlstate, std::string words, std::string_view statement,
                            bool cancelled) {
  const bool lost = PQstatus(handle()) == CONNECTION_BAD;
  // What libpqxx then says is of what it was about to do next.
  if (lost && sqlstate.empty()) words = fmt::format("the connection was lost: {}", PQerrorMessage(handle()));
  const Error error = postgres_error({std::move(sqlstate), std::move(words), lost, cancelled}, statement);
  throw lost ? error.with_context(describe(m_settings)) : error;
}

void PostgresDatabase::read(std::string_view statement, std::span<const Value> parameters,
                            const std::function<void(RowView)>& see, std::vector<AnswerColumn>* answered) {
  // Without parameters a `?` is an operator (jsonb has one).
  const std::string text = parameters.empty() ? std::string(statement) : numbered_parameters(statement);
  std::vector<std::optional<std::string>> values;
  std::vector<const char*> pointers;
  for (const Value& value : parameters) values.push_back(parameter_text(value));
  for (const auto& value : values) {
    // It would be cut off there, without a word.
    if (value && value->find('\0') != std::string::npos)
      throw Error(Kind::statement, "PostgreSQL: a text cannot hold a NUL character")
          .with_statement("22021", std::string(statement));
    pointers.push_back(value ? value->c_str() : nullptr);
  }
  if (!m_session) throw Error(Kind::database, describe(m_settings) + ": the connection is closed");
  Watched watched(m_watcher.get());
  try {
    // With parameters, even none, the server itself refuses two statements in one.
    pqxx::nontransaction transaction(*m_session);
    const auto given = pqxx::prepare::make_dynamic_params(pointers);
    const bool has_plan = m_keeps_plans && (text.starts_with("SELECT") || text.starts_with("WITH"));
    const pqxx::result result =
        has_plan ? transaction.exec_prepared(plan_of(text), given) : transaction.exec_params(text, given);
    refuse_open_copy(statement);
    if (answered != nullptr)
      for (pqxx::row_size_type column = 0; column < result.columns(); ++column)
        answered->push_back({result.column_name(column), result.column_type(column) == numeric_oid});
    const auto columns = static_cast<std::size_t>(result.columns());
    std::vector<std::string> bytes(columns);
    std::vector<ValueView> views(columns);
    for (const pqxx::row& row : result) {
      for (std::size_t column = 0; column < columns; ++column)
        views[column] = value_of(row[static_cast<pqxx::row_size_type>(column)], bytes[column]);
      see(views);
    }
  } catch (const pqxx::sql_error& error) {
    fail(error.sqlstate(), error.what(), statement, watched.end());
  } catch (const pqxx::failure& failure) {
    fail("", failure.what(), statement, watched.end());
  }
}

void PostgresDatabase::execute(std::string_view statement, std::span<const Value> parameters) {
  read(statement, parameters, [](RowView) {});
}

Value PostgresDatabase::value(std::string_view statement, std::span<const Value> parameters) {
  return query(statement, parameters).at(0).at(0);
}

void PostgresDatabase::refuse_open_copy(std::string_view statement) {
  if (PQtransactionStatus(handle()) != PQTRANS_ACTIVE) return;
  PQputCopyEnd(handle(), "there is nobody to copy from");
  char* line = nullptr;
  while (PQgetCopyData(handle(), &line, 0) > 0) PQfreemem(line);
  while (Result(PQgetResult(handle()))) {
  }
  throw Error(Kind::statement, "PostgreSQL: COPY from stdin or to stdout cannot run here",
              "write the rows as INSERT")
      .with_statement("0A000", std::string(statement));
}

bool PostgresDatabase::has_table(std::string_view table) {
  const std::vector<Value> name{std::string(table)};
  return !query(
              "SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
              "WHERE c.relkind IN ('r', 'p') AND n.nspname = current_schema() AND c.relname = ?",
              name)
              .empty();
}

std::vector<std::string> PostgresDatabase::tables() {
  std::vector<std::string> names;
  for (const Row& row : query(
           "SELECT c.relname::text COLLATE \"C\" FROM pg_catalog.pg_class c "
           "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
           "WHERE c.relkind IN ('r', 'p') AND n.nspname = current_schema() AND NOT EXISTS (SELECT 1 FROM "
           "pg_catalog.pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype "
           "= 'e') ORDER BY 1"))
    names.push_back(to_text(row[0]));
  return names;
}

bool PostgresDatabase::in_transaction() {
  return m_session && PQtransactionStatus(handle()) != PQTRANS_IDLE;
}

void PostgresDatabase::begin() {
  execute("BEGIN");
}

// COMMIT of a transaction in which a statement failed rolls back, and the server calls that a success.
void PostgresDatabase::commit() {
  if (PQtransactionStatus(handle()) == PQTRANS_INERROR) {
    execute("ROLLBACK");
    throw Error(Kind::statement,
                "PostgreSQL: a statement of this transaction failed, so it cannot be committed")
        .with_statement("25P02", "COMMIT");
  }
  execute("COMMIT");
}

void PostgresDatabase::rollback() {
  if (in_transaction()) execute("ROLLBACK");
}

std::optional<Database::LockHolder> PostgresDatabase::try_site_lock() {
  if (m_holds_site_lock) return std::nullopt;
  const std::vector<Value> key{site_lock_key};
  m_holds_site_lock = to_integer(value("SELECT pg_catalog.pg_try_advisory_lock(?)", key)) == 1;
  if (m_holds_site_lock) return std::nullopt;
  return lock_holder();
}

// pg_locks shows the key in two halves. Only the account itself may see when its other session began, so the
// role is put aside for the question.
Database::LockHolder PostgresDatabase::lock_holder() {
  if (!m_role.empty()) execute("RESET ROLE");
  const std::vector<Value> key{site_lock_key >> 32, site_lock_key & 0xFFFFFFFF};
  const auto rows = query(
      "SELECT a.pid, a.application_name, a.usename, to_char(a.backend_start, 'YYYY-MM-DD HH24:MI:SS') "
      "FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid WHERE l.locktype = "
      "'advisory' AND l.granted AND l.classid::bigint = ? AND l.objid::bigint = ? AND l.database = (SELECT "
      "oid "
      "FROM pg_catalog.pg_database WHERE datname = current_database())",
      key);
  if (!m_role.empty()) execute("SET ROLE " + quote_name(m_role));
  if (rows.empty()) return {.host = {}, .told = "a session that has just ended"};
  const std::string name = to_text(rows[0][1]);
  const std::size_t colon = name.rfind(':');
  const std::string since = is_null(rows[0][3]) ? "" : fmt::format(", since {}", to_text(rows[0][3]));
  if (!name.starts_with("bench ") || colon == std::string::npos)
    return {.host = {},
            .told = fmt::format("{} (session {} of {}){}", name, to_text(rows[0][0]), to_text(rows[0][2]),
                                since)};
  const std::string host = name.substr(6, colon - 6);
  int pid = 0;
  std::from_chars(name.data() + colon + 1, name.data() + name.size(), pid);
  return {.host = host == host_name().substr(0, longest_host) ? host_name() : host,
          .pid = pid,
          .told = fmt::format("host {}, pid {}{}", host, name.substr(colon + 1), since)};
}

void PostgresDatabase::check_result(void* result, std::string_view statement, bool cancelled) {
  const auto* answer = static_cast<const PGresult*>(result);
  const ExecStatusType status = answer == nullptr ? PGRES_FATAL_ERROR : PQresultStatus(answer);
  if (status != PGRES_FATAL_ERROR && status != PGRES_BAD_RESPONSE) return;
  const char* sqlstate = answer == nullptr ? nullptr : PQresultErrorField(answer, PG_DIAG_SQLSTATE);
  fail(sqlstate == nullptr ? "" : sqlstate, PQerrorMessage(handle()), statement, cancelled);
}

void PostgresDatabase::drain_results(std::string_view statement, bool cancelled) {
  std::vector<Result> results;
  while (Result result{PQgetResult(handle())}) results.push_back(std::move(result));
  for (const Result& result : results) check_result(result.get(), statement, cancelled);
}

void PostgresDatabase::copy_out(const std::string& statement,
                                const std::function<void(std::string_view)>& row) {
  Watched watched(m_watcher.get());
  const Result begun(PQexec(handle(), statement.c_str()));
  if (PQresultStatus(begun.get()) != PGRES_COPY_OUT) check_result(begun.get(), statement, watched.end());
  char* line = nullptr;
  for (int size = 0; (size = PQgetCopyData(handle(), &line, 0)) > 0;) {
    const std::unique_ptr<char, decltype(&PQfreemem)> owned(line, PQfreemem);
    row({line, static_cast<std::size_t>(size)});
  }
  drain_results(statement, watched.end());
}

void PostgresDatabase::begin_copy(const std::string& statement) {
  Watched watched(m_watcher.get());
  const Result begun(PQexec(handle(), statement.c_str()));
  if (PQresultStatus(begun.get()) != PGRES_COPY_IN) {
    check_result(begun.get(), statement, watched.end());
    throw Error(Kind::statement, "PostgreSQL: this is no COPY from stdin").with_statement("", statement);
  }
  m_copy = statement;
}

void PostgresDatabase::put_copy(std::string_view piece) {
  if (PQputCopyData(handle(), piece.data(), static_cast<int>(piece.size())) != 1)
    fail("", PQerrorMessage(handle()), m_copy, false);
  if (m_options.cancelled && m_options.cancelled()) {
    PQputCopyEnd(handle(), "cancelled");
    drain_results(m_copy, true);
  }
}

void PostgresDatabase::end_copy() {
  Watched watched(m_watcher.get());
  if (PQputCopyEnd(handle(), nullptr) != 1) fail("", PQerrorMessage(handle()), m_copy, watched.end());
  drain_results(m_copy, watched.end());
}

std::string PostgresDatabase::password_verifier(const std::string& user, const std::string& password) {
  const std::unique_ptr<char, decltype(&PQfreemem)> verifier(
      PQencryptPasswordConn(handle(), password.c_str(), user.c_str(), nullptr), PQfreemem);
  if (!verifier) fail("", PQerrorMessage(handle()), "ALTER ROLE ... PASSWORD", false);
  return verifier.get();
}

ConnectionSettings with_name(ConnectionSettings settings, const std::string& name) {
  settings.name = name;
  return settings;
}

bool postgres_server_answers(const ConnectionSettings& settings) {
  const ConnectOptions options{.connect_timeout = std::chrono::seconds(2)};
  return PQping(connection_text(settings, options).c_str()) == PQPING_OK;
}

std::unique_ptr<PostgresDatabase> connect_to_server(const ConnectionSettings& settings) {
  const auto open = [&settings](const char* name) {
    return std::make_unique<PostgresDatabase>(with_name(settings, name), ConnectOptions{},
                                              PostgresDatabase::WorksAs::itself);
  };
  try {
    return open("postgres");
  } catch (const Error& error) {
    if (std::string_view(error.what()).find("\"postgres\" does not exist") == std::string_view::npos) throw;
    return open("template1");
  }
}

std::string describe_session(const Row& row) {
  constexpr std::size_t enough = 120;
  std::string statement = to_text(row[3]);
  while (statement.ends_with(';') || statement.ends_with('\n')) statement.pop_back();
  return fmt::format("pid {}, user {}, for {} s: {}{}", to_text(row[0]), to_text(row[1]), to_integer(row[2]),
                     std::string_view(statement).substr(0, enough), statement.size() > enough ? "..." : "");
}

}  // namespace bench
