"""How often the clustered interval covers the truth: the figures in docs/decisions/statistics.md.

Run:  python reference/clustered_coverage.py     (with the packages of paired_statistics.py)

The formula of ClusteredInterval.java for 20 changed items or more, over simulated documents of
which some are lost or won as a whole, the items of the others one by one. Draws with fewer changed
items, where the exact interval takes over, are judged by the formula, too.
"""

import numpy as np
from scipy import stats

DRAWS = 10_000


def statistic(n, lost, won, delta):
    b = 2 * n * delta - (lost + won) - (won - lost) * delta
    x = (-b + np.sqrt(np.maximum(0, b * b + 8 * n * lost * delta * (1 - delta)))) / (4 * n)
    x = np.maximum(x, max(0, -delta))
    with np.errstate(invalid="ignore"):
        return (won - lost - n * delta) / np.sqrt(n * np.maximum(0, 2 * x + delta * (1 - delta)))


def simulate(generator, sizes, lost_whole, won_whole, lost_item, won_item):
    documents, n = len(sizes), sizes.sum()
    fate = generator.random((DRAWS, documents))
    down, up = fate < lost_whole, (fate >= lost_whole) & (fate < lost_whole + won_whole)
    lost = generator.binomial(sizes, lost_item, (DRAWS, documents))
    won = generator.binomial(sizes - lost, won_item / (1 - lost_item))
    lost, won = np.where(down, sizes, np.where(up, 0, lost)), np.where(up, sizes, np.where(down, 0, won))
    truth = won_whole - lost_whole + (1 - lost_whole - won_whole) * (won_item - lost_item)
    l, w = lost.sum(1), won.sum(1)
    delta = (w - l) / n
    clustered = ((won - lost - delta[:, None] * sizes) ** 2).sum(1) * documents / (documents - 1)
    independent = (l + w - n * delta**2) * n / (n - 1)
    effect = np.maximum(1, clustered / np.where(independent > 0, independent, np.inf))
    z = statistic(n, l, w, truth)
    t = stats.t.ppf(0.975, documents - 1)
    below = z / np.sqrt(effect) < -t
    return {
        "covers": (np.abs(z / np.sqrt(effect)) <= t).mean(),
        "falsely_lost": below.mean(),
        "taken_for_independent": (np.abs(z) <= stats.norm.ppf(0.975)).mean(),
        "changed": (l + w).mean(),
        "documents_changed": ((lost + won) > 0).sum(1).mean(),
    }


def same(documents, size):
    return np.full(documents, size)


def mixed(documents):
    return np.array([1 + 7 * i % 13 for i in range(documents)])


CASES = [
    (same(60, 5), 0.1, 0.05, 0.05, 0.03),
    (same(200, 5), 0.1, 0.05, 0.05, 0.03),
    (same(200, 5), 0.05, 0.05, 0.05, 0.05),
    (same(500, 4), 0.04, 0.01, 0.01, 0.01),
    (same(300, 3), 0.05, 0.02, 0.03, 0.01),
    (same(40, 25), 0.05, 0.05, 0.1, 0.03),
    (mixed(100), 0.1, 0.02, 0.05, 0.03),
    (mixed(30), 0.2, 0.1, 0.1, 0.05),
    (same(100, 10), 0, 0, 0.03, 0.01),
    (same(20, 50), 0, 0, 0.05, 0.03),
    (same(12, 50), 0, 0, 0.05, 0.03),
    (same(100, 10), 0.03, 0.01, 0, 0),
    (same(100, 10), 0.03, 0, 0, 0),
    (same(200, 5), 0.03, 0.01, 0, 0),
    (same(50, 10), 0.04, 0.04, 0, 0),
    (mixed(100), 0.04, 0, 0.005, 0.005),
    (same(20, 50), 0.05, 0.05, 0.05, 0.03),
]


def main():
    generator = np.random.default_rng(1)
    for sizes, *shares in CASES:
        found = simulate(generator, sizes, *shares)
        print(len(sizes), "documents,", sizes.sum(), "items,", shares, {k: round(float(v), 4) for k, v in found.items()})


if __name__ == "__main__":
    main()
