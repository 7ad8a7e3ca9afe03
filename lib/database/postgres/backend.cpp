#include "database/postgres/backend.hpp"

#include <fmt/format.h>

#include "base/escape.hpp"
#include "database/postgres/accounts.hpp"
#include "database/postgres/client.hpp"
#include "database/postgres/connection.hpp"
#include "database/postgres/exporter.hpp"
#include "database/postgres/fence.hpp"
#include "database/postgres/scratch.hpp"

namespace bench {

namespace {

std::unique_ptr<Database> connect(const ConnectionSettings& settings, const ConnectOptions& options) {
  return std::make_unique<PostgresDatabase>(settings, options);
}

std::unique_ptr<Fence> make_fence(const SiteDatabase& site, Database* run_connection) {
  return std::make_unique<PostgresFence>(site, dynamic_cast<PostgresDatabase*>(run_connection));
}

std::unique_ptr<Exporter> open_exporter(const ConnectionSettings& settings, const ConnectOptions& options) {
  return std::make_unique<PostgresExporter>(settings, options);
}

std::unique_ptr<Scratch> make_scratch(const SiteDatabase& site, const ConnectOptions& options,
                                      const std::filesystem::path&, std::string_view owner) {
  return std::make_unique<PostgresScratch>(site, options, owner);
}

void recover_scratch(const SiteDatabase& site, const std::filesystem::path&, std::string_view owner) {
  recover_postgres_scratch(site, owner);
}

std::uint64_t size(const ConnectionSettings& settings) {
  PostgresDatabase database(settings, {}, PostgresDatabase::WorksAs::itself);
  return static_cast<std::uint64_t>(
      to_integer(database.value("SELECT pg_catalog.pg_database_size(current_database())")));
}

// What a foreign program creates must belong to the role that owns the rest; how its name is escaped:
// https://www.postgresql.org/docs/15/libpq-connect.html#LIBPQ-CONNECT-OPTIONS
std::map<std::string, std::string> environment(const ConnectionSettings& settings) {
  PostgresDatabase database(settings, {});
  std::map<std::string, std::string> variables{
      {"DATABASE_URL", database_url("postgresql", settings, "host")},
      {"PGHOST", settings.socket.empty() ? settings.host : settings.socket},
      {"PGUSER", settings.user},
      {"PGPASSWORD", settings.password},
      {"PGDATABASE", settings.name},
      {"PGOPTIONS",
       fmt::format("-c role={}", backslashed(to_text(database.value("SELECT current_user")), " \\"))}};
  if (settings.port != 0) variables["PGPORT"] = fmt::format("{}", settings.port);
  return variables;
}

Shell shell(const ConnectionSettings& settings) {
  PostgresClient client = postgres_client(settings);
  client.arguments.insert(client.arguments.begin(), "psql");
  return {.argv = std::move(client.arguments),
          .environment = std::move(client.environment),
          .secret = std::move(client.password),
          .package = "postgresql-client"};
}

}  // namespace

const Backend& postgres_backend() {
  static const Backend backend{
      .db_type = "postgres",
      .dialect = Dialect::postgres,
      .features = {.atomicity = Features::Atomicity::patch,
                   .fence_life = Features::FenceLife::durable,
                   .others_can_write_in_window = true,
                   .checks_types = true},
      .has_server = true,
      .is_administrator = is_postgres_administrator,
      .require_server = require_postgres_server,
      .is_same_server = is_same_postgres_server,
      .connect = connect,
      .has_database = has_postgres_database,
      .create_database = create_postgres_database,
      .drop_database = drop_postgres_database,
      .make_fence = make_fence,
      .open_exporter = open_exporter,
      .make_scratch = make_scratch,
      .recover_scratch = recover_scratch,
      .shell = shell,
      .environment = environment,
      .size = size,
  };
  return backend;
}

}  // namespace bench

/// What the backend table looks for in this module.
extern "C" const bench::Backend* bench_postgres_backend() {
  return &bench::postgres_backend();
}
