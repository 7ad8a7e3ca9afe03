"""set-config, get-config, show-config, use."""

import json
import os

from support import contains, equal, lacks


def write_config(place, text, site="develop"):
    (place.site(site) / "site_config.json").write_bytes(text.encode())


def read_config(place, site="develop"):
    return (place.site(site) / "site_config.json").read_bytes().decode()


def test_set_get_and_delete(place):
    place.make_bench("develop")
    place.bench("--site", "develop", "set-config", "host_name", "https://a.example")
    equal(place.config()["host_name"], "https://a.example")
    equal(place.bench("--site", "develop", "get-config", "host_name").out, "https://a.example\n")
    place.bench("--site", "develop", "set-config", "host_name", "None")
    assert "host_name" not in place.config()
    run = place.bench("--site", "develop", "get-config", "host_name", code=9)
    equal(run.out, "")
    contains(run.err, "error: host_name is not set")


def test_values_are_typed_as_frappe_does(place):
    place.make_bench("develop")
    for given, expected in (("1", 1), ("0", 0), ("true", True), ("false", False), ("7", "7"), ("", ""), ("{}", "{}"), ("[a]", "[a]")):
        place.bench("--site", "develop", "set-config", "my_own_thing", given)
        equal(place.config()["my_own_thing"], expected)
    place.bench("--site", "develop", "set-config", "--", "my_own_thing", "--json")
    equal(place.config()["my_own_thing"], "--json")
    place.bench("--site", "develop", "set-config", "my_own_thing", "-5")
    equal(place.config()["my_own_thing"], "-5")
    place.bench("--site", "develop", "set-config", "-p", "my_own_thing", "{'a': [True, None, 1.10]}")
    contains(read_config(place), "1.10")
    equal(place.config()["my_own_thing"], {"a": [True, None, 1.1]})


def test_result_of_set_config(place):
    place.make_bench("develop")
    file = str(place.site() / "site_config.json")
    expected = {"site": "develop", "file": file, "key": "host_name", "changed": True, "error": None}
    equal(place.result("--site", "develop", "set-config", "host_name", "x"), expected)
    equal(place.result("--site", "develop", "set-config", "host_name", "x"), {**expected, "changed": False})


def test_what_is_not_meant_stays_byte_for_byte(place):
    place.make_bench("develop")
    text = '{"zeta": 1.10,\r\n  "big":12345678901234567890123,\t"name": "\\u00e9", "db_name": "x", "db_type": "sqlite"}'
    write_config(place, text)
    place.bench("--site", "develop", "set-config", "added", "1")
    place.bench("--site", "develop", "set-config", "added", "None")
    equal(read_config(place), text)
    run = place.bench("--site", "develop", "--json", "show-config")
    contains(run.out, "1.10", "12345678901234567890123", "\\u00e9")
    equal(place.bench("--site", "develop", "get-config", "big").out, "12345678901234567890123\n")
    equal(place.bench("--site", "develop", "get-config", "name").out, "é\n")
    contains(place.bench("--site", "develop", "show-config", "-f", "json").out, "12345678901234567890123")


def test_invalid_json_is_refused_and_left_alone(place):
    place.make_bench("develop")
    write_config(place, '{\n "db_type": "sqlite",\n "x": nonsense\n}\n')
    run = place.bench("--site", "develop", "set-config", "a", "1", code=9)
    contains(run.err, "site_config.json:3:")
    equal(read_config(place), '{\n "db_type": "sqlite",\n "x": nonsense\n}\n')
    place.bench("--json", "--site", "develop", "show-config", code=9)


def test_global_config(place):
    place.make_bench("develop")
    place.bench("set-config", "-g", "mute_emails", "1")
    common = json.loads((place.path / "sites/common_site_config.json").read_text())
    equal(common["mute_emails"], 1)
    assert "mute_emails" not in place.config()
    equal(place.bench("--site", "develop", "get-config", "mute_emails").out, "1\n")
    equal(place.bench("get-config", "-g", "mute_emails").out, "1\n")
    place.bench("--site", "develop", "set-config", "mute_emails", "0")
    equal(place.bench("--site", "develop", "get-config", "mute_emails").out, "0\n")


def test_all_and_patterns(place):
    place.make_bench("shop-a", "shop-b", "office")
    run = place.bench("--site", "shop-*", "set-config", "my_mark", "1")
    equal([name for name in ("office", "shop-a", "shop-b") if place.config(name).get("my_mark") == 1], ["shop-a", "shop-b"])
    contains(run.err, "summary", "shop-a  done", "shop-b  done")
    place.bench("--site", "all", "set-config", "my_mark", "2")
    equal([place.config(name)["my_mark"] for name in ("office", "shop-a", "shop-b")], ["2", "2", "2"])
    place.bench("--site", "office", "--site", "shop-[ab]", "set-config", "my_mark", "3")
    equal([place.config(name)["my_mark"] for name in ("office", "shop-a", "shop-b")], ["3", "3", "3"])


def test_one_broken_site_of_several(place):
    place.make_bench("a", "b", "c")
    write_config(place, "{", "b")
    run = place.bench("--json", "--site", "all", "set-config", "my_mark", "1", code=4)
    document = run.json()
    equal([(result["site"], result["error"] is None) for result in document["results"]], [("a", True), ("b", False), ("c", True)])
    equal(document["results"][1]["error"]["kind"], "configuration")
    equal(document["error"]["kind"], "some-failed")
    equal(document["error"]["message"], "1 of 3 sites failed")
    contains(run.err, "error: b: ", "b  FAILED (configuration)")
    equal(place.config("c")["my_mark"], 1)
    place.bench("--site", "b", "set-config", "my_mark", "1", code=9)


def test_fail_fast(place):
    place.make_bench("a", "b")
    write_config(place, "{", "a")
    run = place.bench("--fail-fast", "--json", "--site", "all", "set-config", "my_mark", "1", code=4)
    equal([result["site"] for result in run.json()["results"]], ["a"])
    equal(run.json()["error"]["message"], "1 of 2 sites failed, 1 not tried")
    assert "my_mark" not in place.config("b")
    contains(run.err, "b  not tried")


def test_unknown_keys_get_a_suggestion_and_are_set(place):
    place.make_bench("develop")
    run = place.bench("--site", "develop", "set-config", "maintenance_mod", "1")
    contains(run.err, "warning: ", "did you mean 'maintenance_mode'?")
    equal(place.config()["maintenance_mod"], 1)
    lacks(place.bench("--site", "develop", "set-config", "our_very_own", "1").err, "warning")
    contains(place.bench("--site", "develop", "get-config", "db_nmae", code=9).err, "hint: did you mean 'db_name'?")


def test_known_keys_are_checked(place):
    place.make_bench("develop")
    before = read_config(place)
    run = place.bench("--site", "develop", "set-config", "db_port", "many", code=2)
    contains(run.err, "db_port", "a port, 1 to 65535")
    contains(place.bench("--site", "develop", "set-config", "installed_apps", "demo", code=2).err, "--parse installed_apps '[\"name\"]'")
    equal(read_config(place), before)


def test_secrets_are_masked(place):
    place.make_bench("develop")
    run = place.bench("--site", "develop", "set-config", "db_password", "s3cr3t")
    lacks(run.out + run.err, "s3cr3t")
    for arguments in (["show-config"], ["show-config", "-f", "json"], ["show-config", "--json"]):
        lacks(place.bench("--site", "develop", *arguments).out, "s3cr3t")
        contains(place.bench("--site", "develop", *arguments).out, "********")
        contains(place.bench("--site", "develop", *arguments, "--show-secrets").out, "s3cr3t")
    equal(place.bench("--site", "develop", "get-config", "db_password").out, "s3cr3t\n")


def test_show_config_is_a_line_for_each_key(place):
    place.make_bench("develop")
    config = place.site() / "site_config.json"
    config.write_text('{\n "domains": [\n  "a",\n  "b c"\n ]\n}')
    contains(place.bench("--site", "develop", "show-config").out, '[ "a", "b c" ]')


def test_show_config_layers(place):
    place.make_bench("develop")
    place.bench("set-config", "-g", "mute_emails", "1")
    by_site = json.loads(place.bench("--site", "develop", "show-config", "-f", "json").out)
    equal(by_site["develop"]["mute_emails"], 1)
    text = place.bench("--site", "develop", "show-config").out
    assert any(line.split() == ["mute_emails", "1", "common"] for line in text.splitlines()), text
    assert any(line.split() == ["db_type", '"sqlite"', "site"] for line in text.splitlines()), text
    equal(place.result("--site", "develop", "show-config")["config"], by_site["develop"])


def test_modes_of_config_files(place):
    place.make_bench("develop")
    file = place.site() / "site_config.json"
    equal(file.stat().st_mode & 0o777, 0o600)
    os.chmod(file, 0o640)
    place.bench("--site", "develop", "set-config", "host_name", "x")
    equal(file.stat().st_mode & 0o777, 0o640)


def test_nothing_is_left_beside_the_config(place):
    place.make_bench("develop")
    before = place.tree()
    place.bench("--site", "develop", "set-config", "host_name", "x")
    left = [name for name in place.tree() if name not in before and not name.endswith(".lock")]
    equal(left, [])
