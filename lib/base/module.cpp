#include "base/module.hpp"

#include <dlfcn.h>
#include <fmt/format.h>

#include <filesystem>

#include "base/error.hpp"
#include "base/version.hpp"

namespace bench {

void* module_entry(const char* name, const char* entry) {
  if (void* const function = dlsym(RTLD_DEFAULT, entry); function != nullptr) return function;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe");
  const auto file =
      program.parent_path().parent_path() / "lib" / "bench" / version() / fmt::format("{}.so", name);
  // What a command does not call needs not be found.
  void* const module = dlopen(file.c_str(), RTLD_LAZY | RTLD_LOCAL);
  void* const function = module == nullptr ? nullptr : dlsym(module, entry);
  if (function == nullptr)
    throw Error(Kind::configuration, fmt::format("bench's part for {} cannot be loaded: {}", name, dlerror()),
                "if bench was upgraded meanwhile, start this anew; else install bench and the libraries that "
                "it needs");
  return function;
}

}  // namespace bench
