#include <algorithm>
#include <filesystem>
#include <map>
#include <string>

#include "backup/backup_set.hpp"
#include "backup/compression.hpp"
#include "backup/dump_text.hpp"
#include "base/error.hpp"
#include "operation/interruption.hpp"

namespace bench {
namespace {

/// One sentence for each difference between what the manifest says and what was loaded.
std::vector<std::string> differences(const ContentSummary& expected, const ContentSummary& found,
                                     const std::vector<LeftOut>& left_out) {
  std::vector<std::string> list;
  std::map<std::string, const TableSummary*> loaded;
  for (const TableSummary& table : found.tables) loaded[table.name] = &table;
  for (const TableSummary& table : expected.tables) {
    const auto node = loaded.extract(table.name);
    if (node.empty()) {
      const bool is_left_out = std::ranges::find(left_out, table.name, &LeftOut::table) != left_out.end();
      if (!is_left_out) list.push_back("table '" + table.name + "' is missing");
    } else if (node.mapped()->rows != table.rows) {
      list.push_back("table '" + table.name + "' has " + std::to_string(node.mapped()->rows) + " rows, not " +
                     std::to_string(table.rows));
    } else if (node.mapped()->checksum != table.checksum) {
      list.push_back("table '" + table.name + "' has other content");
    }
  }
  for (const auto& [name, table] : loaded) list.push_back("table '" + name + "' is not in the manifest");
  if (list.empty() && left_out.empty() && expected.schema_fingerprint != found.schema_fingerprint)
    list.emplace_back("the definitions of tables, indexes, views or triggers differ");
  return list;
}

std::string in_words(const std::vector<std::string>& list) {
  constexpr std::size_t most = 5;
  std::string text;
  for (std::size_t i = 0; i < std::min(most, list.size()); ++i) text += (i == 0 ? "" : "; ") + list[i];
  if (list.size() > most) text += "; and " + std::to_string(list.size() - most) + " more";
  return text;
}

}  // namespace

std::vector<LeftOut> load_dump(const std::filesystem::path& dump, Scratch& scratch, Progress& progress,
                               Scratch::Extent extent) {
  progress.phase("loading " + dump.filename().string());
  Decompressor source(dump);
  const std::uint64_t size = std::filesystem::file_size(dump);
  DumpWatch watch;
  const auto read = [&](std::span<char> buffer) {
    throw_if_interrupted();
    const std::size_t count = source.read(buffer);
    watch.see({buffer.data(), count});
    return count;
  };
  std::vector<LeftOut> left_out;
  try {
    left_out = scratch.load(
        read, [&](std::uint64_t) { progress.advance(source.consumed(), size); }, extent);
  } catch (const Error& error) {
    const bool is_named = std::string_view(error.what()).starts_with(dump.string());
    if (error.kind() != Kind::bad_backup || is_named) throw;
    throw error.with_context(dump.string());
  }
  if (watch.is_ours() && !watch.ends_in_footer())
    throw Error(Kind::bad_backup, dump.string() + ": the dump does not end in its footer: it is cut off");
  return left_out;
}

std::vector<LeftOut> drill_set(const BackupSet& set, Scratch& scratch, Progress& progress) {
  const auto dump = set.file("database");
  if (!dump) throw Error(Kind::bad_backup, set.name() + ": the set holds no database");
  const auto left_out = load_dump(*dump, scratch, progress,
                                  set.manifest().partial ? Scratch::Extent::part : Scratch::Extent::whole);
  progress.phase("comparing " + set.name() + " with its manifest");
  scratch.check();
  const std::vector<std::string> list = differences(set.manifest().content, scratch.summarize(), left_out);
  if (!list.empty())
    throw Error(Kind::bad_backup,
                set.name() + ": what was restored is not what was backed up: " + in_words(list));
  return left_out;
}

}  // namespace bench
