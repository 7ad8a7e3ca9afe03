#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// The text of one JSON object, edited one top-level member at a time: what an edit did not mean to change
/// stays unchanged byte for byte (numbers of any size, escapes, order, white space). Format: RFC 8259.
class JsonText {
 public:
  /// Error{configuration} with file, line and column when the text is not one JSON object; also when a
  /// top-level name appears twice, because then nobody can say which one is meant.
  static JsonText parse(std::string text, const std::filesystem::path& file);
  /// `{}`
  static JsonText empty();

  const std::string& text() const { return m_text; }
  /// Top-level names, unescaped, in their order.
  std::vector<std::string> names() const;
  /// The member's value as it stands in the text.
  std::optional<std::string_view> value(std::string_view name) const;

  /// Replaces the member's value, or appends the member with one-space indent in the manner of its
  /// neighbours. `raw_value` is JSON text. A value that says the same as the old one changes nothing.
  /// Appending and then removing gives the old text back.
  void set(std::string_view name, std::string_view raw_value);
  void remove(std::string_view name);

 private:
  struct Member {
    std::string name;
    std::size_t name_begin;  ///< of the opening quote
    std::size_t value_begin;
    std::size_t value_end;
  };
  std::vector<Member>::const_iterator find(std::string_view name) const;
  void append(std::string_view name, std::string_view value);
  /// Finds the members of a text that is valid JSON.
  void index(const std::filesystem::path& file);

  std::string m_text;
  std::vector<Member> m_members;
};

}  // namespace bench
