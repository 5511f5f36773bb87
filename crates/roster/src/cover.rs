//! What whole sections can cover in one slot, and what then stays open.

/// Most configurations of a slot that are looked at; where there are more, classes are put together.
const COVERS_MAX: usize = 1_000;
/// Most units of a class that are exchanged for units of another when a configuration is compared.
const STEPS_MAX: u32 = 3;

/// Sections that are alike in a slot: each unit of a class fills so many seats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Class {
    /// Seats of one unit.
    pub seats: u32,
    /// Units there are.
    pub count: u32,
}

/// A configuration: units on duty of each class, and the cost of the seats that stay open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cover {
    pub units: Vec<u32>,
    pub cost: i64,
}

/// The class of each kind and its units of it, from the seats and the number of sections of each
/// kind: a class for each size of section, one unit a section. Where that would make more than
/// [`COVERS_MAX`] configurations for `demand` seats, the rarest sizes share a class, whose unit is their
/// common divisor: a weaker bound, but one.
pub(crate) fn classes(kinds: &[(u32, u32)], demand: u32) -> (Vec<Class>, Vec<(usize, u32)>) {
    let mut sizes: Vec<u32> = kinds.iter().map(|kind| kind.0).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let sections = |size: u32| kinds.iter().filter(|kind| kind.0 == size).map(|kind| kind.1).sum::<u32>();
    // Each class with the sizes in it.
    let mut classes: Vec<(Class, Vec<u32>)> =
        sizes.iter().map(|&seats| (Class { seats, count: sections(seats) }, vec![seats])).collect();
    let covers = |classes: &[(Class, Vec<u32>)]| {
        let most = |class: &(Class, Vec<u32>)| u64::from(units_max(class.0, demand)) + 1;
        classes.iter().map(most).fold(1, u64::saturating_mul)
    };
    while classes.len() > 1 && covers(&classes) > COVERS_MAX as u64 {
        // The rarest last; of equals the smaller, so that the order is always the same.
        classes.sort_by_key(|(class, _)| (std::cmp::Reverse(class.seats * class.count), class.seats));
        let (last, mut sizes) = classes.pop().expect("more than one");
        let (class, with) = classes.last_mut().expect("one is left");
        let seats = common_divisor(class.seats, last.seats);
        let count = |class: &Class| class.count * class.seats.checked_div(seats).unwrap_or(0);
        *class = Class { seats, count: count(class) + count(&last) };
        with.append(&mut sizes);
    }
    let place = |kind: &(u32, u32)| {
        let at = classes.iter().position(|(_, sizes)| sizes.contains(&kind.0)).expect("every size has a class");
        (at, kind.0.checked_div(classes[at].0.seats).unwrap_or(0))
    };
    let places = kinds.iter().map(place).collect();
    (classes.into_iter().map(|(class, _)| class).collect(), places)
}

fn common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// Units of a class beyond which nothing is gained.
fn units_max(class: Class, demand: u32) -> u32 {
    if class.seats == 0 { 0 } else { class.count.min(demand.div_ceil(class.seats)) }
}

/// The configurations of a slot that can be the cheapest at some prices, of all that there are.
/// `cost` is that of the seats that stay open with so many filled; `demand` are the seats that can
/// still be filled.
///
/// Invariant: for any prices of units that are not negative, the cheapest of these is the cheapest
/// of all. Left out are those of which a section could stay away at no cost, and those half way
/// between two others. Of the cheapest of all, that with the fewest units of the first class, then
/// of the second and so on, is neither: the first would give one with fewer, and so would the second,
/// both its ends being as cheap.
pub(crate) fn covers(classes: &[Class], demand: u32, cost: impl Fn(u32) -> i64) -> Vec<Cover> {
    let most: Vec<u32> = classes.iter().map(|class| units_max(*class, demand)).collect();
    let seats = |units: &[u32]| -> u32 { units.iter().zip(classes).map(|(units, class)| units * class.seats).sum() };
    let costs: Vec<i64> = (0..=seats(&most)).map(&cost).collect();
    let ways = ways(classes);
    let mut found = Vec::new();
    let mut units = vec![0; classes.len()];
    loop {
        let filled = seats(&units) as usize;
        let now = costs[filled];
        let used = units.iter().zip(classes).filter(|(units, _)| **units > 0);
        let is_needed = used.map(|(_, class)| class.seats as usize).all(|seats| costs[filled - seats] > now);
        let is_between = |way: &Way| {
            let (a, b) = (way.more, way.less);
            let has_room = units[a.0] >= a.1 && units[a.0] + a.1 <= most[a.0];
            let has_room = has_room && b.is_none_or(|b| units[b.0] >= b.1 && units[b.0] + b.1 <= most[b.0]);
            has_room && costs[filled - way.seats as usize] + costs[filled + way.seats as usize] == 2 * now
        };
        if is_needed && !ways.iter().any(is_between) {
            found.push(Cover { units: units.clone(), cost: now });
        }
        // The next one, as an odometer counts.
        let Some(class) = (0..classes.len()).find(|&class| units[class] < most[class]) else { break };
        units[class] += 1;
        units[..class].fill(0);
    }
    found
}

/// More of one class, and less of another or of none; and by how many seats that differs, either way.
struct Way {
    more: (usize, u32),
    less: Option<(usize, u32)>,
    seats: u32,
}

/// Ways from one configuration to two others, on either side of it.
fn ways(classes: &[Class]) -> Vec<Way> {
    let mut ways = Vec::new();
    for (a, more) in classes.iter().enumerate() {
        ways.push(Way { more: (a, 1), less: None, seats: more.seats });
        for (b, less) in classes.iter().enumerate().skip(a + 1) {
            for (up, down) in (1..=STEPS_MAX).flat_map(|up| (1..=STEPS_MAX).map(move |down| (up, down))) {
                let seats = (up * more.seats).abs_diff(down * less.seats);
                ways.push(Way { more: (a, up), less: Some((b, down)), seats });
            }
        }
    }
    ways
}

#[cfg(test)]
mod tests {
    use super::*;
    use konbit_base::rng::seeded;

    #[test]
    fn the_cheapest_configuration_at_any_prices_is_among_those_kept() {
        let mut rng = seeded(7, 0);
        let mut below = |bound: u64| u32::try_from(rng.below(bound)).unwrap();
        for _ in 0..400 {
            let class = |seats, count| Class { seats, count };
            let classes: Vec<Class> = (0..=below(3)).map(|_| class(below(12), below(5))).collect();
            let demand = below(60);
            let step = 1 + below(9);
            // Falls, and ever more slowly.
            let cost = |seats: u32| {
                let left = i64::from(demand.saturating_sub(seats));
                left + (left - i64::from(step)).max(0)
            };
            let kept = covers(&classes, demand, cost);
            let prices: Vec<i64> =
                classes.iter().map(|class| i64::from(below(u64::from(2 * class.seats) + 2))).collect();
            let price = |units: &[u32]| units.iter().zip(&prices).map(|(n, price)| i64::from(*n) * price).sum::<i64>();
            let least = kept.iter().map(|cover| cover.cost + price(&cover.units)).min().unwrap();
            let mut all: Vec<Vec<u32>> = vec![vec![]];
            for class in &classes {
                let longer = |units: &Vec<u32>| {
                    let units = units.clone();
                    (0..=class.count).map(move |n| units.iter().copied().chain([n]).collect())
                };
                all = all.iter().flat_map(longer).collect();
            }
            let of = |units: &[u32]| {
                let seats = units.iter().zip(&classes).map(|(units, class)| units * class.seats).sum();
                cost(seats) + price(units)
            };
            assert_eq!(all.iter().map(|units| of(units)).min().unwrap(), least, "{classes:?} {demand} {prices:?}");
        }
    }

    fn check(kinds: &[(u32, u32)], demand: u32, expect: &[(u32, u32)]) {
        let (classes, places) = classes(kinds, demand);
        assert_eq!(classes.iter().map(|class| (class.seats, class.count)).collect::<Vec<_>>(), expect);
        for (kind, (class, units)) in kinds.iter().zip(places) {
            assert_eq!(classes[class].seats * units, kind.0);
        }
    }

    #[test]
    fn sizes_are_classes_until_there_are_too_many_configurations() {
        check(&[(10, 83), (3, 1)], 234, &[(3, 1), (10, 83)]);
        check(&[(10, 40), (10, 43)], 234, &[(10, 83)]);
        check(&[(0, 4)], 20, &[(0, 4)]);
        // 9, 10 and 20 units at most are 10 by 11 by 21 configurations; with 10 and 4 in a class of 2,
        // of which 50 are enough, there are 10 by 51.
        check(&[(12, 60), (10, 51), (4, 20)], 100, &[(12, 60), (2, 295)]);
        // At 500 these were 43 by 251: too many as well.
        check(&[(12, 60), (10, 51), (4, 20)], 500, &[(2, 655)]);
    }
}
