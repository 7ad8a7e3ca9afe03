#include "site/app.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/error.hpp"
#include "base/file.hpp"
#include "base/suggestion.hpp"
#include "base/yaml.hpp"
#include "config/keys.hpp"

namespace bench {

namespace {

namespace fs = std::filesystem;

constexpr std::array formats = {PatchFormat::patches_txt, PatchFormat::golang_migrate, PatchFormat::diesel,
                                PatchFormat::flyway, PatchFormat::plain_sql};

bool is_inside(const fs::path& inner, const fs::path& outer) {
  std::error_code error;
  const fs::path real_outer = fs::weakly_canonical(outer, error);
  if (error) return false;
  const fs::path real_inner = fs::weakly_canonical(inner, error);
  if (error) return false;
  return std::mismatch(real_outer.begin(), real_outer.end(), real_inner.begin(), real_inner.end()).first ==
         real_outer.end();
}

std::vector<std::string> database_types() {
  const auto& values = find_config_key("db_type")->values;
  return {values.begin(), values.end()};
}

[[noreturn]] void refuse_key(const YamlNode& key, const std::vector<std::string>& known) {
  key.fail(fmt::format("unknown key '{}'", key.scalar()), did_you_mean(key.scalar(), known));
}

std::vector<std::string> texts_of(const YamlNode& node) {
  std::vector<std::string> result;
  for (const YamlNode& element : node.sequence()) result.push_back(element.scalar());
  return result;
}

/// Reads app.yaml into an App, key by key.
class ManifestReader {
 public:
  explicit ManifestReader(App& app) : m_app(app) {}

  void read(const YamlNode& document) {
    static const std::vector<std::string> known = {"name",  "title",     "version", "patches",
                                                   "hooks", "read_only", "session"};
    for (const auto& [key, value] : document.mapping()) {
      if (key.scalar() == "name") {
        read_name(value);
      } else if (key.scalar() == "title") {
        m_app.title = value.scalar();
      } else if (key.scalar() == "version") {
        m_app.version = value.scalar();
      } else if (key.scalar() == "patches") {
        read_patches(value);
      } else if (key.scalar() == "hooks") {
        read_hooks(value);
      } else if (key.scalar() == "read_only") {
        m_app.declares_read_only = value.boolean();
      } else if (key.scalar() == "session") {
        read_session(value);
      } else {
        refuse_key(key, known);
      }
    }
  }

 private:
  void read_name(const YamlNode& node) {
    if (node.scalar() == m_app.name) return;
    node.fail(fmt::format("the app is called '{}' here, but its folder '{}'", node.scalar(), m_app.name),
              "give both the same name");
  }

  void read_patches(const YamlNode& node) {
    const YamlNode* path = nullptr;
    for (const auto& [key, value] : node.mapping()) {
      if (key.scalar() == "format") {
        m_app.format = format_of(value);
      } else if (key.scalar() == "path") {
        path = &value;
      } else {
        refuse_key(key, {"format", "path"});
      }
    }
    m_app.patch_folders.clear();
    if (path != nullptr) {
      read_patch_folders(*path);
    } else if (m_app.format == PatchFormat::patches_txt) {
      m_app.patch_folders[""] = patch_folder(node, ".");
    } else {
      node.fail("'path' is missing: the folder of the patches", "add it");
    }
  }

  static PatchFormat format_of(const YamlNode& node) {
    std::vector<std::string> names;
    for (const PatchFormat format : formats) {
      if (name(format) == node.scalar()) return format;
      names.emplace_back(name(format));
    }
    std::string hint = did_you_mean(node.scalar(), names);
    if (hint.empty()) hint = fmt::format("choose one of {}", fmt::join(names, ", "));
    node.fail(fmt::format("unknown patch format '{}'", node.scalar()), std::move(hint));
  }

  void read_patch_folders(const YamlNode& node) {
    if (node.type() != YamlNode::Type::mapping) {
      m_app.patch_folders[""] = patch_folder(node, node.scalar());
      return;
    }
    for (const auto& [key, value] : node.mapping()) {
      m_app.patch_folders[database_type(key)] = patch_folder(value, value.scalar());
    }
  }

  fs::path patch_folder(const YamlNode& node, const std::string& path) const {
    fs::path folder = inside(node, path);
    std::error_code ignored;
    if (!fs::is_directory(folder, ignored)) {
      node.fail(fmt::format("there is no folder '{}' in the app", path), "correct the path");
    }
    if (m_app.format == PatchFormat::patches_txt && !fs::is_regular_file(folder / "patches.txt", ignored)) {
      node.fail(fmt::format("there is no patches.txt in '{}'", folder.string()),
                "name the folder that has it in 'path'");
    }
    return folder;
  }

  /// Where the path leads: it must not leave the app's folder, by its words or by a link.
  fs::path inside(const YamlNode& node, const std::string& path) const {
    const fs::path whole = (m_app.folder / path).lexically_normal();
    if (path.empty() || fs::path(path).is_absolute() || !is_inside(whole, m_app.folder)) {
      node.fail(fmt::format("'{}' is not a path inside the app's folder", path),
                "name it relative to the folder of app.yaml");
    }
    return whole.has_filename() ? whole : whole.parent_path();
  }

  void read_hooks(const YamlNode& node) {
    for (const auto& [key, value] : node.mapping()) {
      if (key.scalar() == "before_migrate") {
        m_app.before_migrate = hooks_of(value);
      } else if (key.scalar() == "after_migrate") {
        m_app.after_migrate = hooks_of(value);
      } else if (key.scalar() == "on_undo") {
        m_app.on_undo = hooks_of(value);
      } else {
        refuse_key(key, {"before_migrate", "after_migrate", "on_undo"});
      }
    }
  }

  std::vector<std::string> hooks_of(const YamlNode& node) const {
    std::vector<std::string> result;
    for (const YamlNode& element : node.sequence()) {
      const fs::path hook = inside(element, element.scalar());
      std::error_code ignored;
      if (!fs::is_regular_file(hook, ignored)) {
        element.fail(fmt::format("there is no file '{}' in the app", element.scalar()), "correct the path");
      }
      if (access(hook.c_str(), X_OK) != 0) {
        element.fail(fmt::format("the hook '{}' cannot be executed", element.scalar()),
                     fmt::format("make it executable: chmod +x {}", hook.string()));
      }
      result.push_back(hook.string());
    }
    return result;
  }

  void read_session(const YamlNode& node) {
    for (const auto& [key, value] : node.mapping()) m_app.session[database_type(key)] = texts_of(value);
  }

  static std::string database_type(const YamlNode& key) {
    const auto types = database_types();
    if (std::find(types.begin(), types.end(), key.scalar()) == types.end()) {
      key.fail(fmt::format("unknown database '{}'", key.scalar()),
               fmt::format("name one of {}", fmt::join(types, ", ")));
    }
    return key.scalar();
  }

  App& m_app;
};

}  // namespace

std::string_view name(PatchFormat format) {
  switch (format) {
    case PatchFormat::patches_txt:
      return "patches.txt";
    case PatchFormat::golang_migrate:
      return "golang-migrate";
    case PatchFormat::diesel:
      return "diesel";
    case PatchFormat::flyway:
      return "flyway";
    case PatchFormat::plain_sql:
      return "sql";
  }
  return {};
}

std::optional<fs::path> App::patch_folder(std::string_view db_type) const {
  auto found = patch_folders.find(std::string(db_type));
  if (found == patch_folders.end()) found = patch_folders.find("");
  return found == patch_folders.end() ? std::nullopt : std::optional(found->second);
}

App read_app(const std::string& name, const fs::path& folder) {
  App app;
  app.name = name;
  app.folder = folder;
  std::error_code ignored;
  if (fs::is_regular_file(folder / "patches.txt", ignored)) app.patch_folders[""] = folder;
  if (const auto text = read_file_if_exists(folder / "app.yaml")) {
    app.manifest = folder / "app.yaml";
    ManifestReader(app).read(YamlNode::parse(*text, app.manifest));
  } else if (app.patch_folders.empty()) {
    throw Error(Kind::configuration,
                fmt::format("'{}' is not an app: it has no app.yaml and no patches.txt", folder.string()),
                "add one of them");
  }
  if (app.title.empty()) app.title = name;
  return app;
}

}  // namespace bench
