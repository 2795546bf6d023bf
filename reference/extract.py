"""The best low-rank approximation of a change along inputs in NumPy: SVD of dW C^(1/2), then A times C^(-1/2), C the inputs' second moment with a ridge.

Writes src/test/resources/reference/extract.json. Roots are symmetric, by eigenvectors (the program takes Cholesky's and never inverts it). Matrices are Java's
SplittableRandom, as in spectra.py.
"""

import numpy

from golden import rounded, write
from spectra import uniform

RIDGE = 1e-6


def case(out, width, tokens, ranks):
    """Inputs with a mean, and columns that fall off; fewer tokens than inputs in one case, where the ridge decides."""
    change = uniform(out * 10_000 + width + 7, out, width) / numpy.sqrt(1 + numpy.arange(out))[:, None]
    inputs = (uniform(width + 3, tokens, width) + 0.2) / numpy.sqrt(1 + numpy.arange(width))
    moment = inputs.T @ inputs / tokens
    moment += RIDGE * numpy.mean(numpy.diag(moment)) * numpy.eye(width)
    values, vectors = numpy.linalg.eigh(moment)
    root, inverse = (vectors * values ** 0.5) @ vectors.T, (vectors * values ** -0.5) @ vectors.T
    u, s, vt = numpy.linalg.svd(change @ root, full_matrices=False)
    pu, ps, pvt = numpy.linalg.svd(change, full_matrices=False)
    pairs = []
    for rank in ranks:
        pair = (u[:, :rank] * s[:rank]) @ vt[:rank] @ inverse
        plain = (pu[:, :rank] * ps[:rank]) @ pvt[:rank]
        norm = numpy.linalg.norm
        pairs.append({
            "rank": rank, "error": rounded(norm(change - pair) / norm(change)), "weighted_error": rounded(norm((change - pair) @ root) / norm(change @ root)),
            "plain_error": rounded(norm(change - plain) / norm(change)), "plain_weighted_error": rounded(norm((change - plain) @ root) / norm(change @ root)),
            "row_sums": rounded(pair.sum(1)[:8]), "column_sums": rounded(pair.sum(0)[:8]), "norm": rounded(norm(pair)),
        })
    return {"out": out, "in": width, "tokens": tokens, "values": rounded(s[:16]), "pairs": pairs}


def main():
    write("extract.json", "extract.py", {"numpy": numpy.__version__, "cases": [case(192, 576, 900, (1, 4, 16)), case(576, 1536, 600, (8,))]})


if __name__ == "__main__":
    main()
