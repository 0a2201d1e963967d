"""The mathematics that generated C brings along: without branches, so that loops over it become vector instructions.

``exp`` and ``expm1`` take the argument apart by log 2 and add up the series; ``tanh`` is made of ``expm1``. Never knows
a network.
"""

EXPONENTIAL = """
/* 2^k for whole k from -1022 to 1023: k + 1.5 * 2^52 has k in its lowest bits. */
static inline double power_of_2(double k)
{
    const double shifted = k + 6755399441055744.0;
    double found;
    uint64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 1023) << 52;
    memcpy(&found, &bits, sizeof found);
    return found;
}

/* exp(r) - 1 for |r| <= log(2)/2: the first 13 terms of the series. */
static inline double series(double r)
{
    const double r2 = r * r, r4 = r2 * r2;
    const double low = (0.5 + r * (1.0 / 6.0)) + r2 * (1.0 / 24.0 + r * (1.0 / 120.0));
    const double mid = (1.0 / 720.0 + r * (1.0 / 5040.0)) + r2 * (1.0 / 40320.0 + r * (1.0 / 362880.0));
    const double top = (1.0 / 3628800.0 + r * (1.0 / 39916800.0)) + r2 * (1.0 / 479001600.0 + r * (1.0 / 6227020800.0));
    return r + r2 * (low + r4 * (mid + r4 * top));
}

/* exp(x) = 2^k exp(x - k log 2); log 2 is taken off in two parts, the first with few enough digits for k times it. */
static inline double exponential(double x)
{
    const double above = x < -746.0 ? -746.0 : x;
    const double bounded = above > 710.0 ? 710.0 : above;
    const double k = (bounded * 1.4426950408889634 + 6755399441055744.0) - 6755399441055744.0;
    const double half = (k * 0.5 + 6755399441055744.0) - 6755399441055744.0;
    const double r = (bounded - k * 0.6931471803691238) - k * 1.9082149292705877e-10;
    return ((1.0 + series(r)) * power_of_2(half)) * power_of_2(k - half);
}
"""

EXPONENTIAL_LESS_1 = """
/* exp(x) - 1, without loss near 0. */
static inline double exponential_less_1(double x)
{
    const double above = x < -40.0 ? -40.0 : x;
    const double bounded = above > 700.0 ? 700.0 : above;
    const double k = (bounded * 1.4426950408889634 + 6755399441055744.0) - 6755399441055744.0;
    const double r = (bounded - k * 0.6931471803691238) - k * 1.9082149292705877e-10;
    const double scale = power_of_2(k);
    return x > 700.0 ? exponential(x) : scale * series(r) + (scale - 1.0);
}
"""

HYPERBOLIC_TANGENT = """
/* tanh(x) = -(exp(-2|x|) - 1)/(exp(-2|x|) + 1) with the sign of x. */
static inline double hyperbolic_tangent(double x)
{
    const double less = exponential_less_1(-2.0 * fabs(x));
    return copysign(less / (2.0 + less), x);
}
"""

EXTREMES = """
static inline double larger(double a, double b) { return a > b ? a : b; }
static inline double smaller(double a, double b) { return a < b ? a : b; }
"""

DOT = """
/* The sum of the products of two rows, in 16 sums side by side. */
static inline double dot(const double *restrict a, const double *restrict b, ptrdiff_t count)
{
    const ptrdiff_t whole = count - count % 16;
    double sums[16] = {0.0}, sum = 0.0;
    for (ptrdiff_t i = 0; i < whole; i += 16)
        for (int lane = 0; lane < 16; lane++)
            sums[lane] += a[i + lane] * b[i + lane];
    for (ptrdiff_t i = whole; i < count; i++)
        sum += a[i] * b[i];
    for (int lane = 0; lane < 8; lane++)
        sums[lane] += sums[lane + 8];
    for (int lane = 0; lane < 4; lane++)
        sums[lane] += sums[lane + 4];
    return sum + ((sums[0] + sums[2]) + (sums[1] + sums[3]));
}
"""

ADDED = """
static inline double added(const double *a, ptrdiff_t count)
{
    const ptrdiff_t whole = count - count % 16;
    double sums[16] = {0.0}, sum = 0.0;
    for (ptrdiff_t i = 0; i < whole; i += 16)
        for (int lane = 0; lane < 16; lane++)
            sums[lane] += a[i + lane];
    for (ptrdiff_t i = whole; i < count; i++)
        sum += a[i];
    for (int lane = 0; lane < 16; lane++)
        sum += sums[lane];
    return sum;
}
"""
