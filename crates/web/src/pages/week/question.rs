//! What a reader may ask of the week: the question as it stands in addresses, the forms that ask it, and what is shown
//! where no plan answers it.

use super::facts::WeekFacts;
use crate::format;
use crate::geo::site_href;
use crate::layout::{View, empty, select, stat};
use crate::pages::protection::{change_lines, figure_sections};
use crate::problem::Problem;
use konbit_base::IdError;
use konbit_desk::{ChangeLine, Changes, Demand, Figure, Figures, Progress, is_mandatory};
use konbit_mission::Mission;
use konbit_mission::protection::{BaseId, SiteId};
use konbit_mission::week::{ContingentFigures, WeekAssumptions, WeekFigures, WeekWord};
use maud::{Markup, html};
use std::collections::BTreeMap;

/// What a reader asks of the week, as it stands in an address or comes from a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WeekQuestion {
    /// Share of attempts by those who watch.
    pub alpha: String,
    /// People of contingents.
    pub people: BTreeMap<String, String>,
    /// Sites whose posts are lost.
    pub lost_sites: Vec<String>,
    /// Bases that are lost.
    pub lost_bases: Vec<String>,
    /// Patrols that are lost.
    pub lost_patrols: Vec<String>,
    /// Changed figures by name, and posts that are demanded (`post`) or demanded no more (`no_post`).
    pub changes: Vec<(String, String)>,
    /// Seed of the search.
    pub seed: String,
    /// Kind of slot on the map.
    pub kind: String,
    /// Filter of the table.
    pub text: String,
    /// Page of the table.
    pub page: String,
}

impl WeekQuestion {
    /// Reads the pairs of an address or a form; what is not known is passed over.
    pub fn read(pairs: &[(String, String)]) -> Self {
        let mut question = Self::default();
        let list = |value: &str| -> Vec<String> {
            value.split(',').map(str::trim).filter(|id| !id.is_empty()).map(str::to_owned).collect()
        };
        for (name, value) in pairs {
            let value = value.trim();
            match name.as_str() {
                "alpha" => value.clone_into(&mut question.alpha),
                "seed" => value.clone_into(&mut question.seed),
                "kind" => value.clone_into(&mut question.kind),
                "text" => value.clone_into(&mut question.text),
                "page" => value.clone_into(&mut question.page),
                "lost_site" => question.lost_sites.extend(list(value)),
                "lost_base" => question.lost_bases.extend(list(value)),
                "lost_patrol" => question.lost_patrols.extend(list(value)),
                "post" | "no_post" => question.change(name, value),
                name => {
                    if Figure::parse(name).is_some() {
                        question.change(name, value);
                    }
                    if let Some(crew) = name.strip_prefix("people.").filter(|_| !value.is_empty()) {
                        question.people.insert(crew.to_owned(), value.replace(',', ""));
                    }
                }
            }
        }
        question
    }

    fn change(&mut self, name: &str, value: &str) {
        if !value.is_empty() {
            self.changes.push((name.to_owned(), value.to_owned()));
        }
    }

    /// What is changed of the figures in the record.
    pub fn changes(&self, mission: &Mission) -> Result<Changes, Problem> {
        let mut changes = Changes::default();
        for (name, value) in &self.changes {
            let changed = match name.as_str() {
                "post" => changes.post(value, true),
                "no_post" => changes.post(value, false),
                figure => changes.set(figure, value),
            };
            changed.map_err(|error| Problem::bad_request(error.to_string()))?;
        }
        Ok(changes.that_differ(mission))
    }

    /// The question without what the record says already, its numbers as they are written in addresses.
    pub fn plain(&self, mission: &Mission) -> Result<Self, Problem> {
        let assumed = self.assumptions(mission)?;
        let people = assumed.personnel.iter().map(|(crew, people)| (crew.clone(), people.to_string()));
        Ok(Self {
            alpha: if assumed.alpha_ppm.is_some() { self.alpha.clone() } else { String::new() },
            people: people.collect(),
            changes: self.changes(mission)?.pairs(),
            seed: if self.seed() == 1 { String::new() } else { self.seed.clone() },
            ..self.clone()
        })
    }

    /// The pairs that ask for the plan; what only chooses what is shown is left out.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        let mut put = |name: &str, value: &str| {
            if !value.is_empty() {
                pairs.push((name.to_owned(), value.to_owned()));
            }
        };
        put("alpha", &self.alpha);
        put("seed", &self.seed);
        self.people.iter().for_each(|(crew, people)| put(&format!("people.{crew}"), people));
        put("lost_site", &self.lost_sites.join(","));
        put("lost_base", &self.lost_bases.join(","));
        put("lost_patrol", &self.lost_patrols.join(","));
        self.changes.iter().for_each(|(name, value)| put(name, value));
        pairs
    }

    /// Address of the page with this question (`proposal`) or with the plan in force, with further pairs.
    pub fn address(&self, proposal: bool, more: &[(&str, &str)]) -> String {
        self.address_of(if proposal { "/week/plan" } else { "/week" }, proposal, more)
    }

    /// The same for another path.
    pub fn address_of(&self, path: &str, proposal: bool, more: &[(&str, &str)]) -> String {
        let own = if proposal { self.pairs() } else { Vec::new() };
        let pairs = own.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(more.iter().copied());
        format::address(path, &pairs.collect::<Vec<_>>())
    }

    /// Place of the kind of slot that the map shows; the first where none of that id is there.
    pub fn kind(&self, figures: &WeekFigures) -> usize {
        figures.slots.iter().position(|slot| slot.id.as_str() == self.kind).unwrap_or(0)
    }

    /// People of a contingent, as asked or as in the figures of the week.
    pub fn people(&self, crew: &ContingentFigures) -> u32 {
        self.people.get(crew.id.as_str()).and_then(|people| people.parse().ok()).unwrap_or(crew.personnel)
    }

    /// Seed of the search, 1 where none is given.
    pub fn seed(&self) -> u64 {
        self.seed.parse().unwrap_or(1)
    }

    /// What is assumed; a figure that says what the mission's data say is no assumption.
    pub fn assumptions(&self, mission: &Mission) -> Result<WeekAssumptions, Problem> {
        let bad = |detail: String| Problem::bad_request(detail);
        let mut out = WeekAssumptions::default();
        if !self.alpha.is_empty() {
            let share = self.alpha.parse::<f64>().ok().filter(|share| (0.0..=1.0).contains(share));
            let share =
                share.ok_or_else(|| bad(format!("{:?} is not a share; give a number from 0 to 1", self.alpha)))?;
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to 1, checked above")]
            let ppm = (share * 1e6).round() as u32;
            let own = mission.planning.values().next().map(|planning| planning.alpha_ppm.best);
            out.alpha_ppm = (own != Some(ppm.into())).then_some(ppm);
        }
        if !self.seed.is_empty() && self.seed.parse::<u64>().is_err() {
            return Err(bad(format!("{:?} is not a seed; give a whole number", self.seed)));
        }
        let figures = mission.week_figures.values().next();
        for (crew, people) in &self.people {
            let held = figures.and_then(|figures| figures.contingents.iter().find(|held| held.id.as_str() == crew));
            let held =
                held.ok_or_else(|| bad(format!("there is no contingent {crew:?} in the figures of the week")))?;
            let people: u32 = people.parse().map_err(|_| {
                bad(format!("{people:?} is not a number of people of {}; give a whole number", held.name))
            })?;
            if people != held.personnel {
                out.personnel.insert(crew.clone(), people);
            }
        }
        out.lost_sites = known(&self.lost_sites, "site", SiteId::new, |id| mission.sites.get(id).is_some())?;
        out.lost_bases = known(&self.lost_bases, "base", BaseId::new, |id| mission.bases.get(id).is_some())?;
        let patrol = |id: &str| figures.is_some_and(|held| held.patrols.iter().any(|patrol| patrol.id.as_str() == id));
        out.lost_patrols = known(&self.lost_patrols, "patrol", WeekWord::new, patrol)?;
        Ok(out)
    }

    /// The question as fields of a form that the reader does not see.
    pub fn hidden(&self) -> Markup {
        html! { @for (name, value) in self.pairs() { input type="hidden" name=(name) value=(value); } }
    }

    /// The question in words, without what it changes of the figures: that is shown as a table.
    pub fn words(&self) -> String {
        let mut parts = Vec::new();
        if !self.alpha.is_empty() {
            parts.push(format!("{} of attempts are made by those who watch", self.alpha));
        }
        parts.extend(self.people.iter().map(|(crew, people)| format!("{crew} has {people} people")));
        for (what, list) in [
            ("no post at", &self.lost_sites),
            ("no force at", &self.lost_bases),
            ("without patrol", &self.lost_patrols),
        ] {
            if !list.is_empty() {
                parts.push(format!("{what} {}", list.join(", ")));
            }
        }
        if !self.changes.is_empty() {
            let word = if self.changes.len() == 1 { "figure" } else { "figures" };
            parts.push(format!("{} {word} changed", self.changes.len()));
        }
        if parts.is_empty() { "the week as the mission's data have it".to_owned() } else { parts.join("; ") }
    }
}

/// Ids that are there, in order and once each.
fn known<T: Ord>(
    ids: &[String],
    what: &str,
    make: impl Fn(String) -> Result<T, IdError>,
    is_there: impl Fn(&str) -> bool,
) -> Result<Vec<T>, Problem> {
    let mut out = Vec::new();
    for id in ids {
        let missing = || Problem::bad_request(format!("there is no {what} {id:?} in the record; correct the id"));
        if !is_there(id) {
            return Err(missing());
        }
        out.push(make(id.clone()).map_err(|_| missing())?);
    }
    out.sort_unstable();
    out.dedup();
    Ok(out)
}

/// The form that asks for another week.
pub fn question_form(view: &View<'_>, figures: &WeekFigures, question: &WeekQuestion) -> Markup {
    html! {
        form.sheet method="get" action="/week/plan" {
            @for (name, value) in &question.changes { input type="hidden" name=(name) value=(value); }
            (force_fields(view, figures, question))
            button type="submit" { "Plan with these" }
            p.quiet { "Roads count as they are reported now: report a closed road on " a href="/roads" { "the page of the roads" } " first. Planning starts from the plan in force, shows value and bound as they close, and can be ended at any time with the best plan so far. Nothing changes until a plan is adopted with a reason." }
        }
        p.screen { a href=(question.address_of("/week/question", true, &[])) { "Change other figures: floors, mandatory posts, what a post, a patrol or a reaction force achieves" } }
    }
}

/// People, those who watch, seed, and what is lost.
fn force_fields(view: &View<'_>, figures: &WeekFigures, question: &WeekQuestion) -> Markup {
    let alpha = view.mission.planning.values().next().map_or(0.5, |planning| planning.alpha_ppm.best as f64 / 1e6);
    let alpha = if question.alpha.is_empty() { alpha.to_string() } else { question.alpha.clone() };
    let mut alphas: Vec<(String, String)> = ["0", "0.5", "1"].map(|text| (text.to_owned(), text.to_owned())).to_vec();
    if !alphas.iter().any(|(value, _)| *value == alpha) {
        alphas.push((alpha.clone(), alpha.clone()));
    }
    html! {
            @for crew in &figures.contingents {
                label { span { "People of " (crew.name) } input type="number" name={ "people." (crew.id) } min="0" max="100000" step="1" value=(question.people(crew)); }
            }
            (select("alpha", "Share of attempts by those who watch", &alpha, "as in the planning figures", &alphas))
            label { span { "Seed" } input type="number" name="seed" min="0" step="1" value=(question.seed()); }
            label.whole { span { "Posts that are lost: ids of sites, separated by commas" } input type="text" name="lost_site" value=(question.lost_sites.join(", ")) maxlength="2000"; }
            details.whole open[!question.lost_bases.is_empty() || !question.lost_patrols.is_empty()] {
                summary { "Bases and patrols that are lost" }
                @for base in view.mission.bases.values() {
                    label.check { input type="checkbox" name="lost_base" value=(base.id) checked[question.lost_bases.iter().any(|id| id == base.id.as_str())]; span { (base.name) } }
                }
                @for patrol in &figures.patrols {
                    label.check { input type="checkbox" name="lost_patrol" value=(patrol.id) checked[question.lost_patrols.iter().any(|id| id == patrol.id.as_str())]; span { (patrol.name) } }
                }
            }
    }
}

/// `/week/question`: the whole form.
pub fn whole_form(view: &View<'_>, question: &WeekQuestion, changes: &Changes) -> Markup {
    let (Some(figures), Some(week)) = (Figures::of(view.mission), view.mission.week_figures.values().next()) else {
        return empty("There are no figures of the week to change yet.", "konbit import DIR planning FILE, week FILE");
    };
    html! {
        p.lead { "What would the week be if a figure were different? A field that is left empty stands for the figure in the record. The answer is a page whose address holds the question, so that it can be kept and sent." }
        form method="get" action="/week/ask" {
            section {
                h2 { "Force and losses" }
                div.fields { (force_fields(view, week, question)) }
            }
            (figure_sections(view, figures, changes))
            p { button type="submit" { "Plan with these" } " " a href=(question.address(!question.pairs().is_empty(), &[])) { "Back without asking" } }
        }
    }
}

/// A question that no plan of the week answers: why, and the demands that cannot all be met, each with the way out.
pub fn infeasible(
    view: &View<'_>,
    question: &WeekQuestion,
    changes: &Changes,
    reason: &str,
    conflict: Option<&(String, Vec<(Demand, String)>)>,
) -> Markup {
    const SHOWN: usize = 40;
    html! {
        p.lead { "No plan of the week does what the question asks." }
        p { "The planner says: " (reason) "." }
        @if let Some((slot, demands)) = conflict.filter(|(_, demands)| !demands.is_empty()) {
            section {
                @let is_one = demands.len() == 1;
                h2 { @if is_one { "The demand that cannot be met" } @else { "The demands that conflict" } }
                p {
                    @if is_one { "This demand alone cannot be met" } @else { "These alone cannot all be met" }
                    " with the people on duty in the kind of slot " (kind_name(view.mission, slot)) ". "
                    @if is_one { "Giving it up" } @else { "Giving up one of them" } ", or adding people who may serve there, may be enough."
                }
                div.scroll role="region" aria-label="Demands that conflict" tabindex="0" {
                    table {
                        caption { (format::plural(demands.len(), "demand", "demands")) }
                        thead { tr { th scope="col" { "Site" } th scope="col" { "What is demanded" } th scope="col" { "Way out" } } }
                        tbody { @for (demand, id) in demands.iter().take(SHOWN) { (demand_row(view, question, changes, *demand, id)) } }
                    }
                }
                @if demands.len() > SHOWN { p { "And " (format::size(demands.len() - SHOWN)) " more of the same." } }
            }
        }
        p { a href=(question.address_of("/week/question", true, &[])) { "Change the question" } " · " a href="/week" { "Back to the plan in force" } }
    }
}

fn kind_name(mission: &Mission, id: &str) -> String {
    let figures = mission.week_figures.values().next();
    let named = figures.and_then(|figures| figures.slots.iter().find(|slot| slot.id.as_str() == id));
    named.map_or_else(|| id.to_owned(), |slot| slot.name.clone())
}

fn demand_row(view: &View<'_>, question: &WeekQuestion, changes: &Changes, demand: Demand, id: &str) -> Markup {
    let site = view.mission.sites.get(id).map(|held| &held.value);
    let figures = changes.figures(view.mission).ok();
    let with = |name: &str, value: &str| {
        let mut asked = question.clone();
        asked.changes.retain(|(held, text)| match name {
            "no_post" => !(matches!(held.as_str(), "post" | "no_post") && text == value),
            figure => held != figure,
        });
        asked.changes.push((name.to_owned(), value.to_owned()));
        asked.address(true, &[])
    };
    html! {
        tr {
            th scope="row" { @match site { Some(site) => { a href=(site_href(id)) { (site.name) } " " span.quiet { (format::words(&site.kind)) } }, None => (id) } }
            @match (demand, site.zip(figures)) {
                (Demand::Post, Some((site, figures))) => {
                    td { "a post in every schedule" }
                    td { @if is_mandatory(&figures.planning, site) { a href=(with("no_post", id)) { "without this post" } } }
                },
                (Demand::Floor, Some((site, figures))) => {
                    @let floor = Figure::Floor(site.kind.clone());
                    td { "at least " (format::percent(floor.held(figures.read()).unwrap_or(0) as f64 / 1e6)) " % of attempts stopped" }
                    td { a href=(with(&floor.name(), "0")) { "without a floor for this kind" } }
                },
                (Demand::Visit, _) => { td { "somebody visits it in every slot" } td { "change the figures of the week: konbit import DIR week FILE" } },
                _ => { td { } td { } },
            }
        }
    }
}

/// Above a plan that is not adopted: what it answers, what that changes, how it stands against the plan in force, and
/// the form that adopts it. `followed` is what the plan in force would come to under the question's figures.
pub fn note(
    facts: &WeekFacts<'_>,
    question: &WeekQuestion,
    lines: &[ChangeLine],
    in_force: Option<(&WeekFacts<'_>, &Result<f64, String>)>,
    more: &Markup,
) -> Markup {
    html! {
        div.notice role="note" {
            p { strong { "Not adopted. " } "This plan answers the question: " (question.words()) "." }
            (change_lines(lines))
            @match in_force {
                Some((held, followed)) => {
                    p {
                        @match followed {
                            Ok(value) => {
                                "The plan in force, followed as it is, would leave " (format::harm(*value)) " under the same figures, leaving aside what is demanded; this one leaves "
                                (format::harm(facts.value)) ": " strong { (format::signed(facts.value - value, 2)) } " people harmed a week. "
                            },
                            Err(why) => {
                                "The plan in force (" (format::harm(held.value)) " when it was adopted) cannot be followed as it is under these figures: " (why) ". "
                            },
                        }
                        a href="/week" { "Back to the plan in force" }
                    }
                },
                None => p { "No plan of the week is in force to compare it with." },
            }
            (more)
            form.adopt method="post" action="/week/adopt" {
                (question.hidden())
                input type="hidden" name="problem" value=(facts.document.problem_hash);
                label { span { "Reason, kept in the record" } input type="text" name="reason" required maxlength="500" size="48"; }
                button type="submit" { "Adopt this plan" }
                @if !lines.is_empty() { p.quiet { "The changed figures enter the record with it, with this reason." } }
            }
        }
    }
}

/// The page while a plan is being made.
pub fn running(question: &WeekQuestion, progress: Option<Progress>, seconds: u64) -> Markup {
    html! {
        p.lead role="status" { "Planning the week, for " (format::count(seconds)) " seconds so far." }
        p { "The question: " (question.words()) "." }
        @match progress {
            Some(now) => {
                dl.stats {
                    (stat("Best plan so far", &html! { (format::harm(now.value)) }, &html! { "people harmed a week, expected" }))
                    (stat("Proven bound", &html! { (format::harm(now.bound)) }, &html! { "no plan does better" }))
                    (stat("Gap", &html! { (format::gap(if now.value > 0.0 { (now.value - now.bound).max(0.0) / now.value } else { 0.0 })) }, &html! { "closes as planning goes on" }))
                    (stat("Schedules", &html! { (format::size(now.schedules)) }, &html! { "round " (now.round) }))
                }
            },
            None => p.quiet { "The relaxation is being solved; value and bound appear when it is." },
        }
        form.inline method="post" action="/week/stop" {
            (question.hidden())
            button type="submit" { "End with the best plan so far" }
        }
        p.quiet { "This page asks again every two seconds." }
    }
}
