"""The mathematics that generated C brings along: without branches, so that loops over it become vector instructions.

``exp`` and ``expm1`` take the argument apart by log 2, ``tanh`` is made of ``expm1``; ``log`` takes powers of 2 away
and adds up the series of artanh. The polynomials are interpolated at Chebyshev's nodes by mpmath, to 1e-16 of the
whole. Never knows a network.
"""

from __future__ import annotations

import re

EXPONENTIAL = """
/* exp(r) - 1 for |r| <= log(2)/2, within 1e-16 of it. */
static inline double series(double r)
{
    const double r2 = r * r, r4 = r2 * r2;
    const double low = (0.5 + r * 0.16666666666666669) + r2 * (0.04166666666662413 + r * 0.008333333333330062);
    const double mid = (0.0013888888917213717 + r * 0.00019841269863053618)
                       + r2 * (2.4801521295954376e-05 + r * 2.7557268459997064e-06);
    const double top = 2.7620088445409746e-07 + r * 2.510038549551032e-08;
    return r + r2 * (low + r4 * (mid + r4 * top));
}

/* exp(x) = 2^k exp(x - k log 2); log 2 is taken off in two parts, the first with few enough digits for k times it.
   x log2(e) + 1.5 * 2^52 has k in its lowest bits; 2^k is made of two powers, each of which is a normal number. */
static inline double exponential(double x)
{
    const double above = x < -746.0 ? -746.0 : x;
    const double bounded = above > 710.0 ? 710.0 : above;
    const double shifted = bounded * 1.4426950408889634 + 6755399441055744.0;
    const double k = shifted - 6755399441055744.0;
    const double r = (bounded - k * 0.6931471803691238) - k * 1.9082149292705877e-10;
    double power, other;
    uint64_t bits, half;
    memcpy(&bits, &shifted, sizeof bits);
    bits -= UINT64_C(0x4338000000000000) - 2046;
    half = bits >> 1;
    bits = (bits - half) << 52;
    half <<= 52;
    memcpy(&power, &half, sizeof power);
    memcpy(&other, &bits, sizeof other);
    return ((1.0 + series(r)) * power) * other;
}
"""

EXPONENTIAL_LESS_1 = """
/* exp(x) - 1, without loss near 0. */
static inline double exponential_less_1(double x)
{
    const double above = x < -40.0 ? -40.0 : x;
    const double bounded = above > 700.0 ? 700.0 : above;
    const double shifted = bounded * 1.4426950408889634 + 6755399441055744.0;
    const double k = shifted - 6755399441055744.0;
    const double r = (bounded - k * 0.6931471803691238) - k * 1.9082149292705877e-10;
    double scale;
    uint64_t bits;
    memcpy(&bits, &shifted, sizeof bits);
    bits = (bits + 1023) << 52;
    memcpy(&scale, &bits, sizeof scale);
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

LOGARITHM = """
/* log(x) = k log 2 + log(1 + f) for x = 2^k (1 + f) with 1 + f between the roots of 1/2 and 2; and
   log(1 + f) = 2 artanh(s) for s = f/(2 + f), its parts put together as in fdlibm's e_log.c. */
static inline double logarithm(double x)
{
    const int small = x < 2.2250738585072014e-308;
    const double normal = small ? x * 18014398509481984.0 : x;
    double f, k;
    uint64_t bits, whole;
    memcpy(&bits, &normal, sizeof bits);
    bits += UINT64_C(0x3ff0000000000000) - UINT64_C(0x3fe6a09e667f3bcd);
    whole = (bits >> 52) | UINT64_C(0x4330000000000000);
    bits = (bits & UINT64_C(0x000fffffffffffff)) + UINT64_C(0x3fe6a09e667f3bcd);
    memcpy(&k, &whole, sizeof k);
    memcpy(&f, &bits, sizeof f);
    k -= small ? 4503599627371573.0 : 4503599627371519.0;
    f -= 1.0;
    const double s = f / (2.0 + f), z = s * s, z2 = z * z, half = 0.5 * f * f;
    const double low = (0.6666666666666666 + z * 0.40000000000000885)
                       + z2 * (0.28571428570799784 + z * 0.22222222392581045);
    const double top = (0.18181795547521137 + z * 0.15386244737621665)
                       + z2 * (0.13268638369266825 + z * 0.13088034850927555);
    const double rest = z * (low + z2 * z2 * top);
    const double found = k * 0.6931471803691238 - ((half - (s * (half + rest) + k * 1.9082149292705877e-10)) - f);
    const double ordinary = x < HUGE_VAL ? found : x;
    return x > 0.0 ? ordinary : x == 0.0 ? -HUGE_VAL : NAN;
}
"""

LOGARITHM_OF_1_MORE = """
/* log(1 + x), without loss near 0: what 1 + x lost by rounding is put back, over its slope. */
static inline double logarithm_of_1_more(double x)
{
    const double more = 1.0 + x;
    const double back = (x - (more - 1.0)) / more;
    return logarithm(more) + (more > 0.0 && more < HUGE_VAL ? back : 0.0);
}
"""

LARGER = """
static inline double larger(double a, double b) { return a > b ? a : b; }
"""

SMALLER = """
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
/* The sum of a row. Not inline: it stands in many lines, and each copy costs the compiler time. */
static double added(const double *a, ptrdiff_t count)
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

ADDED_LANES = """
/* The sum of 16 numbers. */
static inline double added_lanes(const double *lanes)
{
    double sums[8];
    for (int i = 0; i < 8; i++)
        sums[i] = lanes[i] + lanes[i + 8];
    return ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7]));
}
"""

ADD_PRODUCT = """
#if defined(__AVX512F__)
#define WIDTH 8 /* doubles in a vector register */
#elif defined(__AVX__)
#define WIDTH 4
#else
#define WIDTH 2
#endif

/* found += a b for matrices of rows x inner and inner x columns; an entry of a stands at a[j * down + k * along]. Four
   rows of as many columns as fill a register stay in registers while k runs; where fewer rows are left, the first of
   them is done in their place, over again. */
static void add_product(int rows, int inner, int columns, const double *restrict a, ptrdiff_t down, ptrdiff_t along,
                        const double *restrict b, ptrdiff_t next, double *restrict found, ptrdiff_t row)
{
    const int whole = columns - columns % WIDTH;
    for (int j = 0; j < rows; j += 4) {
        const int j1 = j + 1 < rows ? j + 1 : j, j2 = j + 2 < rows ? j + 2 : j, j3 = j + 3 < rows ? j + 3 : j;
        const double *const a0 = a + j * down, *const a1 = a + j1 * down;
        const double *const a2 = a + j2 * down, *const a3 = a + j3 * down;
        double *const f0 = found + j * row, *const f1 = found + j1 * row;
        double *const f2 = found + j2 * row, *const f3 = found + j3 * row;
        for (int c = 0; c < whole; c += WIDTH) {
            double s0[WIDTH], s1[WIDTH], s2[WIDTH], s3[WIDTH];
            for (int i = 0; i < WIDTH; i++) {
                s0[i] = f0[c + i];
                s1[i] = f1[c + i];
                s2[i] = f2[c + i];
                s3[i] = f3[c + i];
            }
            for (int k = 0; k < inner; k++) {
                const double *const from = b + k * next + c;
                const double v0 = a0[k * along], v1 = a1[k * along], v2 = a2[k * along], v3 = a3[k * along];
                for (int i = 0; i < WIDTH; i++) {
                    s0[i] += v0 * from[i];
                    s1[i] += v1 * from[i];
                    s2[i] += v2 * from[i];
                    s3[i] += v3 * from[i];
                }
            }
            for (int i = 0; i < WIDTH; i++) {
                f3[c + i] = s3[i];
                f2[c + i] = s2[i];
                f1[c + i] = s1[i];
                f0[c + i] = s0[i];
            }
        }
        for (int c = whole; c < columns; c++) {
            double s0 = f0[c], s1 = f1[c], s2 = f2[c], s3 = f3[c];
            for (int k = 0; k < inner; k++) {
                const double from = b[k * next + c];
                s0 += a0[k * along] * from;
                s1 += a1[k * along] * from;
                s2 += a2[k * along] * from;
                s3 += a3[k * along] * from;
            }
            f3[c] = s3;
            f2[c] = s2;
            f1[c] = s1;
            f0[c] = s0;
        }
    }
}
"""

TURN = """
/* to[k][j] = from[j][k]; rows stand so far apart, in both. Eight rows of to at a time, which stay in the cache. */
static void turn(ptrdiff_t rows, ptrdiff_t columns, const double *restrict from, ptrdiff_t apart, double *restrict to,
                 ptrdiff_t next)
{
    const ptrdiff_t whole = columns - columns % 8;
    for (ptrdiff_t k = 0; k < whole; k += 8) {
        const double *f = from + k;
        double *at = to + k * next;
        for (ptrdiff_t j = 0; j < rows; j++, f += apart, at++) {
            at[0] = f[0];
            at[next] = f[1];
            at[2 * next] = f[2];
            at[3 * next] = f[3];
            at[4 * next] = f[4];
            at[5 * next] = f[5];
            at[6 * next] = f[6];
            at[7 * next] = f[7];
        }
    }
    for (ptrdiff_t k = whole; k < columns; k++)
        for (ptrdiff_t j = 0; j < rows; j++)
            to[k * next + j] = from[j * apart + k];
}
"""

# By name, in the order in which the compiler has to see them.
PARTS = {
    "exponential": EXPONENTIAL,
    "exponential_less_1": EXPONENTIAL_LESS_1,
    "hyperbolic_tangent": HYPERBOLIC_TANGENT,
    "logarithm": LOGARITHM,
    "logarithm_of_1_more": LOGARITHM_OF_1_MORE,
    "larger": LARGER,
    "smaller": SMALLER,
    "dot": DOT,
    "added": ADDED,
    "added_lanes": ADDED_LANES,
    "add_product": ADD_PRODUCT,
    "turn": TURN,
}


def parts_for(code: str) -> str:
    """The functions that the code calls, and those that these call."""
    needed: list[str] = []
    for name, text in reversed(PARTS.items()):
        if re.search(rf"\b{name}\(", "\n".join([code, *needed])):
            needed.insert(0, text)
    return "".join(needed)
