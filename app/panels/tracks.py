"""A timeline to be asked: what a key holds after a step, which steps reach it, in which part of the graph they are."""

from bisect import bisect_left, bisect_right
from collections import Counter

from engine.messages import Timeline, Touch


class Tracks:
    """One recorded run, by track and by step."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self._touches: list[list[Touch]] = [[] for _ in timeline.tracks]
        """By track; of several in one step the last counts."""
        for touch in timeline.touches:
            of_track = self._touches[touch.track]
            if of_track and of_track[-1].step == touch.step:
                of_track.pop()
            of_track.append(touch)
        self._steps = [[touch.step for touch in touches] for touches in self._touches]
        self.deepest = [max((t.content.count or 0 for t in touches), default=0) for touches in self._touches]
        """How long the list of each track becomes."""

    def __len__(self) -> int:
        return len(self.timeline.tracks)

    @property
    def last(self) -> int:
        """The last step."""
        return len(self.timeline.steps) - 1

    @property
    def names(self) -> list[str]:
        """What each track is called: its label, with the end of the provider's path where several have that label."""
        tracks = self.timeline.tracks
        labels = Counter(track.label for track in tracks)
        ends = [".".join(track.path.split(".")[-2:]) or "root" for track in tracks]
        return [
            f"{track.label} in {end}" if labels[track.label] > 1 else track.label
            for track, end in zip(tracks, ends, strict=True)
        ]

    def touches(self, track: int, first: int, last: int) -> list[Touch]:
        """What the steps from `first` to `last` do to a track."""
        steps = self._steps[track]
        return self._touches[track][bisect_left(steps, first) : bisect_right(steps, last)]

    def held(self, track: int, step: int) -> Touch | None:
        """The touch that left what a track holds after a step; None before the first, and when its provider is done."""
        index = bisect_right(self._steps[track], step) - 1
        if index < 0 or (step > self.timeline.tracks[track].last and self.timeline.tracks[track].last < self.last):
            return None
        return self._touches[track][index]

    def before(self, touch: Touch) -> Touch | None:
        """The touch before one of the same track."""
        index = bisect_left(self._steps[touch.track], touch.step) - 1
        return self._touches[touch.track][index] if index >= 0 else None

    def next(self, track: int, step: int, way: int) -> int | None:
        """The next step that reaches a track, or with -1 the one before."""
        steps = self._steps[track]
        index = bisect_right(steps, step) if way > 0 else bisect_left(steps, step) - 1
        return steps[index] if 0 <= index < len(steps) else None

    def steps(self, track: int | None = None) -> list[int]:
        """The steps that reach a track, or any."""
        return list(self._steps[track]) if track is not None else sorted(set().union(*self._steps))

    def node(self, step: int) -> str:
        """The node that is done at a step; "" at the start."""
        return self.timeline.places[self.timeline.steps[step]].node

    def path(self, step: int) -> str:
        return self.timeline.places[self.timeline.steps[step]].path

    def parts(self, steps: list[int]) -> list[str]:
        """For each of these steps the frame that it is in: of the outermost ones in which they differ."""
        places = [self.timeline.steps[step] for step in steps]  # a loop comes to the same ones over and over
        paths = {place: self.timeline.places[place].path.split(".") for place in set(places)}
        real = [path for path in paths.values() if path != [""]]
        depth = 0
        while len({tuple(path[: depth + 1]) for path in real if len(path) > depth + 1}) == 1:
            depth += 1
        names = {place: "" if path == [""] else path[min(depth, len(path) - 1)] for place, path in paths.items()}
        return [names[place] for place in places]
