//! Lines of one kind joined end to start, so that a road that is stored as a hundred links is
//! written, thinned and labelled as one line.
//!
//! Lines are joined head to tail only, so that the direction of each is kept. Where several meet,
//! the straightest pair is joined first.

use crate::mercator::World;

/// A joined line does not grow beyond this many vertices, so that a tile deep inside a country
/// does not have to walk along a whole coast road. A single line may be longer.
const VERTICES_MAX: usize = 2_000;

/// At points where more line ends meet than this, none is joined.
const ENDS_MAX: usize = 32;

/// The same lines, with as many as possible joined. The order of the result depends on the input
/// alone.
pub(crate) fn lines(lines: &[Vec<World>]) -> Vec<Vec<World>> {
    let next = followers(lines);
    let mut has_previous = vec![false; lines.len()];
    for &follower in next.iter().flatten() {
        has_previous[follower] = true;
    }
    let mut used = vec![false; lines.len()];
    let mut joined = Vec::new();
    // First the chains that have a beginning, then those that run in a circle.
    for starts in [false, true] {
        for first in (0..lines.len()).filter(|&ix| has_previous[ix] == starts) {
            if used[first] {
                continue;
            }
            let mut chain = lines[first].clone();
            used[first] = true;
            let mut at = first;
            while let Some(follower) = next[at].filter(|&ix| !used[ix]) {
                if chain.len() + lines[follower].len() > VERTICES_MAX {
                    joined.push(std::mem::take(&mut chain));
                    chain.extend(&lines[follower]);
                } else {
                    chain.extend(&lines[follower][1..]);
                }
                used[follower] = true;
                at = follower;
            }
            joined.push(chain);
        }
    }
    joined
}

/// For every line the one that is joined to its end; each is named at most once.
fn followers(lines: &[Vec<World>]) -> Vec<Option<usize>> {
    let mut starts: Vec<(World, usize)> = lines.iter().enumerate().map(|(ix, line)| (line[0], ix)).collect();
    let mut ends: Vec<(World, usize)> = lines.iter().enumerate().map(|(ix, line)| (line[line.len() - 1], ix)).collect();
    starts.sort_unstable();
    ends.sort_unstable();
    let mut next = vec![None; lines.len()];
    let mut from = 0;
    for meeting in ends.chunk_by(|a, b| a.0 == b.0) {
        let node = meeting[0].0;
        from += starts[from..].partition_point(|start| start.0 < node);
        let leaving = &starts[from..from + starts[from..].partition_point(|start| start.0 == node)];
        if leaving.is_empty() || meeting.len() > ENDS_MAX || leaving.len() > ENDS_MAX {
            continue;
        }
        let mut pairs: Vec<(f64, usize, usize)> = Vec::new();
        for &(_, end) in meeting {
            for &(_, start) in leaving.iter().filter(|(_, start)| *start != end) {
                let straightness = straightness(&lines[end], &lines[start]);
                if straightness > 0.0 || meeting.len() + leaving.len() == 2 {
                    pairs.push((straightness, end, start));
                }
            }
        }
        pairs.sort_unstable_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let mut taken = Vec::new();
        for (_, end, start) in pairs {
            if next[end].is_none() && !taken.contains(&start) {
                next[end] = Some(start);
                taken.push(start);
            }
        }
    }
    next
}

/// The cosine of the turn from the last step of one line to the first of the other: 1 is straight on.
fn straightness(before: &[World], after: &[World]) -> f64 {
    let step = |a: World, b: World| [f64::from(b.x) - f64::from(a.x), f64::from(b.y) - f64::from(a.y)];
    let (u, v) = (step(before[before.len() - 2], before[before.len() - 1]), step(after[0], after[1]));
    let lengths = ((u[0] * u[0] + u[1] * u[1]) * (v[0] * v[0] + v[1] * v[1])).sqrt();
    (u[0] * v[0] + u[1] * v[1]) / lengths
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(points: &[(i32, i32)]) -> Vec<World> {
        points.iter().map(|&(x, y)| World { x, y }).collect()
    }

    fn check(input: &[&[(i32, i32)]], expect: &[&[(i32, i32)]]) {
        let input: Vec<_> = input.iter().map(|points| line(points)).collect();
        let expect: Vec<_> = expect.iter().map(|points| line(points)).collect();
        assert_eq!(lines(&input), expect);
    }

    #[test]
    fn lines_are_joined_head_to_tail_and_the_straightest_first() {
        check(&[&[(1, 0), (2, 0)], &[(0, 0), (1, 0)]], &[&[(0, 0), (1, 0), (2, 0)]]);
        // Two that end in one point keep their directions and stay apart.
        check(&[&[(0, 0), (1, 0)], &[(2, 0), (1, 0)]], &[&[(0, 0), (1, 0)], &[(2, 0), (1, 0)]]);
        // At a fork the one that goes straight on.
        check(
            &[&[(0, 0), (5, 0)], &[(5, 0), (9, 4)], &[(5, 0), (9, 0)]],
            &[&[(0, 0), (5, 0), (9, 0)], &[(5, 0), (9, 4)]],
        );
        // A circle of two, and a line that is a circle by itself.
        check(&[&[(0, 0), (5, 0)], &[(5, 0), (5, 5), (0, 0)]], &[&[(0, 0), (5, 0), (5, 5), (0, 0)]]);
        check(&[&[(0, 0), (5, 0), (5, 5), (0, 0)]], &[&[(0, 0), (5, 0), (5, 5), (0, 0)]]);
        check(&[], &[]);
    }

    proptest! {
        #[test]
        fn no_step_is_lost_doubled_or_turned(
            input in prop::collection::vec(prop::collection::vec((0..4i32, 0..4i32), 2..5), 0..40),
        ) {
            let mut input: Vec<Vec<World>> = input.iter().map(|points| line(points)).collect();
            input.iter_mut().for_each(Vec::dedup);
            input.retain(|points| points.len() > 1);
            let steps = |lines: &[Vec<World>]| {
                let mut steps: Vec<(World, World)> = lines.iter().flat_map(|l| l.windows(2).map(|s| (s[0], s[1]))).collect();
                steps.sort_unstable();
                steps
            };
            let joined = lines(&input);
            prop_assert_eq!(steps(&joined), steps(&input));
            prop_assert!(joined.len() <= input.len());
        }
    }
}
