#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "workflow/workplace.hpp"

namespace bench {

struct UnfinishedSite {
  std::string name, told;
  std::optional<Error> error;  ///< why it could not be brought to an end now; it stays for the next time
};
/// Brings to an end what a kill left of new_site and drop_site: what there is of a half-made site is removed,
/// with its database; a site that was whole and had begun to replace another takes its place; the database of
/// a site that lies in the archive already is dropped.
/// With `only`: of the site of that name.
std::vector<UnfinishedSite> finish_unfinished_sites(const Workplace& workplace,
                                                    const std::optional<std::string>& only = std::nullopt);

/// Beside an unfinished site: the site that it replaces is on its way to the archive. From then on there is
/// only forward.
std::filesystem::path replacement_mark(const std::filesystem::path& unfinished);
/// In an unfinished site: its database may exist.
std::filesystem::path database_mark(const std::filesystem::path& unfinished);
/// Makes an unfinished site one of the bench's.
void publish_site(const std::filesystem::path& unfinished, const std::filesystem::path& target);

inline constexpr std::string_view same_disk_hint = "give --archived-sites-path a folder on the same disk";
/// Moves the site's folder to `archived`, where the record of the operation that does this is finished.
/// Error{undone} when it cannot be moved.
void archive_site(const Site& site, const std::filesystem::path& archived);
/// The same, and drops its database where that is on a server. Once the folder is moved, a kill leaves the
/// rest to `finish_unfinished_sites`.
void archive_and_drop_site(const Workplace& workplace, const Site& site,
                           const std::filesystem::path& archived);

}  // namespace bench
