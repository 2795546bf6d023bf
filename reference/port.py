"""A module's change carried to another base by ridge least squares, as NumPy's lstsq solves it.

The systems are solved as they stand, with rows for the ridge below the data (not by the normal equations that the program uses), in double precision:

    python reference/port.py src/test/resources/reference/port.json
"""

import json
import sys

import numpy as np

RIDGE = 1e-3


def mapped(x, y):
    """M with the least |x M - y|^2 + l |M - M0|^2; M0 the identity where the widths are equal, else 0."""
    weight = np.sqrt(RIDGE * np.mean(np.sum(x * x, axis=0)))
    prior = np.eye(x.shape[1], y.shape[1]) if x.shape[1] == y.shape[1] else np.zeros((x.shape[1], y.shape[1]))
    left = np.vstack([x, weight * np.eye(x.shape[1])])
    right = np.vstack([y, weight * prior])
    return np.linalg.lstsq(left, right, rcond=None)[0]


def case(name, tokens, in0, in1, out0, out1, drift, rank=3, scale=1.5, seed=0):
    random = np.random.default_rng(seed)
    x0 = random.standard_normal((tokens, in0)) * np.linspace(0.3, 2, in0)
    x1 = x0 @ random.standard_normal((in0, in1)) / np.sqrt(in0) if drift is None else x0 + drift * random.standard_normal(x0.shape)
    w0 = random.standard_normal((out0, in0)) / np.sqrt(in0)
    w1 = random.standard_normal((out1, in1)) / np.sqrt(in1) if drift is None else w0 + drift * random.standard_normal(w0.shape)
    a = random.standard_normal((rank, in0))
    b = random.standard_normal((out0, rank))
    x0, x1, w0, w1, a, b = (each.astype(np.float32).astype(np.float64) for each in (x0, x1, w0, w1, a, b))
    old = scale * b @ a
    inward = mapped(x1, x0)
    outward = mapped(x0 @ w0.T, x1 @ w1.T)
    own = (inward @ old.T @ outward).T
    effect = x0 @ old.T @ outward
    return {
        "name": name,
        "ridge": RIDGE,
        "scale": scale,
        "x0": x0.tolist(),
        "x1": x1.tolist(),
        "w0": w0.tolist(),
        "w1": w1.tolist(),
        "a": a.tolist(),
        "b": b.tolist(),
        "change": own.tolist(),
        "target": float(np.sum(effect**2)),
        "missed": float(np.sum((x1 @ own.T - effect) ** 2)),
        "missed_as_is": None if old.shape != own.shape else float(np.sum((x1 @ old.T - effect) ** 2)),
    }


cases = [
    case("the same base", 30, 8, 8, 6, 6, 0.0),
    case("a base trained further", 30, 8, 8, 6, 6, 0.3),
    case("fewer tokens than inputs", 5, 8, 8, 6, 6, 0.3),
    case("another base of the same widths", 30, 8, 8, 6, 6, None),
    case("other widths", 30, 8, 5, 6, 9, None),
]
with open(sys.argv[1], "w") as file:
    json.dump({"cases": cases}, file, separators=(",", ":"))
    file.write("\n")
