//! The built binary, tried as its users try it: over HTTP and in a browser. Everything is in `tests/it`.
