#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "database/dialect.hpp"
#include "database/splitter.hpp"
#include "site/app.hpp"

namespace bench {

enum class Phase { pre_model_sync, post_model_sync, finally };
std::string_view name(Phase phase);

enum class PatchKind {
  sql,
  executable,   ///< prints SQL
  unsupported,  ///< Python, `execute:`, or no variant for this database: `problem` says which; may be logged,
                ///< cannot run
};

/// One schema patch of an app for one database. Immutable.
struct Patch {
  std::string app;
  std::string id;       ///< unique within the app: the Frappe line, or the migration's name
  std::string log_key;  ///< what the patch log holds: the Frappe line, or `<app>.<id>`
  Phase phase = Phase::pre_model_sync;
  PatchKind kind = PatchKind::sql;
  std::string file;                   ///< its path; an fs::path takes longer to make than the file to read
  std::string checksum;               ///< SHA-256 of the file with CRLF read as LF and without BOM
  std::vector<Statement> statements;  ///< of an SQL patch that is to run: see read_statements
  std::string problem;                ///< why it cannot run, in a sentence with file and line
  std::string hint;
};

/// What a line of patches.txt begins with: behind it stands what makes the patch run again.
std::string_view module_of(std::string_view line);

/// The patch that a person means: by its id, by its key in the log, or as `<app>.<id>`; else by the module
/// that its line of patches.txt begins with, when one line alone does. nullptr when there is none.
const Patch* find_patch(std::span<const Patch> patches, std::string_view reference);

/// Where an app's patches come from: one implementation per format, chosen by App::format.
class PatchSource {
 public:
  virtual ~PatchSource() = default;
  /// All patches in the order in which they must run (pre, post, finally), without their statements: most
  /// were applied long ago. Error{configuration} with file and line when the list itself is wrong (a name
  /// twice, an unknown section).
  virtual std::vector<Patch> read(const App& app, Dialect dialect) const = 0;
};
const PatchSource& patch_source(PatchFormat format);

/// Reads one file into a patch: kind and checksum.
Patch read_patch_file(std::string path);

/// Reads the statements of an SQL patch, BEGIN ... COMMIT around the whole file dropped; what is no SQL it
/// leaves as it is. Refuses (as `problem`) what must not stand in a patch: BEGIN, COMMIT, ROLLBACK,
/// SAVEPOINT, VACUUM, ATTACH, DETACH, PRAGMA journal_mode, with file and line. Error{configuration} when a
/// statement is not closed, or the file is not what its checksum was taken of.
void read_statements(Patch& patch, Dialect dialect);

/// The statements of SQL that an executable patch printed, under the same rules. Error{configuration} when
/// they are broken.
std::vector<Statement> statements_of_output(const std::string& sql, const std::filesystem::path& executable,
                                            Dialect dialect);

/// read() of the app's own source.
std::vector<Patch> read_patches(const App& app, Dialect dialect);

}  // namespace bench
