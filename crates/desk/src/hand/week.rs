//! A plan of the week as a table: `slot,schedule,probability,contingent,kind,place,count,stops`.

use super::HAND_SCHEDULES_MAX;
use super::places::{Kind, PLACES, Place, Places, fold, misplaced};
use super::shares::{Share, whole_shares};
use super::table::{Faults, HandFault, Row, Table, count};
use crate::week::patrol_of;
use konbit_mission::Mission;
use konbit_mission::week::WeekFigures;
use konbit_protect::{Contingent, PatrolArea, Route, SlotSeats, WeekData, WeekSchedule};
use std::collections::BTreeMap;

/// Most posts, forces and patrols of a table, counted in every kind of slot that its rows stand for.
const PLACED_MAX: usize = 600_000;
/// What stands for every kind of slot.
const EVERY: &str = "*";

/// A plan of the week made by hand, in the indices of a problem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeekHandPlan {
    /// For each kind of slot its schedules; probabilities sum to the denominator exactly.
    pub schedules: Vec<Vec<WeekSchedule>>,
    /// What the table calls each of them.
    pub names: Vec<Vec<String>>,
}

/// Where the columns stand.
struct Columns {
    slot: Option<usize>,
    schedule: Option<usize>,
    probability: Option<usize>,
    contingent: Option<usize>,
    kind: Option<usize>,
    places: Vec<usize>,
    count: Option<usize>,
    stops: Option<usize>,
}

#[derive(Default)]
struct Draft {
    name: String,
    share: Share,
    posts: BTreeMap<u32, u32>,
    forces: Vec<(u32, u32)>,
    duties: BTreeMap<u32, u32>,
    routes: Vec<Route>,
}

/// Column and message of a mistake.
type Wrong = (&'static str, String);

/// A stop as it is written: index of the site, arrival, departure, and the site's words.
type Stop<'t> = (u32, u32, u32, &'t str);

/// What a row places, before it is known by whom and in which kind of slot.
struct Placed<'t> {
    text: &'t str,
    place: Place,
    number: u32,
    stops: Vec<Stop<'t>>,
    contingent: Option<u32>,
}

struct Reader<'a> {
    data: &'a WeekData,
    figures: Option<&'a WeekFigures>,
    places: Places<'a>,
    /// Ids of patrols: those that choose their round, then those with a fixed one.
    patrols: Vec<&'a str>,
    faults: Faults,
    drafts: Vec<Vec<Draft>>,
    by_name: Vec<BTreeMap<String, usize>>,
    placed: usize,
}

/// Reads a table. A row without a slot, or with `*`, stands for one in every kind of slot; the contingent may be left
/// out where only one may do what the row says. Slots, contingents and places are ids, or names where only one is called
/// so. A patrol's stops are written `SITE 10-25; SITE 40-60`, in minutes from the beginning of the slot.
pub fn read_week_hand(mission: &Mission, data: &WeekData, bytes: &[u8]) -> Result<WeekHandPlan, Vec<HandFault>> {
    let table = Table::read(bytes)?;
    let columns = Columns {
        slot: table.column("slot"),
        schedule: table.column("schedule"),
        probability: table.column("probability"),
        contingent: table.column("contingent"),
        kind: table.column("kind"),
        places: table.columns(&[PLACES.as_slice(), &["patrol"]].concat())?,
        count: table.column("count"),
        stops: table.column("stops"),
    };
    let mut reader = Reader::new(mission, data);
    for row in table.rows() {
        reader.row(&row, &columns)?;
        if reader.faults.are_many() {
            break;
        }
    }
    reader.finish()
}

impl<'a> Reader<'a> {
    fn new(mission: &'a Mission, data: &'a WeekData) -> Self {
        let figures = mission.week_figures.values().next();
        let mut patrols: Vec<&str> = Vec::new();
        let areas = data.areas.iter().map(|area| patrol_of(&area.id));
        for id in areas.chain(data.duties.iter().map(|duty| duty.id.as_str())) {
            if !patrols.contains(&id) {
                patrols.push(id);
            }
        }
        let name = |id: &str| {
            let held = figures?.patrols.iter().find(|patrol| patrol.id.as_str() == id)?;
            Some(held.name.as_str())
        };
        let sites = data.sites.iter().map(|site| site.id.as_str());
        let bases = data.bases.iter().map(|base| base.id.as_str());
        let places = Places::new(mission, sites, bases).with_patrols(patrols.iter().map(|id| (*id, name(id))));
        Self {
            data,
            figures,
            places,
            patrols,
            faults: Faults::default(),
            drafts: data.slots.iter().map(|_| Vec::new()).collect(),
            by_name: vec![BTreeMap::new(); data.slots.len()],
            placed: 0,
        }
    }

    /// A row in every kind of slot that it stands for; the reason where the table is too large.
    fn row(&mut self, row: &Row<'_>, columns: &Columns) -> Result<(), Vec<HandFault>> {
        let read = self.slots(row.cell(columns.slot)).and_then(|slots| Ok((slots, self.read(row, columns)?)));
        let (slots, placed) = match read {
            Ok(read) => read,
            Err((column, message)) => {
                self.faults.put(row.number, column, message);
                // The schedule is there, so that its probability is not missed.
                (self.slots(row.cell(columns.slot)).unwrap_or_default(), None)
            }
        };
        let before = self.faults.count();
        let name = Some(row.cell(columns.schedule)).filter(|name| !name.is_empty()).unwrap_or("1");
        for slot in slots {
            let known = self.drafts[slot].len();
            let at = *self.by_name[slot].entry(name.to_owned()).or_insert(known);
            if at == known {
                if self.drafts.iter().map(Vec::len).sum::<usize>() >= HAND_SCHEDULES_MAX {
                    let message = format!("the table has more than {HAND_SCHEDULES_MAX} schedules; merge some");
                    return Err(Faults::whole(message));
                }
                self.drafts[slot].push(Draft { name: name.to_owned(), ..Draft::default() });
            }
            self.drafts[slot][at].share.read(row.number, row.cell(columns.probability), name, &mut self.faults);
            if let Some(Err((column, message))) = placed.as_ref().map(|placed| self.put(slot, at, placed)) {
                self.faults.put(row.number, column, message);
            }
            // What is wrong in one kind of slot is mostly wrong in all.
            if self.faults.count() > before {
                break;
            }
        }
        if self.placed > PLACED_MAX {
            let message = format!("the table places more than {PLACED_MAX} posts, forces and patrols; leave out some");
            return Err(Faults::whole(message));
        }
        Ok(())
    }

    fn slots(&self, text: &str) -> Result<Vec<usize>, Wrong> {
        let all = 0..self.data.slots.len();
        if text.is_empty() || text == EVERY {
            return Ok(all.collect());
        }
        let wanted = fold(text);
        let is = |at: &usize| {
            fold(&self.data.slots[*at].id) == wanted || fold(slot_name(self.figures, self.data, *at)) == wanted
        };
        let named: Vec<usize> = all.filter(is).collect();
        if named.len() == 1 {
            return Ok(named);
        }
        let ids: Vec<&str> = self.data.slots.iter().map(|slot| slot.id.as_str()).collect();
        Err(("slot", format!("{text:?} is no kind of slot; write {}, or {EVERY} for every kind", ids.join(", "))))
    }

    /// What a row places; `None` where it places nothing.
    fn read<'t>(&self, row: &'t Row<'_>, columns: &Columns) -> Result<Option<Placed<'t>>, Wrong> {
        let contingent = self.contingent(row.cell(columns.contingent))?;
        let (text, stops) = (row.first(&columns.places), row.cell(columns.stops));
        if text.is_empty() {
            return if stops.is_empty() {
                Ok(None)
            } else {
                Err(("place", "stops without a patrol; write the patrol's id".to_owned()))
            };
        }
        let known = [Kind::Post, Kind::Force, Kind::Patrol];
        let kind = Kind::read(row.cell(columns.kind), &known).map_err(|why| ("kind", why))?;
        let number = count(row.cell(columns.count)).map_err(|why| ("count", why))?;
        let place = self.places.find(text, kind).map_err(|why| ("place", why))?;
        let is_patrol = place.kind() == Kind::Patrol;
        if kind.is_some_and(|kind| kind != place.kind()) {
            return Err(("kind", misplaced(text, place)));
        }
        if number != 1 && place.kind() == Kind::Post {
            return Err(("count", "a site has one post or none; leave the count out or write 1".to_owned()));
        }
        if !is_patrol && !stops.is_empty() {
            return Err(("stops", format!("{text:?} is not a patrol, and only patrols make stops; leave them out")));
        }
        Ok(Some(Placed { text, place, number, stops: self.stops(stops)?, contingent }))
    }

    /// The contingent of a row; `None` where it says none.
    fn contingent(&self, text: &str) -> Result<Option<u32>, Wrong> {
        if text.is_empty() {
            return Ok(None);
        }
        let wanted = fold(text);
        let all = (0u32..).zip(&self.data.contingents);
        let mut named = all
            .filter(|(at, crew)| fold(&crew.id) == wanted || fold(crew_name(self.figures, self.data, *at)) == wanted);
        if let (Some((at, _)), None) = (named.next(), named.next()) {
            return Ok(Some(at));
        }
        let ids: Vec<&str> = self.data.contingents.iter().map(|crew| crew.id.as_str()).collect();
        Err(("contingent", format!("{text:?} is no contingent; write {}", ids.join(", "))))
    }

    /// The stops of a patrol, in order.
    fn stops<'t>(&self, text: &'t str) -> Result<Vec<Stop<'t>>, Wrong> {
        let minutes = |text: &str| {
            let (from, until) = text.split_once(['-', '\u{2013}'])?;
            Some((from.parse::<u32>().ok()?, until.parse::<u32>().ok()?))
        };
        let one = |stop: &'t str| {
            let read =
                stop.rsplit_once(char::is_whitespace).and_then(|(site, text)| Some((site.trim(), minutes(text)?)));
            let (site, (from, until)) = read.ok_or_else(|| {
                format!("{stop:?} is not a stop; write the site and its minutes, such as hos-hueh 10-25")
            })?;
            match self.places.find(site, Some(Kind::Post))? {
                Place::Site(ix) => Ok((ix, from, until, site)),
                Place::Base(_) | Place::Patrol(_) => Err(format!("{site:?} is not a site; patrols stop at sites")),
            }
        };
        let stops = text.split([';', '|']).map(str::trim).filter(|stop| !stop.is_empty());
        stops.map(one).collect::<Result<_, String>>().map_err(|why| ("stops", why))
    }

    fn put(&mut self, slot: usize, at: usize, placed: &Placed<'_>) -> Result<(), Wrong> {
        let task = self.task(slot, placed)?;
        let contingent = match placed.contingent {
            Some(contingent) => contingent,
            None => self.only_one(slot, placed, &task)?,
        };
        self.placed += placed.number as usize * placed.stops.len().max(1);
        let draft = &mut self.drafts[slot][at];
        let twice = match task {
            Task::Post(site) => draft.posts.insert(site, contingent).is_some(),
            Task::Force(base) => {
                draft.forces.extend(std::iter::repeat_n((base, contingent), placed.number as usize));
                false
            }
            Task::Duty(duty) => placed.number > 1 || draft.duties.insert(duty, contingent).is_some(),
            Task::Round(area) => {
                let stops = placed.stops.iter().map(|&(site, from, until, _)| (site, from, until)).collect();
                let route = Route { area, contingent, stops };
                draft.routes.extend(std::iter::repeat_n(route, placed.number as usize));
                false
            }
        };
        if twice {
            let (text, name, slot) = (placed.text, &draft.name, &self.data.slots[slot].id);
            return Err(("place", format!("{text:?} stands in schedule {name:?} of {slot} twice; keep one")));
        }
        Ok(())
    }

    /// What is done where, in a kind of slot.
    fn task(&self, slot: usize, placed: &Placed<'_>) -> Result<Task, Wrong> {
        let id = match placed.place {
            Place::Site(site) => return Ok(Task::Post(site)),
            Place::Base(base) => return Ok(Task::Force(base)),
            Place::Patrol(patrol) => self.patrols[patrol as usize],
        };
        let here = u32::try_from(slot).expect("few slots");
        let open = |area: &PatrolArea| area.slots.as_ref().is_none_or(|slots| slots.contains(&here));
        let areas = || (0u32..).zip(&self.data.areas).filter(|(_, area)| patrol_of(&area.id) == id);
        // Where it goes in no form in this kind of slot, it is scored by the ways of another.
        let area = areas().find(|(_, area)| open(area)).or_else(|| areas().next());
        if let Some((ix, area)) = area {
            return match round_fault(id, area, self.data.slots[slot].minutes, &placed.stops) {
                Some(why) => Err(("stops", why)),
                None => Ok(Task::Round(ix)),
            };
        }
        if !placed.stops.is_empty() {
            return Err(("stops", format!("the round of {id:?} is fixed; leave its stops out")));
        }
        let fixed = (0u32..).zip(&self.data.duties).find(|(_, duty)| duty.id == id);
        Ok(Task::Duty(fixed.expect("a patrol chooses its round or has a fixed one").0))
    }

    /// The only contingent that may do a thing in a kind of slot.
    fn only_one(&self, slot: usize, placed: &Placed<'_>, task: &Task) -> Result<u32, Wrong> {
        let kind = &self.data.slots[slot];
        let named = |list: Option<&Vec<u32>>, ix: u32| list.is_none_or(|list| list.contains(&ix));
        let may = |crew: &Contingent, part: &SlotSeats| match *task {
            Task::Post(site) => part.posts && named(crew.sites.as_ref(), site),
            Task::Force(base) => part.forces && named(crew.bases.as_ref(), base),
            Task::Duty(duty) => part.patrols && named(crew.duties.as_ref(), duty),
            Task::Round(area) => part.patrols && named(crew.areas.as_ref(), area),
        };
        let crews = (0u32..).zip(self.data.contingents.iter().zip(&kind.seats));
        let able: Vec<(u32, &str)> =
            crews.filter(|(_, (crew, part))| may(crew, part)).map(|(at, (crew, _))| (at, crew.id.as_str())).collect();
        let (text, slot) = (placed.text, &kind.id);
        match able.as_slice() {
            [(one, _)] => Ok(*one),
            [] => {
                let message = format!(
                    "no contingent may do this at {text:?} in {slot}; name the one that is to do it all the same"
                );
                Err(("contingent", message))
            }
            several => {
                let ids: Vec<&str> = several.iter().map(|(_, id)| *id).collect();
                Err(("contingent", format!("{} may do this at {text:?} in {slot}; write one of them", ids.join(", "))))
            }
        }
    }

    fn finish(mut self) -> Result<WeekHandPlan, Vec<HandFault>> {
        let without: Vec<&str> = self
            .drafts
            .iter()
            .zip(&self.data.slots)
            .filter(|(list, _)| list.is_empty())
            .map(|(_, slot)| slot.id.as_str())
            .collect();
        if self.faults.count() == 0 && without.len() == self.data.slots.len() {
            self.faults.put(0, "", "the table has no rows below its head; add at least one".to_owned());
        } else if self.faults.count() == 0 && !without.is_empty() {
            let message = format!(
                "no row says what stands in {}; add rows, write {EVERY} for every kind of slot, or a row with nothing but the slot where nobody is out",
                without.join(", ")
            );
            self.faults.put(0, "slot", message);
        }
        let mut probabilities = Vec::new();
        for (slot, list) in self.data.slots.iter().zip(&self.drafts).filter(|(_, list)| !list.is_empty()) {
            let shares: Vec<(&str, Share)> = list.iter().map(|draft| (draft.name.as_str(), draft.share)).collect();
            probabilities.push(whole_shares(&shares, &format!(" of {}", slot.id), &mut self.faults));
        }
        let drafts = self.drafts;
        self.faults.or(|| {
            let names = drafts.iter().map(|list| list.iter().map(|draft| draft.name.clone()).collect()).collect();
            let slot =
                |(list, shares): (Vec<Draft>, Vec<u64>)| list.into_iter().zip(shares).map(Draft::schedule).collect();
            WeekHandPlan { schedules: drafts.into_iter().zip(probabilities).map(slot).collect(), names }
        })
    }
}

/// What is done.
enum Task {
    Post(u32),
    Force(u32),
    Duty(u32),
    Round(u32),
}

impl Draft {
    fn schedule((mut draft, probability): (Self, u64)) -> WeekSchedule {
        draft.forces.sort_unstable();
        draft.routes.sort_unstable();
        WeekSchedule {
            probability,
            posts: draft.posts.into_iter().collect(),
            forces: draft.forces,
            duties: draft.duties.into_iter().collect(),
            routes: draft.routes,
        }
    }
}

/// Why a patrol cannot go as it is written, whatever the roads are like.
fn round_fault(id: &str, area: &PatrolArea, length: u32, stops: &[Stop<'_>]) -> Option<String> {
    if stops.is_empty() {
        return Some(format!("patrol {id:?} goes nowhere; write its stops, such as hos-hueh 10-25; apt-pap 40-60"));
    }
    let (mut last, mut time) = (None, 0);
    for &(site, from, until, text) in stops {
        if area.sites.binary_search(&site).is_err() {
            return Some(format!(
                "{text:?} is not among the sites that patrol {id:?} goes to, so no way there is known"
            ));
        }
        if last == Some(site) {
            return Some(format!("{text:?} stands twice in a row; write one stop"));
        }
        if until < from || until > length {
            return Some(format!("{text:?} {from}-{until} does not fit a slot of {length} minutes"));
        }
        if from < time {
            return Some(format!("{text:?} begins at minute {from}, and the stop before it ends at minute {time}"));
        }
        (last, time) = (Some(site), until);
    }
    None
}

/// Name of a kind of slot, or its id.
pub(crate) fn slot_name<'a>(figures: Option<&'a WeekFigures>, data: &'a WeekData, slot: usize) -> &'a str {
    let id = data.slots[slot].id.as_str();
    let held = figures.and_then(|figures| figures.slots.iter().find(|held| held.id.as_str() == id));
    held.map_or(id, |held| held.name.as_str())
}

/// Name of a contingent, or its id.
pub(crate) fn crew_name<'a>(figures: Option<&'a WeekFigures>, data: &'a WeekData, contingent: u32) -> &'a str {
    let id = data.contingents[contingent as usize].id.as_str();
    let held = figures.and_then(|figures| figures.contingents.iter().find(|held| held.id.as_str() == id));
    held.map_or(id, |held| held.name.as_str())
}

/// Name of the patrol of an area, or its id.
pub(crate) fn patrol_name<'a>(figures: Option<&'a WeekFigures>, area: &'a str) -> &'a str {
    let id = patrol_of(area);
    let held = figures.and_then(|figures| figures.patrols.iter().find(|held| held.id.as_str() == id));
    held.map_or(id, |held| held.name.as_str())
}
