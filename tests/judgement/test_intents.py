"""`frontdesk evaluate intent`: what it reads, learns and measures. The texts were written for these tests."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from bot.judgement import labelled
from bot.judgement.intent_report import measure, report
from bot.judgement.intents import Told, in_processes, tell_apart
from bot.judgement.labelled import BadLabels, Labelled
from bot.judgement.member import Lesson, Texts
from bot.judgement.tuning import rounds
from bot.settings import ROOT, Settings
from kb_index.encoder import Encoder
from kb_index.export import source_model

WORDS = {
    "water": "tap leaks,pipe burst,sink drips,shower is cold,drain is blocked,no hot water",
    "light": "bulb is out,lamp flickers,switch sparks,no light upstairs,fuse blew,socket is dead",
    "garden": "mow the lawn,trim the hedge,plant roses,weeds everywhere,rake the leaves,cut the apple tree",
}
FRAMES = ("the {}", "hello {}", "please help {}", "{} since monday", "{} again", "oh no {}")
OUTSIDE = ("who won the match", "what is seven times eight", "tell me a story", "capital of peru", "play some jazz",
           "how tall is the tower", "translate good night", "is it snowing in oslo")


def examples(frames: Sequence[str] = FRAMES) -> list[Labelled]:
    return [Labelled(frame.format(words), label)
            for label, all_words in WORDS.items() for words in all_words.split(",") for frame in frames]


def ask(encoder: Encoder, known: Sequence[Labelled], asked: Sequence[str], names: int = 0) -> Told:
    def texts(some: list[str]) -> Texts:
        return Texts(some, encoder.encode(some))

    return tell_apart(texts([one.text for one in known]), [one.label for one in known], texts(list(asked)), None, 0, names)


def write(path: Path, rows: Sequence[Labelled]) -> Path:
    path.write_text("".join(json.dumps({"text": one.text, "label": one.label}) + "\n" for one in rows))
    return path


@pytest.mark.parametrize("outside", [(), OUTSIDE[:4]], ids=["no oos", "some oos"])
def test_it_labels_new_wordings_and_refuses_what_is_foreign(encoder: Encoder, outside: Sequence[str]) -> None:
    known = [*examples(), *(Labelled(text, "oos") for text in outside)]
    new = ["water runs out of the pipe", "the lamp does not shine", "somebody has to cut our hedge"]
    told = ask(encoder, known, [*new, *OUTSIDE[4:]])
    assert told.labels[:3] == ["water", "light", "garden"]
    assert told.threshold is not None and told.held_out == 27
    assert told.distance[3:].min() > told.distance[:3].max()
    assert (told.distance[3:] > told.threshold).all()


def test_oos_is_never_given_as_an_intent(encoder: Encoder) -> None:
    told = ask(encoder, [*examples(), *(Labelled(text, "oos") for text in OUTSIDE)], OUTSIDE)
    assert set(told.labels) <= set(WORDS)


def test_the_threshold_refuses_little_of_what_is_in_scope(encoder: Encoder) -> None:
    told = ask(encoder, examples(), [one.text for one in examples(("{} thanks", "my neighbour says {}"))])
    assert told.threshold is not None and (told.distance > told.threshold).mean() < 0.15


def test_two_lines_of_two_intents_are_read_but_set_no_threshold(encoder: Encoder) -> None:
    known = [Labelled("the tap leaks", "water"), Labelled("mow the lawn", "garden")]
    told = ask(encoder, known, ["a pipe leaks", "cut the grass", "", "\U0001f600", "\ud800"])
    assert told.labels[:2] == ["water", "garden"] and np.isfinite(told.distance).all()
    assert (told.threshold, told.held_out) == (None, 0)


def test_texts_without_a_word_can_be_learnt(encoder: Encoder) -> None:
    texts = ["!", ".", "\U0001f600", "…"]
    assert len(ask(encoder, [Labelled(text, label) for text, label in zip(texts, "abab", strict=True)], texts).labels) == 4


def test_a_larger_encoder_is_heard(encoder: Encoder) -> None:
    def texts(some: list[str]) -> Texts:
        blind = np.ones((len(some), 4), dtype=np.float32) / 2  # one to which all texts are alike
        return Texts(some, blind, encoder.encode(some))

    known, new = examples(), ["a liquid runs down the wall", "everything is dark in here", "somebody has to prune our bushes"]
    told = tell_apart(texts([one.text for one in known]), [one.label for one in known], texts(new), None)
    assert told.labels == ["water", "light", "garden"]


@pytest.mark.timeout(600)  # torch alone is slow to import where others have the cores
def test_a_tuned_encoder_learns_in_a_process_of_its_own(encoder: Encoder) -> None:
    known, asked = examples(FRAMES[:1]), ["the pipe is broken", "no light in the kitchen", "cut the grass", "tell me a story"]
    vectors = encoder.encode([one.text for one in known])
    classes = np.array([list(WORDS).index(one.label) for one in known])
    lesson = Lesson(Texts([one.text for one in known], vectors), classes, Texts(asked, encoder.encode(asked)), None, source_model(), 0)
    steps: list[int] = []
    (opinion,) = in_processes([lesson], lambda done, of: steps.append(done))
    assert opinion.scores[:3].argmax(axis=1).tolist() == [0, 1, 2]
    # Meaning, wording and the tuned encoder; the neighbours with it and without: each finds the story the farthest.
    assert opinion.signs.shape == (4, 5) and (opinion.signs.argmax(axis=0) == 3).sum() >= 4
    assert steps == sorted(steps) and "torch" not in sys.modules


def test_few_texts_are_shown_more_often() -> None:
    assert [rounds(n) for n in (1, 800, 1300, 10_000, 100_000)] == [10, 10, 7, 4, 4]


def test_figures_are_those_of_their_definitions() -> None:
    asked = [Labelled("", label) for label in ("a", "a", "b", "b", "oos", "oos")]
    told = measure(asked, Told(["a", "b", "b", "b", "a", "b"], np.array([0.1, 0.2, 0.3, 0.9, 0.8, 1.0]), 0.5, 20))
    assert told["accuracy_in_scope"] == 0.75 and told["in_scope_accuracy_at_threshold"] == 0.5
    assert told["in_scope_refused"] == 0.25 and told["out_of_scope_recall"] == 1.0
    # Of the eight pairs, (0.9, 0.8) is the wrong way round; ranks 1 and 3 of the far end are out of scope.
    assert told["out_of_scope_auroc"] == 0.875
    assert told["out_of_scope_aupr"] == pytest.approx((1 + 2 / 3) / 2, abs=1e-4)


def test_what_a_test_cannot_tell_is_null() -> None:
    inside = measure([Labelled("", "a")], Told(["a"], np.zeros(1), None, 0))
    assert inside["accuracy_in_scope"] == 1 and set(list(inside.values())[1:]) == {None}
    outside = measure([Labelled("", "oos")], Told(["a"], np.ones(1), 0.0, 20))
    assert (outside["accuracy_in_scope"], outside["out_of_scope_auroc"], outside["out_of_scope_recall"]) == (None, None, 1)


def test_a_sample_has_n_of_each_and_comes_again_with_its_seed() -> None:
    known = [*examples(), *(Labelled(text, "oos") for text in OUTSIDE[:2])]
    drawn = labelled.sample(known, 5, 1)
    assert [sum(one.label == label for one in drawn) for label in (*WORDS, "oos")] == [5, 5, 5, 2]
    assert drawn == labelled.sample(known, 5, 1) != labelled.sample(known, 5, 2)


def test_what_an_intent_is_called_is_one_more_text_of_it() -> None:
    labels = ("card_arrival", "oos", "lostCard", "a.b", "7", "class_12", "card_arrival", "größe ändern")
    named = labelled.called([Labelled("", label) for label in labels])
    assert {one.label: one.text for one in named} == {
        "card_arrival": "card arrival", "lostCard": "lost card", "größe ändern": "größe ändern"}


def test_names_are_learnt_but_never_held_out(encoder: Encoder) -> None:
    known, names = examples(), [Labelled("a bicycle", "bike") for _ in range(9)]
    told = ask(encoder, [*known, *names], ["the bicycle", "cut the hedge"], len(names))
    assert told.labels == ["bike", "garden"] and told.held_out == 27


@pytest.mark.parametrize(("line", "told"), [
    (b'{"text": "a", "label": }', "bad.jsonl:2:24: no valid JSON (Expecting value); one object a line"),
    (b"[" * 100_000, "bad.jsonl:2:1: no valid JSON (maximum recursion"),
    (b'["a", "b"]', "bad.jsonl:2:1: list; an object"),
    (b'{"text": "a"}', "bad.jsonl:2:1: there is no 'label'; an object"),
    (b'{"label": "a"}', "bad.jsonl:2:1: there is no 'text'; an object"),
    (b'{"text": "a", "label": null}', "bad.jsonl:2:15: label is None; write words"),
    (b'{"text": 7, "label": "x"}', "bad.jsonl:2:2: text is 7; write words"),
    (b'{"text": "a", "label": " "}', "bad.jsonl:2:15: label is ' '; write words"),
    (b'{"text": "\xff", "label": "x"}', "bad.jsonl:2:11: not UTF-8 (byte 0xff); save the file as UTF-8"),
])
def test_a_bad_line_is_named_by_line_and_column(tmp_path: Path, line: bytes, told: str) -> None:
    (tmp_path / "bad.jsonl").write_bytes(b'{"text": "fine", "label": 3}\n' + line + b"\n")
    with pytest.raises(BadLabels) as refused:
        labelled.read(tmp_path / "bad.jsonl")
    assert told in str(refused.value)


def test_a_mark_of_byte_order_moves_no_place(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_bytes(b'\xef\xbb\xbf{"text": "\xff", "label": "x"}')
    with pytest.raises(BadLabels, match=r"bad\.jsonl:1:11: not UTF-8 \(byte 0xff\)"):
        labelled.read(tmp_path / "bad.jsonl")


def test_files_that_hold_nothing_or_are_not_there_are_named(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n \n")
    with pytest.raises(BadLabels, match="empty:1:1: there is no line in it"):
        labelled.read(tmp_path / "empty")
    with pytest.raises(BadLabels, match="nowhere: cannot be read"):
        labelled.read(tmp_path / "nowhere")


def test_one_intent_is_nothing_to_tell_apart(tmp_path: Path) -> None:
    file = write(tmp_path / "one.jsonl", [Labelled("a", "x"), Labelled("b", "oos")])
    with pytest.raises(BadLabels, match=r"one\.jsonl:1:1: 1 intents beside oos; 2 or more are wanted"):
        labelled.read(file, least=2)


def test_the_report_tells_figures_sizes_and_seconds(product: Settings) -> None:
    asked = [*examples(FRAMES[5:]), *(Labelled(text, "oos") for text in OUTSIDE), Labelled("sell my car", "cars")]
    steps = list[int]()
    told = report(product, examples(FRAMES[:5]), asked, shots=15, seed=3, tuning=False, progress=lambda done, of: steps.append(done))
    assert told["accuracy_in_scope"] == round(18 / 19, 5) and told["out_of_scope_auroc"] > 0.95
    assert told["sizes"] == {"train": 45, "train_out_of_scope": 0, "held_out": 12, "intents": 3, "test": 27,
                             "test_out_of_scope": 8, "test_unknown_intent": 1}
    assert (told["shots"], told["seed"], told["tuned"], told["threshold"]) == (15, 3, False, None)
    assert told["seconds"] > 0 and steps == sorted(steps)


def test_the_command_prints_one_json_object_and_names_a_bad_file(product: Settings, tmp_path: Path) -> None:
    def ask(*arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "bot.cli", "evaluate", "intent", *arguments]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, input=said,
                              env={"PATH": "", "FRONTDESK_HOME": str(product.home)})

    train, test = write(tmp_path / "train.jsonl", examples()), write(tmp_path / "test.jsonl", examples()[:5])
    # A pipe can be read once.
    shown = ask("--train", "/dev/stdin", "--test", str(test), "--no-tune", said=train.read_text())
    assert shown.returncode == 0 and json.loads(shown.stdout)["sizes"]["test"] == 5
    (tmp_path / "bad.jsonl").write_text("{")
    refused = ask("--train", str(train), "--test", str(tmp_path / "bad.jsonl"))
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith(f"frontdesk: {tmp_path}/bad.jsonl:1:2: no valid JSON")
    assert ask("--train", str(train), "--test", str(test), "--shots", "0").returncode == 2
