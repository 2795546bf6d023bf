"""The spectrum of a change and the intruder dimensions of W0 + change (2410.21228) in NumPy, at the default model's shapes.

Writes src/test/resources/reference/spectra.json. The matrices are Java's SplittableRandom, so both sides make them from a seed.
"""

import numpy

from golden import rounded, write

GAMMA, A, B = (numpy.uint64(x) for x in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


def uniform(seed, *shape):
    """new SplittableRandom(seed).nextDouble() - 0.5, row by row."""
    with numpy.errstate(over="ignore"):
        z = numpy.uint64(seed) + GAMMA * numpy.arange(1, numpy.prod(shape) + 1, dtype=numpy.uint64)
        z = (z ^ (z >> numpy.uint64(30))) * A
        z = (z ^ (z >> numpy.uint64(27))) * B
        z = z ^ (z >> numpy.uint64(31))
    return ((z >> numpy.uint64(11)) * 2.0 ** -53 - 0.5).reshape(shape)


def case(out, width, rank, size, top=10, epsilon=0.5):
    """Columns of W0 fall off, so that its spectrum does; the change is a product of two factors, stored as F32."""
    before = uniform(out * 10_000 + width, out, width) / numpy.sqrt(1 + numpy.arange(width))
    a = uniform(out + 1, rank, width).astype(numpy.float32).astype(float)
    b = uniform(width + 2, out, rank).astype(numpy.float32).astype(float)
    change = size * (b @ a)
    u0 = numpy.linalg.svd(before, full_matrices=False)[0]
    u1, s1, _ = numpy.linalg.svd(before + change, full_matrices=False)
    spectrum = numpy.linalg.svd(change, compute_uv=False)[:rank]
    cosines = numpy.abs(u1[:, :top].T @ u0).max(1)
    shares = ((u1[:, :top].T @ change) ** 2).sum(1) / (change ** 2).sum()
    share = spectrum / spectrum.sum()
    intruders = cosines < epsilon
    assert numpy.abs(cosines - epsilon).min() > 1e-3
    return {
        "out": out, "in": width, "rank": rank, "size": size, "spectrum": rounded(spectrum), "values": rounded(s1[:top]),
        "cosines": rounded(cosines), "shares": rounded(shares), "intruders": int(intruders.sum()),
        "energy_share": rounded(shares[intruders].sum()), "norm": rounded(numpy.linalg.norm(change)),
        "relative_norm": rounded(numpy.linalg.norm(change) / numpy.linalg.norm(before)),
        "effective_rank": rounded(numpy.exp(-(share * numpy.log(share)).sum())),
        "stable_rank": rounded((spectrum ** 2).sum() / spectrum[0] ** 2),
    }


def main():
    cases = [case(576, 576, 4, 0.2), case(192, 576, 6, 0.2), case(1536, 576, 8, 0.2), case(576, 1536, 4, 0.2)]
    write("spectra.json", "spectra.py", {"numpy": numpy.__version__, "cases": cases})


if __name__ == "__main__":
    main()
