#include "migration/patch.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/digest.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "migration/patch_rules.hpp"
#include "migration/sources/sources.hpp"

namespace bench {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// Editors and version control change line ends and the mark; neither makes it another patch.
std::string checksum_of(std::string text) {
  if (text.starts_with(byte_order_mark)) text.erase(0, byte_order_mark.size());
  if (text.find('\r') == std::string::npos) return sha256(text);
  std::size_t kept = 0;
  for (std::size_t at = 0; at < text.size(); ++at)
    if (text[at] != '\r' || at + 1 == text.size() || text[at + 1] != '\n') text[kept++] = text[at];
  text.resize(kept);
  return sha256(text);
}

std::vector<Statement> statements_of(const std::string& text, const std::string& origin, Dialect dialect) {
  try {
    std::vector<Statement> statements = split_statements(text, dialect);
    drop_surrounding_transaction(statements);
    return statements;
  } catch (const Error& error) {
    throw error.with_context(origin);
  }
}

void refuse(Patch& patch, std::string problem, std::string hint) {
  patch.kind = PatchKind::unsupported;
  patch.problem = std::move(problem);
  patch.hint = std::move(hint);
}

// nullopt where it takes another way to read it, or to say why it cannot be read: most patches are small
// files that are there, and each is read at every start.
std::optional<std::string> read_small_file(const std::string& file) {
  // To open or read a pipe would wait for whoever writes to it.
  const FileDescriptor descriptor(open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  struct stat status {};
  if (!descriptor || fstat(descriptor.get(), &status) != 0 || !S_ISREG(status.st_mode)) return std::nullopt;
  std::array<char, 65536> bytes;
  const ssize_t count = read(descriptor.get(), bytes.data(), bytes.size());
  if (count != status.st_size || count == std::ssize(bytes)) return std::nullopt;
  return std::string(bytes.data(), static_cast<std::size_t>(count));
}

}  // namespace

std::string_view name(Phase phase) {
  switch (phase) {
    case Phase::pre_model_sync:
      return "pre_model_sync";
    case Phase::post_model_sync:
      return "post_model_sync";
    case Phase::finally:
      return "finally";
  }
  return "";
}

Patch read_patch_file(std::string path) {
  Patch patch;
  patch.file = std::move(path);
  const std::string& file = patch.file;
  if (file.ends_with(".py")) {
    refuse(patch, fmt::format("{}: bench does not run Python patches", file),
           "run them with the app's own migrator: bench --site SITE run-in-maintenance -- COMMAND");
    return patch;
  }
  std::optional<std::string> text = read_small_file(file);
  std::error_code ignored;
  if (!text && !std::filesystem::exists(file, ignored)) {
    refuse(patch, fmt::format("{}: there is no such file", file), "put it back, or mend the link");
    return patch;
  }
  if (!text && !std::filesystem::is_regular_file(file, ignored)) {
    refuse(patch, fmt::format("{}: it is not a file", file), "put the patch's file in its place");
    return patch;
  }
  patch.checksum = checksum_of(text ? std::move(*text) : read_file(file));
  if (file.ends_with(".sql")) return patch;
  if (access(file.c_str(), X_OK) == 0)
    patch.kind = PatchKind::executable;
  else
    refuse(patch, fmt::format("{}: it is neither SQL nor executable", file),
           fmt::format("make it executable: chmod +x {}", file));
  return patch;
}

std::string_view module_of(std::string_view line) {
  return line.substr(0, line.find_first_of(" \t"));
}

const Patch* find_patch(std::span<const Patch> patches, std::string_view reference) {
  std::vector<const Patch*> by_module;
  for (const Patch& patch : patches) {
    if (reference == patch.id || reference == patch.log_key ||
        reference == fmt::format("{}.{}", patch.app, patch.id))
      return &patch;
    if (reference == module_of(patch.id)) by_module.push_back(&patch);
  }
  return by_module.size() == 1 ? by_module.front() : nullptr;
}

void read_statements(Patch& patch, Dialect dialect) {
  if (patch.kind != PatchKind::sql) return;
  const std::string text = read_file(patch.file);
  // What is logged must be the checksum of what was run.
  if (checksum_of(text) != patch.checksum)
    throw Error(Kind::configuration, fmt::format("{}: it was changed just now", patch.file),
                "try again when nobody writes to it");
  patch.statements = statements_of(text, patch.file, dialect);
  if (std::optional<Refusal> refusal = find_refusal(patch.statements, dialect))
    refuse(patch, fmt::format("{}:{}: {}", patch.file, refusal->line, refusal->reason),
           std::move(refusal->hint));
}

std::vector<Statement> statements_of_output(const std::string& sql, const std::filesystem::path& executable,
                                            Dialect dialect) {
  const std::string origin = "output of " + executable.string();
  std::vector<Statement> statements = statements_of(sql, origin, dialect);
  if (const std::optional<Refusal> refusal = find_refusal(statements, dialect))
    throw Error(Kind::configuration, fmt::format("{}:{}: {}", origin, refusal->line, refusal->reason),
                refusal->hint);
  return statements;
}

const PatchSource& patch_source(PatchFormat format) {
  switch (format) {
    case PatchFormat::patches_txt:
      return patches_txt_source();
    case PatchFormat::golang_migrate:
      return golang_migrate_source();
    case PatchFormat::diesel:
      return diesel_source();
    case PatchFormat::flyway:
      return flyway_source();
    case PatchFormat::plain_sql:
      break;
  }
  return plain_sql_source();
}

std::vector<Patch> read_patches(const App& app, Dialect dialect) {
  return patch_source(app.format).read(app, dialect);
}

}  // namespace bench
