"""Answers one JSON request a line on standard output: prepares an operation, times it, writes its result.

Factorizations are LAPACK's functions as SciPy exposes them, or with the argument "numpy" those of numpy.linalg.
"""

import json
import os
import sys
import time

os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np  # noqa: E402 (the number of threads must be set first)
import scipy  # noqa: E402
from scipy.linalg import get_lapack_funcs  # noqa: E402

OVERSAMPLING = 8


def routines(a, *names):
    return get_lapack_funcs(names, (a,))


def svd_of(a):
    gesdd, query = routines(a, "gesdd", "gesdd_lwork")
    lwork = int(query(*a.shape, full_matrices=0)[0])

    def svd(a):
        u, s, vt, _ = gesdd(a, full_matrices=0, lwork=lwork)
        return {"u": u, "s": s, "vt": vt}

    return svd


def qr_of(a):
    geqrf, orgqr = routines(a, "geqrf", "orgqr")
    n = a.shape[1]
    reflectors, tau, work, _ = geqrf(a, lwork=-1)
    lwork = int(work[0])
    lwork = max(lwork, int(orgqr(reflectors, tau, lwork=-1)[1][0]))

    def qr(a):
        reflectors, tau, _, _ = geqrf(a, lwork=lwork)
        r = np.triu(reflectors[:n])
        return {"q": orgqr(reflectors, tau, lwork=lwork, overwrite_a=1)[0], "r": r}

    return qr


def eigh_of(a):
    syevd, query = routines(a, "syevd", "syevd_lwork")
    lwork, liwork, _ = query(a.shape[0])

    def eigh(a):
        values, vectors, _ = syevd(a, lwork=int(lwork), liwork=int(liwork))
        return {"values": values, "vectors": vectors}

    return eigh


def numpy_svd_of(_):
    def svd(a):
        u, s, vt = np.linalg.svd(a, full_matrices=False)
        return {"u": u, "s": s, "vt": vt}

    return svd


def numpy_qr_of(_):
    def qr(a):
        q, r = np.linalg.qr(a)
        return {"q": q, "r": r}

    return qr


def numpy_eigh_of(_):
    def eigh(a):
        values, vectors = np.linalg.eigh(a)
        return {"values": values, "vectors": vectors}

    return eigh


OF_NUMPY = sys.argv[1:] == ["numpy"]
if OF_NUMPY:
    svd_of, qr_of, eigh_of = numpy_svd_of, numpy_qr_of, numpy_eigh_of


def polar_of(a):
    svd = svd_of(a)

    def polar(a):
        factors = svd(a)
        return {"u": factors["u"] @ factors["vt"]}

    return polar


def randomized_svd_of(a, rank):
    """One power iteration, an orthonormal basis after every product: the algorithm that it is compared with."""
    m, n = a.shape
    columns = min(m, n, rank + OVERSAMPLING)
    random = np.random.default_rng(0)
    empty = np.empty((m, columns), a.dtype, order="F")
    left, right = qr_of(empty), qr_of(np.empty((n, columns), a.dtype, order="F"))
    svd = svd_of(np.empty((columns, n), a.dtype, order="F"))

    def randomized_svd(a):
        q = left(a @ random.random((n, columns), a.dtype))["q"]
        q = right(a.T @ q)["q"]
        q = left(a @ q)["q"]
        factors = svd(q.T @ a)
        return {"u": q @ factors["u"][:, :rank], "s": factors["s"][:rank], "vt": factors["vt"][:rank]}

    return randomized_svd


def eig(a):
    values, vectors = np.linalg.eig(a)
    return {"re": values.real, "im": values.imag, "vectorsRe": vectors.real, "vectorsIm": vectors.imag}


OF_LINALG = {
    "svdvals": lambda a: {"s": np.linalg.svd(a, compute_uv=False)},
    "eig": eig,
    "cholesky": lambda a: {"l": np.linalg.cholesky(a)},
    "inv": lambda a: {"x": np.linalg.inv(a)},
    "det": lambda a: {"det": np.array([np.linalg.det(a)])},
    "solve": lambda a, b: {"x": np.linalg.solve(a, b)},
    "lstsq": lambda a, b: {"x": np.linalg.lstsq(a, b, rcond=None)[0]},
}

FACTORIZATIONS = {
    "svd": svd_of,
    "qr": qr_of,
    "eigh": eigh_of,
    "polar": polar_of,
    "randomizedSvd": randomized_svd_of,
}


def load(operand, dtype):
    values = np.fromfile(operand["file"], dtype=dtype).reshape(operand["rows"], operand["cols"])
    return values.T if operand["transposed"] else values


def prepare(request):
    operands = [load(operand, request["dtype"]) for operand in request["operands"]]
    if request["routine"] == "matmul":
        return lambda: {"product": np.matmul(*operands)}
    if request["routine"] in OF_LINALG:
        return lambda: OF_LINALG[request["routine"]](*operands)
    # Each in the layout that suits it: rows for NumPy, LAPACK's own columns for SciPy.
    a = operands[0] if OF_NUMPY else np.asfortranarray(operands[0])
    factor = FACTORIZATIONS[request["routine"]](a, *request["options"])
    return lambda: factor(a)


run = None
for line in sys.stdin:
    request = json.loads(line)
    answer = {}
    if request["op"] == "version":
        answer = {"numpy": np.__version__, "scipy": scipy.__version__}
    elif request["op"] == "prepare":
        run = prepare(request)
    elif request["op"] == "time":
        start = time.perf_counter()
        for _ in range(request["calls"]):
            run()
        answer["ms"] = (time.perf_counter() - start) * 1000
    elif request["op"] == "result":
        for name, values in run().items():
            np.ascontiguousarray(values).tofile(f"{request['file']}.{name}")
            answer.setdefault("names", []).append(name)
    print(json.dumps(answer), flush=True)
