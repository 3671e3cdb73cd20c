"""The panels around the canvas: palette, inspector, preview, problems, log."""
