"""Renders the same templates with bench and with Jinja, and compares."""

import json
import os
import subprocess
import sys

try:
    import jinja2
except ImportError:
    print("skipped: there is no jinja2")
    sys.exit(77)

import cases
import made_up


def jinja_outcome(templates, context):
    environment = jinja2.Environment(loader=jinja2.DictLoader(templates), autoescape=True)
    try:
        return {"html": environment.get_template("page").render(context)}
    except Exception as error:  # Jinja lets Python's own errors through, and a case may end in any of them.
        return {"error": f"{type(error).__name__}: {error}"}


def bench_outcomes(examples):
    request = json.dumps([{"templates": templates, "context": context} for templates, context in examples])
    done = subprocess.run([os.environ["RENDER_TEMPLATES"]], input=request.encode(), stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def differs(expected, found):
    return expected["html"] != found.get("html") if "html" in expected else "error" not in found


def main():
    examples = {"cases": lambda: cases.CASES, "made-up": made_up.examples}[sys.argv[1]]()
    failures = 0
    refused = 0
    for (templates, context), found in zip(examples, bench_outcomes(examples), strict=True):
        expected = jinja_outcome(templates, context)
        refused += "error" in expected
        if differs(expected, found):
            failures += 1
            print(f"{json.dumps(templates, ensure_ascii=False)}\n  jinja: {expected}\n  bench: {found}")
    print(f"{len(examples)} rendered, {refused} of them refused, {failures} differ")
    # A page that both refuse compares nothing but that.
    sys.exit(failures > 0 or refused > len(examples) // 2)


if __name__ == "__main__":
    main()
