"""Definitions that written code for Refiners may need beside the classes of its layers, by name."""

from textwrap import dedent

TEXTS: dict[str, str] = {
    "named": '''
        def named(name: str) -> Any:
            """A decorator that renames a class: Fluxion calls layers, and thereby weights, by the names of classes."""

            def rename(cls: type) -> type:
                cls.__name__ = name
                return cls

            return rename
    ''',
    "Returned": '''
        class Returned(BaseException):
            """What a Return hands to the Chain, Residual or Passthrough around it; nobody catches that of Fluxion's."""

            def __init__(self, value: Any) -> None:
                super().__init__()
                self.value = value
    ''',
    "Return": '''
        class Return(fl.Module):
            """Ends the Chain, Residual or Passthrough around it with what it receives."""

            def forward(self, x: Any) -> Any:
                raise Returned(x)
    ''',
    "Breakpoint": '''
        class Breakpoint(fl.Module):
            """Passes its arguments on: the editor pauses here."""

            def forward(self, *args: Any) -> Any:
                return args[0] if len(args) == 1 else args or None
    ''',
    "adopted": '''
        def adopted(name: str, made: Any, arguments: dict[str, Any], path: str = "") -> nn.Module:
            """A module of others, or a part of one, as a layer of Fluxion with this name."""
            whole = deepcopy(made) if isinstance(made, nn.Module) else made(**arguments)
            module = whole.get_submodule(path)
            module.__class__ = type(name, (type(module), fl.Module), {})
            return module
    ''',
    "share": '''
        def share(model: fl.Chain, place: str, original: str) -> None:
            """Let the layer at one path stand at another as well."""
            frame, _, name = place.rpartition(".")
            model.get_submodule(frame)._modules[name] = model.get_submodule(original)
    ''',
}
SNIPPETS = {name: dedent(text).strip() for name, text in TEXTS.items()}
