//! From a protection problem to a plan, with a bound that anyone can check.
//!
//! Owns: the problem and its hash ([`Problem`]), planning ([`plan()`]), the value of more and of
//! fewer people ([`curve`]), the value of any plan ([`evaluate`]), the plan file
//! ([`PlanDocument`]), and seeded problems to measure with ([`mod@generate`]).
//! Start reading at [`Problem`] and [`plan()`].
//!
//! Invariant: no I/O, no clock, no entropy. A time limit is the caller's, through [`Watch`].
//! Invariant: the same problem and [`Options`] give the same plan, byte for byte, unless it was
//! stopped early; the order of sites and bases in the problem changes only their order in the plan.
//! Invariant: no value is published without bound, status, seed and problem hash.
//! Invariant: nothing that a solver says is trusted. Probabilities and prices are rounded to whole
//! numbers first, and the value and the bound are computed from those.
//!
//! # The model: one slot, static posts, quick reaction forces
//!
//! | symbol | meaning, unit | in [`ProblemData`] |
//! | --- | --- | --- |
//! | `v_i` | persons harmed if an attempt at site `i` succeeds | `value_milli` |
//! | `lam_i` | forecast attempts per week at `i` | `attempts_micro` |
//! | `alpha` | share of attempts by adversaries who watch the pattern and choose | `alpha_ppm` |
//! | `Lam` | attempts per week by watchers | `watched_attempts_micro` |
//! | `g_i`, `G_b` | seats (persons on duty) of a post at `i`, of a force at `b` | `seats` |
//! | `p` | seats there are: personnel over relief factor, rounded down | `personnel`, `relief_factor_milli` |
//! | `e_st`, `e_ib` | probability that a post, a force from base `b`, stops an attempt | `static_effect_ppm`, `effect_ppm` |
//! | `f_i` | floor: least protection | `floor_ppm` |
//!
//! A schedule `S` says where posts stand and where forces wait; it takes at most `p` seats and holds
//! every mandatory post. Its protection of a site is that of the best mode there,
//! `c_i(S) = max(e_st if posted, max e_ib over bases with a force)`: there is no double count, and a
//! second force at a base adds nothing. A plan is a mixture of schedules, from which one is drawn for
//! each slot; `c_i` is the mean. With `a_i = (1 - alpha) lam_i v_i` and `h_i = alpha Lam v_i` (persons
//! per week), a plan is chosen to
//!
//! ```text
//! minimise  sum_i a_i (1 - c_i)  +  max_i h_i (1 - c_i)     subject to  c_i >= f_i
//! ```
//!
//! The second term is what watchers do who know the mixture but not the draw: a zero-sum game, in
//! which best response, minimax and equilibrium agree (Xu 2016).
//!
//! # The method
//!
//! 1. The linear relaxation, in which shares of posts and forces are free to vary, is solved by an
//!    interior point method (`clarabel`), with few bases per site at first and more where they pay.
//!    Its prices are the first certificate.
//! 2. Schedules are drawn from its solution by dependent rounding along a sweep line of random
//!    direction (Tsai et al. 2010 for the idea of realising marginals by sampling; Gandhi et al. 2006
//!    for the rounding).
//! 3. A restricted master program finds their best mixture, and column generation adds schedules that
//!    improve it (Jain et al. 2010): forces by local search, posts by an exact knapsack, at prices
//!    smoothed towards the best known ones (Wentges 1997).
//! 4. On small problems the best schedule is found exactly by branching. Then the value is the optimum
//!    over all mixtures of all schedules, and the tree is the proof.
//!
//! # The proof
//!
//! For any attacker mixture `q`, floor prices `phi >= 0` and `U_i = a_i + h_i q_i + phi_i`,
//!
//! ```text
//! LB = sum_i (a_i + h_i q_i) + sum_i phi_i f_i - max_S sum_i U_i c_i(S)
//! ```
//!
//! bounds every plan from below, and weak duality bounds the maximum over the schedules that agree
//! with a leaf of a tree of decisions; the formula stands in the documentation of the module `proof`
//! in the source and in `docs/plan-format.md`. With one leaf this is the bound of the linear
//! relaxation, which true mixtures of whole schedules cannot always reach: part of a small remaining
//! gap may be of that kind. The crate `konbit-plan-check` computes value and bound again in exact
//! rationals, without a solver and without code from here.
//!
//! # Sources
//!
//! Kiekintveld, Jain, Tsai, Pita, Ordonez, Tambe, AAMAS 2009 (security games at scale). Jain,
//! Kardes, Kiekintveld, Ordonez, Tambe, AAAI 2010 (branch and price for schedules). Tsai, Yin, Kwak,
//! Kempe, Kiekintveld, Tambe, AAAI 2010 (sampling to realise marginals). Xu, "The Mysteries of
//! Security Games", arXiv 1603.02377. Gandhi, Khuller, Parthasarathy, Srinivasan, J. ACM 53 (2006)
//! (dependent rounding). Wentges, Int. Trans. Oper. Res. 4 (1997) (smoothed prices). Larson, Computers
//! and Operations Research 1 (1974) (hypercube: how busy a force is).

mod answer;
mod document;
mod evaluate;
pub mod generate;
mod model;
mod plan;
mod problem;
mod proof;
mod relax;
mod sample;
mod simplex;
mod solve;

pub use document::{DocumentStatus, PLAN_FORMAT, PlanDocument};
pub use evaluate::{Evaluation, EvaluationError, FloorShort, PROBABILITY_DENOMINATOR, Schedule, evaluate};
pub use plan::{
    Certificate, CurvePoint, Infeasible, OPTIMAL_GAP, Options, Outcome, Plan, Posture, Progress, ProofNode, SitePlan,
    Status, Watch, curve, plan,
};
pub use problem::{
    ATTEMPTS_MICRO_MAX, BASES_MAX, PERSONNEL_MAX, PPM, Problem, ProblemBase, ProblemData, ProblemError, ProblemSite,
    REACH_MAX, RELIEF_FACTOR_MILLI_DEFAULT, Reach, SEATS_MAX, SITES_MAX, VALUE_MILLI_MAX, reaction_effect_ppm,
};
