"""The canvas: one painted widget that shows a graph and edits it by gestures."""
