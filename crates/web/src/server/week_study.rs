//! Questions about the week, and studies of a plan of it.

use super::study::{AskedPosts, Places, demand, force_csv, force_json, sensitivity_json};
use super::week::{AskedWeek, Asking, asked, figures, shown, value};
use super::{Answer, App, Ask, Work, answer};
use crate::pages::week::study::{self, Choice, Crossed, CurvePage, JudgedPage, Stand, WeekSide};
use crate::pages::week::{WeekQuestion, whole_form};
use crate::problem::Problem;
use crate::week_planner::{Asked, Key, STUDY_TIME_MAX};
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use konbit_base::Digest;
use konbit_desk::{
    Changes, Desk, EndResult, Equal, Moment, WeekBase, WeekDocument, WeekForce, WeekView, mean_over_week, naive_week,
    same_lists, week_ends, week_equal,
};
use konbit_mission::Mission;
use konbit_mission::protection::Site;
use konbit_mission::week::{WeekAssumptions, WeekFigures};
use konbit_protect::{Week, evaluate_week, score_week};
use serde_json::{Value, json};
use std::sync::Arc;

/// Seconds after which a page of a study that goes on asks again.
const ASK_AGAIN: u8 = 4;

/// What the pattern is called where no plan is in force to read against.
const NAIVE_WORDS: &str = "in every kind of slot posts at the sites where an attempt harms most, mandatory posts first, always the same, as many as each contingent has people for; no reaction force and no patrol";

/// What the pattern is called where a plan is in force and a question is answered.
const IN_FORCE_WORDS: &str = "the plan in force, as it is";

pub(super) async fn question(State(app): State<App>, query: Asking, uri: Uri, headers: HeaderMap) -> Response {
    let question = WeekQuestion::read(&asked(query));
    answer(app, Ask::new(&uri, &headers), move |work| {
        let changes = question.changes(work.view.mission)?;
        let main = whole_form(&work.view, &question, &changes);
        Ok(Answer::page("Ask about the week", "/week", main, json!({ "question": question.pairs() })))
    })
    .await
}

/// Makes the plain address of a question from what the form sent.
pub(super) async fn ask(State(app): State<App>, query: Asking, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let pairs = asked(query);
        let posts = AskedPosts::read(&pairs);
        let mut question = WeekQuestion::read(&pairs);
        posts.put(&mut question.changes);
        let question = question.plain(work.view.mission)?;
        let with = |site: Option<&Site>| {
            let mut more = question.clone();
            demand(&mut more.changes, site);
            more.address(true, &[])
        };
        posts.answer(work, "/week", &with)
    })
    .await
}

/// The plan that is studied, and what it was made from.
struct Studied {
    document: WeekDocument,
    assumptions: WeekAssumptions,
    changes: Changes,
    /// The plan's digest, and its problem as the data make it now.
    digest: Digest,
    now: Digest,
    /// The plan in force, where another is studied.
    in_force: Option<WeekView>,
}

impl Studied {
    fn new(work: &Work<'_>, question: &WeekQuestion) -> Result<Self, Problem> {
        let mission = work.view.mission;
        let held = work.app.desk.week_in_force(mission)?;
        let (document, asked, in_force) = match held {
            Some(held) if question.pairs().is_empty() => {
                let assumptions = held.adopted.value.assumptions.clone();
                let prepared = work.app.desk.prepare_week(mission, &assumptions, work.moment)?;
                (held.document, AskedWeek { assumptions, changes: Changes::default(), prepared }, None)
            }
            held => (shown(work, question)?, AskedWeek::new(work, question)?, held),
        };
        let AskedWeek { assumptions, changes, prepared } = asked;
        let now = prepared.week.hash();
        if now != document.problem_hash {
            return Err(Problem::refused(
                "the mission's data have changed since this plan was made, and a study needs a plan for them as they \
                 are; plan the week again on /week, then study that plan",
            ));
        }
        let digest = Digest::of(&document.to_bytes());
        Ok(Self { document, assumptions, changes, digest, now, in_force })
    }

    fn week(&self) -> Result<Week, Problem> {
        Week::new(self.document.problem.clone()).map_err(|error| Problem::broken(error.to_string()))
    }

    fn value(&self) -> Result<f64, Problem> {
        self.document.value.ok_or_else(|| Problem::refused("there is no plan to study"))
    }

    /// The pattern that the plan is read against, and the reverse reading.
    fn equal(&self, mission: &Mission) -> Result<(&'static str, Result<Equal, String>), Problem> {
        let (week, value) = (self.week()?, self.value()?);
        let figures = self.changes.figures(mission).map_err(|error| Problem::refused(error.to_string()))?;
        let relief = figures.planning.relief_factor_milli.best;
        Ok(match &self.in_force {
            Some(held) if same_lists(&held.document.problem, week.data()) => {
                (IN_FORCE_WORDS, week_equal(&week, &held.document.schedules, value, relief))
            }
            _ => (NAIVE_WORDS, week_equal(&week, &naive_week(&week), value, relief)),
        })
    }

    /// What work on a thread of its own takes with it.
    fn own(&self, work: &Work<'_>) -> Owned {
        Owned {
            desk: Arc::clone(&work.app.desk),
            mission: work.view.mission.clone(),
            moment: work.moment,
            document: self.document.clone(),
            assumptions: self.assumptions.clone(),
            changes: self.changes.clone(),
        }
    }
}

/// What a study is made from, owned.
struct Owned {
    desk: Arc<Desk>,
    mission: Mission,
    moment: Moment,
    document: WeekDocument,
    assumptions: WeekAssumptions,
    changes: Changes,
}

impl Owned {
    fn base(&self) -> WeekBase<'_> {
        let Self { mission, moment, document, assumptions, changes, .. } = self;
        WeekBase { mission, changes, assumptions, moment: *moment, document }
    }
}

/// A study as a page shows it: what there is, and how far it is.
struct Seen<T> {
    answer: Option<Arc<T>>,
    stand: Stand,
}

impl<T: Send + Sync + 'static> Seen<T> {
    /// What is known, or is being made; where `computes`, it is begun or goes on unless it `is_done`.
    fn new(
        work: &Work<'_>,
        key: &Key,
        computes: bool,
        is_done: impl Fn(&T) -> bool,
        begin: impl FnOnce(Option<Arc<T>>) -> Asked<T>,
    ) -> Result<Self, Problem> {
        // In this order: what ends in between is known then.
        let looked = work.app.week.look(key);
        let known = work.app.week.known::<T>(key);
        let asked = match looked {
            Some(asked) => asked,
            None if computes && !known.as_ref().is_some_and(|known| is_done(known)) => begin(known.clone()),
            None => return Ok(Self { answer: known, stand: Stand::Idle }),
        };
        match asked {
            Asked::Done(answer) => Ok(Self { answer: Some(answer), stand: Stand::Idle }),
            Asked::Running { progress, so_far, seconds } => {
                Ok(Self { answer: so_far.or(known), stand: Stand::Running(seconds, progress) })
            }
            Asked::Busy(what) => Err(Problem::busy_with(what)),
            Asked::Failed(why) => Err(Problem::broken(why)),
        }
    }

    fn page(&self, page: Answer) -> Answer {
        if matches!(self.stand, Stand::Running(..)) { page.asking_again(ASK_AGAIN) } else { page }
    }
}

/// The contingent that an address names; the largest where it names none.
fn crew(figures: &WeekFigures, asked: &str) -> Result<String, Problem> {
    let mut crews = figures.contingents.iter();
    let found = match asked {
        "" => crews.max_by_key(|crew| (crew.personnel, std::cmp::Reverse(crew.id.as_str()))),
        id => crews.find(|crew| crew.id.as_str() == id),
    };
    let missing = || Problem::not_found(&format!("there is no contingent {asked:?} in the figures of the week"));
    found.map(|crew| crew.id.to_string()).ok_or_else(missing)
}

/// The study of a contingent's people as far as it is.
fn force(work: &Work<'_>, studied: &Studied, crew: &str, computes: bool) -> Result<Seen<WeekForce>, Problem> {
    let key = Key::Force(studied.digest, studied.now, crew.to_owned());
    let begin = |known: Option<Arc<WeekForce>>| {
        let (own, crew) = (studied.own(work), crew.to_owned());
        work.app.week.begin(key.clone(), STUDY_TIME_MAX, move |doing| {
            let report = |force: &WeekForce| (doing.report)(force.clone());
            let made = own.desk.week_force(&own.base(), &crew, known.as_deref(), &report, &doing.watch);
            made.map_err(|error| error.to_string())
        })
    };
    Seen::new(work, &key, computes, |force| !force.is_cut_short, begin)
}

pub(super) async fn curve(State(app): State<App>, query: Asking, uri: Uri, headers: HeaderMap) -> Response {
    let pairs = asked(query);
    answer(app, Ask::new(&uri, &headers), move |work| {
        let question = WeekQuestion::read(&pairs);
        let (figures, mission) = (figures(work)?, work.view.mission);
        let crew = crew(figures, value(&pairs, "crew"))?;
        let studied = Studied::new(work, &question)?;
        let seen = force(work, &studied, &crew, value(&pairs, "compute") == "1")?;
        let (present_words, equal) = studied.equal(mission)?;
        let problem = &studied.document.problem;
        let page = CurvePage {
            question: &question,
            problem,
            value: studied.value()?,
            crew: &crew,
            force: seen.answer.as_deref(),
            stand: seen.stand,
            present_words,
            equal: &equal,
        };
        let places = Places { site: &|ix| problem.sites[ix].id.as_str(), base: &|ix| problem.bases[ix].id.as_str() };
        let mut json = seen.answer.as_deref().map_or_else(
            || json!({ "present_pattern": present_words, "equals_more_people": equal.as_ref().ok().and_then(|equal| equal.people) }),
            |force| force_json(force, &places, present_words, &equal),
        );
        json["contingent"] = json!(crew);
        json["running"] = json!(matches!(seen.stand, Stand::Running(..)));
        let main = study::curve(&work.view, figures, &page);
        Ok(seen.page(Answer::page("What more people buy", "/week", main, json)))
    })
    .await
}

pub(super) async fn curve_csv(State(app): State<App>, query: Asking, uri: Uri, headers: HeaderMap) -> Response {
    let pairs = asked(query);
    answer(app, Ask::new(&uri, &headers), move |work| {
        let question = WeekQuestion::read(&pairs);
        let crew = crew(figures(work)?, value(&pairs, "crew"))?;
        let studied = Studied::new(work, &question)?;
        let missing = || Problem::not_found("this study was not computed yet, or is not remembered any more");
        let force = force(work, &studied, &crew, false)?.answer.ok_or_else(missing)?;
        let text = force_csv(&force, &|ix| studied.document.problem.sites[ix].id.as_str());
        let (media, name) = ("text/csv; charset=utf-8", Some(format!("force-{crew}.csv")));
        Ok(Answer::File { media, name, bytes: text.into_bytes(), immutable: false })
    })
    .await
}

pub(super) async fn sensitivity(State(app): State<App>, query: Asking, uri: Uri, headers: HeaderMap) -> Response {
    let pairs = asked(query);
    answer(app, Ask::new(&uri, &headers), move |work| {
        let question = WeekQuestion::read(&pairs);
        figures(work)?;
        let studied = Studied::new(work, &question)?;
        let wanted = week_ends(work.view.mission, &studied.assumptions, &studied.changes);
        let named: Vec<String> = wanted.iter().map(|end| format!("{:?}={}", end.figure, end.value)).collect();
        let key = Key::Ends(studied.digest, studied.now, Digest::of(named.join("\n").as_bytes()));
        let count = wanted.len();
        let begin = |known: Option<Arc<Vec<EndResult>>>| {
            let own = studied.own(work);
            work.app.week.begin(key.clone(), STUDY_TIME_MAX, move |doing| {
                let mut results = known.map(|known| known.to_vec()).unwrap_or_default();
                for end in &wanted[results.len()..] {
                    (doing.report)(results.clone());
                    let made = own.desk.week_at_end(&own.base(), end, &doing.watch);
                    if (doing.watch.should_stop)() {
                        // It may have been cut short: then it would say something else than at another time.
                        break;
                    }
                    results.push(made.map_err(|error| error.to_string())?);
                }
                Ok(results)
            })
        };
        let computes = value(&pairs, "compute") == "1";
        let seen = Seen::new(work, &key, computes, |results: &Vec<EndResult>| results.len() >= count, begin)?;
        let results = seen.answer.as_deref().map(Vec::as_slice).unwrap_or_default();
        let (problem, own) = (&studied.document.problem, studied.value()?);
        let page = JudgedPage { question: &question, problem, results, wanted: count, value: own, stand: seen.stand };
        let site = |ix: usize| problem.sites.get(ix).map(|site| site.id.as_str());
        let bound = studied.document.bound.unwrap_or_default();
        let mut json = sensitivity_json((own, bound), results, count, &site);
        json["running"] = json!(matches!(seen.stand, Stand::Running(..)));
        let main = study::sensitivity(&work.view, &page);
        Ok(seen.page(Answer::page("What the judgements decide over the week", "/week", main, json)))
    })
    .await
}

/// A side of a comparison from a plan file.
fn side(label: String, href: String, document: &WeekDocument) -> Result<WeekSide, Problem> {
    let none = || {
        let why = document.reason.as_deref().unwrap_or("none was found");
        Problem::refused(format!("{label} holds no plan: {why}"))
    };
    let value = document.value.ok_or_else(none)?;
    let week = Week::new(document.problem.clone()).map_err(|error| Problem::broken(error.to_string()))?;
    let evaluation = evaluate_week(&week, &document.schedules).map_err(|fault| Problem::broken(fault.to_string()))?;
    let (bound, schedules, problem) = (document.bound, document.schedules.clone(), document.problem.clone());
    Ok(WeekSide { label, href, value, bound, problem, schedules, evaluation })
}

pub(super) async fn alpha(State(app): State<App>, query: Asking, uri: Uri, headers: HeaderMap) -> Response {
    let pairs = asked(query);
    answer(app, Ask::new(&uri, &headers), move |work| {
        let question = WeekQuestion::read(&pairs);
        figures(work)?;
        let held = work.app.desk.week_in_force(work.view.mission)?;
        let computes = value(&pairs, "compute") == "1";
        let mut stand = Stand::Idle;
        let mut columns = Vec::new();
        for alpha in ["0", "0.5", "1"] {
            let own = WeekQuestion { alpha: alpha.to_owned(), ..question.clone() };
            let asked = AskedWeek::new(work, &own)?;
            let hash = asked.prepared.week.hash();
            let in_force = held.as_ref().map(|held| &held.document);
            let label = format!("at alpha {alpha}");
            if let Some(document) = in_force.filter(|held| held.problem_hash == hash && held.seed == own.seed()) {
                columns.push((alpha, side(label, "/week".to_owned(), document).map_err(|problem| problem.detail)));
                continue;
            }
            let key = Key::Plan(hash, own.seed());
            let begins = computes && matches!(stand, Stand::Idle);
            let seen =
                Seen::new(work, &key, begins, |_| true, |_| work.app.week.plan(&asked.prepared, in_force, own.seed()))?;
            if matches!(seen.stand, Stand::Running(..)) {
                stand = seen.stand;
            }
            columns.push((
                alpha,
                match (seen.stand, seen.answer) {
                    (Stand::Idle, Some(planned)) => {
                        side(label, own.address(true, &[]), &planned.document).map_err(|problem| problem.detail)
                    }
                    _ => Err(String::new()),
                },
            ));
        }
        let json = columns.iter().map(|(alpha, side)| match side {
            Ok(side) => {
                let means = mean_over_week(&side.problem, &side.evaluation.protection);
                let sites = side
                    .problem
                    .sites
                    .iter()
                    .zip(means)
                    .map(|(site, given)| json!({ "id": site.id, "protection": given }));
                json!({ "alpha": alpha, "value": side.value, "bound": side.bound, "sites": sites.collect::<Vec<_>>() })
            }
            Err(why) => json!({ "alpha": alpha, "reason": why }),
        });
        let running = matches!(stand, Stand::Running(..));
        let json = json!({ "plans": json.collect::<Vec<_>>(), "running": running });
        let page = Answer::page(
            "Alpha 0, 0.5 and 1 over the week",
            "/week",
            study::alpha(&work.view, &question, &columns, stand),
            json,
        );
        Ok(if running { page.asking_again(ASK_AGAIN) } else { page })
    })
    .await
}

/// The plan that a word of the address names.
fn chosen(work: &Work<'_>, question: &WeekQuestion, word: &str) -> Result<WeekSide, Problem> {
    let mission = work.view.mission;
    match word {
        "in-force" => {
            let held = work.app.desk.week_in_force(mission)?;
            let held = held.ok_or_else(|| Problem::not_found("no plan of the week is in force"))?;
            side(format!("the plan in force ({})", held.adopted.value.id), "/week".to_owned(), &held.document)
        }
        "question" if question.pairs().is_empty() => {
            Err(Problem::not_found("the address asks no question, so it has no answer to compare"))
        }
        "question" => {
            side("the answer to the question".to_owned(), question.address(true, &[]), &shown(work, question)?)
        }
        "pattern" => {
            let document = shown(work, question)?;
            let week = Week::new(document.problem).map_err(|error| Problem::broken(error.to_string()))?;
            let schedules = naive_week(&week);
            let evaluation = score_week(&week, &schedules)
                .map(|score| score.evaluation)
                .map_err(|fault| Problem::refused(format!("the plain pattern cannot be used: {fault}")))?;
            let (label, href, value) = ("the plain pattern".to_owned(), String::new(), evaluation.value);
            Ok(WeekSide { label, href, value, bound: None, problem: week.data().clone(), schedules, evaluation })
        }
        id => {
            let view = work.app.desk.adopted_week(mission, id)?;
            let view = view.ok_or_else(|| Problem::not_found(&format!("no plan {id:?} of the week was adopted")))?;
            side(format!("plan {id}"), String::new(), &view.document)
        }
    }
}

/// What there is to choose from.
fn choices(work: &Work<'_>, question: &WeekQuestion) -> Vec<Choice> {
    const REASON_CHARS: usize = 60;
    let mission = work.view.mission;
    let mut all = Vec::new();
    if mission.week_in_force().is_some() {
        all.push(("in-force".to_owned(), "the plan in force".to_owned()));
    }
    if !question.pairs().is_empty() {
        all.push(("question".to_owned(), "the answer to the question".to_owned()));
    }
    all.push(("pattern".to_owned(), "a plain pattern: posts at the highest values, always the same".to_owned()));
    let mut adopted: Vec<_> = mission.week_plans.iter().collect();
    adopted.sort_by_key(|plan| std::cmp::Reverse(plan.entries.last().copied()));
    all.extend(adopted.into_iter().map(|plan| {
        let reason: String = plan.value.reason.chars().take(REASON_CHARS).collect();
        (plan.value.id.to_string(), format!("plan {}, adopted: {reason}", plan.value.id))
    }));
    all
}

/// Each plan's value under the figures of the other, where they differ.
fn cross(a: &WeekSide, b: &WeekSide) -> Option<Crossed> {
    let under = |from: &WeekSide, to: &WeekSide| -> Result<f64, String> {
        if !same_lists(&from.problem, &to.problem) {
            return Err("it is for other lists of sites, bases, contingents, patrols or slots".to_owned());
        }
        let week = Week::new(to.problem.clone()).map_err(|error| error.to_string())?;
        evaluate_week(&week, &from.schedules).map(|evaluation| evaluation.value).map_err(|fault| fault.to_string())
    };
    (a.problem != b.problem).then(|| (under(a, b), under(b, a)))
}

pub(super) async fn compare(State(app): State<App>, query: Asking, uri: Uri, headers: HeaderMap) -> Response {
    let pairs = asked(query);
    answer(app, Ask::new(&uri, &headers), move |work| {
        let question = WeekQuestion::read(&pairs);
        figures(work)?;
        let words = (value(&pairs, "a"), value(&pairs, "b"));
        let sides = if words.0.is_empty() || words.1.is_empty() {
            None
        } else {
            let (a, b) = (chosen(work, &question, words.0)?, chosen(work, &question, words.1)?);
            let crossed = cross(&a, &b);
            Some((a, b, crossed))
        };
        let shown = sides.as_ref().map(|(a, b, crossed)| (a, b, crossed.as_ref()));
        let main = study::compare(&work.view, &question, &choices(work, &question), words, shown);
        let json = sides.as_ref().map_or(Value::Null, |(a, b, crossed)| sides_json(a, b, crossed.as_ref()));
        Ok(Answer::page("Compare two plans of the week", "/week", main, json))
    })
    .await
}

fn sides_json(a: &WeekSide, b: &WeekSide, crossed: Option<&Crossed>) -> Value {
    let one = |side: &WeekSide, under: Option<&Result<f64, String>>| json!({ "label": side.label, "value": side.value, "bound": side.bound, "under_other": under.and_then(|value| value.as_ref().ok()) });
    let sides = [a, b];
    let rows = study::differing(&sides);
    let row = |(id, cells): &(&str, Vec<(f64, f64)>)| json!({ "site": id, "a": { "protection": cells[0].0, "post_share": cells[0].1 }, "b": { "protection": cells[1].0, "post_share": cells[1].1 } });
    json!({
        "a": one(a, crossed.map(|crossed| &crossed.0)), "b": one(b, crossed.map(|crossed| &crossed.1)),
        "differ": rows.iter().map(row).collect::<Vec<_>>(),
    })
}
