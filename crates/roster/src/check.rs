//! An independent look at a roster: every rule, in minutes on the line of time, and every figure
//! recounted. It shares no code with the search, only the problem's numbers.

use crate::plan::{Activity, Roster};
use crate::problem::{DAY_MINUTES, PPM, Problem, Section, WEEK_MINUTES};
use thiserror::Error;

/// A rule that a roster breaks, or a figure in it that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Broken {
    /// The roster is for another problem, or lists other sections or contingents.
    #[error("the roster is not for this problem: {0}")]
    Mismatch(String),
    /// A duty of a length that is not allowed.
    #[error("section {section:?} is on duty for {minutes} minutes from slot {slot}; allowed are {least} to {most}")]
    DutyLength {
        /// Id of the section.
        section: String,
        /// First slot of the duty.
        slot: u32,
        /// Its length.
        minutes: u32,
        /// Least length.
        least: u32,
        /// Most length.
        most: u32,
    },
    /// Too little rest between two duties.
    #[error("section {section:?} rests {minutes} minutes before its duty from slot {slot}; {least} are due")]
    Rest {
        /// Id of the section.
        section: String,
        /// First slot of the later duty.
        slot: u32,
        /// Rest, ways taken off; negative where the ways overlap.
        minutes: i64,
        /// Rest that is due.
        least: u32,
    },
    /// No long rest.
    #[error("section {section:?} has no rest longer than {minutes} minutes; one of {least} is due")]
    LongRest {
        /// Id of the section.
        section: String,
        /// Its longest rest.
        minutes: i64,
        /// Rest that is due.
        least: u32,
    },
    /// Too much work in 24 hours.
    #[error("section {section:?} works {minutes} minutes in the day that ends with slot {slot}; {most} are allowed")]
    DayWork {
        /// Id of the section.
        section: String,
        /// Last slot of the 24 hours.
        slot: u32,
        /// Work in them.
        minutes: u32,
        /// Work allowed.
        most: u32,
    },
    /// Too much work in the cycle.
    #[error("section {section:?} works {minutes} minutes in the cycle; {most} are allowed")]
    CycleWork {
        /// Id of the section.
        section: String,
        /// Its work.
        minutes: u64,
        /// Work allowed.
        most: u64,
    },
    /// Duty or a way in leave.
    #[error("section {section:?} works in slot {slot}, in which it is on leave")]
    Leave {
        /// Id of the section.
        section: String,
        /// The slot.
        slot: u32,
    },
    /// A figure that recounting does not give.
    #[error("{what} of {owner:?} is not what recounting gives")]
    Figure {
        /// What it is.
        what: &'static str,
        /// Whose.
        owner: String,
    },
}

/// Everything that is wrong with a roster; empty when it keeps all rules and its figures are right.
/// That its bound is right cannot be seen from the roster; that it is not above the value can.
pub fn check_roster(problem: &Problem, roster: &Roster) -> Vec<Broken> {
    let data = problem.data();
    let mut broken = Vec::new();
    let ids = roster.sections.iter().map(|s| &s.id).eq(data.sections.iter().map(|s| &s.id));
    let contingents = roster.seats.iter().map(|c| &c.id).eq(data.contingents.iter().map(|c| &c.id));
    if roster.problem_hash != problem.hash() || roster.problem != *data || !ids || !contingents {
        return vec![Broken::Mismatch("hash, sections or contingents differ".to_owned())];
    }
    let slots = data.weights.len();
    let shaped = roster.sections.iter().all(|s| {
        s.activities.len() == slots && s.duties.iter().all(|d| (d.slot as usize) < slots && d.slots as usize <= slots)
    });
    if !shaped || roster.seats.iter().any(|c| c.seats.len() != slots) {
        return vec![Broken::Mismatch("a list has not one entry for each slot".to_owned())];
    }
    let mut seats = vec![vec![0u32; slots]; data.contingents.len()];
    for (section, week) in data.sections.iter().zip(&roster.sections) {
        let line = Line::new(problem, section, week.duties.iter().map(|d| (d.slot, d.slots)));
        line.check(&mut broken);
        let away = (u64::from(section.persons) * u64::from(data.rules.away_share_ppm)).div_ceil(u64::from(PPM));
        let present = u64::from(section.persons) - away;
        let on: Vec<bool> = (0..slots).map(|slot| line.is_on(slot)).collect();
        let figures = [
            ("the number of persons present", u64::from(week.seats) == present && u64::from(week.away) == away),
            ("the work", u64::from(week.work_minutes) == line.work()),
            ("the list of activities", on.iter().zip(&week.activities).all(|(&on, a)| on == (*a == Activity::Duty))),
        ];
        for (what, _) in figures.into_iter().filter(|(_, right)| !right) {
            broken.push(Broken::Figure { what, owner: section.id.clone() });
        }
        for slot in (0..slots).filter(|&slot| on[slot]) {
            seats[section.contingent as usize][slot] += week.seats;
        }
    }
    check_figures(problem, roster, &seats, &mut broken);
    broken
}

fn check_figures(problem: &Problem, roster: &Roster, seats: &[Vec<u32>], broken: &mut Vec<Broken>) {
    let data = problem.data();
    let mut value = 0i64;
    let mut open = Vec::new();
    for (c, contingent) in data.contingents.iter().enumerate() {
        if roster.seats[c].seats != seats[c] {
            broken.push(Broken::Figure { what: "the number of seats", owner: contingent.id.clone() });
        }
        if roster.seats[c].kinds != by_kind(&data.kinds, &seats[c]) {
            broken.push(Broken::Figure { what: "the number of seats by kind", owner: contingent.id.clone() });
        }
        for (slot, &weight) in (0u32..).zip(&data.weights) {
            let (wanted, on_duty) = (contingent.demand[slot as usize], seats[c][slot as usize]);
            // What counts is the least of all slots of its kind, its own among them.
            let alike = data.kinds.iter().zip(&seats[c]).filter(|(kind, _)| **kind == data.kinds[slot as usize]);
            let counted = alike.map(|(_, seats)| *seats).min().unwrap_or(on_duty);
            // Seat number `seat` from 0 lies in the part `q` of `n` with wanted q / n <= seat.
            let part =
                |seat: u32, parts: u32| (1..parts).filter(|q| seat >= wanted * q / parts).map(|_| 1).sum::<i64>();
            let price = |seat: u32| {
                i64::from(weight)
                    * if data.kinds.is_empty() { 4 - part(seat, 4) } else { 2i64.pow(15) >> part(seat, 16) }
            };
            value += (counted.min(wanted)..wanted).map(price).sum::<i64>();
            if on_duty < wanted {
                open.push((contingent.id.as_str(), slot, wanted, on_duty));
            }
        }
    }
    let listed = roster.uncovered.iter().map(|u| (u.contingent.as_str(), u.slot, u.wanted, u.on_duty));
    if !listed.eq(open) {
        broken.push(Broken::Figure { what: "the list of open demand", owner: "the roster".to_owned() });
    }
    if roster.value != value || roster.bound > value {
        broken.push(Broken::Figure { what: "the value or the bound", owner: "the roster".to_owned() });
    }
}

/// The fewest seats of each kind, in one pass over the slots; 0 for a number no slot has.
fn by_kind(kinds: &[u32], seats: &[u32]) -> Vec<u32> {
    let mut least: Vec<Option<u32>> = Vec::new();
    for (&kind, &seats) in kinds.iter().zip(seats) {
        least.resize(least.len().max(kind as usize + 1), None);
        let entry = &mut least[kind as usize];
        *entry = Some(entry.map_or(seats, |least| least.min(seats)));
    }
    least.into_iter().map(Option::unwrap_or_default).collect()
}

/// The duties of one section as intervals of minutes from the start of the cycle.
struct Line<'a> {
    problem: &'a Problem,
    section: &'a Section,
    /// Start and end, ways not counted, by start; the last may end in the next cycle.
    duties: Vec<(i64, i64)>,
    slot: i64,
    cycle: i64,
    way: i64,
}

impl<'a> Line<'a> {
    fn new(problem: &'a Problem, section: &'a Section, duties: impl Iterator<Item = (u32, u32)>) -> Self {
        let slot = i64::from(problem.data().slot_minutes);
        let cycle = slot * i64::try_from(problem.data().weights.len()).expect("at most 672");
        let mut duties: Vec<(i64, i64)> =
            duties.map(|(first, count)| (i64::from(first) * slot, i64::from(first + count) * slot)).collect();
        duties.sort_unstable();
        Self { problem, section, duties, slot, cycle, way: section.travel_minutes.into() }
    }

    fn is_on(&self, slot: usize) -> bool {
        let from = i64::try_from(slot).expect("at most 672") * self.slot;
        let within = |at: i64| self.duties.iter().any(|&(start, end)| start <= at && at < end);
        within(from) || within(from + self.cycle)
    }

    fn work(&self) -> u64 {
        let minutes: i64 = self.duties.iter().map(|(start, end)| end - start + 2 * self.way).sum();
        u64::try_from(minutes).expect("duties end after they start")
    }

    fn check(&self, broken: &mut Vec<Broken>) {
        let rules = self.problem.data().rules;
        let section = || self.section.id.clone();
        let minutes = |m: i64| u32::try_from(m).expect("lengths fit 32 bits");
        for &(start, end) in &self.duties {
            let (least, most) = (rules.duty_minutes_min, rules.duty_minutes_max);
            if !(i64::from(least)..=i64::from(most)).contains(&(end - start)) {
                let slot = minutes(start / self.slot);
                broken.push(Broken::DutyLength {
                    section: section(),
                    slot,
                    minutes: minutes(end - start),
                    least,
                    most,
                });
            }
            for &leave in &self.section.leave {
                // The leave of this cycle, of the one before and of the one after.
                let from = i64::from(leave) * self.slot;
                let meets = |shift: i64| start - self.way < from + shift + self.slot && from + shift < end + self.way;
                if [-self.cycle, 0, self.cycle].into_iter().any(meets) {
                    broken.push(Broken::Leave { section: section(), slot: leave });
                }
            }
        }
        let mut longest = if self.duties.is_empty() { self.cycle } else { i64::MIN };
        for (ix, &(start, _)) in self.duties.iter().enumerate() {
            let last_end = match ix {
                0 => self.duties[self.duties.len() - 1].1 - self.cycle,
                _ => self.duties[ix - 1].1,
            };
            let rest = start - last_end - 2 * self.way;
            longest = longest.max(rest);
            if rest < i64::from(rules.rest_minutes_min) || start <= last_end {
                let (slot, least) = (minutes(start / self.slot), rules.rest_minutes_min);
                broken.push(Broken::Rest { section: section(), slot, minutes: rest, least });
            }
        }
        if !self.duties.is_empty() && longest < i64::from(rules.long_rest_minutes_min) {
            broken.push(Broken::LongRest { section: section(), minutes: longest, least: rules.long_rest_minutes_min });
        }
        let most =
            u64::from(rules.week_minutes_max) * u64::try_from(self.cycle).expect("positive") / u64::from(WEEK_MINUTES);
        if self.work() > most {
            broken.push(Broken::CycleWork { section: section(), minutes: self.work(), most });
        }
        self.check_days(broken);
    }

    /// Work in the 24 hours (whole slots, rounded up) before the end of each slot.
    fn check_days(&self, broken: &mut Vec<Broken>) {
        let most = self.problem.data().rules.day_minutes_max;
        let day = i64::from(DAY_MINUTES.div_ceil(self.problem.data().slot_minutes)) * self.slot;
        for slot in 0..self.cycle / self.slot {
            let end = (slot + 1) * self.slot;
            let mut work = 0;
            for shift in [-self.cycle, 0, self.cycle] {
                for &(from, to) in &self.duties {
                    let inside = (to + shift).min(end) - (from + shift).max(end - day);
                    if inside > 0 {
                        work += inside + 2 * self.way;
                    }
                }
            }
            let minutes = u32::try_from(work).expect("work of a day fits 32 bits");
            if minutes > most {
                let (section, slot) = (self.section.id.clone(), u32::try_from(slot).expect("at most 672"));
                broken.push(Broken::DayWork { section, slot, minutes, most });
            }
        }
    }
}
