//! Places of a plan by id or by name.

use konbit_mission::Mission;
use std::collections::BTreeMap;

/// Heads of a column of places.
pub(crate) const PLACES: [&str; 6] = ["place", "site", "base", "site_or_base", "id", "post"];

/// What stands or starts somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Post,
    Force,
    Patrol,
}

impl Kind {
    /// The kind of a row; `None` where nothing is said.
    pub(crate) fn read(text: &str, known: &[Self]) -> Result<Option<Self>, String> {
        let text = text.to_lowercase();
        if text.is_empty() {
            return Ok(None);
        }
        let found = known.iter().find(|kind| kind.word() == text);
        found.copied().map(Some).ok_or_else(|| {
            let words: Vec<&str> = known.iter().map(|kind| kind.word()).collect();
            match words.as_slice() {
                [one, other] => format!("{text:?} is neither {one} nor {other}; write one of the two"),
                _ => format!("{text:?} is none of {}; write one of them", words.join(", ")),
            }
        })
    }

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Post => "post",
            Self::Force => "force",
            Self::Patrol => "patrol",
        }
    }
}

/// A place of a plan, by its index among those of its sort.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Site(u32),
    Base(u32),
    Patrol(u32),
}

impl Place {
    /// What can stand there.
    pub(crate) fn kind(self) -> Kind {
        match self {
            Self::Site(_) => Kind::Post,
            Self::Base(_) => Kind::Force,
            Self::Patrol(_) => Kind::Patrol,
        }
    }
}

/// Text as it is compared with other text.
pub(crate) fn fold(text: &str) -> String {
    text.to_lowercase().split_whitespace().collect::<Vec<_>>().join(" ")
}

/// All places of a plan.
pub(crate) struct Places<'a> {
    by_id: BTreeMap<&'a str, Vec<Place>>,
    by_name: BTreeMap<String, Vec<(&'a str, Place)>>,
    has_patrols: bool,
}

impl<'a> Places<'a> {
    /// The sites and bases of a plan in the order of its problem.
    pub(crate) fn new(
        mission: &Mission,
        sites: impl Iterator<Item = &'a str>,
        bases: impl Iterator<Item = &'a str>,
    ) -> Self {
        let mut places = Self { by_id: BTreeMap::new(), by_name: BTreeMap::new(), has_patrols: false };
        for (ix, id) in (0u32..).zip(sites) {
            places.put(id, mission.sites.get(id).map(|site| site.value.name.as_str()), Place::Site(ix));
        }
        for (ix, id) in (0u32..).zip(bases) {
            places.put(id, mission.bases.get(id).map(|base| base.value.name.as_str()), Place::Base(ix));
        }
        places
    }

    /// The same with patrols: id, and name where it has one.
    pub(crate) fn with_patrols<'b>(mut self, patrols: impl Iterator<Item = (&'a str, Option<&'b str>)>) -> Self {
        self.has_patrols = true;
        for (ix, (id, name)) in (0u32..).zip(patrols) {
            self.put(id, name, Place::Patrol(ix));
        }
        self
    }

    fn put(&mut self, id: &'a str, name: Option<&str>, place: Place) {
        self.by_id.entry(id).or_default().push(place);
        if let Some(name) = name {
            self.by_name.entry(fold(name)).or_default().push((id, place));
        }
    }

    /// The place of an id, or of a name where only one is called so. Where places of different sorts share it, the kind
    /// decides.
    pub(crate) fn find(&self, text: &str, kind: Option<Kind>) -> Result<Place, String> {
        if let Some(places) = self.by_id.get(text) {
            let wanted = places.iter().find(|place| kind.is_some_and(|kind| place.kind() == kind));
            return Ok(*wanted.unwrap_or(&places[0]));
        }
        let called = self.by_name.get(&fold(text)).map(Vec::as_slice).unwrap_or_default();
        let called: Vec<&(&str, Place)> =
            called.iter().filter(|(_, place)| kind.is_none_or(|kind| place.kind() == kind)).collect();
        match called.as_slice() {
            [(_, place)] => Ok(*place),
            [] => {
                let what = if self.has_patrols { "site, base or patrol" } else { "site or base" };
                Err(format!("no {what} of the plan has the id or name {text:?}; look it up in the list of sites"))
            }
            several => {
                let ids: Vec<&str> = several.iter().take(5).map(|(id, _)| *id).collect();
                Err(format!("{} places are called {text:?}; give an id, such as {}", several.len(), ids.join(", ")))
            }
        }
    }
}

/// What is said of a row whose kind does not fit its place.
pub(crate) fn misplaced(text: &str, place: Place) -> String {
    match place {
        Place::Site(_) => format!("{text:?} is a site, and only a post stands at one; write post"),
        Place::Base(_) => format!("{text:?} is a base, and only reaction forces wait at one; write force"),
        Place::Patrol(_) => format!("{text:?} is a patrol; write patrol"),
    }
}
