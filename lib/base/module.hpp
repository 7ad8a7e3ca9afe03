#pragma once

namespace bench {

/// A part of bench that is loaded when it is asked for, because the libraries that it brings along take
/// longer to load than most commands run: the extern "C" function `entry` of
/// `../lib/bench/<version>/<name>.so`, as seen from the program, or of the program itself, where the part is
/// linked into it (tests do that). Error{configuration} when it cannot be loaded.
void* module_entry(const char* name, const char* entry);

}  // namespace bench
