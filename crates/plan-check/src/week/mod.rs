//! Plan files `konbit-plan/2`: the whole week.

mod bound;
mod earned;
mod file;
mod value;

use crate::bound::Counts;
use crate::file::{hash_of, limits};
use crate::{Refusal, Report, Verdict, headline};
use file::WeekFile;
use num_rational::BigRational;

/// Checks a file that says that it is `konbit-plan/2`.
pub(crate) fn check(bytes: &[u8]) -> Result<Report, Refusal> {
    let malformed = |error: serde_json::Error| Refusal::Malformed(error.to_string().chars().take(300).collect());
    let plan: WeekFile = serde_json::from_slice(bytes).map_err(malformed)?;
    let problem = &plan.problem;
    problem.check()?;
    let schedules: usize = plan.schedules.iter().map(Vec::len).sum();
    let nodes: usize = plan.certificate.iter().flat_map(|c| &c.slots).map(|slot| slot.nodes.len()).sum();
    let steps = problem
        .size()
        .saturating_mul(schedules.max(nodes))
        .saturating_add(problem.route_size().saturating_mul(nodes))
        .saturating_add(plan.certificate.as_ref().map_or(0, |certificate| certificate.cells(problem)));
    if steps > limits::STEPS_MAX {
        return Err(Refusal::TooLarge(format!("{steps} steps of arithmetic; at most {} are made", limits::STEPS_MAX)));
    }
    let computed = hash_of(problem)?;
    if computed != plan.problem_hash {
        return Err(Refusal::Hash { stated: plan.problem_hash.chars().take(80).collect(), computed });
    }
    if !(plan.seconds.is_finite() && plan.seconds >= 0.0) {
        return Err(Refusal::Headline(format!("seconds is {}; it cannot be negative", plan.seconds)));
    }
    let mut report = Report {
        problem_hash: computed,
        verdict: Verdict::NothingClaimed,
        sites: problem.sites.len(),
        schedules,
        leaves: 0,
        checked: vec!["the problem hash is that of the problem in the file".to_owned()],
        not_checked: Vec::new(),
    };
    match (plan.status.as_str(), &plan.value) {
        ("optimal" | "gap", _) | ("limit_reached", Some(_)) => planned(&plan, &mut report)?,
        ("infeasible", None) => infeasible(&plan, &mut report)?,
        ("limit_reached", None) => {
            nothing_claimed(&plan)?;
            report.not_checked.push("the file says that no plan was found in time, and claims nothing else".to_owned());
        }
        ("infeasible", Some(_)) => {
            return Err(Refusal::Headline("the status is \"infeasible\" but there is a value".to_owned()));
        }
        (other, _) => {
            let other: String = other.chars().take(40).collect();
            return Err(Refusal::Headline(format!("there is no status {other:?}")));
        }
    }
    Ok(report)
}

fn planned(plan: &WeekFile, report: &mut Report) -> Result<(), Refusal> {
    let value = value::evaluate(plan)?;
    report.checked.push(format!(
        "each of {} schedules keeps seats, caveats, mandatory posts and visits and walks its rounds in time, and the \
         probabilities of each slot sum to one",
        report.schedules
    ));
    report.checked.push("every floor is met by the mixture of its slot".to_owned());
    let missing = || Refusal::Certificate("there is none".to_owned());
    let certificate = plan.certificate.as_ref().ok_or_else(missing)?;
    let (shown, leaves) = bound::bound(&plan.problem, certificate, Counts::HarmAndFloors)?;
    report.leaves = leaves;
    let bound::Shown::Bound(proven) = shown else {
        return Err(Refusal::Certificate(
            "it shows that there is no schedule at all, and yet there are some".to_owned(),
        ));
    };
    let stated = headline::Stated { value: plan.value, bound: plan.bound, gap: plan.gap, status: &plan.status };
    headline::numbers(&stated, &value, &proven)?;
    report.checked.push("value, bound and gap are those of the schedules and the certificate".to_owned());
    report.not_checked.push("the seed and the seconds".to_owned());
    let bound = proven.bound.max(BigRational::from_integer(0.into()));
    report.verdict = Verdict::Plan { value, bound };
    Ok(())
}

fn infeasible(plan: &WeekFile, report: &mut Report) -> Result<(), Refusal> {
    nothing_claimed(plan)?;
    let missing = || Refusal::Infeasible("there is no certificate".to_owned());
    let certificate = plan.certificate.as_ref().ok_or_else(missing)?;
    let (shown, leaves) = bound::bound(&plan.problem, certificate, Counts::FloorsOnly)?;
    report.leaves = leaves;
    match shown {
        bound::Shown::Empty => report.checked.push("the posts that must stand do not fit the seats".to_owned()),
        bound::Shown::Bound(proven) if proven.bound > BigRational::from_integer(0.into()) => {
            report.checked.push("the certificate proves that no mixture of schedules keeps every demand".to_owned());
        }
        bound::Shown::Bound(_) => {
            return Err(Refusal::Infeasible("the certificate's bound is not positive".to_owned()));
        }
    }
    report.not_checked.push("the sentence that gives the reason".to_owned());
    report.verdict = Verdict::Infeasible;
    Ok(())
}

fn nothing_claimed(plan: &WeekFile) -> Result<(), Refusal> {
    let status = &plan.status;
    if plan.value.is_some() || plan.bound.is_some() || plan.gap.is_some() {
        return Err(Refusal::Headline(format!("the status is {status:?} but there is a value, a bound or a gap")));
    }
    if !plan.schedules.is_empty() {
        return Err(Refusal::Headline(format!("the status is {status:?} but there are schedules")));
    }
    Ok(())
}
