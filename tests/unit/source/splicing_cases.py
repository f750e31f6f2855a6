"""Splices, each as one text: «what stood there‖what is written»; all else is both texts' own.

Name, value, pointer, text.
"""

from __future__ import annotations

from typing import Any

DEFAULT = "config.theme.default"
OVERRIDE = "environments.prod.overrides.config.theme.default"


def theme(default: str) -> str:
    """The key that most cases are about."""
    return f"config:\n  theme:\n    default: {default}\n    description: d\n"


CASES: list[tuple[str, Any, str, str]] = [
    ("plain", "dark", DEFAULT, theme("«light‖dark»")),
    ("plain with a comment", "dark", DEFAULT, theme("«light‖dark»   # the look")),
    ("plain with a hash inside", "c#d", DEFAULT, theme("«a#b‖c#d» # c")),
    ("plain that needs quotes now", "a: b", DEFAULT, theme('«light‖"a: b"»')),
    (
        "looks like a comment",
        "dark # not a comment",
        DEFAULT,
        theme('«light‖"dark # not a comment"»'),
    ),
    ("looks like an integer", "8080", DEFAULT, theme('«light‖"8080"»')),
    ("looks like a float", "1e3", DEFAULT, theme('«light‖"1e3"»')),
    ("looks like a boolean", "true", DEFAULT, theme('«light‖"true"»')),
    ("looks like a boolean of YAML 1.1", "off", DEFAULT, theme('«light‖"off"»')),
    ("looks like null", "~", DEFAULT, theme('«light‖"~"»')),
    ("empty text", "", DEFAULT, theme('«light‖""»')),
    ("looks like a date", "2020-01-01", DEFAULT, theme('«light‖"2020-01-01"»')),
    ("looks like a time", "12:30:45", DEFAULT, theme('«light‖"12:30:45"»')),
    ("looks like octal", "0o17", DEFAULT, theme('«light‖"0o17"»')),
    ("is no number", "10.0.0.1", DEFAULT, theme("«light‖10.0.0.1»")),
    (
        "an URL",
        "https://a.example/b?c=d&e#f",
        DEFAULT,
        theme("«light‖https://a.example/b?c=d&e#f»"),
    ),
    ("spaces around", " dark ", DEFAULT, theme('«light‖" dark "»')),
    ("a dash first", "- dark", DEFAULT, theme('«light‖"- dark"»')),
    ("quotes inside", 'say "hi" & \\o/', DEFAULT, theme('«light‖say "hi" & \\o/»')),
    ("single quotes stay", "it's", DEFAULT, theme("'«light‖it''s»' # c")),
    ("double quotes stay", '"dark"\t\\', DEFAULT, theme('"«light‖\\"dark\\"\\t\\\\»" # c')),
    ("single quotes can't say a tab", "a\tb", DEFAULT, theme("«'light'‖\"a\\tb\"»")),
    ("quotes go for a number", 20, DEFAULT, theme('«"20"‖20»')),
    ("integer", 45, DEFAULT, theme("«20‖45» # rows")),
    ("text in the place of an integer", "45", DEFAULT, theme('«20‖"45"» # rows')),
    ("float", 1e22, DEFAULT, theme("«0.5‖1e+22»")),
    ("whole float", 1.0, DEFAULT, theme("1«‖.0»")),
    ("boolean", False, DEFAULT, theme("«yes‖false»")),
    ("null", None, DEFAULT, theme("«light‖null» # c")),
    (
        "control characters",
        "a\x07b\u2028c\ufeff",
        DEFAULT,
        theme('«light‖"a\\u0007b\\u2028c\\ufeff"»'),
    ),
    ("emoji and umlauts", "größe 🐧", DEFAULT, theme("«🐧‖größe »🐧 # ü🐧")),
    (
        "multi-line plain",
        "dark",
        DEFAULT,
        """\
config:
  theme:
    default: «light
      and

      airy‖dark»   # c
    description: d
""",
    ),
    (
        "multi-line double",
        "dark",
        DEFAULT,
        """\
config:
  theme:
    default: "«light \\
      and
      airy‖dark»"   # c
    description: d
""",
    ),
    (
        "multi-line single",
        "dark",
        DEFAULT,
        """\
config:
  theme:
    default: '«light

      airy‖dark»'
    description: d
""",
    ),
    (
        "several lines become a block",
        "one\n\n  two\n",
        DEFAULT,
        """\
config:
  theme:
    default: «light  # c‖|  # c
      one

        two»
    description: d
""",
    ),
    (
        "several lines keep double quotes",
        "one\ntwo\n",
        DEFAULT,
        theme('"«light‖one\\ntwo\\n»"  # c'),
    ),
    (
        "literal",
        "three\n",
        DEFAULT,
        """\
config:
  theme:
    default: |
      «one
      two‖three»
    description: d
""",
    ),
    (
        "literal that strips",
        "three\n\nfour",
        DEFAULT,
        """\
config:
  theme:
    default: |-  # c
        «one‖three

        four»


    # trailing
    description: d
""",
    ),
    (
        "literal with a digit",
        "  two",
        DEFAULT,
        """\
config:
  theme:
    default: |1-
      «one‖ two»
    description: d
""",
    ),
    (
        "literal to a word keeps the comment",
        "dark",
        DEFAULT,
        """\
config:
  theme:
    default: «|  # why
      one‖dark  # why»

    # after
    description: d
""",
    ),
    (
        "literal that keeps lines",
        "two\n\n\n",
        DEFAULT,
        """\
config:
  theme:
    default: |+
      «one‖two»


    description: d
""",
    ),
    (
        "literal to a text with blanks at the start",
        "\n two\n",
        DEFAULT,
        """\
config:
  theme:
    default: |«
      one‖2

       two»
    description: d
""",
    ),
    (
        "literal with tabs inside",
        "\tthree\n",
        DEFAULT,
        """\
config:
  theme:
    default: |«
      one\ttwo‖2
      \tthree»
    description: d
""",
    ),
    (
        "literal to a carriage return",
        "a\r\nb",
        DEFAULT,
        """\
config:
  theme:
    default: «|
      one‖"a\\r\\nb"»
    description: d
""",
    ),
    (
        "folded",
        "uno due\ntre\n",
        DEFAULT,
        """\
config:
  theme:
    default: >
      «one
      two

      thre‖uno due

      tr»e
    description: d
""",
    ),
    (
        "folded that strips",
        "uno",
        DEFAULT,
        """\
config:
  theme:
    default: >-
      «one
      tw‖un»o
    description: d
""",
    ),
    (
        "folded to lines that begin with blanks",
        "a\n  b\n",
        DEFAULT,
        """\
config:
  theme:
    default: «>
      one‖|
      a
        b»
    description: d
""",
    ),
    (
        "literal as the last line of the file",
        "two\nthree",
        DEFAULT,
        """\
config:
  theme:
    default: |-
      «on‖two
      thre»e""",
    ),
    (
        "a block at the end of a file without a break",
        "two\n",
        DEFAULT,
        """\
config:
  theme:
    default: «one‖"two\\n"»""",
    ),
    ("anchor", "dark", DEFAULT, theme("&look «light‖dark» # c")),
    ("anchor without value", "dark", DEFAULT, theme("&look «‖dark »# c")),
    ("tag that fits", "6", DEFAULT, theme('!!str «5‖"6"»')),
    ("tag that doesn't fit", "dark", DEFAULT, theme("«!!int 5‖dark»")),
    ("anchor and tag", [1], DEFAULT, theme("&a «!!int 5‖[1]»")),
    (
        "alias",
        "dark",
        DEFAULT,
        """\
x-a: &look light
config:
  theme:
    default: «*loo‖dar»k # c
    description: d
""",
    ),
    ("empty value", "dark", DEFAULT, theme("«‖dark »# nothing yet")),
    (
        "empty value at the end",
        "dark",
        DEFAULT,
        """\
config:
  theme:
    default:«‖ dark»""",
    ),
    (
        "quoted key",
        "dark",
        DEFAULT,
        """\
config:
  theme:
    "default" : «light‖"dark"»
""",
    ),
    (
        "explicit key",
        "dark",
        DEFAULT,
        """\
config:
  ? theme
  : ? default
    : «light‖dark» # c
""",
    ),
    (
        "explicit key without value",
        "dark",
        DEFAULT,
        """\
config:
  theme:
    ? default
    «‖: dark
    »# c
""",
    ),
    (
        "explicit key beside the missing one",
        "dark",
        DEFAULT,
        """\
config:
  theme:
    ? description
    : d
«‖    default: dark
»""",
    ),
    (
        "merge key beside",
        "dark",
        DEFAULT,
        """\
x-a: &a {default: light}
config:
  theme:
    <<: *a
    description: d
«‖    default: dark
»""",
    ),
    (
        "merge key in braces",
        "dark",
        DEFAULT,
        """\
x-a: &a {default: light}
config:
  theme: {<<: *a«‖, default: dark»}
""",
    ),
    (
        "duplicate-looking keys in strings",
        "dark",
        DEFAULT,
        """\
x: 'theme: {default: light}' # default: light
config:
  x: "default: light"
  theme: {description: 'default: light', default: «light‖dark»} # default: light
""",
    ),
    (
        "in braces",
        "dark",
        DEFAULT,
        """\
config:
  theme: {default: «light‖dark», description: d}
""",
    ),
    (
        "in braces, with a comma",
        "a, b",
        DEFAULT,
        """\
config:
  theme: {default: «light‖"a, b"», description: d}
""",
    ),
    (
        "in braces without blanks",
        "a}b",
        DEFAULT,
        """\
config: {theme: {default: «light‖"a}b"»,description: d}}
""",
    ),
    (
        "in braces, a colon",
        "https://b/c",
        DEFAULT,
        """\
config:
  theme: {url: http://x:80/y, default: «light‖"https://b/c"»}
""",
    ),
    (
        "in braces over several lines",
        "one\ntwo",
        DEFAULT,
        """\
config:
  theme: {
    default: «light‖"one\\ntwo"», # c
    description: d }
""",
    ),
    (
        "in braces, empty",
        "dark",
        DEFAULT,
        """\
config:
  theme: {default: «‖dark », description: d}
""",
    ),
    (
        "in braces, without colon",
        "dark",
        DEFAULT,
        """\
config:
  theme: {default«‖: dark», description: d}
""",
    ),
    (
        "JSON",
        "dark",
        DEFAULT,
        """\
{"config": {"theme": {"default": "«light‖dark»"}}}
""",
    ),
    (
        "JSON gets JSON",
        {"a": [1, True, None, "x"]},
        DEFAULT,
        """\
{"config": {"theme": {"default": «null‖{"a": [1, true, null, "x"]}»}}}
""",
    ),
    (
        "JSON with a missing path",
        "dark",
        OVERRIDE,
        """\
{"environments":
{"prod": {«‖"overrides": {"config": {"theme": {"default": "dark"}}}»}}}
""",
    ),
    ("list in brackets", [1, 2, "a,b"], DEFAULT, theme('[1, 2«‖, "a,b"»]  # c')),
    ("list in brackets, one item changes", [1, 3], DEFAULT, theme("[1,   «2‖3»]  # c")),
    (
        "brackets over several lines",
        ["a"],
        DEFAULT,
        """\
config:
  theme:
    default: [«1,  # one
      2‖a»]  # c
    description: d
""",
    ),
    (
        "braces, one key changes",
        {"a": 1, "b": {"c": "y"}},
        DEFAULT,
        theme("{a: 1,   b: {c: '«x‖y»'}} # c"),
    ),
    ("braces, a key more", {"a": 1, "b": None}, DEFAULT, theme("{a: 1«‖, b: null»} # c")),
    ("braces, a key less", {"b": 2}, DEFAULT, theme("{«a: 1, ‖»b: 2} # c")),
    ("empty braces", {"a": "1"}, DEFAULT, theme('{«‖a: "1"»} # c')),
    (
        "text to a collection",
        {"a": ["x: y", {"yes": "no"}]},
        DEFAULT,
        theme('«light‖{a: ["x: y", {"yes": "no"}]}» # c'),
    ),
    (
        "block mapping, one key changes",
        {"a": 2, "b": ["x"]},
        DEFAULT,
        """\
config:
  theme:
    default:
      a: «1‖2»  # one
      # two
      b: [x]
    description: d
""",
    ),
    (
        "block mapping to another",
        {"c": {"d": [1, {"e": 2, "f": []}]}},
        DEFAULT,
        """\
config:
  theme:
    default:
      «a: 1
      b: 2‖c:
        d:
          - 1
          - e: 2
            f: []»
    # c
    description: d
""",
    ),
    (
        "block mapping to a word",
        "dark",
        DEFAULT,
        """\
config:
  theme:
    default:«
      a: 1
      b: 2‖ dark»
    # c
    description: d
""",
    ),
    (
        "block mapping to a word behind a comment",
        7,
        DEFAULT,
        """\
config:
  theme:
    default: # note
      «a: 1‖7»
    description: d
""",
    ),
    (
        "block list",
        [1, 5],
        DEFAULT,
        """\
config:
  theme:
    default:
    - 1
    -   «2‖5» # c
    description: d
""",
    ),
    (
        "block list to a longer one",
        [1, "b", [2, [3]]],
        DEFAULT,
        """\
config:
  theme:
    default:
    - 1
    «‖- b
    - - 2
      - - 3
    »# c
    description: d
""",
    ),
    (
        "block list to an empty one",
        [],
        DEFAULT,
        """\
config:
  theme:
    default:«
      - 1
      - 2‖ []»
    # c
    description: d
""",
    ),
    (
        "block list with an anchor",
        ["x", "y"],
        DEFAULT,
        """\
config:
  theme:
    default: &l
      - «1‖x
      - "y"»
    # c
    description: d
""",
    ),
    (
        "CRLF",
        "one\ntwo\n",
        DEFAULT,
        """\
config:
  theme:
    default: «light # c‖| # c
      one
      two»
    description: d
""".replace("\n", "\r\n"),
    ),
    (
        "CRLF literal",
        "one\ntwo\n",
        DEFAULT,
        """\
config:
  theme:
    default: |
      one
    «‖  two
    »description: d
""".replace("\n", "\r\n"),
    ),
    ("CR alone", "dark", DEFAULT, theme("«light‖dark»").replace("\n", "\r")),
    (
        "four columns",
        "one\ntwo\n",
        DEFAULT,
        """\
config:
    theme:
        description: d
«‖        default: |
            one
            two
»""",
    ),
    (
        "default missing",
        "dark",
        DEFAULT,
        """\
config:
  theme:
    description: d
  «‖  default: dark
  »other: {}
""",
    ),
    (
        "default missing, the last is a block",
        "dark",
        DEFAULT,
        """\
config:
  theme:
    description: |
      d
«‖    default: dark
»

# end
""",
    ),
    (
        "default missing, the last keeps lines",
        "dark",
        DEFAULT,
        """\
config:
  theme:
    description: |+
      d

  «‖  default: dark
  »# c
  other: {}
""",
    ),
    (
        "default missing, the last is open",
        "dark",
        DEFAULT,
        """\
config:
  theme:
    de«‖fault: dark
    de»scription: |
      d""",
    ),
    (
        "default missing in braces",
        "dark",
        DEFAULT,
        """\
config:
  theme: {description: d«‖, default: dark»}  # c
""",
    ),
    (
        "default missing in braces with a comma at the end",
        "dark",
        DEFAULT,
        """\
config:
  theme: {description: d,«‖ default: dark,»}
""",
    ),
    (
        "default missing in empty braces",
        "dark",
        DEFAULT,
        """\
config:
  theme: {«‖default: dark» }
""",
    ),
    (
        "default missing, null",
        "dark",
        DEFAULT,
        """\
config:
  theme: «null‖{default: dark}» # c
""",
    ),
    (
        "default missing, nothing there",
        "dark",
        DEFAULT,
        """\
config:
  theme: # c
  «‖  default: dark
  »other: {}
""",
    ),
    (
        "default missing, alias",
        "dark",
        DEFAULT,
        """\
x-t: &t {description: d}
config:
  theme: «*t‖{<<: *t, default: dark}»
""",
    ),
    (
        "overrides missing",
        "dark",
        OVERRIDE,
        """\
environments:
  dev: {}
  prod:
    protected: true
«‖    overrides:
      config:
        theme: {default: dark}
»""",
    ),
    (
        "overrides missing, no break at the end",
        "dark",
        OVERRIDE,
        """\
environments:
  dev: {}
  prod:
    protected: true«‖
    overrides:
      config:
        theme: {default: dark}»""",
    ),
    (
        "overrides missing, followed by comments",
        "dark",
        OVERRIDE,
        """\
environments:
  dev: {}
  prod:
    protected: true
    «‖overrides:
      config:
        theme: {default: dark}
    »# hints

  # staging
  stage: {}
""",
    ),
    (
        "overrides null",
        "dark",
        OVERRIDE,
        """\
environments:
  dev: {}
  prod:
    protected: true
    overrides: «~‖{config: {theme: {default: dark}}}»
""",
    ),
    (
        "overrides empty",
        "dark",
        OVERRIDE,
        """\
environments:
  dev: {}
  prod:
    protected: true
    overrides:
    «‖  config:
        theme: {default: dark}
    »tier: x
""",
    ),
    (
        "overrides in braces",
        "dark",
        OVERRIDE,
        """\
environments:
  dev: {}
  prod:
    protected: true
    overrides: {license: {release_mode: true}«‖, config: {theme: {default: dark}}»}
""",
    ),
    (
        "overrides empty braces",
        "dark",
        OVERRIDE,
        """\
environments:
  dev: {}
  prod:
    protected: true
    overrides: {«‖config: {theme: {default: dark}}»}
""",
    ),
    (
        "overrides behind comments",
        "dark",
        OVERRIDE,
        """\
environments:
  dev: {}
  prod:
    protected: true
    # overrides:
    overrides:  # ours
      # config:
      license:
        release_mode: true # config
«‖      config:
        theme: {default: dark}
»""",
    ),
    (
        "config in braces",
        "dark",
        OVERRIDE,
        """\
environments:
  dev: {}
  prod:
    protected: true
    overrides:
      config: {smtp_host: {default: x}«‖, theme: {default: dark}»}
""",
    ),
    (
        "config with blocks",
        "dark",
        OVERRIDE,
        """\
environments:
  dev: {}
  prod:
    protected: true
    overrides:
      config:
        smtp_host:
          default: x
«‖        theme:
          default: dark
»""",
    ),
    (
        "config with braces",
        "dark",
        OVERRIDE,
        """\
environments:
  dev: {}
  prod:
    protected: true
    overrides:
      config:
        smtp_host: {default: x}
«‖        theme: {default: dark}
»""",
    ),
    (
        "key with something else",
        "dark",
        OVERRIDE,
        """\
environments:
  dev: {}
  prod:
    protected: true
    overrides:
      config:
        theme: {check: {enum: [dark]}«‖, default: dark»}
""",
    ),
    (
        "environment in braces",
        ["a"],
        OVERRIDE,
        """\
environments:
  prod: {extends: dev, protected: true«‖, overrides: {config: {theme: {default: [a]}}}»}
""",
    ),
    (
        "environment in empty braces",
        "dark",
        OVERRIDE,
        """\
environments: {prod: {«‖overrides: {config: {theme: {default: dark}}}»}}
""",
    ),
    (
        "environment null",
        "dark",
        OVERRIDE,
        """\
environments:
  dev: {}
  prod: «null‖{overrides: {config: {theme: {default: dark}}}}»
""",
    ),
    (
        "environment with nothing",
        "dark",
        OVERRIDE,
        """\
environments:
  prod:
  «‖  overrides:
      config:
        theme: {default: dark}
  »dev: {}
""",
    ),
    (
        "environment is an alias",
        "dark",
        OVERRIDE,
        """\
environments:
  dev: &d {protected: true}
  prod: «*d‖{<<: *d, overrides: {config: {theme: {default: dark}}}}»
""",
    ),
    (
        "environment merges another",
        "dark",
        OVERRIDE,
        """\
environments:
  dev: &d {protected: true}
  prod:
    <<: *d
«‖    overrides:
      config:
        theme: {default: dark}
»""",
    ),
    (
        "environments missing",
        "dark",
        OVERRIDE,
        """\
penguin: 1
app: {name: a}
«‖environments:
  prod:
    overrides:
      config:
        theme: {default: dark}
»
# the end
""",
    ),
    (
        "three columns",
        "dark",
        OVERRIDE,
        """\
environments:
   prod:
      protected: true
«‖      overrides:
         config:
            theme: {default: dark}
»""",
    ),
    (
        "four columns, several lines",
        "one\ntwo\n",
        OVERRIDE,
        """\
environments:
    prod:
        protected: true
«‖        overrides:
            config:
                theme:
                    default: |
                        one
                        two
»""",
    ),
    (
        "lists in the same column",
        "dark",
        OVERRIDE,
        """\
environments:
  prod:
    x-l:
    - a
    - b: 1
«‖    overrides:
      config:
        theme: {default: dark}
»""",
    ),
    (
        "several lines",
        "one\ntwo",
        OVERRIDE,
        """\
environments:
  dev: {}
  prod:
    protected: true
«‖    overrides:
      config:
        theme:
          default: |-
            one
            two
»""",
    ),
    (
        "a collection",
        {"a": ["b"]},
        OVERRIDE,
        """\
environments:
  dev: {}
  prod:
    protected: true
«‖    overrides:
      config:
        theme: {default: {a: [b]}}
»""",
    ),
    (
        "CRLF, a path",
        "dark",
        OVERRIDE,
        """\
environments:
  dev: {}
  prod:
    protected: true
«‖    overrides:
      config:
        theme: {default: dark}
»""".replace("\n", "\r\n"),
    ),
    (
        "markers and a directive",
        "dark",
        OVERRIDE,
        """\
%YAML 1.2
---
environments:
  prod:
    tier: a
«‖    overrides:
      config:
        theme: {default: dark}
»...
""",
    ),
    (
        "tabs in comments",
        "dark",
        OVERRIDE,
        """\
environments:\t# a\tb
  prod:\t\t# c
    tier: a\t# d
«‖    overrides:
      config:
        theme: {default: dark}
»""",
    ),
    (
        "unicode keys",
        "🐧",
        "environments.🐧.overrides.config.theme.default",
        """\
environments:
  größe: {}
  "🐧": # 🐧
    tier: 🐧
«‖    overrides:
      config:
        theme: {default: 🐧}
»""",
    ),
    (
        "a key that needs quotes",
        "dark",
        "environments.yes.overrides.config.theme.default",
        """\
environments:
  prod: {}
«‖  "yes":
    overrides:
      config:
        theme: {default: dark}
»""",
    ),
    (
        "everything in braces over lines",
        "dark",
        OVERRIDE,
        """\
{
  environments: {
    prod: {
      tier: a«‖, overrides: {config: {theme: {default: dark}}}» # c
    }
  }
}
""",
    ),
]
