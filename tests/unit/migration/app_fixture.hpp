#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

#include "migration/patch.hpp"
#include "support/temporary_folder.hpp"

namespace bench::test {

/// An app in a temporary folder, which the test fills.
class AppFixture {
 public:
  explicit AppFixture(PatchFormat format) {
    m_app.name = "demo";
    m_app.folder = m_folder.path();
    m_app.format = format;
    m_app.patch_folders[""] = m_folder.path();
  }

  App& app() { return m_app; }
  const std::filesystem::path& path() const { return m_folder.path(); }

  void write(const std::filesystem::path& name, std::string_view text) {
    std::filesystem::create_directories((m_folder / name).parent_path());
    std::ofstream(m_folder / name, std::ios::binary) << text;
  }
  void make_executable(const std::filesystem::path& name) {
    std::filesystem::permissions(m_folder / name, std::filesystem::perms::owner_exec,
                                 std::filesystem::perm_options::add);
  }

  std::vector<Patch> read(Dialect dialect = Dialect::sqlite) const { return read_patches(m_app, dialect); }
  /// With its statements.
  Patch read_patch(std::size_t index, Dialect dialect = Dialect::sqlite) const {
    Patch patch = read(dialect).at(index);
    read_statements(patch, dialect);
    return patch;
  }
  std::vector<std::string> ids(Dialect dialect = Dialect::sqlite) const {
    std::vector<std::string> all;
    for (const Patch& patch : read(dialect)) all.push_back(patch.id);
    return all;
  }

 private:
  TemporaryFolder m_folder;
  App m_app;
};

}  // namespace bench::test
