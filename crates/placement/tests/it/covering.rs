use crate::{shared, shuffled, subsets};
use konbit_base::rng::{Seeded, seeded};
use konbit_placement::covering::{Covering, CoveringError, Merger, covering};
use konbit_placement::{
    CoverShape, Layout, Metric, Options, PointsError, Status, Watch, generate_covering, read_points,
};
use proptest::prelude::*;
use std::sync::atomic::{AtomicU32, Ordering};

type Demand = Vec<(Vec<u32>, u64)>;

fn random(points: usize, candidates: u32, density: f64, rng: &mut Seeded) -> Demand {
    let cover = |rng: &mut Seeded| (0..candidates).filter(|_| rng.unit() < density).collect();
    (0..points).map(|_| (cover(rng), rng.below(20))).collect()
}

fn merged(demand: &Demand, candidates: usize, choose: usize) -> Covering {
    let mut merger = Merger::new(candidates).unwrap();
    for (cover, weight) in demand {
        merger.add(cover, *weight).unwrap();
    }
    merger.finish(choose).unwrap()
}

fn weight(demand: &Demand, chosen: &[u32]) -> i64 {
    let covered = demand.iter().filter(|(cover, _)| cover.iter().any(|i| chosen.contains(i)));
    covered.map(|(_, weight)| i64::try_from(*weight).unwrap()).sum()
}

proptest! {
    #[test]
    fn the_cover_is_the_best_of_all_sets(
        points in 0usize..40, candidates in 1u32..10, choose in 1usize..10, density in 0.0..0.7f64, seed in 0u64..500,
    ) {
        let choose = choose.min(candidates as usize);
        let demand = random(points, candidates, density, &mut seeded(seed, 0));
        let most = subsets(candidates, choose).iter().map(|set| weight(&demand, set)).max().unwrap();
        let instance = merged(&demand, candidates as usize, choose);
        let answer = covering(&instance, Options::default(), &Watch::none());
        prop_assert_eq!((answer.value, answer.bound, answer.status), (most, most, Status::Optimal));
        prop_assert_eq!(answer.chosen.len(), choose);
        prop_assert_eq!(weight(&demand, &answer.chosen), most);
        prop_assert!(instance.sets() <= points);
    }

    #[test]
    fn the_order_of_demand_points_changes_nothing(seed in 0u64..100) {
        let mut rng = seeded(seed, 0);
        let demand = random(60, 12, 0.2, &mut rng);
        let moved: Demand = shuffled(60, &mut rng).iter().map(|&j| demand[j].clone()).collect();
        let (a, b) = (merged(&demand, 12, 4), merged(&moved, 12, 4));
        prop_assert_eq!(a.hash(), b.hash());
        let run = |instance| covering(instance, Options::default(), &Watch::none());
        prop_assert_eq!(run(&a), run(&b));
    }
}

#[test]
fn demand_that_is_no_instance_is_refused() {
    let mut merger = Merger::new(2).unwrap();
    assert_eq!(merger.add(&[0, 2], 1), Err(CoveringError::Candidate { candidate: 2, candidates: 2 }));
    assert_eq!(merger.add(&[1, 0], 1), Err(CoveringError::Unsorted));
    assert_eq!(merger.add(&[1, 1], 1), Err(CoveringError::Unsorted));
    assert!(merger.add(&[0], u64::MAX).is_err());
    assert_eq!(merger.finish(3).unwrap_err(), CoveringError::Choose { choose: 3, candidates: 2 });
}

#[test]
fn a_point_file_is_read_and_a_bad_one_refused() {
    let file = |dimension: &str, points: &str, demand: &str| {
        format!("NAME : x\nDIMENSION : {dimension}\nNODE_COORD_SECTION\n{points}\nDEMAND_SECTION\n{demand}\nEOF")
    };
    let read = |text: &str| read_points(text.as_bytes());
    let points = read(&file("2", "0 0\n3 4", "7\n8")).unwrap();
    assert_eq!((points.metric, points.weight.as_slice()), (Metric::Plane, &[7, 8][..]));
    assert!((points.distance(0, 1) - 5.0).abs() < 1e-12);
    // At a radius of 5 each covers the other, at less only itself.
    let value = |radius| {
        let instance = points.covering(radius, 1).unwrap();
        covering(&instance, Options::default(), &Watch::none()).value
    };
    assert_eq!((value(5.0), value(4.9)), (15, 8));
    assert_eq!(read("").unwrap_err(), PointsError::NoSection("NODE_COORD_SECTION"));
    assert_eq!(read(&file("x", "0 0", "7")).unwrap_err(), PointsError::Dimension);
    let lines = |section| PointsError::Lines { section, lines: 1, dimension: 2 };
    assert_eq!(read(&file("2", "0 0", "7\n8")).unwrap_err(), lines("NODE_COORD_SECTION"));
    assert_eq!(read(&file("2", "0 0\n1 1", "7")).unwrap_err(), lines("DEMAND_SECTION"));
    assert_eq!(read(&file("1", "0 y", "7")).unwrap_err(), PointsError::Point { line: 4, text: "0 y".into() });
    assert_eq!(read(&file("1", "0 0", "-7")).unwrap_err(), PointsError::Weight { line: 6, text: "-7".into() });
}

#[test]
fn a_generated_grid_is_proven_and_small_once_merged() {
    let shape = CoverShape { points: 40_000, candidates: 40, radius: 5.5, choose: 5, layout: Layout::Grid };
    let instance = generate_covering(shape, 1).unwrap();
    assert_eq!(instance.points(), 40_000);
    // Forty circles cut the plane into at most 40 * 39 + 2 cells.
    assert!(instance.sets() <= 1_562, "{}", instance.sets());
    let answer = covering(&instance, Options::default(), &Watch::none());
    assert_eq!((answer.status, answer.value), (Status::Optimal, answer.bound));
    let scattered = generate_covering(CoverShape { layout: Layout::Scattered, ..shape }, 1).unwrap();
    assert_ne!(scattered.hash(), instance.hash());
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn the_published_covers_of_the_bronx_have_their_published_value_and_respect_the_bound() {
    let points = read_points(&shared("optimisation/mclp/Bronx.txt")).unwrap();
    for choose in [50, 60, 70, 80, 90, 100] {
        let text = String::from_utf8(shared(&format!("optimisation/mclp/Bronx_{choose}_600.txt"))).unwrap();
        let (value, set) = text.trim_start_matches("f:").split_once("Facilidade:").unwrap();
        let published: i64 = value.trim().parse().unwrap();
        let set: Vec<u32> = set.split_ascii_whitespace().map(|i| i.parse().unwrap()).collect();
        let instance = points.covering(600.0, choose).unwrap();
        assert_eq!((set.len(), i64::try_from(instance.value(&set)).unwrap()), (choose, published));
        if choose == 50 {
            // Stopped after a few looks: what counts is that the bound holds.
            let looks = AtomicU32::new(0);
            let should_stop = || looks.fetch_add(1, Ordering::Relaxed) > 40;
            let answer = covering(&instance, Options::default(), &Watch { should_stop: &should_stop });
            assert!(answer.value <= answer.bound && published <= answer.bound, "{answer:?}");
            assert!(answer.gap() < 0.03, "{answer:?}");
        }
    }
}
