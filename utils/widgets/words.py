"""Numbers as live figures write them: short, without exponents, with a minus sign."""

import numpy as np


def decimal(value, digits=3):
    """Return a number with so many significant digits.

    >>> decimal(2.2), decimal(0.012345), decimal(1e-05), decimal(-0.5), decimal(0.0)
    ('2.2', '0.0123', '0.00001', '−0.5', '0')
    """
    rounded = float(f"{value:.{digits}g}") + 0.0
    return np.format_float_positional(rounded, trim="-").replace("-", "−")


def hundredths(value):
    """Return a number with two decimals, more if it would look like 0 and is not.

    >>> hundredths(1.005 * 2), hundredths(-0.25), hundredths(0.0), hundredths(-0.00123)
    ('2.01', '−0.25', '0', '−0.0012')
    """
    return f"{value:.2f}".replace("-", "−") if abs(value) >= 0.005 else decimal(value, 2)


def percent(share):
    """Return a share in whole percent, and neither 0 nor 100 where it is not.

    >>> percent(0.436), percent(0.001), percent(0.999), percent(1.0)
    ('44 %', 'less than 1 %', 'more than 99 %', '100 %')
    """
    if 0 < share < 0.005:
        return "less than 1 %"
    if 0.995 <= share < 1:
        return "more than 99 %"
    return f"{100 * share:.0f} %"
