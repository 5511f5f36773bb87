//! What the simulation has found, as the shortest lists that show it.
