#include "database/postgres/scratch.hpp"

#include <fmt/format.h>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "database/postgres/accounts.hpp"
#include "database/postgres/error.hpp"
#include "database/postgres/exporter.hpp"
#include "database/postgres/loader.hpp"
#include "database/postgres/swap.hpp"
#include "database/postgres/text.hpp"

namespace bench {

namespace {

void drop_account(PostgresDatabase& server, const std::string& name) {
  if (postgres_role_exists(server, name)) server.execute("DROP ROLE IF EXISTS " + quote_name(name));
}

bool is_superuser_role(PostgresDatabase& server, const std::string& role) {
  const std::vector<Value> name{role};
  return !server.query("SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = ? AND rolsuper", name).empty();
}

bool may_create_roles(PostgresDatabase& server) {
  return to_integer(server.value(
             "SELECT rolsuper OR rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = session_user")) == 1;
}

/// Which role owns the live database's objects; nullopt when that database cannot be asked.
std::optional<std::string> live_owner(const ConnectionSettings& admin) {
  try {
    return PostgresDatabase(admin, {}, PostgresDatabase::WorksAs::itself).owner_of_objects();
  } catch (const Error& error) {
    if (error.kind() != Kind::database) throw;
    return std::nullopt;
  }
}

}  // namespace

std::string scratch_name(const SiteDatabase& site, std::string_view owner) {
  return within_identifier_limit(fmt::format("{}_bench_{}", site.app.name, owner));
}

std::string replaced_name(const SiteDatabase& site, std::string_view owner) {
  return within_identifier_limit(fmt::format("{}_bench_{}_replaced", site.app.name, owner));
}

/// An account for as long as a dump is loaded, which owns the scratch and nothing else: a dump comes from
/// outside, and what it runs must find the way neither to an administrator nor to the site's own database.
class PostgresScratch::LoaderAccount {
 public:
  explicit LoaderAccount(const PostgresScratch& scratch)
      : m_scratch(scratch), m_server(connect_to_server(scratch.m_admin)), m_settings(scratch.settings()) {
    // An adopted site's account may have to load by itself.
    if (!may_create_roles(*m_server)) return;
    m_settings.user = scratch.m_name;
    m_settings.password = random_hex(24);
    create();
  }
  ~LoaderAccount() {
    // recover_scratch drops what cannot be dropped now.
    try {
      hand_over();
    } catch (const Error&) {
    }
  }
  LoaderAccount(const LoaderAccount&) = delete;
  LoaderAccount& operator=(const LoaderAccount&) = delete;

  std::unique_ptr<PostgresDatabase> connect() const {
    auto database = std::make_unique<PostgresDatabase>(m_settings, m_scratch.m_options,
                                                       PostgresDatabase::WorksAs::itself);
    if (!m_made) database->execute("SET ROLE " + quote_name(m_scratch.m_role));
    return database;
  }

  /// What was loaded, and the scratch itself, belong to the site's owner from now on.
  void hand_over() {
    if (!m_made) return;
    const std::string name = quote_name(m_settings.user);
    PostgresDatabase inside(m_scratch.settings(), {}, PostgresDatabase::WorksAs::itself);
    const std::string owner = quote_name(m_scratch.m_role);
    // First, for a publication's owner needs rights on it.
    inside.execute(fmt::format("ALTER DATABASE {} OWNER TO {}", quote_name(m_scratch.m_name), owner));
    inside.execute(fmt::format("REASSIGN OWNED BY {} TO {}", name, owner));
    inside.execute("DROP OWNED BY " + name);
    drop_account(*m_server, m_settings.user);
    m_made = false;
  }

 private:
  void create() {
    const std::string name = quote_name(m_settings.user);
    drop_account(*m_server, m_settings.user);
    m_server->execute(
        fmt::format("CREATE ROLE {} LOGIN PASSWORD {}", name,
                    quote_text(m_server->password_verifier(m_settings.user, m_settings.password))));
    m_made = true;
    if (!m_server->is_superuser()) m_server->execute(fmt::format("GRANT {} TO CURRENT_USER", name));
    m_server->execute(fmt::format("ALTER DATABASE {} OWNER TO {}", quote_name(m_scratch.m_name), name));
  }

  const PostgresScratch& m_scratch;
  std::unique_ptr<PostgresDatabase> m_server;
  ConnectionSettings m_settings;
  bool m_made = false;
};

PostgresScratch::PostgresScratch(const SiteDatabase& site, const ConnectOptions& options,
                                 std::string_view owner)
    : m_site(site),
      m_admin(site.for_changes()),
      m_options(options),
      m_owner(owner),
      m_name(scratch_name(site, owner)) {
  try {
    create();
  } catch (const Error& error) {
    if (error.sqlstate() != insufficient_privilege) throw;
    throw error.with_hint(
        "name an account that may create databases with --db-root-username and --db-root-password-file");
  }
}

namespace {

// Encoding and collation are the live database's: the order of its indexes depends on them.
std::string locale_options(PostgresDatabase& server, const std::string& database) {
  const bool has_providers = server.version_number() >= 150000;
  // What a version names otherwise has the same meaning.
  const std::string_view icu_locale = server.version_number() >= 170000 ? "datlocale" : "daticulocale";
  const std::vector<Value> name{database};
  const auto rows = server.query(
      fmt::format(
          "SELECT pg_catalog.pg_encoding_to_char(encoding), datcollate, datctype, {} FROM "
          "pg_catalog.pg_database WHERE datname = ?",
          has_providers ? fmt::format("CASE datlocprovider WHEN 'i' THEN {} END", icu_locale) : "NULL"),
      name);
  if (rows.empty()) return " ENCODING 'UTF8'";
  const Row& row = rows[0];
  std::string options = fmt::format(" ENCODING {} LC_COLLATE {} LC_CTYPE {}", quote_text(to_text(row[0])),
                                    quote_text(to_text(row[1])), quote_text(to_text(row[2])));
  if (!is_null(row[3]))
    options += fmt::format(" LOCALE_PROVIDER icu ICU_LOCALE {}", quote_text(to_text(row[3])));
  return options;
}

}  // namespace

void PostgresScratch::create() {
  const auto server = connect_to_server(m_admin);
  m_role = live_owner(m_admin).value_or(owner_role(m_site.app.name));
  // What is loaded must not run as an administrator.
  if (is_superuser_role(*server, m_role)) m_role = owner_role(m_site.app.name);
  if (!postgres_role_exists(*server, m_role))
    server->execute(fmt::format("CREATE ROLE {} NOLOGIN", quote_name(m_role)));
  drop_database_by_force(*server, m_name);
  server->execute(fmt::format("CREATE DATABASE {} OWNER {} TEMPLATE template0{}", quote_name(m_name),
                              quote_name(m_role), locale_options(*server, m_site.app.name)));
  server->execute(fmt::format("REVOKE ALL ON DATABASE {} FROM PUBLIC", quote_name(m_name)));
}

PostgresScratch::~PostgresScratch() {
  m_connection.reset();
  // recover_scratch drops what cannot be dropped now.
  try {
    recover_postgres_scratch(m_site, m_owner);
  } catch (const Error&) {
  }
}

// An extension that only an administrator may make is made when the live database has it already.
bool PostgresScratch::make_extension(const std::string& statement) {
  PostgresDatabase live(m_admin, {}, PostgresDatabase::WorksAs::itself);
  for (const Row& row : live.query("SELECT extname, nspname FROM pg_catalog.pg_extension e JOIN "
                                   "pg_catalog.pg_namespace n ON n.oid = e.extnamespace")) {
    const std::string name = to_text(row[0]);
    const bool is_named = statement.find(" " + name + " ") != std::string::npos ||
                          statement.find(quote_name(name)) != std::string::npos ||
                          statement.ends_with(" " + name);
    if (!is_named) continue;
    PostgresDatabase(settings(), {}, PostgresDatabase::WorksAs::itself)
        .execute(fmt::format("CREATE EXTENSION IF NOT EXISTS {} SCHEMA {}", quote_name(name),
                             quote_name(to_text(row[1]))));
    return true;
  }
  return false;
}

std::vector<LeftOut> PostgresScratch::load(const ByteSource& source,
                                           const std::function<void(std::uint64_t)>& advance, Extent extent) {
  LoaderAccount account(*this);
  auto database = account.connect();
  DumpLoader loader(*database, extent,
                    [this](const std::string& statement) { return make_extension(statement); });
  std::vector<char> buffer(262'144);
  std::uint64_t total = 0;
  while (const std::size_t size = source(buffer)) {
    loader.feed({buffer.data(), size});
    total += size;
    if (advance) advance(total);
  }
  loader.finish();
  account.hand_over();
  make_what_is_left(loader.left_to_superuser());
  return loader.left_out_of_part();
}

// restore_limits tells of them beforehand.
void PostgresScratch::make_what_is_left(const std::vector<std::string>& statements) {
  m_not_made.clear();
  if (statements.empty()) return;
  PostgresDatabase inside(settings(), m_options, PostgresDatabase::WorksAs::itself);
  if (!inside.is_superuser())
    m_not_made = statements;
  else
    for (const std::string& statement : statements) inside.execute(statement);
}

std::vector<std::string> PostgresScratch::lacking() {
  if (m_not_made.empty()) return {};
  return {fmt::format("the account {} is no superuser, so it cannot run {}", m_admin.user,
                      fmt::join(m_not_made, "; "))};
}

void PostgresScratch::check() {
  const auto rows =
      connection().query("SELECT indexrelid::regclass::text FROM pg_catalog.pg_index WHERE NOT indisvalid");
  if (!rows.empty())
    throw Error(Kind::bad_backup,
                fmt::format("the restored database is not sound: index {} is broken", to_text(rows[0][0])));
}

ContentSummary PostgresScratch::summarize() {
  return PostgresExporter(settings(), m_options).write([](std::string_view) {}, {}, {});
}

Database& PostgresScratch::connection() {
  if (!m_connection) m_connection = std::make_unique<PostgresDatabase>(settings(), m_options);
  return *m_connection;
}

void PostgresScratch::swap_in(Database& run_connection, const std::function<void()>& keep,
                              Progress* /*progress*/) {
  auto& run = dynamic_cast<PostgresDatabase&>(run_connection);
  keep();
  m_connection.reset();
  run.disconnect();
  try {
    swap_postgres_database(m_site, m_name, replaced_name(m_site, m_owner));
  } catch (...) {
    run.reconnect();
    throw;
  }
  run.reconnect();
}

// Both names change in one transaction, so that a database of the replaced one's name means that it is done.
// The server may be at it still although whoever asked for it is dead: dropping the scratch waits for that.
void recover_postgres_scratch(const SiteDatabase& site, std::string_view owner) {
  const auto server = connect_to_server(site.for_changes());
  const std::string scratch = scratch_name(site, owner);
  drop_database_by_force(*server, scratch);
  drop_database_by_force(*server, replaced_name(site, owner));
  drop_account(*server, scratch);
}

}  // namespace bench
