#include "database/mariadb/backend.hpp"

#include "base/error.hpp"
#include "database/mariadb/accounts.hpp"
#include "database/mariadb/connection.hpp"
#include "database/mariadb/exporter.hpp"
#include "database/mariadb/fence.hpp"
#include "database/mariadb/findings.hpp"
#include "database/mariadb/scratch.hpp"
#include "database/mariadb/shell.hpp"

namespace bench {

namespace {

std::unique_ptr<Database> connect(const ConnectionSettings& settings, const ConnectOptions& options) {
  return std::make_unique<MariadbDatabase>(settings, options);
}

std::unique_ptr<Fence> make_fence(const SiteDatabase& database, Database* run_connection) {
  return std::make_unique<MariadbFence>(database, run_connection);
}

std::unique_ptr<Exporter> open_exporter(const ConnectionSettings& settings, const ConnectOptions& options) {
  return std::make_unique<MariadbExporter>(settings, options);
}

std::unique_ptr<Scratch> make_scratch(const SiteDatabase& database, const ConnectOptions& options,
                                      const std::filesystem::path&, std::string_view owner) {
  return std::make_unique<MariadbScratch>(database, options, owner);
}

void recover_scratch(const SiteDatabase& database, const std::filesystem::path&, std::string_view owner) {
  recover_mariadb_scratch(database, owner);
}

std::uint64_t size(const ConnectionSettings& settings) {
  MariadbDatabase database(settings, {});
  return mariadb_size(database);
}

std::map<std::string, std::string> environment(const ConnectionSettings& settings) {
  return {{"DATABASE_URL", database_url("mysql", settings, "unix_socket")}};
}

}  // namespace

const Backend& mariadb_backend() {
  static const Backend backend{
      .db_type = "mariadb",
      .dialect = Dialect::mariadb,
      .features = {.atomicity = Features::Atomicity::statement,
                   .fence_life = Features::FenceLife::durable,
                   .others_can_write_in_window = true,
                   .checks_types = true},
      .has_server = true,
      .is_administrator = is_mariadb_administrator,
      .require_server = require_mariadb_server,
      .is_same_server = is_same_mariadb_server,
      .connect = connect,
      .has_database = has_mariadb_database,
      .create_database = create_mariadb_database,
      .drop_database = drop_mariadb_database,
      .make_fence = make_fence,
      .open_exporter = open_exporter,
      .make_scratch = make_scratch,
      .recover_scratch = recover_scratch,
      .shell = mariadb_shell,
      .environment = environment,
      .size = size,
  };
  return backend;
}

}  // namespace bench

/// What the backend table looks for in this module.
extern "C" const bench::Backend* bench_mariadb_backend() {
  return &bench::mariadb_backend();
}
