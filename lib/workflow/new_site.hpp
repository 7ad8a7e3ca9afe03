#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "workflow/workplace.hpp"

namespace bench {

struct NewSiteOptions {
  std::string name;
  std::optional<std::string> db_type, db_name, db_host, db_socket, db_user, db_password;
  std::optional<std::int64_t> db_port;
  std::vector<std::string> apps;
  std::optional<std::string> admin_password;  ///< of the first account; without one nobody can log in yet
  bool set_default = false;
  bool replace = false;  ///< an existing site is dropped (with its backup) first
};

struct NewSiteReport {
  std::string site;
  std::string db_type;
  std::string db_name;
  std::filesystem::path folder;
  std::vector<std::string> apps;
  std::size_t pending = 0;  ///< patches that the first migrate will apply
};

/// Builds the site beside the others and makes it one by a rename: it exists as a whole or not at all.
NewSiteReport new_site(const Workplace& workplace, const NewSiteOptions& options);

struct DropSiteOptions {
  bool backup = true;
  std::optional<std::filesystem::path> archive;  ///< else the bench's archived/sites
  /// `archive_all_the_same`: without a backup, and its database stays on the server.
  enum class Unreachable { refuse, archive_all_the_same } unreachable = Unreachable::refuse;
};
struct DropSiteReport {
  std::string site;
  std::filesystem::path archived;
  std::optional<std::filesystem::path> backup;  ///< its manifest, at its new place
  std::string database_left;                    ///< on a server that could not be reached; empty: none
};
/// Backs the site up, moves its folder (with an embedded database in it) to the archive, and drops a database
/// that is on a server. Error{database}, all in place, when that server cannot be reached.
DropSiteReport drop_site(const Workplace& workplace, const Site& site, const DropSiteOptions& options);

}  // namespace bench
