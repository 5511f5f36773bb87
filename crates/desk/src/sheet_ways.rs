//! What a sheet needs to know of ways: the slots before it, and minutes between all places of them.

use crate::draw::DrawnSlot;
use crate::roads::RoadQuestion;
use crate::sheet::{drawn_tasks, place};
use crate::travel::{NO_WAY_MINUTES, minutes_between};
use crate::{Desk, Moment, zone};
use jiff::civil::{DateTime, time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use konbit_base::LatLon;
use konbit_mission::Mission;
use konbit_mission::draws::Draw;
use konbit_protect::WeekSchedule;
use konbit_roads::profile::Weather;
use std::collections::{BTreeMap, BTreeSet};

/// A slot, and what stands in it.
pub(crate) struct Stood {
    /// When it begins, local time.
    pub begins: DateTime,
    /// Its place in the week.
    pub place: Option<usize>,
    /// Whether units travel as by night.
    pub night: bool,
    /// The schedule, overrides applied.
    pub stands: WeekSchedule,
    /// Sections whose duty ends with it.
    pub ends_duty: BTreeSet<String>,
}

/// Minutes between places, by day and by night.
pub(crate) struct Ways {
    index: BTreeMap<LatLon, usize>,
    bases: BTreeMap<String, usize>,
    by_day: Vec<Vec<u32>>,
    by_night: Vec<Vec<u32>>,
    /// What they rest on, as a sentence.
    pub basis: String,
}

impl Ways {
    /// Number of a place; one beyond all for a place that is not known.
    pub fn place(&self, at: Option<LatLon>) -> usize {
        at.and_then(|at| self.index.get(&at)).copied().unwrap_or(self.by_day.len())
    }

    /// Number of the place of a base.
    pub fn base(&self, id: &str) -> usize {
        self.bases.get(id).copied().unwrap_or(self.by_day.len())
    }

    /// Whether a place is known.
    pub fn is_known(&self, place: usize) -> bool {
        place < self.by_day.len()
    }

    /// Minutes from place to place: 0 where one is not known, [`NO_WAY_MINUTES`] where no road leads.
    pub fn minutes(&self, from: usize, to: usize, night: bool) -> u32 {
        let table = if night { &self.by_night } else { &self.by_day };
        table.get(from).and_then(|row| row.get(to)).copied().unwrap_or(0)
    }

    /// The same, `None` where no road leads.
    pub fn known_minutes(&self, from: usize, to: usize, night: bool) -> Option<u32> {
        Some(self.minutes(from, to, night)).filter(|minutes| *minutes < NO_WAY_MINUTES)
    }
}

impl Desk {
    /// The slot of a sheet, and before it those that were drawn from the same plan without a gap, from
    /// the midnight before the day of the slot; the earliest first. A slot before of which the key or
    /// the moves of an override are not there is a gap.
    pub(crate) fn stood(&self, mission: &Mission, slot: &DrawnSlot) -> Vec<Stood> {
        let zone = zone(mission, self.config());
        let day = slot.draw.start.to_zoned_datetime(zone.clone()).date();
        let from = zone.to_timestamp(day.saturating_sub(1.day()).to_datetime(time(0, 0, 0, 0)));
        let from = from.unwrap_or(Timestamp::MIN);
        let by_end: BTreeMap<Timestamp, &Draw> = mission.draws.values().map(|draw| (draw.end, draw)).collect();
        let mut plans = BTreeMap::from([(slot.draw.plan.clone(), slot.plan.clone())]);
        let mut all = vec![stood(mission, &zone, &slot.draw, slot, slot.stands.clone())];
        let mut start = slot.draw.start;
        while let Some(draw) = by_end.get(&start).filter(|draw| draw.plan == slot.draw.plan && draw.start >= from) {
            let Ok((_, _, stands, _)) = self.drawn_schedule(mission, draw, &mut plans) else { break };
            all.push(stood(mission, &zone, draw, slot, stands));
            start = draw.start;
        }
        all.reverse();
        all
    }

    /// Minutes between all places of some slots and all bases of the roster, on the roads as they were
    /// when the plan was put in force, so that a sheet stays what it was when it was printed.
    pub(crate) fn ways(&self, mission: &Mission, slot: &DrawnSlot, stood: &[Stood]) -> Ways {
        let data = &slot.plan.document.problem;
        let tasks = stood.iter().flat_map(|at| drawn_tasks(data, &at.stands));
        let mut places: BTreeSet<LatLon> = tasks.filter_map(|task| place(mission, &task)).collect();
        let position = |id: &str| mission.bases.get(id).map(|base| base.value.position);
        let homes: BTreeMap<&str, Option<LatLon>> = slot
            .plan
            .roster
            .problem
            .sections
            .iter()
            .map(|section| (section.base.as_str(), position(&section.base)))
            .collect();
        places.extend(homes.values().flatten());
        let places: Vec<LatLon> = places.into_iter().collect();
        let index: BTreeMap<LatLon, usize> = places.iter().copied().zip(0..).collect();
        let home = |(id, at): (&str, Option<LatLon>)| Some((id.to_owned(), *index.get(&at?)?));
        let bases = homes.into_iter().filter_map(home).collect();
        let Some(planning) = mission.planning.values().next() else {
            return Ways {
                index: BTreeMap::new(),
                bases: BTreeMap::new(),
                by_day: Vec::new(),
                by_night: Vec::new(),
                basis: "ways are not known: the mission has no planning figures".to_owned(),
            };
        };
        let entry = slot.plan.adopted.entries.last().and_then(|ix| self.entry(*ix).ok().flatten());
        let moment = self.moment(mission, entry.map_or(slot.draw.start, |view| view.entry.at));
        let by = |night: bool| {
            let weather = Weather { night, ..Weather::default() };
            let roads = self.roads_now(mission, &RoadQuestion { weather, ..RoadQuestion::at(moment) }).ok().flatten();
            (minutes_between(planning, &places, roads.as_ref()), roads.is_some())
        };
        let ((by_day, has_roads), (by_night, _)) = (by(false), by(true));
        Ways { index, bases, by_day, by_night, basis: basis(has_roads, moment) }
    }
}

fn basis(has_roads: bool, moment: Moment) -> String {
    if has_roads {
        format!("ways are by road, as reported on {}; eight trips in ten take no longer", moment.day)
    } else {
        "ways are by the great circle and the judged detour and speed: the mission has no roads".to_owned()
    }
}

fn stood(mission: &Mission, zone: &TimeZone, draw: &Draw, slot: &DrawnSlot, stands: WeekSchedule) -> Stood {
    let begins = draw.start.to_zoned_datetime(zone.clone()).datetime();
    let figures = mission.week_figures.values().next();
    let minute = u32::from(begins.hour().unsigned_abs()) * 60 + u32::from(begins.minute().unsigned_abs());
    let place = figures.and_then(|figures| figures.place(begins.weekday(), minute));
    let night = figures.and_then(|figures| figures.slots.iter().find(|kind| kind.id.as_str() == draw.slot));
    let roster = &slot.plan.roster;
    let ends = |week: &&konbit_roster::SectionRoster| {
        let slots = week.activities.len();
        place.is_some_and(|place| {
            week.duties
                .iter()
                .any(|duty| (duty.slot + duty.slots) as usize % slots.max(1) == (place + 1) % slots.max(1))
        })
    };
    let ends_duty = roster.sections.iter().filter(ends).map(|week| week.id.clone()).collect();
    Stood { begins, place, night: night.is_some_and(|kind| kind.night), stands, ends_duty }
}
