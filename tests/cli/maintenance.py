"""set-maintenance-mode, maintenance-status, scheduler, operations, recover."""

from support import contains, equal


def test_maintenance_on_and_off(place):
    place.make_bench("develop")
    before = (place.site() / "site_config.json").read_text()
    run = place.bench("--site", "develop", "set-maintenance-mode", "on")
    contains(run.out, "develop: in maintenance, CLOSED", "NOT ENFORCED", "scheduler  paused")
    equal((place.config()["maintenance_mode"], place.config()["pause_scheduler"]), (1, 1))
    place.bench("--site", "develop", "maintenance-status", code=3)
    run = place.bench("--site", "develop", "set-maintenance-mode", "off")
    contains(run.out, "develop: live")
    equal((place.site() / "site_config.json").read_text(), before)
    place.bench("--site", "develop", "maintenance-status")


def test_maintenance_says_read_only(place):
    place.make_bench("develop")
    place.bench("--site", "develop", "set-config", "allow_reads_during_maintenance", "1")
    result = place.result("--site", "develop", "set-maintenance-mode", "on")
    equal((result["mode"], result["changed"], result["fence"], result["scheduler_paused"]), ("read-only", True, "not-enforced", True))
    document = place.bench("--json", "--site", "develop", "maintenance-status", code=3).json()
    equal((document["ok"], document["error"], document["results"][0]["mode"]), (True, None, "read-only"))
    equal(document["results"][0]["fence"], "not-enforced")
    run = place.bench("--site", "develop", "maintenance-status", code=3)
    contains(run.out, "in maintenance, NOT ENFORCED: reads are answered")
    assert "READ-ONLY" not in run.out, run
    equal(place.result("--site", "develop", "set-maintenance-mode", "on")["changed"], False)


def test_maintenance_of_all_sites(place):
    place.make_bench("a", "b")
    place.bench("--site", "all", "set-maintenance-mode", "on")
    equal([place.config(site)["maintenance_mode"] for site in ("a", "b")], [1, 1])
    place.bench("--site", "all", "set-maintenance-mode", "off")
    equal([place.config(site).get("maintenance_mode", 0) for site in ("a", "b")], [0, 0])


def test_maintenance_off_without_a_record(place):
    place.make_bench("develop")
    place.bench("--site", "develop", "set-config", "maintenance_mode", "1")
    result = place.result("--site", "develop", "set-maintenance-mode", "off")
    equal((result["mode"], result["changed"]), ("live", True))
    assert result["notes"], result


def test_scheduler(place):
    place.make_bench("develop")
    equal(place.result("--site", "develop", "scheduler", "status"), {"site": "develop", "paused": False, "changed": False, "error": None})
    equal(place.result("--site", "develop", "scheduler", "pause"), {"site": "develop", "paused": True, "changed": True, "error": None})
    equal(place.config()["pause_scheduler"], 1)
    equal(place.bench("--site", "develop", "scheduler", "resume").out, "develop: the scheduler runs\n")
    equal(place.config().get("pause_scheduler", 0), 0)
    place.bench("--site", "develop", "set-maintenance-mode", "on")
    contains(place.bench("--site", "develop", "scheduler", "resume").out, "paused until maintenance is lifted")
    place.bench("--site", "develop", "set-maintenance-mode", "off")
    equal(place.config().get("pause_scheduler", 0), 0)


def test_scheduler_paused_for_all_sites(place):
    place.make_bench("develop")
    place.bench("set-config", "-g", "pause_scheduler", "1")
    place.bench("--site", "develop", "set-config", "pause_scheduler", "None")
    child = place.finish(place.start("--site", "develop", "scheduler", "status"))
    equal((child.code, child.out), (0, "develop: the scheduler is paused\n"))


def test_operations(place):
    place.make_book_site()
    operation = place.result("--site", "develop", "migrate", "--backup", "none")["operation"]
    contains(place.bench("--site", "develop", "operations").out, operation, "migrate", "done")
    record = place.result("--site", "develop", "operations", operation)["operation"]
    equal((record["id"], record["kind"], record["state"]), (operation, "migrate", "done"))
    contains(place.bench("--site", "develop", "operations", operation).out, f'"id": "{operation}"')
    for wrong in ("20000101-000000-migrate-0000", "../../site_config", "x"):
        contains(place.bench("--site", "develop", "operations", wrong, code=2).err, "has no operation")


def test_recover_with_nothing_to_do(place):
    place.make_bench("a", "b")
    equal(place.bench("--site", "a", "recover").out, "a: nothing was interrupted\n")
    equal([r["site"] for r in place.bench("--json", "recover").json()["results"]], ["a", "b"])
    equal([r["operations"] for r in place.bench("--json", "--site", "all", "recover").json()["results"]], [[], []])


def test_scheduler_paused_inside_a_window_stays_paused_behind_it(place):
    place.make_bench("develop")
    place.bench("--site", "develop", "set-maintenance-mode", "on")
    place.bench("--site", "develop", "scheduler", "pause")
    place.bench("--site", "develop", "set-maintenance-mode", "off")
    equal(place.config()["pause_scheduler"], 1)
    assert "maintenance_mode" not in place.config()
