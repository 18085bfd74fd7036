"""A small knowledge base for the tests, with vectors of the real encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from kb_index import snapshot
from kb_index.encoder import Encoder
from kb_index.entry import Entry
from kb_index.retriever import units

ENTRIES = [
    Entry("hours", "When are you open?", "Every day from **9 to 5**.", "company",
          ("opening times", "are you open now")),
    Entry("returns", "How do I send something back?", "Print the label and drop the parcel off.", "returns",
          ("return label", "I want to return a jumper")),
    Entry("password", "How do I reset my password?", "Press *Forgotten password* on the sign-in page.", "account",
          ("forgot my password", "cannot log in any more"), related=("hours",)),
]


def write(
    folder: Path, encoder: Encoder, entries: list[Entry] | None = None, mark: str = "m", **calibration: Any
) -> str:
    """Publishes `entries` below `folder`; returns the snapshot's name."""
    entries = ENTRIES if entries is None else entries
    texts = [unit for entry in entries for unit in units(entry)]
    starts = np.cumsum([0] + [len(units(entry)) for entry in entries]).astype(np.int64)
    kinds = np.array([kind for kind, _ in texts], dtype=np.uint8)
    vectors = encoder.encode([text for _, text in texts])
    built = snapshot.Snapshot.build(entries, vectors, kinds, starts, calibration, encoder.name)
    return snapshot.write(folder, built, mark)
