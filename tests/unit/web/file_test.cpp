#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>

#include "base/file.hpp"
#include "support/temporary_folder.hpp"
#include "web/http/content_coding.hpp"
#include "web/http/static_file.hpp"

using namespace bench;
using namespace bench::test;

namespace {

void write(const std::filesystem::path& path, std::string_view text) {
  make_folders(path.parent_path());
  write_all(open_file(path, O_WRONLY | O_CREAT | O_TRUNC, 0644).get(), text, path);
}

HttpRequest asked(std::initializer_list<HttpHeaders::Field> headers = {}) {
  HttpRequest request{.method = "GET"};
  for (const auto& [name, value] : headers) request.headers.add(name, value);
  return request;
}

struct Part {
  int status;
  std::uint64_t offset, size;
  bool operator==(const Part&) const = default;
};

Part part(const std::filesystem::path& folder, std::string range) {
  const auto response = serve_file(asked({{"Range", std::move(range)}}), folder, "digits.txt");
  const auto* body = std::get_if<FilePart>(&response->body);
  return {response->status, body == nullptr ? 0 : body->offset, body == nullptr ? 0 : body->size};
}

}  // namespace

TEST_CASE("a file is served whole and in parts") {
  const TemporaryFolder folder;
  write(folder.path() / "digits.txt", "0123456789");
  CHECK(part(folder.path(), "bytes=2-4") == Part{206, 2, 3});
  CHECK(part(folder.path(), "bytes=7-") == Part{206, 7, 3});
  CHECK(part(folder.path(), "bytes=-3") == Part{206, 7, 3});
  CHECK(part(folder.path(), "bytes=-100") == Part{206, 0, 10});
  CHECK(part(folder.path(), "bytes=5-100") == Part{206, 5, 5});
  CHECK(part(folder.path(), "bytes=10-") == Part{416, 0, 0});
  for (const char* whole : {"bytes=4-2", "bytes=a-b", "bytes=0-1,3-4", "items=1-2", "bytes=-", "bytes=1-2x"})
    CHECK(part(folder.path(), whole) == Part{200, 0, 10});

  const auto first = serve_file(asked(), folder.path(), "digits.txt");
  CHECK(first->headers.get("Content-Type") == "text/plain; charset=utf-8");
  const std::string tag(first->headers.get("ETag"));
  CHECK(serve_file(asked({{"If-None-Match", tag}}), folder.path(), "digits.txt")->status == 304);
  const std::string time(first->headers.get("Last-Modified"));
  CHECK(serve_file(asked({{"If-Modified-Since", time}}), folder.path(), "digits.txt")->status == 304);
  CHECK(
      serve_file(asked({{"If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"}}), folder.path(), "digits.txt")
          ->status == 200);
  const auto other_tag = asked({{"If-Modified-Since", time}, {"If-None-Match", "\"other\""}});
  CHECK(serve_file(other_tag, folder.path(), "digits.txt")->status == 200);
  const auto of_old = asked({{"Range", "bytes=0-1"}, {"If-Range", "\"old\""}});
  CHECK(serve_file(of_old, folder.path(), "digits.txt")->status == 200);
}

TEST_CASE("nothing outside the folder is served") {
  const TemporaryFolder folder;
  const auto inside = folder.path() / "inside";
  write(folder.path() / "secret", "secret");
  write(inside / "sub" / "file", "file");
  std::filesystem::create_symlink(folder.path() / "secret", inside / "link");
  std::filesystem::create_directory_symlink(folder.path(), inside / "folder");
  REQUIRE(::mkfifo((inside / "fifo").c_str(), 0600) == 0);
  CHECK(serve_file(asked(), inside, "sub/file"));
  for (const char* path : {"../secret", "sub/../../secret", "/etc/passwd", "link", "folder/secret", "fifo",
                           "sub", "", ".", "sub//file", "nowhere"})
    CHECK_FALSE(serve_file(asked(), inside, path));
}

TEST_CASE("a page is compressed for who takes it, and not sent again to who has it") {
  const auto page = [] { return text_response(200, "text/html", std::string(5'000, 'x')); };
  const auto plain = with_validators(page(), asked(), "live");
  auto packed = with_validators(page(), asked({{"Accept-Encoding", "br, gzip;q=0.5"}}), "live");
  CHECK(packed.headers.get("Content-Encoding") == "gzip");
  CHECK(packed.text()->size() < 200);
  const auto refused = with_validators(page(), asked({{"Accept-Encoding", "gzip;q=0"}}), "live");
  CHECK_FALSE(refused.headers.find("Content-Encoding"));
  const std::string tag(plain.headers.get("ETag"));
  CHECK(tag != packed.headers.get("ETag"));
  CHECK(with_validators(page(), asked({{"If-None-Match", "\"a\", W/" + tag}}), "live").status == 304);
  CHECK(with_validators(page(), asked({{"If-None-Match", tag}}), "read-only").status == 200);
  HttpResponse failed = page();
  failed.status = 503;
  CHECK_FALSE(with_validators(std::move(failed), asked(), "live").headers.find("ETag"));
}
