"""What mouse and keys do on the canvas, for the list of keys; commands with a shortcut are in `app.actions`."""

GESTURES: tuple[tuple[str, str], ...] = (
    ("Add a node", "drag it from the palette onto a wire, into a frame or onto the canvas; double-click it"),
    ("Add a node here", "double-click where nothing is, and type"),
    ("Wire", "drag from a port to a port; those that could take the wire wear a ring"),
    ("Wire by key", "W, go to the other node with arrows or Ctrl+F, Enter"),
    ("Add a node at the end of a wire", "drag from an outlet to where nothing is, and type"),
    ("Cut a wire", "drag its end off the inlet"),
    ("Cut several wires", "Ctrl+right drag, or Y+drag, across them"),
    ("Put an Identity on a wire", "Alt+click it"),
    ("Move, reorder, splice", "drag the node to another place, frame or wire; hold Alt, and no wire catches it"),
    ("Pull a node out of its wires", "Alt+drag it, or shake it while dragging; onto the canvas does so too"),
    ("Select", "click; Shift+click adds, Ctrl+click adds or takes away; drag a box"),
    ("Select nothing, or give up a drag", "Esc"),
    ("Go to the neighbours, the frame around, the first child", "Left and Right, Up, Down"),
    ("Go to what runs next or before, through frames", "PgDn, PgUp"),
    ("Select more by key", "Shift with arrows, PgDn or PgUp; going back takes it away again"),
    ("Edit the selected node", "Enter, or double-click it"),
    ("Fold or unfold a frame", "click its arrow, or double-click its head"),
    ("Show each of folded repeats", "click their count, × N; a click on the node selects all of them"),
    ("Pan", "middle drag, Space+drag, or Alt+drag where no node is"),
    ("Zoom", "wheel or pinch; two fingers pan, with Ctrl they zoom. View > Wheel chooses"),
    ("Go elsewhere", "click or drag in the minimap; click a frame in the bar above the canvas"),
    ("Menu of a node", "right click, or the menu key"),
    ("Who writes and reads a context key", "point at its chip; a click pins it, a right click has its menu"),
    ("Move a node in the outline", "drag its line, or Alt+Up and Alt+Down"),
)
"""What is done, and how."""
