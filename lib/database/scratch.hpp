#pragma once

#include <functional>
#include <memory>
#include <string>

#include "database/database.hpp"
#include "database/exporter.hpp"

namespace bench {

/// A throw-away database beside a site's own, whose name says whose it is. Destroyed means dropped.
class Scratch {
 public:
  virtual ~Scratch() = default;

  /// Loads an SQL text as Exporter writes it, or as the database's own dump tool does. Error{bad_backup} with
  /// the line of the statement that fails, or when the text is of another database's tool.
  virtual void load(const ByteSource& source, const std::function<void(std::uint64_t)>& advance) = 0;

  /// Asks the database whether what was loaded is sound (SQLite: integrity_check). Error{bad_backup} when it
  /// is not.
  virtual void check() = 0;

  /// What was loaded, for comparison with a manifest.
  virtual ContentSummary summarize() = 0;

  /// A connection to it.
  virtual Database& connection() = 0;

  /// Replaces the content of the site's database by the scratch's, whole or not at all. `keep` is called
  /// while nobody else can have written since, to keep what was there; it is called again when somebody wrote
  /// meanwhile. Called inside a window, with the window's connection.
  virtual void swap_in(Database& run_connection, const std::function<void()>& keep) = 0;
};

}  // namespace bench
