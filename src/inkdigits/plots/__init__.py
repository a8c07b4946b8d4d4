"""Pictures of datasets, training runs, reports and what networks have learned, for slides and small screens.

Every function draws on the axes it is given, or on a new figure, and returns the figure. Titles say
what was found. Nothing goes through pyplot, so no state is shared and no figure has to be closed;
in a notebook, `%matplotlib inline` makes a returned figure show itself.
"""

from inkdigits.plots.canvas import DIGIT_NAMES, save_figure
from inkdigits.plots.counts import plot_class_balance, plot_confusion_matrix
from inkdigits.plots.curves import EpochRecord, plot_learning_curves, plot_reliability, plot_risk_coverage
from inkdigits.plots.images import plot_mistakes, plot_samples
from inkdigits.plots.insight import plot_embedding, plot_occlusion, plot_weights

__all__ = [
    "DIGIT_NAMES",
    "EpochRecord",
    "plot_class_balance",
    "plot_confusion_matrix",
    "plot_embedding",
    "plot_learning_curves",
    "plot_mistakes",
    "plot_occlusion",
    "plot_reliability",
    "plot_risk_coverage",
    "plot_samples",
    "plot_weights",
    "save_figure",
]
