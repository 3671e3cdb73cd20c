"""What the user edits. Standard library, networkx and msgspec only."""
