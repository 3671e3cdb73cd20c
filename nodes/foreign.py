"""The leaf that stands for a module of others, which no kind of the catalogue describes."""

from engine.document.kinds import NodeKind, Param

CATEGORY = "Python"

KINDS = [
    NodeKind(
        name="Foreign",
        category=CATEGORY,
        role="foreign",
        weights=True,
        doc="A torch module that Python code of others makes; an import puts it where the catalogue has no kind. It "
        "takes and returns what that module does. Nothing is imported before you trust the graph.",
        params=(
            Param(
                name="constructor",
                type="reference",
                default="",
                required=True,
                doc="A module's class, or a function that makes one, as package.module:Name. It is looked for where "
                "Python looks, then in the folder of the graph.",
            ),
            Param(
                name="arguments",
                type="text",
                default="{}",
                doc='What the constructor is called with, as a JSON object: {"in_channels": 4}.',
            ),
            Param(
                name="path",
                type="text",
                default="",
                doc="Which part of what it makes, as named_modules calls it: layers.0.mlp; empty for all of it.",
            ),
        ),
        source="a torch module of your own",
    ),
]
