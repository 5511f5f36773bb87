//! Plans of the week made by hand: the form, the score, the table to start from.

use super::study::SENT_BACK_BYTES_MAX;
use super::week::{Asking, Sent, asked, figures, sent, value};
use super::{Answer, App, Ask, Work, answer};
use crate::pages::week::hand::{self, WeekHandPage, WeekHandSays};
use crate::problem::Problem;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use konbit_desk::{WeekView, read_week_hand, score_week_hand, week_hand_csv};
use serde_json::{Value, json};

const TITLE: &str = "A plan of the week made by hand";

fn schedules(held: &WeekView) -> usize {
    held.document.schedules.iter().map(Vec::len).sum()
}

pub(super) async fn by_hand(State(app): State<App>, uri: Uri, headers: HeaderMap) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let held = work.app.desk.week_in_force(work.view.mission)?;
        let template_schedules = held.as_ref().map(schedules);
        let page = WeekHandPage { text: "", template_schedules, says: WeekHandSays::Nothing };
        Ok(Answer::page(TITLE, "/week", hand::by_hand(&work.view, figures(work)?, &page), Value::Null))
    })
    .await
}

pub(super) async fn score(State(app): State<App>, uri: Uri, headers: HeaderMap, form: Sent) -> Response {
    answer(app, Ask::new(&uri, &headers), move |work| {
        let pairs = sent(form)?;
        let table = value(&pairs, "table");
        let (says, template_schedules) = scored(work, table)?;
        let json = match &says {
            WeekHandSays::Nothing => Value::Null,
            WeekHandSays::Faults(faults) => {
                json!({ "faults": faults.iter().map(|fault| json!({ "row": fault.row, "column": fault.column, "message": fault.message })).collect::<Vec<_>>() })
            }
            WeekHandSays::Scored(score) => serde_json::to_value(score).expect("a score is texts and numbers"),
        };
        // A table of thousands of rows is not sent back.
        let text = if table.len() <= SENT_BACK_BYTES_MAX { table } else { "" };
        let page = WeekHandPage { text, template_schedules, says };
        Ok(Answer::page(TITLE, "/week", hand::by_hand(&work.view, figures(work)?, &page), json))
    })
    .await
}

fn scored(work: &Work<'_>, table: &str) -> Result<(WeekHandSays, Option<usize>), Problem> {
    let mission = work.view.mission;
    let ground = work.app.desk.week_ground(mission, work.moment)?;
    let says = match read_week_hand(mission, ground.week.data(), table.as_bytes()) {
        Err(faults) => WeekHandSays::Faults(faults),
        Ok(plan) => {
            let score = score_week_hand(mission, &ground, &plan);
            WeekHandSays::Scored(Box::new(score.map_err(|fault| Problem::bad_request(fault.to_string()))?))
        }
    };
    Ok((says, ground.in_force.as_ref().map(schedules)))
}

/// The plan in force as a table, or with `plan=ID` one that was adopted before.
pub(super) async fn template(State(app): State<App>, query: Asking, uri: Uri, headers: HeaderMap) -> Response {
    let pairs = asked(query);
    answer(app, Ask::new(&uri, &headers), move |work| {
        let (desk, mission) = (&work.app.desk, work.view.mission);
        let held = match value(&pairs, "plan") {
            "" => desk.week_in_force(mission)?.ok_or_else(|| Problem::not_found("no plan of the week is in force"))?,
            id => {
                let missing = || Problem::not_found(&format!("no plan {id:?} of the week was adopted"));
                desk.adopted_week(mission, id)?.ok_or_else(missing)?
            }
        };
        let bytes = week_hand_csv(mission, &held.document.problem, &held.document.schedules).into_bytes();
        let name = Some("week-by-hand.csv".to_owned());
        Ok(Answer::File { media: "text/csv; charset=utf-8", name, bytes, immutable: false })
    })
    .await
}
