"""Graphs as Python source, without torch: what a layer, an expression and a class look like in writing."""

from engine.document.graph import Graph, path_of


class ExportError(ValueError):
    """A graph that can't be written in the form asked for; the message names the node and what to do."""


def loop_told(graph: Graph, node: str) -> str:
    """Why a frame that samples is not exported, and what can be."""
    inside = next((graph.nodes[child].title for child in graph.children[node]), "")
    advice = f"export {inside}, the model in it, by itself" if inside else "export a model by itself"
    title = path_of(graph, node) or graph.nodes[node].title
    return f"{title} asks its children again and again, which is no layer: {advice}"
