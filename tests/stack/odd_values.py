"""Odd values, as YAML writes them between brackets: those at the edges of each type, and what people slip into."""

import json

NUMBERS = """
-1 0 -0 1 2 3 0.5 -0.5 1.5 99 100 101 1000 65535 65536 2147483647 2147483648 -2147483648 4294967296 9223372036854775808
1000000000000000000000000000000 1e3 1E-3 1e308 1e999 -1e999 5e-324 .nan .NaN .inf -.inf +1 1_000 08 010 0o17 0x1F 0b1
1. .5 1e 3.0 100.0
"""
WORDS = """
null ~ Null true false True on off yes no y 2028-01-03 22:30 22:30:00 1.2.3 none all one web report sessions local zone
tcp http grpc udp WEB Web = << a.b a/b a/b/c .. . / // /. /.. ../x /etc/passwd /proc /tmp a- -a a_b a+b latest
app:latest a:1 a@sha256:0 1s 0s -1s 1ms 1m 2h 999d 1w 1us 1.5s 1s1m 1h30m s 1S 24d 25d 64Mi 0Mi -1Mi 1e3Mi 1.5Gi 1Zi
1Ei 8Ei 1Ki 1k 1B 64MB 100m 0m 5% 100% 101% 0% -5% 0.0.0.0 0.0.0.0/0 ::/0 ::1 10.0.0.1/8 10.0.0.0/33 10.0.0.0/08
300.0.0.1 fe80::1%eth0 127.0.0.1 169.254.169.254 localhost example.com. a..b UTC Europe/Berlin Mars/Base GET get LET ^$
3of2 a*b \\ (a+)+$ (?i)x
"""
TEXTS = [
    *(
        "",
        " ",
        "  ",
        "\t",
        "\n",
        "\r\n",
        "\0",
        "\x07",
        "\x1b[31m",
        "\x7f",
        "\x85",
        "\xa0",
        "\u200b",
        "\u202e",
        "\u2028",
    ),
    *(
        "\ufeff",
        "\ud800",
        "\U0001f600",
        "é",
        "日本",
        "İ",
        "ß",
        "ﬁ",
        "١",
        "1\u0661",
        "𝟙",
        "²",
        "a\nb",
        "a\0b",
        " a",
        "a ",
    ),
    *(
        "a b",
        "'",
        '"',
        "\\",
        "`id`",
        "$(id)",
        "${HOME}",
        "$$",
        "%s",
        "%(x)s",
        "{0}",
        "{{ x }}",
        "{% x %}",
        "<a>",
        "# x",
    ),
    *(
        ";",
        "|",
        "&",
        "!",
        "?",
        "@",
        ":",
        ": ",
        "a: b",
        "- a",
        "[a]",
        '{"a": 1}',
        "[1]",
        "7",
        "7.5",
        "true",
        "null",
        "nan",
    ),
    *(
        "2 of 3",
        "3 of 2",
        "0 of 0",
        "1 s",
        ".*",
        "(",
        "[",
        "*.log",
        "*",
        "**",
        "*.example.com",
        "US/../UTC",
        "https://x",
    ),
    *("http://x", "https://u:p@x/y", "https://x/y?q=1#f", "ftp://x", "http://", "//x", "https://[::1", "https://x:0"),
    *("https://x:99999", "https://x y", "file:///etc", "* * * * *", "0 8 * * *", "@daily", "0 8 * *", "60 8 * * *"),
    *("0 8 31 2 *", "0 8 * * mon", "*/0 * * * *", "0-5-9 * * * *", "0 8 L * *", "a" * 63, "a" * 64, "a" * 254),
    *("a" * 100_000, "é" * 64, "0" * 64, "a." * 130, "/" + "a" * 5_000, "/a" * 1_000, "(" * 500, "example.com/a"),
    *("example.com/", "/a", "a//b", "flyball.dev/x", "app.kubernetes.io/name", "node:18", "example.org:5000/a:1"),
]
COMPOSED = [
    *("[]", "[[]]", "[[[1]]]", "[null]", "['']", "[a, a]", "[1, 2]", "[{}]", "[true]", "{}", "{'': 1}", "{1: 2}"),
    *("{null: 1}", "{true: a}", "{a: 1}", "{a: null}", "{a: {b: {c: d}}}", "{a b: c}", "{é: x}", '{"\\0": x}'),
    *('{"\\ud800": x}', '{"a\\nb": x}', "{.nan: x}", "{1.5: x}", "{2028-01-03: x}", "{a: [], b: {}}", "{'a.b': 1}"),
    *("{'a[0]': 1}", "{<<: {a: b}}", "{<<: [{a: b}, {c: d}]}", "{secure: x}", "{secure: 5}", "[{secure: x}]", "&x a"),
    *("&x [1, 2]", "&x {a: b}", "[&x a, *x]", "!!str 7", "!!int '7'", "!!float 7", "!!binary aGk=", "!!set {a, b}"),
    *("!thing x", "!!timestamp 2028-01-03", "!!null ''", "*nobody", "&x [*x]", "{a: 1, a: 2}", "{enabled: 1}"),
    "{" + ", ".join(f"k{i}: v" for i in range(300)) + "}",
    "[" + "a, " * 2_000 + "]",
]
ODD = [*NUMBERS.split(), "1" * 100, "1" * 5_000, *WORDS.split(), *(json.dumps(text) for text in TEXTS), *COMPOSED]
"""Each by itself; text that has to be quoted is quoted as JSON does, which YAML reads the same."""
