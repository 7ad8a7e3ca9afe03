#include "backup/manifest.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "base/json.hpp"

namespace bench {
namespace {

using nlohmann::json;

constexpr int format = 1;

json files_json(const std::vector<FileFacts>& files) {
  json list = json::array();
  for (const FileFacts& file : files)
    list.push_back({{"role", file.role}, {"name", file.name}, {"size", file.size}, {"sha256", file.sha256}});
  return list;
}

json tables_json(const std::vector<TableSummary>& tables) {
  json list = json::array();
  for (const TableSummary& table : tables)
    list.push_back({{"name", table.name}, {"rows", table.rows}, {"checksum", table.checksum}});
  return list;
}

json apps_json(const std::vector<std::pair<std::string, std::string>>& apps) {
  json list = json::array();
  for (const auto& [name, version] : apps) list.push_back({{"name", name}, {"version", version}});
  return list;
}

json patches_json(const std::vector<ManifestPatch>& patches) {
  json list = json::array();
  for (const ManifestPatch& patch : patches)
    list.push_back({{"key", patch.key}, {"checksum", patch.checksum}});
  return list;
}

/// File names are bytes, JSON is UTF-8.
json names_json(const std::vector<std::string>& names) {
  json list = json::array();
  for (const std::string& name : names) {
    const std::string quoted = json_text(json(name));
    list.push_back(json::parse(quoted));
  }
  return list;
}

/// Reads members of one object, and knows where it is for messages.
class Reader {
 public:
  Reader(const json& value, const std::filesystem::path& file, std::string where)
      : m_value(value), m_file(file), m_where(std::move(where)) {
    if (!value.is_object()) fail(m_where.empty() ? "it" : m_where, "an object");
  }

  std::string text(const char* name) const {
    return member(name, "text", &json::is_string).get<std::string>();
  }
  bool flag(const char* name) const { return member(name, "true or false", &json::is_boolean).get<bool>(); }
  std::uint64_t count(const char* name) const {
    return member(name, "a number", &json::is_number_unsigned).get<std::uint64_t>();
  }
  Reader object(const char* name) const {
    return {member(name, "an object", &json::is_object), m_file, path_of(name)};
  }

  template <typename Item, typename Read>
  std::vector<Item> list(const char* name, Read read) const {
    std::vector<Item> items;
    for (const json& value : member(name, "a list", &json::is_array))
      items.push_back(read(Reader(value, m_file, path_of(name) + "[" + std::to_string(items.size()) + "]")));
    return items;
  }
  std::vector<std::string> texts(const char* name) const {
    std::vector<std::string> items;
    for (const json& value : member(name, "a list", &json::is_array)) {
      if (!value.is_string()) fail(path_of(name), "a list of texts");
      items.push_back(value.get<std::string>());
    }
    return items;
  }
  bool has(const char* name) const { return m_value.contains(name); }

  [[noreturn]] void fail(const std::string& what, const std::string& expected) const {
    throw Error(Kind::bad_backup, m_file.string() + ": " + what + " is not " + expected);
  }

 private:
  std::string path_of(const char* name) const { return m_where.empty() ? name : m_where + "." + name; }

  const json& member(const char* name, const char* expected, bool (json::*is_type)() const noexcept) const {
    const auto found = m_value.find(name);
    if (found == m_value.end())
      throw Error(Kind::bad_backup, m_file.string() + ": " + path_of(name) + " is missing");
    if (!((*found).*is_type)()) fail(path_of(name), expected);
    return *found;
  }

  const json& m_value;
  const std::filesystem::path& m_file;
  std::string m_where;
};

/// A name must not lead from the manifest's folder to somewhere else unseen.
FileFacts read_file_facts(const Reader& reader) {
  FileFacts facts{reader.text("role"), reader.text("name"), reader.count("size"), reader.text("sha256")};
  const bool plain = facts.name.find('/') == std::string::npos && facts.name != "." && facts.name != "..";
  if (facts.name.empty() || !(plain || facts.name.front() == '/'))
    reader.fail("the file name '" + facts.name + "'", "a plain name or an absolute path");
  return facts;
}

TableSummary read_table(const Reader& reader) {
  return {reader.text("name"), static_cast<std::int64_t>(reader.count("rows")), reader.text("checksum")};
}

Manifest read_manifest(const Reader& reader) {
  Manifest manifest;
  manifest.tool = reader.text("tool");
  manifest.site = reader.text("site");
  manifest.created = reader.text("created");
  manifest.operation = reader.text("operation");
  const Reader database = reader.object("database");
  manifest.db_type = database.text("type");
  manifest.db_version = database.text("version");
  manifest.db_name = database.text("name");
  manifest.partial = reader.flag("partial");
  manifest.same_moment = reader.flag("same_moment");
  manifest.files = reader.list<FileFacts>("files", read_file_facts);
  manifest.skipped_files = reader.texts("skipped_files");
  manifest.changed_files = reader.texts("changed_files");
  manifest.content.schema_fingerprint = reader.text("schema_fingerprint");
  manifest.content.tables = reader.list<TableSummary>("tables", read_table);
  manifest.apps = reader.list<std::pair<std::string, std::string>>(
      "apps", [](const Reader& app) { return std::pair(app.text("name"), app.text("version")); });
  manifest.patches = reader.list<ManifestPatch>("patches", [](const Reader& patch) {
    return ManifestPatch{patch.text("key"), patch.text("checksum")};
  });
  return manifest;
}

}  // namespace

const FileFacts* Manifest::file(std::string_view role) const {
  const auto found = std::ranges::find(files, role, &FileFacts::role);
  return found == files.end() ? nullptr : &*found;
}

json to_json(const Manifest& manifest) {
  return {{"format", format},
          {"tool", manifest.tool},
          {"site", manifest.site},
          {"created", manifest.created},
          {"operation", manifest.operation},
          {"database",
           {{"type", manifest.db_type}, {"version", manifest.db_version}, {"name", manifest.db_name}}},
          {"partial", manifest.partial},
          {"same_moment", manifest.same_moment},
          {"files", files_json(manifest.files)},
          {"skipped_files", names_json(manifest.skipped_files)},
          {"changed_files", names_json(manifest.changed_files)},
          {"schema_fingerprint", manifest.content.schema_fingerprint},
          {"tables", tables_json(manifest.content.tables)},
          {"apps", apps_json(manifest.apps)},
          {"patches", patches_json(manifest.patches)}};
}

std::string to_text(const Manifest& manifest) {
  try {
    return to_json(manifest).dump(1) + "\n";
  } catch (const json::type_error&) {
    throw Error(Kind::usage, "a name in the backup's manifest is not valid UTF-8",
                "give the backup's files names that are valid UTF-8");
  }
}

Manifest manifest_from_json(const std::string& text, const std::filesystem::path& file) {
  const json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) throw Error(Kind::bad_backup, file.string() + ": it is not valid JSON");
  const Reader reader(value, file, "");
  if (const std::uint64_t found = reader.count("format"); found != format)
    throw Error(Kind::bad_backup, file.string() + ": format " + std::to_string(found) + " is not known",
                "use the version of bench that made the backup");
  return read_manifest(reader);
}

}  // namespace bench
