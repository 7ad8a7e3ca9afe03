"""Runs one case: run_case.py BENCH FILE FUNCTION [SERVER]. Exit 0: passed, 1: failed, 77: cannot run here."""

import importlib
import sys
import tempfile
import traceback
from pathlib import Path

from servers import Server
from support import Place, Skipped


def main():
    program, file, function, *kind = sys.argv[1:]
    case = getattr(importlib.import_module(file), function)
    server = Server(kind[0]) if kind else None
    with tempfile.TemporaryDirectory(prefix="bench-cli-") as folder:
        place = Place(Path(program), Path(folder).resolve(), server)
        try:
            case(place)
        except Skipped as reason:
            print(f"skipped: {reason}")
            return 77
        except Exception:
            traceback.print_exc()
            for run in place.runs:
                print(run, file=sys.stderr)
            return 1
        finally:
            place.end_what_is_left()
            if server:
                server.remove_all()
    return 0


sys.exit(main())
