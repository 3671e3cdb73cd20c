"""`python -m nodes` writes the reference page of the catalogue."""

from nodes import CATALOGUE
from nodes.reference import page

print(page(CATALOGUE), end="")
