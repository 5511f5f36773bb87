//! Where a contingent can be used: what lies within its reach of the base it lives at.

use crate::roads::RoadQuestion;
use crate::travel::{Travel, minutes_between, turnout_tenths};
use crate::{Desk, DeskError};
use konbit_base::LatLon;
use konbit_mission::Mission;
use konbit_mission::protection::{BaseId, Planning, SiteId};
use konbit_mission::week::{ContingentFigures, WeekFigures};
use std::collections::BTreeMap;

/// Ways by day and by night, and which of them contingents serve within.
pub(crate) struct ContingentReach {
    /// From bases to sites.
    travel: [Travel; 2],
    /// Minutes from base to base, in the order of `bases`; empty where no contingent has a reach.
    between: [Vec<Vec<u32>>; 2],
    bases: BTreeMap<BaseId, usize>,
    /// Minutes from alarm to departure, which are in the times of `travel`, in tenths.
    turnout_tenths: u32,
}

impl ContingentReach {
    /// Ways from bases to sites by day.
    pub(crate) fn by_day(&self) -> &Travel {
        &self.travel[0]
    }

    /// Ways from bases to sites by night.
    pub(crate) fn by_night(&self) -> &Travel {
        &self.travel[1]
    }

    /// Whether it is known where a contingent lives.
    pub(crate) fn knows(&self, crew: &ContingentFigures) -> bool {
        self.bases.contains_key(&crew.base)
    }

    /// Minutes each way within which a contingent serves; `None` where it serves at any distance, as one does of
    /// which nobody knows where it lives.
    fn limit(&self, crew: &ContingentFigures) -> Option<u32> {
        crew.reach_minutes.filter(|_| self.knows(crew))
    }

    /// Whether a contingent comes from where it lives to a site within its reach, by day and by night.
    pub(crate) fn reach_site(&self, crew: &ContingentFigures, site: &SiteId) -> bool {
        let Some(limit) = self.limit(crew) else { return true };
        self.travel.iter().all(|travel| {
            let way = travel.way(&crew.base, site);
            way.is_some_and(|way| way.minutes_tenths.saturating_sub(self.turnout_tenths) <= limit.saturating_mul(10))
        })
    }

    /// The same for a base.
    pub(crate) fn reach_base(&self, crew: &ContingentFigures, base: &BaseId) -> bool {
        let Some(limit) = self.limit(crew) else { return true };
        let Some(to) = self.bases.get(base) else { return false };
        self.between.iter().all(|minutes| minutes[self.bases[&crew.base]][*to] <= limit)
    }
}

impl Desk {
    /// How far the contingents of the week's figures come, under the roads of two questions: by day and by night.
    pub(crate) fn reach_of_contingents(
        &self,
        mission: &Mission,
        planning: &Planning,
        figures: &WeekFigures,
        questions: [&RoadQuestion; 2],
    ) -> Result<ContingentReach, DeskError> {
        let [day, night] = questions;
        let travel = [self.travel_if(mission, day)?, self.travel_if(mission, night)?];
        let mut between = [Vec::new(), Vec::new()];
        if figures.contingents.iter().any(|crew| crew.reach_minutes.is_some()) {
            let places: Vec<LatLon> = mission.bases.values().map(|base| base.position).collect();
            for (minutes, question) in between.iter_mut().zip(questions) {
                let roads = self.roads_now(mission, question)?;
                *minutes = minutes_between(planning, &places, roads.as_ref());
            }
        }
        let bases = mission.bases.values().enumerate().map(|(index, base)| (base.id.clone(), index)).collect();
        Ok(ContingentReach { travel, between, bases, turnout_tenths: turnout_tenths(planning) })
    }
}
