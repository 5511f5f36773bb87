//! Pages and files of plans: the one in force, and answers to questions.

use super::handlers::{adopted, layers};
use super::{Answer, App, Ask, Work, answer};
use crate::geo;
use crate::layout::View;
use crate::mapbox::{self, Marks};
use crate::pages::protection::{
    self, Asked, PlanFacts, ProtectionQuery, Standing, Why, category_word, posture_label, posture_word, rows,
};
use crate::planner::{Ground, Question};
use crate::problem::Problem;
use axum::Form;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use konbit_desk::{Assumptions, Equal, PlanView, Planned, Travel, equal, opened, prepare, translated};
use konbit_mission::Mission;
use konbit_mission::place::LayerKind;
use konbit_mission::protection::{Planning, Site};
use konbit_protect::{CurvePoint, PlanDocument, Posture, explain};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// Role under which a plan is adopted from a page, until there are accounts.
const ROLE: &str = "planner (web page)";

/// Longest reason, bytes.
const REASON_BYTES_MAX: usize = 2_000;

/// The facts of a plan file, with what only the data it was made from know: the interval of attempts, sites left out.
fn facts(work: &Work<'_>, ground: Option<&Ground<'_>>, document: &PlanDocument) -> Option<PlanFacts> {
    let mut facts = PlanFacts::new(document)?;
    let assumptions = Assumptions { personnel: Some(document.personnel), alpha_ppm: Some(document.problem.alpha_ppm) };
    if let Some(ground) = ground
        && let Ok(prepared) = prepare(ground.mission, ground.travel, assumptions, ground.moment)
    {
        facts.left_out = prepared.left_out.len();
        let per_week = |micro: u64| micro as f64 / 1e6;
        let estimates = prepared.problem.data().sites.iter().zip(&prepared.estimates);
        facts.attempts = estimates
            .map(|(site, estimate)| {
                let interval =
                    (per_week(estimate.low_micro), per_week(estimate.mean_micro), per_week(estimate.high_micro));
                (site.id.clone(), interval)
            })
            .collect();
        facts.is_stale = prepared.problem.hash() != document.problem_hash;
    }
    if let Some(force) = work.app.planner.known_force(document) {
        // The curve may have been stopped by its time limit: what the plan file has is kept.
        let known = force.steps.iter().map(|step| CurvePoint {
            personnel: step.personnel,
            value: step.found.map(|found| found.0),
            bound: step.found.map(|found| found.1),
        });
        let more = known.filter(|point| !facts.curve.iter().any(|held| held.personnel == point.personnel));
        let more: Vec<_> = more.collect();
        facts.curve.extend(more);
        facts.curve.sort_by_key(|point| point.personnel);
    }
    Some(facts)
}

/// The facts of the plan in force.
pub(super) fn adopted_facts(work: &Work<'_>, held: &PlanView) -> Option<PlanFacts> {
    facts(work, work.ground().ok().as_ref(), &held.document)
}

/// What an address asks to be planned.
pub(super) fn question(query: &ProtectionQuery) -> Result<Question, Problem> {
    let mut question = Question::parse(&query.personnel, &query.alpha, &query.seed)?;
    for (name, value) in &query.changes {
        let changed = match name.as_str() {
            "post" => question.changes.post(value, true),
            "no_post" => question.changes.post(value, false),
            figure => question.changes.set(figure, value),
        };
        changed.map_err(|error| Problem::bad_request(error.to_string()))?;
    }
    Ok(question)
}

/// The data as a question has them.
pub(super) struct AskedGround {
    mission: Mission,
    travel: Option<Travel>,
}

impl AskedGround {
    /// Makes the changes; travel times are computed anew only where they change.
    pub(super) fn new(work: &Work<'_>, question: &Question) -> Result<Option<Self>, Problem> {
        if question.changes.is_empty() {
            return Ok(None);
        }
        let mission = question.changes.mission(work.view.mission)?;
        let travel =
            if question.changes.moves_travel() { Some(work.app.desk.travel(&mission, work.moment)?) } else { None };
        Ok(Some(Self { mission, travel }))
    }

    /// What plans are made from under the question; the record's own data where it changes nothing.
    pub(super) fn ground<'a>(asked: Option<&'a Self>, work: &'a Work<'_>) -> Result<Ground<'a>, Problem> {
        let Some(asked) = asked else { return work.ground() };
        let travel = match &asked.travel {
            Some(travel) => travel,
            None => work.travel()?,
        };
        Ok(Ground { mission: &asked.mission, travel, moment: work.moment })
    }
}

/// A question that no plan answers.
pub(super) struct Unmet {
    planned: Arc<Planned>,
    planning: Option<Planning>,
}

impl Unmet {
    fn reason(&self) -> String {
        let document = &self.planned.document;
        document.reason.clone().unwrap_or_else(|| "none was found in the time a page waits".to_owned())
    }

    fn problem(&self) -> Problem {
        Problem::refused(format!("there is no plan for {} people: {}", self.planned.document.personnel, self.reason()))
    }
}

/// An answer to a question.
pub(super) struct WhatIf {
    pub(super) planned: Arc<Planned>,
    pub(super) question: Question,
    facts: PlanFacts,
    asked: Asked,
}

/// What there is to show: the plan in force, and the answer to the question if one is asked.
pub(super) struct Shown {
    pub(super) held: Option<PlanView>,
    pub(super) held_facts: Option<PlanFacts>,
    pub(super) what_if: Option<WhatIf>,
}

impl Shown {
    pub(super) fn read(work: &Work<'_>, query: &ProtectionQuery) -> Result<Self, Problem> {
        Self::ask(work, query)?.map_err(|unmet| unmet.problem())
    }

    fn ask(work: &Work<'_>, query: &ProtectionQuery) -> Result<Result<Self, Unmet>, Problem> {
        let held = work.app.desk.plan_in_force(work.view.mission)?;
        let held_facts = held.as_ref().and_then(|held| adopted_facts(work, held));
        if !query.asks_what_if() {
            return Ok(Ok(Self { held, held_facts, what_if: None }));
        }
        let mut question = question(query)?;
        question.changes = question.changes.that_differ(work.view.mission);
        let changed = AskedGround::new(work, &question)?;
        let ground = AskedGround::ground(changed.as_ref(), work)?;
        let planned = work.app.planner.plan(&ground, &question)?;
        let Some(facts) = facts(work, Some(&ground), &planned.document) else {
            let planning = ground.mission.planning.values().next().cloned();
            return Ok(Err(Unmet { planned, planning }));
        };
        let asked = Asked {
            lines: question.changes.lines(work.view.mission),
            changes_figures: question.changes.change_harm()
                || held.as_ref().is_some_and(|held| held.document.problem.alpha_ppm != facts.problem.alpha_ppm),
            in_force: held.as_ref().map(|held| against(&held.document, &planned.document)),
        };
        Ok(Ok(Self { held, held_facts, what_if: Some(WhatIf { planned, question, facts, asked }) }))
    }

    pub(super) fn standing(&self) -> Option<Standing<'_>> {
        if let Some(what_if) = &self.what_if {
            let in_force = self.held_facts.as_ref();
            return Some(Standing::WhatIf { facts: &what_if.facts, in_force, asked: &what_if.asked });
        }
        let (held, facts) = (self.held.as_ref()?, self.held_facts.as_ref()?);
        Some(Standing::InForce { facts, adopted: adopted(held) })
    }

    /// The plan file of the plan shown.
    pub(super) fn document(&self) -> Option<&PlanDocument> {
        let asked = self.what_if.as_ref().map(|what_if| &what_if.planned.document);
        asked.or(self.held.as_ref().map(|held| &held.document))
    }
}

/// The plan in force under the figures of another plan, and how many more people it would need to do as well.
pub(super) fn against(held: &PlanDocument, document: &PlanDocument) -> Result<Equal, String> {
    let elsewhere = || "it names sites or bases that are not planned for any more".to_owned();
    let schedules = translated(&held.problem, &document.problem, &held.schedules).ok_or_else(elsewhere)?;
    let problem = konbit_protect::Problem::new(document.problem.clone()).map_err(|error| error.to_string())?;
    equal(&problem, &schedules, document.value.unwrap_or_default())
}

fn marks<'a>(view: &View<'a>, standing: Option<&Standing<'_>>, query: &ProtectionQuery) -> Marks<'a> {
    let mission = view.mission;
    let sites = match standing {
        Some(standing) => mapbox::plan_sites(&rows(mission, standing.shown())),
        None => mapbox::unplanned_sites(mission),
    };
    Marks {
        sites,
        areas: mission.areas.values().filter(|area| area.is_in_force(view.today)).collect(),
        bases: mapbox::bases(mission),
        sites_query: query.address(""),
        ..Marks::default()
    }
}

/// The marks that a page about something else than a plan shows: sites as in the plan in force, bases.
pub(super) fn layer_marks<'a>(work: &Work<'a>) -> Marks<'a> {
    let query = ProtectionQuery::default();
    let shown = Shown::read(work, &query).ok();
    let standing = shown.as_ref().and_then(Shown::standing);
    Marks { areas: Vec::new(), ..marks(&work.view, standing.as_ref(), &query) }
}

/// Sites whose posture differs between two plans: before and after, in words.
pub(super) fn posture_changes<'a>(
    mission: &'a Mission,
    before: &PlanDocument,
    after: &PlanDocument,
) -> Vec<(&'a Site, &'static str, &'static str)> {
    let then: BTreeMap<&str, Posture> = after.sites.iter().map(|site| (site.id.as_str(), site.posture)).collect();
    let differs = before.sites.iter().filter_map(|site| {
        let now = *then.get(site.id.as_str())?;
        let held = &mission.sites.get(&site.id)?.value;
        (now != site.posture).then(|| (held, posture_label(site.posture), posture_label(now)))
    });
    differs.collect()
}

fn summary(standing: &Standing<'_>, view: &View<'_>) -> Value {
    let facts = standing.shown();
    let rows = rows(view.mission, facts);
    let of = |posture: Posture| rows.iter().filter(|row| row.plan.posture == posture).count();
    json!({
        "in_force": matches!(standing, Standing::InForce { .. }),
        "value": facts.value, "bound": facts.bound, "gap": facts.gap, "status": facts.status, "seed": facts.seed,
        "problem_hash": facts.problem_hash, "personnel": facts.personnel, "seconds": facts.seconds,
        "unprotected": facts.unprotected(),
        "postures": { "always": of(Posture::Always), "sometimes": of(Posture::Sometimes), "reached": of(Posture::Reached), "open": of(Posture::Open) },
        "curve": facts.curve, "sites": facts.sites,
    })
}

pub(super) async fn protection(
    State(app): State<App>,
    query: Result<Query<ProtectionQuery>, QueryRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    answer(app, Ask::new(&uri, &headers), move |work| {
        let shown = match Shown::ask(work, &query)? {
            Ok(shown) => shown,
            Err(unmet) => return Ok(no_plan(work, &query, &unmet)),
        };
        let Some(standing) = shown.standing() else {
            let why = prepare(work.view.mission, work.travel()?, Assumptions::default(), work.moment).map_or_else(
                |error| error.to_string(),
                |_| "The figures are there: make a plan with the form, and adopt it with a reason.".to_owned(),
            );
            let main = protection::without_plan(&work.view, &why, &query);
            return Ok(Answer::page("Protection", "/protection", main, Value::Null));
        };
        let map = mapbox::map(
            &work.view,
            &layers(work),
            &marks(&work.view, Some(&standing), &query),
            "Map of the plan: sites by posture, bases, areas held or contested",
        );
        let main = protection::protection(&work.view, &query, &standing, &map);
        Ok(Answer::page("Protection", "/protection", main, summary(&standing, &work.view)).with_map())
    })
    .await
}

/// The page of a question that no plan answers.
fn no_plan(work: &Work<'_>, query: &ProtectionQuery, unmet: &Unmet) -> Answer {
    let (reason, conflict) = (unmet.reason(), &unmet.planned.conflict);
    let main = protection::infeasible(&work.view, query, &reason, unmet.planning.as_ref(), conflict);
    let mut json = unmet.problem().json("/protection");
    json["conflict"] = json!(conflict);
    Answer::page("No such plan", "/protection", main, json).with_status(StatusCode::CONFLICT)
}

/// Puts the answer to a question in force, with a reason. The form sends the question's own pairs, the problem that was
/// shown, and the reason.
pub(super) async fn adopt(
    State(app): State<App>,
    uri: Uri,
    headers: HeaderMap,
    form: Result<Form<Vec<(String, String)>>, axum::extract::rejection::FormRejection>,
) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let Form(pairs) = form.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        let sent = |name: &str| {
            pairs.iter().find(|(held, _)| held == name).map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let (reason, shown) = (sent("reason"), sent("problem"));
        if reason.is_empty() {
            return Err(Problem::bad_request(
                "a reason is needed: the record keeps why a plan was adopted; go back and give one",
            ));
        }
        if reason.len() > REASON_BYTES_MAX {
            return Err(Problem::bad_request(format!(
                "the reason is longer than {REASON_BYTES_MAX} bytes; shorten it"
            )));
        }
        let asked = question(&ProtectionQuery::from_pairs(pairs))?;
        let changed = AskedGround::new(work, &asked)?;
        let planned = work.app.planner.plan(&AskedGround::ground(changed.as_ref(), work)?, &asked)?;
        if !shown.is_empty() && shown != planned.document.problem_hash.to_string() {
            return Err(Problem::refused(
                "the mission's data have changed since the plan was shown; look at the new plan before adopting it",
            ));
        }
        work.app.desk.adopt_with(&planned.document, &asked.changes, &reason, work.moment, &work.stamp(ROLE))?;
        Ok(Answer::SeeOther("/protection".to_owned()))
    })
    .await
}

/// A file made from the plan that the query asks for.
async fn plan_file(
    app: App,
    ask: Ask,
    query: Result<Query<ProtectionQuery>, QueryRejection>,
    media: &'static str,
    extension: &'static str,
    write: fn(&Work<'_>, &PlanDocument) -> Vec<u8>,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    answer(app, ask, move |work| {
        let shown = Shown::read(work, &query)?;
        let document = shown.document().ok_or_else(|| Problem::not_found("no plan is in force"))?;
        let name = format!("plan-{}-{}.{extension}", document.personnel, document.problem_hash.short());
        Ok(Answer::File { media, name: Some(name), bytes: write(work, document), immutable: false })
    })
    .await
}

pub(super) type PlanQuery = Result<Query<ProtectionQuery>, QueryRejection>;

pub(super) async fn plan_json(State(app): State<App>, query: PlanQuery, uri: Uri, headers: HeaderMap) -> Response {
    plan_file(app, Ask::new(&uri, &headers), query, "application/json", "json", |_, document| document.to_bytes()).await
}

pub(super) async fn plan_geojson(State(app): State<App>, query: PlanQuery, uri: Uri, headers: HeaderMap) -> Response {
    let write =
        |work: &Work<'_>, document: &PlanDocument| konbit_desk::plan_geojson(work.view.mission, document).into_bytes();
    plan_file(app, Ask::new(&uri, &headers), query, "application/geo+json", "geojson", write).await
}

pub(super) async fn plan_csv(State(app): State<App>, query: PlanQuery, uri: Uri, headers: HeaderMap) -> Response {
    let write = |work: &Work<'_>, document: &PlanDocument| csv(work, document).into_bytes();
    plan_file(app, Ask::new(&uri, &headers), query, "text/csv; charset=utf-8", "csv", write).await
}

/// The sites of a plan, with a row of HXL tags, most expected harm first.
fn csv(work: &Work<'_>, document: &PlanDocument) -> String {
    let mut out = String::from(
        "id,name,kind,category,pcode,lat,lon,posture,protection,post_share,base,minutes,harm_per_attempt,harm_per_week\n\
         #loc+site+id,#loc+site+name,#loc+site+type,#sector+mandate,#adm+code,#geo+lat,#geo+lon,#status+posture,#indicator+protection,#indicator+post_share,#loc+base+id,#indicator+minutes,#indicator+harm_per_attempt,#indicator+harm_per_week\n",
    );
    let Some(facts) = PlanFacts::new(document) else { return out };
    for row in rows(work.view.mission, &facts) {
        let (site, plan) = (row.site, row.plan);
        let position = site.position.map_or_else(|| ",".to_owned(), |at| format!("{:.6},{:.6}", at.lat(), at.lon()));
        let area = site.area.as_ref().map_or_else(String::new, ToString::to_string);
        writeln!(
            out,
            "{},{},{},{},{area},{position},{},{:.6},{:.6},{},{},{:.6},{:.6}",
            cell(site.id.as_str()),
            cell(&site.name),
            cell(&site.kind),
            category_word(site.category),
            posture_word(plan.posture),
            plan.protection,
            plan.post_share,
            cell(plan.base.as_deref().unwrap_or_default()),
            plan.minutes.map_or_else(String::new, |minutes| format!("{minutes:.1}")),
            plan.harm_per_attempt,
            row.harm_per_week,
        )
        .expect("writing to a string cannot fail");
    }
    out
}

/// A text as a cell of CSV (RFC 4180). A text that a spreadsheet would run as a formula gets an apostrophe.
pub(super) fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if guard.is_empty() && !text.contains([',', '"', '\n', '\r']) {
        return text.to_owned();
    }
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}

pub(super) async fn site(
    State(app): State<App>,
    Path(id): Path<String>,
    query: PlanQuery,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    answer(app, Ask::new(&uri, &headers), move |work| {
        let missing = || Problem::not_found(&format!("no site {id:?} is in the record"));
        let held = work.view.mission.sites.get(&id).ok_or_else(missing)?;
        let shown = Shown::read(work, &query)?;
        let standing = shown.standing();
        let mut marks = marks(&work.view, standing.as_ref(), &query);
        marks.incidents = work.view.mission.incidents.values().collect();
        marks.here = held.value.position;
        let label = format!("Map around {}: sites by posture, bases, incidents", held.value.name);
        let map = mapbox::map(&work.view, &layers(work), &marks, &label);
        let reason = shown
            .document()
            .and_then(opened)
            .and_then(|(problem, plan)| explain(&problem, &plan).into_iter().find(|reason| reason.id == id));
        let why = Why { reason: reason.as_ref(), query: &query };
        let travel = work.travel()?;
        let (in_week, week) = super::week_site::site_in_week(work, &id)?;
        let main = protection::site(&work.view, travel, &id, standing.as_ref(), &why, &map, &in_week);
        let main = main.ok_or_else(missing)?;
        let plan = shown.document().and_then(|document| document.sites.iter().find(|site| site.id == id));
        let json = json!({ "site": held.value, "plan": plan, "week": week, "entries": held.entries });
        Ok(Answer::page(held.value.name.clone(), "/protection", main, json).with_map())
    })
    .await
}

/// What a map layer's address may carry.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct LayerQuery {
    /// Version that the address names; an answer of that version never changes.
    pub(super) v: String,
}

pub(super) async fn layer(
    State(app): State<App>,
    Path(name): Path<String>,
    version: Result<Query<LayerQuery>, QueryRejection>,
    query: PlanQuery,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let version = version.map(|Query(version)| version.v).unwrap_or_default();
    answer(app, Ask::new(&uri, &headers), move |work| {
        let mission = work.view.mission;
        let missing = || Problem::not_found(&format!("no map layer {name:?} is in the record"));
        let name = name.strip_suffix(".geojson").ok_or_else(missing)?;
        if let Some(kind) = mapbox::LAYERS.into_iter().find(|kind: &LayerKind| kind.name() == name) {
            let bytes = work.app.desk.layer(mission, kind)?.ok_or_else(missing)?;
            let immutable = mission.layers.get(name).is_some_and(|layer| layer.value.digest.short() == version);
            return Ok(Answer::File { media: "application/geo+json", name: None, bytes, immutable });
        }
        let value = match name {
            "towns" => geo::towns(mission),
            "areas" => geo::areas(mission, work.view.today),
            "incidents" => geo::incidents(mission),
            "bases" => geo::bases(mission),
            "sites" => {
                let shown = Shown::read(work, &query)?;
                geo::sites(&marks(&work.view, shown.standing().as_ref(), &query).sites)
            }
            _ => return Err(missing()),
        };
        Ok(Answer::File {
            media: "application/geo+json",
            name: None,
            bytes: value.to_string().into_bytes(),
            immutable: false,
        })
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_quoted_and_no_formula_is_run() {
        for (text, expect) in [
            ("plain", "plain"),
            ("a, b", "\"a, b\""),
            ("say \"no\"", "\"say \"\"no\"\"\""),
            ("=1+1", "\"'=1+1\""),
            ("@x", "\"'@x\""),
            ("", ""),
        ] {
            assert_eq!(cell(text), expect);
        }
    }
}
