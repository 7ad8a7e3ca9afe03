#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

/// The first position from `at` on that is not JSON white space; the text's size when there is none.
std::size_t skip_json_space(std::string_view text, std::size_t at);
/// The end of the token (string, number, literal or one punctuation mark) that begins at `at`; always beyond
/// `at`.
std::size_t json_token_end(std::string_view text, std::size_t at);
/// The end of the value that begins at `at`, objects and arrays with all that is in them. The text must be
/// valid.
std::size_t json_value_end(std::string_view text, std::size_t at);

/// What makes a text no JSON value, and where. The reason quotes nothing of the text: it may hold secrets.
struct JsonFault {
  std::size_t offset;
  std::string reason;
};
std::optional<JsonFault> find_json_fault(std::string_view text);

/// "<file>:<line>:<column>" of a byte; columns count characters, both count from 1.
std::string place_in(const std::filesystem::path& file, std::string_view text, std::size_t offset);

/// What a JSON string says, and text as a JSON string in ASCII (as Frappe writes it). Error{usage} when it is
/// not UTF-8.
std::string text_of_json_string(std::string_view json_string);
std::string json_string_of(std::string_view text);

/// The integer that the text is, from its first character to its last.
std::optional<std::int64_t> whole_number(std::string_view text);

/// Whether two JSON values say the same, white space and escapes apart. Numbers are the same when they are
/// written alike.
bool same_json(std::string_view one, std::string_view other);

}  // namespace bench
