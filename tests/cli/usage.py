"""The command line itself: help, mistakes, the JSON envelope, streams."""

import json
import os
import re

from support import contains, equal, lacks


def command_names(place):
    text = place.bench("--help").out
    names = re.findall(r"^  ([a-z-]+) {2,}\S", text.split("global options:")[0], re.M)
    assert len(names) == 30, names
    return names


def test_version(place):
    run = place.bench("--version")
    assert re.fullmatch(r"bench \d+\.\d+\.\d+\n", run.out), run.out
    equal(run.err, "")
    equal(place.bench("migrate", "--version").out, run.out)
    equal(place.result("--version"), {"version": run.out.split()[1]})


def test_help_shows_groups_and_exit_codes(place):
    text = place.bench("--help").out
    for heading in ("examples:", "sites:", "migration:", "backups:", "configuration:", "maintenance:", "global options:", "exit codes:"):
        assert f"\n{heading}\n" in text, heading
    assert text.index("examples:") < text.index("usage:")
    for code in (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 130, 143):
        assert re.search(rf"^  {code} +\S", text, re.M), code
    equal(place.bench("-h").out, text)
    equal(place.bench("help").out, text)


def test_help_of_each_command_starts_with_examples(place):
    for name in command_names(place):
        text = place.bench(name, "--help").out
        lines = text.splitlines()
        assert lines[0].startswith(f"bench {name}: "), lines[0]
        equal(lines[2], "examples:")
        assert lines[3].startswith("  bench "), lines[3]
        assert name in lines[3] or name == "mark-applied", lines[3]
        contains(text, f"\nusage: bench {name} [options]", "\nglobal options:\n")
        assert text.index("global options:") > text.rindex("options:\n") - 20, "global options come last"
        lacks(text, "\n\n\n", "Options:")
        assert text.index("examples:") < text.index("usage:")
        equal(place.bench("help", name).out, text)


def test_help_as_json(place):
    contains(place.result("migrate", "--help")["help"], "bench migrate: ")


def test_no_command(place):
    run = place.bench(code=2)
    equal(run.out, "")
    equal(run.err, "error: no command is given\nhint: see bench --help\n")


def test_misspelt_command_gets_a_suggestion(place):
    run = place.bench("migarte", code=2)
    equal(run.err, "error: there is no command 'migarte'\nhint: did you mean 'migrate'?\n")
    equal(place.bench("qqqqqqqq", code=2).err, "error: there is no command 'qqqqqqqq'\nhint: see bench --help\n")


def test_misspelt_option_gets_a_suggestion(place):
    run = place.bench("backup", "--with-filse", code=2)
    equal(run.err, "error: backup has no option '--with-filse'\nhint: did you mean '--with-files'?\n")
    equal(place.bench("backup", "--zzz=1", code=2).err, "error: backup has no option '--zzz'\nhint: see bench backup --help\n")


def test_unknown_option_is_told_before_a_missing_argument(place):
    equal(place.bench("set-config", "--gloabl", "x", code=2).err,
          "error: set-config has no option '--gloabl'\nhint: did you mean '--global'?\n")


def test_misspelt_choice_gets_a_suggestion(place):
    run = place.bench("backup", "--compression", "gizp", code=2)
    equal(run.err, "error: --compression: 'gizp' is none of gzip, zstd\nhint: did you mean 'gzip'?\n")
    contains(place.bench("set-maintenance-mode", "onn", code=2).err, "'onn' is none of on, off", "did you mean 'on'?")
    contains(place.bench("scheduler", "resmue", code=2).err, "did you mean 'resume'?")
    contains(place.bench("migrate", "--on-failure", "leave", code=2).err, "hint: use one of undo, keep")


def test_bad_durations_and_moments(place):
    equal(place.bench("migrate", "--wait", "soon", code=2).err,
          "error: --wait: 'soon' is not a duration\nhint: write it like 10s, 5m or 1h30m\n")
    contains(place.bench("migrate", "--backup", "never", code=2).err, "error:", "'never'", "hint:")


def test_missing_and_surplus_arguments(place):
    equal(place.bench("set-config", "key", code=2).err, "error: set-config needs VALUE\nhint: see bench set-config --help\n")
    equal(place.bench("use", code=2).err, "error: use needs SITE\nhint: see bench use --help\n")
    equal(place.bench("use", "a", "b", code=2).err, "error: use does not take the argument 'b'\nhint: see bench use --help\n")
    equal(place.bench("migrate", "--wait", code=2).err, "error: --wait needs a value\nhint: see bench migrate --help\n")
    contains(place.bench("migrate", "--wait", "1s", "--wait", "2s", code=2).err, "error: --wait is given more than once")
    contains(place.bench("run-in-maintenance", code=2).err, "run-in-maintenance needs a command", "put it behind --")


def test_command_option_before_the_command(place):
    run = place.bench("--wait", "5m", "migrate", code=2)
    equal(run.err, "error: '--wait' is not a global option\nhint: put --wait behind the command\n")
    equal(place.bench("--ysite", "x", "migrate", code=2).err, "error: '--ysite' is not a global option\nhint: did you mean '--site'?\n")


def test_quiet_and_verbose_exclude_each_other(place):
    contains(place.bench("-q", "-v", "list-sites", code=2).err, "error: --quiet and --verbose exclude each other")


def test_json_after_any_usage_error(place):
    for arguments in (["--json"], ["migarte", "--json"], ["--json", "backup", "--with-filse"], ["backup", "--zzz", "--json"],
                      ["set-config", "--json"], ["--json", "--wait", "5m", "migrate"], ["use", "--json", "a", "b"],
                      ["migrate", "--on-failure", "x", "--json"], ["-q", "-v", "--json", "list-sites"]):
        run = place.bench(*arguments, code=2)
        document = run.json()
        equal((document["ok"], document["results"], document["error"]["kind"]), (False, [], "usage"))
        equal(run.out.count("\n"), 1)
        assert document["error"]["hint"], arguments
        contains(run.err, "error: ", "hint: ")


def test_json_behind_the_dashes_is_not_ours(place):
    run = place.bench("migarte", "--", "--json", code=2)
    equal(run.out, "")


def test_json_outside_of_a_bench(place):
    error = place.bench("--json", "list-sites", code=9).json()["error"]
    equal(error["kind"], "configuration")


def test_global_options_before_and_after(place):
    place.make_bench("develop")
    expected = place.bench("--bench", str(place.path), "--site", "develop", "get-config", "db_type", cwd="/").out
    equal(expected, "sqlite\n")
    for arguments in (["get-config", "--bench", str(place.path), "db_type", "--site", "develop"],
                      [f"--bench={place.path}", "get-config", "db_type", "--site=develop"],
                      ["--site=develop", "get-config", "--bench", str(place.path), "db_type", "-q"]):
        equal(place.bench(*arguments, cwd="/").out, expected)


def test_the_bench_is_found(place):
    place.make_bench("develop")
    below = place.site() / "private"
    equal(place.bench("--site", "develop", "get-config", "db_type", cwd=below).out, "sqlite\n")
    equal(place.bench("--site", "develop", "get-config", "db_type", cwd="/", env={"BENCH_PATH": str(place.path)}).out, "sqlite\n")
    contains(place.bench("list-sites", cwd="/", code=9).err, "error: ", "hint: ")
    contains(place.bench("--bench", "/nowhere", "list-sites", code=9).err, "/nowhere")
    contains(place.bench("--bench=", "list-sites", code=2).err, "error: --bench names no folder")


def test_full_standard_output(place):
    place.make_bench("develop")
    with open("/dev/full", "w") as full:
        run = place.bench("list-sites", code=1, stdout=full)
        contains(run.err, "error: cannot write to standard output: No space left on device")
        run = place.bench("list-sites", "--json", code=1, stdout=full)
        contains(run.err, "error: cannot write to standard output")


def test_full_standard_output_stops_no_work(place):
    place.make_book_site("a", "b")
    with open("/dev/full", "w") as full:
        run = place.bench("--site", "all", "migrate", "--backup", "none", code=1, stdout=full)
    contains(run.err, "a  done", "b  done", "error: cannot write to standard output: No space left on device")
    place.bench("--site", "all", "migrate", "--check")


def test_a_reader_that_went_away_is_no_error(place):
    place.make_bench("develop")
    reading, writing = os.pipe()
    os.close(reading)
    run = place.bench("list-sites", stdout=writing)
    os.close(writing)
    equal(run.err, "")


def test_data_and_messages_use_their_own_streams(place):
    place.make_bench("develop")
    run = place.bench("--site", "develop", "set-config", "host_name", "a.example")
    equal(run.out, "")
    contains(run.err, 'host_name = "a.example"')
    quiet = place.bench("-q", "--site", "develop", "set-config", "host_name", "b.example")
    equal((quiet.out, quiet.err), ("", ""))
    lacks(run.err, "\x1b")


def test_json_survives_odd_bytes(place):
    place.make_bench("develop")
    run = place.bench("--json", "--site", os.fsdecode(b"\xff\xfe\x1b[31m"), "get-config", "x", code=9)
    equal(json.loads(run.out)["ok"], False)
