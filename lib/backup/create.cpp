#include "backup/create.hpp"

#include <algorithm>
#include <chrono>
#include <list>
#include <system_error>

#include "backup/archive.hpp"
#include "backup/dump_text.hpp"
#include "backup/file_writer.hpp"
#include "backup/verify.hpp"
#include "base/error.hpp"
#include "base/file.hpp"
#include "base/time.hpp"
#include "base/version.hpp"
#include "operation/interruption.hpp"
#include "operation/pause_point.hpp"

namespace bench {
namespace {

namespace fs = std::filesystem;

bool is_taken(const fs::path& path) {
  std::error_code ignored;
  return fs::symlink_status(path, ignored).type() != fs::file_type::not_found;
}

/// The folder of a set; one that was made for a set that then failed goes with it.
class SetFolder {
 public:
  explicit SetFolder(const fs::path& path)
      : m_path(fs::absolute(path).lexically_normal()), m_is_new(!is_taken(m_path)) {
    make_folders(m_path, 0700);
  }
  ~SetFolder() {
    std::error_code ignored;
    if (m_is_new) fs::remove(m_path, ignored);
  }
  SetFolder(const SetFolder&) = delete;
  SetFolder& operator=(const SetFolder&) = delete;
  const fs::path& path() const { return m_path; }
  void keep() { m_is_new = false; }

 private:
  fs::path m_path;
  bool m_is_new;
};

/// Files that have their names already go again when the set is not finished. One that replaced another
/// stays: it is whole and proven, and what it replaced is gone.
class CommittedFiles {
 public:
  ~CommittedFiles() {
    std::error_code ignored;
    for (const fs::path& path : m_paths) fs::remove(path, ignored);
  }
  CommittedFiles() = default;
  CommittedFiles(const CommittedFiles&) = delete;
  CommittedFiles& operator=(const CommittedFiles&) = delete;
  void commit(BackupFile& file) {
    const bool is_new = !is_taken(file.path());
    file.commit();
    if (is_new) m_paths.push_back(file.path());
  }
  void keep() { m_paths.clear(); }

 private:
  std::vector<fs::path> m_paths;
};

class SetWriter {
 public:
  SetWriter(const Site& site, Exporter& exporter, const BackupRequest& request, Progress& progress)
      : m_site(site),
        m_exporter(exporter),
        m_request(request),
        m_progress(progress),
        m_folder(request.folder) {
    describe(Clock::now());
  }

  BackupSet run() {
    remove_interrupted_sets(m_folder.path());
    write_database();
    pause_point("backup.database-written");
    if (m_request.with_files) {
      write_files("files", "public/files", m_site.public_files(), m_request.files_path, m_names.files);
      write_files("private-files", "private/files", m_site.private_files(), m_request.private_files_path,
                  m_names.private_files);
    }
    pause_point("backup.files-written");
    write_config();
    verify();
    return publish();
  }

 private:
  void describe(Clock::time_point now) {
    m_manifest.tool = "bench " + std::string(version());
    m_manifest.site = m_site.name();
    m_manifest.created = to_iso8601(now);
    m_manifest.operation = m_request.operation;
    m_manifest.db_type = m_request.db_type;
    m_manifest.db_version = m_request.db_version;
    m_manifest.db_name = m_request.db_name;
    m_manifest.partial = m_request.selection.is_partial();
    m_manifest.same_moment = m_request.same_moment;
    m_manifest.apps = m_request.apps;
    m_manifest.patches = m_request.patches;
    const std::string stamp =
        m_request.stamp.empty() ? free_stamp({m_folder.path()}, m_site.name()) : m_request.stamp;
    m_names = set_names(m_site.name(), stamp, m_manifest.partial, m_request.database_compression,
                        m_request.archive_compression);
  }

  BackupFile& open(const std::string& role, const std::optional<fs::path>& own_path,
                   const std::string& name) {
    if (!own_path) return m_files.emplace_back(role, name, m_folder.path() / name);
    const fs::path path = fs::absolute(*own_path).lexically_normal();
    if (std::ranges::any_of(m_files, [&](const BackupFile& file) { return file.path() == path; }))
      throw Error(Kind::usage, "two files of the backup would have the same path " + path.string(),
                  "give each a path of its own");
    make_folders(path.parent_path(), 0700);
    remove_stale_temporaries(path.parent_path());
    return m_files.emplace_back(role, path.string(), path);
  }

  void write_database() {
    m_progress.phase("writing the database");
    BackupFile& file = open("database", m_request.database_path, m_names.database);
    Compressor compressor(m_request.database_compression, [&](std::string_view bytes) { file.write(bytes); });
    const auto write = [&](std::string_view bytes) {
      throw_if_interrupted();
      compressor.write(bytes);
    };
    write(dump_header(m_site.name(), m_manifest.partial, m_manifest.apps));
    m_manifest.content =
        m_exporter.write(write, m_request.selection,
                         [&](std::uint64_t done, std::uint64_t total) { m_progress.advance(done, total); });
    write(dump_footer);
    compressor.finish();
    m_manifest.files.push_back(file.finish());
  }

  void write_files(const std::string& role, const std::string& tree, const fs::path& folder,
                   const std::optional<fs::path>& own_path, const std::string& name) {
    m_progress.phase("archiving " + tree);
    BackupFile& file = open(role, own_path, name);
    std::uint64_t written = 0;
    Compressor compressor(m_request.archive_compression, [&](std::string_view bytes) { file.write(bytes); });
    const ArchiveReport report =
        write_archive(folder, m_site.name() + "/" + tree, [&](std::string_view bytes) {
          compressor.write(bytes);
          m_progress.advance(written += bytes.size(), 0);
        });
    compressor.finish();
    m_manifest.files.push_back(file.finish());
    note(report);
  }

  void note(const ArchiveReport& report) {
    for (const std::string& name : report.skipped)
      m_progress.warning("left out, because it is a link or a special file: " + name);
    for (const std::string& name : report.changed) m_progress.warning("changed while it was read: " + name);
    std::ranges::copy(report.skipped, std::back_inserter(m_manifest.skipped_files));
    std::ranges::copy(report.changed, std::back_inserter(m_manifest.changed_files));
  }

  void write_config() {
    BackupFile& file = open("config", m_request.config_path, m_names.config);
    file.write(m_request.config_text);
    m_manifest.files.push_back(file.finish());
  }

  void verify() {
    m_progress.phase("verifying the backup");
    std::uint64_t total = 0;
    for (const FileFacts& facts : m_manifest.files) total += facts.size;
    std::uint64_t done = 0;
    auto file = m_files.begin();
    for (const FileFacts& facts : m_manifest.files) {
      verify_file((file++)->temporary_path(), facts,
                  [&](std::uint64_t read) { m_progress.advance(done + read, total); });
      done += facts.size;
    }
  }

  /// The manifest is complete under its temporary name before any file gets its own, so that what a kill
  /// leaves behind is known to belong to an unfinished set.
  BackupSet publish() {
    const fs::path path = m_folder.path() / m_names.manifest;
    AtomicFile manifest(path);
    manifest.write(to_text(m_manifest));
    const std::vector<Losing> losing = losing_sets();
    CommittedFiles committed;
    for (BackupFile& file : m_files) committed.commit(file);
    pause_point("backup.before-manifest");
    try {
      manifest.commit();
    } catch (...) {
      // With its manifest in place it is a set, even when a power cut could still take that away.
      if (fs::exists(path)) committed.keep();
      throw;
    }
    committed.keep();
    m_folder.keep();
    pause_point("backup.done");
    tell(losing);
    return BackupSet::load(path);
  }

  /// A set that is whole so far, and files of which this one's are put in the place of.
  struct Losing {
    BackupSet set;
    std::size_t replaced;  ///< with other content
    std::size_t left;      ///< in other places
  };

  std::vector<Losing> losing_sets() {
    std::vector<Losing> losing;
    if (!has_own_paths()) return losing;
    try {
      for (const fs::path& folder : m_request.folders)
        for (const BackupSet& set : list_sets(folder).sets) {
          const Losing found = look_at(set);
          if (found.replaced > 0 && set.incomplete_files().empty()) losing.push_back(found);
        }
    } catch (const Error& error) {
      m_progress.warning(error.what());
    }
    return losing;
  }

  bool has_own_paths() const {
    return m_request.database_path || m_request.files_path || m_request.private_files_path ||
           m_request.config_path;
  }

  Losing look_at(const BackupSet& set) {
    Losing found{set, 0, 0};
    for (const FileFacts& theirs : set.manifest().files) {
      const auto ours = std::ranges::find_if(m_manifest.files, [&](const FileFacts& file) {
        std::error_code not_there;
        return fs::equivalent(m_folder.path() / file.name, *set.file(theirs.role), not_there);
      });
      if (ours == m_manifest.files.end())
        ++found.left;
      else if (ours->sha256 != theirs.sha256)
        ++found.replaced;
    }
    return found;
  }

  /// This set is done: what cannot be put in order around it is told.
  void tell(const std::vector<Losing>& losing) try {
    for (const auto& [set, replaced, left] : losing) {
      if (left == 0) remove_tree(set.manifest_file());
      m_progress.warning(set.name() + (left == 0
                                           ? ": this set has replaced it, file by file"
                                           : ": it is not whole any more, because this set has replaced " +
                                                 std::to_string(replaced) + " of its files"));
    }
  } catch (const Error& error) {
    m_progress.warning(error.what());
  }

  const Site& m_site;
  Exporter& m_exporter;
  const BackupRequest& m_request;
  Progress& m_progress;
  SetFolder m_folder;
  SetNames m_names;
  Manifest m_manifest;
  std::list<BackupFile> m_files;
};

/// Hidden names too: an unfinished set has its temporary ones.
bool holds_set(const fs::path& folder, const std::string& prefix) {
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string name = entry->path().filename().string();
    if (name.starts_with(prefix + "-") || name.starts_with("." + prefix + "-")) return true;
  }
  if (error && error != std::errc::no_such_file_or_directory)
    throw system_error("cannot read " + folder.string(), error.value());
  return false;
}

}  // namespace

std::string free_stamp(const std::vector<fs::path>& folders, const std::string& site) {
  for (auto time = Clock::now();; time += std::chrono::seconds(1)) {
    std::string stamp = to_backup_stamp(time);
    const SetNames names = set_names(site, stamp, false, Compression::none, Compression::none);
    if (std::ranges::none_of(folders,
                             [&](const fs::path& folder) { return holds_set(folder, names.prefix); }))
      return stamp;
  }
}

BackupSet create_set(const Site& site, Exporter& exporter, const BackupRequest& request, Progress& progress) {
  return SetWriter(site, exporter, request, progress).run();
}

}  // namespace bench
