#include "backup/archive.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <catch2/catch.hpp>
#include <cstring>

#include "backup_fixture.hpp"
#include "base/file.hpp"

using namespace bench;
using namespace bench::test;

namespace {

namespace fs = std::filesystem;

std::string archived(const fs::path& folder, ArchiveReport* report = nullptr) {
  std::string bytes;
  ArchiveReport made =
      write_archive(folder, "library/public/files", [&](std::string_view piece) { bytes += piece; });
  if (report != nullptr) *report = std::move(made);
  return bytes;
}

/// Names, types, modes, times and contents below a folder.
std::vector<std::string> tree_of(const fs::path& folder) {
  std::vector<std::string> lines;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    struct stat status {};
    REQUIRE(::lstat(entry.path().c_str(), &status) == 0);
    lines.push_back(fs::relative(entry.path(), folder).string() + " " + std::to_string(status.st_mode) + " " +
                    std::to_string(status.st_mtim.tv_sec) + " " +
                    (S_ISREG(status.st_mode) ? sha256(read_text(entry.path())) : ""));
  }
  std::sort(lines.begin(), lines.end());
  return lines;
}

/// One member of a tar as an attacker would write it: a ustar header and the content.
std::string member(const std::string& name, char type = '0', const std::string& content = "",
                   const std::string& link = "", unsigned mode = 0644) {
  std::array<char, 512> header{};
  const auto put = [&](std::size_t at, const std::string& text) {
    std::memcpy(header.data() + at, text.data(), text.size());
  };
  const auto octal = [](std::size_t value, int width) {
    std::array<char, 32> text{};
    std::snprintf(text.data(), text.size(), "%0*zo", width, value);
    return std::string(text.data());
  };
  put(0, name);
  put(100, octal(mode, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(content.size(), 11));
  put(136, octal(1'700'000'000, 11));
  put(148, "        ");
  header[156] = type;
  put(157, link);
  put(257, std::string("ustar\0"
                       "00",
                       8));
  std::size_t sum = 0;
  for (const char c : header) sum += static_cast<unsigned char>(c);
  put(148, octal(sum, 6) + std::string("\0 ", 2));
  std::string bytes(header.data(), header.size());
  bytes += content;
  bytes.resize((bytes.size() + 511) / 512 * 512, '\0');
  return bytes;
}

const std::string end_mark(1024, '\0');

/// Both readers must refuse it, and leave nothing.
std::string refusal(const std::string& bytes) {
  const TemporaryFolder folder;
  write_text(folder / "a.tar", bytes);
  std::string message;
  std::string other;
  CHECK(kind_of([&] { check_archive(folder / "a.tar"); }, &message) == Kind::bad_backup);
  CHECK(kind_of([&] { extract_archive(folder / "a.tar", folder / "deep/target"); }) != Kind::answer_yes);
  fs::create_directory(folder / "deep");
  CHECK(kind_of([&] { extract_archive(folder / "a.tar", folder / "deep/target"); }, &other) ==
        Kind::bad_backup);
  CHECK(message == other);
  CHECK(names_in(folder.path()) == std::vector<std::string>{"a.tar", "deep"});
  CHECK(names_in(folder / "deep").empty());
  const std::string path = (folder / "a.tar").string() + ": ";
  return message.substr(0, path.size()) == path ? message.substr(path.size()) : message;
}

void extract_bytes(const TemporaryFolder& folder, const std::string& bytes, const fs::path& target) {
  write_text(folder / "a.tar", bytes);
  check_archive(folder / "a.tar");
  extract_archive(folder / "a.tar", target);
}

const std::string long_name(250, 'n');

void make_odd_tree(const fs::path& folder) {
  for (const std::string& name :
       {std::string("plain"), std::string("with space"), std::string("new\nline"), std::string("caf\xc3\xa9"),
        std::string("not-utf8-\xff\xfe"), std::string("-dash"), std::string("empty-folder/"), long_name,
        std::string("a/b/c/d/e"),
        "deep/" + long_name + "/" + long_name + "/" + long_name + "/\xe4" + "file"}) {
    if (name.ends_with('/')) {
      fs::create_directories(folder / name);
    } else {
      write_text(folder / name, "content of " + name);
    }
  }
  write_text(folder / "big", std::string(3'000'000, 'b'));
  write_text(folder / "nothing", "");
  write_text(folder / "sparse", "start");
  fs::resize_file(folder / "sparse", 5'000'000);
  fs::permissions(folder / "plain", static_cast<fs::perms>(0640));
  fs::permissions(folder / "with space", static_cast<fs::perms>(0755));
  fs::permissions(folder / "empty-folder", static_cast<fs::perms>(0500));
  for (const char* name : {"plain", "a/b", "empty-folder"}) {
    const timespec times[2] = {{1'600'000'000, 0}, {1'600'000'000, 0}};
    REQUIRE(::utimensat(AT_FDCWD, (folder / name).c_str(), times, 0) == 0);
  }
}

}  // namespace

TEST_CASE("a tree comes back with all names, contents, modes and times") {
  const TemporaryFolder folder;
  make_odd_tree(folder / "files");
  ArchiveReport report;
  const std::string bytes = archived(folder / "files", &report);
  extract_bytes(folder, bytes, folder / "restored");
  CHECK(tree_of(folder / "restored") == tree_of(folder / "files"));
  CHECK(report.files == 12);
  CHECK(report.skipped.empty());
  CHECK(report.changed.empty());
}

TEST_CASE("the system's tar reads the archive with the same names") {
  const TemporaryFolder folder;
  make_odd_tree(folder / "files");
  write_text(folder / "a.tar", archived(folder / "files"));
  fs::create_directory(folder / "out");
  const ChildResult result = run_program({"tar", "-xpf", folder / "a.tar", "-C", folder / "out"});
  CHECK(result.exit_code == 0);
  CHECK(tree_of(folder / "out/library/public/files") == tree_of(folder / "files"));
}

TEST_CASE("an archive of the system's tar is read, as Frappe makes it") {
  const TemporaryFolder folder;
  const std::string format = GENERATE("gnu", "ustar", "posix");
  write_text(folder / "library/private/files/caf\xc3\xa9", "one");
  write_text(folder / "library/private/files/a/two", "two");
  if (format != "ustar") write_text(folder / "library/private/files" / ("a/" + long_name), "long");
  const ChildResult result = run_program(
      {"tar", "--format=" + format, "-czf", folder / "a.tgz", "./library/private/files"}, folder.path());
  REQUIRE(result.exit_code == 0);
  check_archive(folder / "a.tgz");
  extract_archive(folder / "a.tgz", folder / "restored");
  CHECK(tree_of(folder / "restored") == tree_of(folder / "library/private/files"));
}

TEST_CASE("a sparse archive of the system's tar is read with its holes") {
  const TemporaryFolder folder;
  write_text(folder / "library/public/files/sparse", "start");
  fs::resize_file(folder / "library/public/files/sparse", 5'000'000);
  write_text(folder / "library/public/files/other", "after");
  const ChildResult result =
      run_program({"tar", "--sparse", "-cf", folder / "a.tar", "library"}, folder.path());
  REQUIRE(result.exit_code == 0);
  REQUIRE(fs::file_size(folder / "a.tar") < 100'000);
  extract_archive(folder / "a.tar", folder / "restored");
  CHECK(tree_of(folder / "restored") == tree_of(folder / "library/public/files"));
}

TEST_CASE("members are in sorted order and carry the prefix") {
  const TemporaryFolder folder;
  for (const char* name : {"z", "b/2", "b/1", "a", "c"}) write_text(folder / "files" / name, name);
  write_text(folder / "a.tar", archived(folder / "files"));
  const ChildResult result = run_program({"tar", "-tf", folder / "a.tar"});
  CHECK(result.stdout_text ==
        "./library/public/files/\n./library/public/files/a\n./library/public/files/b/\n./library/public/"
        "files/b/1\n"
        "./library/public/files/b/2\n./library/public/files/c\n./library/public/files/z\n");
}

TEST_CASE("plain names need no pax header") {
  const TemporaryFolder folder;
  write_text(folder / "files/a", "1");
  // Two headers, one block of content, and the end.
  CHECK(archived(folder / "files").size() == 5 * 512);
}

TEST_CASE("a file that ustar has no room for tells its size in a pax header") {
  const TemporaryFolder folder;
  write_text(folder / "files/huge", "start");
  fs::resize_file(folder / "files/huge", std::uintmax_t{9} << 30);
  std::string start;
  const auto take_start = [&](std::string_view piece) {
    start += piece;
    throw Error(Kind::interrupted, "enough");
  };
  CHECK(kind_of([&] { write_archive(folder / "files", "library/public/files", take_start); }) ==
        Kind::interrupted);
  CHECK(start.find(" size=9663676416\n") != std::string::npos);
}

TEST_CASE("links and special files are left out and named") {
  const TemporaryFolder folder;
  write_text(folder / "files/real", "real");
  fs::create_symlink("real", folder / "files/link");
  fs::create_directory_symlink("/etc", folder / "files/etc");
  REQUIRE(::mkfifo((folder / "files/fifo").c_str(), 0600) == 0);
  fs::create_hard_link(folder / "files/real", folder / "files/second");
  ArchiveReport report;
  extract_bytes(folder, archived(folder / "files", &report), folder / "restored");
  CHECK(names_in(folder / "restored") == std::vector<std::string>{"real", "second"});
  CHECK(read_text(folder / "restored/second") == "real");
  CHECK(report.skipped == std::vector<std::string>{"library/public/files/etc", "library/public/files/fifo",
                                                   "library/public/files/link"});
}

TEST_CASE("a link at the top is followed") {
  const TemporaryFolder folder;
  write_text(folder / "storage/a", "1");
  fs::create_directory_symlink(folder / "storage", folder / "files");
  extract_bytes(folder, archived(folder / "files"), folder / "restored");
  CHECK(names_in(folder / "restored") == std::vector<std::string>{"a"});
}

TEST_CASE("a link to nowhere at the top is no folder without files") {
  const TemporaryFolder folder;
  fs::create_directory_symlink(folder / "unmounted", folder / "files");
  CHECK(kind_of([&] { archived(folder / "files"); }) == Kind::unexpected);
}

TEST_CASE("a folder that does not exist is an archive without files") {
  const TemporaryFolder folder;
  ArchiveReport report;
  extract_bytes(folder, archived(folder / "files", &report), folder / "restored");
  CHECK(names_in(folder / "restored").empty());
  CHECK(report.files == 0);
}

TEST_CASE("a file that changes while it is read stays as long as its header says, and is named") {
  const TemporaryFolder folder;
  const std::string text(4'000'000, 'x');
  write_text(folder / "files/a", text);
  write_text(folder / "files/b", "next");
  const auto change = GENERATE(as<std::string>{}, "shrinks", "grows", "next vanishes");
  bool first = true;
  std::string bytes;
  const ArchiveReport report =
      write_archive(folder / "files", "library/public/files", [&](std::string_view piece) {
        bytes += piece;
        if (!std::exchange(first, false)) return;
        if (change == "shrinks") fs::resize_file(folder / "files/a", 1'000'000);
        if (change == "grows") std::ofstream(folder / "files/a", std::ios::app) << "more";
        if (change == "next vanishes") fs::remove(folder / "files/b");
      });
  extract_bytes(folder, bytes, folder / "restored");
  const std::string restored = read_text(folder / "restored/a");
  CHECK(restored.size() == text.size());
  if (change == "shrinks") {
    CHECK(restored.substr(0, 1'000'000) == text.substr(0, 1'000'000));
    CHECK(restored.back() == '\0');
  } else {
    CHECK((restored == text));
  }
  const std::string name = change == "next vanishes" ? "b" : "a";
  CHECK(report.changed == std::vector<std::string>{"library/public/files/" + name});
}

TEST_CASE("the sink's error ends the archive") {
  const TemporaryFolder folder;
  write_text(folder / "files/a", std::string(4'000'000, 'x'));
  const auto full = [](std::string_view) { throw Error(Kind::unexpected, "no space left"); };
  CHECK_THROWS_WITH(write_archive(folder / "files", "x/public/files", full), "no space left");
}

TEST_CASE("members that lead out of the target are refused") {
  const std::string name = GENERATE("../x", "library/public/files/../../../x", "/library/public/files/x",
                                    "..", "library/public/files/a/..");
  CHECK(refusal(member(name, '0', "bad") + end_mark) ==
        "member '" + name + "' would leave the folder it is restored to");
}

TEST_CASE("links and devices are refused") {
  const auto [type, words] = GENERATE(table<char, std::string>({{'1', "a hard link"},
                                                                {'2', "a symbolic link"},
                                                                {'3', "a device"},
                                                                {'4', "a device"},
                                                                {'6', "a fifo"}}));
  const std::string name = "library/public/files/x";
  CHECK(refusal(member("library/public/files/a", '0', "1") + member(name, type, "", "/etc/passwd") +
                end_mark) == "member '" + name + "' is " + words + ", which bench does not restore");
}

TEST_CASE("members of another layout are refused") {
  const std::string name =
      GENERATE("x", "library/other/files/x", "public/files/x", "library/public/x", "library/public/files");
  CHECK(refusal(member(name, '0', "1") + end_mark) ==
        "member '" + name + "' is not below a site's public/files or private/files");
}

TEST_CASE("an archive of two trees is refused") {
  CHECK(refusal(member("s/public/files/x") + member("s/private/files/x") + end_mark) ==
        "it holds both 's/public/files' and 's/private/files'");
}

TEST_CASE("an archive that is cut off or broken is refused") {
  const std::string whole =
      member("s/public/files/x", '0', std::string(2000, 'x')) + member("s/public/files/y") + end_mark;
  CHECK(refusal(whole.substr(0, 1000)).find("the archive is broken: ") == 0);
  CHECK(refusal(whole.substr(0, whole.size() - end_mark.size())) == "the archive is cut off");
  CHECK(refusal(whole.substr(0, whole.size() - 512)) == "the archive is cut off");
  std::string broken = whole;
  broken[3] = 'z';
  CHECK(refusal(broken).find("the archive is broken: ") == 0);
  CHECK(refusal("").find("the archive is ") == 0);
  CHECK(refusal(std::string(100, 'x')).find("the archive is broken: ") == 0);
}

TEST_CASE("a compressed archive that is cut off after its last member is refused") {
  const std::string gzip = compressed(Compression::gzip, member("s/public/files/x") + end_mark);
  CHECK(refusal(gzip.substr(0, gzip.size() - 6)) == "the file is cut off");
}

TEST_CASE("names in messages cannot garble a terminal") {
  CHECK(refusal(member("../\x1b[2J\xff") + end_mark) ==
        "member '../\\x1b[2J\\xff' would leave the folder it is restored to");
}

TEST_CASE("a file that stands where a folder must be is refused") {
  const TemporaryFolder folder;
  write_text(folder / "a.tar",
             member("s/public/files/x", '0', "1") + member("s/public/files/x/y", '0', "2") + end_mark);
  CHECK(kind_of([&] { extract_archive(folder / "a.tar", folder / "t"); }) == Kind::bad_backup);
  write_text(folder / "a.tar",
             member("s/public/files/x/y", '0', "2") + member("s/public/files/x", '0', "1") + end_mark);
  CHECK(kind_of([&] { extract_archive(folder / "a.tar", folder / "t"); }) == Kind::bad_backup);
  CHECK(names_in(folder.path()) == std::vector<std::string>{"a.tar"});
}

TEST_CASE("of two members of one name the last one counts") {
  const TemporaryFolder folder;
  extract_bytes(folder,
                member("s/public/files/x", '0', "1") + member("s/public/files/x", '0', "22") + end_mark,
                folder / "t");
  CHECK(read_text(folder / "t/x") == "22");
}

TEST_CASE("set-id bits are not restored") {
  const TemporaryFolder folder;
  extract_bytes(folder, member("s/public/files/x", '0', "1", "", 06755) + end_mark, folder / "t");
  struct stat status {};
  REQUIRE(::stat((folder / "t/x").c_str(), &status) == 0);
  CHECK((status.st_mode & 07777) == 0755);
}

TEST_CASE("folders without a member of their own are made") {
  const TemporaryFolder folder;
  extract_bytes(folder, member("s/public/files/a/b/x", '0', "1") + end_mark, folder / "t");
  CHECK(read_text(folder / "t/a/b/x") == "1");
}

TEST_CASE("a folder's mode is set after what is in it was written") {
  const TemporaryFolder folder;
  extract_bytes(folder,
                member("s/public/files/a/", '5', "", "", 0500) +
                    member("s/public/files/a/b/", '5', "", "", 0500) +
                    member("s/public/files/a/b/x", '0', "1") + end_mark,
                folder / "t");
  CHECK(read_text(folder / "t/a/b/x") == "1");
  for (const char* name : {"t/a", "t/a/b"}) {
    CHECK(fs::status(folder / name).permissions() == static_cast<fs::perms>(0500));
    fs::permissions(folder / name, fs::perms::owner_all);
  }
}

TEST_CASE("a target that exists is left alone") {
  const TemporaryFolder folder;
  write_text(folder / "t/mine", "mine");
  write_text(folder / "a.tar", member("s/public/files/x", '0', "1") + end_mark);
  CHECK(kind_of([&] { extract_archive(folder / "a.tar", folder / "t"); }) == Kind::unexpected);
  CHECK(names_in(folder / "t") == std::vector<std::string>{"mine"});
}

TEST_CASE("archives are read through either compression") {
  const TemporaryFolder folder;
  const auto compression = GENERATE(Compression::none, Compression::gzip, Compression::zstd);
  extract_bytes(folder, compressed(compression, member("s/public/files/x", '0', "1") + end_mark),
                folder / "t");
  CHECK(read_text(folder / "t/x") == "1");
}
