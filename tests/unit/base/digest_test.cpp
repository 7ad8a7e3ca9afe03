#include "base/digest.hpp"

#include <fcntl.h>

#include <catch2/catch.hpp>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "base/file.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;

TEST_CASE("the SHA-256 of the standard's examples") {
  CHECK(sha256("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256(std::string(1'000'000, 'a')) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST_CASE("pieces have the digest of the whole") {
  Sha256 digest;
  digest.update("a");
  digest.update("");
  Sha256 moved = std::move(digest);
  moved.update("bc");
  CHECK(moved.finish() == sha256("abc"));
}

TEST_CASE("the digest of a file that is larger than a read") {
  const test::TemporaryFolder folder;
  const std::string bytes(1'000'000, 'a');
  const FileDescriptor file = open_file(folder / "million", O_WRONLY | O_CREAT);
  write_all(file.get(), bytes, "million");
  CHECK(sha256_of_file(folder / "million") == sha256(bytes));
  CHECK_THROWS_AS(sha256_of_file(folder / "missing"), Error);
  CHECK_THROWS_AS(sha256_of_file(folder.path()), Error);
}

TEST_CASE("random hexadecimal has the length asked for and does not repeat") {
  CHECK(random_hex(0).empty());
  const std::string first = random_hex(300);
  CHECK(first.size() == 600);
  CHECK(first.find_first_not_of("0123456789abcdef") == std::string::npos);
  CHECK(first != random_hex(300));
}
