"""Reference values for ratios over seeds and units, and how often their interval covers the truth.

Run:  pip install scipy==1.17.1 statsmodels==0.15.0 numpy==2.4.6
      python reference/crossed.py > src/test/resources/reference/crossed.json
      python reference/crossed.py --coverage      (the figures in docs/decisions/statistics.md)

The table's variances are statsmodels' (two-way analysis of variance of the linearised ratio's
parts); Howe's way to join them is written out here.
"""

import json
import platform
import sys

import numpy as np
import scipy
from scipy import stats

DRAWS = 10_000


def reference(amounts, sizes):
    import pandas
    import statsmodels.formula.api as formula
    from statsmodels.stats.anova import anova_lm

    seeds, units = amounts.shape
    value = amounts.sum() / sizes.sum()
    parts = (amounts - value * sizes) / sizes.mean()
    if seeds == 1:
        return value, stats.t.ppf(0.975, units - 1) * stats.sem(parts[0])
    s, u = np.meshgrid(range(seeds), range(units), indexing="ij")
    frame = pandas.DataFrame({"part": parts.ravel(), "s": s.ravel(), "u": u.ravel()})
    mean = anova_lm(formula.ols("part ~ C(s) + C(u)", frame).fit())["mean_sq"] / (seeds * units)
    return value, howe(mean["C(s)"], mean["C(u)"], mean["Residual"], seeds, units)


def howe(v_seeds, v_units, shared, seeds, units):
    return np.sqrt(
        stats.t.ppf(0.975, seeds - 1) ** 2 * v_seeds
        + stats.t.ppf(0.975, units - 1) ** 2 * np.maximum(0, v_units - shared)
    )


def many(amounts, sizes):
    """Value and half width of each of many tables."""
    seeds, units = amounts.shape[1:]
    total = sizes.sum((1, 2))
    value = amounts.sum((1, 2)) / total
    parts = (amounts - value[:, None, None] * sizes) * (seeds * units / total)[:, None, None]
    by_seed, by_unit = parts.mean(2), parts.mean(1)
    left = parts - by_seed[:, :, None] - by_unit[:, None, :]
    return value, howe(
        (by_seed**2).sum(1) / (seeds - 1) / seeds,
        (by_unit**2).sum(1) / (units - 1) / units,
        (left**2).sum((1, 2)) / ((seeds - 1) * (units - 1) * seeds * units),
        seeds,
        units,
    )


def coverage():
    draw = np.random.default_rng(1)
    print("KL: seeds, texts, spread (log) of seed, text, both; covered, of the logarithm; half width in log")
    for seeds, units in [(3, 24), (3, 64), (5, 24), (2, 24)]:
        for s, u, e in [(0, 0.3, 0.3), (0.1, 0.3, 0.1), (0.3, 0.3, 0.1), (0.5, 0.1, 0.1), (0, 0, 1), (0.1, 0.7, 0.3)]:
            seed, unit = draw.normal(0, s, (DRAWS, seeds, 1)), draw.normal(0, u, (DRAWS, 1, units))
            sizes = draw.integers(40, 97, (DRAWS, 1, units)) * np.ones((DRAWS, seeds, units))
            value, half = many(sizes * np.exp(seed + unit + draw.normal(0, e, sizes.shape)), sizes)
            off = np.abs(np.log(value) - (s * s + u * u + e * e) / 2)
            print(seeds, units, s, u, e, "%.3f %.2f" % (np.mean(off <= half / value), np.median(half / value)))
    print("share of another arm's KL, its seeds the same: covered, of the logarithm")
    for own in [0.05, 0.2]:
        seed, unit = draw.normal(0, 0.3, (DRAWS, 3, 1)), draw.normal(0, 0.3, (DRAWS, 1, 24))
        other = np.exp(seed + unit + draw.normal(0, 0.1, (DRAWS, 3, 24)))
        mine = 0.2 * np.exp(seed + unit + draw.normal(0, own, (DRAWS, 3, 1)) + draw.normal(0, 0.1, (DRAWS, 3, 24)))
        value, half = many(mine, other)
        off = np.abs(np.log(value / 0.2) - own**2 / 2)
        print(own, "%.3f %.2f" % (np.mean(off <= half / value), np.median(half / value)))
    print("items: seeds, items, chance to change, spread (logit) of item, seed; covered; half width")
    for seeds, units in [(3, 24), (3, 75), (3, 120), (5, 75)]:
        for chance, i, s in [(0.03, 1, 0.3), (0.15, 1, 0), (0.15, 1, 0.6), (0.5, 1, 0.3), (0.9, 1, 0.3)]:
            middle = np.log(chance / (1 - chance))
            truth = np.mean(1 / (1 + np.exp(-middle - draw.normal(0, np.hypot(i, s), 1_000_000))))
            odds = middle + draw.normal(0, i, (DRAWS, 1, units)) + draw.normal(0, s, (DRAWS, seeds, 1))
            changed = (draw.random((DRAWS, seeds, units)) < 1 / (1 + np.exp(-odds))).astype(float)
            value, half = many(changed, np.ones_like(changed))
            print(seeds, units, chance, i, s, "%.3f %.2f" % (np.mean(np.abs(value - truth) <= half), np.median(half)))


def main():
    import statsmodels

    draw = np.random.default_rng(0)
    cases = []
    for seeds, units in [(3, 6), (2, 5), (1, 7), (4, 3)]:
        for spread in [0.0, 0.8]:
            sizes = draw.integers(5, 30, (1, units)) * np.ones((seeds, units))
            amounts = sizes * np.exp(spread * draw.normal(size=(seeds, 1)) + 0.4 * draw.normal(size=(seeds, units)))
            value, half = reference(amounts, sizes)
            cases.append({"amounts": amounts.tolist(), "sizes": sizes.tolist(), "value": value, "half": half})
    versions = {
        "python": platform.python_version(),
        "numpy": np.__version__,
        "scipy": scipy.__version__,
        "statsmodels": statsmodels.__version__,
    }
    print(json.dumps({"made_by": "reference/crossed.py", "versions": versions, "cases": cases}))


if __name__ == "__main__":
    coverage() if sys.argv[1:] == ["--coverage"] else main()
