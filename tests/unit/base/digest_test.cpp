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

// RFC 4231, test cases 1, 2, 3 and 6.
TEST_CASE("HMAC-SHA256 is the one of its test vectors") {
  CHECK(bench::hmac_sha256(std::string(20, '\x0b'), "Hi There") ==
        "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  CHECK(bench::hmac_sha256("Jefe", "what do ya want for nothing?") ==
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  CHECK(bench::hmac_sha256(std::string(20, '\xaa'), std::string(50, '\xdd')) ==
        "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe");
  CHECK(bench::hmac_sha256(std::string(131, '\xaa'),
                           "Test Using Larger Than Block-Size Key - Hash Key First") ==
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}
