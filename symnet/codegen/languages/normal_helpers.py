"""Functions of the normal distribution and the modified Bessel functions, written out in the scripts that call them.

The series of erfc is a Chebyshev fit of log(erfc(z) exp(z²) / t) over t = 2/(2 + z), made with mpmath at 60 digits;
erfc comes out to 1e-14 relative, 3e-16 absolute.  ndtri: Winitzki's approximation (2008), then Newton's steps.  The
Bessel functions: their power series below 25, the asymptotic one above (Abramowitz & Stegun 9.6.10, 9.7.1).
"""

from __future__ import annotations

ERFC_SERIES = (
    -0.6513268598908547,
    0.6419697923564902,
    0.019476473204185836,
    -0.009561514786808632,
    -0.0009465953444820369,
    0.00036683949785276145,
    4.252332480690777e-05,
    -2.0278578112534242e-05,
    -1.6242900046470256e-06,
    1.3036558355805232e-06,
    1.5626441722066142e-08,
    -8.523809591492654e-08,
    6.5290544390988515e-09,
    5.059343495551469e-09,
    -9.91364156493033e-10,
    -2.273651222931836e-10,
    9.646791102015527e-11,
    2.3940380830391146e-12,
    -6.886027526497553e-12,
    8.944879273090725e-13,
    3.130921399342958e-13,
    -1.1270822361367252e-13,
    3.810905255189232e-16,
    7.106097613609237e-15,
    -1.5230282014571043e-15,
    -9.457494571291233e-17,
    1.210237189224279e-16,
    -2.816663087747177e-17,
)

_SERIES = ("    series = (", *(f"        {number}," for number in ERFC_SERIES), "    )")

NORMAL_HELPERS: dict[str, tuple[str, ...]] = {
    "erfc": (
        "def erfc(x):",
        '    """1 - erf(x), by a Chebyshev series of log(erfc(z) exp(z**2) / t) over t = 2 / (2 + z), z = |x|."""',
        *_SERIES,
        "    z = np.abs(np.asarray(x, dtype=np.float64))",
        "    t = 2 / (2 + z)",
        "    tail = t * np.exp(np.polynomial.chebyshev.chebval(2 * t - 1, series) - z * z)",
        "    return np.where(x >= 0, tail, 2 - tail).astype(x.dtype)",
    ),
    "erfcx": (
        "def erfcx(x):",
        '    """exp(x**2) erfc(x), by a Chebyshev series of log(erfcx(z) / t) over t = 2 / (2 + z), z = |x|."""',
        *_SERIES,
        "    z = np.abs(np.asarray(x, dtype=np.float64))",
        "    t = 2 / (2 + z)",
        "    right = t * np.exp(np.polynomial.chebyshev.chebval(2 * t - 1, series))",
        '    with np.errstate(over="ignore"):',
        "        left = 2 * np.exp(np.where(x >= 0, 0, z) ** 2) - right",
        "    return np.where(x >= 0, right, left).astype(x.dtype)",
    ),
    "log_ndtr": (
        "def log_ndtr(x):",
        '    """log of the normal distribution function, by erfcx where it is small."""',
        "    z = np.asarray(x, dtype=np.float64)",
        "    half = erfcx(np.abs(z) / 2**0.5) / 2",
        "    low = np.log(half) - z * z / 2",
        "    return np.where(z < 0, low, np.log1p(-half * np.exp(-z * z / 2))).astype(x.dtype)",
    ),
    "ndtri": (
        "def ndtri(x):",
        '    """The inverse of the normal distribution function: an approximation, then Newton\'s steps on its log."""',
        "    p = np.asarray(x, dtype=np.float64)",
        "    tail = np.minimum(p, 1 - p)",
        "    size = np.clip(tail, 5e-324, 0.5)",
        "    log = np.log(4 * size) + np.log1p(-size)",
        "    mean = 2 / (np.pi * 0.147) + log / 2",
        "    y = np.sqrt(np.maximum(np.sqrt(mean * mean - log / 0.147) - mean, 0))",
        "    for _ in range(4):",
        "        scaled = erfcx(y)",
        "        y = y + (np.log(scaled) - y * y - np.log(2 * size)) * scaled * (np.pi**0.5 / 2)",
        "    y = np.where(tail > 0, y, np.where(tail == 0, np.inf, np.nan))",
        "    return (np.where(p < 0.5, -(2**0.5), 2**0.5) * y).astype(x.dtype)",
    ),
    "scaled_bessel": (
        "def scaled_bessel(n, x):",
        '    """exp(-|x|) I_n(x), n 0 or 1: the power series below 25, the asymptotic one above."""',
        "    z = np.abs(np.asarray(x, dtype=np.float64))",
        "    low, high = np.minimum(z, 25), np.maximum(z, 25)",
        "    series = term = (low / 2) ** n",
        "    for k in range(1, 80):",
        "        term = term * low * low / (4 * k * (k + n))",
        "        series = series + term",
        "    tail = term = np.ones_like(z)",
        "    for k in range(1, 25):",
        "        term = term * ((2 * k - 1) ** 2 - 4 * n * n) / (8 * k * high)",
        "        tail = tail + term",
        "    value = np.where(z < 25, series * np.exp(-low), tail / np.sqrt(2 * np.pi * high))",
        "    return np.where(np.asarray(x) < 0, (-1) ** n * value, value).astype(x.dtype)",
    ),
}
