"""The only torch in the engine: lowers a graph, runs it, and shows what its nodes produced."""
