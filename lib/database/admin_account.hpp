#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "config/site_config.hpp"
#include "database/backend.hpp"

namespace bench {

/// The administrator of a database server, as far as the command line names one.
struct AdminChoice {
  std::optional<std::string> user;
  std::optional<std::string> password;
  std::optional<std::filesystem::path> password_file;
  bool empty() const { return !user && !password && !password_file; }
};

/// Where else an administrator may be named.
struct AdminSources {
  AdminChoice chosen;
  /// The bench's config/admin.json: {"servers": [{"db_type", "host", "port", "socket", "username",
  /// "password"}]}. An entry is of the sites that reach a server of its type at its host and port, or at its
  /// socket; one with only a socket also of those that name neither host, port nor socket.
  std::filesystem::path file;
};

/// The account that may fence, migrate and restore the database of `app`. The first of: what was chosen, and
/// what that leaves out by BENCH_DB_ROOT_USERNAME and BENCH_DB_ROOT_PASSWORD_FILE of the environment; the
/// file; root_login and root_password of the configuration; the system's account that bench runs as, through
/// the server's socket, when the server takes it for an administrator. nullopt when there is none, and for a
/// database without a server. Whether an account that is named can log in is seen when it is used.
/// An account with another address than the site's is never one of another server: through the usual socket
/// it is then not taken, and where the file names it that is refused. Error{configuration} then, and when the
/// file is broken, or others than its owner can read it.
std::optional<ConnectionSettings> find_admin(const ConnectionSettings& app, const AdminSources& sources,
                                             const LayeredConfig& config);

/// The administrator, for a purpose that takes one: "shop: dropping its database". Where none is known:
/// Error{database} when no server answers, which may be why; else Error{configuration}.
const ConnectionSettings& require_admin(const SiteDatabase& site, std::string_view purpose);

}  // namespace bench
