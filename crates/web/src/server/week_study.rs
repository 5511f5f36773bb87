//! Questions about the week, and studies of a plan of it.

use super::study::{AskedPosts, demand};
use super::week::{AskedWeek, Asking, asked, figures, shown, value};
use super::{Answer, App, Ask, Work, answer};
use crate::pages::week::study::{self, Choice, CurvePage, JudgedPage, Linked, Stand};
use crate::pages::week::{WeekQuestion, whole_form};
use crate::problem::Problem;
use crate::week_planner::{Asked, STUDY_TIME_MAX};
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use konbit_base::Finding;
use konbit_desk::{
    Desk, EndResult, StudiedWeek, Telling, WEEK_ALPHAS, WeekDocument, WeekForce, WeekSide, alpha_json, crossed,
    force_csv, sensitivity_json, sides_json, studied_contingent, week_ends, week_force_json,
};
use konbit_mission::Mission;
use konbit_mission::protection::Site;
use konbit_mission::week::WeekFigures;
use serde_json::{Value, json};
use std::sync::Arc;

/// Seconds after which a page of a study that goes on asks again.
const ASK_AGAIN: u8 = 4;

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

/// What is wrong with a file of what is kept.
pub(super) fn found(finding: &Finding) {
    tracing::warn!("{finding}");
}

/// The plan that is studied.
fn studied(work: &Work<'_>, question: &WeekQuestion) -> Result<StudiedWeek, Problem> {
    let (mission, moment) = (work.view.mission, work.moment);
    if question.pairs().is_empty()
        && let Some(studied) = work.app.desk.studied_in_force(mission, moment)?
    {
        return Ok(studied);
    }
    let AskedWeek { assumptions, changes, prepared } = AskedWeek::new(work, question)?;
    let (asked, now) = ((assumptions, changes), prepared.week.hash());
    let held = work.app.desk.week_in_force(mission)?;
    Ok(StudiedWeek::of_question(shown(work, question)?, asked, now, moment, held)?)
}

/// What a study is made from, owned.
struct Owned {
    desk: Arc<Desk>,
    mission: Mission,
    studied: StudiedWeek,
}

impl Owned {
    fn new(work: &Work<'_>, studied: &StudiedWeek) -> Self {
        let (desk, mission) = (Arc::clone(&work.app.desk), work.view.mission.clone());
        Self { desk, mission, studied: studied.clone() }
    }
}

/// A study as a page shows it: what there is, and how far it is.
struct Seen<T> {
    answer: Option<Arc<T>>,
    stand: Stand,
}

impl<T> Seen<T> {
    fn new(asked: Asked<T>) -> Result<Self, Problem> {
        match asked {
            Asked::Known(answer) => Ok(Self { answer, stand: Stand::Idle }),
            Asked::Running { progress, so_far, seconds } => {
                Ok(Self { answer: so_far, stand: Stand::Running(seconds, progress) })
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
    Ok(studied_contingent(figures, Some(asked).filter(|id| !id.is_empty()))?)
}

/// The study of a contingent's people as far as it is; where it `computes`, it is begun or goes on.
fn force(work: &Work<'_>, studied: &StudiedWeek, crew: &str, computes: bool) -> Result<Seen<WeekForce>, Problem> {
    let (app, mission) = (work.app, work.view.mission);
    let key = studied.force_key(mission, crew);
    let mut kept = Ok(());
    let known = app.week.known::<WeekForce>(&key);
    let whole = known.as_ref().map_or(usize::MAX, |known| known.made.1);
    app.week.recall(&key, whole, || {
        app.desk.kept_force(mission, studied, crew, known.as_deref(), &found).unwrap_or_else(|error| {
            kept = Err(error);
            None
        })
    });
    kept?;
    if !computes {
        return Seen::new(app.week.look(&key));
    }
    let (own, crew) = (Owned::new(work, studied), crew.to_owned());
    Seen::new(app.week.ask(
        key,
        STUDY_TIME_MAX,
        |force: &WeekForce| !force.is_cut_short,
        move |known, doing| {
            let telling = Telling { report: &|force: &WeekForce| (doing.report)(force.clone()), finding: &found };
            let made =
                own.desk.study_force(&own.mission, &own.studied, &crew, known.as_deref(), &telling, &doing.watch);
            made.map_err(|error| error.to_string())
        },
    ))
}

pub(super) async fn curve(State(app): State<App>, query: Asking, uri: Uri, headers: HeaderMap) -> Response {
    let pairs = asked(query);
    answer(app, Ask::new(&uri, &headers), move |work| {
        let question = WeekQuestion::read(&pairs);
        let (figures, mission) = (figures(work)?, work.view.mission);
        let crew = crew(figures, value(&pairs, "crew"))?;
        let studied = studied(work, &question)?;
        let seen = force(work, &studied, &crew, value(&pairs, "compute") == "1")?;
        let (present_words, equal) = studied.equal(mission)?;
        let problem = &studied.document.problem;
        let page = CurvePage {
            question: &question,
            problem,
            value: studied.value(),
            crew: &crew,
            force: seen.answer.as_deref(),
            stand: seen.stand,
            present_words,
            equal: &equal,
        };
        let mut json = week_force_json(problem, &crew, seen.answer.as_deref(), present_words, &equal);
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
        let studied = studied(work, &question)?;
        let missing = || Problem::not_found("this study was not computed yet, or is not remembered any more");
        let force = force(work, &studied, &crew, false)?.answer.ok_or_else(missing)?;
        let bytes = force_csv(&force, &|ix| studied.document.problem.sites[ix].id.as_str());
        let (media, name) = ("text/csv; charset=utf-8", Some(format!("force-{crew}.csv")));
        Ok(Answer::File { media, name, bytes, immutable: false })
    })
    .await
}

pub(super) async fn sensitivity(State(app): State<App>, query: Asking, uri: Uri, headers: HeaderMap) -> Response {
    let pairs = asked(query);
    answer(app, Ask::new(&uri, &headers), move |work| {
        let question = WeekQuestion::read(&pairs);
        figures(work)?;
        let studied = studied(work, &question)?;
        let wanted = week_ends(work.view.mission, &studied.assumptions, &studied.changes);
        let count = wanted.len();
        let (app, mission) = (work.app, work.view.mission);
        let key = studied.ends_key(mission, &wanted);
        app.week.recall(&key, count, || app.desk.kept_ends(mission, &studied, &wanted, &found));
        let seen = Seen::new(if value(&pairs, "compute") == "1" {
            let own = Owned::new(work, &studied);
            let is_done = |results: &Vec<EndResult>| results.len() >= count;
            app.week.ask(key, STUDY_TIME_MAX, is_done, move |known, doing| {
                let report = |results: &[EndResult]| (doing.report)(results.to_vec());
                let telling = Telling { report: &report, finding: &found };
                let (mission, studied) = (&own.mission, &own.studied);
                let made = own.desk.study_ends(mission, studied, &wanted, known.as_deref(), &telling, &doing.watch);
                made.map_err(|error| error.to_string())
            })
        } else {
            app.week.look(&key)
        })?;
        let results = seen.answer.as_deref().map(Vec::as_slice).unwrap_or_default();
        let (problem, own) = (&studied.document.problem, studied.value());
        let page = JudgedPage { question: &question, problem, results, wanted: count, value: own, stand: seen.stand };
        let site = |ix: usize| problem.sites.get(ix).map(|site| site.id.as_str());
        let mut json = sensitivity_json((own, studied.bound()), results, count, &site);
        json["running"] = json!(matches!(seen.stand, Stand::Running(..)));
        let main = study::sensitivity(&work.view, &page);
        Ok(seen.page(Answer::page("What the judgements decide over the week", "/week", main, json)))
    })
    .await
}

/// A side of a comparison from a plan file.
fn side(label: String, document: &WeekDocument) -> Result<WeekSide, Problem> {
    Ok(WeekSide::of_plan(label, document)?)
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
        for (alpha, _) in WEEK_ALPHAS {
            let own = WeekQuestion { alpha: alpha.to_owned(), ..question.clone() };
            let asked = AskedWeek::new(work, &own)?;
            let hash = asked.prepared.week.hash();
            let in_force = held.as_ref().map(|held| &held.document);
            let label = format!("at alpha {alpha}");
            if let Some(document) = in_force.filter(|held| held.problem_hash == hash && held.seed == own.seed()) {
                columns.push((alpha, side(label, document).map_err(|problem| problem.detail)));
                continue;
            }
            let begins = computes && matches!(stand, Stand::Idle);
            let seen = Seen::new(if begins {
                asked.planned(work, in_force, own.seed())
            } else {
                asked.look(work, own.seed())
            })?;
            if matches!(seen.stand, Stand::Running(..)) {
                stand = seen.stand;
            }
            columns.push((
                alpha,
                match (seen.stand, seen.answer) {
                    (Stand::Idle, Some(planned)) => side(label, &planned.document).map_err(|problem| problem.detail),
                    _ => Err(String::new()),
                },
            ));
        }
        let running = matches!(stand, Stand::Running(..));
        let mut json = alpha_json(&columns);
        json["running"] = json!(running);
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
fn chosen(work: &Work<'_>, question: &WeekQuestion, word: &str) -> Result<Linked, Problem> {
    let mission = work.view.mission;
    let linked = |label: String, href: &str, document: &WeekDocument| -> Result<Linked, Problem> {
        Ok(Linked { side: side(label, document)?, href: href.to_owned() })
    };
    match word {
        "in-force" => {
            let held = work.app.desk.week_in_force(mission)?;
            let held = held.ok_or_else(|| Problem::not_found("no plan of the week is in force"))?;
            linked(format!("the plan in force ({})", held.adopted.value.id), "/week", &held.document)
        }
        "question" if question.pairs().is_empty() => {
            Err(Problem::not_found("the address asks no question, so it has no answer to compare"))
        }
        "question" => {
            linked("the answer to the question".to_owned(), &question.address(true, &[]), &shown(work, question)?)
        }
        "pattern" => Ok(Linked { side: WeekSide::of_pattern(shown(work, question)?.problem)?, href: String::new() }),
        id => {
            let view = work.app.desk.adopted_week(mission, id)?;
            let view = view.ok_or_else(|| Problem::not_found(&format!("no plan {id:?} of the week was adopted")))?;
            linked(format!("plan {id}"), "", &view.document)
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
            let crossed = crossed(&a.side, &b.side);
            Some((a, b, crossed))
        };
        let shown = sides.as_ref().map(|(a, b, crossed)| (a, b, crossed.as_ref()));
        let main = study::compare(&work.view, &question, &choices(work, &question), words, shown);
        let json = sides.as_ref().map_or(Value::Null, |(a, b, crossed)| sides_json(&a.side, &b.side, crossed.as_ref()));
        Ok(Answer::page("Compare two plans of the week", "/week", main, json))
    })
    .await
}
