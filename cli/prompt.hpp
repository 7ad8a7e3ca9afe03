#pragma once

#include <string>

#include "context.hpp"

namespace bench::cli {

enum class Confirmed { no, yes };

/// Asks for the site's name on the terminal before it is destroyed; `what` says what is lost. Not asked when
/// `already` (the command's own --force) or --yes says so. Error{usage} when another name is typed, and,
/// naming --yes, when nobody can be asked.
void confirm_by_name(Context& context, const std::string& site, const std::string& what, Confirmed already);

/// The first line of a file, or of stdin for "-". Error{usage} when there is none.
std::string password_in_file(const std::string& file);

/// Error{usage} for an empty password; a short one is warned of.
void check_new_password(Context& context, std::string_view password);

/// Asks for a new password twice, without showing it. Error{usage}, naming `option`, when nobody can be
/// asked or the two differ.
std::string ask_new_password(Context& context, const std::string& whose, const std::string& option);

}  // namespace bench::cli
