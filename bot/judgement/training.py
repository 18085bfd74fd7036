"""Trains the classifier's encoder on ``data/nlu``; torch, minutes of it, so a command of its own and never the set-up.

The word vectors and the lower half of the encoder stay as they are: what they make of each phrase is computed once.
Over it, only a low-rank addition to the upper layers is trained (:mod:`bot.judgement.adapter`), which is five times
as fast as training all of the encoder and told unseen kinds of product apart better (docs/judgement.md). What is
served is the mean of three trainings that differ by chance alone, so that less of it is chance. A training is also done
once per fold without the fold's groups, so that each phrase is judged by a model that has seen neither its kind of
product nor its way of writing.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from bot.judgement import adapter, phrases
from bot.judgement.classifier import Head
from bot.judgement.judge import parts
from bot.judgement.neighbours import Neighbours, Probabilities, mixed
from bot.judgement.phrases import Phrase
from bot.judgement.plainly import plainly
from kb_index.encoder import MAX_PIECES, Vectors
from kb_index.export import source_model

FOLDS = 5
#: Trainings whose mean is served. Those of the folds stand alone: no better than the mean, so the bars are no lower.
MEMBERS = 3
Progress = Callable[[int, int], None]

#: Layers that are trained; those below keep their knowledge of words that no phrase has.
_UPPER = 3
_ROUNDS = 3
_RANK = 32
_BATCH = 32
_RATE = 2e-3
_HEAD_RATE = 1e-2
#: Cosines with an intent's direction become scores by this factor.
_SCALE = 16.0
#: How much telling intents apart counts beside telling routes apart.
_INTENTS = 0.5


@dataclass(frozen=True)
class Trained:
    """The upper layers and the head after one training."""

    pairs: adapter.Pairs
    head: Head
    encode: Callable[[Sequence[str]], Vectors]


def folds(corpus: Sequence[Phrase]) -> npt.NDArray[np.int64]:
    """The fold of each phrase: whole groups (kind and source) stay together, so that a phrase is judged by a model
    that has seen neither its kind of product nor its way of writing. Greedy, largest groups first."""
    sizes: dict[str, int] = {}
    for phrase in corpus:
        sizes[phrase.group] = sizes.get(phrase.group, 0) + 1
    load = [0] * FOLDS
    where: dict[str, int] = {}
    for group in sorted(sizes, key=lambda name: (-sizes[name], name)):
        where[group] = int(np.argmin(load))
        load[where[group]] += sizes[group]
    return np.array([where[phrase.group] for phrase in corpus])


def tune(folder: Path = adapter.FOLDER, progress: Progress = lambda done, total: None, seed: int = 0) -> dict[str, Any]:
    """Trains on all phrases and once without each fold, writes the adapter to `folder` and returns what it says of
    itself: among others, of each route the share of unseen phrases that were recognised."""
    corpus = phrases.read(phrases.FOLDER)
    fold = folds(corpus)
    # Each phrase as it is and, where names stand in it, without them: the live bot reads both.
    reads = {adapter.digest(phrase.text): (row, phrase.text) for row, phrase in enumerate(corpus)}
    reads |= {adapter.digest(phrase.text, plainly=True): (row, plain) for row, phrase in enumerate(corpus)
              if (plain := plainly(phrase.text)) != phrase.text}
    tuner = Tuner(sorted({part for _, text in reads.values() for part in parts(text)}))
    total = (FOLDS + MEMBERS) * 100

    def part(k: int) -> Progress:
        return lambda done, of: progress(k * 100 + 100 * done // of, total)

    unseen: dict[str, Unseen] = {}
    for k in range(FOLDS):
        learnt = [p for p, f in zip(corpus, fold, strict=True) if f != k]
        twin = tuner.fit(learnt, corpus, seed, part(k))
        unseen |= judged(twin, learnt, {key: parts(text) for key, (row, text) in reads.items() if fold[row] == k})
    members = [tuner.fit(corpus, corpus, seed + k, part(FOLDS + k)) for k in range(MEMBERS)]
    return write(folder, corpus, *averaged(members), unseen, seed)


def averaged(members: Sequence[Trained]) -> tuple[adapter.Pairs, Head]:
    """The mean of several trainings, as one addition whose rank is the sum of theirs, and one head.

    Source: M. Wortsman et al., "Model soups: averaging weights of multiple fine-tuned models improves accuracy without
    increasing inference time" (ICML 2022).
    """
    first, n = members[0], len(members)
    pairs = {name: (np.concatenate([one.pairs[name][0] / np.float16(n) for one in members], axis=1),
                    np.concatenate([one.pairs[name][1] for one in members]))
             for name in first.pairs}
    weights, bias = (np.mean([getattr(one.head, name) for one in members], axis=0) for name in ("weights", "bias"))
    return pairs, Head(first.head.intents, first.head.route_of, weights, bias)


@dataclass(frozen=True)
class Unseen:
    """What a model says of the parts of a text that it has not learnt: its head's scores, and what the nearest phrases
    are, each of shape (parts, intents)."""

    scores: npt.NDArray[np.float32]
    nearest: Probabilities


def judged(twin: Trained, learnt: Sequence[Phrase], asked: Mapping[str, Sequence[str]]) -> dict[str, Unseen]:
    """The parts of each of the texts `asked`, judged by a model that was trained on the phrases `learnt`."""
    columns = [twin.head.intents.index(phrase.intent) for phrase in learnt]
    known = twin.encode([parts(phrase.text)[0] for phrase in learnt])
    neighbours = Neighbours.build(known, columns, len(twin.head.intents))
    vectors = twin.encode([text for one in asked.values() for text in one])
    scores, nearest = vectors @ twin.head.weights.T + twin.head.bias, neighbours.intent_probabilities(vectors)
    ends = np.cumsum([len(one) for one in asked.values()])
    return {key: Unseen(scores[end - len(one) : end], nearest[end - len(one) : end])
            for (key, one), end in zip(asked.items(), ends, strict=True)}


def write(
    folder: Path, corpus: Sequence[Phrase], pairs: adapter.Pairs, head: Head, unseen: Mapping[str, Unseen], seed: int
) -> dict[str, Any]:
    """Writes the model that learnt all phrases, and what others said of those that they had not learnt."""
    wholes = [unseen[adapter.digest(phrase.text)] for phrase in corpus]
    scores, nearest = np.stack([one.scores[0] for one in wholes]), np.stack([one.nearest[0] for one in wholes])
    head.temperature = _temperature(scores, nearest, [phrase.route for phrase in corpus], head)
    told = {
        "phrases": len(corpus), "mark": adapter.phrases_mark(corpus), "seed": seed,
        "temperature": round(head.temperature, 4),
        "recall": _recall(mixed(_softmax(scores / head.temperature), nearest), corpus, head),
    }
    together = {key: mixed(_softmax(one.scores / head.temperature), one.nearest) for key, one in unseen.items()}
    adapter.save(folder, pairs, head, together, told)
    return told


class Tuner:
    """Trains upper layers over the states that the lower ones make of `texts`, computed once."""

    def __init__(self, texts: Sequence[str]) -> None:
        os.environ.setdefault("HF_HUB_OFFLINE", "1")
        os.environ.setdefault("USE_TF", "0")
        import torch
        from sentence_transformers import SentenceTransformer
        from transformers.utils import logging

        logging.set_verbosity_error()  # type: ignore[no-untyped-call]
        self._half = torch.bfloat16 if _has_bfloat16() else None
        model = SentenceTransformer(str(source_model()), device="cpu")
        model.eval()
        self._model = model[0].auto_model
        self._low = len(self._model.encoder.layer) - _UPPER
        for parameter in self._model.parameters():
            parameter.requires_grad = False
        self._states = dict(zip(texts, self._lower(model.tokenizer, texts), strict=True))

    def fit(self, seen: Sequence[Phrase], corpus: Sequence[Phrase], seed: int, progress: Progress) -> Trained:
        """Trains on the phrases `seen`; intents are those of the whole `corpus`, so that heads are alike. `seed`
        decides the order of phrases and the first weights."""
        import torch
        from torch.nn import functional

        routes = {phrase.intent: phrase.route for phrase in corpus}
        intents, names = sorted(routes), sorted(set(routes.values()))
        column = torch.tensor([names.index(routes[intent]) for intent in intents])
        intent = torch.tensor([intents.index(phrase.intent) for phrase in seen])
        route = column[intent]
        # Small routes count more, but not as much as if all were of one size.
        counts = torch.bincount(route, minlength=len(names)).float().clamp(min=1)
        worth = (counts.sum() / len(names) / counts) ** 0.5
        states = [self._states[parts(phrase.text)[0]] for phrase in seen]
        rng = np.random.default_rng(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            additions = self._widen()
            inner = [matrix for pair in additions.values() for matrix in pair]
            head = torch.nn.Linear(int(self._model.config.hidden_size), len(intents))
            optimiser = torch.optim.AdamW(
                [{"params": inner, "lr": _RATE}, {"params": head.parameters(), "lr": _HEAD_RATE}], weight_decay=0.01
            )
            steps = _ROUNDS * -(-len(seen) // _BATCH)
            pace = torch.optim.lr_scheduler.LambdaLR(
                optimiser, lambda step: min(1.0, step / (0.1 * steps)) * max(0.0, (steps - step) / steps)
            )
            done = 0
            self._model.train()
            for _ in range(_ROUNDS):
                for rows in _batches([len(one) for one in states], rng):
                    chance = functional.log_softmax(_SCALE * head(self._upper([states[row] for row in rows])), dim=1)
                    by_route = torch.stack([chance[:, column == c].logsumexp(1) for c in range(len(names))], dim=1)
                    loss = functional.nll_loss(by_route, route[rows], weight=worth)
                    loss = loss + _INTENTS * functional.nll_loss(chance, intent[rows])
                    optimiser.zero_grad()
                    loss.backward()
                    torch.nn.utils.clip_grad_norm_(inner, 1.0)
                    optimiser.step()
                    pace.step()
                    done += 1
                    progress(done, steps)
            self._model.eval()
        pairs = {name: (left.detach().numpy().astype(np.float16), right.detach().numpy().astype(np.float16))
                 for name, (left, right) in additions.items()}
        made = Head(intents, routes, _SCALE * head.weight.detach().numpy(), _SCALE * head.bias.detach().numpy())
        return Trained(pairs, made, self._encode)

    def _widen(self) -> dict[str, tuple[Any, Any]]:
        """A fresh addition to each weight of the upper layers, in place of one from before: by the weight's name, the
        two matrices, of which the left one begins at zero."""
        import torch
        from torch.nn.utils import parametrize

        class Addition(torch.nn.Module):  # type: ignore[misc]
            def __init__(self, outputs: int, inputs: int) -> None:
                super().__init__()
                self.left = torch.nn.Parameter(torch.zeros(outputs, _RANK))
                self.right = torch.nn.Parameter(torch.randn(_RANK, inputs) / inputs**0.5)

            def forward(self, weight: torch.Tensor) -> torch.Tensor:
                return weight + self.left @ self.right

        made = {}
        for i, layer in enumerate(self._model.encoder.layer[self._low :], self._low):
            for name, module in layer.named_modules():
                if isinstance(module, torch.nn.Linear):
                    if parametrize.is_parametrized(module):
                        parametrize.remove_parametrizations(module, "weight", leave_parametrized=False)
                    addition = Addition(*module.weight.shape)
                    parametrize.register_parametrization(module, "weight", addition)
                    made[f"encoder.layer.{i}.{name}.weight"] = (addition.left, addition.right)
        return made

    def _encode(self, texts: Sequence[str]) -> Vectors:
        """Vectors of known texts by the layers as they are now."""
        import torch

        states = [self._states[text] for text in texts]
        vectors = np.zeros((len(texts), int(self._model.config.hidden_size)), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda row: len(states[row]))
        with torch.no_grad():
            for start in range(0, len(order), 64):
                rows = order[start : start + 64]
                vectors[rows] = self._upper([states[row] for row in rows]).numpy()
        return vectors

    def _lower(self, tokenizer: Any, texts: Sequence[str]) -> Iterator[Any]:
        """Of each text, the states after the lower layers, shape (pieces, dimensions)."""
        import torch

        pieces = [tokenizer(text, truncation=True, max_length=MAX_PIECES)["input_ids"] for text in texts]
        order = sorted(range(len(texts)), key=lambda row: len(pieces[row]))
        found: list[Any] = [None] * len(texts)
        with torch.no_grad():
            for start in range(0, len(order), 64):
                rows = order[start : start + 64]
                longest = max(len(pieces[row]) for row in rows)
                ids = torch.tensor([[*pieces[row], *[0] * (longest - len(pieces[row]))] for row in rows])
                mask = torch.tensor([[1.0] * len(pieces[row]) + [0.0] * (longest - len(pieces[row])) for row in rows])
                made = self._through(self._model.encoder.layer[: self._low], self._model.embeddings(ids), mask)
                for row, one in zip(rows, made, strict=True):
                    found[row] = one[: len(pieces[row])].to(torch.bfloat16).clone()
        return iter(found)

    def _upper(self, states: Sequence[Any]) -> Any:
        """Unit vectors of one batch: the upper layers, then the mean over the pieces, as the base model pools."""
        import torch

        longest = max(len(one) for one in states)
        padded = torch.zeros(len(states), longest, states[0].shape[1])
        mask = torch.zeros(len(states), longest)
        for row, one in enumerate(states):
            padded[row, : len(one)] = one
            mask[row, : len(one)] = 1
        made = self._through(self._model.encoder.layer[self._low :], padded, mask)
        return torch.nn.functional.normalize((made * mask[..., None]).sum(1) / mask.sum(1, keepdim=True), dim=1)

    def _through(self, layers: Any, states: Any, mask: Any) -> Any:
        import torch

        hidden = (1.0 - mask)[:, None, None, :] * -1e9
        with torch.autocast("cpu", dtype=self._half, enabled=self._half is not None):
            for layer in layers:
                out = layer(states, hidden)
                states = out[0] if isinstance(out, tuple) else out
        return states.float()


def _batches(lengths: Sequence[int], rng: np.random.Generator) -> list[npt.NDArray[np.int64]]:
    """Rows of each batch of one round, in random order; texts of like length go together, so that little is padding."""
    shuffled, known = rng.permutation(len(lengths)), np.asarray(lengths)
    found = []
    for start in range(0, len(shuffled), _BATCH * 16):
        near = shuffled[start : start + _BATCH * 16]
        near = near[np.argsort(known[near], kind="stable")]
        found += [near[i : i + _BATCH] for i in range(0, len(near), _BATCH)]
    return [found[place] for place in rng.permutation(len(found))]


def _softmax(scores: npt.NDArray[np.float32]) -> Probabilities:
    rows = np.exp(scores.astype(np.float64) - scores.max(axis=1, keepdims=True))
    return np.asarray(rows / rows.sum(axis=1, keepdims=True))


def _temperature(
    scores: npt.NDArray[np.float32], nearest: Probabilities, routes: Sequence[str], head: Head
) -> float:
    """The one that makes the routes of unseen phrases likeliest."""
    rows, columns = np.arange(len(routes)), np.array([head.routes.index(route) for route in routes])

    def loss(temperature: float) -> float:
        chance = head.route_probabilities(mixed(_softmax(scores / np.float32(temperature)), nearest))[rows, columns]
        return float(-np.log(np.maximum(chance, 1e-9)).mean())

    return float(min(np.geomspace(0.5, 8.0, 200), key=loss))


def _recall(told: Probabilities, corpus: Sequence[Phrase], head: Head) -> dict[str, float]:
    found = head.route_probabilities(told).argmax(axis=1)
    right: dict[str, list[bool]] = {}
    for phrase, best in zip(corpus, found, strict=True):
        right.setdefault(phrase.route, []).append(head.routes[best] == phrase.route)
    return {route: round(float(np.mean(seen)), 4) for route, seen in sorted(right.items())}


def _has_bfloat16() -> bool:
    """Whether the processor multiplies bfloat16 itself: twice as fast then, and far slower otherwise."""
    try:
        flags = Path("/proc/cpuinfo").read_text()
    except OSError:
        return False
    return "amx_bf16" in flags or "avx512_bf16" in flags
