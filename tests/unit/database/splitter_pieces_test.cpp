#include <catch2/catch.hpp>

#include <filesystem>

#include "base/file.hpp"
#include "support/pieces.hpp"

using namespace bench;
using namespace bench::test;

TEST_CASE("how the text is cut into pieces does not change its statements") {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(BENCH_CORPUS)) {
    const std::string text = read_file(entry.path());
    ++files;
    for (const Dialect dialect : {Dialect::sqlite, Dialect::mariadb, Dialect::postgres}) {
      const Outcome whole = Outcome::of(text, dialect, text.size() * 1000);
      INFO(entry.path() << " as " << name(dialect) << ": " << whole.error);
      CHECK(whole.error.size() + whole.statements.size() > 0);
      for (const std::uint32_t seed : {1U, 2U, 3U, 4U, 5U}) {
        const Outcome pieces = Outcome::of(text, dialect, seed == 1 ? 1 : seed * 7, seed);
        CHECK(pieces.lines == whole.lines);
        CHECK(pieces.error == whole.error);
      }
    }
  }
  CHECK(files >= 8);
}
