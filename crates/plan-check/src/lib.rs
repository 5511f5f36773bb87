//! Checks a plan file, `konbit-plan/1` or `konbit-plan/2`, from its bytes alone.
//!
//! Owns: reading the file, hashing its problem, evaluating its schedules, and computing the bound
//! of its certificate, all in exact whole numbers. Start reading at [`check()`].
//!
//! Invariant: no solver is linked, and no code is shared with the planner.
//! Invariant: no float takes part in a decision; the headline numbers are read as the exact
//! binary fractions that they are and compared with exact rationals.
//! Invariant: work is bounded by the limits in [`limits`], and malformed input is a [`Refusal`],
//! never a panic.
//!
//! # What is checked
//!
//! With `v_i` persons harmed per attempt, `lam_i` forecast attempts per week, `alpha` the share of
//! attempts by watchers, `Lam` their attempts per week, `a_i = (1 - alpha) lam_i v_i` and
//! `h_i = alpha Lam v_i` (persons per week):
//!
//! **Value.** Every schedule must fit the seats, hold every mandatory post and put no more forces
//! at a base than it takes; the probabilities must sum to one. The protection `c_i` of a site is
//! the mean over schedules of the best mode there: a post, or the best base with a force. Every
//! floor `c_i >= f_i` must hold exactly. The value is
//! `sum_i a_i (1 - c_i) + max_i h_i (1 - c_i)`.
//!
//! **Bound.** For any attacker mixture `q` (summing to one), floor prices `phi_i >= 0` and
//! `U_i = a_i + h_i q_i + phi_i`, no mixture of schedules that keeps the floors costs less than
//!
//! ```text
//! LB = sum_i (a_i + h_i q_i) + sum_i phi_i f_i - max_S sum_i U_i c_i(S)
//! ```
//!
//! because the worst site is at least as bad as the `q`-mean, and floors that are kept make the
//! `phi` terms at most zero. The certificate is a tree of decisions (a post stands or not, a force
//! waits or not), so that every schedule agrees with one leaf; at a leaf with `p'` seats left by
//! what is in, for any `mu, rho >= 0`, weak duality bounds the maximum by
//!
//! ```text
//! UB = mu p' + sum_i rho_i
//!    + sum_{i in} (U_i e_st - rho_i)^+  +  sum_{i free, g_i <= p'} (U_i e_st - rho_i - mu g_i)^+
//!    + sum_{b in} R_b                   +  sum_{b free, G_b <= p'} (R_b - mu G_b)^+
//! R_b = sum_i (U_i e_ib - rho_i)^+
//! ```
//!
//! At the root mandatory posts are in. A second force at a base adds no protection, so a base is
//! in or out. The worst leaf counts. A certificate of infeasibility is the same with `a = h = 0`:
//! a positive `LB` then says that the floors cannot be kept.
//!
//! # Files of a week
//!
//! In `konbit-plan/2` the same holds slot by slot, with a mixture of schedules for each kind of slot, a
//! mixture `q` for each group of adversaries, seats and caveats of contingents, and patrols. At a leaf,
//! with `mu_c` per seat of each contingent, `rho_i` per site and `nu_i` per visit that must be made,
//!
//! ```text
//! UB = sum_c mu_c p_c + sum_i rho_i - sum_{visits} nu_i
//!    + sum_i [(U_i e_st - rho_i)^+ + nu_i - mu g_i]  +  sum_b [sum_i (U_i e_ib - rho_i)^+ - mu G_b]
//!    + sum_r [sum_i share_ri (U_i e_pa - rho_i)^+ + sum_{i in r} nu_i - mu g_r]
//!    + sum_{areas} m_a (best round - mu g_a)^+
//! ```
//!
//! where each bracket takes the price of who holds the thing, or if nobody does that of the cheapest
//! who still may and only if it is positive (whatever its sign for a post that must stand). The best
//! round of an area is computed here, as a longest path in the network of sites and minutes.
//!
//! A leaf may name contingents whose seats count in whole things: the best choice of these within the seats,
//! by dynamic programming, stands in for `mu_c p_c` and what they alone may hold. A thing that several may
//! hold is worth its cheapest price there at most, and what lies above is counted outside.

mod bound;
mod file;
mod headline;
mod value;
mod week;

use num_rational::BigRational;
use num_traits::ToPrimitive;
use thiserror::Error;

pub use file::limits;

/// Why a plan file is not accepted. The text says what was found.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// The file or its problem is larger than what is checked.
    #[error("too large: {0}")]
    TooLarge(String),
    /// Not JSON, cut short, a missing or unknown field, a number of the wrong kind.
    #[error("not a plan file: {0}")]
    Malformed(String),
    /// Another format or version.
    #[error("the format is {0:?}; this program checks \"konbit-plan/1\" and \"konbit-plan/2\"")]
    Format(String),
    /// The problem breaks its own rules.
    #[error("the problem is not valid: {0}")]
    Problem(String),
    /// The hash is not that of the problem.
    #[error("the problem hash is {stated} but the problem in the file hashes to {computed}")]
    Hash {
        /// As the file says.
        stated: String,
        /// As computed.
        computed: String,
    },
    /// The schedules break a rule.
    #[error("the schedules do not hold: {0}")]
    Schedules(String),
    /// A floor is not met.
    #[error("the floor of site {site:?} is {floor_ppm} per million but the schedules give {given}")]
    Floor {
        /// Id of the site.
        site: String,
        /// Its floor.
        floor_ppm: u32,
        /// What it gets, per million, to nine digits.
        given: String,
    },
    /// The certificate breaks a rule.
    #[error("the certificate does not hold: {0}")]
    Certificate(String),
    /// A headline number is not what the schedules and the certificate give.
    #[error("the headline does not hold: {0}")]
    Headline(String),
    /// The table of sites is not what the schedules give.
    #[error("the table of sites does not hold: {0}")]
    Sites(String),
    /// The plan says that nothing is feasible, and nothing in the file proves it.
    #[error("infeasibility is not proven: {0}")]
    Infeasible(String),
}

/// What a plan file was found to prove.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// The value and the bound hold.
    Plan {
        /// Expected persons harmed per week, exactly.
        value: BigRational,
        /// No plan with this force does better, persons per week, exactly; never below 0.
        bound: BigRational,
    },
    /// It is proven that no plan exists.
    Infeasible,
    /// The file claims nothing: no plan was found and none was excluded.
    NothingClaimed,
}

/// A plan file that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// SHA-256 of the problem's canonical JSON, as computed here.
    pub problem_hash: String,
    /// What is proven.
    pub verdict: Verdict,
    /// Number of sites.
    pub sites: usize,
    /// Number of schedules.
    pub schedules: usize,
    /// Number of leaves of the proof.
    pub leaves: usize,
    /// One sentence for each thing that was checked.
    pub checked: Vec<String>,
    /// One sentence for each thing in the file that was not checked.
    pub not_checked: Vec<String>,
}

impl Report {
    /// The exact value, rounded to a float, in persons harmed per week.
    pub fn value(&self) -> Option<f64> {
        match &self.verdict {
            Verdict::Plan { value, .. } => value.to_f64(),
            Verdict::Infeasible | Verdict::NothingClaimed => None,
        }
    }

    /// The exact bound, rounded to a float, in persons harmed per week.
    pub fn bound(&self) -> Option<f64> {
        match &self.verdict {
            Verdict::Plan { bound, .. } => bound.to_f64(),
            Verdict::Infeasible | Verdict::NothingClaimed => None,
        }
    }

    /// The exact gap, `(value - bound) / value`, rounded to a float; 0 when the value is 0.
    pub fn gap(&self) -> Option<f64> {
        match &self.verdict {
            Verdict::Plan { value, bound } if *value.numer() != 0.into() => ((value - bound) / value).to_f64(),
            Verdict::Plan { .. } => Some(0.0),
            Verdict::Infeasible | Verdict::NothingClaimed => None,
        }
    }
}

/// Checks the bytes of a plan file.
pub fn check(bytes: &[u8]) -> Result<Report, Refusal> {
    if file::format(bytes)?.as_deref() == Some("konbit-plan/2") {
        return week::check(bytes);
    }
    let plan = file::read(bytes)?;
    let problem = &plan.problem;
    problem.check()?;
    let computed = problem.hash()?;
    if computed != plan.problem_hash {
        return Err(Refusal::Hash { stated: plan.problem_hash.chars().take(80).collect(), computed });
    }
    if plan.personnel != problem.personnel {
        let (stated, known) = (plan.personnel, problem.personnel);
        return Err(Refusal::Headline(format!("personnel is {stated} but the problem has {known}")));
    }
    if !(plan.seconds.is_finite() && plan.seconds >= 0.0) {
        return Err(Refusal::Headline(format!("seconds is {}; it cannot be negative", plan.seconds)));
    }
    let mut report = Report {
        problem_hash: computed,
        verdict: Verdict::NothingClaimed,
        sites: problem.sites.len(),
        schedules: plan.schedules.len(),
        leaves: 0,
        checked: vec!["the problem hash is that of the problem in the file".to_owned()],
        not_checked: Vec::new(),
    };
    match (plan.status.as_str(), &plan.value) {
        ("optimal" | "gap", _) | ("limit_reached", Some(_)) => check_plan(&plan, &mut report)?,
        ("infeasible", None) => check_infeasible(&plan, &mut report)?,
        ("limit_reached", None) => {
            headline::nothing_claimed(&plan)?;
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

fn check_plan(plan: &file::PlanFile, report: &mut Report) -> Result<(), Refusal> {
    let mixture = value::evaluate(&plan.problem, &plan.schedules, plan.probability_denominator)?;
    report.checked.push(format!(
        "each of {} schedules fits the seats, the bases and the mandatory posts, and the probabilities sum to one",
        plan.schedules.len()
    ));
    report.checked.push("every floor is met by the mixture of schedules".to_owned());
    let missing = || Refusal::Certificate("there is none".to_owned());
    let certificate = plan.certificate.as_ref().ok_or_else(missing)?;
    let (proven, leaves) = bound::bound(&plan.problem, certificate, bound::Counts::HarmAndFloors)?;
    report.leaves = leaves;
    headline::check(plan, &mixture, &proven)?;
    report.checked.push("value, bound and gap are those of the schedules and the certificate".to_owned());
    headline::check_sites(plan, &mixture, certificate)?;
    report.checked.push("the table of sites is that of the schedules".to_owned());
    if !plan.more_and_fewer.is_empty() {
        report
            .not_checked
            .push("values and bounds at other strengths: the file carries no schedules and proof for them".to_owned());
    }
    report.not_checked.push("the seed and the seconds".to_owned());
    let bound = proven.bound.max(BigRational::from_integer(0.into()));
    report.verdict = Verdict::Plan { value: mixture.value, bound };
    Ok(())
}

fn check_infeasible(plan: &file::PlanFile, report: &mut Report) -> Result<(), Refusal> {
    headline::nothing_claimed(plan)?;
    let problem = &plan.problem;
    let (needed, available) = (problem.mandatory_seats(), problem.seats());
    if needed > available {
        report.checked.push(format!("the mandatory posts need {needed} seats and there are {available}"));
    } else {
        let missing = || Refusal::Infeasible("the mandatory posts fit and there is no certificate".to_owned());
        let certificate = plan.certificate.as_ref().ok_or_else(missing)?;
        let (proven, leaves) = bound::bound(problem, certificate, bound::Counts::FloorsOnly)?;
        report.leaves = leaves;
        if proven.bound <= BigRational::from_integer(0.into()) {
            return Err(Refusal::Infeasible("the certificate's bound is not positive".to_owned()));
        }
        report.checked.push("the certificate proves that no mixture of schedules meets every floor".to_owned());
    }
    report.not_checked.push("the sentence that gives the reason".to_owned());
    report.verdict = Verdict::Infeasible;
    Ok(())
}
