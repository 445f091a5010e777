"""Generates templates; renders them by jinja2 in the environment of transformers' chat templates.

    python generate_cases.py | gzip -9n > ../resources/dev/longhand/jinja/cases.jsonl.gz

Each line is [template, text] or [template, null] where jinja2 fails. The variables are those of `VARIABLES`.
"""

import json
import random
import sys

import jinja2
from jinja2.ext import Extension, loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

VARIABLES = {
    "messages": [
        {"role": "system", "content": "Be brief.\n"},
        {"role": "user", "content": "  What is 6 * 7? \u00e9\U0001f600 "},
        {
            "role": "assistant",
            "content": "<think>\n6 * 7 = 42\n</think>\n\n42",
            "tool_calls": [
                {"function": {"name": "mul", "arguments": {"a": 6, "b": 7.5, "c": [True, None]}}}
            ],
        },
        {"role": "tool", "content": "", "name": "it's"},
    ],
    "tools": None,
    "n": 7,
    "x": -2.5,
    "big": 12345678901234567890,
    "flag": True,
    "empty": [],
    "words": ["pear", "Apple", "fig", "apple", "Banana"],
    "numbers": [3, 1, 2, 3, -4],
    "pairs": {"b": 2, "a": 1, "C": 3},
    "text": "Hello, World",
    "lines": "one\n two\n\nthree\n",
    "bos_token": "<s>",
}


def environment():
    class Generation(Extension):
        tags = {"generation"}

        def parse(self, parser):
            line = next(parser.stream).lineno
            body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
            return jinja2.nodes.CallBlock(self.call_method("_body"), [], [], body).set_lineno(line)

        def _body(self, caller):
            return caller()

    def tojson(x, ensure_ascii=False, indent=None, separators=None, sort_keys=False):
        return json.dumps(
            x, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys
        )

    def raise_exception(message):
        raise jinja2.exceptions.TemplateError(message)

    env = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[Generation, loopcontrols]
    )
    env.filters["tojson"] = tojson
    env.globals["raise_exception"] = raise_exception
    return env


R = random.Random(11)
pick = R.choice

CASES = ["upper", "lower", "strip", "lstrip", "rstrip", "title", "capitalize", "swapcase"]
SLICES = ["1:", ":3", "::-1", "1:-1", "-4:", "::2", "0", "-1", "99", "5:2", "-3:99:2"]
TEXT_FILTERS = [
    "trim",
    "upper",
    "lower",
    "title",
    "capitalize",
    "escape",
    "string",
    "safe",
    "indent",
    "reverse",
]
JSON_ARGUMENTS = ["", "", "indent=2", "indent=4", "ensure_ascii=true", "sort_keys=true"]
LIST_FILTERS = ["list", "sort", "reverse", "unique", "reverse|list", "unique|list", "sort(reverse=true)"]
MAPPED = ["'string'", "'upper'", "'length'", "'int'"]
EQUALITIES = ["equalto", "==", "in", "ne"]
BY_ATTRIBUTE = ["selectattr", "rejectattr"]
SELECTIONS = ["string", "number", "odd", "defined", "mapping", "none"]
CLASSES = ["isdigit", "isalpha", "isspace", "isupper", "islower", "isalnum"]
TESTS = [
    "defined",
    "none",
    "string",
    "number",
    "mapping",
    "iterable",
    "sequence",
    "true",
    "boolean",
    "integer",
    "float",
    "undefined",
]
PRESENCE = ["'name'", "'tool_calls'", "'name', 'defined'", "'tool_calls', 'defined'"]
STRINGS = [
    "text",
    "lines",
    "messages[1].content",
    "messages[2]['content']",
    "'a-b c'",
    '"don\'t"',
    "words[0]",
    "''",
]
NUMBERS = ["n", "x", "3", "0", "-1", "2.5", "big", "numbers[0]", "numbers|length", "loop.index", "flag"]
LISTS = [
    "words",
    "numbers",
    "messages",
    "empty",
    "pairs",
    "[1, 'a', none, 2.0]",
    "(1, 2)",
    "range(4)",
    "text",
    "pairs.items()",
]
CHARS = ["' '", "'\\n'", "'o'", "'l'", "', '", "'</think>'", "'W'", "''"]


def string(d):
    if d <= 0:
        return pick(STRINGS)
    s = string(d - 1)
    return pick(
        [
            lambda: f"{atom(s)}.{pick(CASES)}()",
            lambda: f"{atom(s)}.{pick(['strip', 'lstrip', 'rstrip'])}({pick(CHARS)})",
            lambda: f"{atom(s)}.split({pick(CHARS)})[{pick([0, -1, 1, 5])}]",
            lambda: f"{atom(s)}.replace({pick(CHARS)}, {pick(CHARS)})",
            lambda: f"{atom(s)}[{pick(SLICES)}]",
            lambda: f"({s} + {string(d - 1)})",
            lambda: f"({s} ~ {value(d - 1)})",
            lambda: f"({s}|{pick(TEXT_FILTERS)})",
            lambda: f"({s}|indent({pick([2, 0, 3])}, {pick(['true', 'false'])}))",
            lambda: f"({s}|replace({pick(CHARS)}, {pick(CHARS)}))",
            lambda: f"({value(d - 1)}|string)",
            lambda: f"({sequence(d - 1)}|join({pick(CHARS)}))",
            lambda: f"({value(d - 1)}|tojson({pick(JSON_ARGUMENTS)}))",
            lambda: f"('%s and %d' % ({s}, {number(d - 1)}))",
            lambda: f"({s}|truncate({pick([5, 9, 20])}))",
            lambda: f"({s} if {test(d - 1)} else {string(d - 1)})",
            lambda: f"({s} * {pick([0, 2, 3])})",
            lambda: f"{atom(s)}.{pick(['center', 'ljust', 'rjust', 'zfill'])}({pick([3, 15, 20])})",
        ]
    )()


def atom(s):
    return s if s.replace("_", "").isalnum() or s.endswith(")") or s.endswith("]") else f"({s})"


def number(d):
    if d <= 0:
        return pick(NUMBERS)
    a = number(d - 1)
    return pick(
        [
            lambda: f"({a} {pick(['+', '-', '*', '/', '//', '%'])} {number(d - 1)})",
            lambda: f"({a} ** {pick([0, 2, 3])})",
            lambda: f"({sequence(d - 1)}|{pick(['length', 'count', 'sum', 'max', 'min', 'first', 'last'])})",
            lambda: f"({a}|{pick(['int', 'float', 'abs', 'round', 'round(1)'])})",
            lambda: f"({string(d - 1)}|{pick(['length', 'int', 'float', 'wordcount'])})",
            lambda: f"{atom(string(d - 1))}.{pick(['find', 'count', 'rfind', 'index'])}({pick(CHARS)})",
            lambda: f"(-{a})",
        ]
    )()


def sequence(d):
    if d <= 0:
        return pick(LISTS)
    s = sequence(d - 1)
    return pick(
        [
            lambda: f"({s}|{pick(LIST_FILTERS)})",
            lambda: f"({s}|map({pick(MAPPED)})|list)",
            lambda: f"(messages|map(attribute={pick(['role', 'content', 'name'])!r})|list)",
            lambda: f"(messages|{pick(BY_ATTRIBUTE)}('role', {pick(EQUALITIES)!r}, 'user')|list)",
            lambda: f"(messages|{pick(BY_ATTRIBUTE)}({pick(PRESENCE)})|list)",
            lambda: f"({s}|{pick(['select', 'reject'])}({pick(SELECTIONS)!r})|list)",
            lambda: f"({s}[{pick(['1:', ':2', '::-1', '-1:', '::2'])}])",
            lambda: f"([{value(d - 1)}, {value(d - 1)}] + {pick(['words', '[n]', 'numbers'])})",
            lambda: f"{atom(string(d - 1))}.{pick(['split', 'splitlines', 'rsplit'])}()",
            lambda: f"{atom(string(d - 1))}.{pick(['split', 'rsplit'])}({pick(CHARS)}, {pick([0, 1, 2])})",
            lambda: f"{atom(string(d - 1))}.{pick(['partition', 'rpartition'])}({pick(CHARS)})",
            lambda: f"(pairs|dictsort({pick(['', 'true', 'by=' + repr('value'), 'reverse=true'])}))",
            lambda: f"(pairs|items|list)",
            lambda: f"pairs.{pick(['keys', 'values', 'items'])}()",
            lambda: f"({s}|batch(2)|list)",
            lambda: f"({s}|slice(3)|list)",
            lambda: f"(messages|groupby('role'))",
        ]
    )()


def value(d):
    return pick(
        [
            string,
            string,
            number,
            sequence,
            test,
            lambda d: pick(
                [
                    "none",
                    "missing",
                    "pairs.a",
                    "pairs.zz",
                    "pairs['C']",
                    "{'k': 1, 'v': [2]}",
                    "messages[9]",
                    "tools",
                    "messages[2].tool_calls[0].function.arguments",
                    "pairs.get('q', 5)",
                ]
            ),
        ]
    )(d)


def test(d):
    a = value(d - 1)
    return pick(
        [
            lambda: f"({a} {pick(['==', '!='])} {value(d - 1)})",
            lambda: f"({number(d - 1)} {pick(['<', '<=', '>', '>='])} {number(d - 1)})",
            lambda: f"({a} is {pick(['', 'not '])}{pick(TESTS)})",
            lambda: f"({string(d - 1)} {pick(['in', 'not in'])} {pick([string, sequence])(d - 1)})",
            lambda: f"(not {a})",
            lambda: f"({a} {pick(['and', 'or'])} {value(d - 1)})",
            lambda: f"{atom(string(d - 1))}.{pick(['startswith', 'endswith'])}({pick(CHARS)})",
            lambda: f"({number(d - 1)} is {pick(['odd', 'even', 'divisibleby 3', 'divisibleby(2)'])})",
            lambda: f"{atom(string(d - 1))}.{pick(CLASSES)}()",
        ]
    )()


def open_tag(kind="{%"):
    return kind + pick(["", "", "-", "-", "+"])


def close_tag(kind="%}"):
    return pick(["", "", "-", "-", "+"] if kind == "%}" else ["", "-"]) + kind


def tag(body):
    return f"{open_tag()} {body} {close_tag()}"


def blank():
    return pick(["", "", "\n", "  ", "\n  ", " \n", "text ", "\n\n", "\t", " .\n"])


def printed(d):
    return "{{" + pick(["", "-", "+", ""]) + " " + value(d) + " " + close_tag("}}")


def block(d):
    if d <= 0:
        return pick(
            [
                lambda: printed(1),
                lambda: blank(),
                lambda: "{#" + pick(["-", ""]) + " note " + pick(["-", ""]) + "#}",
            ]
        )()
    body = lambda: blank() + "".join(block(d - 1) + blank() for _ in range(R.randint(1, 2)))
    return pick(
        [
            lambda: printed(2),
            lambda: tag("if " + test(1)) + body() + tag("endif"),
            lambda: tag("if " + test(1))
            + body()
            + tag("elif " + test(1))
            + body()
            + tag("else")
            + body()
            + tag("endif"),
            lambda: tag("for item in " + sequence(1)) + body() + "{{ item }}" + blank() + tag("endfor"),
            lambda: tag("for m in messages" + pick(["", " if m.content", "[1:]", "[::-1]"]))
            + "{{ loop.index }}{{ m.role }}"
            + pick(
                [
                    "",
                    "{% if loop.last %}!{% endif %}",
                    "{{ loop.previtem.role }}",
                    "{% if loop.index0 == 1 %}{% continue %}{% endif %}",
                    "{% if m.role == 'assistant' %}{% break %}{% endif %}",
                    "{% set n = n + 1 %}",
                ]
            )
            + body()
            + tag("endfor"),
            lambda: tag("for k, v in " + pick(["pairs.items()", "pairs|items", "pairs|dictsort"]))
            + "{{ k }}={{ v }}"
            + body()
            + tag("endfor"),
            lambda: tag("for e in empty") + body() + tag("else") + body() + tag("endfor"),
            lambda: tag("set n = " + value(1)) + body() + "{{ n }}",
            lambda: tag("set ns = namespace(a=1, b=" + value(0) + ")")
            + "{% for i in range(3) %}"
            + tag("set ns.a = ns.a + i")
            + "{% endfor %}{{ ns.a }}{{ ns.b }}",
            lambda: tag("set caught") + body() + tag("endset") + "[{{ caught }}]",
            lambda: tag("set caught | upper | trim") + body() + tag("endset") + "[{{ caught }}]",
            lambda: tag("macro f(a, b=" + value(0) + ")")
            + "{{ a }}/{{ b }}"
            + body()
            + tag("endmacro")
            + "{{ f(1) }}{{ f("
            + value(0)
            + ", b="
            + value(0)
            + ") }}",
            lambda: tag("macro g(a)")
            + "<{{ caller(a) }}>"
            + tag("endmacro")
            + tag("call(z) g(3)")
            + "{{ z }}"
            + body()
            + tag("endcall"),
            lambda: tag("filter " + pick(["upper", "trim", "indent(2)", "replace('e', 'E')"]))
            + body()
            + tag("endfilter"),
            lambda: tag("with n = " + value(0)) + body() + "{{ n }}" + tag("endwith"),
            lambda: tag("generation") + body() + tag("endgeneration"),
            lambda: (
                tag("raw") + "{{ n }}{% if %}" + blank() + tag("endraw") if R.random() < 0.3 else body()
            ),
        ]
    )()


def main():
    env = environment()
    lines = []
    while len(lines) < 1000:
        source = blank() + "".join(block(R.randint(1, 3)) + blank() for _ in range(R.randint(1, 2)))
        try:
            text = env.from_string(source).render(**VARIABLES)
        except Exception:
            text = None
        marks = (" object ", "<built-in", "<bound", "<function")
        unstable = text is not None and any(mark in text.lower() for mark in marks)
        if len(source) > 400 or unstable or (text is None and R.random() < 0.8):
            continue
        lines.append(json.dumps([source, text], ensure_ascii=False))
    sys.stdout.write(json.dumps(VARIABLES, ensure_ascii=False) + "\n" + "\n".join(lines) + "\n")


main()
