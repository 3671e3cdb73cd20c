"""`python -m nodes` writes the reference page of the catalogue, `python -m nodes adapters` that of the adapters."""

import sys

from nodes import CATALOGUE
from nodes.adapters import ADAPTERS
from nodes.reference import adapters_page, page

match sys.argv[1:]:
    case []:
        print(page(CATALOGUE), end="")
    case ["adapters"]:
        print(adapters_page(ADAPTERS.values()), end="")
    case _:
        sys.exit("usage: python -m nodes [adapters]")
