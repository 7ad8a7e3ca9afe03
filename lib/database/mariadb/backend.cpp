#include "database/mariadb/backend.hpp"

#include "base/error.hpp"
#include "database/mariadb/accounts.hpp"
#include "database/mariadb/connection.hpp"

namespace bench {

namespace {

std::unique_ptr<Database> connect(const ConnectionSettings& settings, const ConnectOptions& options) {
  return std::make_unique<MariadbDatabase>(settings, options);
}

std::uint64_t size(const ConnectionSettings& settings) {
  MariadbDatabase database(settings, {});
  return static_cast<std::uint64_t>(
      to_integer(database.value("SELECT CAST(IFNULL(SUM(DATA_LENGTH + INDEX_LENGTH), 0) AS UNSIGNED) FROM "
                                "information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE()")));
}

}  // namespace

const Backend& mariadb_backend() {
  static const Backend backend{
      .db_type = "mariadb",
      .dialect = Dialect::mariadb,
      .features = {.atomicity = Features::Atomicity::statement,
                   .fence_life = Features::FenceLife::durable,
                   .others_can_write_in_window = true},
      .has_server = true,
      .connect = connect,
      .create_database = create_mariadb_database,
      .drop_database = drop_mariadb_database,
      .make_fence = nullptr,
      .open_exporter = nullptr,
      .make_scratch = nullptr,
      .recover_scratch = nullptr,
      .preflight = nullptr,
      .size = size,
  };
  return backend;
}

}  // namespace bench
