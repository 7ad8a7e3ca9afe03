#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "web/file_stamp.hpp"
#include "web/template/template.hpp"

namespace bench {

/// The templates of a list of folders. Each is compiled once, and again when its file has changed; any number
/// of threads may ask.
class TemplateFolders : public TemplateLoader {
 public:
  /// Where several folders have a template of the same name, the first has it. A folder need not be there.
  explicit TemplateFolders(std::vector<std::filesystem::path> folders) : m_folders(std::move(folders)) {}

  /// Null when no folder has a file of that name, which is a path within it: one that is absolute or empty,
  /// or has "." or "..", is never there. Error{configuration} when a link leads out of the folder, and for
  /// what is wrong in the template.
  std::shared_ptr<const Template> load(std::string_view name) override;

 private:
  struct Compiled {
    FileStamp stamp;
    std::shared_ptr<const Template> page;
  };

  std::shared_ptr<const Template> load_file(const std::filesystem::path& folder, const std::string& file,
                                            const FileStamp& stamp);

  std::vector<std::filesystem::path> m_folders;
  std::shared_mutex m_mutex;
  std::unordered_map<std::string, Compiled> m_compiled;  ///< by file
};

}  // namespace bench
