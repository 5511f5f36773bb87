//! The numbers that people read, against the exact ones.

use crate::Refusal;
use crate::bound::{Proven, attacker};
use crate::file::{CertificatePart, PPM, PlanFile};
use crate::value::{Mixture, harms};
use num_bigint::BigInt;
use num_rational::BigRational;
use num_traits::ToPrimitive;

fn refuse<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Headline(why.into()))
}

fn exact(what: &str, number: Option<f64>) -> Result<BigRational, Refusal> {
    let Some(number) = number else { return refuse(format!("there is no {what}")) };
    match BigRational::from_float(number) {
        Some(exact) => Ok(exact),
        None => refuse(format!("{what} is {number}")),
    }
}

fn ratio(numerator: u64, denominator: u64) -> BigRational {
    BigRational::new(numerator.into(), denominator.into())
}

fn shown(number: &BigRational) -> String {
    format!("{:.9e}", number.to_f64().unwrap_or(f64::NAN))
}

/// The headline may round by one part in a million, and only against itself: a value no lower, a
/// bound no higher than the exact one.
pub(crate) fn numbers(stated: &Stated<'_>, exactly: &BigRational, proven: &Proven) -> Result<(), Refusal> {
    let zero = BigRational::from_integer(0.into());
    let (value, bound, gap) = (exact("value", stated.value)?, exact("bound", stated.bound)?, exact("gap", stated.gap)?);
    let rounding = ratio(1, 1_000_000);
    if value < *exactly {
        return refuse(format!("value {} is lower than {}, which the schedules give", shown(&value), shown(exactly)));
    }
    if value > exactly * (&rounding + ratio(1, 1)) {
        return refuse(format!("value {} is not {}, which the schedules give", shown(&value), shown(exactly)));
    }
    let known = proven.bound.clone().max(zero.clone());
    if bound > known {
        return refuse(format!(
            "bound {} is higher than {}, which the certificate proves",
            shown(&bound),
            shown(&known)
        ));
    }
    let slack = &known * &rounding + &proven.unprotected * ratio(1, 1_000_000_000);
    if bound < &known - slack {
        return refuse(format!("bound {} is not {}, which the certificate proves", shown(&bound), shown(&known)));
    }
    let expected = if value > zero { (&value - &bound) / &value } else { zero };
    let off = if gap > expected { &gap - &expected } else { &expected - &gap };
    if off > ratio(1, 1_000_000_000) {
        return refuse(format!("gap {} is not {}, which value and bound give", shown(&gap), shown(&expected)));
    }
    if stated.status == "optimal" && expected > rounding {
        return refuse(format!("the status is \"optimal\" at a gap of {}", shown(&expected)));
    }
    Ok(())
}

/// The headline numbers as a file states them.
pub(crate) struct Stated<'a> {
    pub value: Option<f64>,
    pub bound: Option<f64>,
    pub gap: Option<f64>,
    pub status: &'a str,
}

/// The headline of a file of format 1, and its other strengths.
pub(crate) fn check(plan: &PlanFile, mixture: &Mixture, proven: &Proven) -> Result<(), Refusal> {
    let stated = Stated { value: plan.value, bound: plan.bound, gap: plan.gap, status: &plan.status };
    numbers(&stated, &mixture.value, proven)?;
    for point in &plan.more_and_fewer {
        if let (Some(value), Some(bound)) = (point.value, point.bound)
            && bound > value
        {
            return refuse(format!("at {} people the bound {bound} exceeds the value {value}", point.personnel));
        }
    }
    Ok(())
}

/// A file without a plan states no numbers.
pub(crate) fn nothing_claimed(plan: &PlanFile) -> Result<(), Refusal> {
    if plan.value.is_some() || plan.bound.is_some() || plan.gap.is_some() {
        return refuse(format!("the status is {:?} but there is a value, a bound or a gap", plan.status));
    }
    if !plan.schedules.is_empty() || !plan.sites.is_empty() {
        return refuse(format!("the status is {:?} but there are schedules or sites", plan.status));
    }
    Ok(())
}

/// Off by no more than one part in a million.
fn close(stated: f64, known: f64) -> bool {
    (stated - known).abs() <= 1e-6 * known.abs().max(1e-3)
}

pub(crate) fn check_sites(plan: &PlanFile, mixture: &Mixture, certificate: &CertificatePart) -> Result<(), Refusal> {
    let problem = &plan.problem;
    let refuse = |why: String| Err(Refusal::Sites(why));
    if plan.sites.len() != problem.sites.len() {
        return refuse(format!("it has {} rows for {} sites", plan.sites.len(), problem.sites.len()));
    }
    let shares = attacker(problem, certificate)?;
    let as_share = |part: u128, whole: u128| {
        BigRational::new(BigInt::from(part), BigInt::from(whole)).to_f64().unwrap_or(f64::NAN)
    };
    let harm: Vec<f64> = harms(problem)
        .into_iter()
        .enumerate()
        .map(|(i, (forecast, watched))| {
            let q = as_share(shares[i].into(), certificate.attacker_denominator.into());
            (forecast as f64 + watched as f64 * q) * as_share(mixture.full - mixture.protection[i], mixture.full)
        })
        .collect();
    let total: f64 = harm.iter().sum();
    for (i, (row, site)) in plan.sites.iter().zip(&problem.sites).enumerate() {
        if row.id != site.id {
            return refuse(format!("row {i} is {:?} but the site is {:?}", row.id, site.id));
        }
        let protection = as_share(mixture.protection[i], mixture.full);
        let post_share = as_share(mixture.post_share[i].into(), plan.probability_denominator.into());
        let open = as_share(mixture.full - mixture.protection[i], mixture.full);
        let numbers = [
            ("protection", row.protection, protection),
            ("post_share", row.post_share, post_share),
            ("harm_per_attempt", row.harm_per_attempt, site.value_milli as f64 / 1e3 * open),
            ("harm_share", row.harm_share, if total > 0.0 { harm[i] / total } else { 0.0 }),
        ];
        if let Some((name, stated, known)) = numbers.into_iter().find(|(_, stated, known)| !close(*stated, *known)) {
            return refuse(format!("{name} of {:?} is {stated} but the schedules give {known}", row.id));
        }
        let posture = match mixture.post_share[i] {
            share if share == plan.probability_denominator => "always",
            1.. => "sometimes",
            0 if mixture.protection[i] > 0 => "reached",
            0 => "open",
        };
        if row.posture != posture {
            return refuse(format!("posture of {:?} is {:?} but the schedules give {posture:?}", row.id, row.posture));
        }
    }
    check_bases(plan, mixture)
}

/// A base named beside a site has a force in some schedule and reaches the site in the time given.
fn check_bases(plan: &PlanFile, mixture: &Mixture) -> Result<(), Refusal> {
    let problem = &plan.problem;
    let index = |id: &String| problem.bases.iter().position(|base| base.id == *id);
    let reach: std::collections::BTreeMap<(usize, usize), u32> = problem
        .reach
        .iter()
        .filter(|reach| reach.effect_ppm > 0 && reach.effect_ppm <= PPM)
        .map(|reach| ((reach.site as usize, reach.base as usize), reach.minutes_tenths))
        .collect();
    for (i, row) in plan.sites.iter().enumerate() {
        let Some(base) = &row.base else { continue };
        let known = index(base).filter(|&b| mixture.staffed[b]).and_then(|b| reach.get(&(i, b)));
        let Some(&tenths) = known else {
            return Err(Refusal::Sites(format!("no force at {base:?} ever reaches {:?}", row.id)));
        };
        if !row.minutes.is_some_and(|minutes| close(minutes, f64::from(tenths) / 10.0)) {
            return Err(Refusal::Sites(format!(
                "the minutes from {base:?} to {:?} are not those of the problem",
                row.id
            )));
        }
    }
    Ok(())
}
