#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/error.hpp"

namespace bench::test {

/// The Error that `action` throws; nullopt when it throws none.
template <typename Action>
std::optional<Error> error_of(Action&& action) {
  try {
    std::forward<Action>(action)();
  } catch (const Error& error) {
    return error;
  }
  return std::nullopt;
}

/// Its message; "no error" when there is none.
template <typename Action>
std::string message_of(Action&& action) {
  const auto error = error_of(std::forward<Action>(action));
  return error ? error->what() : "no error";
}

}  // namespace bench::test
