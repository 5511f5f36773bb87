//! Entries that programs send.
