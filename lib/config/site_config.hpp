#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "config/json_text.hpp"

namespace bench {

/// One configuration file (`common_site_config.json` or a site's `site_config.json`) as a value: typed
/// through the key table, exact in everything that is not touched.
class SiteConfig {
 public:
  /// A file that does not exist reads as `{}`. Error{configuration} with line and column when it is not valid
  /// JSON.
  static SiteConfig load(const std::filesystem::path& file);
  static SiteConfig parse(std::string text, const std::filesystem::path& file);

  std::vector<std::string> keys() const { return m_json.names(); }
  bool has(std::string_view key) const { return m_json.value(key).has_value(); }
  /// The value as JSON text, as it stands in the file.
  std::optional<std::string> raw(std::string_view key) const;
  /// Typed access. Error{configuration} naming file and key when the value is of another type. `integer`
  /// accepts strings of digits and booleans, `flag` accepts 0, 1, true, false and the strings of these:
  /// Frappe files hold all of them. null is as good as absent, as it is to Frappe.
  std::optional<std::string> string(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key) const;
  bool flag(std::string_view key) const;  ///< absent is false
  std::optional<nlohmann::json> json(std::string_view key) const;

  void set_raw(std::string_view key, std::string_view json_text) { m_json.set(key, json_text); }
  void set_string(std::string_view key, std::string_view value);
  void set_integer(std::string_view key, std::int64_t value);
  void remove(std::string_view key) { m_json.remove(key); }

  const std::string& text() const { return m_json.text(); }
  const std::filesystem::path& file() const { return m_file; }

 private:
  SiteConfig(JsonText json, std::filesystem::path file) : m_json(std::move(json)), m_file(std::move(file)) {}
  /// raw, but nullopt for null.
  std::optional<std::string> present(std::string_view key) const;
  [[noreturn]] void refuse(std::string_view key, std::string_view expected) const;
  JsonText m_json;
  std::filesystem::path m_file;
};

/// The files that guard a configuration file: Frappe's lock and the one of its successor. An edit holds both.
struct ConfigLocks {
  std::filesystem::path frappe;
  std::filesystem::path pilot;
};

/// THE way to change a configuration file: takes both locks, reads, lets `change` edit the value, and
/// replaces the file atomically; an edit that changes nothing writes nothing. Stale temporary files beside it
/// are removed on the way. Returns whether the file changed. `change` may throw; then nothing has changed.
/// Error{busy} names the lock file that somebody else did not let go within ten seconds.
bool edit_config(const std::filesystem::path& file, const ConfigLocks& locks,
                 const std::function<void(SiteConfig&)>& change);

/// Called inside an edit with "config.locked", "config.written" (the temporary file is whole, the rename has
/// not been) and "config.renamed". Does nothing until the program's start sets it (to `pause_point`, which
/// this room cannot know).
extern void (*edit_config_pause)(std::string_view point);

/// Reads a command line's value the way Frappe's `set-config` does: without `parse`, 0 and 1 are integers,
/// true and false booleans, None means "delete" (nullopt), all else a string; known integer keys take digits
/// as integers, and known text keys take everything but None as text. With `parse` the value is a JSON or
/// Python literal. Answers JSON text. Error{usage} when a known key's type does not fit or the literal cannot
/// be read.
enum class ValueSyntax { plain, literal };
std::optional<std::string> config_value_from_argument(std::string_view key, std::string_view argument,
                                                      ValueSyntax syntax);

/// What a site sees: common config, then the site's own (shallow), then FRAPPE_DB_* of the environment. Where
/// none of them says anything: db_type mariadb, db_host 127.0.0.1, db_port of the type, db_user as db_name.
class LayeredConfig {
 public:
  LayeredConfig(SiteConfig common, SiteConfig site, const std::map<std::string, std::string>& environment);
  /// As above with the process's environment.
  static LayeredConfig load(const std::filesystem::path& common_file, const std::filesystem::path& site_file);

  /// What the layers name, each once; keys that only have a default are not among them.
  std::vector<std::string> keys() const;
  std::optional<std::string> raw(std::string_view key) const;
  std::optional<std::string> string(std::string_view key) const;
  std::optional<std::int64_t> integer(std::string_view key) const;
  bool flag(std::string_view key) const;
  std::optional<nlohmann::json> json(std::string_view key) const;

  const SiteConfig& site() const { return m_site; }
  const SiteConfig& common() const { return m_common; }

 private:
  const SiteConfig& layer_of(std::string_view key) const;
  SiteConfig m_common;
  SiteConfig m_site;
  SiteConfig m_environment;
  SiteConfig m_defaults;
};

/// JSON text that may be shown: the string "********" (quoted) in place of a secret key's value, of secret
/// members inside an object, and of the password inside a URL; else the value as it stands.
std::string masked(std::string_view key, std::string_view raw_value);

}  // namespace bench
