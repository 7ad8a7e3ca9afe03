#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.hpp"
#include "database/splitter.hpp"

namespace bench::test {

/// What a splitter made of a text, to be compared: every statement with all that is known of it, then the
/// error if any.
class Outcome {
 public:
  /// Feeds `text` in pieces of 1 to `longest` characters; the same `seed` gives the same pieces.
  static Outcome of(std::string_view text, Dialect dialect, std::size_t longest, std::uint32_t seed = 1) {
    Outcome outcome;
    StatementSplitter splitter(dialect);
    try {
      while (!text.empty()) {
        seed = seed * 1664525 + 1013904223;
        const std::size_t size = std::min<std::size_t>(text.size(), 1 + (seed >> 8U) % longest);
        splitter.feed(text.substr(0, size));
        text.remove_prefix(size);
        outcome.take_from(splitter);
      }
    } catch (const Error& error) {
      outcome.error = error.what();
      return outcome;
    }
    try {
      splitter.finish();
    } catch (const Error& error) {
      outcome.error = error.what();
    }
    // An error at the end leaves the statements before it.
    outcome.take_from(splitter);
    return outcome;
  }

  friend bool operator==(const Outcome& left, const Outcome& right) {
    return left.error == right.error && left.lines == right.lines;
  }

  std::vector<Statement> statements;
  std::vector<std::string> lines;  ///< of text: one a statement
  std::string error;

 private:
  void take_from(StatementSplitter& splitter) {
    while (std::optional<Statement> statement = splitter.next()) {
      lines.push_back(std::to_string(statement->line) + " [" + statement->keywords + "] " +
                      std::to_string(statement->first_token) + ": " + statement->text);
      statements.push_back(std::move(*statement));
    }
  }
};

}  // namespace bench::test
