//! Studies of a plan: what more force buys, what the judgements decide, how two plans differ, a plan made by hand.

mod compare;
mod force;
mod hand;
mod judged;

pub use compare::{Choice, Side, compare, differences};
pub use force::{ForcePage, Named, fifty, force, places, reverse, steps, units};
pub use hand::{HandPage, HandSays, by_hand};
pub use judged::{AlphaColumn, Sensitive, alpha, sensitivity, sensitivity_lead, sensitivity_table};

use crate::geo::site_href;
use konbit_mission::Mission;
use maud::{Markup, html};

/// Name of a site with a link to its page; its id where the record does not have it any more.
pub fn site_link(mission: &Mission, id: &str) -> Markup {
    html! {
        @match mission.sites.get(id) {
            Some(site) => a href=(site_href(id)) { (site.value.name) },
            None => (id),
        }
    }
}

/// Name of a base; its id where the record does not have it any more.
pub fn base_name(mission: &Mission, id: &str) -> String {
    mission.bases.get(id).map_or_else(|| id.to_owned(), |base| base.value.name.clone())
}
