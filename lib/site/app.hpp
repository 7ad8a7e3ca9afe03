#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

enum class PatchFormat { patches_txt, golang_migrate, diesel, flyway, plain_sql };
std::string_view name(PatchFormat format);

/// An app: a folder with `app.yaml` or `patches.txt`.
struct App {
  std::string name;
  std::string title;
  std::string version;
  std::filesystem::path folder;    ///< where app.yaml or patches.txt lies
  std::filesystem::path manifest;  ///< app.yaml; empty when there is none
  PatchFormat format = PatchFormat::patches_txt;
  /// Folder of the patches for each db_type; the key "" stands for all that are not named. For patches.txt
  /// the folder in which patches.txt lies. Empty: the app has no patches.
  std::map<std::string, std::filesystem::path> patch_folders;
  /// Hooks: absolute paths of executables inside the app's folder.
  std::vector<std::string> before_migrate;
  std::vector<std::string> after_migrate;
  std::vector<std::string> on_undo;
  bool declares_read_only = false;
  std::map<std::string, std::vector<std::string>> session;  ///< db_type to statements for the patch session

  /// The folder for this database; nullopt when the app has none for it.
  std::optional<std::filesystem::path> patch_folder(std::string_view db_type) const;
};

/// Reads the app in `folder`. Error{configuration} with file, line and column for what app.yaml must not say
/// (an unknown key, a wrong type, a path that leaves the app's folder).
App read_app(const std::string& name, const std::filesystem::path& folder);

/// Finds apps: `<bench>/apps/<app>/`, `<bench>/apps/<app>/<app>/`, `<bench>/schema/<app>/`, then
/// `installed_schema`.
class AppFinder {
 public:
  AppFinder(std::filesystem::path bench, std::filesystem::path installed_schema);
  /// share/bench/schema beside the running executable's bin/.
  static std::filesystem::path installed_schema();

  std::optional<App> find(const std::string& name) const;
  /// Error{configuration} with a suggestion when it is not found.
  App get(const std::string& name) const;
  /// The names of all apps that can be found, sorted, each once.
  std::vector<std::string> available() const;

 private:
  std::optional<std::filesystem::path> folder_of(const std::string& name) const;
  std::filesystem::path m_bench;
  std::filesystem::path m_installed_schema;
};

}  // namespace bench
