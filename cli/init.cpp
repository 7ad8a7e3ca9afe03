#include <fmt/format.h>

#include "base/file.hpp"
#include "base/text.hpp"
#include "context.hpp"
#include "options.hpp"

namespace bench::cli {

namespace {

/// There is no bench yet whose owner new files could get.
Ownership owner_above(std::filesystem::path folder) {
  folder = std::filesystem::absolute(folder);
  while (!std::filesystem::exists(folder)) folder = folder.parent_path();
  return owner_of(folder);
}

void run(Context& context, const std::string& folder) {
  if (folder.empty()) throw Error(Kind::usage, "the folder's name is empty", "give init a folder");
  set_creation_owner(owner_above(folder));
  const BenchFolder bench = BenchFolder::create(folder);
  context.printer().note(fmt::format("next: bench --bench {} new-site NAME", shell_word(folder)));
  Outcome outcome;
  outcome.result["bench"] = bench.path().string();
  outcome.text = fmt::format("made the bench {}\n", bench.path().string());
  context.add(outcome);
}

}  // namespace

Run declare_init(CLI::App& app) {
  examples(app, {"bench init my-bench"});
  auto folder = std::make_shared<std::string>();
  add_argument(app, "DIR", *folder, "the folder to make; it must be empty when it exists");
  return [folder](Context& context) { run(context, *folder); };
}

}  // namespace bench::cli
