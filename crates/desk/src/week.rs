//! From the mission's data to the problem of the week: slots, contingents with their rosters and
//! caveats, groups who watch, patrols on the roads.
//!
//! Every site, base, attempt and effect is the one of the one-slot problem ([`prepare()`]); what is
//! new comes from the figures of the week. What cannot be used is named, never dropped silently.

use crate::prepare::{Assumptions, PrepareError, prepare};
use crate::roads::{RoadQuestion, RoadsNow};
use crate::travel::minutes_between;
use crate::week_reach::ContingentReach;
use crate::{Desk, DeskError, Moment};
use jiff::civil::Date;
use konbit_base::{Finding, LatLon, Severity};
use konbit_mission::Mission;
use konbit_mission::protection::{Planning, SiteId};
use konbit_mission::situation::Area;
use konbit_mission::week::{
    ContingentFigures, DutyRules, GroupFigures, PatrolFigures, SlotFigures, Use, WeekAssumptions, WeekFigures,
};
use konbit_protect::{
    AREA_SITES_MAX, Contingent, Group, PPM, PatrolArea, ProblemData, ProblemSite, ROUTE_MINUTES_MAX, Reach, SlotKind,
    SlotSeats, Week, WeekData, WeekSite,
};
use konbit_roads::profile::Weather;
use konbit_roster::{Roster, RosterData, Rules, Section};
use std::sync::Arc;

/// The problem of the week, the roster that its seats come from, and what was left out.
#[derive(Debug, Clone)]
pub struct PreparedWeek {
    /// The problem, validated and hashed.
    pub week: Week,
    /// The roster.
    pub roster: Arc<Roster>,
    /// The kind of every slot of a week that begins on Monday at midnight.
    pub grid: Vec<usize>,
    /// What could not be used, and why.
    pub left_out: Vec<Finding>,
}

/// What one problem of the week is made from.
struct Making<'a> {
    mission: &'a Mission,
    planning: &'a Planning,
    figures: &'a WeekFigures,
    assumptions: &'a WeekAssumptions,
    reach: &'a ContingentReach,
    /// The one-slot problem by day.
    day: &'a ProblemData,
    today: Date,
    left_out: Vec<Finding>,
}

impl Desk {
    /// Makes the problem of the week, and its roster.
    ///
    /// # Errors
    /// [`DeskError::Prepare`] where figures are missing or do not make a problem.
    pub fn prepare_week(
        &self,
        mission: &Mission,
        assumptions: &WeekAssumptions,
        moment: Moment,
    ) -> Result<PreparedWeek, DeskError> {
        let planning = mission.planning.values().next().ok_or(PrepareError::NoPlanning)?;
        let figures = mission.week_figures.values().next().ok_or(PrepareError::NoWeek)?;
        let grid: Option<Vec<usize>> = figures.grid().into_iter().collect();
        let grid = grid.ok_or_else(|| PrepareError::Week(figures.fault().unwrap_or_default()))?;
        let chosen = Assumptions { alpha_ppm: assumptions.alpha_ppm, ..Assumptions::default() };
        let by = |weather| RoadQuestion { weather, ..RoadQuestion::at(moment) };
        let dark = Weather { night: true, ..Weather::default() };
        let reach = self.reach_of_contingents(mission, planning, figures, [&RoadQuestion::at(moment), &by(dark)])?;
        let day = prepare(mission, reach.by_day(), chosen, moment)?;
        let night = prepare(mission, reach.by_night(), chosen, moment)?;
        let mut making = Making {
            mission,
            planning,
            figures,
            assumptions,
            reach: &reach,
            day: day.problem.data(),
            today: moment.day,
            left_out: day.left_out,
        };
        let roster = self.roster_for(mission, &making.roster(&grid))?;
        let mut areas = Vec::new();
        for patrol in &figures.patrols {
            for weather in [Weather::default(), dark] {
                let slots = making.slots_of(patrol, weather.night);
                if slots.is_empty() {
                    continue;
                }
                let question = RoadQuestion { profile: patrol.profile.clone(), ..by(weather) };
                let roads = self.roads_now(mission, &question)?;
                areas.extend(making.area(patrol, slots, weather.night, roads.as_ref()));
            }
        }
        let data = making.data(&grid, &roster, night.problem.data(), areas);
        let week = Week::new(data).map_err(PrepareError::from)?;
        Ok(PreparedWeek { week, roster, grid, left_out: making.left_out })
    }

    /// The roster of a problem: the one held or in force, if it is for the same.
    fn roster_for(&self, mission: &Mission, data: &RosterData) -> Result<Arc<Roster>, DeskError> {
        let problem =
            konbit_roster::Problem::new(data.clone()).map_err(|error| PrepareError::Week(error.to_string()))?;
        let mut held = self.rosters_held();
        if let Some(roster) = held.iter().find(|roster| roster.problem_hash == problem.hash()) {
            return Ok(Arc::clone(roster));
        }
        let in_force = mission.week_in_force().and_then(|plan| self.roster_of(plan).ok());
        let in_force = in_force.filter(|roster| {
            roster.problem_hash == problem.hash() && konbit_roster::check_roster(&problem, roster).is_empty()
        });
        let made = in_force.unwrap_or_else(|| {
            konbit_roster::roster(&problem, &konbit_roster::Options::default(), &konbit_roster::Watch::none())
        });
        let made = Arc::new(made);
        held.insert(0, Arc::clone(&made));
        held.truncate(ROSTERS_MAX);
        Ok(made)
    }
}

/// Rosters that are remembered.
const ROSTERS_MAX: usize = 4;

impl Making<'_> {
    fn finding(&mut self, code: &str, message: String) {
        self.left_out.push(Finding::in_file(Severity::Warning, code, "", message));
    }

    fn personnel(&self, crew: &ContingentFigures) -> u32 {
        self.assumptions.personnel.get(crew.id.as_str()).copied().unwrap_or(crew.personnel)
    }

    /// Sections of every contingent, and the seats that are wanted of it in every slot: its strength
    /// by the relief factor, times what the kind of slot asks for.
    fn roster(&self, grid: &[usize]) -> RosterData {
        let relief = u64::from(narrow(self.planning.relief_factor_milli.best).max(1));
        let wanted = |people: u32, kind: &SlotFigures| narrow(u64::from(people) * u64::from(kind.duty_milli) / relief);
        let contingent = |crew: &ContingentFigures| konbit_roster::Contingent {
            id: crew.id.to_string(),
            demand: grid.iter().map(|kind| wanted(self.personnel(crew), &self.figures.slots[*kind])).collect(),
        };
        let mut sections = Vec::new();
        for (contingent, crew) in (0u32..).zip(&self.figures.contingents) {
            let (people, size) = (self.personnel(crew), crew.section_persons.max(1));
            for number in 0..people.div_ceil(size) {
                sections.push(Section {
                    id: format!("{}-{:02}", crew.id, number + 1),
                    contingent,
                    base: crew.base.to_string(),
                    persons: size.min(people - number * size),
                    travel_minutes: crew.travel_minutes,
                    leave: Vec::new(),
                });
            }
        }
        RosterData {
            slot_minutes: self.figures.slot_minutes,
            weights: vec![1; grid.len()],
            kinds: grid.iter().map(|kind| narrow(*kind as u64)).collect(),
            contingents: self.figures.contingents.iter().map(contingent).collect(),
            sections,
            rules: rules(self.figures.rules),
        }
    }

    fn kind_of(&self, id: &str) -> &str {
        self.mission.sites.get(id).map_or("", |site| &site.value.kind)
    }

    fn is_lost(&self, id: &str) -> bool {
        self.assumptions.lost_sites.iter().any(|lost| lost.as_str() == id)
    }

    /// Contingents that have people.
    fn crews(&self) -> impl Iterator<Item = &ContingentFigures> {
        self.figures.contingents.iter().filter(|crew| self.personnel(crew) > 0)
    }

    /// Whether how far some contingent serves has a limit.
    fn has_reach(&self) -> bool {
        self.figures.contingents.iter().any(|crew| crew.reach_minutes.is_some())
    }

    /// Whether a contingent may man a post at a site, as far as its caveat and its reach go.
    fn serves_at(&self, crew: &ContingentFigures, id: &str) -> bool {
        let Some(site) = self.mission.sites.get(id) else { return false };
        crew.serves_in(site.value.area.as_ref()) && self.reach.reach_site(crew, &site.value.id)
    }

    /// Sites where a contingent may man a post; `None` where it may everywhere.
    fn sites_of(&self, crew: &ContingentFigures) -> Option<Vec<u32>> {
        if serves_everywhere(crew) && self.assumptions.lost_sites.is_empty() {
            return None;
        }
        let sites = (0u32..).zip(&self.day.sites);
        let may = |id: &str| !self.is_lost(id) && self.serves_at(crew, id);
        Some(sites.filter(|(_, site)| may(&site.id)).map(|(index, _)| index).collect())
    }

    /// Whether a contingent may be used from a base, as far as its caveat and its reach go.
    fn serves_from(&self, crew: &ContingentFigures, id: &str) -> bool {
        let base = self.mission.bases.get(id).map(|base| &base.value);
        crew.serves_in(base.and_then(|base| base.area.as_ref()))
            && base.is_some_and(|base| self.reach.reach_base(crew, &base.id))
    }

    fn contingent(&self, crew: &ContingentFigures, areas: &[PatrolArea]) -> Contingent {
        let bases = (0u32..).zip(&self.day.bases).filter(|(_, base)| self.serves_from(crew, &base.id));
        let free = serves_everywhere(crew);
        let patrols = (0u32..).zip(areas).filter(|(_, area)| {
            let patrol = self.figures.patrols.iter().find(|patrol| patrol_of(&area.id) == patrol.id.as_str());
            patrol.is_some_and(|patrol| self.serves_from(crew, patrol.base.as_str()))
        });
        Contingent {
            id: crew.id.to_string(),
            sites: self.sites_of(crew),
            bases: (!free).then(|| bases.map(|(index, _)| index).collect()),
            duties: None,
            areas: (!free).then(|| patrols.map(|(index, _)| index).collect()),
        }
    }

    /// Sites within the reach of a group: near the areas in force that bear one of its names.
    fn group(&mut self, group: &GroupFigures, in_force: &[&Area]) -> Group {
        let whole = Group { id: group.id.to_string(), share_ppm: group.share_ppm, sites: None };
        if group.areas_of.is_empty() {
            return whole;
        }
        let names = |area: &Area| {
            let held = area.group.as_deref().unwrap_or_default();
            held.split(';').any(|name| group.areas_of.iter().any(|own| own == name.trim()))
        };
        let own: Vec<&&Area> = in_force.iter().filter(|area| names(area)).collect();
        let near = |at: LatLon| {
            let within = |area: &&Area| at.distance_m(area.position) <= f64::from(area.radius_m + group.reach_m);
            own.iter().any(|area| within(area))
        };
        let sites = (0u32..).zip(&self.day.sites).filter(|(_, site)| site.position.is_some_and(near));
        let sites: Vec<u32> = sites.map(|(index, _)| index).collect();
        if sites.is_empty() {
            self.finding(
                "group-without-reach",
                format!(
                    "no site is within reach of group {}, so it is taken to reach every site; import the areas of {}, or widen its reach",
                    group.id,
                    group.areas_of.join(", ")
                ),
            );
            return whole;
        }
        Group { sites: Some(sites), ..whole }
    }

    /// Kinds of slot in which a patrol is open, by day or by night.
    fn slots_of(&self, patrol: &PatrolFigures, night: bool) -> Vec<u32> {
        let open = |slot: &SlotFigures| patrol.slots.is_empty() || patrol.slots.contains(&slot.id);
        let kinds = (0u32..).zip(&self.figures.slots);
        kinds.filter(|(_, slot)| slot.night == night && open(slot)).map(|(index, _)| index).collect()
    }

    /// Where a patrol may go, and how long ways take.
    fn area(
        &mut self,
        patrol: &PatrolFigures,
        slots: Vec<u32>,
        night: bool,
        roads: Option<&RoadsNow>,
    ) -> Option<PatrolArea> {
        let Some(base) = self.mission.bases.get(patrol.base.as_str()) else {
            if !night {
                self.finding(
                    "patrol-without-base",
                    format!("patrol {} starts from base {}, which there is not; import it", patrol.id, patrol.base),
                );
            }
            return None;
        };
        let from = base.value.position;
        let near = |site: &ProblemSite| {
            let kind = patrol.kinds.is_empty() || patrol.kinds.iter().any(|kind| kind == self.kind_of(&site.id));
            kind && site.position.is_some_and(|at| at.distance_m(from) <= f64::from(patrol.radius_m))
        };
        let mut sites: Vec<(u32, &ProblemSite)> =
            (0u32..).zip(&self.day.sites).filter(|(_, site)| near(site)).collect();
        sites.sort_by_key(|(index, site)| {
            (std::cmp::Reverse(u128::from(site.value_milli) * u128::from(site.attempts_micro)), *index)
        });
        let wanted = |id: &str| self.figures.slots.iter().any(|slot| self.visits(slot, id));
        // What must be visited comes first, whatever it is worth.
        sites.sort_by_key(|(_, site)| !wanted(&site.id));
        sites.truncate((patrol.sites_max as usize).min(AREA_SITES_MAX));
        sites.sort_by_key(|(index, _)| *index);
        let places: Vec<LatLon> =
            [from].into_iter().chain(sites.iter().filter_map(|(_, site)| site.position)).collect();
        let lost = self.assumptions.lost_patrols.contains(&patrol.id);
        Some(PatrolArea {
            id: if night { format!("{}{NIGHT}", patrol.id) } else { patrol.id.to_string() },
            seats: patrol.seats,
            patrols_max: if lost { 0 } else { patrol.patrols_max },
            sites: sites.iter().map(|(index, _)| *index).collect(),
            travel_minutes: minutes_between(self.planning, &places, roads),
            stay_minutes_min: patrol.stay_minutes_min,
            stay_minutes_max: patrol.stay_minutes_max,
            slots: Some(slots),
        })
    }

    fn visits(&self, slot: &SlotFigures, id: &str) -> bool {
        slot.visit_kinds.iter().any(|kind| kind == self.kind_of(id))
            || slot.visit_sites.iter().any(|site| site.as_str() == id)
    }

    /// For each site whether somebody may man a post there, as far as caveats and reach go.
    fn manned(&self) -> Vec<bool> {
        self.day.sites.iter().map(|site| self.crews().any(|crew| self.serves_at(crew, &site.id))).collect()
    }

    /// The most protection that each site can be given, in millionths: all, where it is `manned` or a patrol comes by;
    /// else the effect of the best force; none where the post is lost. Without a reach nothing is too far.
    fn attainable(&self, reach: &[Reach], areas: &[PatrolArea], manned: &[bool]) -> Vec<u32> {
        let has_reach = self.has_reach();
        let is_served = |base: &str| self.crews().any(|crew| self.serves_from(crew, base));
        let mut most: Vec<u32> = manned.iter().map(|manned| if *manned || !has_reach { PPM } else { 0 }).collect();
        let bases: Vec<bool> = self.day.bases.iter().map(|base| is_served(&base.id)).collect();
        for way in reach.iter().filter(|way| bases[way.base as usize]) {
            let best = &mut most[way.site as usize];
            *best = (*best).max(way.effect_ppm);
        }
        for area in areas {
            let patrol = self.figures.patrols.iter().find(|patrol| patrol_of(&area.id) == patrol.id.as_str());
            if patrol.is_some_and(|patrol| is_served(patrol.base.as_str())) {
                area.sites.iter().for_each(|site| most[*site as usize] = PPM);
            }
        }
        let lost = most.iter_mut().zip(&self.day.sites).filter(|(_, site)| self.is_lost(&site.id));
        lost.for_each(|(most, _)| *most = 0);
        most
    }

    fn slot(&self, index: usize, grid: &[usize], roster: &Roster, attainable: &[Vec<u32>]) -> SlotKind {
        let slot = &self.figures.slots[index];
        let table = usize::from(slot.night);
        let indices = |keep: &dyn Fn(&ProblemSite) -> bool| {
            (0u32..).zip(&self.day.sites).filter(|(_, site)| keep(site)).map(|(site, _)| site).collect::<Vec<u32>>()
        };
        // A floor that nobody can keep cannot be promised; it is named among what was left out.
        let floors = (0u32..).zip(&self.day.sites).map(|(index, site)| (index, self.floor_in(slot, site)));
        let floors = floors.filter(|(site, floor)| *floor > 0 && *floor <= attainable[table][*site as usize]);
        let on_duty = |contingent: usize| {
            let seats = grid.iter().zip(&roster.seats[contingent].seats);
            seats.filter(|(kind, _)| **kind == index).map(|(_, seats)| *seats).min().unwrap_or(0)
        };
        let may = |crew: &ContingentFigures, from: Use| {
            !crew
                .exclusions
                .iter()
                .any(|out| out.from == from && (out.slots.is_empty() || out.slots.contains(&slot.id)))
        };
        let seats = self.figures.contingents.iter().enumerate().map(|(contingent, crew)| SlotSeats {
            seats: on_duty(contingent),
            posts: may(crew, Use::Posts),
            forces: may(crew, Use::Forces),
            patrols: may(crew, Use::Patrols),
        });
        let number = u32::try_from(index).expect("few kinds of slot");
        SlotKind {
            id: slot.id.to_string(),
            count: u32::try_from(grid.iter().filter(|kind| **kind == index).count()).expect("slots of a week"),
            minutes: self.figures.slot_minutes.min(ROUTE_MINUTES_MAX),
            values: number,
            attempts: number,
            reach: u32::from(slot.night),
            floors: floors.collect(),
            posts: indices(&|site| site.mandatory && !self.is_lost(&site.id)),
            visits: indices(&|site| self.visits(slot, &site.id)),
            seats: seats.collect(),
        }
    }

    /// The floor of a site in a kind of slot, in millionths: less where fewer of its people are there.
    fn floor_in(&self, slot: &SlotFigures, site: &ProblemSite) -> u32 {
        let share = u64::from(self.value_share(slot, &site.id).min(1_000));
        narrow(u64::from(site.floor_ppm) * share / 1_000)
    }

    fn value_share(&self, slot: &SlotFigures, id: &str) -> u32 {
        slot.value_milli.get(self.kind_of(id)).copied().unwrap_or(1_000)
    }

    fn data(&mut self, grid: &[usize], roster: &Roster, night: &ProblemData, areas: Vec<PatrolArea>) -> WeekData {
        self.name_what_is_lost();
        let reach = vec![self.day.reach.clone(), night.reach.clone()];
        let manned = self.manned();
        let attainable: Vec<Vec<u32>> = reach.iter().map(|table| self.attainable(table, &areas, &manned)).collect();
        self.name_what_is_beyond_reach(&manned, &attainable);
        let held: Vec<&Area> = self.mission.areas.values().filter(|area| area.is_in_force(self.today)).collect();
        let figures = self.figures;
        let groups = figures.groups.iter().map(|group| self.group(group, &held)).collect();
        let total: u64 = grid.iter().map(|kind| figures.slots[*kind].attempts_milli.best).sum();
        let attempts = |slot: &SlotFigures| {
            let part = |micro: u64| {
                rounded(u128::from(micro) * u128::from(slot.attempts_milli.best), u128::from(total.max(1)))
            };
            self.day.sites.iter().map(|site| part(site.attempts_micro)).collect()
        };
        let values = |slot: &SlotFigures| {
            let part = |site: &ProblemSite| {
                site.value_milli.saturating_mul(u64::from(self.value_share(slot, &site.id))) / 1_000
            };
            self.day.sites.iter().map(part).collect()
        };
        let mut bases = self.day.bases.clone();
        for base in &mut bases {
            if self.assumptions.lost_bases.iter().any(|lost| lost.as_str() == base.id) {
                base.forces_max = 0;
            }
        }
        let site = |site: &ProblemSite| WeekSite { id: site.id.clone(), seats: site.seats, position: site.position };
        WeekData {
            sites: self.day.sites.iter().map(site).collect(),
            bases,
            contingents: figures.contingents.iter().map(|crew| self.contingent(crew, &areas)).collect(),
            groups,
            duties: Vec::new(),
            areas,
            values_milli: figures.slots.iter().map(values).collect(),
            attempts_micro: figures.slots.iter().map(attempts).collect(),
            reach,
            slots: (0..figures.slots.len()).map(|index| self.slot(index, grid, roster, &attainable)).collect(),
            static_effect_ppm: self.day.static_effect_ppm,
            patrol_effect_ppm: narrow(figures.patrol_effect_ppm.best).min(PPM),
            alpha_ppm: self.day.alpha_ppm,
            watched_attempts_micro: self.day.watched_attempts_micro,
        }
    }

    /// Contingents of which it is not known where they live, sites where nobody can man a post since they live too far
    /// away, and floors that are not asked for because of it.
    fn name_what_is_beyond_reach(&mut self, manned: &[bool], attainable: &[Vec<u32>]) {
        if !self.has_reach() {
            return;
        }
        let unknown = self.figures.contingents.iter();
        for crew in unknown.filter(|crew| crew.reach_minutes.is_some() && !self.reach.knows(crew)) {
            let (id, base) = (&crew.id, &crew.base);
            let message = format!(
                "contingent {id} lives at base {base}, which there is not, so it is planned without its reach; import the base"
            );
            self.finding("reach-without-base", message);
        }
        let all = self.day.sites.len();
        let sites = || self.day.sites.iter().enumerate().filter(|(_, site)| !self.is_lost(&site.id));
        let beyond: Vec<&str> = sites().filter(|(at, _)| !manned[*at]).map(|(_, site)| site.id.as_str()).collect();
        let is_unkept = |at: usize, site: &ProblemSite| {
            let most = |slot: &SlotFigures| attainable[usize::from(slot.night)][at];
            self.figures.slots.iter().any(|slot| self.floor_in(slot, site) > most(slot))
        };
        let unkept: Vec<&str> =
            sites().filter(|(at, site)| is_unkept(*at, site)).map(|(_, site)| site.id.as_str()).collect();
        let mut found = Vec::new();
        if !beyond.is_empty() {
            let (count, some) = (beyond.len(), some_of(&beyond));
            let message = format!(
                "no post can stand at {count} of {all} sites, which lie within the reach of no contingent that may serve \
                 there: {some}; widen a reach, or let people live nearer by"
            );
            found.push(("sites-beyond-reach", message));
        }
        if !unkept.is_empty() {
            let (count, some) = (unkept.len(), some_of(&unkept));
            let message =
                format!("the floor of {count} sites is not asked for where nobody within reach could keep it: {some}");
            found.push(("floors-beyond-reach", message));
        }
        for (code, message) in found {
            self.finding(code, message);
        }
    }

    fn name_what_is_lost(&mut self) {
        let asked = |id: &SiteId| {
            let site = self.day.sites.iter().find(|site| site.id == id.as_str());
            site.map_or((false, false), |site| (site.mandatory, site.floor_ppm > 0))
        };
        let lost: Vec<_> = self.assumptions.lost_sites.iter().map(|id| (id.clone(), asked(id))).collect();
        for (id, (is_mandatory, has_floor)) in lost {
            if is_mandatory {
                let message = format!("a post must stand at {id}, and none can: it is planned without");
                self.finding("mandatory-post-lost", message);
            }
            if has_floor {
                let message = format!("{id} has a floor that is not asked for while its post is lost");
                self.finding("floor-of-lost-post", message);
            }
        }
        let unknown: Vec<String> = self
            .figures
            .slots
            .iter()
            .flat_map(|slot| &slot.visit_sites)
            .filter(|id| !self.day.sites.iter().any(|site| site.id == id.as_str()))
            .map(ToString::to_string)
            .collect();
        for id in unknown {
            self.finding(
                "visit-unknown",
                format!("site {id} must be visited, but it is not planned for; import it with a position"),
            );
        }
    }
}

/// The first of many names.
fn some_of(names: &[&str]) -> String {
    const NAMED: usize = 5;
    let more = if names.len() > NAMED { " and others" } else { "" };
    format!("{}{more}", names[..names.len().min(NAMED)].join(", "))
}

/// Whether neither caveat nor reach says where a contingent may be used.
fn serves_everywhere(crew: &ContingentFigures) -> bool {
    crew.areas.is_empty() && crew.reach_minutes.is_none()
}

/// What marks the form of a patrol that goes by night.
const NIGHT: &str = "@night";

/// The patrol of an area, without the mark of the night.
pub fn patrol_of(area: &str) -> &str {
    area.strip_suffix(NIGHT).unwrap_or(area)
}

/// Minutes and shares as the roster has them.
fn rules(rules: DutyRules) -> Rules {
    Rules {
        rest_minutes_min: rules.rest_minutes_min,
        long_rest_minutes_min: rules.long_rest_minutes_min,
        day_minutes_max: rules.day_minutes_max,
        week_minutes_max: rules.week_minutes_max,
        duty_minutes_min: rules.duty_minutes_min,
        duty_minutes_max: rules.duty_minutes_max,
        away_share_ppm: rules.away_share_ppm,
    }
}

fn narrow(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Rounded half up.
fn rounded(value: u128, by: u128) -> u64 {
    u64::try_from((value + by / 2) / by).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_a_document_without_any_are_the_rosters_own() {
        assert_eq!(rules(DutyRules::default()), Rules::default());
    }
}
