//! Where to look for cuts: small clusters of customers that a mixture covers, by candidates of
//! which each covers some and none covers all.
//!
//! All triples are looked at, and clusters are grown around those whose odd hole the mixture
//! breaks; others are grown around customers in turn. What a cluster says is up to
//! [`crate::facets`].

use crate::choice::Program;
use crate::cuts::{Cut, Term};
use crate::dual::Bound;
use crate::facets::{CUSTOMERS_MAX, Kind, facet};
use konbit_base::rng::Seeded;
use std::collections::{BTreeMap, BTreeSet};

/// Least shortfall of a mixture, as a share of the right side, for a cut to be taken.
const SHORT_MIN: f64 = 0.003;
/// Least share of a candidate that counts as in the mixture.
const SHARE_MIN: f64 = 0.002;
/// Most that the mixture covers a customer of a cut.
const MASS_MAX: f64 = 1.5;
/// Of the customers, a cluster is grown around one in so many.
const AROUND_ONE_IN: usize = 3;
/// Most customers among which clusters are looked for, those of most weight.
const ROWS_MAX: usize = 20_000;
/// Customers of a cluster.
const CLUSTER: usize = 7;
const _: () = assert!(CLUSTER <= CUSTOMERS_MAX);
/// Most new cuts of one look, and the number of its cuts after which a customer asks for no more.
const NEW_MAX: usize = 500;
const EACH_MAX: u8 = 3;

/// A customer that may stand in a cut.
struct Row {
    customer: u32,
    /// Candidates of the mixture that cover it, ascending.
    support: Vec<u32>,
    /// What the mixture covers of it and leaves of it beyond one.
    beyond: f64,
    left: f64,
}

/// Customers that the mixture covers in part or about once; of those with the same support
/// the one that the fewest candidates cover, for it makes the strongest cut.
fn rows(program: &Program, bound: &Bound, left: &[f64]) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for j in 0..program.customers() {
        let support = program.pairs_of(j).iter().map(|pair| pair.candidate);
        let support: Vec<u32> = support.filter(|&i| bound.share[i as usize] > SHARE_MIN).collect();
        let mass: f64 = support.iter().map(|&i| bound.share[i as usize]).sum();
        if support.len() > 1 && mass < MASS_MAX {
            // A mixture that obeys the rows only nearly leaves what it does not cover.
            let left = left[j].max(1.0 - mass);
            rows.push(Row { customer: index(j), support, beyond: mass + left - 1.0, left });
        }
    }
    rows.sort_by(|a, b| {
        let width = |row: &Row| program.pairs_of(row.customer as usize).len();
        a.support.cmp(&b.support).then(width(a).cmp(&width(b))).then(a.customer.cmp(&b.customer))
    });
    rows.dedup_by(|b, a| a.support == b.support);
    rows.sort_by_key(|row| (std::cmp::Reverse(program.fallback[row.customer as usize]), row.customer));
    rows.truncate(ROWS_MAX);
    rows
}

fn index(i: usize) -> u32 {
    u32::try_from(i).expect("customers and candidates fit 32 bits")
}

/// Where customers are looked for that lie together.
struct Look<'a> {
    program: &'a Program,
    bound: &'a Bound,
    rows: Vec<Row>,
    /// Rows that each candidate of the mixture covers.
    covers: Vec<Vec<u32>>,
    /// Of each candidate its kind, of each row what it shares and how well it fits; all 0 between
    /// looks.
    kinds: Vec<Kind>,
    common: Vec<f64>,
    score: Vec<f64>,
}

impl Look<'_> {
    /// Adds to `common`, of each row that shares candidates with `row`, the share of these; the
    /// rows to which something was added first, in order.
    fn beside(&self, row: usize, common: &mut [f64]) -> Vec<usize> {
        let mut touched = Vec::new();
        for &i in &self.rows[row].support {
            for other in self.covers[i as usize].iter().map(|&other| other as usize) {
                if common[other] == 0.0 {
                    touched.push(other);
                }
                common[other] += self.bound.share[i as usize];
            }
        }
        touched.sort_unstable();
        touched
    }

    /// Triples of rows whose odd hole the mixture falls short of, the worst of each first row.
    ///
    /// With the shares `ab`, `ac`, `bc` of candidates that cover two rows and `abc` of those that
    /// cover all three, it is short by `ab + ac + bc - 2 abc - 1`, less what is beyond one in each.
    fn triples(&self, stop: &dyn Fn() -> bool) -> Vec<[usize; 3]> {
        let (mut with_a, mut with_b) = (vec![0.0; self.rows.len()], vec![0.0; self.rows.len()]);
        let mut found = Vec::new();
        for a in (0..self.rows.len()).take_while(|a| a % 64 != 0 || !stop()) {
            let touched = self.beside(a, &mut with_a);
            let near = &touched[touched.partition_point(|&row| row <= a)..];
            let (mut worst, mut least) = (None, 2.0 * SHORT_MIN);
            for (place, &b) in near.iter().enumerate() {
                let beside = self.beside(b, &mut with_b);
                let beyond = 1.0 + self.rows[a].beyond + self.rows[b].beyond - with_a[b];
                for &c in &near[place + 1..] {
                    let pairs = with_a[c] + with_b[c] - self.rows[c].beyond - beyond;
                    if pairs > least {
                        let short = pairs - 2.0 * self.shared([a, b, c]);
                        (worst, least) = if short > least { (Some([a, b, c]), short) } else { (worst, least) };
                    }
                }
                for row in beside {
                    with_b[row] = 0.0;
                }
            }
            for row in touched {
                with_a[row] = 0.0;
            }
            found.extend(worst);
        }
        found
    }

    /// Share of the candidates that cover all of three rows.
    fn shared(&self, [a, b, c]: [usize; 3]) -> f64 {
        let covers = |row: usize, i: &u32| self.rows[row].support.binary_search(i).is_ok();
        let all = self.rows[a].support.iter().filter(|i| covers(b, i) && covers(c, i));
        all.map(|&i| self.bound.share[i as usize]).sum()
    }

    /// Rows around some, each of which shares some candidates with many of the others, but not all
    /// with any.
    fn grow(&mut self, mut cluster: Vec<usize>, rng: &mut Seeded) -> Vec<usize> {
        let (mut common, mut score) = (std::mem::take(&mut self.common), std::mem::take(&mut self.score));
        let (mut near, mut at) = (Vec::new(), 0);
        while cluster.len() < CLUSTER && at < cluster.len() {
            for row in self.beside(cluster[at], &mut common) {
                let shared = std::mem::take(&mut common[row]).min(1.0);
                if score[row] == 0.0 {
                    near.push(row);
                }
                score[row] += if shared > 0.99 { -1.0 } else { shared * (1.0 - shared) + 1e-6 };
            }
            at += 1;
            if at == cluster.len() {
                let fits = near.iter().filter(|row| score[**row] > 0.0 && !cluster.contains(row));
                let drawn = fits.map(|&row| (score[row] * (0.5 + rng.unit()), row));
                let next = drawn.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
                cluster.extend(next.map(|(_, row)| row));
            }
        }
        for row in near {
            score[row] = 0.0;
        }
        (self.common, self.score) = (common, score);
        cluster
    }

    /// The cut over a cluster that the mixture breaks most, and by how much.
    fn cut(&mut self, cluster: &[usize]) -> Option<(f64, Cut)> {
        let customers: Vec<u32> = cluster.iter().map(|&row| self.rows[row].customer).collect();
        let mut candidates = Vec::new();
        for (bit, &j) in customers.iter().enumerate() {
            for pair in self.program.pairs_of(j as usize) {
                if self.kinds[pair.candidate as usize] == 0 {
                    candidates.push(pair.candidate);
                }
                self.kinds[pair.candidate as usize] |= 1 << bit;
            }
        }
        // Of each kind the share in the mixture and the most worth.
        let mut kinds: BTreeMap<Kind, (f64, i64)> = BTreeMap::new();
        for &i in &candidates {
            let (share, worth) = (self.bound.share[i as usize], self.bound.worth[i as usize]);
            let kind = kinds.entry(self.kinds[i as usize]).or_insert((0.0, worth));
            *kind = (kind.0 + share, kind.1.max(worth));
        }
        let mixed: Vec<(Kind, f64)> =
            kinds.iter().filter(|(_, at)| at.0 > SHARE_MIN).map(|(kind, at)| (*kind, at.0)).collect();
        let mut others: Vec<(i64, Kind)> =
            kinds.iter().filter(|(_, at)| at.0 <= SHARE_MIN).map(|(kind, at)| (-at.1, *kind)).collect();
        others.sort_unstable();
        let others: Vec<Kind> = others.into_iter().map(|(_, kind)| kind).collect();
        let left: Vec<f64> = cluster.iter().map(|&row| self.rows[row].left).collect();
        let found = facet(&left, &mixed, &others, SHORT_MIN).map(|(short, facet)| {
            let term = |index: u32, times: u8| Some(Term { index, times }).filter(|_| times > 0);
            let times = |i: u32| facet.kinds[usize::from(self.kinds[i as usize])];
            let mut members: Vec<Term> = candidates.iter().filter_map(|&i| term(i, times(i))).collect();
            let of_customers = customers.iter().zip(&facet.customers);
            let mut customers: Vec<Term> = of_customers.filter_map(|(&j, &times)| term(j, times)).collect();
            members.sort_unstable();
            customers.sort_unstable();
            (short, Cut { origin: 0, right: facet.right, customers, members })
        });
        for i in candidates {
            self.kinds[i as usize] = 0;
        }
        found
    }
}

/// New cuts that the mixture behind a bound falls short of, which leaves `left` of each customer;
/// the list of the program goes on with them. Only for programs of covering.
pub(crate) fn separate(
    program: &Program,
    bound: &Bound,
    left: &[f64],
    rng: &mut Seeded,
    stop: &dyn Fn() -> bool,
) -> Vec<Cut> {
    let rows = rows(program, bound, left);
    let mut covers: Vec<Vec<u32>> = vec![Vec::new(); program.candidates()];
    for (ix, row) in rows.iter().enumerate() {
        row.support.iter().for_each(|&i| covers[i as usize].push(index(ix)));
    }
    let (kinds, common, score) = (vec![0; program.candidates()], vec![0.0; rows.len()], vec![0.0; rows.len()]);
    let mut look = Look { program, bound, rows, covers, kinds, common, score };
    let first = usize::try_from(rng.below(AROUND_ONE_IN as u64)).expect("a small number");
    let around = (first..look.rows.len()).step_by(AROUND_ONE_IN).map(|row| vec![row]);
    let clusters = look.triples(stop).into_iter().map(Vec::from).chain(around);
    let mut found: Vec<(f64, Cut)> = Vec::new();
    for (ix, cluster) in clusters.enumerate() {
        if ix % 64 == 0 && stop() {
            break;
        }
        let cluster = look.grow(cluster, rng);
        found.extend(look.cut(&cluster));
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.customers.cmp(&b.1.customers)));
    let mut used = vec![0u8; program.customers()];
    let mut known = BTreeSet::new();
    let mut origin = program.cuts.last().map_or(0, |cut| cut.origin + 1);
    let mut list = Vec::new();
    for (_, cut) in found {
        let is_served = cut.customers.iter().all(|term| used[term.index as usize] >= EACH_MAX);
        if is_served || list.len() == NEW_MAX || !known.insert((cut.customers.clone(), cut.members.clone())) {
            continue;
        }
        cut.customers.iter().for_each(|term| used[term.index as usize] += 1);
        list.push(Cut { origin, ..cut });
        origin += 1;
    }
    list
}
