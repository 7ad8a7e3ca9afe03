#include "web/template/folders.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/error.hpp"
#include "base/file.hpp"

namespace bench {

namespace {

bool is_template_name(std::string_view name) {
  if (name.empty() || name.find('\0') != std::string_view::npos) return false;
  for (;;) {
    const std::string_view part = name.substr(0, name.find('/'));
    if (part.empty() || part == "." || part == "..") return false;
    if (part.size() == name.size()) return true;
    name.remove_prefix(part.size() + 1);
  }
}

/// A link may lead to another place of its folder, but not out of it.
void require_within(const std::filesystem::path& folder, const std::string& file) {
  std::error_code error;
  const std::filesystem::path real_folder = std::filesystem::canonical(folder, error);
  const std::filesystem::path real_file =
      error ? std::filesystem::path() : std::filesystem::canonical(file, error);
  const auto [end, ignored] =
      std::mismatch(real_folder.begin(), real_folder.end(), real_file.begin(), real_file.end());
  if (error || end != real_folder.end())
    throw Error(Kind::configuration,
                fmt::format("the template '{}' is a link that leads out of '{}'", file, folder.string()),
                "put the file itself there");
}

}  // namespace

std::shared_ptr<const Template> TemplateFolders::load(std::string_view name) {
  if (!is_template_name(name)) return nullptr;
  for (const std::filesystem::path& folder : m_folders) {
    const std::string file = fmt::format("{}/{}", folder.native(), name);
    const FileStamp stamp = stamp_of(file);
    const int error = stamp.error;
    if (error != 0 && error != ENOENT && error != ENOTDIR && error != ENAMETOOLONG)
      throw system_error(fmt::format("cannot read the template '{}'", file), error);
    // What is no file (a pipe would be waited for) is no template.
    if (stamp.is_file()) return load_file(folder, file, stamp);
  }
  return nullptr;
}

std::shared_ptr<const Template> TemplateFolders::load_file(const std::filesystem::path& folder,
                                                           const std::string& file, const FileStamp& stamp) {
  {
    const std::shared_lock lock(m_mutex);
    const auto found = m_compiled.find(file);
    if (found != m_compiled.end() && found->second.stamp == stamp) return found->second.page;
  }
  // Read after its stamp was taken: a change in between gives the file another one, and it is compiled again.
  require_within(folder, file);
  std::shared_ptr<const Template> page = Template::compile(read_file(file), file);
  const std::unique_lock lock(m_mutex);
  m_compiled[file] = {stamp, page};
  return page;
}

}  // namespace bench
