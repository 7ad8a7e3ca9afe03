#pragma once

#include <string>
#include <string_view>

namespace bench {

/// JSON text of a JSON or Python literal: what is JSON stays as it stands; of Python: True, False, None,
/// strings in single quotes, lists, tuples (as lists) and dicts (with text as keys), trailing commas. Numbers
/// are kept as they are written, but integers in another base or with '_', which become decimal. Error{usage}
/// says at which character it cannot be read, and quotes nothing of it: it may be a secret.
std::string json_of_literal(std::string_view literal);

}  // namespace bench
