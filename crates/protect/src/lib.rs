//! From a protection problem to a plan, with a bound that anyone can check.
//!
//! Owns: the problem of one slot ([`Problem`]) and of a week ([`Week`]), planning ([`plan()`],
//! [`plan_week`], [`replan_week`]), the value of any plan ([`evaluate`], [`evaluate_week`], [`score_week`]), plans in use
//! ([`price_override`], [`Week::without`], [`next_best`], [`drawn`]), what more people buy
//! ([`curve`], [`week_seats_equal`], [`people_equal`]), explanations ([`explain()`], [`explain_week`], [`sensitivity`]),
//! the plan files ([`PlanDocument`], [`WeekDocument`]), and seeded problems to measure with
//! ([`mod@generate`]). Start reading at [`WeekData`] and [`plan_week`]; a [`Problem`] is a week of one
//! slot, one contingent and one group ([`WeekData::from_single`]).
//!
//! Invariant: no I/O, no clock, no entropy. A time limit is the caller's, through [`Watch`].
//! Invariant: the same problem and [`Options`] give the same plan, byte for byte, on any number of
//! threads, unless it was stopped early; the order of sites, bases and slots in the problem changes
//! only their order in the plan.
//! Invariant: no value is published without bound, status, seed and problem hash.
//! Invariant: nothing that a solver says is trusted. Probabilities and prices are rounded to whole
//! numbers first, and the value and the bound are computed from those.
//!
//! # The model
//!
//! | symbol | meaning, unit | in [`WeekData`] |
//! | --- | --- | --- |
//! | `v_is` | persons harmed if an attempt at site `i` in slot `s` succeeds | `values_milli` |
//! | `lam_is` | forecast attempts per week at `i` in one slot of kind `s`; there are `n_s` of them | `attempts_micro`, `count` |
//! | `alpha`, `Lam` | share of attempts by adversaries who watch and choose; their attempts per week | `alpha_ppm`, `watched_attempts_micro` |
//! | `A_k`, `I_k` | share and reach of group `k` of those who watch | `groups` |
//! | `p_cs` | seats (persons on duty) of contingent `c`, and what it may do where | `slots.seats`, `contingents` |
//! | `g` | seats of a post, a force, a patrol | `seats` |
//! | `e_st`, `e_ibs`, `e_pa` | probability that a post, a force from base `b`, a patrol that is there stops an attempt | `static_effect_ppm`, `reach`, `patrol_effect_ppm` |
//! | `f_is` | floor: least protection | `floors` |
//!
//! A schedule of a slot says who mans which post, whose forces wait where, and which patrols are out;
//! one contingent mans each of them, within its seats and caveats. It holds every post that must stand,
//! and makes every visit that must be made (a patrol that comes by, or a post). Patrols are either
//! explicit duties, each used at most once, or rounds that are chosen in an area: from its base, from
//! site to site in whole minutes of travel, each stay between the shortest and the longest allowed, and
//! back when the slot ends. A patrol may come again; the minutes of its visits add up, at most to the
//! whole slot. With `E` the effect of the best post or force at a site and `r` the share of the slot
//! with a patrol, protection is `c = E + r (e_pa - E)^+`: the best mode counts at every moment, there is
//! no double count, and a second force at a base adds nothing. A plan is a mixture of schedules for each
//! kind of slot; every slot draws its own, independently. With `a_is = (1 - alpha) n_s lam_is v_is` and
//! `h_kis = alpha Lam A_k v_is` for `i` in `I_k` (persons per week), a plan is chosen to
//!
//! ```text
//! minimise  sum_is a_is (1 - c_is)  +  sum_k max_is h_kis (1 - c_is)     subject to  c_is >= f_is
//! ```
//!
//! The second term is what watchers do who know the mixture but not the draw: zero-sum games, in which
//! best response, minimax and equilibrium agree (Xu 2016). Slots that are alike are one kind with a
//! count: forecast harm counts as often, the worst case as if there were one, and it costs nothing more
//! to solve. Because slots are drawn independently, the protection of a site after any schedules of
//! other slots were observed is `c_is` itself, so that it never falls below its floor.
//!
//! # The method
//!
//! 1. The linear relaxation of all slots together is solved by an interior point method (`clarabel`),
//!    with few bases per site at first and more where they pay; rounds of patrols come by pricing, each
//!    a longest path in the time-expanded network. Its prices are the first certificate.
//! 2. Schedules are drawn from its solution by dependent rounding along a sweep line of random
//!    direction (Tsai et al. 2010 for the idea of realising marginals by sampling; Gandhi et al. 2006
//!    for the rounding).
//! 3. A restricted master program finds their best mixture, with only the sites that bind as rows:
//!    others enter when the mixture breaks them. Column generation adds schedules that improve it (Jain
//!    et al. 2010): forces by local search, patrols greedily, posts by an exact knapsack, at prices
//!    smoothed towards the best known ones (Wentges 1997) and shaken a little for variety. Now and then
//!    a bound is proven at the best prices known, and rounds end that cannot reach the target. Where sites
//!    times slots are many, slots are solved one by one within the worst harm that the relaxation allows
//!    them all, on several threads.
//! 4. On small problems the best schedule is found exactly by branching. Then the value is the optimum
//!    over all mixtures of all schedules, and the trees are the proof. On larger ones a tree of a few
//!    leaves tightens the bound where the gap is still above its target.
//! 5. Problems of one slot with more than 4,000 sites are screened first: sites that decide nothing by
//!    themselves are gathered in groups, schedules are sought on the smaller model and valued on all
//!    sites, and the relaxation of all sites is solved by cuts (Benders 1962), whose prices are the
//!    certificate. Weeks of several kinds of slot are not screened.
//!
//! # The proof
//!
//! For any attacker mixtures `q_kis`, floor prices `phi >= 0` and
//! `U_is = a_is + sum_k h_kis q_kis + phi_is`,
//!
//! ```text
//! LB = sum_s [ sum_i (a_is + sum_k h_kis q_kis) + sum_i phi_is f_is - max_S sum_i U_is c_is(S) ]
//! ```
//!
//! bounds every plan from below, and weak duality bounds the maximum of a slot over the schedules that
//! agree with a leaf of a tree of decisions; the formula stands in the module `proof` of the source and
//! in `docs/plan-format.md`. With one leaf this is the bound of the linear relaxation, which true
//! mixtures of whole schedules cannot always reach: part of a small remaining gap may be of that kind.
//! The crate `konbit-plan-check` computes value and bound again in exact rationals, without a solver and
//! without code from here.
//!
//! # Sources
//!
//! Kiekintveld, Jain, Tsai, Pita, Ordonez, Tambe, AAMAS 2009 (security games at scale). Jain,
//! Kardes, Kiekintveld, Ordonez, Tambe, AAAI 2010 (branch and price for schedules). Tsai, Yin, Kwak,
//! Kempe, Kiekintveld, Tambe, AAAI 2010 (sampling to realise marginals). Xu, "The Mysteries of
//! Security Games", arXiv 1603.02377. Gandhi, Khuller, Parthasarathy, Srinivasan, J. ACM 53 (2006)
//! (dependent rounding). Wentges, Int. Trans. Oper. Res. 4 (1997) (smoothed prices). Larson, Computers
//! and Operations Research 1 (1974) (hypercube: how busy a force is). Benders, Numerische Mathematik 4
//! (1962); Ben-Ameur and Neto, Networks 49 (2007) (cuts, and where to take them).

mod document;
mod engine;
mod evaluate;
mod explain;
pub mod generate;
mod plan;
mod problem;
mod week;

pub use document::{DocumentStatus, PLAN_FORMAT, PlanDocument};
pub use evaluate::{Evaluation, EvaluationError, FloorShort, PROBABILITY_DENOMINATOR, Schedule, evaluate};
pub use explain::{Judged, Sensitivity, SiteReason, explain, people_equal, sensitivity};
pub use plan::{
    Certificate, CurvePoint, Infeasible, OPTIMAL_GAP, Options, Outcome, Plan, Posture, Progress, ProofNode, SitePlan,
    Status, Watch, curve, curve_plans, plan, plan_from,
};
pub use problem::{
    ATTEMPTS_MICRO_MAX, BASES_MAX, PERSONNEL_MAX, PPM, Problem, ProblemBase, ProblemData, ProblemError, ProblemSite,
    REACH_MAX, RELIEF_FACTOR_MILLI_DEFAULT, Reach, SEATS_MAX, SITES_MAX, VALUE_MILLI_MAX, reaction_effect_ppm,
};
pub use week::{
    AREA_SITES_MAX, AREAS_MAX, BestForce, BrokenRule, Contingent, DUTIES_MAX, Group, GroupWorst, Lost, NextBest,
    OverridePrice, PARTIES_MAX, PatrolArea, PatrolDuty, PostBar, PostCrew, ROUTE_MINUTES_MAX, Route, SLOT_MINUTES_MAX,
    SLOTS_MAX, SlotCertificate, SlotKind, SlotSeats, Task, WEEK_FORMAT, Week, WeekBreach, WeekCertificate, WeekData,
    WeekDemand, WeekDocument, WeekEvaluation, WeekFault, WeekInfeasible, WeekNode, WeekOutcome, WeekPlan, WeekSchedule,
    WeekScore, WeekShort, WeekSite, WeekSiteReason, drawn, evaluate_week, explain_week, next_best, plan_week,
    post_worth, price_override, replan_week, score_week, week_seats_equal,
};
