//! Changes of the planning figures: asked as a question, or recorded when the answer is adopted.

use crate::DeskError;
use konbit_base::{Reading, Source};
use konbit_mission::Mission;
use konbit_mission::protection::{Judged, KindPlanning, Planning, Site, SiteId};
use konbit_mission::state::Event;
use konbit_mission::week::{ContingentFigures, DAY_MINUTES, WeekFigures};
use std::collections::BTreeMap;
use thiserror::Error;

/// Most figures and posts that one question changes.
pub const CHANGES_MAX: usize = 200;

/// A planning figure that a question may change. The order is the one they are shown in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Figure {
    /// Share of attempts by those who watch.
    Alpha,
    /// Probability that a post stops an attempt.
    StaticEffect,
    /// Probability that a reaction force that is already there stops an attempt.
    ReactionEffect,
    /// Minutes in which a reaction force's effect falls to 37 %.
    ReactionDecay,
    /// Share of the time a reaction force is busy elsewhere.
    ReactionBusy,
    /// People on duty in one reaction force.
    ReactionSeats,
    /// Attempts a week by those who watch, if all did.
    WatchedAttempts,
    /// People for one person always on duty.
    ReliefFactor,
    /// Minutes from alarm to departure.
    Turnout,
    /// Road distance over the great circle, where there is no road network.
    Detour,
    /// Kilometres an hour, where there is no road network.
    Speed,
    /// Metres within which an incident says something about a site.
    IncidentReach,
    /// Least protection of a kind of site.
    Floor(String),
    /// People on duty at a post of a kind of site.
    PostSeats(String),
    /// Persons harmed if an attempt at a kind of site succeeds.
    Value(String),
    /// Attempts a week at a kind of site before incidents are counted.
    PriorAttempts(String),
    /// Probability that a patrol that is there stops an attempt; a figure of the week.
    PatrolEffect,
    /// Attempts in a slot of a kind, against the mean of the week; a figure of the week.
    SlotAttempts(String),
    /// Minutes within which a contingent serves, from where it lives; a figure of the week.
    Reach(String),
}

/// The figures of the record that a question may change.
#[derive(Debug, Clone, Copy)]
pub struct Figures<'a> {
    /// Those that every plan rests on.
    pub planning: &'a Planning,
    /// Those of the week, if there are any.
    pub week: Option<&'a WeekFigures>,
}

impl<'a> Figures<'a> {
    /// The figures of a mission; `None` where it has no planning figures.
    pub fn of(mission: &'a Mission) -> Option<Self> {
        Some(Self { planning: mission.planning.values().next()?, week: mission.week_figures.values().next() })
    }
}

/// The figures under changes.
#[derive(Debug, Clone)]
pub struct ChangedFigures {
    /// Those that every plan rests on.
    pub planning: Planning,
    /// Those of the week, if there are any.
    pub week: Option<WeekFigures>,
}

impl ChangedFigures {
    /// To read them.
    pub fn read(&self) -> Figures<'_> {
        Figures { planning: &self.planning, week: self.week.as_ref() }
    }
}

/// How a figure is written: its place in the record is a whole number of `1 / factor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measure {
    /// Units of the record in one unit of the reader.
    pub factor: u64,
    /// Least, in units of the record.
    pub least: u64,
    /// Most, in units of the record.
    pub most: u64,
    /// Unit in words.
    pub unit: &'static str,
}

/// Figures of the whole mission, with their words in addresses and on the command line.
const NAMED: [(&str, Figure); 12] = [
    ("alpha", Figure::Alpha),
    ("static", Figure::StaticEffect),
    ("reaction", Figure::ReactionEffect),
    ("decay", Figure::ReactionDecay),
    ("busy", Figure::ReactionBusy),
    ("reaction_seats", Figure::ReactionSeats),
    ("watched", Figure::WatchedAttempts),
    ("relief", Figure::ReliefFactor),
    ("turnout", Figure::Turnout),
    ("detour", Figure::Detour),
    ("speed", Figure::Speed),
    ("incident_reach", Figure::IncidentReach),
];

/// The word of the patrols' effect.
const PATROL: (&str, Figure) = ("patrol", Figure::PatrolEffect);

/// Makes the figure of a kind of site or of slot, or of a contingent.
type OfKind = fn(String) -> Figure;

/// Figures of a kind or of a contingent: the word before the point.
const BY_KIND: [(&str, OfKind); 6] = [
    ("floor", Figure::Floor),
    ("seats", Figure::PostSeats),
    ("value", Figure::Value),
    ("attempts", Figure::PriorAttempts),
    ("slot_attempts", Figure::SlotAttempts),
    ("reach", Figure::Reach),
];

impl Figure {
    /// The figures of the whole mission, in the order they are shown.
    pub fn of_mission() -> impl Iterator<Item = Self> {
        NAMED.into_iter().map(|(_, figure)| figure)
    }

    /// The figures of the week, in the order they are shown.
    pub fn of_week(figures: &WeekFigures) -> impl Iterator<Item = Self> {
        let slots = figures.slots.iter().map(|slot| Self::SlotAttempts(slot.id.to_string()));
        let reach = figures.contingents.iter().map(|crew| Self::Reach(crew.id.to_string()));
        [Self::PatrolEffect].into_iter().chain(slots).chain(reach)
    }

    /// Whether it is a figure of the week, on which the plan of one slot does not rest.
    pub fn is_of_week(&self) -> bool {
        matches!(self, Self::PatrolEffect | Self::SlotAttempts(_) | Self::Reach(_))
    }

    /// Reads a name as it stands in addresses: `static`, or `floor.school` for a kind of site.
    pub fn parse(name: &str) -> Option<Self> {
        let mut named = NAMED.into_iter().chain([PATROL]);
        match name.split_once('.') {
            None => named.find(|(word, _)| *word == name).map(|(_, figure)| figure),
            Some((word, kind)) if !kind.is_empty() => {
                BY_KIND.into_iter().find(|(held, _)| *held == word).map(|(_, make)| make(kind.to_owned()))
            }
            Some(_) => None,
        }
    }

    /// The name as it stands in addresses.
    pub fn name(&self) -> String {
        match self {
            Self::Floor(kind) => format!("floor.{kind}"),
            Self::PostSeats(kind) => format!("seats.{kind}"),
            Self::Value(kind) => format!("value.{kind}"),
            Self::PriorAttempts(kind) => format!("attempts.{kind}"),
            Self::SlotAttempts(kind) => format!("slot_attempts.{kind}"),
            Self::Reach(crew) => format!("reach.{crew}"),
            other => {
                let named = NAMED.into_iter().chain([PATROL]).find(|(_, figure)| figure == other);
                named.map(|(word, _)| word.to_owned()).expect("every figure that is not of a kind has a word")
            }
        }
    }

    /// What it is, in words for a reader.
    pub fn label(&self) -> String {
        let kind = |kind: &str| kind.replace('_', " ");
        match self {
            Self::Alpha => "share of attempts by those who watch".to_owned(),
            Self::StaticEffect => "a post stops an attempt".to_owned(),
            Self::ReactionEffect => "a reaction force that is there stops an attempt".to_owned(),
            Self::ReactionDecay => "time in which a reaction force's effect falls to 37 %".to_owned(),
            Self::ReactionBusy => "share of time a reaction force is busy elsewhere".to_owned(),
            Self::ReactionSeats => "people on duty in a reaction force".to_owned(),
            Self::WatchedAttempts => "attempts by those who watch, if all did".to_owned(),
            Self::ReliefFactor => "people for one person always on duty".to_owned(),
            Self::Turnout => "alarm to departure".to_owned(),
            Self::Detour => "road distance over the great circle, where no road is known".to_owned(),
            Self::Speed => "speed, where no road is known".to_owned(),
            Self::IncidentReach => "distance within which an incident tells about a site".to_owned(),
            Self::Floor(of) => format!("least protection, {}", kind(of)),
            Self::PostSeats(of) => format!("people on duty at a post, {}", kind(of)),
            Self::Value(of) => format!("persons harmed if an attempt succeeds, {}", kind(of)),
            Self::PriorAttempts(of) => format!("attempts before incidents are counted, {}", kind(of)),
            Self::PatrolEffect => "a patrol that is there stops an attempt".to_owned(),
            Self::SlotAttempts(of) => format!("attempts in a slot against the mean of the week, {}", kind(of)),
            Self::Reach(crew) => format!("longest way from where {crew} lives to its tasks"),
        }
    }

    /// How it is written, and between what it may lie.
    pub fn measure(&self) -> Measure {
        let of = |factor, least, most, unit| Measure { factor, least, most, unit };
        match self {
            Self::Alpha | Self::ReactionBusy => of(1_000_000, 0, 1_000_000, "share, 0 to 1"),
            Self::StaticEffect | Self::ReactionEffect | Self::PatrolEffect => {
                of(1_000_000, 0, 1_000_000, "probability, 0 to 1")
            }
            Self::SlotAttempts(_) => of(1_000, 0, 100_000, "times"),
            Self::Floor(_) => of(1_000_000, 0, 1_000_000, "probability that an attempt is stopped, 0 to 1"),
            Self::ReactionDecay => of(10, 1, 100_000, "minutes"),
            Self::Turnout => of(10, 0, 100_000, "minutes"),
            Self::Reach(_) => of(1, 1, DAY_MINUTES.into(), "minutes"),
            Self::ReactionSeats | Self::PostSeats(_) => of(1, 1, 10_000, "people"),
            Self::WatchedAttempts | Self::PriorAttempts(_) => of(1_000_000, 0, 10_000_000_000, "attempts a week"),
            Self::ReliefFactor => of(1_000, 1_000, 100_000, "people"),
            Self::Detour => of(1_000, 1_000, 100_000, "times"),
            Self::Speed => of(10, 1, 10_000, "kilometres an hour"),
            Self::IncidentReach => of(1, 1, 1_000_000, "metres"),
            Self::Value(_) => of(1_000, 0, 1_000_000_000, "persons"),
        }
    }

    /// The kind of site it is about, if it is about one.
    pub fn kind(&self) -> Option<&str> {
        match self {
            Self::Floor(kind) | Self::PostSeats(kind) | Self::Value(kind) | Self::PriorAttempts(kind) => Some(kind),
            _ => None,
        }
    }

    /// Whether travel times depend on it.
    pub fn moves_travel(&self) -> bool {
        matches!(self, Self::Turnout | Self::Detour | Self::Speed)
    }

    /// A value as a decimal number without needless digits: 800000 millionths are `0.8`.
    pub fn text(&self, value: u64) -> String {
        let factor = self.measure().factor;
        let (whole, rest) = (value / factor, value % factor);
        if rest == 0 {
            return whole.to_string();
        }
        let digits = usize::try_from(factor.ilog10()).expect("a few digits");
        format!("{whole}.{}", format!("{rest:0digits$}").trim_end_matches('0'))
    }

    /// Reads a decimal number, or a per cent where the figure is a share.
    pub fn read(&self, text: &str) -> Result<u64, ChangeError> {
        let measure = self.measure();
        let is_share = measure.factor == 1_000_000 && measure.most == 1_000_000;
        let wrong = || ChangeError::NotANumber {
            name: self.name(),
            text: text.trim().to_owned(),
            unit: measure.unit,
            least: self.text(measure.least),
            most: self.text(measure.most),
        };
        let plain = text.trim();
        let (digits, factor) = match plain.strip_suffix('%') {
            Some(percent) if is_share => (percent.trim_end(), 10_000.0),
            _ => (plain, measure.factor as f64),
        };
        let plausible = digits.len() <= 24 && digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        let number: f64 = digits.parse().ok().filter(|_| plausible).ok_or_else(wrong)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "digits only; saturates")]
        let value = (number * factor).round() as u64;
        if (measure.least..=measure.most).contains(&value) { Ok(value) } else { Err(wrong()) }
    }

    /// The judged figure of the planning figures, if this is one.
    pub fn judged<'a>(&self, figures: Figures<'a>) -> Option<&'a Judged> {
        let planning = figures.planning;
        Some(match self {
            Self::Alpha => &planning.alpha_ppm,
            Self::StaticEffect => &planning.static_effect_ppm,
            Self::ReactionEffect => &planning.reaction_effect_ppm,
            Self::ReactionDecay => &planning.reaction_decay_minutes_tenths,
            Self::ReactionBusy => &planning.reaction_busy_ppm,
            Self::WatchedAttempts => &planning.watched_attempts_micro,
            Self::ReliefFactor => &planning.relief_factor_milli,
            Self::Turnout => &planning.turnout_minutes_tenths,
            Self::Detour => &planning.detour_milli,
            Self::Speed => &planning.speed_kmh_tenths,
            Self::IncidentReach => &planning.incident_reach_m,
            Self::Value(kind) => &planning.kinds.get(kind)?.value_milli,
            Self::PriorAttempts(kind) => &planning.kinds.get(kind)?.prior_attempts_micro,
            Self::PatrolEffect => &figures.week?.patrol_effect_ppm,
            Self::SlotAttempts(id) => &figures.week?.slots.iter().find(|slot| slot.id.as_str() == id)?.attempts_milli,
            Self::ReactionSeats | Self::Floor(_) | Self::PostSeats(_) | Self::Reach(_) => return None,
        })
    }

    fn judged_mut<'a>(&self, figures: &'a mut ChangedFigures) -> Option<&'a mut Judged> {
        let ChangedFigures { planning, week } = figures;
        Some(match self {
            Self::Alpha => &mut planning.alpha_ppm,
            Self::StaticEffect => &mut planning.static_effect_ppm,
            Self::ReactionEffect => &mut planning.reaction_effect_ppm,
            Self::ReactionDecay => &mut planning.reaction_decay_minutes_tenths,
            Self::ReactionBusy => &mut planning.reaction_busy_ppm,
            Self::WatchedAttempts => &mut planning.watched_attempts_micro,
            Self::ReliefFactor => &mut planning.relief_factor_milli,
            Self::Turnout => &mut planning.turnout_minutes_tenths,
            Self::Detour => &mut planning.detour_milli,
            Self::Speed => &mut planning.speed_kmh_tenths,
            Self::IncidentReach => &mut planning.incident_reach_m,
            Self::Value(kind) => &mut planning.kinds.get_mut(kind)?.value_milli,
            Self::PriorAttempts(kind) => &mut planning.kinds.get_mut(kind)?.prior_attempts_micro,
            Self::PatrolEffect => &mut week.as_mut()?.patrol_effect_ppm,
            Self::SlotAttempts(id) => {
                let slots = &mut week.as_mut()?.slots;
                &mut slots.iter_mut().find(|slot| slot.id.as_str() == id)?.attempts_milli
            }
            Self::ReactionSeats | Self::Floor(_) | Self::PostSeats(_) | Self::Reach(_) => return None,
        })
    }

    /// The value in use, in units of the record; `None` for a kind without planning figures, for a contingent without a
    /// limit to its reach, and for a figure of the week where there are none.
    pub fn held(&self, figures: Figures<'_>) -> Option<u64> {
        let of = |kind: &str, read: fn(&KindPlanning) -> u64| figures.planning.kinds.get(kind).map(read);
        match self {
            Self::ReactionSeats => Some(figures.planning.reaction_seats.into()),
            Self::Floor(kind) => of(kind, |figures| figures.floor_ppm.into()),
            Self::PostSeats(kind) => of(kind, |figures| figures.post_seats.into()),
            Self::Reach(crew) => crew_of(figures.week?, crew)?.reach_minutes.map(u64::from),
            judged => judged.judged(figures).map(|judged| judged.best),
        }
    }

    fn put(&self, figures: &mut ChangedFigures, value: u64) {
        let narrow = u32::try_from(value).unwrap_or(u32::MAX);
        let planning = &mut figures.planning;
        match self {
            Self::ReactionSeats => planning.reaction_seats = narrow,
            Self::Floor(kind) => drop(planning.kinds.get_mut(kind).map(|figures| figures.floor_ppm = narrow)),
            Self::PostSeats(kind) => drop(planning.kinds.get_mut(kind).map(|figures| figures.post_seats = narrow)),
            Self::Reach(crew) => {
                let crews = figures.week.iter_mut().flat_map(|week| &mut week.contingents);
                crews.filter(|held| held.id.as_str() == crew).for_each(|held| held.reach_minutes = Some(narrow));
            }
            judged => drop(judged.judged_mut(figures).map(|judged| judged.best = value)),
        }
    }
}

/// Why a change cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ChangeError {
    /// No such figure.
    #[error(
        "{0:?} is not a planning figure that can be changed; figures: {known}, and for a kind of site floor.KIND, \
         seats.KIND, value.KIND, attempts.KIND; of the week: patrol, slot_attempts.SLOT, reach.CONTINGENT",
        known = NAMED.map(|(word, _)| word).join(", ")
    )]
    Figure(String),
    /// A value that is not a number of the figure's range.
    #[error("{name} is {text:?}; give a number from {least} to {most} ({unit})")]
    NotANumber {
        /// The figure.
        name: String,
        /// What was given.
        text: String,
        /// Its unit.
        unit: &'static str,
        /// Least.
        least: String,
        /// Most.
        most: String,
    },
    /// The kind has no planning figures.
    #[error("no planning figures are given for kind {0:?}; kinds: {1}")]
    Kind(String, String),
    /// There is no such kind of slot, or no figures of the week.
    #[error("there is no kind of slot {0:?} in the figures of the week; kinds of slot: {1}")]
    Slot(String, String),
    /// There is no such contingent in the figures of the week.
    #[error("there is no contingent {0:?} in the figures of the week; contingents: {1}")]
    Contingent(String, String),
    /// A figure of the week without any.
    #[error("the mission has no figures of the week to change; import them first: konbit import DIR week FILE")]
    NoWeek,
    /// No such site.
    #[error("no site {0:?} is in the record; give the id of a site")]
    Site(String),
    /// One site both added and dropped.
    #[error("the post at site {0:?} is both demanded and not demanded; choose one")]
    Both(String),
    /// More changes than are taken.
    #[error("a question changes at most {CHANGES_MAX} figures and posts; ask with fewer")]
    TooMany,
    /// No planning figures in the record.
    #[error("the mission has no planning figures to change; import them first: konbit import DIR planning FILE")]
    NoPlanning,
}

/// What a question changes of the planning figures. Empty: nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Changes {
    figures: BTreeMap<Figure, u64>,
    posts: BTreeMap<SiteId, bool>,
}

/// One change, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeLine {
    /// What is changed.
    pub label: String,
    /// As it stands in the record.
    pub before: String,
    /// As the question has it.
    pub after: String,
    /// Unit of both.
    pub unit: &'static str,
    /// The interval that the record gives it.
    pub interval: Option<(String, String)>,
    /// Whether the value of the question lies outside that interval.
    pub is_outside: bool,
}

impl Changes {
    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.figures.is_empty() && self.posts.is_empty()
    }

    fn room(&self) -> Result<(), ChangeError> {
        if self.figures.len() + self.posts.len() < CHANGES_MAX { Ok(()) } else { Err(ChangeError::TooMany) }
    }

    /// Sets a figure by its name in addresses.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), ChangeError> {
        self.room()?;
        let figure = Figure::parse(name).ok_or_else(|| ChangeError::Figure(name.to_owned()))?;
        let value = figure.read(text)?;
        self.put(figure, value);
        Ok(())
    }

    /// Sets a figure, in units of the record.
    pub fn put(&mut self, figure: Figure, value: u64) {
        self.figures.insert(figure, value);
    }

    /// Demands a post at a site in every schedule, or demands it no more.
    pub fn post(&mut self, site: &str, must_stand: bool) -> Result<(), ChangeError> {
        self.room()?;
        let id = SiteId::new(site.trim()).map_err(|_| ChangeError::Site(site.to_owned()))?;
        match self.posts.insert(id, must_stand) {
            Some(before) if before != must_stand => Err(ChangeError::Both(site.to_owned())),
            _ => Ok(()),
        }
    }

    /// The figures that are set.
    pub fn figures_set(&self) -> impl Iterator<Item = &Figure> {
        self.figures.keys()
    }

    /// The value a figure is set to, in units of the record.
    pub fn get(&self, figure: &Figure) -> Option<u64> {
        self.figures.get(figure).copied()
    }

    /// Sites whose post is demanded, or demanded no more.
    pub fn posts(&self) -> impl Iterator<Item = (&SiteId, bool)> {
        self.posts.iter().map(|(site, must)| (site, *must))
    }

    /// Names and values as they stand in addresses, in a fixed order.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let figures = self.figures.iter().map(|(figure, value)| (figure.name(), figure.text(*value)));
        let word = |must: bool| if must { "post" } else { "no_post" };
        let posts = self.posts.iter().map(|(site, must)| (word(*must).to_owned(), site.to_string()));
        figures.chain(posts).collect()
    }

    /// Without what the record says already.
    #[must_use]
    pub fn that_differ(mut self, mission: &Mission) -> Self {
        let Some(figures) = Figures::of(mission) else { return self };
        self.figures.retain(|figure, value| figure.held(figures) != Some(*value));
        self.posts.retain(|site, must| {
            mission.sites.get(site.as_str()).is_none_or(|held| is_mandatory(figures.planning, &held.value) != *must)
        });
        self
    }

    /// The figures under these changes.
    pub fn figures(&self, mission: &Mission) -> Result<ChangedFigures, ChangeError> {
        let held = Figures::of(mission).ok_or(ChangeError::NoPlanning)?;
        let mut figures = ChangedFigures { planning: held.planning.clone(), week: held.week.cloned() };
        for (figure, value) in &self.figures {
            is_there(figure, held)?;
            figure.put(&mut figures, *value);
        }
        for (id, must) in &self.posts {
            let site = mission.sites.get(id.as_str()).ok_or_else(|| ChangeError::Site(id.to_string()))?;
            set_mandatory(&mut figures.planning, mission, &site.value, *must);
        }
        Ok(figures)
    }

    /// The figures as they enter the record, as far as they change: intervals hold the new values, and each changed judgement
    /// says why and what it was.
    pub(crate) fn recorded(&self, mission: &Mission, reason: &str, who: &str) -> Result<Vec<Event>, ChangeError> {
        if self.is_empty() {
            return Ok(Vec::new());
        }
        let held = Figures::of(mission).ok_or(ChangeError::NoPlanning)?;
        let mut figures = self.figures(mission)?;
        for (figure, value) in &self.figures {
            let before = figure.held(held).map(|before| figure.text(before)).unwrap_or_default();
            if let Some(judged) = figure.judged_mut(&mut figures) {
                judged.low = judged.low.min(*value);
                judged.high = judged.high.max(*value);
                judged.basis = format!("{who}, instead of {before}: {reason}. Before: {}", head(&judged.basis));
            }
        }
        let words: Vec<String> = self.pairs().into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let said = |source: &mut Source| {
            source.name = format!("{who}: {reason}. Changed: {}. Before: {}", words.join(", "), head(&source.name));
            source.reading = Reading::Read;
        };
        let of_week = self.figures.keys().any(Figure::is_of_week);
        let mut events = Vec::new();
        if !self.posts.is_empty() || self.figures.keys().any(|figure| !figure.is_of_week()) {
            said(&mut figures.planning.source);
            events.push(Event::from(figures.planning));
        }
        if let Some(mut week) = figures.week.filter(|_| of_week) {
            said(&mut week.source);
            events.push(Event::from(week));
        }
        Ok(events)
    }

    /// The mission as it would be under these changes.
    pub fn mission(&self, mission: &Mission) -> Result<Mission, DeskError> {
        let figures = self.figures(mission)?;
        let mut changed = mission.clone();
        let events = [Event::from(figures.planning)].into_iter().chain(figures.week.map(Event::from));
        for event in events {
            let (subject, id) = event.target();
            changed.restore(subject, mission.entries_behind(subject, id).to_vec(), &event.body())?;
        }
        Ok(changed)
    }

    /// The mission under these changes; as it is where there are none.
    pub(crate) fn upon(&self, mission: &Mission) -> Result<Mission, DeskError> {
        if self.is_empty() { Ok(mission.clone()) } else { self.mission(mission) }
    }

    /// Whether the harm that is expected of one and the same plan changes; demands and sizes of units leave it as it is.
    pub fn change_harm(&self) -> bool {
        self.figures.keys().any(|figure| {
            !matches!(
                figure,
                Figure::Floor(_)
                    | Figure::PostSeats(_)
                    | Figure::ReliefFactor
                    | Figure::ReactionSeats
                    | Figure::Reach(_)
            )
        })
    }

    /// Whether travel times change.
    pub fn moves_travel(&self) -> bool {
        self.figures.keys().any(Figure::moves_travel)
    }

    /// The changes in words, for a reader.
    pub fn lines(&self, mission: &Mission) -> Vec<ChangeLine> {
        let held = Figures::of(mission);
        let figures = self.figures.iter().map(|(figure, value)| {
            let judged = held.and_then(|held| figure.judged(held));
            ChangeLine {
                label: figure.label(),
                before: held
                    .and_then(|held| figure.held(held))
                    .map_or_else(|| "none".to_owned(), |held| figure.text(held)),
                after: figure.text(*value),
                unit: figure.measure().unit,
                interval: judged.map(|judged| (figure.text(judged.low), figure.text(judged.high))),
                is_outside: judged.is_some_and(|judged| !(judged.low..=judged.high).contains(value)),
            }
        });
        let word = |must: bool| if must { "mandatory" } else { "not mandatory" };
        let posts = self.posts.iter().map(|(id, must)| {
            let site = mission.sites.get(id.as_str()).map(|site| &site.value);
            let before = site.zip(held).is_some_and(|(site, held)| is_mandatory(held.planning, site));
            ChangeLine {
                label: format!("post at {}", site.map_or(id.as_str(), |site| site.name.as_str())),
                before: word(before).to_owned(),
                after: word(*must).to_owned(),
                unit: "",
                interval: None,
                is_outside: false,
            }
        });
        figures.chain(posts).collect()
    }
}

fn crew_of<'a>(week: &'a WeekFigures, id: &str) -> Option<&'a ContingentFigures> {
    week.contingents.iter().find(|crew| crew.id.as_str() == id)
}

/// Whether what a figure is about is there.
fn is_there(figure: &Figure, held: Figures<'_>) -> Result<(), ChangeError> {
    if let Some(kind) = figure.kind().filter(|kind| !held.planning.kinds.contains_key(*kind)) {
        let known: Vec<&str> = held.planning.kinds.keys().map(String::as_str).collect();
        return Err(ChangeError::Kind(kind.to_owned(), known.join(", ")));
    }
    if figure.is_of_week() {
        let week = held.week.ok_or(ChangeError::NoWeek)?;
        if let Figure::SlotAttempts(id) = figure
            && figure.held(held).is_none()
        {
            let known: Vec<&str> = week.slots.iter().map(|slot| slot.id.as_str()).collect();
            return Err(ChangeError::Slot(id.clone(), known.join(", ")));
        }
        if let Figure::Reach(id) = figure
            && crew_of(week, id).is_none()
        {
            let known: Vec<&str> = week.contingents.iter().map(|crew| crew.id.as_str()).collect();
            return Err(ChangeError::Contingent(id.clone(), known.join(", ")));
        }
    }
    Ok(())
}

/// Whether a post at the site must stand in every schedule.
pub fn is_mandatory(planning: &Planning, site: &Site) -> bool {
    planning.kinds.get(&site.kind).is_some_and(|figures| figures.mandatory)
        || planning.mandatory_posts.contains(&site.id)
}

/// A site of a kind whose posts are all mandatory can only be left out by naming the others.
fn set_mandatory(planning: &mut Planning, mission: &Mission, site: &Site, must: bool) {
    if is_mandatory(planning, site) == must {
        return;
    }
    if must {
        planning.mandatory_posts.push(site.id.clone());
        return;
    }
    planning.mandatory_posts.retain(|id| *id != site.id);
    let Some(figures) = planning.kinds.get_mut(&site.kind).filter(|figures| figures.mandatory) else { return };
    figures.mandatory = false;
    let others = mission.sites.values().filter(|other| other.kind == site.kind && other.id != site.id);
    for other in others {
        if !planning.mandatory_posts.contains(&other.id) {
            planning.mandatory_posts.push(other.id.clone());
        }
    }
}

/// The head of a text that was written before, so that a figure changed often does not carry all of its past: the
/// entries of the record do.
fn head(text: &str) -> String {
    const CHARS_MAX: usize = 400;
    let mut short: String = text.chars().take(CHARS_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_read(name: &str, text: &str, expect: Option<u64>) {
        let figure = Figure::parse(name).unwrap();
        assert_eq!(figure.name(), name);
        let read = figure.read(text);
        assert_eq!(read.as_ref().ok().copied(), expect, "{name}={text}: {read:?}");
        if let Ok(value) = read {
            assert_eq!(figure.read(&figure.text(value)), Ok(value), "{name}: what is written is read back");
        }
    }

    #[test]
    fn a_figure_is_read_in_its_unit_or_refused() {
        check_read("static", "0.8", Some(800_000));
        check_read("static", "80 %", Some(800_000));
        check_read("static", "1", Some(1_000_000));
        check_read("static", "1.01", None);
        check_read("static", "-0.1", None);
        check_read("static", "1e-1", None);
        check_read("static", "NaN", None);
        check_read("static", "", None);
        check_read("decay", "12.5", Some(125));
        check_read("decay", "80%", None);
        check_read("decay", "0", None);
        check_read("relief", "4.7", Some(4_700));
        check_read("relief", "0.9", None);
        check_read("reaction_seats", "6", Some(6));
        check_read("floor.school", "0.05", Some(50_000));
        check_read("seats.health_centre", "10001", None);
        check_read("value.hospital", "0.5", Some(500));
        check_read("attempts.hospital", "0.008", Some(8_000));
        check_read("watched", "99999999999", None);
        check_read("patrol", "0.4", Some(400_000));
        check_read("slot_attempts.night", "1.6", Some(1_600));
        check_read("reach.kenya", "60", Some(60));
        check_read("reach.kenya", "0", None);
        check_read("reach.kenya", "1441", None);
    }

    #[test]
    fn every_figure_has_one_name() {
        for name in ["", "none", "floor", "floor.", ".school", "none.school"] {
            assert_eq!(Figure::parse(name), None, "{name:?}");
        }
        for figure in Figure::of_mission() {
            assert_eq!(Figure::parse(&figure.name()), Some(figure.clone()));
            assert!(!figure.label().is_empty());
        }
    }

    #[test]
    fn a_post_cannot_be_demanded_and_not_demanded_and_changes_are_limited() {
        let mut changes = Changes::default();
        changes.post("a", true).unwrap();
        assert_eq!(changes.post("a", true), Ok(()));
        assert_eq!(changes.post("a", false), Err(ChangeError::Both("a".to_owned())));
        assert!(matches!(changes.post("two words", true), Err(ChangeError::Site(_))));
        assert!(matches!(changes.set("none", "1"), Err(ChangeError::Figure(_))));
        let mut many = Changes::default();
        (0..CHANGES_MAX).for_each(|ix| many.post(&format!("s{ix}"), true).unwrap());
        assert_eq!(many.set("static", "0.5"), Err(ChangeError::TooMany));
    }
}
