#include "database/sqlite/backend.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "database/sqlite/connection.hpp"
#include "database/sqlite/exporter.hpp"
#include "database/sqlite/fence.hpp"
#include "database/sqlite/scratch.hpp"

namespace bench {

namespace {

std::unique_ptr<Database> connect(const ConnectionSettings& settings, const ConnectOptions& options) {
  return std::make_unique<SqliteDatabase>(settings.file, options);
}

void create_database(const SiteDatabase& database, AppAccount, const std::function<void()>& begin) {
  const ConnectionSettings& settings = database.app;
  if (std::filesystem::exists(settings.file))
    throw Error(Kind::database, fmt::format("{} exists already", settings.file.string()));
  begin();
  make_folders(settings.file.parent_path(), 0700);
  create_sqlite_file(settings.file);
  SqliteDatabase(settings.file, {}).query("PRAGMA journal_mode = WAL");
}

std::unique_ptr<Fence> make_fence(const SiteDatabase&, Database* run_connection) {
  return std::make_unique<SqliteFence>(dynamic_cast<SqliteDatabase*>(run_connection));
}

std::unique_ptr<Exporter> open_exporter(const ConnectionSettings& settings, const ConnectOptions& options) {
  return std::make_unique<SqliteExporter>(settings.file, options);
}

std::filesystem::path scratch_file(const SiteDatabase& database, const std::filesystem::path& folder,
                                   std::string_view owner) {
  return folder / fmt::format("{}_bench_{}.db", database.app.name, owner);
}

std::unique_ptr<Scratch> make_scratch(const SiteDatabase& database, const ConnectOptions& options,
                                      const std::filesystem::path& folder, std::string_view owner) {
  return std::make_unique<SqliteScratch>(database.app.file, options, scratch_file(database, folder, owner));
}

void remove_database_files(const std::filesystem::path& file) {
  for (const char* suffix : {"", "-wal", "-shm", "-journal"}) remove_tree(file.string() + suffix);
}

void drop_database(const SiteDatabase& database) {
  remove_database_files(database.app.file);
}

// A copy into the live file that was cut off was rolled back by SQLite itself.
void recover_scratch(const SiteDatabase& database, const std::filesystem::path& folder,
                     std::string_view owner) {
  remove_database_files(scratch_file(database, folder, owner));
}

std::uint64_t size(const ConnectionSettings& settings) {
  std::uint64_t total = 0;
  for (const char* suffix : {"", "-wal"}) {
    std::error_code error;
    const auto bytes = std::filesystem::file_size(settings.file.string() + suffix, error);
    if (!error) total += bytes;
  }
  return total;
}

std::map<std::string, std::string> environment(const ConnectionSettings& settings) {
  return {{"DATABASE_URL", fmt::format("sqlite:///{}", std::filesystem::absolute(settings.file).string())}};
}

Shell shell(const ConnectionSettings& settings) {
  return {.argv = {"sqlite3", settings.file.string()}, .environment = {}, .secret = {}, .package = "sqlite3"};
}

}  // namespace

const Backend& sqlite_backend() {
  static const Backend backend{
      .db_type = "sqlite",
      .dialect = Dialect::sqlite,
      .features = {.atomicity = Features::Atomicity::run,
                   .fence_life = Features::FenceLife::connection,
                   .others_can_write_in_window = false,
                   .checks_types = false},
      .has_server = false,
      .is_administrator = [](const ConnectionSettings&) { return false; },
      .require_server = [](const ConnectionSettings&) {},
      .is_same_server = [](const ConnectionSettings&, const ConnectionSettings&) { return true; },
      .connect = connect,
      .has_database = [](const SiteDatabase& database) { return std::filesystem::exists(database.app.file); },
      .create_database = create_database,
      .drop_database = drop_database,
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
