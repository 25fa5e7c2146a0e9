# SPDX-License-Identifier: Apache-2.0
"""A rough reader of C++ source that clang-format has laid out: enough for tidy.py's rules, no more.

`blank()` removes comments and literals but keeps every line break and column, so positions stay true. `functions()`
finds function bodies and declarations by following braces: a brace that opens at namespace or class scope, after text
with a parameter list, opens a function.
"""

import dataclasses
import re

_LITERALS = re.compile(
    r"""//[^\n]*|/\*.*?\*/|R"(?P<tag>[^\s()\\]{0,16})\(.*?\)(?P=tag)"|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*\'""",
    re.DOTALL,
)
_DIGIT_SEPARATOR = re.compile(r"(?<=[0-9a-fA-F])'(?=[0-9a-fA-F])")
_SCOPE = re.compile(
    r"^\s*(?:inline\s+)?(?:export\s+)?(?:template\s*<.*>\s*)?"
    r'(?:namespace|class|struct|union|enum|extern\s*"?\s*"?)(?:\s|$)',
    re.DOTALL,
)
_NAME_BEFORE_PARAMETERS = re.compile(r"(operator\s*(?:\(\)|\[\]|[^\s\w(]+)|~?[A-Za-z_]\w*)\s*$")
_NOT_A_NAME = {
    "if",
    "for",
    "while",
    "switch",
    "catch",
    "return",
    "noexcept",
    "decltype",
    "requires",
    "alignas",
    "explicit",
    "sizeof",
    "static_assert",
    "defined",
    "GUARDED_BY",
    "REQUIRES",
    "EXCLUDES",
    "ACQUIRE",
    "RELEASE",
    "__attribute__",
}


@dataclasses.dataclass
class Function:
    name: str
    line: int  # where its head begins, from 1
    lines: int  # from there to its closing brace; 0 for a declaration
    parameters: int


def blank(text: str) -> str:
    """The text with comments, string and character literals turned into spaces."""
    text = _DIGIT_SEPARATOR.sub("_", text)
    return _LITERALS.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)


def without_raw_strings(text: str) -> str:
    """The text with the contents of raw string literals removed, line breaks kept."""
    return re.sub(r'R"([^\s()\\]{0,16})\(.*?\)\1"', lambda found: re.sub(r"[^\n]", "", found[0]), text, flags=re.DOTALL)


def _without_preprocessor(code: str) -> str:
    return re.sub(
        r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda found: re.sub(r"[^\n]", " ", found[0]), code, flags=re.MULTILINE
    )


def _parameters(head: str) -> tuple[str, int] | None:
    """Name and number of parameters of the function that `head` declares; None when it declares none."""
    depth = angle = 0
    start = 0
    for at, char in enumerate(head):
        if char == "(":
            if depth == 0:
                name = _NAME_BEFORE_PARAMETERS.search(head[:at])
                if name and name[1] not in _NOT_A_NAME and angle == 0:
                    return name[1], _count(head, at)
                start = at
            depth += 1
        elif char == ")":
            depth -= 1
        elif depth == 0 and char == "<" and not head[start:at].rstrip().endswith("operator"):
            angle += 1
        elif depth == 0 and char == ">" and head[at - 1] != "-" and angle:
            angle -= 1
        elif depth == 0 and char == "=" and angle == 0 and "operator" not in head[:at]:
            return None  # an initialiser: what follows is an expression
    return None


def _count(head: str, opening: int) -> int:
    depth = commas = 0
    text = False
    for char in head[opening:]:
        if char in "([{<":
            depth += 1
        elif char in ")]}>":
            depth -= 1
            if depth == 0:
                break
        elif char == "," and depth == 1:
            commas += 1
        text = text or (depth >= 1 and not char.isspace() and char not in "([{<")
    return commas + 1 if text else 0


def functions(text: str) -> list[Function]:
    code = _without_preprocessor(blank(text))
    found: list[Function] = []
    scopes: list[tuple[str, int, str, int]] = []  # kind, start of head, name, parameters
    head_start = 0
    bodies = 0

    def line_of(position: int) -> int:
        while position < len(code) and code[position].isspace():
            position += 1
        return code.count("\n", 0, position) + 1

    parens = 0
    for at, char in enumerate(code):
        if char not in "{};()":
            continue
        if char in "()":
            parens += 1 if char == "(" else -1
            continue
        if bodies and char != "{" and char != "}":
            continue
        head = code[head_start:at]
        if char == "{":
            declared = (
                None
                if bodies or _SCOPE.match(head)
                else _parameters(re.sub(r"\b(?:public|private|protected)\s*:", "", head))
            )
            kind = "body" if declared or bodies else ("scope" if _SCOPE.match(head) else "other")
            scopes.append((kind, head_start, *(declared or ("", 0))))
            bodies += kind == "body"
            if kind == "scope":
                head_start = at + 1
        elif char == "}" and scopes:
            kind, start, name, parameters = scopes.pop()
            bodies -= kind == "body"
            following = re.match(r"\s*(\S?)", code[at + 1 : at + 200])[1]
            if kind == "body" and not bodies and following and following in "{,":
                continue  # not a body but a member's initialiser: `A() : x_{1} {`
            if kind == "body" and not bodies:
                first = line_of(start)
                found.append(Function(name, first, code.count("\n", 0, at) + 1 - first + 1, parameters))
            if kind != "other" and not bodies:
                head_start = at + 1
        elif char == ";" and parens == 0:
            declared = _parameters(head)
            if declared and not head.lstrip().startswith(("using ", "typedef ", "return ")):
                found.append(Function(declared[0], line_of(head_start), 0, declared[1]))
            head_start = at + 1
    return found
