#include "base/child_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <fstream>
#include <string>

#include "base/error.hpp"
#include "base/file.hpp"
#include "support/temporary_folder.hpp"

using namespace bench;
using namespace std::chrono_literals;

namespace {

ChildCommand shell(const std::string& script) {
  ChildCommand command;
  command.argv = {"sh", "-c", script};
  return command;
}

ChildResult run(const std::string& script) {
  return run_child(shell(script));
}

Error start_error(const ChildCommand& command) {
  try {
    run_child(command);
  } catch (const Error& error) {
    return error;
  }
  return Error(Kind::usage, "no error");
}

std::filesystem::path write_script(const std::filesystem::path& path, const std::string& text, mode_t mode) {
  std::ofstream(path) << text;
  REQUIRE(chmod(path.c_str(), mode) == 0);
  return path;
}

bool is_alive(pid_t pid) {
  // A zombie that waits for its new parent counts as dead.
  std::ifstream status("/proc/" + std::to_string(pid) + "/stat");
  std::string number;
  std::string name;
  std::string state;
  return (status >> number >> name >> state) && state != "Z" && state != "X";
}

bool dies_soon(pid_t pid) {
  for (int round = 0; round < 500; ++round) {
    if (!is_alive(pid)) return true;
    usleep(10'000);
  }
  return false;
}

}  // namespace

TEST_CASE("output and exit code are what the child gave") {
  const ChildResult result = run("echo out; echo err >&2; exit 7");
  CHECK(result.stdout_text == "out\n");
  CHECK(result.stderr_text == "err\n");
  CHECK(result.exit_code == 7);
  CHECK_FALSE(result.succeeded());
  CHECK(run("true").succeeded());
}

TEST_CASE("arguments reach the program as they are, without a shell") {
  ChildCommand command;
  command.argv = {"printf", "%s|", "a b", "$HOME", "*", "", "'\"\\", "-n"};
  CHECK(run_child(command).stdout_text == "a b|$HOME|*||'\"\\|-n|");
}

TEST_CASE("output that is larger than a pipe arrives whole on both streams") {
  const ChildResult result = run("head -c 3000000 /dev/zero; head -c 2000000 /dev/zero >&2");
  CHECK(result.stdout_text == std::string(3'000'000, '\0'));
  CHECK(result.stderr_text == std::string(2'000'000, '\0'));
}

TEST_CASE("listeners get the output while the child runs") {
  ChildCommand command = shell("echo first; sleep 0.2; echo second; echo err >&2");
  std::string out;
  std::string err;
  int pieces = 0;
  command.on_stdout = [&](std::string_view piece) {
    out += piece;
    ++pieces;
  };
  command.on_stderr = [&](std::string_view piece) { err += piece; };
  const ChildResult result = run_child(command);
  CHECK(out == "first\nsecond\n");
  CHECK(pieces == 2);
  CHECK(err == "err\n");
  CHECK(result.stdout_text.empty());
}

TEST_CASE("the environment is ours with what was added and replaced") {
  setenv("BENCH_TEST_KEPT", "kept", 1);
  setenv("BENCH_TEST_REPLACED", "old", 1);
  ChildCommand command = shell("echo $BENCH_TEST_KEPT $BENCH_TEST_REPLACED $BENCH_TEST_ADDED");
  command.environment = {{"BENCH_TEST_REPLACED", "new"}, {"BENCH_TEST_ADDED", "a=b"}};
  CHECK(run_child(command).stdout_text == "kept new a=b\n");
  unsetenv("BENCH_TEST_KEPT");
  unsetenv("BENCH_TEST_REPLACED");
}

TEST_CASE("the child works in the folder it is given") {
  const test::TemporaryFolder folder;
  ChildCommand command = shell("pwd -P");
  command.folder = folder.path();
  CHECK(run_child(command).stdout_text == std::filesystem::canonical(folder.path()).string() + "\n");
}

TEST_CASE("a program is found in the PATH that the child gets") {
  const test::TemporaryFolder folder;
  write_script(folder / "bench-test-program", "#!/bin/sh\necho found $1\n", 0755);
  ChildCommand command;
  command.argv = {"bench-test-program", "it"};
  CHECK(start_error(command).kind() == Kind::configuration);
  command.environment["PATH"] =
      (folder / "missing").string() + "::" + folder.path().string() + ":/usr/bin:/bin";
  CHECK(run_child(command).stdout_text == "found it\n");
}

TEST_CASE("what cannot be started is a configuration error with the reason") {
  const test::TemporaryFolder folder;
  ChildCommand command;

  command.argv = {"bench-no-such-program"};
  CHECK(std::string(start_error(command).what()) ==
        "cannot run 'bench-no-such-program': there is no such program in PATH");

  command.argv = {(folder / "missing").string()};
  CHECK(std::string(start_error(command).what()) ==
        "cannot run '" + command.argv[0] + "': No such file or directory");

  command.argv = {write_script(folder / "plain", "#!/bin/sh\n", 0644).string()};
  CHECK(std::string(start_error(command).what()) ==
        "cannot run '" + command.argv[0] + "': Permission denied");

  command.argv = {write_script(folder / "no-interpreter", "echo x\n", 0755).string()};
  CHECK(std::string(start_error(command).what()) ==
        "cannot run '" + command.argv[0] + "': Exec format error");

  command.argv = {"true"};
  command.folder = folder / "missing";
  const Error error = start_error(command);
  CHECK(error.kind() == Kind::configuration);
  CHECK(std::string(error.what()) ==
        "cannot run 'true' in '" + (folder / "missing").string() + "': No such file or directory");

  command.folder.clear();
  command.inherited = {987};
  CHECK(std::string(start_error(command).what()) ==
        "cannot run 'true' with its descriptors: Bad file descriptor");

  CHECK(start_error(ChildCommand{}).kind() == Kind::unexpected);
}

TEST_CASE("a child keeps no descriptor but those it is given") {
  const FileDescriptor given = open_file("/dev/null", O_RDONLY);
  const int leaked = open("/dev/null", O_RDONLY);  // not close-on-exec
  REQUIRE(leaked >= 0);
  ChildCommand command;
  command.argv = {"sh", "-c", "exec ls /proc/self/fd"};
  command.inherited = {given.get()};
  const std::string listed = run_child(command).stdout_text;
  close(leaked);
  // The last one is that with which ls reads the folder.
  CHECK_THAT(listed, Catch::StartsWith("0\n1\n2\n"));
  CHECK_THAT(listed, Catch::Contains("\n" + std::to_string(given.get()) + "\n"));
  CHECK(std::count(listed.begin(), listed.end(), '\n') == 5);
  CHECK(fcntl(given.get(), F_GETFD) == FD_CLOEXEC);
}

TEST_CASE("a child reads nothing") {
  CHECK(run("cat; echo end").stdout_text == "end\n");
}

TEST_CASE("a child has a process group of its own and default signals") {
  sigset_t blocked;
  sigset_t before;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigprocmask(SIG_BLOCK, &blocked, &before);
  signal(SIGPIPE, SIG_IGN);
  const ChildResult result =
      run("cut -d' ' -f5 /proc/$$/stat; echo $$; grep -E '^Sig(Blk|Ign)' /proc/self/status");
  signal(SIGPIPE, SIG_DFL);
  sigprocmask(SIG_SETMASK, &before, nullptr);

  const std::string& text = result.stdout_text;
  const std::string group = text.substr(0, text.find('\n'));
  CHECK(text == group + "\n" + group + "\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  CHECK(std::stol(group) != getpgrp());
}

TEST_CASE("a signal that ended the child is told as a shell does") {
  CHECK(run("kill -KILL $$").exit_code == 137);
  CHECK(run("kill -TERM $$").exit_code == 143);
}

TEST_CASE("the exit code is known even when SIGCHLD was ignored before us") {
  signal(SIGCHLD, SIG_IGN);
  CHECK(run("exit 7").exit_code == 7);
  signal(SIGCHLD, SIG_DFL);
}

TEST_CASE("a timeout ends the child and its whole group") {
  ChildCommand command = shell("sleep 60 & echo $!; wait");
  // Long enough for the shell to have begun, on a machine that is busy as well.
  command.timeout = 1s;
  const auto start = std::chrono::steady_clock::now();
  const ChildResult result = run_child(command);
  CHECK(std::chrono::steady_clock::now() - start < 10s);
  CHECK(result.timed_out);
  CHECK_FALSE(result.stopped);
  CHECK(result.exit_code == 143);
  CHECK_FALSE(result.succeeded());
  CHECK(dies_soon(static_cast<pid_t>(std::stol(result.stdout_text))));
}

TEST_CASE("a child that ignores SIGTERM is killed five seconds later") {
  ChildCommand command = shell("trap '' TERM; echo ready; while :; do sleep 1; done");
  command.timeout = 1s;
  const auto start = std::chrono::steady_clock::now();
  const ChildResult result = run_child(command);
  const auto elapsed = std::chrono::steady_clock::now() - start;
  CHECK(result.timed_out);
  CHECK(result.exit_code == 137);
  CHECK(elapsed >= 6s);
  CHECK(elapsed < 12s);
}

TEST_CASE("a child that is stopped by a signal is ended all the same") {
  ChildCommand command = shell("kill -STOP $$");
  command.timeout = 200ms;
  const ChildResult result = run_child(command);
  CHECK(result.timed_out);
  CHECK(result.exit_code == 143);
}

TEST_CASE("a child is stopped when it is asked for, also one that writes without end") {
  for (const char* script : {"sleep 60", "exec yes"}) {
    ChildCommand command = shell(script);
    int questions = 0;
    command.on_stdout = [](std::string_view) {};
    command.should_stop = [&] { return ++questions == 3; };
    const ChildResult result = run_child(command);
    CHECK(result.stopped);
    CHECK_FALSE(result.timed_out);
    CHECK(result.exit_code == 143);
    CHECK(questions == 3);
  }
}

TEST_CASE("a child does not outlive an exception of whoever listens") {
  ChildCommand command = shell("echo $$; exec sleep 60");
  pid_t pid = 0;
  command.on_stdout = [&](std::string_view piece) {
    pid = static_cast<pid_t>(std::stol(std::string(piece)));
    throw Error(Kind::interrupted, "interrupted");
  };
  CHECK_THROWS_AS(run_child(command), Error);
  REQUIRE(pid > 0);
  CHECK_FALSE(is_alive(pid));
}

TEST_CASE("what a child leaves behind is neither waited for nor ended") {
  const auto start = std::chrono::steady_clock::now();
  const ChildResult result = run("sleep 60 & echo $!");
  CHECK(std::chrono::steady_clock::now() - start < 10s);
  const auto left = static_cast<pid_t>(std::stol(result.stdout_text));
  CHECK(is_alive(left));
  kill(left, SIGKILL);
  // One that goes on writing must not hold us either.
  const ChildResult noisy = run("yes & echo $! >&2");
  CHECK(noisy.succeeded());
  kill(static_cast<pid_t>(std::stol(noisy.stderr_text)), SIGKILL);
}

TEST_CASE("inherited output goes where ours goes") {
  const test::TemporaryFolder folder;
  const FileDescriptor file = open_file(folder / "out", O_WRONLY | O_CREAT);
  ChildCommand command = shell("echo out");
  command.output = ChildCommand::Output::inherit;
  const FileDescriptor before(dup(STDOUT_FILENO));
  REQUIRE(dup2(file.get(), STDOUT_FILENO) >= 0);
  const ChildResult result = run_child(command);
  REQUIRE(dup2(before.get(), STDOUT_FILENO) >= 0);
  CHECK(result.succeeded());
  CHECK(result.stdout_text.empty());
  CHECK(read_file(folder / "out") == "out\n");
}
