"""Under sudo, what bench makes belongs to whom the bench belongs."""

import os
import pwd
import shutil
from pathlib import Path

from support import Skipped, equal


def nobody():
    if os.geteuid() != 0:
        raise Skipped("only root can make files for others")
    return pwd.getpwnam("nobody")


def foreign_files(place, folder, user):
    paths = [folder, *folder.rglob("*")]
    return [str(path.relative_to(place.folder)) for path in paths if path.lstat().st_uid != user.pw_uid]


def test_root_makes_files_for_the_owner_of_the_bench(place):
    user = nobody()
    os.chown(place.folder, user.pw_uid, user.pw_gid)
    place.make_bench("develop")
    equal(foreign_files(place, place.path, user), [])
    place.bench("--site", "develop", "set-config", "host_name", "x")
    place.bench("set-config", "-g", "mute_emails", "1")
    place.bench("--site", "develop", "backup", "--with-files")
    place.bench("--site", "develop", "set-maintenance-mode", "on")
    place.bench("--site", "develop", "set-maintenance-mode", "off")
    equal(foreign_files(place, place.path, user), [])


def test_root_migrates_and_restores_for_the_owner(place):
    user = nobody()
    os.chown(place.folder, user.pw_uid, user.pw_gid)
    place.make_book_site()
    for path in (place.path / "apps").rglob("*"):
        os.chown(path, user.pw_uid, user.pw_gid)
    place.bench("--site", "develop", "migrate")
    manifest = place.result("--site", "develop", "backup", "--with-files")["manifest"]
    place.bench("--site", "develop", "restore", manifest, "--with-public-files", "--with-private-files", "--yes")
    equal(foreign_files(place, place.path, user), [])
    place.bench("drop-site", "develop", "--yes")
    equal(foreign_files(place, place.path, user), [])


def test_an_ordinary_user_keeps_what_is_theirs(place):
    options = {}
    if os.geteuid() == 0:
        user = nobody()
        os.chown(place.folder, user.pw_uid, user.pw_gid)
        # The build may lie where only root can look.
        installed = place.folder / "installed"
        for part in ("share", "lib/bench"):
            shutil.copytree(place.program.parents[1] / part, installed / part)
        (installed / "bin").mkdir()
        place.program = Path(shutil.copy(place.program, installed / "bin"))
        options = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    place.bench("init", str(place.path), **options)
    place.bench("new-site", "develop", "--install-app", "demo", **options)
    place.bench("--site", "develop", "migrate", **options)
    place.bench("--site", "develop", "backup", "--with-files", **options)
    owner = options.get("user", os.geteuid())
    equal([path for path in place.path.rglob("*") if path.lstat().st_uid != owner], [])
