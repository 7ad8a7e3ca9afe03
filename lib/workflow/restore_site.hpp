#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "maintenance/window.hpp"
#include "workflow/workplace.hpp"

namespace bench {

struct RestoreOptions {
  std::string source;  ///< a set's name, a manifest, or a dump file
  /// A path, or "" for the set's own archive; nullopt: files are left as they are.
  std::optional<std::string> public_files, private_files;
  bool allow_missing_apps = false;
  FenceOptions fence;
};

struct RestoreReport {
  std::string site;
  std::string operation;
  std::string source;
  bool verified_by_manifest = false;  ///< a plain dump file has none: only its soundness could be checked
  std::size_t tables = 0;
  std::int64_t rows = 0;
  bool public_files = false, private_files = false;
  std::optional<std::filesystem::path> before;  ///< manifest of what was there
  WindowReport window;
  std::vector<std::string> notes;
};

/// Proves the source, loads it into a scratch database, checks it, and only then swaps it in inside a window;
/// what was there is kept as the operation's before-set. Until the swap any failure leaves the site as it
/// was: Error{bad_backup} when the source is not good, else Error{undone}. Where the server has lost the
/// site's database, it and the account are made anew first, empty, and stay.
RestoreReport restore_site(const Workplace& workplace, const Site& site, const RestoreOptions& options);

}  // namespace bench
