"""Runs once in the fork server that steps with sympy share: what sympy loads and sets up at first use is then there."""

from sympy import (
    Eq,
    Matrix,
    Poly,
    Rational,
    binomial,
    cos,
    diff,
    exp,
    expand,
    factor,
    gcd,
    integrate,
    limit,
    log,
    nsimplify,
    simplify,
    sin,
    solve,
    sqrt,
    summation,
    symbols,
    sympify,
    together,
)

p, q = symbols('p q')
k = symbols('k', integer=True, positive=True)
str(solve(p**2 - 7 * p + 11, p))
str(solve([2 * p + 3 * q - 13, p - 5 * q + 4], [p, q]))
str(solve(Eq(p**3 - 2 * p, 0), p))
str(diff(exp(p) * cos(3 * p) + log(p), p))
str(integrate(p**2 * exp(p) + sin(p), p))
str(integrate(5 * p**4 - 2, (p, 0, 3)))
str(factor(p**4 - 5 * p**2 + 4))
str(expand((p - 2 * q) ** 3))
str(simplify(sin(q) ** 2 + cos(q) ** 2 + (p**2 - 1) / (p - 1)))
str(Matrix([[5, 2], [2, 1]]).eigenvals())
str(Matrix([[3, 1], [4, 2]]).det() + Matrix([[3, 1], [4, 2]]).inv()[0, 0])
str(limit(sin(5 * p) / p, p, 0))
str(summation(k**2, (k, 1, q)))
str([binomial(9, 4), gcd(84, 36), Rational(7, 12) + 1, sqrt(180).evalf(), nsimplify('0.375')])
str([Poly(p**2 + 3 * p, p).degree(), together(1 / p + 1 / q), sympify('p + 2*p')])
