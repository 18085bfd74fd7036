"""The training of the classifier, what it ships, and how set-up puts it together."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bot.judgement import adapter, assembly, phrases, training
from bot.judgement.classifier import Classifier, Head
from bot.judgement.judge import parts
from bot.judgement.plainly import plainly
from bot.settings import ROOT, Settings

# In a process of its own: the backward pass of torch stalls beside the other libraries' OpenMP threads.
_TUNE = """
import json, sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from bot.judgement import training
from bot.judgement.phrases import Phrase
from bot.judgement.judge import parts
from sentence_transformers import SentenceTransformer
from bot.judgement import adapter
from kb_index.export import source_model
import numpy as np

said = {"service": ["where is parcel %d", "cancel order %d please", "refund for order %d"],
        "support": ["my lamp %d is broken", "kettle %d leaks", "the app crashes on page %d"]}
corpus = [Phrase(text % n, route[:3], route, f"k{n}/s") for n in range(8) for route in said for text in said[route]]
tuner = training.Tuner([part for p in corpus for part in parts(p.text)])
first = tuner.fit(corpus, corpus, 0, lambda done, total: None)
texts = [parts(p.text)[0] for p in corpus]
vectors = first.encode(texts)
told = first.head.route_probabilities(first.head.intent_probabilities(vectors))
right = np.mean([first.head.routes[i] == p.route for i, p in zip(told.argmax(1), corpus)])
model = SentenceTransformer(str(source_model()), device="cpu")
before = model.encode(texts, normalize_embeddings=True)
adapter.merge(model, first.pairs)
after = model.encode(texts, normalize_embeddings=True)
second = tuner.fit(corpus, corpus, 0, lambda done, total: None)
again = second.encode(texts)
print(json.dumps({
    "right": float(right), "merged": float((after * vectors).sum(1).min()), "moved": float((after * before).sum(1).mean()),
    "same": float((again * vectors).sum(1).min()),
}))
"""


def test_training_learns_merges_and_begins_afresh_each_time() -> None:
    env = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "USE_TF": "0", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", _TUNE], cwd=ROOT, env=env, capture_output=True,
                          text=True, timeout=110)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["right"] > 0.95
    # What is merged into the base model is what was trained, up to the rounding of bfloat16, and it is not nothing.
    assert told["merged"] > 0.98 > told["moved"]
    assert told["same"] > 0.98


def test_the_mean_of_trainings_is_one_addition_and_one_head() -> None:
    rng = np.random.default_rng(7)

    def member() -> training.Trained:
        pairs = {name: (rng.normal(size=(6, 2)).astype(np.float16), rng.normal(size=(2, 5)).astype(np.float16)) for name in "ab"}
        head = Head(["x", "y"], {"x": "service", "y": "support"}, rng.normal(size=(2, 6)), rng.normal(size=2))
        return training.Trained(pairs, head, lambda texts: np.zeros((len(texts), 6), np.float32))

    members = [member() for _ in range(3)]
    pairs, head = training.averaged(members)
    for name in "ab":
        left, right = (side.astype(np.float64) for side in pairs[name])
        mean = np.mean([one.pairs[name][0].astype(np.float64) @ one.pairs[name][1] for one in members], axis=0)
        assert left.shape == (6, 6) and np.allclose(left @ right, mean, atol=0.01)
    assert np.allclose(head.weights, np.mean([one.head.weights for one in members], axis=0))
    assert np.allclose(head.bias, np.mean([one.head.bias for one in members], axis=0))
    assert (head.intents, head.route_of) == (["x", "y"], {"x": "service", "y": "support"})


def test_what_is_shipped_was_trained_on_the_phrases_as_they_are() -> None:
    assert adapter.is_tuned_on(phrases.read(phrases.FOLDER)), "run `frontdesk tune` and commit data/judgement"
    told = adapter.about()["recall"]
    assert set(told) == set(phrases.ROUTES)


def test_unseen_judgements_are_there_for_each_part_of_each_phrase() -> None:
    (whole, plain), head = assembly.unseen(), Head.load(adapter.FOLDER)
    for phrase in phrases.read(phrases.FOLDER):
        assert whole[phrase.text].shape == (len(parts(phrase.text)), len(head.intents))
        # Told plainly too where that is another text.
        if (told := plainly(phrase.text)) != phrase.text:
            assert plain[phrase.text].shape == (len(parts(told)), len(head.intents))
        else:
            assert phrase.text not in plain
    sample = np.concatenate([*whole.values(), *plain.values()][::200])
    assert np.allclose(sample.sum(axis=1), 1)


def test_a_pair_that_does_not_fit_is_refused() -> None:
    class Transformer:
        def named_parameters(self) -> list[object]:
            return []

    class Stage:
        auto_model = Transformer()

    pair = (np.zeros((3, 2), dtype=np.float16), np.zeros((2, 3), dtype=np.float16))
    with pytest.raises(ValueError, match=r"does not fit this model: encoder\.layer\.9"):
        adapter.merge([Stage()], {"encoder.layer.9.x.weight": pair})


def test_the_assembled_classifier_is_current_until_something_changes(product: Settings, tmp_path: Path) -> None:
    assert assembly.is_current(product)
    other = replace(product, home=tmp_path)
    assert not assembly.is_current(other)
    shutil.copytree(product.home / "judgement", tmp_path / "judgement")
    assert assembly.is_current(other)
    (tmp_path / "judgement" / "assembled.json").write_text('{"mark": "old"}')
    assert not assembly.is_current(other)


def test_the_assembled_classifier_is_small_and_close_to_its_original(product: Settings) -> None:
    told = json.loads((product.home / "judgement" / "encoder.json").read_text())
    assert told["precision"] == "int8" and told["agreement"] > 0.98


def test_it_reads_what_no_phrase_says(classifier: Classifier) -> None:
    told = classifier.head.route_probabilities(classifier.intent_probabilities([
        "the left earcup of my headset makes a buzzing noise", "would you put me on to a human being",
        "when am i getting my money back for the coat", "how many moons has jupiter got",
    ]))
    assert [classifier.routes[i] for i in told.argmax(axis=1)] == ["support", "human", "service", "out_of_scope"]
