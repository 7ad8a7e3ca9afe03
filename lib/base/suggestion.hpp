#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// The candidate that `word` was most likely meant to be: the nearest by Damerau-Levenshtein distance, at
/// most a third of the word's length away (at least one, at most three edits).
std::optional<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates);

/// "did you mean 'x'?" or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace bench
