"""Leaves that run expressions and reach contexts, as in `refiners.fluxion.layers.chain`."""

from engine.document.kinds import NodeKind, Param

CATEGORY = "Context and functions"

_CONTEXT = Param(name="context", type="context", default="", doc="Context, as its provider declares it.", required=True)
_KEY = Param(name="key", type="key", default="", doc="Key in the context.", required=True)

KINDS = [
    NodeKind(
        name="UseContext",
        category=CATEGORY,
        role="use",
        doc="Returns what the nearest provider of the context holds under the key, whatever its input.",
        params=(
            _CONTEXT,
            _KEY,
            Param(
                name="compose",
                type="expression",
                default="",
                doc="Function of the value, `lambda x: x.pop()` say; empty returns the value itself.",
            ),
        ),
        source="fluxion.layers.UseContext",
    ),
    NodeKind(
        name="SetContext",
        category=CATEGORY,
        role="set",
        doc="Stores its input under the key in the nearest provider of the context, and passes it on.",
        params=(
            _CONTEXT,
            _KEY,
            Param(
                name="callback",
                type="expression",
                default="",
                doc="Function of the value held and the input, `lambda held, x: held.append(x)` say, called instead of "
                "storing; empty stores the input.",
            ),
        ),
        source="fluxion.layers.SetContext",
    ),
    NodeKind(
        name="Lambda",
        category=CATEGORY,
        role="lambda",
        doc="Returns a function of its arguments: `lambda x: x ** 2`, `x ** 2`, or a name such as `print`. A tuple "
        "travels on as several arguments.",
        params=(
            Param(
                name="func",
                type="expression",
                default="lambda x: x",
                doc="The function, in checked Python.",
                required=True,
            ),
        ),
        source="fluxion.layers.Lambda",
    ),
]
