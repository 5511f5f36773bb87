//! The mandate: what each operative paragraph obliges whom to do, by when, shown by what evidence.

use crate::table::Record;
use jiff::civil::Date;
use jiff::{Span, ToSpan};
use konbit_base::{Finding, Severity, Source, id};
use serde::{Deserialize, Serialize};

id!(
    /// An obligation.
    ObligationId
);

/// One thing one paragraph asks of one owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Obligation {
    /// Identifier.
    pub id: ObligationId,
    /// Symbol of the resolution, such as `S/RES/2699 (2023)`.
    pub resolution: String,
    /// Number of the operative paragraph.
    pub paragraph: u32,
    /// Which of several obligations of the paragraph; empty if there is one.
    pub part: String,
    /// Identifier of the paragraph in the Akoma Ntoso text, such as `para_27`.
    pub eid: Option<String>,
    /// Operative verb of the paragraph, such as `Requests`.
    pub verb: String,
    /// What the paragraph does to the owner: `obliges`, `requests`, `authorises`, ...
    pub force: String,
    /// Who has to act.
    pub owner: String,
    /// What is to be done, in our own words.
    pub what: String,
    /// When it is due.
    pub due: Due,
    /// What limits it.
    pub limits: Option<String>,
    /// What shows that it was done.
    pub evidence: String,
    /// Subject, such as `oversight`.
    pub theme: String,
    /// Where the row comes from.
    pub source: Source,
}

/// When an obligation is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Due {
    /// The rule as the paragraph gives it: an ISO 8601 duration counted from `anchor`, or words.
    pub rule: String,
    /// What the rule counts from, such as `adoption` or `deployment`.
    pub anchor: Option<String>,
    /// The day, where it can be computed.
    pub date: Option<Date>,
    /// How it comes back, such as `every P3M` or `continuous`.
    pub recurrence: Option<String>,
}

impl Record for Obligation {
    const SUBJECT: &'static str = "obligation";
    fn id(&self) -> &str {
        self.id.as_str()
    }
    fn title(&self) -> String {
        format!("{} paragraph {}: {}", self.resolution, self.paragraph, self.what)
    }
}

impl Obligation {
    /// The span of the due rule, if the rule is or ends in an ISO 8601 duration (`no later than P9M`).
    pub fn span(&self) -> Option<Span> {
        self.due.rule.split_whitespace().last()?.parse().ok()
    }

    /// The day it is due, computed from the day of adoption, where the rule counts from it.
    pub fn due_from_adoption(&self, adopted: Date) -> Option<Date> {
        (self.due.anchor.as_deref() == Some("adoption"))
            .then(|| self.span())?
            .and_then(|span| adopted.checked_add(span).ok())
    }
}

/// What the pages and the calendar need to know of a mandate as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mandate {
    /// Symbol of the resolution.
    pub resolution: String,
    /// Day of adoption.
    pub adopted: Date,
    /// First day on which the authorisation no longer holds, with the obligation it comes from.
    pub expires: Option<(Date, ObligationId)>,
    /// Day of the review by the Council, with the obligation it comes from.
    pub review: Option<(Date, ObligationId)>,
}

/// The mandate that `obligations` of `resolution`, adopted on `adopted`, make up.
///
/// The term is the obligation whose part is `term`, the review the one whose part is `review`.
pub fn mandate<'a>(resolution: &str, adopted: Date, obligations: impl Iterator<Item = &'a Obligation>) -> Mandate {
    let (mut expires, mut review) = (None, None);
    for obligation in obligations.filter(|obligation| obligation.resolution == resolution) {
        let due = obligation.due_from_adoption(adopted).map(|day| (day, obligation.id.clone()));
        match obligation.part.as_str() {
            "term" => expires = due,
            "review" => review = due,
            _ => {}
        }
    }
    Mandate { resolution: resolution.to_owned(), adopted, expires, review }
}

/// A day on the mandate's calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occasion {
    /// The day.
    pub day: Date,
    /// The obligation due on it.
    pub obligation: ObligationId,
}

/// What is due when: every obligation with a day, and the recurrences of those whose anchor's day
/// is known, up to the mandate's expiry; ordered by day.
pub fn calendar<'a>(mandate: &Mandate, obligations: impl Iterator<Item = &'a Obligation>) -> Vec<Occasion> {
    let horizon = mandate.expires.as_ref().map_or(mandate.adopted.saturating_add(1.year()), |(day, _)| *day);
    let mut occasions = Vec::new();
    for obligation in obligations.filter(|obligation| obligation.resolution == mandate.resolution) {
        let Some(first) = obligation.due_from_adoption(mandate.adopted).or(obligation.due.date) else { continue };
        occasions.push(Occasion { day: first, obligation: obligation.id.clone() });
        let every: Option<Span> = obligation
            .due
            .recurrence
            .as_deref()
            .and_then(|text| text.strip_prefix("every "))
            .and_then(|text| text.parse().ok());
        let Some(every) = every else { continue };
        let mut day = first;
        while let Ok(next) = day.checked_add(every) {
            if next > horizon || next <= day {
                break;
            }
            occasions.push(Occasion { day: next, obligation: obligation.id.clone() });
            day = next;
        }
    }
    occasions.sort_by(|a, b| (a.day, a.obligation.as_str()).cmp(&(b.day, b.obligation.as_str())));
    occasions
}

/// Obligations whose stated day is not the day their rule gives.
pub fn findings<'a>(adopted: Date, obligations: impl Iterator<Item = &'a Obligation>) -> Vec<Finding> {
    obligations
        .filter_map(|obligation| {
            let (stated, computed) = (obligation.due.date?, obligation.due_from_adoption(adopted)?);
            (stated != computed).then(|| {
                Finding::in_file(
                    Severity::Warning,
                    "due-date-differs",
                    "",
                    format!("obligation {} states {stated}, but {} after adoption on {adopted} is {computed}; correct one of them", obligation.id, obligation.due.rule),
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use konbit_base::Reading;

    fn obligation(part: &str, rule: &str, anchor: &str, stated: Option<Date>, recurrence: Option<&str>) -> Obligation {
        Obligation {
            id: ObligationId::new(format!("o-{part}")).unwrap(),
            resolution: "S/RES/2699 (2023)".to_owned(),
            paragraph: 1,
            part: part.to_owned(),
            eid: None,
            verb: "Requests".to_owned(),
            force: "requests".to_owned(),
            owner: "Mission leadership".to_owned(),
            what: "Report".to_owned(),
            due: Due {
                rule: rule.to_owned(),
                anchor: Some(anchor.to_owned()),
                date: stated,
                recurrence: recurrence.map(str::to_owned),
            },
            limits: None,
            evidence: String::new(),
            theme: "reporting".to_owned(),
            source: Source { name: "test".to_owned(), url: None, reading: Reading::Read },
        }
    }

    fn check_due(rule: &str, anchor: &str, expect: Option<Date>) {
        assert_eq!(
            obligation("x", rule, anchor, None, None).due_from_adoption(date(2023, 10, 2)),
            expect,
            "{rule} from {anchor}"
        );
    }

    #[test]
    fn a_duration_from_adoption_gives_a_day() {
        check_due("P12M", "adoption", Some(date(2024, 10, 2)));
        check_due("P9M", "adoption", Some(date(2024, 7, 2)));
        check_due("no later than P9M", "adoption", Some(date(2024, 7, 2)));
        check_due("P3M", "operational on the ground", None);
        check_due("continuous", "adoption", None);
        check_due("", "adoption", None);
    }

    #[test]
    fn term_and_review_come_from_their_obligations() {
        let all =
            [obligation("term", "P12M", "adoption", None, None), obligation("review", "P9M", "adoption", None, None)];
        let mandate = mandate("S/RES/2699 (2023)", date(2023, 10, 2), all.iter());
        assert_eq!(mandate.expires.unwrap().0, date(2024, 10, 2));
        assert_eq!(mandate.review.unwrap().0, date(2024, 7, 2));
    }

    #[test]
    fn a_recurring_duty_fills_the_calendar_up_to_the_expiry() {
        let all = [
            obligation("term", "P12M", "adoption", None, None),
            obligation("report", "P3M", "adoption", None, Some("every P3M")),
        ];
        let mandate = mandate("S/RES/2699 (2023)", date(2023, 10, 2), all.iter());
        let days: Vec<Date> = calendar(&mandate, all.iter().skip(1)).into_iter().map(|o| o.day).collect();
        assert_eq!(days, [date(2024, 1, 2), date(2024, 4, 2), date(2024, 7, 2), date(2024, 10, 2)]);
    }

    #[test]
    fn a_recurrence_of_nothing_ends() {
        let all = [obligation("report", "P3M", "adoption", None, Some("every PT0S"))];
        let mandate = mandate("S/RES/2699 (2023)", date(2023, 10, 2), all.iter());
        assert_eq!(calendar(&mandate, all.iter()).len(), 1);
    }

    #[test]
    fn a_stated_day_that_the_rule_does_not_give_is_a_finding() {
        let wrong = obligation("term", "P12M", "adoption", Some(date(2024, 10, 1)), None);
        let right = obligation("term", "P12M", "adoption", Some(date(2024, 10, 2)), None);
        assert_eq!(findings(date(2023, 10, 2), [wrong, right].iter()).len(), 1);
    }
}
