//! Pages of the week: the plan, planning again, draws, sheets, overrides, the roster.

use super::handlers::layers;
use super::week_study::found;
use super::{Answer, App, Ask, Work, answer};
use crate::format;
use crate::geo::MapSite;
use crate::layout::View;
use crate::mapbox::{self, Marks};
use crate::pages::week::slots::{self, ChangePage, DRAWN_AT_ONCE, read_task, task_word, task_words};
use crate::pages::week::{self, SlotRow, WeekFacts, WeekPage, WeekQuestion, roster};
use crate::problem::Problem;
use crate::week_planner::{Asked, PLAN_TIME_MAX};
use axum::Form;
use axum::extract::rejection::{FormRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use konbit_desk::{
    Changes, DrawnSlot, PlannedWeek, PreparedWeek, StudyKey, WeekView, draw_rows, followed, monday_of, roster_sheets,
    section_calendar, slot_sheet_csv,
};
use konbit_mission::draws::{Draw, Move};
use konbit_mission::week::{WeekAssumptions, WeekFigures};
use konbit_protect::WeekDocument;
use konbit_roster::sheet;
use maud::Markup;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Instant;

/// Role under which things are recorded from these pages, until there are accounts.
const ROLE: &str = "operations room (web page)";

/// Slots that the page of the week lists.
const SLOTS_SHOWN: usize = 12;

/// Longest reason, bytes.
const REASON_BYTES_MAX: usize = 2_000;

pub(super) type Pairs = Vec<(String, String)>;
pub(super) type Asking = Result<Query<Pairs>, QueryRejection>;
pub(super) type Sent = Result<Form<Pairs>, FormRejection>;

pub(super) fn asked(query: Asking) -> Pairs {
    query.map(|Query(pairs)| pairs).unwrap_or_default()
}

pub(super) fn sent(form: Sent) -> Result<Pairs, Problem> {
    form.map(|Form(pairs)| pairs).map_err(|rejection| Problem::bad_request(rejection.body_text()))
}

pub(super) fn value<'a>(pairs: &'a Pairs, name: &str) -> &'a str {
    pairs.iter().find(|(held, _)| held == name).map_or("", |(_, value)| value.trim())
}

fn reason(pairs: &Pairs) -> Result<&str, Problem> {
    match value(pairs, "reason") {
        "" => {
            Err(Problem::bad_request("a reason is needed: the record keeps why a thing was done; go back and give one"))
        }
        text if text.len() > REASON_BYTES_MAX => {
            Err(Problem::bad_request(format!("the reason is longer than {REASON_BYTES_MAX} bytes; shorten it")))
        }
        text => Ok(text),
    }
}

pub(super) fn figures<'a>(work: &Work<'a>) -> Result<&'a WeekFigures, Problem> {
    work.view.mission.week_figures.values().next().ok_or_else(|| {
        Problem::refused("the mission has no figures of the week; import them first: konbit import DIR week FILE")
    })
}

fn slot_rows<'a>(work: &Work<'a>, figures: &WeekFigures, count: usize) -> Vec<SlotRow<'a>> {
    let mission = work.view.mission;
    let row = |time: konbit_desk::SlotTime| {
        let held = mission.draws.get(Draw::id_of(time.start).as_str());
        SlotRow {
            kind: figures.slots[time.kind].name.clone(),
            draw: held.map(|held| (&held.value, held.entries.as_slice())),
            overrides: held
                .map_or(0, |held| mission.overrides.values().filter(|change| change.draw == held.value.id).count()),
            time,
        }
    };
    work.app.desk.slots(mission, work.now, count).into_iter().map(row).collect()
}

/// Sites by what they get in one kind of slot.
fn map_sites(view: &View<'_>, facts: &WeekFacts<'_>, kind: usize) -> Vec<MapSite> {
    let site = |(index, site): (usize, &konbit_protect::WeekSite)| {
        let held = &view.mission.sites.get(&site.id)?.value;
        let (stopped, posted) = (facts.evaluation.protection[kind][index], facts.evaluation.post_share[kind][index]);
        let (posture, words) = match (posted, stopped) {
            (posted, _) if posted >= 1.0 => ("always", "guarded in every schedule"),
            (posted, _) if posted > 0.0 => ("sometimes", "guarded in some schedules"),
            (_, stopped) if stopped > 0.0 => ("reached", "reached by a force or a patrol"),
            _ => ("open", "open"),
        };
        Some(MapSite {
            id: site.id.clone(),
            name: held.name.clone(),
            kind: format::words(&held.kind),
            position: held.position?,
            posture,
            says: format!("{words}, {} % of attempts stopped", format::percent(stopped)),
            verified: held.source.reading.is_verified(),
        })
    };
    facts.document.problem.sites.iter().enumerate().filter_map(site).collect()
}

/// The map of one kind of slot.
fn map(work: &Work<'_>, facts: &WeekFacts<'_>, question: &WeekQuestion, is_proposal: bool, kind: usize) -> Markup {
    let view = &work.view;
    let slot = [("kind", facts.document.problem.slots[kind].id.as_str())];
    let marks = Marks {
        sites: map_sites(view, facts, kind),
        areas: view.mission.areas.values().filter(|area| area.is_in_force(view.today)).collect(),
        bases: mapbox::bases(view.mission),
        sites_layer: Some(question.address_of("/week/sites.geojson", is_proposal, &slot)),
        ..Marks::default()
    };
    mapbox::map(
        view,
        &layers(work),
        &marks,
        "Map of the week: sites by what they get in this kind of slot, bases, areas held or contested",
    )
}

fn summary(facts: &WeekFacts<'_>, in_force: bool) -> Value {
    let problem = &facts.document.problem;
    let sites = facts.site_rows().into_iter().map(|row| {
        json!({ "id": row.id, "protection": row.slots.iter().map(|slot| slot.0).collect::<Vec<_>>(), "post_share": row.slots.iter().map(|slot| slot.1).collect::<Vec<_>>(), "harm_per_attempt": row.harm })
    });
    json!({
        "in_force": in_force, "value": facts.value, "bound": facts.bound, "gap": facts.gap, "status": facts.document.status,
        "problem_hash": facts.document.problem_hash, "seconds": facts.document.seconds,
        "slots": problem.slots.iter().map(|slot| &slot.id).collect::<Vec<_>>(),
        "groups": problem.groups.iter().zip(&facts.evaluation.groups).map(|(group, worst)| json!({ "id": group.id, "harm": worst.harm, "slot": problem.slots[worst.slot].id, "site": problem.sites[worst.site].id })).collect::<Vec<_>>(),
        "sites": sites.collect::<Vec<_>>(),
    })
}

pub(super) async fn week(State(app): State<App>, query: Asking, uri: Uri, headers: HeaderMap) -> Response {
    let question = WeekQuestion::read(&asked(query));
    answer(app, Ask::new(&uri, &headers), move |work| {
        let mission = work.view.mission;
        let Some(held) = work.app.desk.week_in_force(mission)? else {
            let why = if mission.week_figures.is_empty() {
                "A plan of the week needs kinds of slot, contingents, groups who watch and patrols."
            } else {
                "The figures are there: plan with the form, and adopt the plan with a reason."
            };
            return Ok(Answer::page("The week", "/week", week::without_plan(&work.view, &question, why), Value::Null));
        };
        let figures = figures(work)?;
        let adopted = &held.adopted.value;
        let facts = WeekFacts::new(mission, &held.document)?;
        let now = work.app.desk.prepare_week(mission, &adopted.assumptions, work.moment);
        let is_stale = !now.as_ref().is_ok_and(|now| now.week.hash() == adopted.problem);
        let left_out = now.map(|now| now.left_out).unwrap_or_default();
        let json = summary(&facts, true);
        let kind = question.kind(figures).min(facts.document.problem.slots.len() - 1);
        let page = WeekPage {
            map: map(work, &facts, &question, false, kind),
            adopted: Some((adopted, &held.adopted.entries)),
            in_force: None,
            lines: &[],
            is_stale,
            question: &question,
            slots: slot_rows(work, figures, SLOTS_SHOWN),
            left_out: &left_out,
            facts,
        };
        Ok(Answer::page("The week", "/week", week::week(&work.view, figures, &page), json).with_map())
    })
    .await
}

/// What a question makes.
pub(super) struct AskedWeek {
    pub(super) assumptions: WeekAssumptions,
    pub(super) changes: Changes,
    pub(super) prepared: PreparedWeek,
}

impl AskedWeek {
    pub(super) fn new(work: &Work<'_>, question: &WeekQuestion) -> Result<Self, Problem> {
        let mission = work.view.mission;
        let (assumptions, changes) = (question.assumptions(mission)?, question.changes(mission)?);
        let prepared = work.app.desk.prepare_week_if(mission, &assumptions, &changes, work.moment)?;
        Ok(Self { assumptions, changes, prepared })
    }

    fn key(&self, seed: u64) -> StudyKey {
        StudyKey::Plan(self.prepared.week.hash(), seed)
    }

    /// Remembers the answer where it was made by a command, or before the server began.
    fn recall(&self, work: &Work<'_>, seed: u64) -> StudyKey {
        let (app, key, hash) = (work.app, self.key(seed), self.prepared.week.hash());
        // What was stopped before it was done is an answer too, so that anything is enough.
        app.week.recall(&key, 1, || app.desk.kept_plan(hash, seed, &found));
        key
    }

    /// How far the answer is, without working on it.
    pub(super) fn look(&self, work: &Work<'_>, seed: u64) -> Asked<PlannedWeek> {
        work.app.week.look(&self.recall(work, seed))
    }

    /// The answer as it was made, as far as it is, or begun now, from the plan that is `held`.
    pub(super) fn planned(&self, work: &Work<'_>, held: Option<&WeekDocument>, seed: u64) -> Asked<PlannedWeek> {
        let key = self.recall(work, seed);
        let (desk, prepared, held) = (Arc::clone(&work.app.desk), self.prepared.clone(), held.cloned());
        work.app.week.ask(
            key,
            PLAN_TIME_MAX,
            |_| true,
            move |_, doing| {
                let started = Instant::now();
                let seconds = || started.elapsed().as_millis() as f64 / 1e3;
                Ok(desk.plan_week_kept(&prepared, held.as_ref(), seed, &found, (&doing.watch, &seconds)))
            },
        )
    }

    /// The answer, if it was made.
    pub(super) fn known(&self, work: &Work<'_>, question: &WeekQuestion) -> Option<Arc<PlannedWeek>> {
        work.app.week.known(&self.recall(work, question.seed()))
    }
}

pub(super) async fn plan(State(app): State<App>, query: Asking, uri: Uri, headers: HeaderMap) -> Response {
    let question = WeekQuestion::read(&asked(query));
    answer(app, Ask::new(&uri, &headers), move |work| {
        let (view, mission) = (&work.view, work.view.mission);
        let figures = figures(work)?;
        let asked = AskedWeek::new(work, &question)?;
        let held = work.app.desk.week_in_force(mission)?;
        let planned = match asked.planned(work, held.as_ref().map(|held| &held.document), question.seed()) {
            Asked::Known(Some(planned)) => planned,
            Asked::Known(None) => return Err(Problem::broken("the plan was neither made nor begun")),
            Asked::Running { progress, seconds, .. } => {
                let json = json!({ "running": true, "seconds": seconds, "value": progress.map(|now| now.value), "bound": progress.map(|now| now.bound) });
                let main = week::running(&question, progress, seconds);
                return Ok(Answer::page("Planning the week", "/week", main, json).asking_again(2));
            }
            Asked::Busy(what) => return Err(Problem::busy_with(what)),
            Asked::Failed(why) => return Err(Problem::broken(why)),
        };
        if planned.document.value.is_none() {
            return Ok(no_plan(work, &question, &asked.changes, &planned));
        }
        let facts = WeekFacts::new(mission, &planned.document)?;
        let in_force = match &held {
            Some(held) => {
                let followed = followed(&asked.prepared.week, &held.document).map(|evaluation| evaluation.value);
                Some((WeekFacts::new(mission, &held.document)?, followed))
            }
            None => None,
        };
        let lines = asked.changes.lines(mission);
        let json = summary(&facts, false);
        let page = WeekPage {
            map: map(work, &facts, &question, true, question.kind(figures)),
            adopted: None,
            in_force,
            lines: &lines,
            is_stale: false,
            question: &question,
            slots: Vec::new(),
            left_out: &asked.prepared.left_out,
            facts,
        };
        Ok(Answer::page("A plan of the week", "/week", week::week(view, figures, &page), json).with_map())
    })
    .await
}

/// The page of a question that no plan answers.
fn no_plan(work: &Work<'_>, question: &WeekQuestion, changes: &Changes, planned: &PlannedWeek) -> Answer {
    let reason = planned.document.reason.clone();
    let reason = reason.unwrap_or_else(|| "none was found in the time it was worked on".to_owned());
    let main = week::infeasible(&work.view, question, changes, &reason, planned.conflict.as_ref());
    let mut json = Problem::refused(format!("there is no plan of this week: {reason}")).json("/week/plan");
    if let Some((slot, demands)) = &planned.conflict {
        json["slot"] = json!(slot);
        json["conflict"] =
            demands.iter().map(|(demand, site)| json!({ "demand": demand.word(), "site": site })).collect();
    }
    Answer::page("No such plan", "/week", main, json).with_status(StatusCode::CONFLICT)
}

pub(super) async fn stop(State(app): State<App>, uri: Uri, headers: HeaderMap, form: Sent) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let pairs = form.map(|Form(pairs)| pairs).unwrap_or_default();
        work.app.week.stop();
        let question = WeekQuestion::read(&pairs);
        Ok(Answer::SeeOther(match study_path(value(&pairs, "study")) {
            Some(path) => question.address_of(path, true, &[("crew", value(&pairs, "crew"))]),
            None => question.address(true, &[]),
        }))
    })
    .await
}

pub(super) async fn adopt(State(app): State<App>, uri: Uri, headers: HeaderMap, form: Sent) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let pairs = sent(form)?;
        let question = WeekQuestion::read(&pairs);
        let asked = AskedWeek::new(work, &question)?;
        let hash = asked.prepared.week.hash();
        if value(&pairs, "problem") != hash.to_string() {
            return Err(Problem::refused(
                "the mission's data have changed since the plan was shown; look at the new plan before adopting it",
            ));
        }
        let forgotten = || Problem::refused("the plan is not remembered any more; ask for it again, then adopt it");
        let planned = asked.known(work, &question).ok_or_else(forgotten)?;
        let (document, reason) = (&planned.document, reason(&pairs)?);
        let AskedWeek { assumptions, changes, .. } = &asked;
        work.app.desk.adopt_week_with(document, assumptions, changes, reason, work.moment, &work.stamp(ROLE))?;
        Ok(Answer::SeeOther("/week".to_owned()))
    })
    .await
}

/// The plan that a question asks for if it was made, or else the one in force.
pub(super) fn shown(work: &Work<'_>, question: &WeekQuestion) -> Result<WeekDocument, Problem> {
    if question.pairs().is_empty()
        && let Some(held) = work.app.desk.week_in_force(work.view.mission)?
    {
        return Ok(held.document);
    }
    let missing = || Problem::not_found("this plan of the week was not made yet, or is not remembered any more");
    let planned = AskedWeek::new(work, question)?.known(work, question).ok_or_else(missing)?;
    Ok(planned.document.clone())
}

/// The page of a study, by the word that its form sends.
fn study_path(word: &str) -> Option<&'static str> {
    ["/week/curve", "/week/alpha", "/week/sensitivity"]
        .into_iter()
        .find(|path| path.ends_with(word) && !word.is_empty())
}

pub(super) async fn plan_json(State(app): State<App>, query: Asking, uri: Uri, headers: HeaderMap) -> Response {
    let question = WeekQuestion::read(&asked(query));
    answer(app, Ask::new(&uri, &headers), move |work| {
        let document = shown(work, &question)?;
        let name = format!("week-{}.json", document.problem_hash.short());
        Ok(Answer::File { media: "application/json", name: Some(name), bytes: document.to_bytes(), immutable: false })
    })
    .await
}

pub(super) async fn sites(State(app): State<App>, query: Asking, uri: Uri, headers: HeaderMap) -> Response {
    let question = WeekQuestion::read(&asked(query));
    answer(app, Ask::new(&uri, &headers), move |work| {
        let document = shown(work, &question)?;
        let facts = WeekFacts::new(work.view.mission, &document)?;
        let kind = document.problem.slots.iter().position(|slot| slot.id == question.kind).unwrap_or(0);
        let text = crate::geo::sites(&map_sites(&work.view, &facts, kind)).to_string();
        Ok(Answer::File { media: "application/geo+json", name: None, bytes: text.into_bytes(), immutable: false })
    })
    .await
}

pub(super) async fn draw(State(app): State<App>, uri: Uri, headers: HeaderMap, form: Sent) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let pairs = sent(form)?;
        let count = match value(&pairs, "slots") {
            "" => DRAWN_AT_ONCE,
            text => text.parse().map_err(|_| Problem::bad_request(format!("{text:?} is not a number of slots")))?,
        };
        work.app.desk.commit_draws(count, &(work.app.world.entropy)(), &work.stamp(ROLE))?;
        Ok(Answer::SeeOther("/week#slots".to_owned()))
    })
    .await
}

pub(super) async fn reveal(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let done = work.app.desk.reveal_draws(&work.stamp(ROLE))?;
        if let Some(why) = done.kept.first() {
            return Err(Problem::refused(why.clone()));
        }
        Ok(Answer::SeeOther("/week/draws".to_owned()))
    })
    .await
}

pub(super) async fn draws(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let checks = work.app.desk.check_draws(work.view.mission)?;
        let json = checks.iter().map(|check| json!({ "draw": check.draw, "fault": check.fault })).collect::<Vec<_>>();
        Ok(Answer::page("Draws", "/week", slots::draws(&work.view, &checks), json!({ "draws": json })))
    })
    .await
}

pub(super) async fn draws_csv(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let rows = draw_rows(work.view.mission, work.app.desk.check_draws(work.view.mission)?, work.now);
        Ok(csv("draws.csv", konbit_desk::draws_csv(&rows)))
    })
    .await
}

fn csv(name: &str, bytes: Vec<u8>) -> Answer {
    let media = "text/csv; charset=utf-8";
    Answer::File { media, name: Some(name.to_owned()), bytes, immutable: false }
}

/// The slot of a draw.
fn drawn(work: &Work<'_>, id: &str) -> Result<DrawnSlot, Problem> {
    let missing = || Problem::not_found(&format!("no draw {id:?} is in the record"));
    let draw = work.view.mission.draws.get(id).ok_or_else(missing)?;
    Ok(work.app.desk.drawn_slot(work.view.mission, &draw.value)?)
}

pub(super) async fn slot(State(app): State<App>, Path(id): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let (id, as_table) = id.strip_suffix(".csv").map_or((id.as_str(), false), |id| (id, true));
        let drawn = drawn(work, id)?;
        let sheet = work.app.desk.sheet(work.view.mission, &drawn);
        let is_over = drawn.draw.end <= work.now;
        if as_table {
            let bytes = slot_sheet_csv(work.view.mission, &sheet, None, is_over);
            return Ok(csv(&format!("sheet-{id}.csv"), bytes));
        }
        let json = json!({ "draw": drawn.draw, "schedule": drawn.number + 1, "sheet": sheet, "published": drawn.draw.revealed.is_some() });
        let main = slots::sheet(&work.view, &drawn, &sheet, is_over);
        Ok(Answer::page("Who does what", "/week", main, json))
    })
    .await
}

/// The moves that a form or an address asks for.
fn moves(pairs: &Pairs) -> Result<Vec<Move>, Problem> {
    let task = |name: &str| match value(pairs, name) {
        "" | "-" => Ok(None),
        word => read_task(word)
            .map(Some)
            .ok_or_else(|| Problem::bad_request(format!("{word:?} is not a task; write post:SITE or force:BASE"))),
    };
    Ok(vec![Move { contingent: value(pairs, "contingent").to_owned(), leave: task("leave")?, take: task("take")? }])
}

/// Tasks that people may take: the next best ones first, then every place where they may serve.
fn choices(work: &Work<'_>, drawn: &DrawnSlot, pairs: &Pairs) -> Vec<(String, String, Option<f64>)> {
    let mission = work.view.mission;
    let sheet = work.app.desk.sheet(mission, drawn);
    let tasks = sheet.sections.iter().flat_map(|section| &section.tasks);
    let own = tasks.clone().find(|task| task_word(&task.task) == value(pairs, "leave"));
    let best = own.map(|task| task.instead.as_slice()).unwrap_or_default();
    let mut list: Vec<(String, String, Option<f64>)> =
        best.iter().map(|(task, saved)| (task_word(task), task_words(mission, task), Some(*saved))).collect();
    let problem = &drawn.plan.document.problem;
    let crew = problem.contingents.iter().find(|crew| crew.id == value(pairs, "contingent"));
    let may = |own: Option<&Vec<u32>>, index: usize| {
        own.is_none_or(|own| u32::try_from(index).is_ok_and(|index| own.binary_search(&index).is_ok()))
    };
    let posts =
        problem.sites.iter().enumerate().filter(|(index, _)| crew.is_some_and(|crew| may(crew.sites.as_ref(), *index)));
    let posts = posts.map(|(_, site)| konbit_mission::draws::UnitTask::Post { site: site.id.clone() });
    let forces = problem
        .bases
        .iter()
        .enumerate()
        .filter(|(index, base)| base.forces_max > 0 && crew.is_some_and(|crew| may(crew.bases.as_ref(), *index)));
    let forces = forces.map(|(_, base)| konbit_mission::draws::UnitTask::Force { base: base.id.clone() });
    let mut others: Vec<(String, String, Option<f64>)> =
        forces.chain(posts).map(|task| (task_word(&task), task_words(mission, &task), None)).collect();
    others.retain(|(word, ..)| list.iter().all(|(held, ..)| held != word));
    list.append(&mut others);
    list
}

pub(super) async fn change(
    State(app): State<App>,
    Path(id): Path<String>,
    query: Asking,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let pairs = asked(query);
    answer(app, Ask::new(&uri, &headers), move |work| {
        let drawn = drawn(work, &id)?;
        let priced = if value(&pairs, "take").is_empty() {
            None
        } else {
            Some(work.app.desk.price_moves(&drawn, &moves(&pairs)?).map_err(|error| error.to_string()))
        };
        let json = match &priced {
            Some(Ok(priced)) => json!({ "value_more": priced.price.value_more, "forecast_more": priced.price.forecast_more, "worst_more": priced.price.worst_more, "unmet": priced.unmet }),
            Some(Err(why)) => json!({ "refused": why }),
            None => Value::Null,
        };
        let page = ChangePage {
            slot: &drawn,
            contingent: value(&pairs, "contingent"),
            leave: value(&pairs, "leave"),
            take: value(&pairs, "take"),
            choices: choices(work, &drawn, &pairs),
            priced,
        };
        Ok(Answer::page("Change what was drawn", "/week", slots::change(&work.view, &page), json))
    })
    .await
}

pub(super) async fn order(
    State(app): State<App>,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    form: Sent,
) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let pairs = sent(form)?;
        let drawn = drawn(work, &id)?;
        work.app.desk.override_slot(&drawn, moves(&pairs)?, reason(&pairs)?, &work.stamp(ROLE))?;
        Ok(Answer::SeeOther(format!("/week/slots/{id}#overrides")))
    })
    .await
}

pub(super) async fn the_roster(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let Some(held) = work.app.desk.week_in_force(work.view.mission)? else {
            return Ok(Answer::page("The roster", "/week", roster::without_roster(), Value::Null));
        };
        let json = serde_json::to_value(&held.roster).expect("a roster is texts and numbers");
        Ok(Answer::page("The roster", "/week", roster::roster(&work.view, &held), json))
    })
    .await
}

fn roster_in_force(work: &Work<'_>) -> Result<WeekView, Problem> {
    let missing = || Problem::not_found("no plan of the week is in force, so there is no roster");
    work.app.desk.week_in_force(work.view.mission)?.ok_or_else(missing)
}

pub(super) async fn roster_json(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let bytes = roster_in_force(work)?.roster.to_bytes();
        Ok(Answer::File { media: "application/json", name: Some("roster.json".to_owned()), bytes, immutable: false })
    })
    .await
}

pub(super) async fn roster_csv(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let roster = roster_in_force(work)?.roster;
        let sheets = roster_sheets(&roster, monday(work)).map_err(|error| Problem::broken(error.to_string()))?;
        Ok(csv("roster.csv", konbit_desk::roster_csv(&roster, &sheets)))
    })
    .await
}

/// The Monday of the week that is shown: that of today.
fn monday(work: &Work<'_>) -> jiff::civil::Date {
    monday_of(work.now.to_zoned_datetime(work.view.zone()).date())
}

/// The sheet of a section for the week that is shown: that of today.
fn section_sheet(work: &Work<'_>, id: &str) -> Result<(WeekView, konbit_roster::Sheet), Problem> {
    let held = roster_in_force(work)?;
    let missing = || Problem::not_found(&format!("no section {id:?} is in the roster"));
    let index = held.roster.sections.iter().position(|section| section.id == id).ok_or_else(missing)?;
    let begin = monday(work).to_datetime(jiff::civil::Time::midnight());
    let made = sheet(&held.roster, index, begin).ok_or_else(missing)?;
    let made = made.map_err(|error| Problem::broken(error.to_string()))?;
    Ok((held, made))
}

pub(super) async fn section(State(app): State<App>, Path(id): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let (held, sheet) = section_sheet(work, &id)?;
        let json = serde_json::to_value(&sheet).expect("a sheet is texts and numbers");
        let main = roster::section(&work.view, &held.roster, &sheet);
        Ok(Answer::page(format!("Section {id}"), "/week", main, json))
    })
    .await
}

pub(super) async fn calendar(State(app): State<App>, Path(id): Path<String>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let (_, sheet) = section_sheet(work, &id)?;
        let text = section_calendar(&sheet, &work.view.zone(), work.now)
            .map_err(|error| Problem::broken(error.to_string()))?;
        let name = format!("{id}.ics").replace(['"', '/', '\\'], "-");
        Ok(Answer::File {
            media: "text/calendar; charset=utf-8",
            name: Some(name),
            bytes: text.into_bytes(),
            immutable: false,
        })
    })
    .await
}
