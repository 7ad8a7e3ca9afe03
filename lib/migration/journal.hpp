#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "database/database.hpp"
#include "database/splitter.hpp"

namespace bench {

/// Which statement of a patch was begun and which was finished, for patches that cannot be one transaction:
/// the table __bench_journal of the site's own database. Its rows go with the patch's log row, whose key
/// names the patch here.
class Journal {
 public:
  Journal(Database& database, std::string operation);

  /// Whether the database has the table; bench's own first patch makes it. Without it the journal is empty,
  /// and nothing can be written to it.
  bool exists() const { return m_exists; }

  struct Entry {
    std::string statement_hash;
    /// Database::definition_of before the statement; nullopt where nothing proves its outcome.
    std::optional<std::string> object_before;
    bool finished = false;
  };
  /// A statement that one run was cut off in. One that the server refused is none.
  struct InDoubt {
    std::string patch;
    std::size_t position = 0;
  };
  /// nullopt when every statement that was begun is finished or was refused.
  std::optional<InDoubt> in_doubt();
  /// A patch that is not logged yet, and of which one run finished statements.
  struct Stopped {
    std::string patch;
    std::size_t finished = 0;  ///< statements 1 to this
    std::string operation;
    std::string finished_at;  ///< the last of them, as the database holds it
  };
  std::vector<Stopped> stopped();
  /// Whether the operation began any statement whose patch is not logged yet.
  bool speaks_of(const std::string& operation);

  /// By the statement's position in the patch, from 0.
  using Entries = std::map<std::size_t, Entry>;
  Entries read(const std::string& patch);

  /// Durable before the statement is sent. Answers `object_before`.
  std::optional<std::string> begin(const std::string& patch, std::size_t position,
                                   const Statement& statement);
  void finish(const std::string& patch, std::size_t position);
  /// In the transaction of the statement itself.
  void note_finished(const std::string& patch, std::size_t position, const Statement& statement);
  /// The server refused the statement: it did not run to its end, but a part of it may have taken effect. It
  /// counts as one that nobody has run.
  void note_refused(const std::string& patch, std::size_t position);
  /// The statement left nothing.
  void take_back(const std::string& patch, std::size_t position);
  /// In the transaction that logs the patch.
  void forget(const std::string& patch);

 private:
  Database& m_database;
  std::string m_operation;
  bool m_exists;
};

std::string hash_of(const Statement& statement);

}  // namespace bench
