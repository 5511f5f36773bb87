//! What both file formats are read into: nodes, ways and relations, one at a time.

use super::ImportError;

/// Most nodes of one way; OpenStreetMap itself allows 2,000.
pub(super) const WAY_NODES_MAX: usize = 100_000;
/// Most members of one relation; OpenStreetMap itself allows 32,000.
pub(super) const MEMBERS_MAX: usize = 500_000;
/// Most tags of one element; the rest of the world stays below 1,000.
pub(super) const TAGS_MAX: usize = 10_000;

/// Which elements a pass over the file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    Relations,
    Ways,
    Nodes,
}

/// Keys and values.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tags<'a>(pub(super) &'a [(&'a str, &'a str)]);

impl<'a> Tags<'a> {
    pub(super) fn get(self, key: &str) -> Option<&'a str> {
        self.0.iter().find(|(k, _)| *k == key).map(|(_, v)| *v)
    }

    pub(super) fn is(self, key: &str, value: &str) -> bool {
        self.get(key) == Some(value)
    }

    /// The first of the keys that is there.
    pub(super) fn first(self, keys: &[&str]) -> Option<&'a str> {
        keys.iter().find_map(|key| self.get(key))
    }
}

/// Kind of a relation's member.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MemberKind {
    Node,
    Way,
    Relation,
}

/// A member of a relation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member<'a> {
    pub(super) kind: MemberKind,
    pub(super) id: i64,
    pub(super) role: &'a str,
}

/// One element. Positions are in nano-degrees, as the file has them: they may lie off the Earth.
#[derive(Debug, Clone, Copy)]
pub(super) enum Element<'a> {
    Node { id: i64, lat: i64, lon: i64, tags: Tags<'a> },
    Way { id: i64, refs: &'a [i64], tags: Tags<'a> },
    Relation { id: i64, members: &'a [Member<'a>], tags: Tags<'a> },
}

/// Receives each element of a pass.
pub(super) type Visit<'v> = dyn FnMut(Element<'_>) -> Result<(), ImportError> + 'v;

/// Refuses an element that is too large to be meant.
pub(super) fn within(what: &'static str, count: usize, limit: usize) -> Result<(), ImportError> {
    if count > limit { Err(ImportError::TooMany { what, limit }) } else { Ok(()) }
}
