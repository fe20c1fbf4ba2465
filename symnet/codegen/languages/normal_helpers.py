"""Functions of the normal distribution and the modified Bessel functions, written out in the scripts that call them.

The series of erfc is a Chebyshev fit of log(erfc(z) exp(z²) / t) over t = 2/(2 + z), made with mpmath at 60 digits and
written in powers of 2 t - 1, which are summed in place; erfc comes out to 5e-15 relative up to |x| = 6, 1e-13 at 25,
4e-16 absolute.  ndtri: Winitzki's approximation (2008), then Newton's steps.  The Bessel functions: their power series
below 25, the asymptotic one above (Abramowitz & Stegun 9.6.10, 9.7.1).
"""

from __future__ import annotations

#: Powers of u = 2 t - 1, the highest first.
ERFC_POWERS = (
    -1.8902306008944537e-09,
    4.06088214696972e-09,
    1.1172352263623759e-08,
    -3.917182051027186e-08,
    1.4448658046252657e-09,
    1.5334345920908177e-07,
    -2.495832761719667e-07,
    -1.6849800720653297e-07,
    1.2500276612569754e-06,
    -1.27231190486887e-06,
    -2.947986876998259e-06,
    8.562623420121286e-06,
    1.3772664134464394e-07,
    -3.0187884551394243e-05,
    3.174517974943741e-05,
    7.14010141275703e-05,
    -0.0001743029472030762,
    -9.37350311709817e-05,
    0.000673678795580235,
    -0.00014624686337800336,
    -0.002345812500482853,
    0.001758933557799016,
    0.008824938557060623,
    -0.009872689366389959,
    -0.0468956102311753,
    0.04734330684190443,
    0.6726432239776566,
    -0.6717940840566923,
)

#: log(erfc(z) exp(z²) / t) in place: one array, and no other for each power.
_SERIES = (
    "    powers = (",
    *(f"        {number}," for number in ERFC_POWERS),
    "    )",
    "    z = np.abs(np.asarray(x, dtype=np.float64))",
    "    t = 2 / (2 + z)",
    "    u = 2 * t - 1",
    "    log = np.zeros_like(u)",
    "    for power in powers:",
    "        log *= u",
    "        log += power",
)

NORMAL_HELPERS: dict[str, tuple[str, ...]] = {
    "erfc": (
        "def erfc(x):",
        '    """1 - erf(x), by a series of log(erfc(z) exp(z**2) / t) in 2 t - 1, t = 2 / (2 + z), z = |x|."""',
        *_SERIES,
        "    tail = t * np.exp(log - z * z)",
        "    return np.where(x >= 0, tail, 2 - tail).astype(x.dtype)",
    ),
    "erfcx": (
        "def erfcx(x):",
        '    """exp(x**2) erfc(x), by a series of log(erfcx(z) / t) in 2 t - 1, t = 2 / (2 + z), z = |x|."""',
        *_SERIES,
        "    right = t * np.exp(log)",
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
