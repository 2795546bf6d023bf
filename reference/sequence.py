"""Reference values for the summary of a sequence of tasks, and for the bootstrap.

Run:  python reference/sequence.py > src/test/resources/reference/sequence.json

ACC, BWT, FWT: Lopez-Paz and Ranzato, arXiv 1706.08840, section 2 (R with one row a stage; b is the base's row).
Forgetting: Chaudhry et al., arXiv 1801.10112, equation 3 and the mean after it.
The bootstrap is NumPy's own draws, ten times as many as Java's: the two agree up to chance.
"""

import json

import numpy as np

rng = np.random.default_rng(7)


def summary(base, R):
    T = len(base)
    out = {"accuracy": float(R[T - 1].mean())}
    if T > 1:
        out["backward"] = float((R[T - 1] - np.diag(R))[: T - 1].mean())
        out["forward"] = float(np.array([R[i - 1, i] - base[i] for i in range(1, T)]).mean())
        out["forgetting"] = float((R[: T - 1].max(axis=0) - R[T - 1])[: T - 1].mean())
    return out


def matrices():
    for T in (1, 2, 3, 5):
        base, R = np.round(rng.random(T), 3), np.round(rng.random((T, T)), 3)
        yield {"base": base.tolist(), "rates": R.tolist(), **summary(base, R)}


def bootstrap():
    parts = []
    for n, documents in ((120, 120), (90, 15)):
        values = rng.choice([-1.0, 0.0, 1.0], size=n, p=[0.25, 0.65, 0.1])
        parts.append((values, np.sort(rng.integers(0, documents, n)) if documents < n else np.arange(n)))
    total = np.zeros(100_000)
    for values, document in parts:
        names = np.unique(document)
        sums = np.array([values[document == d].sum() for d in names])
        sizes = np.array([(document == d).sum() for d in names])
        for i in range(len(total)):
            draw = rng.integers(0, len(names), len(names))
            total[i] += sums[draw].sum() / sizes[draw].sum()
    return {
        "parts": [{"values": v.tolist(), "documents": [str(x) for x in d]} for v, d in parts],
        "value": float(sum(v.mean() for v, _ in parts)),
        "low": float(np.percentile(total, 2.5)),
        "high": float(np.percentile(total, 97.5)),
    }


print(json.dumps({"numpy": np.__version__, "matrices": list(matrices()), "bootstrap": bootstrap()}))
