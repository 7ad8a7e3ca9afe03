#include "database/fence.hpp"

namespace bench {

std::string_view name(FenceLevel level) {
  switch (level) {
    case FenceLevel::database:
      return "database";
    case FenceLevel::database_with_gaps:
      return "database-with-gaps";
    case FenceLevel::not_enforced:
      return "not-enforced";
  }
  return "";
}

FenceLevel fence_level(std::string_view level) {
  for (const FenceLevel known : {FenceLevel::database, FenceLevel::database_with_gaps})
    if (name(known) == level) return known;
  return FenceLevel::not_enforced;
}

}  // namespace bench
