#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "database/database.hpp"
#include "operation/operation.hpp"
#include "site/site.hpp"
#include "workflow/workplace.hpp"

namespace bench {

/// What a restore has prepared beside the live data, and how it takes its place. Every step can be cut off
/// and done again: once the database is swapped, `finish` goes forward, before that `discard` goes back.
/// `recover` calls the same two.
class RestoreStage {
 public:
  RestoreStage(const Site& site, Operation& operation) : m_site(site), m_operation(operation) {}

  /// Where an archive is to be extracted; a hidden folder beside the live one, so that a rename can swap
  /// them.
  enum class Files { public_files, private_files };
  std::filesystem::path staged(Files files) const;
  /// Config members (JSON text) that the site takes over from the set.
  void stage_config(const std::vector<std::pair<std::string, std::string>>& members) const;

  /// Marks a database as the one that this operation restored, before it is swapped in.
  void mark(Database& scratch) const;
  bool is_swapped(Database& live) const;

  /// Swaps the staged files and config members in. What was there is kept in the operation's folder. Answers
  /// notes.
  std::vector<std::string> finish() const;
  void discard() const;

  /// Moves the files of a damaged file database into the operation's folder; `discard` moves them back.
  void set_damaged_aside() const;

 private:
  std::filesystem::path damaged(const char* suffix) const;
  void put_damaged_back() const;
  std::filesystem::path live(Files files) const;
  std::filesystem::path config_stage() const { return m_operation.folder_path() / "staged_config.json"; }
  const Site& m_site;
  Operation& m_operation;
};

/// Where the server has lost the site's database: makes it anew, with the account that the config names, and
/// notes that in the record before it begins. Answers whether it did.
bool make_lost_database(const Workplace& workplace, const Site& site, Operation& operation);
/// For a restore that came to nothing: drops what `make_lost_database` made of it, unless somebody has filled
/// it since. May be called again.
void drop_made_database(const Workplace& workplace, const Site& site, const Operation& operation);

}  // namespace bench
