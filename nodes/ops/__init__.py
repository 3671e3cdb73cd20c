"""The torch side of the kinds that `torch.nn` has no module for. Declarations name these classes by string."""
