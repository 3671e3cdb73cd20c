"""Training the digits model and its adapters: `python -m nodes.training`.

What is trained is the program that the engine makes of the graph, so that graph and weights fit by construction.
Needs torch, and scikit-learn for its handwritten digits; the program itself never imports this package.
"""
