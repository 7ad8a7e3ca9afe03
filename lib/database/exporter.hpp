#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// Takes the next piece of a stream.
using ByteSink = std::function<void(std::string_view)>;
/// Fills the buffer and answers how many bytes it put there; 0 is the end.
using ByteSource = std::function<std::size_t(std::span<char>)>;

struct TableSummary {
  std::string name;
  std::int64_t rows = 0;
  std::string checksum;  ///< "sha256:<hex>" over the rows' SQL literals in the order of the dump
  bool operator==(const TableSummary&) const = default;
};

/// What a dump holds, taken from the same snapshot as the dump itself.
struct ContentSummary {
  std::vector<TableSummary> tables;  ///< sorted by name
  /// "sha256:<hex>" over the definitions of tables, indexes, views and triggers.
  std::string schema_fingerprint;
  bool operator==(const ContentSummary&) const = default;
};

/// Whether a selection's name means the table.
bool stands_for(std::string_view name, std::string_view table);

/// Which tables a dump holds. A name stands for itself and for `tab<name>`.
struct TableSelection {
  std::vector<std::string> includes;  ///< empty: all
  std::vector<std::string> excludes;
  bool is_partial() const { return !includes.empty() || !excludes.empty(); }
  bool selects(std::string_view table) const;
};

/// A consistent snapshot of one database, held from construction to destruction; writers go on.
class Exporter {
 public:
  virtual ~Exporter() = default;
  /// Writes the snapshot as an SQL text that the database's own shell can load into an empty database.
  /// `advance` is told how many bytes of about how many were read. Memory does not grow with the database.
  virtual ContentSummary write(const ByteSink& sink, const TableSelection& selection,
                               const std::function<void(std::uint64_t, std::uint64_t)>& advance) = 0;
  /// About how large the database is, in bytes.
  virtual std::uint64_t size() = 0;
  /// What of the database would not be the same after a restore, each in a sentence.
  virtual std::vector<std::string> restore_limits() { return {}; }
};

}  // namespace bench
