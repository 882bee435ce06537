"""What books, papers and programs print of the exhibits, kept as they print it, with the source.

Numbers are text, so that the digits that were printed, no more and no less, can be compared.
"""

from dataclasses import dataclass

# T. Hastie, R. Tibshirani and J. Friedman, The Elements of Statistical Learning, 2nd ed. (2009),
# Table 3.3, page 63; a cell without a number was left out of the fit. Its columns for principal
# components and partial least squares belong to methods that the course does not teach.
METHODS = ("least squares", "best subset", "ridge", "lasso")
TABLE_3_3 = {
    "intercept": ("2.465", "2.477", "2.452", "2.468"),
    "lcavol": ("0.680", "0.740", "0.420", "0.533"),
    "lweight": ("0.263", "0.316", "0.238", "0.169"),
    "age": ("-0.141", "", "-0.046", ""),
    "lbph": ("0.210", "", "0.162", "0.002"),
    "svi": ("0.305", "", "0.227", "0.094"),
    "lcp": ("-0.288", "", "0.000", ""),
    "gleason": ("-0.021", "", "0.040", ""),
    "pgg45": ("0.267", "", "0.133", ""),
    "test error": ("0.521", "0.492", "0.492", "0.479"),
    "standard error": ("0.179", "0.143", "0.165", "0.164"),
}
BASE_ERROR = "1.057"  # the same book, section 3.2.1: the test error of the mean of the training y
RIDGE_DF = "5.0"  # the vertical line of Figure 3.8, page 65
LASSO_S = "0.36"  # the vertical line of Figure 3.10, page 70
LASSO_ZEROS = 4  # section 3.4.2: the weights that this s sets to 0

# B. Efron, T. Hastie, I. Johnstone and R. Tibshirani, Least angle regression, Annals of Statistics
# 32 (2004): the order of the lasso's steps on the diabetes data, as the R package `lars` of two of
# the authors prints it, in the paper's names; −S3 means that S3 leaves.
DIABETES_STEPS = ("BMI", "S5", "BP", "S3", "SEX", "S6", "S1", "S4", "S2", "AGE", "−S3", "S3")
DIABETES_R_SQUARED = "0.518"  # the same printout
# The price of each of these steps in the convention of ½‖y − Xw‖², which is half of our λ: column
# C of the table that scikit-learn's example "Lasso path using LARS" printed in 2011, to six
# decimals. Its copy of the data then had other last digits than since its version 1.1.
DIABETES_PRICES = (
    *("949.435260", "889.315991", "452.900969", "316.074053", "130.130851", "88.782430"),
    *("68.965221", "19.981255", "5.477473", "5.089179", "2.182250", "1.310435"),
)


@dataclass(frozen=True)
class Lowest:
    """A lowest point of a landscape as it is printed: its two coordinates and its value."""

    x: str
    y: str
    value: str


# The points and values that collections of test functions print, such as Wikipedia's "Test
# functions for optimization" and M. Jamil and X.-S. Yang (2013), arXiv:1308.4008.
LOWEST = {
    "Himmelblau": (
        Lowest("3.0", "2.0", "0.0"),
        Lowest("-2.805118", "3.131312", "0.0"),
        Lowest("-3.779310", "-3.283186", "0.0"),
        Lowest("3.584428", "-1.848126", "0.0"),
    ),
    "Styblinski–Tang": (Lowest("-2.903534", "-2.903534", "-78.332"),),
    "McCormick": (Lowest("-0.54719", "-1.54719", "-1.9133"),),
    "Matyas": (Lowest("0", "0", "0"),),
    "Rosenbrock": (Lowest("1", "1", "0"),),
    "Beale": (Lowest("3", "0.5", "0"),),
    "Goldstein–Price": (Lowest("0", "-1", "3"),),
    "Rastrigin": (Lowest("0", "0", "0"),),
}
