#include "base/escape.hpp"

namespace bench {

std::string backslashed(std::string_view text, std::string_view special) {
  std::string escaped;
  for (const char character : text) {
    if (special.find(character) != std::string_view::npos) escaped += '\\';
    escaped += character;
  }
  return escaped;
}

}  // namespace bench
