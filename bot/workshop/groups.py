"""Real questions that the bot did not answer, grouped by meaning."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from bot.workshop.real import Asking
from kb_index.encoder import Vectors

#: Cosine distance up to which two groups are one (average linkage); it only decides what stands together in a list.
_APART = 0.45
_WEEK = 7 * 86400.0


Replies = Callable[[Sequence[Asking]], list[dict[str, str]]]


def groups(
    asked: Sequence[Asking], vectors: Vectors, replies: Replies = lambda _: [], most: int = 40
) -> list[dict[str, Any]]:
    """The largest groups first: ``{"count", "examples", "texts", "trend", "conversations", "replies"}``; `replies`
    finds what people answered to such messages. The first example is the
    one nearest to the middle; `trend` has the counts of the last eight weeks, oldest first."""
    if not asked:
        return []
    from sklearn.cluster import AgglomerativeClustering

    labels = np.zeros(len(asked), dtype=int)
    if len(asked) > 1:
        labels = AgglomerativeClustering(
            n_clusters=None, distance_threshold=_APART, affinity="cosine", linkage="average"
        ).fit_predict(vectors)
    found: list[dict[str, Any]] = []
    now = time.time()
    for label in np.unique(labels):
        rows = np.flatnonzero(labels == label)
        middle = vectors[rows].mean(axis=0)
        rows = rows[np.argsort(-(vectors[rows] @ middle), kind="stable")]
        texts = [asked[row].text for row in rows]
        ages = [int((now - asked[row].at) // _WEEK) for row in rows]
        trend = [sum(age == week for age in ages) for week in range(7, -1, -1)]
        found.append(
            {
                "count": len(texts),
                "examples": texts[:5],
                "texts": texts[:30],
                "trend": trend,
                "conversations": [asked[row].conversation for row in rows[:5]],
                "rows": rows,
            }
        )
    largest = sorted(found, key=lambda group: -int(group["count"]))[:most]
    for group in largest:
        group["replies"] = replies([asked[row] for row in group.pop("rows")])
    return largest
