//! The bound of a certificate, in whole numbers. The formula stands in the crate's documentation.

use crate::Refusal;
use crate::file::{CertificatePart, NodePart, PPM, ProblemPart, limits};
use crate::value::{harm_unit, harms};
use num_bigint::BigInt;
use num_rational::BigRational;

/// What a certificate is about.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counts {
    HarmAndFloors,
    FloorsOnly,
}

/// What was proven.
pub(crate) struct Proven {
    /// `LB`, persons per week; may be negative.
    pub bound: BigRational,
    /// What an unprotected week costs this attacker, persons per week: the scale of rounding.
    pub unprotected: BigRational,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fix {
    Free,
    In,
    Out,
}

#[derive(Clone)]
struct Fixing {
    site: Vec<Fix>,
    base: Vec<Fix>,
    left: u64,
}

/// Everything in units of `1 / unit` persons per week.
struct Terms {
    /// `U_i`, to be multiplied by an effect per million.
    weights: Vec<BigInt>,
    /// `sum (a + h q) + sum phi f`.
    base: BigInt,
    unprotected: BigInt,
    /// What one step of a price is.
    price: BigInt,
    unit: BigInt,
}

fn refuse<T>(why: impl Into<String>) -> Result<T, Refusal> {
    Err(Refusal::Certificate(why.into()))
}

/// A sparse list as a dense one; indices must ascend.
pub(crate) fn dense(what: &str, list: &[(u32, u64)], count: usize) -> Result<Vec<u64>, Refusal> {
    let mut out = vec![0; count];
    let mut next = 0u64;
    for &(index, value) in list {
        if u64::from(index) < next || index as usize >= count {
            return refuse(format!("{what} names site {index} out of range, twice or out of order"));
        }
        next = u64::from(index) + 1;
        out[index as usize] = value;
    }
    Ok(out)
}

/// The attacker's mixture, checked.
pub(crate) fn attacker(problem: &ProblemPart, certificate: &CertificatePart) -> Result<Vec<u64>, Refusal> {
    let denominator = certificate.attacker_denominator;
    if !(1..=limits::SHARE_DENOMINATOR_MAX).contains(&denominator) {
        let most = limits::SHARE_DENOMINATOR_MAX;
        return refuse(format!("the attacker's denominator {denominator} is not between 1 and {most}"));
    }
    let shares = dense("the attacker's mixture", &certificate.attacker, problem.sites.len())?;
    let total: u128 = shares.iter().map(|&share| u128::from(share)).sum();
    if total != u128::from(denominator) {
        return refuse(format!("the attacker's mixture sums to {total} of {denominator}"));
    }
    Ok(shares)
}

fn terms(problem: &ProblemPart, certificate: &CertificatePart, counts: Counts) -> Result<Terms, Refusal> {
    let prices = certificate.price_denominator;
    if !(1..=limits::PRICE_DENOMINATOR_MAX).contains(&prices) {
        let most = limits::PRICE_DENOMINATOR_MAX;
        return refuse(format!("the denominator of prices {prices} is not between 1 and {most}"));
    }
    let shares = attacker(problem, certificate)?;
    let floor_prices = dense("the floor prices", &certificate.floor_prices, problem.sites.len())?;
    let (d, m, ppm) = (BigInt::from(certificate.attacker_denominator), BigInt::from(prices), BigInt::from(PPM));
    let mut base = BigInt::from(0);
    let mut unprotected = BigInt::from(0);
    let mut weights = Vec::with_capacity(shares.len());
    for (i, (forecast, watched)) in harms(problem).into_iter().enumerate() {
        let harm = match counts {
            Counts::HarmAndFloors => BigInt::from(forecast) * &d * &m + BigInt::from(watched) * shares[i] * &m,
            Counts::FloorsOnly => BigInt::from(0),
        };
        let floor = BigInt::from(floor_prices[i]) * harm_unit() * &d;
        unprotected += &harm * &ppm;
        base += &harm * &ppm + &floor * problem.sites[i].floor_ppm;
        weights.push(harm + floor);
    }
    let price = harm_unit() * &d * &ppm;
    let unit = &price * &m;
    Ok(Terms { weights, base, unprotected, price, unit })
}

/// The bound and the number of leaves.
pub(crate) fn bound(
    problem: &ProblemPart,
    certificate: &CertificatePart,
    counts: Counts,
) -> Result<(Proven, usize), Refusal> {
    let terms = terms(problem, certificate, counts)?;
    let help = problem.help();
    let mut seen = vec![false; certificate.nodes.len()];
    let mut todo = vec![(0usize, root(problem)?)];
    let mut worst: Option<BigInt> = None;
    let mut leaves = 0;
    while let Some((at, fix)) = todo.pop() {
        let Some(node) = certificate.nodes.get(at) else {
            return refuse(format!("the tree names node {at}, which is not there"));
        };
        if std::mem::replace(&mut seen[at], true) {
            return refuse(format!("node {at} of the tree has two parents"));
        }
        let (children, branch) = match node {
            NodePart::Bound { seat_price, site_prices } => {
                let prices = dense("a leaf", site_prices, problem.sites.len())?;
                let leaf = leaf(problem, &terms, &help, &fix, *seat_price, &prices);
                worst = Some(worst.map_or(leaf.clone(), |worst| worst.max(leaf)));
                leaves += 1;
                continue;
            }
            NodePart::Post { site, without, with } => ((*without, *with), decide_post(problem, &fix, *site)?),
            NodePart::Force { base, without, with } => ((*without, *with), decide_force(problem, &fix, *base)?),
        };
        for child in [children.0, children.1] {
            if child as usize <= at {
                return refuse(format!("child {child} of node {at} does not stand after it"));
            }
        }
        let (without, with) = branch;
        todo.push((children.0 as usize, without));
        todo.push((children.1 as usize, with));
    }
    if let Some(unused) = seen.iter().position(|seen| !seen) {
        return refuse(format!("node {unused} of the tree belongs to no branch"));
    }
    let Some(worst) = worst else { return refuse("the tree has no leaf") };
    let bound = BigRational::new(&terms.base - worst, terms.unit.clone());
    Ok((Proven { bound, unprotected: BigRational::new(terms.unprotected, terms.unit) }, leaves))
}

fn root(problem: &ProblemPart) -> Result<Fixing, Refusal> {
    let Some(left) = problem.seats().checked_sub(problem.mandatory_seats()) else {
        return refuse("the mandatory posts do not fit the seats, so that there is nothing to bound");
    };
    let mut root = Fixing {
        site: problem.sites.iter().map(|site| if site.mandatory { Fix::In } else { Fix::Free }).collect(),
        base: problem.bases.iter().map(|base| if base.forces_max > 0 { Fix::Free } else { Fix::Out }).collect(),
        left,
    };
    drop_what_does_not_fit(problem, &mut root);
    Ok(root)
}

/// What takes more seats than are left is in no schedule of this branch.
fn drop_what_does_not_fit(problem: &ProblemPart, fix: &mut Fixing) {
    for (state, site) in fix.site.iter_mut().zip(&problem.sites) {
        if *state == Fix::Free && u64::from(site.seats) > fix.left {
            *state = Fix::Out;
        }
    }
    for (state, base) in fix.base.iter_mut().zip(&problem.bases) {
        if *state == Fix::Free && u64::from(base.seats) > fix.left {
            *state = Fix::Out;
        }
    }
}

fn decide_post(problem: &ProblemPart, fix: &Fixing, site: u32) -> Result<(Fixing, Fixing), Refusal> {
    let at = site as usize;
    if fix.site.get(at) != Some(&Fix::Free) {
        return refuse(format!("a branch decides on site {site}, which is not open to decision there"));
    }
    let (mut without, mut with) = (fix.clone(), fix.clone());
    without.site[at] = Fix::Out;
    with.site[at] = Fix::In;
    // What is free fits, so this does not underflow.
    with.left -= u64::from(problem.sites[at].seats);
    drop_what_does_not_fit(problem, &mut with);
    Ok((without, with))
}

fn decide_force(problem: &ProblemPart, fix: &Fixing, base: u32) -> Result<(Fixing, Fixing), Refusal> {
    let at = base as usize;
    if fix.base.get(at) != Some(&Fix::Free) {
        return refuse(format!("a branch decides on base {base}, which is not open to decision there"));
    }
    let (mut without, mut with) = (fix.clone(), fix.clone());
    without.base[at] = Fix::Out;
    with.base[at] = Fix::In;
    with.left -= u64::from(problem.bases[at].seats);
    drop_what_does_not_fit(problem, &mut with);
    Ok((without, with))
}

/// `UB` of a leaf.
fn leaf(
    problem: &ProblemPart,
    terms: &Terms,
    help: &[Vec<(u32, usize)>],
    fix: &Fixing,
    seat_price: u64,
    site_prices: &[u64],
) -> BigInt {
    let zero = BigInt::from(0);
    let mu = BigInt::from(seat_price) * &terms.price;
    let mut total = &mu * fix.left;
    let mut gains = vec![BigInt::from(0); problem.bases.len()];
    for (i, site) in problem.sites.iter().enumerate() {
        let rho = BigInt::from(site_prices[i]) * &terms.price;
        let mut post = &terms.weights[i] * problem.static_effect_ppm - &rho;
        if fix.site[i] == Fix::Free {
            post -= &mu * site.seats;
        }
        if fix.site[i] != Fix::Out && post > zero {
            total += post;
        }
        for &(effect, base) in &help[i] {
            let gain = &terms.weights[i] * effect - &rho;
            if gain <= zero {
                break; // the list is sorted by effect
            }
            gains[base] += gain;
        }
        total += rho;
    }
    for (b, mut gain) in gains.into_iter().enumerate() {
        if fix.base[b] == Fix::Free {
            gain -= &mu * problem.bases[b].seats;
        }
        if fix.base[b] != Fix::Out && gain > zero {
            total += gain;
        }
    }
    total
}
