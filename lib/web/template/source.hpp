#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.hpp"

namespace bench {

/// The text of a template, every line ended by one line feed and without the last of them, and where it comes
/// from.
struct TemplateSource {
  TemplateSource(std::string_view text, std::string file);

  std::string text;
  std::string file;

  /// "<file>:<line>:<column>", both from 1; columns count characters.
  std::string place(std::uint32_t at) const;
  /// Error{configuration} with that place before its message.
  [[noreturn]] void fail(std::uint32_t at, std::string_view message, std::string hint = {}) const;
};

}  // namespace bench
