"""The look-alike's Markdown, as far as reports use GitHub's."""

import pytest

from tests.fakes.github.markdown import markdown
from tests.fakes.html import assert_safe


@pytest.mark.parametrize(
    ("source", "html"),
    [
        ("# A *b*", "<h1>A <em>b</em></h1>"),
        ("a\nb", "<p>a\nb</p>"),
        ("`<b>`", "<p><code>&lt;b&gt;</code></p>"),
        ("```go\na < b\n```", "<pre><code>a &lt; b</code></pre>"),
        ("```\nnever closed", "<pre><code>never closed</code></pre>"),
        ("- a\n- b", "<ul><li>a</li><li>b</li></ul>"),
        ("3. a", '<ol start="3"><li>a</li></ol>'),
        ("> a", "<blockquote><p>a</p></blockquote>"),
        ("---", "<hr>"),
        ("a<br>b", "<p>a<br>b</p>"),
        ("a <!-- hidden --> b", "<p>a  b</p>"),
        (r"\*a\* &lt;", "<p>*a* &lt;</p>"),
        ("<!-- only a comment -->", ""),
        (
            "see www.example.com.",
            '<a href="http://www.example.com" rel="nofollow noopener noreferrer">www.example.com</a>.',
        ),
        ("[a](javascript:alert)", "<p>a</p>"),
        ("|a|b|\n|-|-:|\n|1\\|2|", '<td>1|2</td><td class="right"></td>'),
        ("<details><summary>s</summary>\n\nx\n", "<details>\n<summary>s</summary>\n<p>x</p></details>"),
        ("</details>", ""),
    ],
)
def test_markdown_becomes_html(source: str, html: str) -> None:
    assert html in markdown(source)
    assert_safe(markdown(source))


@pytest.mark.parametrize("source", ["@dev", "(@dev)", r"\@dev", "&#64;dev", "**@dev**", "@acme/team", "|@dev|\n|-|"])
def test_a_name_after_an_at_sign_is_a_mention_however_it_was_escaped(source: str) -> None:
    assert '<span class="mention">@' in markdown(source)


@pytest.mark.parametrize("source", ["#12", r"\#12", "fixes #12", "GH-12", "acme/api#12", "dev#12", "&#35;12"])
def test_a_number_after_a_number_sign_is_a_reference_however_it_was_escaped(source: str) -> None:
    assert '<span class="reference">' in markdown(source)


@pytest.mark.parametrize(
    "source",
    [
        "`@dev #12`",
        "```\n@dev #12\n```",
        "[@dev #12](https://x.example)",
        "a@dev",
        "@\u200bdev",
        "@<!-- -->dev",
        "#<!-- -->12",
        "C#",
        "&#x27;",
        "a@b #x",
        "@ dev",
    ],
)
def test_in_code_and_links_and_apart_from_its_sign_nothing_is_a_mention_or_a_reference(source: str) -> None:
    assert "class=" not in markdown(source)
    assert_safe(markdown(source))


@pytest.mark.parametrize(
    "piece",
    ["*", "**a ", "> ", "- ", "`", "[", "[a](", "<details>", "_a_", "|", "# ", "\x00", "a-", "@a", "www.", "<!--"],
)
def test_markdown_of_any_shape_is_quick_and_safe(piece: str) -> None:
    assert_safe(markdown(piece * (20_000 // len(piece))))
    assert_safe(markdown(f"{piece}\n" * 500))
