"""An import as a whole: Python code that is named becomes a graph, and its tensors a .safetensors file."""

import hashlib
from collections.abc import Callable
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from engine import messages
from engine.document import edits, files
from engine.document.disk import FileError
from engine.document.edits import SetWeights
from engine.document.graph import Weights
from engine.document.kinds import Catalogue
from engine.messages import FromWorker, Import, Importing, ImportStructure, Log
from engine.runtime.foreign import ForeignError, Write, made, to_terminal
from engine.runtime.importing import Imported, import_tree
from engine.runtime.placeholders import Origin
from engine.runtime.preview import printable
from engine.runtime.skeleton import import_structure
from engine.runtime.trusted import Trusted


def import_named(
    name: str,
    arguments: str,
    catalogue: Catalogue,
    with_weights: bool = False,
    folder: Path | None = None,
    write: Write = to_terminal,
) -> Imported:
    """The graph of the module that `name`, "module:attribute", is or makes when called with `arguments`, as JSON.

    It runs that code, with all the rights of the user. Without weights, what takes a `device` is made without memory
    for them. A module that is not where Python looks may lie in `folder`. Raises ForeignError.
    """
    trusted = Trusted(frozenset({name}), folder, write)
    try:
        model = made(name, trusted.find(name), arguments, not with_weights, write)
        return import_tree(model, catalogue, Origin(name, arguments), write)
    finally:
        trusted.forget()


def answer(message: Import | ImportStructure, catalogue: Catalogue, send: Callable[[FromWorker], None]) -> None:
    """Import what a message asks for. What the code prints goes to the log."""
    try:
        if isinstance(message, ImportStructure):
            found = import_structure(Path(message.path), catalogue, in_place=True)
        else:
            send(Importing(f"Running the code of {message.name}"))
            folder = Path(message.folder) if message.folder else None
            found = import_named(
                message.name,
                message.arguments,
                catalogue,
                bool(message.weights),
                folder,
                lambda text: send(Log(0, printable(text))),
            )
            if message.weights:
                send(Importing(f"Writing {len(found.weights)} tensors to {message.weights}"))
                save_weights(found, Path(message.weights))
        send(messages.Imported(files.dump(found.graph), tuple(map(printable, found.notes)), found.placeholders))
    except (ForeignError, FileError) as error:
        send(messages.Imported(error=printable(str(error))))


def save(imported: Imported, file: Path, with_weights: bool) -> None:
    """Write the graph, and with `with_weights` its tensors to a .safetensors file of the same name beside it.

    Either both are written or none. Raises FileError, and ForeignError when the tensors have no values.
    """
    if not with_weights:
        files.save(imported.graph, file, None)
        return
    weights = file.with_suffix(".safetensors")
    part = _write(imported, weights)
    try:
        files.save(imported.graph, file, None)
        part.replace(weights)
    finally:
        part.unlink(missing_ok=True)


def save_weights(imported: Imported, weights: Path) -> None:
    """Write the tensors to a .safetensors file, which the graph names from now on, as one in the graph's folder.

    Raises as `save` does.
    """
    part = _write(imported, weights)
    try:
        part.replace(weights)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise FileError(f"{weights} can't be written: {error}") from error


def _write(imported: Imported, weights: Path) -> Path:
    """The tensors in a file beside `weights`, ready to take its place; the graph names it by that place."""
    if any(tensor.is_meta for tensor in imported.weights.values()):
        raise ForeignError("its weights are on the meta device, where they have no values: import it without them")
    part = weights.with_name(f".{weights.name}.part")
    try:
        save_file(_separate(imported.weights), part)
        with part.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except (OSError, SafetensorError) as error:
        part.unlink(missing_ok=True)
        raise FileError(f"{weights} can't be written: {error}") from error
    edits.apply(imported.graph, SetWeights(imported.graph.root, Weights(weights.name, digest)))
    return part


def _separate(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """Tensors that share no memory, each as large as its storage, as safetensors wants them."""
    found: dict[str, Tensor] = {}
    seen: set[int] = set()
    for path, tensor in weights.items():
        storage = tensor.untyped_storage()
        shares = storage.data_ptr() in seen or storage.nbytes() != tensor.nbytes
        seen.add(storage.data_ptr())
        found[path] = (tensor.clone() if shares else tensor).detach().contiguous()
    return found
