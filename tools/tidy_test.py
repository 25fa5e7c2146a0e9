#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Proves that every rule of tidy.py can fire, and that clean code passes."""

import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import cpp_source
import tidy

SPDX = "// SPDX-License-Identifier: Apache-2.0\n"
HEADER = SPDX + "//\n// A thing that is used by tests.\n// Owned by nobody, thread-safe.\n#pragma once\n"
CLEAN = {
    "ARCHITECTURE.md": "| module | what |\n|---|---|\n| `core` | c |\n| `kafka` | k |\n",
    "src/core/CMakeLists.txt": "# SPDX-License-Identifier: Apache-2.0\nadd_module(core LIBS Threads::Threads)\n",
    "src/core/clock.h": HEADER,
    "src/core/clock.cc": SPDX
    + '#include "core/clock.h"\n\nint Now() {\n  return std::chrono::steady_clock::now();\n}\n',
    "src/kafka/CMakeLists.txt": "# " + SPDX[3:] + "add_module(kafka DEPS core LIBS native::rdkafka)\n",
    "src/kafka/source.h": HEADER + '#include "core/clock.h"\n',
    "src/kafka/source.cc": SPDX + '#include <librdkafka/rdkafka.h>\n\n#include "kafka/source.h"\n',
}


def rules(extra: dict[str, str | None]) -> list[str]:
    """The rules that fire on the clean tree with these files added, replaced or (None) removed."""
    with tempfile.TemporaryDirectory() as folder:
        for file, text in (CLEAN | extra).items():
            if text is not None:
                path = pathlib.Path(folder, file)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        return [finding.rule for finding in tidy.findings(pathlib.Path(folder))]


class Tidy(unittest.TestCase):
    def fires(self, rule: str, extra: dict[str, str | None]) -> None:
        self.assertEqual([rule], sorted(set(rules(extra))))

    def source(self, body: str) -> list[str]:
        return rules({"src/kafka/extra.cc": SPDX + body + "\n"})

    def test_clean_tree_passes(self):
        self.assertEqual([], rules({}))

    def test_early_return_out_of_a_list(self):
        self.assertEqual(["early-return"], self.source("Result<S> F() {\n  return S{.a = G(), .b = TRY(H())};\n}"))
        self.assertEqual(["early-return"], self.source("Status F() {\n  rows.push_back({Name(), Of(TRY(H()))});\n}"))
        self.assertEqual(["early-return"], self.source("Owner F() {\n  return std::unique_ptr<Thing>(new Thing(TRY(H())));\n}"))

    def test_early_return_before_anything_is_made(self):
        self.assertEqual([], self.source("Result<S> F() {\n  return S{.a = TRY(H()), .b = 1};\n}"))
        self.assertEqual([], self.source("Status F() {\n  const S s{A(), [&] {\n    return TRY(H());\n  }};\n}"))
        self.assertEqual([], self.source("Status F() {\n  int a = 1, b = 2;\n  TRY(G(a, TRY(H())));\n}"))

    def test_include_up_the_layers(self):
        self.fires("layering", {"src/core/clock.cc": SPDX + '#include "kafka/source.h"\n'})

    def test_circle_of_modules(self):
        self.fires("layering", {"src/core/CMakeLists.txt": "# " + SPDX[3:] + "add_module(core DEPS kafka)\n"})

    def test_folder_that_is_no_module(self):
        self.fires(
            "layering",
            {"src/kafka/CMakeLists.txt": "# " + SPDX[3:] + "add_library(kafka)\n", "src/kafka/source.h": HEADER},
        )

    def test_circle_of_headers(self):
        self.fires(
            "include-cycle",
            {"src/core/a.h": HEADER + '#include "core/b.h"\n', "src/core/b.h": HEADER + '#include "core/a.h"\n'},
        )

    def test_long_source(self):
        self.fires("file-size", {"src/core/long.cc": SPDX + "int x;\n" * 600})
        self.assertEqual([], rules({"src/core/long_test.cc": SPDX + "int x;\n" * 600}))

    def test_long_header(self):
        self.fires("file-size", {"src/core/long.h": HEADER + "int x;\n" * 300})

    def test_long_test(self):
        self.fires("file-size", {"src/core/long_test.cc": SPDX + "int x;\n" * 800})

    def test_long_line(self):
        self.assertEqual(["line-length"], self.source("int " + "x" * 100 + ";"))
        self.assertEqual([], self.source('auto x = R"(' + "x" * 200 + ')";'))

    def test_long_function(self):
        body = "  x = 1;\n" * 59
        self.assertEqual(["function-size"], self.source("namespace a {\nvoid F() {\n" + body + "}\n}"))
        self.assertEqual(["function-size"], self.source("class A {\n  A() : x_{1} {\n" + body * 2 + "  }\n};"))
        self.assertEqual(["function-size"], self.source("TEST(A, B) {\n" + body + "}"))
        self.assertEqual([], self.source("void F() {\n" + body[:-9] + "}\nvoid G() {\n" + body[:-9] + "}"))
        self.assertEqual([], self.source("constexpr int kTable[] = {\n" + "    1,\n" * 70 + "};"))

    def test_many_parameters(self):
        seven = ", ".join(f"int a{i}" for i in range(7))
        self.assertEqual(["parameters"], self.source(f"void F({seven});"))
        self.assertEqual(
            ["parameters"], self.source(f"class A {{\n public:\n  virtual Result<int> F({seven}) = 0;\n}};")
        )
        self.assertEqual(["parameters"], self.source(f"A::A({seven}) : x_(1) {{}}"))
        self.assertEqual([], self.source("void F(std::map<int, int> a, int b, int c, int d, int e, int f);"))
        self.assertEqual([], self.source("int x = F(1, 2, 3, 4, 5, 6, 7);"))

    def test_large_folder(self):
        self.fires("folder-size", {f"src/core/f{i}.cc": SPDX for i in range(26)})

    def test_missing_licence(self):
        self.fires("spdx", {"src/core/x.cc": "int x;\n"})
        self.fires("spdx", {"tools/x.sh": "#!/bin/sh\necho\n"})

    def test_header_without_comment(self):
        self.fires("header-comment", {"src/core/x.h": SPDX + "#pragma once\n"})

    def test_header_without_pragma(self):
        self.fires("pragma-once", {"src/core/x.h": SPDX + "// a\n// b\n"})

    def test_using_namespace(self):
        self.fires("using-namespace", {"src/core/x.h": HEADER + "using namespace std;\n"})

    def test_banned_calls(self):
        for body in (
            "auto t = std::chrono::system_clock::now();",
            "std::this_thread::sleep_for(x);",
            "int x = rand();",
            "std::random_device d;",
            "std::mt19937 e;",
            "std::cout << 1;",
            'printf("x");',
            "throw Error();",
            "thread.detach();",
            "std::thread t(f);",
            "auto* p = new int(1);",
            "delete p;",
            "delete[] p;",
            "assert(x);",
            "exit(1);",
            "auto t = time(nullptr);",
            "usleep(1);",
            'fmt::print("x");',
        ):
            with self.subTest(body):
                self.assertEqual(["banned"], self.source(body))

    def test_allowed_calls(self):
        for body in (
            "// std::cout << rand()",
            'auto s = "throw new delete";',
            "A(const A&) = delete;",
            "auto p = std::unique_ptr<A>(new A(1));",
            "A::A() : state_(new State{}) {}",
            "snprintf(b, 2, f);",
            "std::thread::hardware_concurrency();",
            "clock.SleepFor(x);",
            "static_assert(true);",
            "int renew = 1;",
            "x.time(0);",
            "void operator delete(void* p);",
        ):
            with self.subTest(body):
                self.assertEqual([], self.source(body))

    def test_places_that_may_call(self):
        self.assertEqual([], rules({"src/core/check.cc": SPDX + "void F() {\n  std::fprintf(stderr, m);\n}\n"}))
        self.fires("banned", {"src/core/other.cc": SPDX + "void F() {\n  std::fprintf(stderr, m);\n}\n"})

    def test_unfinished(self):
        for word in ("TO" + "DO", "FIX" + "ME"):
            self.assertEqual(["unfinished"], self.source(f"// {word}: later"))

    def test_dependency_outside_its_module(self):
        self.fires("fence", {"src/core/x.cc": SPDX + "#include <librdkafka/rdkafka.h>\n"})

    def test_heavy_header_that_others_see(self):
        heavy = HEADER + "#include <nlohmann/json.hpp>\n"
        self.fires("heavy-header", {"src/core/clock.h": heavy})
        self.assertEqual([], rules({"src/core/private.h": heavy}))
        self.assertEqual([], rules({"src/core/clock.h": HEADER + "#include <nlohmann/json_fwd.hpp>\n"}))

    def test_module_table(self):
        self.fires("architecture", {"ARCHITECTURE.md": None})
        self.fires("architecture", {"ARCHITECTURE.md": "| `core` | c |\n"})
        self.fires("architecture", {"ARCHITECTURE.md": CLEAN["ARCHITECTURE.md"] + "| `gone` | g |\n"})

    def test_machine_path(self):
        self.fires("machine-path", {"README.md": "see /ho" + "me/somebody/notes\n"})


class CppSource(unittest.TestCase):
    def names(self, text: str) -> list[tuple[str, int, int]]:
        return [(found.name, found.lines, found.parameters) for found in cpp_source.functions(text)]

    def test_functions_are_found(self):
        self.assertEqual([("F", 3, 0)], self.names("void F() {\n  if (x) { y(); }\n}\n"))
        self.assertEqual(
            [("F", 4, 2)], self.names("Result<std::map<A, B>> X::F(int a,\n  C<D, E> b) const {\n  for (;;) {}\n}\n")
        )
        self.assertEqual(
            [("operator==", 1, 2)], self.names("bool operator==(const A& a, const A& b) { return true; }\n")
        )

    def test_literals_hide_braces(self):
        self.assertEqual([("F", 3, 0)], self.names('void F() {\n  x = "{" + R"(}}{)" + \'{\';  // {\n}\n'))

    def test_members_of_a_class_are_found(self):
        self.assertEqual(
            [("A", 0, 1), ("f", 1, 0), ("g", 0, 1)],
            self.names(
                "class B : public C {\n public:\n  explicit A(int x);\n  int f() const { return x_; }\n  int x_{3};\n"
                " private:\n  int g(std::function<void(int, int)> h) REQUIRES(m_);\n};\n"
            ),
        )


if __name__ == "__main__":
    unittest.main()
