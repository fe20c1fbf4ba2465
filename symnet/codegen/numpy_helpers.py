"""Special functions that NumPy lacks, written out in the scripts that call them.

erfinv: Winitzki's approximation (2008), then Newton's steps.  lgamma, digamma, polygamma: recurrence to a large
argument and Stirling's series there (Abramowitz & Stegun 6.1.41, 6.3.18, 6.4.11), lgamma reflected below 1/2.
"""

from __future__ import annotations

MORE_HELPERS: dict[str, tuple[str, ...]] = {
    "erfinv": (
        "def erfinv(x):",
        '    """The inverse of erf on -1..1: an approximation, then Newton\'s steps on log erfc."""',
        "    size = np.abs(np.asarray(x, dtype=np.float64))",
        "    log = np.log1p(-size * size)",
        "    mean = 2 / (np.pi * 0.147) + log / 2",
        "    y = np.sqrt(np.maximum(np.sqrt(mean * mean - log / 0.147) - mean, 0))",
        "    for _ in range(4):",
        "        rest = erfc(y)",
        "        y = y + (np.log(rest) - np.log1p(-size)) * rest * np.exp(y * y) * (np.pi**0.5 / 2)",
        "    return (np.sign(x) * y).astype(x.dtype)",
    ),
    "lgamma": (
        "def lgamma(x):",
        '    """log |gamma(x)|, by Stirling\'s series at x + 8, reflected below 1/2."""',
        "    low = np.asarray(x, dtype=np.float64) < 0.5",
        "    z = np.where(low, 1 - x, x).astype(np.float64)",
        "    product = z.copy()",
        "    for k in range(1, 8):",
        "        product *= z + k",
        "    w = z + 8",
        "    r = 1 / (w * w)",
        "    tail = 1 / 12 - r * (1 / 360 - r * (1 / 1260 - r * (1 / 1680 - r * (1 / 1188 - r * 691 / 360360))))",
        "    value = (w - 0.5) * np.log(w) - w + np.log(2 * np.pi) / 2 + tail / w - np.log(product)",
        "    mirrored = np.log(np.pi / np.abs(np.sin(np.pi * np.minimum(x, 0.5)))) - value",
        "    return np.where(low, mirrored, value).astype(x.dtype)",
    ),
    "digamma": (
        "def digamma(x):",
        '    """The derivative of lgamma, by recurrence up to 16 and the asymptotic series there."""',
        "    w = np.array(x, dtype=np.float64)",
        "    total = np.zeros_like(w)",
        "    while np.any(w < 16):",
        "        total -= np.where(w < 16, 1 / w, 0)",
        "        w += w < 16",
        "    r = 1 / (w * w)",
        "    tail = r * (1 / 12 - r * (1 / 120 - r * (1 / 252 - r * (1 / 240 - r * (1 / 132 - r * 691 / 32760)))))",
        "    return (total + np.log(w) - 0.5 / w - tail).astype(x.dtype)",
    ),
    "polygamma": (
        "def polygamma(n, x):",
        '    """The n-th derivative of digamma, n > 0, by recurrence up to 16 + n and the asymptotic series there."""',
        "    w = np.array(x, dtype=np.float64)",
        "    total = np.zeros_like(w)",
        "    factorial = 1",
        "    for k in range(1, n):",
        "        factorial *= k  # (n - 1)!",
        "    while np.any(w < 16 + n):",
        "        total += np.where(w < 16 + n, factorial * n / w ** (n + 1), 0)",
        "        w += w < 16 + n",
        "    total += factorial / w**n + factorial * n / (2 * w ** (n + 1))",
        "    term = factorial * n * (n + 1) / (2 * w ** (n + 2))",
        "    for k, number in enumerate((1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6)):",
        "        total += number * term",
        "        term = term * (n + 2 * k + 2) * (n + 2 * k + 3) / ((2 * k + 3) * (2 * k + 4) * w * w)",
        "    return ((-1) ** (n + 1) * total).astype(x.dtype)",
    ),
    "xlogy": (
        "def xlogy(x, y):",
        '    """x log(y), and 0 where x is 0."""',
        "    return np.where(x == 0, 0, x * np.log(np.where(x == 0, 1, y)))",
    ),
}
