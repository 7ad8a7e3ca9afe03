#include "base/file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <string>
#include <utility>

#include "base/error.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;

namespace {

template <typename Action>
std::string message_of(Action action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

mode_t mode_of(const std::filesystem::path& path) {
  struct stat status {};
  REQUIRE(lstat(path.c_str(), &status) == 0);
  return status.st_mode & 07777;
}

bool is_open(int descriptor) {
  return fcntl(descriptor, F_GETFD) != -1;
}

}  // namespace

TEST_CASE("a descriptor is closed once, by whoever has it last") {
  FileDescriptor first = open_file("/dev/null", O_RDONLY);
  const int number = first.get();
  FileDescriptor second = std::move(first);
  CHECK_FALSE(first);
  CHECK(second.get() == number);
  FileDescriptor third = open_file("/dev/null", O_RDONLY);
  const int other = third.get();
  third = std::move(second);
  CHECK_FALSE(is_open(other));
  CHECK(is_open(number));
  CHECK(fcntl(number, F_GETFD) == FD_CLOEXEC);
  third.reset();
  CHECK_FALSE(is_open(number));
  CHECK_FALSE(third);
}

TEST_CASE("a file is written and read whole, zero bytes and all") {
  const test::TemporaryFolder folder;
  std::string bytes(300'000, 'x');
  bytes[7] = '\0';
  {
    const FileDescriptor file = open_file(folder / "a b\n", O_WRONLY | O_CREAT | O_EXCL, 0640);
    write_all(file.get(), bytes, folder / "a b\n");
  }
  CHECK(read_file(folder / "a b\n") == bytes);
  CHECK(read_file_if_exists(folder / "a b\n") == bytes);
  CHECK(read_file_if_exists(folder / "missing") == std::nullopt);
  CHECK(read_file_if_exists(folder / "a b\n" / "below a file") == std::nullopt);
}

TEST_CASE("what cannot be read, opened or written is named with the reason") {
  const test::TemporaryFolder folder;
  const std::string missing = (folder / "missing").string();
  CHECK(message_of([&] { read_file(missing); }) ==
        "cannot open '" + missing + "': No such file or directory");
  CHECK(message_of([&] { read_file(folder.path()); }) ==
        "cannot read '" + folder.path().string() + "': Is a directory");
  CHECK(message_of([&] { owner_of(missing); }) ==
        "cannot read the owner of '" + missing + "': No such file or directory");
  const FileDescriptor full = open_file("/dev/full", O_WRONLY);
  CHECK(message_of([&] { write_all(full.get(), "x", "the dump"); }) ==
        "cannot write 'the dump': No space left on device");
}

TEST_CASE("folders are created with their parents, and only where they are missing") {
  const test::TemporaryFolder folder;
  make_folders(folder / "a/b/c/", 0700);
  CHECK(mode_of(folder / "a") == 0700);
  CHECK(mode_of(folder / "a/b/c") == 0700);
  make_folders(folder / "a/b");
  CHECK(mode_of(folder / "a/b") == 0700);
  std::filesystem::create_directory_symlink(folder / "a", folder / "link");
  make_folders(folder / "link/d");
  CHECK(std::filesystem::is_directory(folder / "a/d"));

  { open_file(folder / "file", O_WRONLY | O_CREAT); }
  CHECK(message_of([&] { make_folders(folder / "file"); }) ==
        "cannot create folder '" + (folder / "file").string() + "': File exists");
  CHECK(message_of([&] { make_folders(folder / "file/below"); }) ==
        "cannot create folder '" + (folder / "file").string() + "': File exists");
}

TEST_CASE("removing takes all below, follows no link and accepts that nothing is there") {
  const test::TemporaryFolder folder;
  make_folders(folder / "keep");
  make_folders(folder / "gone/below");
  { open_file(folder / "gone/below/file", O_WRONLY | O_CREAT); }
  std::filesystem::create_directory_symlink(folder / "keep", folder / "gone/link");
  remove_tree(folder / "gone");
  CHECK_FALSE(std::filesystem::exists(folder / "gone"));
  CHECK(std::filesystem::exists(folder / "keep"));
  remove_tree(folder / "gone");
}

TEST_CASE("a folder can be synced, a missing one is an error") {
  const test::TemporaryFolder folder;
  sync_folder(folder.path());
  sync_folder("");
  CHECK_THROWS_AS(sync_folder(folder / "missing"), Error);
}

TEST_CASE("what root creates belongs to the creation owner") {
  if (geteuid() != 0) {
    WARN("only root can give a file away");
    return;
  }
  const test::TemporaryFolder folder;
  set_creation_owner(Ownership{12345, 23456});
  make_folders(folder / "a/b");
  { open_file(folder / "file", O_WRONLY | O_CREAT); }
  std::filesystem::create_symlink(folder.path(), folder / "link");
  give_to_owner(folder / "link");
  set_creation_owner(std::nullopt);
  give_to_owner(folder / "file");

  CHECK(owner_of(folder / "a").user == 12345);
  CHECK(owner_of(folder / "a/b").group == 23456);
  CHECK(owner_of(folder / "file").user == 0);
  CHECK(owner_of(folder.path()).user == 0);  // the link was given away, not what it points to
}
