"""Graphs as Python source, without torch: what a layer, an expression and a class look like in writing."""


class ExportError(ValueError):
    """A graph that can't be written in the form asked for; the message names the node and what to do."""
