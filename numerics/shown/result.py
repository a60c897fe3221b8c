"""What results do with what they state of themselves: they label, save, draw and show themselves."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from numerics.shown.cards import curve_card
from numerics.shown.files import save
from numerics.shown.labelled import Labelled, dataset, plot

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


class Result(Labelled):
    """A result that states its columns, and attributes where it has any."""

    def attributes(self) -> dict[str, Any]:
        """None."""
        return {}

    def dataset(self, **parameters: Any) -> "xr.Dataset":
        """The labelled form, see :func:`numerics.shown.labelled.dataset`."""
        return dataset(self, **parameters)

    def save(self, path: str | Path) -> None:
        """Write the labelled form to a file: ``.json``, ``.csv`` or ``.nc``, exact to the bit.

        Raises ValueError for another suffix, and where the file cannot be written.
        """
        save(self.dataset(), path)

    def plot(self, ax: "Axes | None" = None, label: str = "", **line: Any) -> "Figure":
        """The picture of the labelled form, also on axes ``ax``: see :func:`numerics.shown.labelled.plot`."""
        return plot(self.dataset(), ax, label, **line)


class Curves(Result):
    """A result of quantities over time, shown by a few of their rows."""

    def _repr_html_(self) -> str:
        over_time = {name: values for name, (dims, values) in self.columns().items() if dims == ("t",)}
        return curve_card(type(self).__name__, over_time, self.plot())
