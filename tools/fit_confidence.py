"""Fits the weights of bot/judgement/confidence.py on the sample shop and prints them, to be pasted there by hand.

Run after a change to the signs or the retriever, with FRONTDESK_HOME set up: `python tools/fit_confidence.py`.
Also prints the area under the ROC curve, cross-validated, so that a change can be judged.
"""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import KFold, cross_val_predict

from bot.judgement.confidence import SIGNS, Confidence, signs
from bot.judgement.publishing import labelled
from bot.settings import read


def main() -> None:
    asked = labelled(read())
    rows = np.array([signs(one.reading) for one in asked])
    right = np.array([one.right for one in asked])
    folds = KFold(5, shuffle=True, random_state=0)
    unseen = cross_val_predict(LogisticRegression(C=10.0, max_iter=2000), rows, right, cv=folds, method="predict_proba")
    fitted = Confidence.fit(rows, right)
    for name, weight in zip(SIGNS, fitted.weights, strict=True):
        print(f'"{name}": {weight:.2f},')
    print(f"bias {fitted.bias:.2f}")
    print(f"{len(asked)} questions, area under the curve {roc_auc_score(right, unseen[:, 1]):.4f}")


if __name__ == "__main__":
    main()
