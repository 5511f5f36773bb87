use crate::{shared, shuffled, subsets};
use konbit_base::rng::{Seeded, seeded};
use konbit_placement::median::{Median, MedianError, median};
use konbit_placement::{GraphError, Options, Status, Watch, read_pmed};
use proptest::prelude::*;

fn random(customers: usize, candidates: usize, choose: usize, most: u64, rng: &mut Seeded) -> Median {
    let mut cost = |_| u32::try_from(rng.below(most + 1)).unwrap();
    let rows = (0..customers).map(|_| (0..candidates).map(&mut cost).collect()).collect();
    Median::new(rows, choose).unwrap()
}

fn check(instance: &Median) {
    let candidates = u32::try_from(instance.rows()[0].len()).unwrap();
    let least = subsets(candidates, instance.choose()).iter().filter_map(|set| instance.value(set)).min().unwrap();
    let answer = median(instance, Options::default(), &Watch::none());
    assert_eq!((answer.value, answer.bound, answer.status), (least, least, Status::Optimal));
    assert_eq!(answer.chosen.len(), instance.choose());
    assert_eq!(instance.value(&answer.chosen), Some(least));
}

proptest! {
    #[test]
    fn the_median_is_the_best_of_all_sets(
        customers in 1usize..14, candidates in 1usize..10, choose in 1usize..10, spread in 0u32..4, seed in 0u64..500,
    ) {
        // From all costs equal to costs in the millions.
        let most = 10u64.pow(2 * spread) - 1;
        check(&random(customers, candidates, choose.min(candidates), most, &mut seeded(seed, 0)));
    }

    #[test]
    fn the_order_of_customers_and_candidates_does_not_change_the_value(seed in 0u64..100) {
        let mut rng = seeded(seed, 0);
        let instance = random(30, 25, 4, 100, &mut rng);
        let (rows, columns) = (shuffled(30, &mut rng), shuffled(25, &mut rng));
        let moved = rows.iter().map(|&j| columns.iter().map(|&i| instance.rows()[j][i]).collect()).collect();
        let value = |instance: &Median| median(instance, Options::default(), &Watch::none()).value;
        prop_assert_eq!(value(&instance), value(&Median::new(moved, 4).unwrap()));
    }
}

#[test]
fn a_search_that_is_stopped_still_has_a_set_and_a_bound() {
    let instance = random(120, 120, 12, 1_000, &mut seeded(3, 0));
    let whole = median(&instance, Options::default(), &Watch::none());
    assert_eq!(whole.status, Status::Optimal);
    let stopped = median(&instance, Options::default(), &Watch { should_stop: &|| true });
    assert!(stopped.bound <= whole.value && whole.value <= stopped.value, "{stopped:?}");
    let short = median(&instance, Options { nodes_max: 1, ..Options::default() }, &Watch::none());
    assert!(short.bound <= whole.value && whole.value <= short.value, "{short:?}");
}

#[test]
fn one_seed_one_answer() {
    let instance = random(90, 90, 9, 1_000, &mut seeded(4, 0));
    let run = || median(&instance, Options::default(), &Watch::none());
    assert_eq!(run(), run());
}

#[test]
fn numbers_that_are_no_instance_are_refused() {
    let error = |rows: Vec<Vec<u32>>, choose| Median::new(rows, choose).unwrap_err();
    assert_eq!(error(vec![], 1), MedianError::Empty);
    assert_eq!(error(vec![vec![1, 2], vec![1]], 1), MedianError::Ragged { row: 1, count: 1, expected: 2 });
    assert_eq!(error(vec![vec![1, 2]], 3), MedianError::Choose { choose: 3, candidates: 2 });
    assert_eq!(error(vec![vec![1, 2]], 0), MedianError::Choose { choose: 0, candidates: 2 });
}

#[test]
fn of_a_repeated_edge_the_last_counts() {
    // Vertex 2 is 5 from vertex 1 (first 9, then 5, given backwards), vertex 3 another 1.
    let instance = read_pmed(b" 3 3 1\n 1 2 9\n 2 3 1\n 2 1 5\n").unwrap();
    assert_eq!(instance.rows(), [vec![0, 5, 6], vec![5, 0, 1], vec![6, 1, 0]]);
    assert_eq!(median(&instance, Options::default(), &Watch::none()).value, 6);
}

#[test]
fn a_file_that_is_no_graph_is_refused() {
    let check =
        |text: &str, expect: GraphError| assert_eq!(read_pmed(text.as_bytes()).unwrap_err(), expect, "{text:?}");
    check("", GraphError::Short { words: 0, edges: 0 });
    check("3 x 1", GraphError::NotANumber { word: 2, text: "x".into() });
    check("2 2 1 1 2 3", GraphError::Short { words: 6, edges: 2 });
    check("2 1 1 1 2 3 4", GraphError::Long { words: 1 });
    check("2 1 1 1 3 3", GraphError::Vertex { edge: 1, vertex: 3, vertices: 2 });
    check("3 1 1 1 2 3", MedianError::NotConnected { from: 1, to: 3 }.into());
    check("2 1 5 1 2 3", MedianError::Choose { choose: 5, candidates: 2 }.into());
    check("99999999999999999999 1 5", GraphError::NotANumber { word: 1, text: "99999999999999999999".into() });
    check("3000000 1 5 1 2 3", MedianError::TooMany.into());
}

#[test]
#[cfg_attr(not(shared_data), ignore = "the folder ../shared/data is absent")]
fn the_instances_of_the_or_library_are_solved_to_the_published_optima() {
    let optima = String::from_utf8(shared("optimisation/pmed/optima.txt")).unwrap();
    let rows = optima.lines().skip(1).filter_map(|line| line.split_once(' '));
    let mut count = 0;
    for (name, optimum) in rows {
        let instance = read_pmed(&shared(&format!("optimisation/pmed/{name}.txt"))).unwrap();
        let answer = median(&instance, Options::default(), &Watch::none());
        assert_eq!((answer.value, answer.bound), (optimum.trim().parse().unwrap(), answer.value), "{name}");
        count += 1;
    }
    assert!(count >= 10, "{count} instances");
}
