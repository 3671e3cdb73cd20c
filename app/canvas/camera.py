"""The camera: how canvas units become pixels of the widget. Three numbers."""

from msgspec import Struct

MIN_ZOOM, MAX_ZOOM = 0.005, 6.0


class Camera(Struct):
    """`x`, `y` is where the canvas origin (the root's corner) lies in the widget."""

    zoom: float = 1.0
    x: float = 0.0
    y: float = 0.0

    def to_view(self, x: float, y: float) -> tuple[float, float]:
        return x * self.zoom + self.x, y * self.zoom + self.y

    def to_canvas(self, x: float, y: float) -> tuple[float, float]:
        return (x - self.x) / self.zoom, (y - self.y) / self.zoom

    def zoom_at(self, x: float, y: float, factor: float) -> None:
        """Zoom so that the canvas point under the widget point stays there."""
        before = self.zoom
        self.zoom = min(MAX_ZOOM, max(MIN_ZOOM, before * factor))
        self.x = x - (x - self.x) * self.zoom / before
        self.y = y - (y - self.y) * self.zoom / before

    def fit(self, bounds: tuple[float, float, float, float], width: float, height: float, margin: float) -> None:
        """Centre the bounds (left, top, right, bottom) in a widget, at most at 100 %."""
        left, top, right, bottom = bounds
        wide, high = max(1.0, right - left), max(1.0, bottom - top)
        room = max(20.0, width - 2 * margin), max(20.0, height - 2 * margin)
        self.zoom = max(MIN_ZOOM, min(1.0, room[0] / wide, room[1] / high))
        self.x = width / 2 - (left + right) / 2 * self.zoom
        self.y = height / 2 - (top + bottom) / 2 * self.zoom
