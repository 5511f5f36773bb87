//! What a reader asks of the pages of a plan, as it stands in their addresses.

use super::{SiteRow, category_word, posture_word};
use crate::format;
use konbit_base::PCode;
use konbit_desk::Figure;
use konbit_protect::Posture;
use serde::{Deserialize, Deserializer};

/// Most pairs of an address that are read.
const PAIRS_MAX: usize = 400;

/// What a reader may ask for: another force or other figures, and which rows of the table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ProtectionQuery {
    /// People in the force, for a plan that is not adopted; the plan in force if nothing is asked.
    pub personnel: String,
    /// Share of attempts by adversaries who watch, 0 to 1.
    pub alpha: String,
    /// Seed of the draws.
    pub seed: String,
    /// Changed figures by name, and posts that are demanded (`post`) or demanded no more (`no_post`).
    pub changes: Vec<(String, String)>,
    /// Only sites of this posture.
    pub posture: String,
    /// Only sites of this category.
    pub category: String,
    /// Only sites in this administrative area.
    pub area: String,
    /// Only sites whose name, kind or id holds this text.
    pub text: String,
    /// Page of the table, from 1.
    pub page: String,
    /// `1` where the reader asks for what takes long.
    pub compute: String,
    /// First of two plans to compare.
    pub a: String,
    /// Second of two plans to compare.
    pub b: String,
}

/// Serde reads the pairs of an address in their order, so that one name may stand several times.
impl<'de> Deserialize<'de> for ProtectionQuery {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<(String, String)>::deserialize(deserializer).map(Self::from_pairs)
    }
}

impl ProtectionQuery {
    /// Reads the pairs of an address; what is not known is left out.
    pub fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        let mut query = Self::default();
        for (name, value) in pairs.into_iter().take(PAIRS_MAX) {
            let field = match name.as_str() {
                "personnel" => &mut query.personnel,
                "alpha" => &mut query.alpha,
                "seed" => &mut query.seed,
                "posture" => &mut query.posture,
                "category" => &mut query.category,
                "area" => &mut query.area,
                "text" => &mut query.text,
                "page" => &mut query.page,
                "compute" => &mut query.compute,
                "a" => &mut query.a,
                "b" => &mut query.b,
                "post" | "no_post" => {
                    query.change(name, &value);
                    continue;
                }
                other => {
                    if Figure::parse(other).is_some_and(|figure| !figure.is_of_week()) {
                        query.change(name, &value);
                    }
                    continue;
                }
            };
            *field = value;
        }
        query
    }

    fn change(&mut self, name: String, value: &str) {
        if !value.trim().is_empty() {
            self.changes.push((name, value.trim().to_owned()));
        }
    }

    /// Whether another plan than the one in force is asked for.
    pub fn asks_what_if(&self) -> bool {
        !self.changes.is_empty()
            || [&self.personnel, &self.alpha, &self.seed].iter().any(|value| !value.trim().is_empty())
    }

    /// The part that asks for another plan.
    pub fn what_if_pairs(&self) -> Vec<(&str, &str)> {
        let own = [("personnel", self.personnel.trim()), ("alpha", self.alpha.trim()), ("seed", self.seed.trim())];
        own.into_iter().chain(self.changes.iter().map(|(name, value)| (name.as_str(), value.as_str()))).collect()
    }

    /// The same question with these pairs in place of those of their name; an empty value takes them out.
    pub fn with<'a>(&'a self, pairs: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let replaced = |name: &str| pairs.iter().any(|(other, _)| *other == name);
        let kept = self.what_if_pairs().into_iter().filter(|(name, _)| !replaced(name));
        kept.chain(pairs.iter().copied()).filter(|(_, value)| !value.is_empty()).collect()
    }

    /// The address of a page that shows the same question.
    pub fn address(&self, path: &str) -> String {
        format::address(path, &self.what_if_pairs())
    }

    pub(super) fn filter_pairs(&self) -> [(&str, &str); 4] {
        [("posture", &self.posture), ("category", &self.category), ("area", &self.area), ("text", &self.text)]
    }

    pub(super) fn pairs(&self) -> Vec<(&str, &str)> {
        self.what_if_pairs().into_iter().chain(self.filter_pairs()).collect()
    }

    pub(super) fn is_filtered(&self) -> bool {
        self.filter_pairs().iter().any(|(_, value)| !value.is_empty())
    }

    /// Whether a row is kept.
    pub fn keeps(&self, row: &SiteRow<'_>) -> bool {
        let text = format::fold(self.text.trim());
        let site = row.site;
        let posture = match self.posture.as_str() {
            "" => true,
            "guarded" => matches!(row.plan.posture, Posture::Always | Posture::Sometimes),
            wanted => posture_word(row.plan.posture) == wanted,
        };
        let names = [
            site.name.as_str(),
            site.name_local.as_deref().unwrap_or_default(),
            site.id.as_str(),
            &site.kind.replace('_', " "),
        ];
        posture
            && (self.category.is_empty() || category_word(site.category) == self.category)
            && PCode::new(&self.area)
                .ok()
                .is_none_or(|area| site.area.as_ref().is_some_and(|code| code.is_within(&area)))
            && (text.is_empty() || names.iter().any(|name| format::fold(name).contains(&text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> ProtectionQuery {
        ProtectionQuery::from_pairs(
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        )
    }

    #[test]
    fn an_address_gives_back_the_question_it_was_made_from() {
        let query = read(&[
            ("personnel", "1050"),
            ("floor.school", " 0.2 "),
            ("post", "a"),
            ("post", "b"),
            ("decay", ""),
            ("unknown", "x"),
            ("posture", "open"),
        ]);
        let address = query.address("/protection");
        assert_eq!(address, "/protection?personnel=1050&floor.school=0.2&post=a&post=b");
        let again: Vec<(&str, &str)> =
            address.split_once('?').unwrap().1.split('&').map(|pair| pair.split_once('=').unwrap()).collect();
        assert_eq!(read(&again).what_if_pairs(), query.what_if_pairs());
        assert!(query.asks_what_if() && read(&[("static", "0.7")]).asks_what_if());
        assert!(!read(&[("decay", " "), ("unknown", "1"), ("posture", "open")]).asks_what_if());
        let fewer = query.with(&[("personnel", ""), ("alpha", "1")]);
        assert_eq!(fewer, [("floor.school", "0.2"), ("post", "a"), ("post", "b"), ("alpha", "1")]);
    }
}
