#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/text.hpp"
#include "migration/sources/sources.hpp"

namespace bench {

namespace {

namespace fs = std::filesystem;

constexpr std::string_view blanks = " \t\r\v\f";

std::string_view extension_of(std::string_view file_name) {
  const std::size_t dot = file_name.rfind('.');
  return dot == std::string_view::npos ? "" : file_name.substr(dot);
}

bool is_module_part(std::string_view part) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
  return !part.empty() && part.find_first_not_of(allowed) == std::string_view::npos;
}

/// The files that may be meant by one dotted name.
class Candidates {
 public:
  explicit Candidates(Dialect dialect) : m_dialect(dialect) {}

  /// The file of that name in the folder, which ends in a slash.
  void consider(const std::string& folder, const std::string& file_name, std::string_view stem) {
    const std::string_view extension = extension_of(file_name);
    if (extension == ".sql") {
      const Variant variant = variant_of(file_name);
      if (variant.stem == stem) place_of(variant) = folder + file_name;
    } else if (file_name.size() == stem.size() + extension.size() &&
               fs::is_regular_file(folder + file_name)) {
      consider_program(folder + file_name);
    }
  }

  /// SQL for this database, SQL for all, an executable, Python, in this order; nullopt when there is none of
  /// them.
  std::optional<Patch> read() const {
    for (const std::string* file : {&m_for_this, &m_for_all, &m_executable, &m_python, &m_other_kind})
      if (!file->empty()) return read_patch_file(*file);
    if (!m_for_others.empty()) return patch_without_variant(m_for_others, m_dialect);
    return std::nullopt;
  }

 private:
  std::string& place_of(const Variant& variant) {
    if (!variant.dialect) return m_for_all;
    return *variant.dialect == m_dialect ? m_for_this : m_for_others;
  }

  void consider_program(const std::string& file) {
    if (file.ends_with(".py")) {
      m_python = file;
    } else if (access(file.c_str(), X_OK) != 0) {
      m_other_kind = file;
    } else {
      if (!m_executable.empty())
        refuse_migration(file,
                         fmt::format("{} could be meant as well", fs::path(m_executable).filename().string()),
                         "remove one of them");
      m_executable = file;
    }
  }

  Dialect m_dialect;
  std::string m_for_this, m_for_all, m_for_others, m_executable, m_python, m_other_kind;
};

/// File names by folder: each folder is read once, however many patches lie in it.
class FolderListings {
 public:
  /// Those in the folder that are `stem` or `<stem>.<anything>`.
  std::vector<std::string> names_of(const std::string& folder, std::string_view stem) {
    const auto [listing, is_new] = m_names.try_emplace(folder);
    std::vector<std::string>& names = listing->second;
    if (is_new && fs::is_directory(folder)) names = visible_names(folder);
    std::vector<std::string> files;
    if (std::ranges::binary_search(names, stem)) files.emplace_back(stem);
    const std::string beginning = std::string(stem) + ".";
    for (auto found = std::ranges::lower_bound(names, beginning);
         found != names.end() && found->starts_with(beginning); ++found)
      files.push_back(*found);
    return files;
  }

 private:
  std::map<std::string, std::vector<std::string>> m_names;
};

/// One reading of one patches.txt.
class PatchesTxtReader {
 public:
  PatchesTxtReader(const App& app, fs::path folder, Dialect dialect)
      : m_app(app), m_folder(std::move(folder)), m_file(m_folder / "patches.txt"), m_dialect(dialect) {}

  std::vector<Patch> read() {
    m_text = read_file(m_file);
    std::string_view rest = m_text;
    m_patches.reserve(static_cast<std::size_t>(std::ranges::count(m_text, '\n')) + 1);
    if (rest.starts_with("\xEF\xBB\xBF")) rest.remove_prefix(3);
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      ++m_line;
      take(trimmed(rest.substr(0, end), blanks));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    // Most lists are in order, and to sort one that is moves each patch several times.
    if (!std::ranges::is_sorted(m_patches, {}, &Patch::phase))
      std::ranges::stable_sort(m_patches, {}, &Patch::phase);
    return std::move(m_patches);
  }

 private:
  [[noreturn]] void fail(std::string_view message, std::string hint) const {
    throw Error(Kind::configuration, fmt::format("{}:{}: {}", m_file.string(), m_line, message),
                std::move(hint));
  }

  void take(std::string_view line) {
    if (line.empty() || line.starts_with('#')) return;
    if (line.starts_with('[')) return begin_section(line);
    constexpr std::string_view finally_mark = "finally:";
    const bool is_last = line.starts_with(finally_mark);
    if (is_last) line = trimmed(line.substr(finally_mark.size()), blanks);
    if (line.empty()) fail("there is no patch behind 'finally:'", "name one");
    if (!m_seen.insert(line).second)
      fail(fmt::format("'{}' stands here a second time", line),
           "remove it, or append a date to run it again: #2024-01-31");
    Patch patch = read_line(line);
    patch.app = m_app.name;
    patch.id = patch.log_key = std::string(line);
    patch.phase = is_last ? Phase::finally : m_section;
    m_patches.push_back(std::move(patch));
  }

  void begin_section(std::string_view line) {
    for (const Phase phase : {Phase::pre_model_sync, Phase::post_model_sync}) {
      if (line != fmt::format("[{}]", name(phase))) continue;
      m_section = phase;
      return;
    }
    fail(fmt::format("unknown section {}", line), "use [pre_model_sync] or [post_model_sync]");
  }

  Patch read_line(std::string_view line) {
    if (line.starts_with("execute:")) return python_line(line);
    const std::string_view module = module_of(line);
    const std::string path = path_of(module);
    const std::size_t end_of_folder = path.rfind('/') + 1;
    const std::string folder = path.substr(0, end_of_folder);
    const std::string_view stem = std::string_view(path).substr(end_of_folder);
    Candidates candidates(m_dialect);
    for (const std::string& name : m_listings.names_of(folder, stem)) candidates.consider(folder, name, stem);
    if (std::optional<Patch> patch = candidates.read()) return std::move(*patch);
    return cannot_run(fmt::format("there is no file for the patch '{}'", module),
                      fmt::format("create {}.sql", path));
  }

  /// An old app may have removed what has run everywhere long ago: this matters only where the patch is
  /// pending.
  Patch cannot_run(std::string_view why, std::string hint) const {
    Patch patch;
    patch.kind = PatchKind::unsupported;
    patch.problem = fmt::format("{}:{}: {}", m_file.string(), m_line, why);
    patch.hint = std::move(hint);
    return patch;
  }

  Patch python_line(std::string_view line) const {
    return cannot_run(fmt::format("bench does not run Python: {}", line),
                      "run it with the app's own migrator: bench --site SITE run-in-maintenance -- COMMAND");
  }

  /// `demo.patches.v1.x` is `patches/v1/x` under the app.
  std::string path_of(std::string_view module) const {
    if (!module.starts_with(m_app.name + "."))
      fail(fmt::format("'{}' is not a patch of the app {}", module, m_app.name),
           fmt::format("begin it with '{}.'", m_app.name));
    std::string path = m_folder.string();
    std::string_view rest = module.substr(m_app.name.size());
    while (!rest.empty()) {
      rest.remove_prefix(1);
      const std::size_t end = std::min(rest.find('.'), rest.size());
      if (!is_module_part(rest.substr(0, end)))
        fail(fmt::format("'{}' is not a dotted name", module),
             fmt::format("write it like {}.patches.v1.x", m_app.name));
      path.append("/").append(rest.substr(0, end));
      rest.remove_prefix(end);
    }
    return path;
  }

  const App& m_app;
  fs::path m_folder;
  fs::path m_file;
  Dialect m_dialect;
  std::string m_text;
  int m_line = 0;
  Phase m_section = Phase::pre_model_sync;
  FolderListings m_listings;
  std::set<std::string_view> m_seen;  ///< in the text
  std::vector<Patch> m_patches;
};

class PatchesTxt : public PatchSource {
 public:
  std::vector<Patch> read(const App& app, Dialect dialect) const override {
    const std::optional<fs::path> folder = patch_folder_of(app, dialect);
    return folder ? PatchesTxtReader(app, *folder, dialect).read() : std::vector<Patch>{};
  }
};

}  // namespace

const PatchSource& patches_txt_source() {
  static const PatchesTxt source;
  return source;
}

}  // namespace bench
