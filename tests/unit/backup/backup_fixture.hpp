#pragma once

#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <string>
#include <vector>

#include "backup/backup_set.hpp"
#include "backup/compression.hpp"
#include "backup/create.hpp"
#include "base/child_process.hpp"
#include "base/digest.hpp"
#include "base/error.hpp"
#include "database/exporter.hpp"
#include "support/temporary_folder.hpp"

namespace bench::test {

inline void write_text(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

inline std::string read_text(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

/// Names in a folder, sorted.
inline std::vector<std::string> names_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

/// The kind of the error that `action` ends in, and its text in `message`; Kind::answer_yes when there was
/// none.
inline Kind kind_of(const std::function<void()>& action, std::string* message = nullptr) {
  try {
    action();
  } catch (const Error& error) {
    if (message != nullptr) *message = error.what();
    return error.kind();
  }
  return Kind::answer_yes;
}

/// Runs a program of the system in the C locale.
inline ChildResult run_program(std::vector<std::string> argv, const std::filesystem::path& folder = {}) {
  ChildCommand command;
  command.argv = std::move(argv);
  command.folder = folder;
  command.environment["LC_ALL"] = "C";
  return run_child(command);
}

inline std::string compressed(Compression compression, std::string_view text) {
  std::string out;
  Compressor compressor(compression, [&](std::string_view bytes) { out += bytes; });
  compressor.write(text);
  compressor.finish();
  return out;
}

inline std::string decompressed(const std::filesystem::path& file) {
  Decompressor source(file);
  std::string text;
  std::vector<char> buffer(70'000);
  while (const std::size_t count = source.read(buffer)) text.append(buffer.data(), count);
  return text;
}

/// A snapshot made of a text.
class TextExporter : public Exporter {
 public:
  explicit TextExporter(std::string text) : m_text(std::move(text)) {}
  ContentSummary write(const ByteSink& sink, const TableSelection&,
                       const std::function<void(std::uint64_t, std::uint64_t)>& advance) override {
    sink(m_text);
    advance(m_text.size(), m_text.size());
    return {{{"tabBook", 2, "sha256:11"}, {"tabLoan", 0, "sha256:22"}}, "sha256:33"};
  }
  std::uint64_t size() override { return m_text.size(); }

 private:
  std::string m_text;
};

/// A bench with one site that has files, and a request for a set of it.
struct SiteFixture {
  TemporaryFolder bench;
  Site site{bench.path(), bench / "sites/library.example"};
  TextExporter exporter{"CREATE TABLE \"tabBook\"(name TEXT);\n"};
  SilentProgress progress;
  BackupRequest request;

  SiteFixture() {
    write_text(site.public_files() / "cover.png", "a picture");
    write_text(site.private_files() / "contract.pdf", "a contract");
    request.folder = site.backups_folder();
    request.with_files = true;
    request.operation = "20261121-034100-backup-1f2e";
    request.db_type = "sqlite";
    request.db_version = "SQLite 3.40.1";
    request.db_name = "library";
    request.apps = {{"core", "0.1.0"}};
    request.patches = {{"core.0001", "sha256:44"}};
    request.config_text = "{\n \"db_name\": \"library\"\n}\n";
  }
  BackupSet create() { return create_set(site, exporter, request, progress); }
};

}  // namespace bench::test
