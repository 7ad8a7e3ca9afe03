"""Templates that no one would write, made from a fixed seed, so that each run compares the same ones."""

import random

from cases import CONTEXT

COUNT = 1000

ATOMS = [
    "text", "empty", "zero", "one", "half", "yes", "no", "nothing", "missing", "words", "numbers", "d", "unicode",
    "people", "html", "status", "d.b", "d.a", "words[0]", "nested.a.b.c", "people[1].name", "text|safe", "-3", "7", "2.5",
    "'a&b'", "'<i>'", "'10'", "none", "true", "[one, text]", "{'k': one}", "[]", "''", "'Ab cD'", "x", "y", "z",
]
BINARY = ["+", "-", "*", "/", "//", "~", "==", "!=", "<", "<=", ">", ">=", "in", "not in", "and", "or"]
FILTERS = [
    "upper", "lower", "title", "capitalize", "length", "first", "last", "trim", "e", "safe", "string", "list", "sort",
    "reverse|list", "join('<')", "join(text)", "default('x')", "default(text, true)", "replace('a', '<b>')",
    "string|truncate(5)", "string|truncate(9, true, '~', 0)", "urlencode", "tojson", "int", "int(-1)", "float", "round", "round(1)",
    "abs", "striptags", "sum", "sort(reverse=true)",
]
SLICES = ["1:", ":2", "::-1", "-2:", "1:3", "one:", "::2", "3:0:-1"]
TESTS = [
    "defined", "undefined", "none", "number", "string", "mapping", "sequence", "iterable", "true", "odd",
    "divisibleby 3", "integer", "float", "boolean", "in words", "eq one",
]


class Maker:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def chance(self, share):
        return self.random.random() < share

    def expression(self, depth):
        if depth == 0 or self.chance(0.15):
            return self.random.choice(ATOMS)
        kind = self.random.randrange(9)
        inner = self.expression(depth - 1)
        if kind < 3:
            other = self.expression(depth - 1)
            joined = f"{inner} {self.random.choice(BINARY)} {other}"
            return f"({joined})" if self.chance(0.4) else joined
        if kind < 6:
            return f"({inner})|{self.random.choice(FILTERS)}"
        if kind == 6:
            return f"(({inner}) is {'not ' if self.chance(0.3) else ''}{self.random.choice(TESTS)})"
        if kind == 7:
            if self.chance(0.3):
                return f"(not {inner})"
            if self.chance(0.5):
                return f"({inner})[{self.random.choice(['0', '-1', 'one', 'zero'])}]"
            # Jinja takes a part of a constant that has none for undefined, and of a variable for an error.
            return f"{self.random.choice(['words', 'text', 'unicode', 'd.a', 'one'])}[{self.random.choice(SLICES)}]"
        return f"({inner} if {self.expression(depth - 1)} else {self.expression(depth - 1)})"

    def text(self):
        return self.random.choice(["x", " ", "\n", "  y\n", "<p>", " \n z ", "}", "{ "])

    def tag(self, inside):
        left, right = self.random.choice(["", "-", "+"]), self.random.choice(["", "-", "+"])
        return f"{{%{left} {inside} {right}%}}"

    def output(self):
        left, right = self.random.choice(["", "", "-"]), self.random.choice(["", "", "-"])
        return f"{{{{{left} {self.expression(self.random.randrange(3))} {right}}}}}"

    def body(self, depth):
        return "".join(self.node(depth) for _ in range(self.random.randrange(1, 4)))

    def node(self, depth):
        kind = self.random.randrange(8 if depth > 0 else 4)
        if kind < 2:
            return self.text()
        if kind < 4:
            return self.output()
        if kind == 4:
            otherwise = self.tag("else") + self.body(depth - 1) if self.chance(0.5) else ""
            return self.tag(f"if {self.expression(2)}") + self.body(depth - 1) + otherwise + self.tag("endif")
        if kind == 5:
            name = self.random.choice(["x", "y", "z"])
            items = self.random.choice(["words", "numbers", "d", "range(3)", "people", "[1, [2]]", "missing", "'ab<'"])
            chosen = f" if {self.expression(1)}" if self.chance(0.2) else ""
            loop = self.random.choice(["", "{{ loop.index }}{{ loop.last }}", "{{ x }}"])
            return self.tag(f"for {name} in {items}{chosen}") + loop + self.body(depth - 1) + self.tag("endfor")
        if kind == 6:
            return self.tag(f"set {self.random.choice('xyz')} = {self.expression(2)}")
        return self.tag("set y") + self.body(depth - 1) + self.tag("endset") + "{{ y }}"


def examples():
    return [({"page": Maker(seed).body(3)}, CONTEXT) for seed in range(COUNT)]
