//! What the mission is: who authorised it, who leads it, where.

use crate::table::Record;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// The mission as a whole. One record; a new one replaces it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// Name of the mission.
    pub name: String,
    /// Country it works in, ISO 3166-1 alpha-3.
    pub host: String,
    /// Name of that country.
    pub host_name: String,
    /// State that leads it, ISO 3166-1 alpha-3, if named.
    pub lead: Option<String>,
    /// Name of that State.
    pub lead_name: Option<String>,
    /// Symbol of the resolution that authorises it, such as `S/RES/2699 (2023)`.
    pub resolution: String,
    /// IANA time zone of the host country.
    pub time_zone: String,
    /// Languages the mission works in, as BCP 47 tags.
    pub languages: Vec<String>,
    /// The day the data describes, where it is a fixed picture of the past.
    pub as_of: Option<Date>,
    /// A sentence that every page shows, such as what an example is and is not.
    pub disclaimer: Option<String>,
}

impl Record for Declaration {
    const SUBJECT: &'static str = "mission";
    fn id(&self) -> &'static str {
        "mission"
    }
    fn title(&self) -> String {
        self.name.clone()
    }
}
