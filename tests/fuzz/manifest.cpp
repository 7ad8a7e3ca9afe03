#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/error.hpp"
#include "fuzz/property.hpp"
#include "site/app.hpp"

using namespace bench;
using bench::test::require;

namespace {

/// A folder that is an app but for its manifest, removed at the end.
class AppFolder {
 public:
  AppFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "bench-fuzz-XXXXXX").string();
    require(mkdtemp(name.data()) != nullptr, "a temporary folder can be made");
    m_path = name;
    std::ofstream(m_path / "patches.txt") << "";
  }
  ~AppFolder() { std::filesystem::remove_all(m_path); }
  const std::filesystem::path& path() const { return m_path; }

 private:
  std::filesystem::path m_path;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const AppFolder folder;
  std::ofstream(folder.path() / "app.yaml", std::ios::binary)
      << std::string_view(reinterpret_cast<const char*>(data), size);
  try {
    const App app = read_app("demo", folder.path());
    require(app.name == "demo", "an app has the name it was asked for by");
    for (const auto& [database, path] : app.patch_folders) {
      const auto inside = std::filesystem::relative(std::filesystem::canonical(path), folder.path());
      require(*inside.begin() != "..", "patches lie in the app's folder");
    }
  } catch (const Error& error) {
    require(error.kind() == Kind::configuration, "what app.yaml must not say is a configuration error");
    require(std::string_view(error.what()).find("app.yaml") != std::string_view::npos,
            "the error names the file");
  }
  return 0;
}
