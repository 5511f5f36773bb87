//! Questions to the planner, and studies of a plan.

use super::plans::{AskedGround, PlanQuery, Shown, against, question as asked_question};
use super::{Answer, App, Ask, Work, answer};
use crate::format;
use crate::pages::protection::{self, PlanFacts, ProtectionQuery};
use crate::pages::study::{self, AlphaColumn, Choice, ForcePage, HandPage, HandSays, Side};
use crate::planner::Question;
use crate::problem::Problem;
use axum::Form;
use axum::extract::rejection::FormRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use konbit_base::Digest;
use konbit_desk::{
    Assumptions, Base, Changes, Equal, Force, Places, PlanView, Scored, breach_words, ends, equal, force_csv,
    force_json, hand_csv, naive_pattern, opened, read_hand, score, sensitivity_json, site_plans, translated,
};
use konbit_mission::protection::Site;
use konbit_protect::{PlanDocument, evaluate};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Largest body of the form that scores a table, bytes: a table of the planner's own size, with its characters escaped.
pub(super) const HAND_FORM_BYTES_MAX: usize = 6 << 20;

/// Largest table that is shown again in its form, bytes.
pub(super) const SENT_BACK_BYTES_MAX: usize = 20_000;

/// What the pattern is called where no plan is in force to read against.
const NAIVE_WORDS: &str = "posts at the sites where an attempt harms most, mandatory posts first, always the same, as many as there are people for, and no reaction force";

/// What the pattern is called where a plan is in force and a question is answered.
const IN_FORCE_WORDS: &str = "the plan in force, as it is";

fn no_plan() -> Problem {
    Problem::not_found("no plan is in force, and the address asks for none")
}

fn read(query: PlanQuery) -> ProtectionQuery {
    query.map(|Query(query)| query).unwrap_or_default()
}

/// The facts of the plan shown.
fn shown_facts(shown: &Shown) -> Result<PlanFacts, Problem> {
    shown.standing().map(|standing| standing.shown().clone()).ok_or_else(no_plan)
}

pub(super) async fn question(State(app): State<App>, query: PlanQuery, uri: Uri, headers: HeaderMap) -> Response {
    let query = read(query);
    answer(app, Ask::new(&uri, &headers), move |work| {
        let changes = asked_question(&query)?.changes;
        let main = protection::whole_form(&work.view, &query, &changes);
        Ok(Answer::page("Ask the planner", "/protection", main, json!({ "question": query.what_if_pairs() })))
    })
    .await
}

type Pairs = Result<Query<Vec<(String, String)>>, axum::extract::rejection::QueryRejection>;

/// Makes the plain address of a question from what the form sent.
pub(super) async fn ask(State(app): State<App>, pairs: Pairs, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let Query(pairs) = pairs.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        let posts = AskedPosts::read(&pairs);
        let mut query = ProtectionQuery::from_pairs(pairs);
        posts.put(&mut query.changes);
        let query = plain(work, &query)?;
        let with = |site: Option<&Site>| {
            let mut more = query.clone();
            demand(&mut more.changes, site);
            more.address("/protection")
        };
        posts.answer(work, "/protection", &with)
    })
    .await
}

/// What the form says of mandatory posts: those that were there and those that keep their mark, and one to be added by
/// its name.
pub(super) struct AskedPosts {
    held: BTreeSet<String>,
    kept: BTreeSet<String>,
    added: Option<String>,
}

impl AskedPosts {
    pub(super) fn read(pairs: &[(String, String)]) -> Self {
        let all = |name: &str| -> BTreeSet<String> {
            pairs.iter().filter(|(held, _)| held == name).map(|(_, value)| value.trim().to_owned()).collect()
        };
        let added = all("add_post").into_iter().find(|text| !text.is_empty());
        Self { held: all("held_post"), kept: all("keep_post"), added }
    }

    /// Puts the marks in place of what the changes say of posts.
    pub(super) fn put(&self, changes: &mut Vec<(String, String)>) {
        changes.retain(|(name, _)| !matches!(name.as_str(), "post" | "no_post"));
        changes.extend(self.kept.iter().map(|id| ("post".to_owned(), id.clone())));
        changes.extend(self.held.difference(&self.kept).map(|id| ("no_post".to_owned(), id.clone())));
    }

    /// Leads to the question, with the post that is added by name; where several sites are called so, lets the reader
    /// choose. `with` gives the question's address with a post at a site.
    pub(super) fn answer(
        &self,
        work: &Work<'_>,
        section: &'static str,
        with: &dyn Fn(Option<&Site>) -> String,
    ) -> Result<Answer, Problem> {
        let Some(text) = &self.added else { return Ok(Answer::SeeOther(with(None))) };
        match sites_called(work, text).as_slice() {
            [] => Err(Problem::bad_request(format!("no site is called {text:?}; give a part of its name, or its id"))),
            [one] => Ok(Answer::SeeOther(with(Some(one)))),
            several => {
                let main = protection::choose_site(&work.view, text, several, &|site| with(Some(site)));
                let json = json!({ "sites": several.iter().map(|site| &site.id).collect::<Vec<_>>() });
                Ok(Answer::page("Which site?", section, main, json))
            }
        }
    }
}

/// Adds the demand for a post at a site to changes.
pub(super) fn demand(changes: &mut Vec<(String, String)>, site: Option<&Site>) {
    if let Some(site) = site {
        changes.retain(|(_, value)| value != site.id.as_str());
        changes.push(("post".to_owned(), site.id.to_string()));
    }
}

/// The question without what the record says already, its numbers as they are written in addresses.
fn plain(work: &Work<'_>, query: &ProtectionQuery) -> Result<ProtectionQuery, Problem> {
    let asked = asked_question(query)?;
    let alpha = work.view.mission.planning.values().next().map(|planning| planning.alpha_ppm.best);
    let keeps_alpha = asked.assumptions.alpha_ppm.is_some_and(|asked| Some(u64::from(asked)) != alpha);
    Ok(ProtectionQuery {
        personnel: asked.assumptions.personnel.map(|people| people.to_string()).unwrap_or_default(),
        alpha: if keeps_alpha { query.alpha.clone() } else { String::new() },
        seed: if asked.seed == 1 { String::new() } else { asked.seed.to_string() },
        changes: asked.changes.that_differ(work.view.mission).pairs(),
        ..ProtectionQuery::default()
    })
}

/// Sites of this id or name; else those whose name holds the text.
fn sites_called<'a>(work: &Work<'a>, text: &str) -> Vec<&'a Site> {
    let mission = work.view.mission;
    if let Some(site) = mission.sites.get(text) {
        return vec![&site.value];
    }
    let wanted = format::fold(text);
    let names = |site: &Site| [Some(format::fold(&site.name)), site.name_local.as_deref().map(format::fold)];
    let of = |test: &dyn Fn(&str) -> bool| -> Vec<&'a Site> {
        mission.sites.values().filter(|site| names(site).iter().flatten().any(|name| test(name))).collect()
    };
    let exact = of(&|name| name == wanted);
    if exact.is_empty() { of(&|name| name.contains(&wanted)) } else { exact }
}

/// What more force buys, and the pattern it is read against.
struct Studied {
    facts: PlanFacts,
    force: Arc<Force>,
    present_words: &'static str,
    equal: Result<Equal, String>,
}

impl Studied {
    fn new(work: &Work<'_>, query: &ProtectionQuery) -> Result<Self, Problem> {
        let shown = Shown::read(work, query)?;
        let document = shown.document().ok_or_else(no_plan)?;
        let force = work.app.planner.force(document)?;
        let mut facts = shown_facts(&shown)?;
        let steps = force.steps.iter().filter(|step| step.personnel != facts.personnel);
        facts.curve = steps
            .map(|step| konbit_protect::CurvePoint {
                personnel: step.personnel,
                value: step.found.map(|found| found.0),
                bound: step.found.map(|found| found.1),
            })
            .collect();
        let (present_words, equal) = if let (Some(_), Some(held)) = (&shown.what_if, &shown.held) {
            (IN_FORCE_WORDS, against(&held.document, document))
        } else {
            let (problem, plan) = opened(document).ok_or_else(no_plan)?;
            (NAIVE_WORDS, equal(&problem, &naive_pattern(&problem), plan.value))
        };
        Ok(Self { facts, force, present_words, equal })
    }
}

pub(super) async fn curve(State(app): State<App>, query: PlanQuery, uri: Uri, headers: HeaderMap) -> Response {
    let query = read(query);
    answer(app, Ask::new(&uri, &headers), move |work| {
        let Studied { facts, force, present_words, equal } = Studied::new(work, &query)?;
        let page = ForcePage { query: &query, facts: &facts, force: &force, present_words, equal: &equal };
        let places =
            Places { site: &|ix| facts.problem.sites[ix].id.as_str(), base: &|ix| facts.problem.bases[ix].id.as_str() };
        let json = force_json(&force, &places, present_words, &equal);
        Ok(Answer::page("What more force buys", "/protection", study::force(&work.view, &page), json))
    })
    .await
}

pub(super) async fn curve_csv(State(app): State<App>, query: PlanQuery, uri: Uri, headers: HeaderMap) -> Response {
    let query = read(query);
    answer(app, Ask::new(&uri, &headers), move |work| {
        let Studied { facts, force, .. } = Studied::new(work, &query)?;
        let out = force_csv(&force, &|ix| facts.problem.sites[ix].id.as_str());
        let name = format!("force-{}.csv", facts.personnel);
        Ok(Answer::File { media: "text/csv; charset=utf-8", name: Some(name), bytes: out, immutable: false })
    })
    .await
}

/// The question behind the plan shown: its own, or the one that makes the plan in force anew.
fn behind(shown: &Shown) -> Option<Question> {
    if let Some(what_if) = &shown.what_if {
        return Some(what_if.question.clone());
    }
    let document = &shown.held.as_ref()?.document;
    let assumptions = Assumptions { personnel: Some(document.personnel), alpha_ppm: Some(document.problem.alpha_ppm) };
    Some(Question { assumptions, changes: Changes::default(), seed: document.seed })
}

pub(super) async fn alpha(State(app): State<App>, query: PlanQuery, uri: Uri, headers: HeaderMap) -> Response {
    let query = read(query);
    answer(app, Ask::new(&uri, &headers), move |work| {
        let asked = behind_without_plan(work, &query)?.ok_or_else(no_plan)?;
        let changed = AskedGround::new(work, &asked)?;
        let mut columns = Vec::new();
        for (alpha, ppm) in [("0", 0), ("0.5", 500_000), ("1", 1_000_000)] {
            let assumptions = Assumptions { alpha_ppm: Some(ppm), ..asked.assumptions };
            let at = Question { assumptions, ..asked.clone() };
            let planned = work.app.planner.plan(&AskedGround::ground(changed.as_ref(), work)?, &at)?;
            let none = || planned.document.reason.clone().unwrap_or_else(|| "none was found in time".to_owned());
            columns.push(AlphaColumn { alpha, plan: PlanFacts::new(&planned.document).ok_or_else(none) });
        }
        let people = asked.assumptions.personnel.map(|people| people.to_string()).unwrap_or_default();
        let own = ProtectionQuery { personnel: people, alpha: String::new(), ..query.clone() };
        let json = columns.iter().map(|column| match &column.plan {
            Ok(facts) => {
                json!({ "alpha": column.alpha, "value": facts.value, "bound": facts.bound, "sites": facts.sites })
            }
            Err(why) => json!({ "alpha": column.alpha, "reason": why }),
        });
        let json = json!({ "plans": json.collect::<Vec<_>>() });
        Ok(Answer::page("Alpha 0, 0.5 and 1", "/protection", study::alpha(&work.view, &own, &columns), json))
    })
    .await
}

/// The question that an address asks, without planning for it; else the one behind the plan in force, else the mission's
/// own figures.
fn behind_without_plan(work: &Work<'_>, query: &ProtectionQuery) -> Result<Option<Question>, Problem> {
    if query.asks_what_if() {
        let mut asked = asked_question(query)?;
        asked.changes = asked.changes.that_differ(work.view.mission);
        return Ok(Some(asked));
    }
    let held = work.app.desk.plan_in_force(work.view.mission)?;
    let own = work.view.mission.planning.values().next().map(|_| Question { seed: 1, ..Question::default() });
    Ok(behind(&Shown { held, held_facts: None, what_if: None }).or(own))
}

pub(super) async fn sensitivity(State(app): State<App>, query: PlanQuery, uri: Uri, headers: HeaderMap) -> Response {
    let query = read(query);
    answer(app, Ask::new(&uri, &headers), move |work| {
        let mut shown = Shown::read(work, &query)?;
        let asked = behind(&shown).ok_or_else(no_plan)?;
        let stale = shown.standing().is_some_and(|standing| standing.shown().is_stale);
        if stale && shown.what_if.is_none() {
            // The figures are those of today, so the plan has to be one for them too.
            let people = asked.assumptions.personnel.map(|people| people.to_string()).unwrap_or_default();
            shown = Shown::read(work, &ProtectionQuery { personnel: people, ..query.clone() })?;
        }
        let facts = shown_facts(&shown)?;
        let (problem, plan) = shown.document().and_then(opened).ok_or_else(no_plan)?;
        let (mission, moment) = (work.view.mission, work.moment);
        let wanted = ends(mission, asked.assumptions, &asked.changes);
        let named: Vec<String> = wanted
            .iter()
            .map(|end| format!("{:?}={}", end.figure, end.value))
            .chain([facts.problem_hash.clone()])
            .collect();
        let data = Digest::of(named.join("\n").as_bytes());
        let base = Base {
            mission,
            changes: &asked.changes,
            assumptions: asked.assumptions,
            moment,
            problem: &problem,
            plan: &plan,
        };
        let results = work.app.planner.ends(&work.app.desk, &base, data, &wanted, query.compute == "1")?;
        let site = |ix: usize| facts.sites.get(ix).map(|site| site.id.as_str());
        let json = sensitivity_json((facts.value, facts.bound), &results, wanted.len(), &site);
        let main = study::sensitivity(&work.view, &query, &facts, &results, wanted.len());
        Ok(Answer::page("What the judgements decide", "/protection", main, json))
    })
    .await
}

fn side(label: String, href: String, document: &PlanDocument) -> Result<Side, Problem> {
    let value = document.value.ok_or_else(|| Problem::refused(format!("{label} holds no plan")))?;
    Ok(Side {
        label,
        href,
        value,
        bound: document.bound,
        problem: document.problem.clone(),
        sites: document.sites.clone(),
        under_other: None,
    })
}

/// A side with the schedules behind it.
type Found = (Side, Vec<konbit_protect::Schedule>);

/// The plan that a word of the address names.
fn chosen(work: &Work<'_>, shown: &Shown, query: &ProtectionQuery, word: &str) -> Result<Found, Problem> {
    let named = |view: &PlanView, label: String| -> Result<Found, Problem> {
        let href = if label.starts_with("the plan in force") { "/protection" } else { "" };
        Ok((side(label, href.to_owned(), &view.document)?, view.document.schedules.clone()))
    };
    let missing = |what: &str| Problem::not_found(what);
    match word {
        "in-force" => {
            let held = shown.held.as_ref().ok_or_else(no_plan)?;
            named(held, format!("the plan in force ({})", held.adopted.value.id))
        }
        "question" => {
            let what_if = shown
                .what_if
                .as_ref()
                .ok_or_else(|| missing("the address asks no question, so it has no answer to compare"))?;
            let document = &what_if.planned.document;
            Ok((
                side("the answer to the question".to_owned(), query.address("/protection"), document)?,
                document.schedules.clone(),
            ))
        }
        "pattern" => {
            let (problem, _) = shown.document().and_then(opened).ok_or_else(no_plan)?;
            let schedules = naive_pattern(&problem);
            let evaluation = evaluate(&problem, &schedules)
                .map_err(|error| Problem::refused(format!("the plain pattern cannot be used: {error}")))?;
            let sites = site_plans(&problem, &evaluation);
            let label = "the plain pattern".to_owned();
            let side = Side {
                label,
                href: String::new(),
                value: evaluation.value,
                bound: None,
                problem: problem.data().clone(),
                sites,
                under_other: None,
            };
            Ok((side, schedules))
        }
        id => {
            let view = work.app.desk.adopted_plan(work.view.mission, id)?;
            let view = view.ok_or_else(|| missing(&format!("no plan {id:?} was adopted")))?;
            named(&view, format!("plan {id}"))
        }
    }
}

/// What there is to choose from.
fn choices(work: &Work<'_>, shown: &Shown) -> Vec<Choice> {
    const REASON_CHARS: usize = 60;
    let mut all = Vec::new();
    if shown.held.is_some() {
        all.push(("in-force".to_owned(), "the plan in force".to_owned()));
    }
    if shown.what_if.is_some() {
        all.push(("question".to_owned(), "the answer to the question".to_owned()));
    }
    all.push(("pattern".to_owned(), "a plain pattern: posts at the highest values, always the same".to_owned()));
    let mut adopted: Vec<_> = work.view.mission.plans.iter().collect();
    adopted.sort_by_key(|plan| std::cmp::Reverse(plan.entries.last().copied()));
    all.extend(adopted.into_iter().map(|plan| {
        let reason: String = plan.value.reason.chars().take(REASON_CHARS).collect();
        (plan.value.id.to_string(), format!("{} people, adopted: {reason}", format::count(plan.value.personnel.into())))
    }));
    all
}

/// The first plan's value under the figures of the second, and the reverse, where they differ.
fn cross(a: &mut Found, b: &mut Found) {
    if a.0.problem == b.0.problem {
        return;
    }
    let under = |schedules: &[konbit_protect::Schedule], from: &Side, to: &Side| -> Result<f64, String> {
        let elsewhere = || "it names places that the other is not planned for".to_owned();
        let schedules = translated(&from.problem, &to.problem, schedules).ok_or_else(elsewhere)?;
        let problem = konbit_protect::Problem::new(to.problem.clone()).map_err(|error| error.to_string())?;
        evaluate(&problem, &schedules).map(|evaluation| evaluation.value).map_err(|error| error.to_string())
    };
    let (first, second) = (under(&a.1, &a.0, &b.0), under(&b.1, &b.0, &a.0));
    (a.0.under_other, b.0.under_other) = (Some(first), Some(second));
}

pub(super) async fn compare(State(app): State<App>, query: PlanQuery, uri: Uri, headers: HeaderMap) -> Response {
    let query = read(query);
    answer(app, Ask::new(&uri, &headers), move |work| {
        let shown = Shown::read(work, &query)?;
        let choices = choices(work, &shown);
        let sides = if query.a.is_empty() || query.b.is_empty() {
            None
        } else {
            let mut a = chosen(work, &shown, &query, &query.a)?;
            let mut b = chosen(work, &shown, &query, &query.b)?;
            cross(&mut a, &mut b);
            Some((a.0, b.0))
        };
        let main = study::compare(&work.view, &query, &choices, sides.as_ref().map(|(a, b)| (a, b)));
        let json = sides.as_ref().map_or(Value::Null, |(a, b)| sides_json(a, b));
        Ok(Answer::page("Compare two plans", "/protection", main, json))
    })
    .await
}

fn sides_json(a: &Side, b: &Side) -> Value {
    let one = |side: &Side| {
        json!({
            "label": side.label, "value": side.value, "bound": side.bound, "personnel": side.problem.personnel,
            "under_other": side.under_other.as_ref().and_then(|value| value.as_ref().ok()),
        })
    };
    let differ = study::differences(&a.sites, &b.sites);
    let rows = differ.iter().map(|(a, b)| json!({ "site": a.id, "a": { "posture": a.posture, "protection": a.protection }, "b": { "posture": b.posture, "protection": b.protection } }));
    json!({ "a": one(a), "b": one(b), "differ": rows.collect::<Vec<_>>() })
}

/// The plan that one made by hand is scored against: in force, or made for the mission's own figures.
fn reference(work: &Work<'_>) -> Result<(String, PlanDocument), Problem> {
    if let Some(held) = work.app.desk.plan_in_force(work.view.mission)? {
        return Ok(("the plan in force".to_owned(), held.document));
    }
    let asked = Question { seed: 1, ..Question::default() };
    let planned = work.app.planner.plan(&work.ground()?, &asked)?;
    Ok(("a plan for the mission's own figures (none is in force)".to_owned(), planned.document.clone()))
}

fn template_schedules(work: &Work<'_>) -> Result<Option<usize>, Problem> {
    Ok(work.app.desk.plan_in_force(work.view.mission)?.map(|held| held.document.schedules.len()))
}

pub(super) async fn by_hand(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let page = HandPage { text: "", template_schedules: template_schedules(work)?, says: HandSays::Nothing };
        Ok(Answer::page("A plan made by hand", "/protection", hand_page(work, &page), Value::Null))
    })
    .await
}

fn hand_page(work: &Work<'_>, page: &HandPage<'_>) -> Markup {
    if work.view.mission.planning.is_empty() || work.view.mission.sites.is_empty() {
        return html! { (crate::layout::empty("There is nothing to plan for yet.", "konbit import DIR sites FILE, planning FILE")) };
    }
    study::by_hand(&work.view, page)
}

/// What the form sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct HandForm {
    table: String,
}

pub(super) async fn score_by_hand(
    State(app): State<App>,
    uri: Uri,
    headers: HeaderMap,
    form: Result<Form<HandForm>, FormRejection>,
) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let Form(form) = form.map_err(|rejection| Problem::bad_request(rejection.body_text()))?;
        let (label, document) = reference(work)?;
        let says = scored(work, label, &document, &form.table)?;
        let json = hand_json(&says);
        // A table of thousands of rows is not sent back.
        let text = if form.table.len() <= SENT_BACK_BYTES_MAX { form.table.as_str() } else { "" };
        let page = HandPage { text, template_schedules: template_schedules(work)?, says };
        Ok(Answer::page("A plan made by hand", "/protection", hand_page(work, &page), json))
    })
    .await
}

fn scored(work: &Work<'_>, label: String, document: &PlanDocument, table: &str) -> Result<HandSays, Problem> {
    let mission = work.view.mission;
    let (problem, _) =
        opened(document).ok_or_else(|| Problem::refused("there is no plan to compare one made by hand with"))?;
    let plan = match read_hand(mission, problem.data(), table.as_bytes()) {
        Ok(plan) => plan,
        Err(faults) => return Ok(HandSays::Faults(faults)),
    };
    let Scored { evaluation, breaches } =
        score(&problem, &plan).map_err(|error| Problem::bad_request(error.to_string()))?;
    let own = Side {
        label: "the plan made by hand".to_owned(),
        href: String::new(),
        value: evaluation.value,
        bound: None,
        problem: problem.data().clone(),
        sites: site_plans(&problem, &evaluation),
        under_other: None,
    };
    let id = |ix: usize| problem.data().sites[ix].id.clone();
    Ok(HandSays::Scored {
        breaches: breaches.iter().map(|breach| breach_words(mission, problem.data(), breach)).collect(),
        floors: evaluation
            .floors_short
            .iter()
            .map(|short| (id(short.site), short.protection_ppm, short.floor_ppm))
            .collect(),
        worst: id(evaluation.worst_site),
        parts: (evaluation.forecast_harm, evaluation.worst_harm),
        sides: Box::new((own, side(label, "/protection".to_owned(), document)?)),
    })
}

fn hand_json(says: &HandSays) -> Value {
    match says {
        HandSays::Nothing => Value::Null,
        HandSays::Faults(faults) => {
            json!({ "faults": faults.iter().map(|fault| json!({ "row": fault.row, "column": fault.column, "message": fault.message })).collect::<Vec<_>>() })
        }
        HandSays::Scored { sides, breaches, floors, worst, parts } => json!({
            "value": sides.0.value, "forecast": parts.0, "watched": parts.1, "worst_site": worst,
            "breaches": breaches,
            "floors_short": floors.iter().map(|(site, got, floor)| json!({ "site": site, "protection_ppm": got, "floor_ppm": floor })).collect::<Vec<_>>(),
            "against": sides_json(&sides.0, &sides.1),
        }),
    }
}

pub(super) async fn hand_csv_file(State(app): State<App>, query: PlanQuery, uri: Uri, headers: HeaderMap) -> Response {
    let query = read(query);
    answer(app, Ask::new(&uri, &headers), move |work| {
        let shown = Shown::read(work, &query)?;
        let document = shown.document().ok_or_else(no_plan)?;
        let bytes = hand_csv(work.view.mission, &document.problem, &document.schedules).into_bytes();
        let name = Some("plan-by-hand.csv".to_owned());
        Ok(Answer::File { media: "text/csv; charset=utf-8", name, bytes, immutable: false })
    })
    .await
}
