#include "database/sqlite/fence.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.hpp"
#include "base/time.hpp"

namespace bench {

namespace {

constexpr std::string_view open_to_all =
    "SQLite cannot refuse writes for a process that is gone: whoever ignores maintenance_mode can write";

}  // namespace

// Outside WAL mode a commit fails while a reader is open, and readers fail while the fence stands.
std::vector<std::string> SqliteFence::preflight() {
  const std::filesystem::path& file = m_run->file();
  if (access(file.c_str(), W_OK) != 0 || access(file.parent_path().c_str(), W_OK) != 0)
    throw Error(Kind::database, fmt::format("{}: the file or its folder is not writable", file.string()),
                "run bench as the owner of the bench folder");
  const std::string mode = to_text(m_run->query("PRAGMA journal_mode").at(0).at(0));
  if (mode == "wal") return {};
  const std::string now = to_text(m_run->query("PRAGMA journal_mode = WAL").at(0).at(0));
  if (now != "wal")
    throw Error(Kind::database,
                fmt::format("{}: journal mode is {} and cannot be made WAL", file.string(), mode),
                "put the database on a local file system");
  return {fmt::format(
      "the database was in journal mode {} and is now in WAL, which readers during a window need", mode)};
}

FenceReport SqliteFence::enter(const FenceOptions& options,
                               const std::function<void(const nlohmann::json&)>&) {
  FenceReport report;
  if (options.writers == FenceOptions::Writers::end && options.progress != nullptr)
    options.progress->note("SQLite has no sessions that could be ended");
  if (m_run == nullptr) {
    report.gaps.emplace_back(open_to_all);
    return report;
  }
  const Stopwatch stopwatch;
  m_run->hold_write_lock(options.drain_timeout, options.progress);
  if (!m_run->in_transaction())
    throw Error(Kind::unexpected, "SQLite: the write lock was granted and is not held");
  report.level = FenceLevel::database;
  report.drain = stopwatch.elapsed();
  return report;
}

std::vector<std::string> SqliteFence::ways_to_write() {
  if (m_run != nullptr && m_run->holds_write_lock()) return {};
  return {std::string(open_to_all)};
}

std::vector<std::string> SqliteFence::lift(const nlohmann::json&) {
  if (m_run != nullptr && m_run->holds_write_lock()) m_run->release_write_lock();
  return {};
}

namespace {

std::string process_name(int pid) {
  std::ifstream file(fmt::format("/proc/{}/comm", pid));
  std::string name;
  std::getline(file, name);
  return name;
}

}  // namespace

// WAL writers hold an exclusive POSIX lock on byte 120 of the -shm file
// (https://www.sqlite.org/walformat.html#locks).
std::vector<std::string> sqlite_writers(const std::filesystem::path& file) {
  constexpr long wal_write_lock = 120;
  struct stat shared_memory {};
  if (stat((file.string() + "-shm").c_str(), &shared_memory) != 0) return {};
  const std::string identity = fmt::format("{:02x}:{:02x}:{}", major(shared_memory.st_dev),
                                           minor(shared_memory.st_dev), shared_memory.st_ino);
  std::vector<std::string> writers;
  std::ifstream locks("/proc/locks");
  for (std::string line; std::getline(locks, line);) {
    std::istringstream fields(line);
    std::string number, kind, mode, access, inode, end;
    int pid = 0;
    long begin = 0;
    if (!(fields >> number >> kind >> mode >> access >> pid >> inode >> begin >> end)) continue;
    if (kind != "POSIX" || access != "WRITE" || inode != identity || begin != wal_write_lock) continue;
    const std::string process = process_name(pid);
    writers.push_back(fmt::format("pid {}{}", pid, process.empty() ? "" : " (" + process + ")"));
  }
  return writers;
}

}  // namespace bench
