//! Good paths for team orienteering: insertion, shortening and replacing, and a walk that takes
//! parts of the paths out and fills them again (as in Vansteenwegen et al. 2009).

use crate::orienteering::Orienteering;
use konbit_base::rng::{Seeded, seeded};

/// Tries without a better set of paths, after which the walk ends.
const IDLE_MAX: usize = 1_500;

struct State<'a> {
    instance: &'a Orienteering,
    paths: Vec<Vec<u32>>,
    length: Vec<u64>,
    is_free: Vec<bool>,
    score: u64,
}

impl Clone for State<'_> {
    fn clone(&self) -> Self {
        Self {
            instance: self.instance,
            paths: self.paths.clone(),
            length: self.length.clone(),
            is_free: self.is_free.clone(),
            score: self.score,
        }
    }
}

impl<'a> State<'a> {
    fn new(instance: &'a Orienteering) -> Self {
        let end = instance.vertices() - 1;
        let reach = |v: usize| instance.length[0][v] + instance.length[v][end] <= instance.limit;
        let is_free = (0..=end).map(|v| v > 0 && v < end && instance.score[v] > 0 && reach(v)).collect();
        let paths = vec![Vec::new(); instance.paths];
        let length = vec![instance.length[0][end]; instance.paths];
        Self { instance, paths, length, is_free, score: 0 }
    }

    /// The vertex at a place of a path, where start and end stand before and after the visits.
    fn at(&self, path: usize, place: usize) -> usize {
        match place {
            0 => 0,
            place => self.paths[path].get(place - 1).map_or(self.instance.vertices() - 1, |&v| v as usize),
        }
    }

    /// The cheapest place for a vertex in a path: added length and place.
    fn cheapest(&self, path: usize, v: usize) -> (u64, usize) {
        let leg = &self.instance.length;
        let place = |place: usize| {
            let (before, after) = (self.at(path, place), self.at(path, place + 1));
            ((leg[before][v] + leg[v][after]).saturating_sub(leg[before][after]), place)
        };
        (0..=self.paths[path].len()).map(place).min().expect("there is a place between start and end")
    }

    fn insert(&mut self, path: usize, place: usize, v: usize) {
        self.paths[path].insert(place, u32::try_from(v).expect("at most 130 vertices"));
        self.length[path] = self.instance.path_length(&self.paths[path]);
        self.is_free[v] = false;
        self.score += u64::from(self.instance.score[v]);
    }

    fn remove(&mut self, path: usize, place: usize) -> usize {
        let v = self.paths[path].remove(place) as usize;
        self.length[path] = self.instance.path_length(&self.paths[path]);
        self.is_free[v] = true;
        self.score -= u64::from(self.instance.score[v]);
        v
    }

    /// Inserts what fits, each time the vertex of the largest score squared for its added length,
    /// with a random factor.
    fn fill(&mut self, rng: &mut Seeded) {
        loop {
            let mut best: Option<(f64, usize, usize, usize)> = None;
            for v in (0..self.is_free.len()).filter(|&v| self.is_free[v]) {
                for path in 0..self.paths.len() {
                    let (more, place) = self.cheapest(path, v);
                    if self.length[path] + more <= self.instance.limit {
                        let score = f64::from(self.instance.score[v]);
                        let rank = score * score / (more as f64 + 1.0) * (0.6 + 0.8 * rng.unit());
                        if best.is_none_or(|(most, ..)| rank > most) {
                            best = Some((rank, path, place, v));
                        }
                    }
                    if self.paths[path].is_empty() {
                        // All empty paths are the same.
                        break;
                    }
                }
            }
            let Some((_, path, place, v)) = best else { return };
            self.insert(path, place, v);
        }
    }

    /// Turns parts of each path around while that makes it shorter.
    fn shorten(&mut self) {
        for path in 0..self.paths.len() {
            let mut improved = true;
            while improved {
                improved = false;
                for from in 0..self.paths[path].len() {
                    for to in from + 1..self.paths[path].len() {
                        self.paths[path][from..=to].reverse();
                        let length = self.instance.path_length(&self.paths[path]);
                        if length < self.length[path] {
                            self.length[path] = length;
                            improved = true;
                        } else {
                            self.paths[path][from..=to].reverse();
                        }
                    }
                }
            }
        }
    }

    /// Puts a free vertex in the place of one of lower score, where it fits.
    fn replace(&mut self) -> bool {
        for path in 0..self.paths.len() {
            for place in 0..self.paths[path].len() {
                let old = self.remove(path, place);
                let more = |v: &usize| self.instance.score[*v] > self.instance.score[old];
                let fits = |v: &usize| self.length[path] + self.cheapest(path, *v).0 <= self.instance.limit;
                let free = (0..self.is_free.len()).filter(|&v| self.is_free[v]).filter(more).filter(fits);
                let new = free.max_by_key(|&v| self.instance.score[v]);
                if let Some(new) = new {
                    let place = self.cheapest(path, new).1;
                    self.insert(path, place, new);
                    return true;
                }
                self.insert(path, place, old);
            }
        }
        false
    }

    fn improve(&mut self, rng: &mut Seeded) {
        loop {
            self.shorten();
            self.fill(rng);
            if !self.replace() {
                return;
            }
        }
    }

    /// Takes a run of visits out of some of the paths.
    fn thin(&mut self, rng: &mut Seeded) {
        let all = below(3, rng) == 0;
        let only = below(self.paths.len(), rng);
        for path in (0..self.paths.len()).filter(|&path| all || path == only) {
            let count = self.paths[path].len();
            if count == 0 {
                continue;
            }
            let run = 1 + below((count / 2).max(1), rng);
            let from = below(count - run + 1, rng);
            for _ in 0..run {
                self.remove(path, from);
            }
        }
    }
}

fn below(bound: usize, rng: &mut Seeded) -> usize {
    usize::try_from(rng.below(bound as u64)).expect("below a usize")
}

/// The best paths found.
pub(crate) fn search(instance: &Orienteering, seed: u64, stop: &dyn Fn() -> bool) -> Vec<Vec<u32>> {
    let mut rng = seeded(seed, 0);
    let mut at = State::new(instance);
    if at.length[0] > instance.limit {
        return at.paths;
    }
    at.improve(&mut rng);
    let mut best = at.clone();
    let mut idle = 0;
    while idle < IDLE_MAX && !stop() {
        idle += 1;
        let mut next = at.clone();
        next.thin(&mut rng);
        next.improve(&mut rng);
        // A little downhill too, and back to the best after long without luck.
        let slack = best.score / 50 * u64::from(idle % 3 == 0);
        if next.score + slack >= at.score {
            at = next;
        }
        if at.score > best.score {
            best = at.clone();
            idle = 0;
        }
        if idle % 100 == 99 {
            at = best.clone();
        }
    }
    best.paths
}
