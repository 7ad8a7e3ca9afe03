#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "base/progress.hpp"
#include "database/database.hpp"
#include "database/exporter.hpp"
#include "database/left_out.hpp"

namespace bench {

/// A throw-away database beside a site's own, whose name says whose it is. Destroyed means dropped.
class Scratch {
 public:
  virtual ~Scratch() = default;

  /// Loads an SQL text as Exporter writes it, or as the database's own dump tool does. Error{bad_backup} with
  /// the line of the statement that fails, or when the text is of another database's tool. Of a part of a
  /// database, what needs something that the text does not hold is left out, and answered.
  enum class Extent { whole, part };
  virtual std::vector<LeftOut> load(const ByteSource& source,
                                    const std::function<void(std::uint64_t)>& advance,
                                    Extent extent = Extent::whole) = 0;

  /// Asks the database whether what was loaded is sound (SQLite: integrity_check). Error{bad_backup} when it
  /// is not.
  virtual void check() = 0;

  /// What was loaded, for comparison with a manifest.
  virtual ContentSummary summarize() = 0;

  /// What the text does not hold of the database that it was taken of, or bench may not make of it, each in a
  /// sentence: the swap would lose it. After `load`.
  virtual std::vector<std::string> lacking() { return {}; }

  /// A connection to it.
  virtual Database& connection() = 0;

  /// Replaces the content of the site's database by the scratch's, whole or not at all. `keep` is called
  /// while nobody else can have written since, to keep what was there; it is called again when somebody wrote
  /// meanwhile. Called inside a window, with the window's connection. `progress` is told who holds it up.
  virtual void swap_in(Database& run_connection, const std::function<void()>& keep,
                       Progress* progress = nullptr) = 0;

  /// What belongs to somebody else than in the database that the text was taken of, each in a sentence. After
  /// `swap_in`; Fence::restore_rights may change it again.
  virtual std::vector<std::string> given_to_others() { return {}; }
};

}  // namespace bench
