//! Pages and files of plans: the one in force, and answers to questions.

use super::handlers::{adopted, layers};
use super::{Answer, App, Ask, Work, answer};
use crate::geo;
use crate::layout::View;
use crate::mapbox::{self, Marks};
use crate::pages::protection::{
    self, PlanFacts, ProtectionQuery, Standing, category_word, posture_label, posture_word, rows,
};
use crate::planner::Question;
use crate::problem::Problem;
use axum::Form;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use konbit_desk::{Assumptions, PlanView, prepare};
use konbit_mission::Mission;
use konbit_mission::place::LayerKind;
use konbit_mission::protection::Site;
use konbit_protect::{PlanDocument, Posture};
use maud::html;
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// Role under which a plan is adopted from a page, until there are accounts.
const ROLE: &str = "planner (web page)";

/// Longest reason, bytes.
const REASON_BYTES_MAX: usize = 2_000;

/// The facts of a plan file, with what only the mission's data know: the interval of attempts, sites left out.
fn facts(work: &Work<'_>, document: &PlanDocument) -> Option<PlanFacts> {
    let mut facts = PlanFacts::new(document)?;
    let assumptions = Assumptions { personnel: Some(document.personnel), alpha_ppm: Some(document.problem.alpha_ppm) };
    if let Ok(travel) = work.travel()
        && let Ok(prepared) = prepare(work.view.mission, travel, assumptions, work.moment)
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
    if let Some(curve) = work.app.planner.known_curve(document.problem_hash, document.seed) {
        // The curve may have been stopped by its time limit: what the plan file has is kept.
        let more = curve.iter().filter(|point| !facts.curve.iter().any(|held| held.personnel == point.personnel));
        let more: Vec<_> = more.cloned().collect();
        facts.curve.extend(more);
        facts.curve.sort_by_key(|point| point.personnel);
    }
    Some(facts)
}

/// The facts of the plan in force.
pub(super) fn adopted_facts(work: &Work<'_>, held: &PlanView) -> Option<PlanFacts> {
    facts(work, &held.document)
}

fn question(query: &ProtectionQuery) -> Result<Question, Problem> {
    Question::parse(&query.personnel, &query.alpha, &query.seed)
}

/// What there is to show: the plan in force, and the answer to the question if one is asked.
struct Shown {
    held: Option<PlanView>,
    held_facts: Option<PlanFacts>,
    what_if: Option<(Arc<PlanDocument>, PlanFacts)>,
}

impl Shown {
    fn read(work: &Work<'_>, query: &ProtectionQuery) -> Result<Self, Problem> {
        let held = work.app.desk.plan_in_force(work.view.mission)?;
        let held_facts = held.as_ref().and_then(|held| adopted_facts(work, held));
        let what_if = if query.asks_what_if() {
            let document = work.app.planner.plan(&work.ground()?, question(query)?)?;
            let none = || {
                let why =
                    document.reason.clone().unwrap_or_else(|| "none was found in the time a page waits".to_owned());
                Problem::refused(format!("there is no plan for {} people: {why}", document.personnel))
            };
            let facts = facts(work, &document).ok_or_else(none)?;
            Some((document, facts))
        } else {
            None
        };
        Ok(Self { held, held_facts, what_if })
    }

    fn standing(&self) -> Option<Standing<'_>> {
        if let Some((_, facts)) = &self.what_if {
            return Some(Standing::WhatIf { facts, in_force: self.held_facts.as_ref() });
        }
        let (held, facts) = (self.held.as_ref()?, self.held_facts.as_ref()?);
        Some(Standing::InForce { facts, adopted: adopted(held) })
    }

    fn document(&self) -> Option<&PlanDocument> {
        self.what_if.as_ref().map(|(document, _)| document.as_ref()).or(self.held.as_ref().map(|held| &held.document))
    }
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
        sites_query: crate::format::address("", &query.what_if_pairs()),
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
        let shown = Shown::read(work, &query)?;
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

pub(super) async fn curve(
    State(app): State<App>,
    query: Result<Query<ProtectionQuery>, QueryRejection>,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    answer(app, Ask::new(&uri, &headers), move |work| {
        let shown = Shown::read(work, &query)?;
        let document =
            shown.document().ok_or_else(|| Problem::not_found("no plan is in force, so there is no curve to draw"))?;
        let asked = Question {
            assumptions: Assumptions {
                personnel: Some(document.personnel),
                alpha_ppm: Some(document.problem.alpha_ppm),
            },
            seed: document.seed,
        };
        let points = work.app.planner.curve(&work.ground()?, asked)?;
        let mut facts =
            facts(work, document).ok_or_else(|| Problem::not_found("there is no plan to draw a curve for"))?;
        facts.curve = points.to_vec();
        let back = crate::format::address("/protection", &query.what_if_pairs());
        let main = html! {
            p.lead { "What another number of people would change, from half the force to one and a half times it." }
            (protection::curve_block(&facts, true))
            p { a href={ (back) "#force" } { "Back to the plan" } }
        };
        Ok(Answer::page("Harm against force", "/protection", main, json!({ "curve": *points })))
    })
    .await
}

/// What the form that adopts a plan sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Adoption {
    personnel: String,
    alpha: String,
    seed: String,
    problem: String,
    reason: String,
}

pub(super) async fn adopt(
    State(app): State<App>,
    uri: Uri,
    headers: HeaderMap,
    form: Result<Form<Adoption>, axum::extract::rejection::FormRejection>,
) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let Form(form) = form.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        if form.reason.trim().is_empty() {
            return Err(Problem::bad_request(
                "a reason is needed: the record keeps why a plan was adopted; go back and give one",
            ));
        }
        if form.reason.len() > REASON_BYTES_MAX {
            return Err(Problem::bad_request(format!(
                "the reason is longer than {REASON_BYTES_MAX} bytes; shorten it"
            )));
        }
        let asked = Question::parse(&form.personnel, &form.alpha, &form.seed)?;
        let document = work.app.planner.plan(&work.ground()?, asked)?;
        if !form.problem.is_empty() && form.problem != document.problem_hash.to_string() {
            return Err(Problem::refused(
                "the mission's data have changed since the plan was shown; look at the new plan before adopting it",
            ));
        }
        work.app.desk.adopt(&document, &form.reason, work.moment, &work.stamp(ROLE))?;
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

type PlanQuery = Result<Query<ProtectionQuery>, QueryRejection>;

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
fn cell(text: &str) -> String {
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
        let main = protection::site(&work.view, work.travel()?, &id, standing.as_ref(), &map).ok_or_else(missing)?;
        let plan = shown.document().and_then(|document| document.sites.iter().find(|site| site.id == id));
        let json = json!({ "site": held.value, "plan": plan, "entries": held.entries });
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
