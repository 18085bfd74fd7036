"""Into files and out of files: nothing is lost, nothing is run, nothing is taken by halves."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.library import exporting
from bot.library.article import Article
from bot.library.importing import read
from kb_index.errors import BadEntry


def file(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def article(name: str = "a", **more: Any) -> Article:
    return Article.parse({"id": name, "question": f"{name}?", "answer": "b", **more}, "here")


line = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=30).filter(lambda s: s.strip())
text = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), min_size=1, max_size=80).filter(lambda s: s.strip())
nasty = st.sampled_from(["=1+1", "'=1", "''=x", "-5", "@x", "+3", "a|b", "[x", '["', "---", "yes", "1.0", "a: b", "# x", "\ttab", "'", '"', ",;\t", "null"])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.fixed_dictionaries({
    "id": line | nasty.map(str.strip), "question": text | nasty, "answer": text | nasty, "category": (line | nasty).map(lambda s: s[:40]),
    "phrasings": st.lists(line | nasty, max_size=4), "tests": st.lists(text | nasty, max_size=3), "related": st.lists(line, max_size=2),
    "audience": st.sampled_from(["everyone", "verified", "agents"]), "valid_from": st.sampled_from(["", "2026-12-01"]),
    "owner": st.sampled_from(["", "Ada"]), "language": st.just("pt-BR"), "translation_of": st.sampled_from(["", "=else"]),
}), min_size=1, max_size=4, unique_by=lambda f: f["id"].strip()))
def test_an_export_gives_the_same_articles_again(tmp_path: Path, fields: list[dict[str, Any]]) -> None:
    there = [Article.parse(one, "here") for one in fields]
    for ending in ("csv", "json", "zip"):
        path = tmp_path / f"kb.{ending}"
        exporting.write(there, path)
        again = {one.id: one for one in read([path]).articles}
        assert again == {one.id: one for one in there}, ending


def test_a_csv_of_windows_gives_what_its_exports_give(tmp_path: Path) -> None:
    found = read([file(tmp_path, "faq.csv", 'id,question,answer\r\na,Q?,"One.\r\n\r\nTwo."\r\n')]).articles
    for ending in ("csv", "json", "zip"):
        exporting.write(found, tmp_path / f"kb.{ending}")
        assert read([tmp_path / f"kb.{ending}"]).articles == found, ending


def test_every_kind_of_line_end_in_a_question_is_kept(tmp_path: Path) -> None:
    there = article(question="One\x85two\u2028three\u2029four\nfive: 'six'", phrasings=["a\x85b", "c"])
    for ending in ("csv", "json", "zip"):
        exporting.write([there], tmp_path / f"kb.{ending}")
        assert read([tmp_path / f"kb.{ending}"]).articles == [there], ending


def test_no_exported_cell_is_a_formula(tmp_path: Path) -> None:
    path = tmp_path / "kb.csv"
    exporting.write([article(question="=HYPERLINK(1)", answer="@sum", phrasings=["+1", "-2"])], path)
    for cell in path.read_text().splitlines()[1].split(","):
        assert not cell.strip('"').startswith(("=", "+", "-", "@")), cell


def test_excel_with_formulas_dates_and_numbers(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["ID", "Question", "Answer", "valid_from", "Phrasings"], [7, "Open?", "=1+1", None, "open now|hours"], [None] * 5,
                ["x", "Shut?", "At five", __import__("datetime").datetime(2026, 12, 24), None]):
        book.active.append(row)
    book.save(tmp_path / "faq.xlsx")
    found = read([tmp_path / "faq.xlsx"])
    first, second = found.articles
    assert (first.id, first.entry.answer, first.entry.phrasings) == ("7", "=1+1", ("open now", "hours"))
    assert second.valid_from == "2026-12-24" and "cell C2: a formula" in found.warnings[0]


ZENDESK = {"articles": [
    {"id": 360, "title": "How do I return a chair?", "body": "<p>Within <b>30</b> days.</p><script>x()</script>", "section_id": 9, "locale": "en-gb", "draft": False},
    {"id": 361, "title": "Hidden", "body": "<p>x</p>", "draft": True}, {"id": 362, "title": "Empty", "body": "", "draft": False},
], "sections": [{"id": 9, "name": "Returns"}], "count": 3}
INTERCOM = {"type": "list", "data": [
    {"type": "article", "id": "11", "title": "Can I pay later?", "body": "<ul><li>Yes</li><li>In <a href='https://x.example/a'>three</a></li></ul>", "state": "published", "default_locale": "en", "parent_id": 1},
    {"type": "article", "id": "12", "title": "Draft", "body": "<p>x</p>", "state": "draft"},
], "pages": {"page": 1}}
CHATWOOT = {"payload": [
    {"id": 5, "title": "Where is my parcel?", "content": "See **Orders**.", "status": "published", "category": {"id": 2, "name": "Delivery", "locale": "en"}},
    {"id": 6, "title": "Old", "content": "x", "status": "archived"},
], "meta": {"articles_count": 2}}


IN_GERMAN = {"locale": "de", "title": "Wie gebe ich einen Stuhl zurück?", "body": "<p>Binnen <b>30</b> Tagen.</p>"}
ZENDESK_ARTICLE = {**ZENDESK["articles"][0], "source_locale": "en-gb"}  # type: ignore[index]
CHATWOOT_ARTICLE = {"id": 7, "title": IN_GERMAN["title"], "content": "Binnen **30** Tagen.", "status": "published", "locale": "de"}


@pytest.mark.parametrize(("told", "ids"), [
    # The translations beside each article, all of them beside the articles, and the same article once a language.
    ({"articles": [{**ZENDESK_ARTICLE, "translations": [{**IN_GERMAN, "draft": False}, {"locale": "fr", "title": "x", "body": "x", "draft": True}]}]}, "zendesk-360"),
    ({"articles": [ZENDESK_ARTICLE], "translations": [{**IN_GERMAN, "source_id": 360}, {**IN_GERMAN, "source_id": 1}]}, "zendesk-360"),
    ({"articles": [{**ZENDESK_ARTICLE, **IN_GERMAN}, ZENDESK_ARTICLE]}, "zendesk-360"),
    ({"type": "list", "data": [{"id": "11", "title": "t", "body": "<p>b</p>", "state": "published", "default_locale": "en", "translated_content": {
        "type": "article_translated_content", "en": {"title": "t", "body": "<p>b</p>", "state": "published"}, "de": {**IN_GERMAN, "state": "published"}, "fr": None}}]},
     "intercom-11"),
    ({"payload": [{**CHATWOOT_ARTICLE, "associated_article_id": 5}, CHATWOOT["payload"][0]]}, "chatwoot-5"),
])
def test_translations_of_other_help_centres_are_translations_here(tmp_path: Path, told: Any, ids: str) -> None:
    original, german = read([file(tmp_path, "export.json", json.dumps(told))]).articles
    assert (original.id, original.translation_of) == (ids, "")
    assert (german.translation_of, german.language, german.entry.answer) == (ids, "de", "Binnen **30** Tagen.")
    assert german.entry.question == IN_GERMAN["title"] and german.id in (f"{ids}-de", "chatwoot-7")


@pytest.mark.parametrize("way", ["files", "folder", "zip"])
def test_an_export_in_several_files_is_one_help_centre(tmp_path: Path, way: str) -> None:
    site = tmp_path / "site"
    german = {**ZENDESK_ARTICLE, **IN_GERMAN}
    files = [file(site, "de.json", json.dumps({"articles": [german]})), file(site, "en.json", json.dumps({**ZENDESK, "articles": [ZENDESK_ARTICLE]})),
             file(site, "en-again.json", json.dumps({"articles": [ZENDESK_ARTICLE]})),
             file(site, "chat-1.json", json.dumps({"payload": [{**CHATWOOT_ARTICLE, "associated_article_id": 360}, {**CHATWOOT["payload"][0], "id": 360}]}))]
    with zipfile.ZipFile(tmp_path / "site.zip", "w") as packed:
        for one in files:
            packed.write(one, one.name)
    found = read(files if way == "files" else [site if way == "folder" else tmp_path / "site.zip"])
    told = {one.id: (one.translation_of, one.entry.category) for one in found.articles}
    assert told == {"zendesk-360": ("", "Returns"), "zendesk-360-de": ("zendesk-360", "Returns"), "chatwoot-360": ("", "Delivery"),
                    "chatwoot-7": ("chatwoot-360", "")}
    assert [one for one in found.warnings if "same question" not in one] == []


def test_an_article_without_a_title_is_left_out_with_a_word(tmp_path: Path) -> None:
    found = read([file(tmp_path, "e.json", json.dumps({"articles": [{**ZENDESK_ARTICLE, "title": " "}, {**ZENDESK_ARTICLE, "id": 1}]}))])
    assert [one.id for one in found.articles] == ["zendesk-1"]
    assert ["e.json, article 1: has no title; it was left out" in one for one in found.warnings] == [True]


def test_articles_without_an_id_are_articles_and_a_second_text_is_told(tmp_path: Path) -> None:
    other = {**ZENDESK_ARTICLE, "id": None, "title": "And a table?"}
    told = {"articles": [{**ZENDESK_ARTICLE, "id": None}, other, ZENDESK_ARTICLE, {**other, "id": 360}]}
    found = read([file(tmp_path, "export.json", json.dumps(told))])
    assert [one.id for one in found.articles] == ["zendesk-1", "zendesk-2", "zendesk-360"]
    assert ["article 4: 'And a table?' is a second text" in one for one in found.warnings if "same question" not in one] == [True]


def test_where_the_original_is_a_draft_its_translation_stands_alone(tmp_path: Path) -> None:
    told = {"articles": [{**ZENDESK_ARTICLE, "draft": True, "translations": [IN_GERMAN]}]}
    [german] = read([file(tmp_path, "export.json", json.dumps(told))]).articles
    assert (german.language, german.translation_of) == ("de", "")


@pytest.mark.parametrize(("more", "audience"), [
    ({}, "everyone"), ({"user_segment_id": None, "user_segment_ids": []}, "everyone"), ({"user_segment_id": 4711}, "agents"),
    ({"user_segment_id": None, "user_segment_ids": [4711]}, "agents"),
])
def test_what_not_everybody_may_see_is_for_agents_only(tmp_path: Path, more: dict[str, Any], audience: str) -> None:
    told = {"articles": [ZENDESK_ARTICLE, {**ZENDESK_ARTICLE, **IN_GERMAN, **more}, {**ZENDESK_ARTICLE, "id": 361, "title": "Open?"}]}
    found = read([file(tmp_path, "export.json", json.dumps(told))])
    assert [one.audience for one in found.articles] == [audience, audience, "everyone"]
    assert [warning for warning in found.warnings if "only agents may see it" in warning] == found.warnings
    assert len(found.warnings) == (2 if audience == "agents" else 0)


@pytest.mark.parametrize(("told", "name", "answer", "category", "left_out"), [
    (ZENDESK, "zendesk-360", "Within **30** days.", "Returns", 2), (INTERCOM, "intercom-11", "- Yes\n- In [three](https://x.example/a)", "", 1),
    (CHATWOOT, "chatwoot-5", "See **Orders**.", "Delivery", 1),
])
def test_exports_of_other_help_centres(tmp_path: Path, told: Any, name: str, answer: str, category: str, left_out: int) -> None:
    found = read([file(tmp_path, "export.json", json.dumps(told))])
    [one] = found.articles
    assert (one.id, one.entry.answer, one.entry.category) == (name, answer, category)
    assert len(found.warnings) == left_out


def test_a_category_of_chatwoot_may_be_a_name_alone(tmp_path: Path) -> None:
    told = {"payload": [{**CHATWOOT["payload"][0], "category": "General"}, {**CHATWOOT["payload"][0], "id": 9, "category": [1]}]}  # type: ignore[index]
    assert [one.entry.category for one in read([file(tmp_path, "e.json", json.dumps(told))]).articles] == ["General", ""]


LD = """<script type="application/ld+json">{"@context": "https://schema.org", "@graph": [{"@type": "FAQPage", "mainEntity":
[{"@type": "Question", "name": "Is it &lt;free&gt;?", "acceptedAnswer": {"@type": "Answer", "text": "<p>Yes, <b>quite</b>.</p>"}}]}]}</script>"""
DETAILS = "<details><summary>Do you ship?</summary><p>Yes.</p></details><details><summary>Else?</summary>No.</details>"
HEADINGS = "<h1>Help</h1><h2>Is it warm?</h2><p>Very.</p><p>Indeed.</p><h2>News</h2><p>x</p><h3>Is it blue?</h3><p>No.</p>"


QUESTION = {"@type": "Question", "name": "Nested?", "acceptedAnswer": {"@type": "Answer", "text": "Yes."}}


def ld(told: dict[str, Any]) -> str:
    return f'<script type="application/ld+json">{json.dumps(told)}</script>'


@pytest.mark.parametrize(("page", "pairs"), [
    (LD + DETAILS, [("Is it <free>?", "Yes, **quite**.")]), (DETAILS + HEADINGS, [("Do you ship?", "Yes."), ("Else?", "No.")]),
    (HEADINGS, [("Is it warm?", "Very.\n\nIndeed."), ("Is it blue?", "No.")]),
    ("<h2>Which keys?</h2><!-- ask legal -->Press &lt;script&gt; or<p>done</p><!-- /.x -->", [("Which keys?", "Press <script> or\n\ndone")]),
    ("<details><summary>How <em>much</em>?</summary>5 €</details>", [("How much?", "5 €")]),
    ("<details><summary><div>Open</div><div>now<!-- no -->?</div></summary>Yes</details>", [("Open now?", "Yes")]),
    ("<h2>Is <b>it</b>, <i>really</i>?<br>Truly?</h2><p>Yes</p>", [("Is it, really? Truly?", "Yes")]),
    ("<details><summary>Shipping</summary><details><summary>How long?</summary>2 days</details></details>", [("How long?", "2 days")]),
    ("<details><summary>Shipping?</summary><p>By van.</p><div><details><summary>How long?</summary>2 days</details></div></details>",
     [("Shipping?", "By van."), ("How long?", "2 days")]),
    (ld({"@type": "WebPage", "mainEntity": {"@type": "FAQPage", "mainEntity": QUESTION}}), [("Nested?", "Yes.")]),
    (ld({"@type": "https://schema.org/FAQPage", "mainEntity": {**QUESTION, "@type": ["schema:Question"]}}), [("Nested?", "Yes.")]),
    (ld({"@type": "FAQPage", "hasPart": [{"@type": "WebPageElement", "mainEntity": [QUESTION]}]}), [("Nested?", "Yes.")]),
    (ld({"@graph": [{"@type": ["WebPage", "FAQPage"], "mainEntity": [{"@id": "#1"}, {"@id": "#2"}]}, {**QUESTION, "@id": "#1"}]}), [("Nested?", "Yes.")]),
    (ld({"@type": "FAQPage", "mainEntity": {**QUESTION, "acceptedAnswer": [{"text": ""}, {"text": "One.\nTwo."}]}}).replace("\\n", "\n"), [("Nested?", "One.\nTwo.")]),
    (ld({"@type": "FAQPage", "mainEntity": {**QUESTION, "acceptedAnswer": None}}) + DETAILS, [("Do you ship?", "Yes."), ("Else?", "No.")]),
])
def test_a_saved_page(tmp_path: Path, page: str, pairs: list[tuple[str, str]]) -> None:
    found = read([file(tmp_path, "faq.html", f"<html><body>{page}</body></html>")])
    assert [(one.entry.question, one.entry.answer) for one in found.articles] == pairs


@pytest.mark.parametrize(("page", "said"), [
    (ld({"@type": "FAQPage", "mainEntity": [QUESTION, {**QUESTION, "name": "No answer?", "acceptedAnswer": []}]}), "'No answer?' has no answer"),
    (ld({"@type": "FAQPage", "mainEntity": [QUESTION, {**QUESTION, "name": ""}]}), "'Yes.' answers no question"),
    (ld({"@type": "FAQPage", "mainEntity": [QUESTION]}).replace("]}", "],}") + DETAILS, "its FAQPage in JSON-LD cannot be read"),
    (DETAILS + "<details><summary>Empty?</summary></details>", "'Empty?' has no answer"),
    (DETAILS + "<details>no summary</details>", "'no summary' answers no question"),
])
def test_what_of_a_page_is_left_out_is_told(tmp_path: Path, page: str, said: str) -> None:
    found = read([file(tmp_path, "faq.html", page)])
    assert found.articles and len(found.warnings) == 1 and found.warnings[0].startswith(f"faq.html: {said}")


SHOWN = "<p>Click here:</p><img src=x><picture><img src=y></picture><iframe src=z></iframe><svg><path/></svg>"


@pytest.mark.parametrize(("name", "content", "where"), [
    ("faq.html", f"<details><summary>How?</summary>{SHOWN}</details>", "faq.html: 'How?'"),
    ("e.json", json.dumps({"articles": [{"id": 1, "title": "How?", "body": SHOWN}]}), "e.json, article 1: 'How?'"),
    ("e.json", json.dumps({"type": "list", "data": [{"id": 1, "title": "How?", "body": SHOWN}]}), "e.json, article 1: 'How?'"),
])
def test_pictures_and_videos_that_stay_behind_are_told(tmp_path: Path, name: str, content: str, where: str) -> None:
    found = read([file(tmp_path, name, content)])
    assert found.articles[0].entry.answer == "Click here:"
    [warning] = found.warnings
    assert f"{where}: left out of its answer: 2 pictures and 1 video or other frame; put" in warning


def test_pages_that_answer_a_question_differently_are_both_taken_with_a_word(tmp_path: Path) -> None:
    for name, most in (("a", 5), ("b", 9), ("c", 5)):
        file(tmp_path / "site", f"{name}.html", f"<details><summary>How much does it carry?</summary>{most} kg</details>")
    found = read([tmp_path / "site"])
    assert [one.entry.answer for one in found.articles] == ["5 kg", "9 kg"]
    [warning] = found.warnings
    assert "b.html" in warning and "the same question stands at" in warning and "a.html" in warning


def test_a_sitemap_saved_to_files_is_one_knowledge_base(tmp_path: Path) -> None:
    for name in ("a/faq.html", "b/faq.html"):
        file(tmp_path / "site", name, DETAILS)
    file(tmp_path / "site", "sitemap.xml", "<urlset></urlset>")
    file(tmp_path / "site", "c.md", "---\nquestion: Third?\n---\nYes.")
    with zipfile.ZipFile(tmp_path / "site.zip", "w") as packed:
        for path in (tmp_path / "site").rglob("*.*"):
            packed.write(path, path.relative_to(tmp_path))
    for source in ("site", "site.zip"):
        assert [one.entry.question for one in read([tmp_path / source]).articles] == ["Do you ship?", "Else?", "Third?"]


def test_bombs_and_broken_archives(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("faq.csv", b"0" * (450 << 20))
    (tmp_path / "bomb.xlsx").write_bytes((tmp_path / "bomb.zip").read_bytes())
    with zipfile.ZipFile(tmp_path / "out.zip", "w") as packed:
        packed.writestr("../../evil.md", "---\nquestion: x\n---\ny")
    for name in ("bomb.zip", "bomb.xlsx"):
        with pytest.raises(BadEntry, match=f"{name}.*450 MB"):
            read([tmp_path / name])
    with pytest.raises(BadEntry, match=r"out\.zip: holds '\.\./\.\./evil\.md'"):
        read([tmp_path / "out.zip"])
    assert not (tmp_path.parent / "evil.md").exists()
    with zipfile.ZipFile(tmp_path / "nest.zip", "w") as packed:
        packed.write(tmp_path / "out.zip", "kb/more.ZIP")
    with pytest.raises(BadEntry, match=r"nest\.zip: holds 'kb/more\.ZIP', a zip within a zip"):
        read([tmp_path / "nest.zip"])
    for name in ("broken.zip", "broken.xlsx"):
        with pytest.raises(BadEntry, match=name):
            read([file(tmp_path, name, b"PK\x03\x04 nothing")])


@pytest.mark.parametrize("way", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_that_was_damaged_on_its_way_is_called_so(tmp_path: Path, way: int) -> None:
    with zipfile.ZipFile(tmp_path / "faq.zip", "w", way) as packed:
        packed.writestr("faq.csv", "id,question,answer\n" + "".join(f"{n},Question {n}?,{n * n}\n" for n in range(500)))
    whole = (tmp_path / "faq.zip").read_bytes()
    for at in range(60, 400, 10):
        broken = file(tmp_path, "broken.zip", whole[:at] + b"\xff" * 40 + whole[at + 40 :])
        with pytest.raises(BadEntry, match=r"broken\.zip: cannot be unpacked"):
            read([broken])


@pytest.mark.parametrize(("raw", "name"), [
    ("Zahlung/ru\u0308ckgabe.md".encode(), "rückgabe"), ("Zahlung/返品.md".encode(), "返品"),
    ("Zahlung/rückgabe.md".encode("cp437"), "rückgabe"), (b"Zahlung/plain.md", "plain"),
])
def test_a_zip_of_finder_has_its_names_in_utf_8(tmp_path: Path, raw: bytes, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "kb.zip", "w") as packed:
        packed.writestr("x" * len(raw), "---\nquestion: Q?\n---\nA.")
    # Without the flag, which Python's own zips would have.
    file(tmp_path, "kb.zip", (tmp_path / "kb.zip").read_bytes().replace(b"x" * len(raw), raw))
    [found] = read([tmp_path / "kb.zip"]).articles
    assert (found.id, found.entry.category) == (name, "Zahlung")


DEEP = "<div>" * 5000 + "A"


@pytest.mark.parametrize(("name", "content", "said"), [
    ("a.csv", "id,question,answer,audience\nx,Q,A,friends\n", r"a\.csv:2: audience 'friends'"),
    ("a.csv", 'id,question,answer,phrasings\nx,Q,A,"[""a"\n', r"a\.csv:2, column phrasings: begins as a list"),
    ("a.csv", "question,answer\nQ,A\nQ2,\n", r"a\.csv:3: answer is empty"), ("a.html", "<p>nothing</p>", "no entries"),
    ("a.json", '{"articles": [], "count": 0}', "no entries"), ("a.json", '{"x": 1}', "a list of entries"),
    ("a.html", "<details><summary>Q?</summary>" + "<div>" * 5000 + "A", r"a\.html: its tags are nested too deep"),
    ("a.json", json.dumps({"articles": [{"id": 1, "title": "Q", "body": DEEP}]}), r"a\.json, article 1: its tags are nested too deep"),
    ("a.json", json.dumps({"type": "list", "data": [{"title": "Q", "body": "A", "translated_content": {"de": {"body": DEEP}}}]}),
     r"a\.json, article 1: its tags are nested too deep"),
    ("a.pdf", "x", r"\.pdf is not known"), ("a.json", "[" * 100_000, "a.json"),
])
def test_faults_are_named(tmp_path: Path, name: str, content: str, said: str) -> None:
    with pytest.raises(BadEntry, match=said):
        read([file(tmp_path, name, content)])
