#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/site_config.hpp"
#include "database/database.hpp"
#include "database/exporter.hpp"
#include "database/fence.hpp"
#include "database/scratch.hpp"

namespace bench {

/// Where a site's database is and who asks. Made from the site's layered config.
struct ConnectionSettings {
  std::string db_type;
  std::string host;
  int port = 0;
  std::string socket;
  std::string name;
  std::string user;
  std::string password;
  std::filesystem::path file;  ///< SQLite: sites/<site>/db/<db_name>.db
};

enum class Access { read_write, read_only };

struct ConnectOptions {
  Access access = Access::read_write;
  /// Asked while a statement runs; true cancels it with Error{interrupted}. Empty: never.
  std::function<bool()> cancelled;
};

/// Everything bench needs of one database type. One row of THE backend table (backends.cpp).
struct Backend {
  std::string_view db_type;
  Dialect dialect;
  Features features;
  bool has_server;  ///< whether host, port, socket and user mean anything

  /// Error{database} when it cannot be reached; it never creates a database.
  std::unique_ptr<Database> (*connect)(const ConnectionSettings&, const ConnectOptions&);
  /// Creates the empty database. Error{database} when it exists.
  void (*create_database)(const ConnectionSettings&);
  /// A fence around `run_connection`, which must outlive it; nullptr where there is no run connection (a
  /// window that outlives its process).
  std::unique_ptr<Fence> (*make_fence)(const ConnectionSettings&, Database* run_connection);
  std::unique_ptr<Exporter> (*open_exporter)(const ConnectionSettings&, const ConnectOptions&);
  /// `folder` is where a file database may put it; `owner` goes into its name.
  std::unique_ptr<Scratch> (*make_scratch)(const ConnectionSettings&, const ConnectOptions&,
                                           const std::filesystem::path& folder, std::string_view owner);
  /// What stands against a window on this database, each a sentence; Error when it cannot be.
  std::vector<std::string> (*preflight)(const ConnectionSettings&, Database&);
  /// Bytes the database takes on disk.
  std::uint64_t (*size)(const ConnectionSettings&);
};

/// nullptr when there is no such type.
const Backend* find_backend(std::string_view db_type);
/// Error{configuration} naming the types there are.
const Backend& get_backend(std::string_view db_type);
std::vector<std::string> backend_names();

/// The settings of a site; `site_folder` is where a file database lies. Error{configuration} when db_name is
/// missing.
ConnectionSettings connection_settings(const LayeredConfig& config, const std::filesystem::path& site_folder);

}  // namespace bench
