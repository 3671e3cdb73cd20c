"""The engine: the document, its checks, its files, and the worker that runs it."""
