//! Which people do which tasks, with the least travel.
//!
//! A task goes whole to one section where one can take it; only what is left over is split. Whole
//! tasks are matched with sections in rounds, the largest first: each round is an assignment problem,
//! solved exactly, that minimises
//!
//! ```text
//! sum over tasks of  persons * ( minutes from where the section is + minutes from its first task )
//! ```
//!
//! the second so that those who are led together stand near each other, and of equals leaves the least
//! people to spare. A section has at most one more task after each round. That all rounds together
//! are the least is not promised: to split people over tasks is bin packing.

/// A number that stands for "cannot", beyond the sum of all that can.
const NEVER: i128 = 1 << 100;
/// Beyond the sum of all people to spare, so that travel comes first.
const TRAVEL: i128 = 1 << 40;

/// People of a section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Crew {
    /// People on duty.
    pub persons: u32,
    /// Places where they are before the slot, at least one: of several, each is counted from the nearest.
    pub starts: Vec<usize>,
}

/// A task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Job {
    /// People wanted.
    pub seats: u32,
    /// Where.
    pub place: usize,
}

/// People of a section at a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Part {
    /// The section.
    pub crew: usize,
    /// The task.
    pub job: usize,
    /// How many people.
    pub persons: u32,
}

struct Manning<'a> {
    crews: &'a [Crew],
    jobs: &'a [Job],
    minutes: &'a dyn Fn(usize, usize) -> u32,
    free: Vec<u32>,
    /// Place of the first task of each section.
    first: Vec<Option<usize>>,
    parts: Vec<Part>,
}

/// Mans the tasks: parts by section and task, and for tasks that too few people are left for, how
/// many are missing. `minutes` from one place to another.
pub(crate) fn man(
    crews: &[Crew],
    jobs: &[Job],
    minutes: &dyn Fn(usize, usize) -> u32,
) -> (Vec<Part>, Vec<(usize, u32)>) {
    let free: Vec<u32> = crews.iter().map(|crew| crew.persons).collect();
    let first = vec![None; crews.len()];
    let mut manning = Manning { crews, jobs, minutes, free, first, parts: Vec::new() };
    let mut left = manning.whole();
    let mut open = Vec::new();
    for (job, seats) in &mut left {
        let missing = manning.split(*job, *seats);
        if missing > 0 {
            open.push((*job, missing));
        }
    }
    let mut parts = manning.parts;
    parts.sort_unstable();
    // A task larger than a section may have come to one twice.
    parts.dedup_by(|later, kept| {
        let same = (later.crew, later.job) == (kept.crew, kept.job);
        if same {
            kept.persons += later.persons;
        }
        same
    });
    open.sort_unstable();
    open.dedup_by(|later, kept| {
        let same = later.0 == kept.0;
        if same {
            kept.1 += later.1;
        }
        same
    });
    (parts, open)
}

impl Manning<'_> {
    /// Minutes for one of a section's people to a task: from where the section is, and from its first
    /// task.
    fn way(&self, crew: usize, job: usize) -> i128 {
        let to = self.jobs[job].place;
        let start = self.crews[crew].starts.iter().map(|from| (self.minutes)(*from, to)).min().unwrap_or(0);
        let apart = self.first[crew].map_or(0, |from| (self.minutes)(from, to));
        i128::from(start) + i128::from(apart)
    }

    fn put(&mut self, crew: usize, job: usize, persons: u32) {
        self.free[crew] -= persons;
        self.first[crew].get_or_insert(self.jobs[job].place);
        self.parts.push(Part { crew, job, persons });
    }

    /// Gives tasks whole, those larger than any section in pieces of a section; what is left, the
    /// largest first.
    fn whole(&mut self) -> Vec<(usize, u32)> {
        let most = self.free.iter().max().copied().unwrap_or(0);
        let mut pieces: Vec<(usize, u32)> = Vec::new();
        for (job, held) in self.jobs.iter().enumerate() {
            let mut left = held.seats;
            while most > 0 && left > most {
                pieces.push((job, most));
                left -= most;
            }
            if left > 0 {
                pieces.push((job, left));
            }
        }
        pieces.sort_by_key(|&(job, persons)| (std::cmp::Reverse(persons), job));
        loop {
            let room = self.free.iter().max().copied().unwrap_or(0);
            let fitting = (0..pieces.len()).filter(|&piece| pieces[piece].1 <= room);
            let batch: Vec<usize> = fitting.take(self.crews.len()).collect();
            let cost = |row: usize, crew: usize| {
                let (job, persons) = pieces[batch[row]];
                let Some(spare) = self.free[crew].checked_sub(persons) else { return NEVER };
                i128::from(persons) * (self.way(crew, job) * TRAVEL + i128::from(spare))
            };
            let matched = assignment(batch.len(), self.crews.len(), cost);
            let fits = |(row, crew): (usize, usize)| {
                let piece = batch[row];
                (pieces[piece].1 <= self.free[crew]).then_some((piece, crew))
            };
            let given: Vec<(usize, usize)> = matched.into_iter().enumerate().filter_map(fits).collect();
            if given.is_empty() {
                return pieces;
            }
            for &(piece, crew) in &given {
                self.put(crew, pieces[piece].0, pieces[piece].1);
            }
            let mut at = 0;
            pieces.retain(|_| {
                at += 1;
                given.iter().all(|(piece, _)| *piece != at - 1)
            });
        }
    }

    /// Gives a task to several sections: to those that leave the fewest parts, of equals to the nearest.
    /// How many people are missing.
    fn split(&mut self, job: usize, seats: u32) -> u32 {
        let mut left = seats;
        while left > 0 {
            let has = (0..self.crews.len()).filter(|&crew| self.free[crew] > 0);
            let key = |&crew: &usize| (std::cmp::Reverse(self.free[crew].min(left)), self.way(crew, job), crew);
            let Some(crew) = has.min_by_key(key) else { break };
            let persons = self.free[crew].min(left);
            self.put(crew, job, persons);
            left -= persons;
        }
        left
    }
}

/// Gives each of `rows` a column of its own at least total cost: the Hungarian method in the form with
/// shortest augmenting paths (Kuhn 1955, Jonker and Volgenant 1987). There are no fewer columns than rows.
pub(crate) fn assignment(rows: usize, columns: usize, cost: impl Fn(usize, usize) -> i128) -> Vec<usize> {
    assert!(rows <= columns, "{rows} rows for {columns} columns");
    // Place 0 of rows and columns is the one from which a path begins.
    let (mut row_price, mut column_price) = (vec![0i128; rows + 1], vec![0i128; columns + 1]);
    let mut row_of = vec![0; columns + 1];
    for row in 1..=rows {
        row_of[0] = row;
        let mut least = vec![i128::MAX; columns + 1];
        let mut before = vec![0; columns + 1];
        let mut is_done = vec![false; columns + 1];
        let mut column = 0;
        while row_of[column] != 0 {
            is_done[column] = true;
            let at = row_of[column];
            let (mut step, mut next) = (i128::MAX, 0);
            for other in (1..=columns).filter(|other| !is_done[*other]) {
                let reduced = cost(at - 1, other - 1) - row_price[at] - column_price[other];
                if reduced < least[other] {
                    (least[other], before[other]) = (reduced, column);
                }
                if least[other] < step {
                    (step, next) = (least[other], other);
                }
            }
            for other in 0..=columns {
                if is_done[other] {
                    row_price[row_of[other]] += step;
                    column_price[other] -= step;
                } else if other > 0 {
                    least[other] -= step;
                }
            }
            column = next;
        }
        while column != 0 {
            row_of[column] = row_of[before[column]];
            column = before[column];
        }
    }
    let mut column_of = vec![0; rows];
    for column in (1..=columns).filter(|column| row_of[*column] > 0) {
        column_of[row_of[column] - 1] = column - 1;
    }
    column_of
}

#[cfg(test)]
mod tests {
    use super::*;
    use konbit_base::rng::seeded;

    /// The least cost over all ways to give rows columns of their own.
    fn least(rows: usize, is_free: &mut [bool], cost: &dyn Fn(usize, usize) -> i128) -> i128 {
        let Some(row) = rows.checked_sub(1) else { return 0 };
        let mut best = i128::MAX;
        for column in 0..is_free.len() {
            if std::mem::replace(&mut is_free[column], false) {
                best = best.min(cost(row, column) + least(row, is_free, cost));
                is_free[column] = true;
            }
        }
        best
    }

    #[test]
    fn no_assignment_costs_less() {
        let mut rng = seeded(3, 0);
        for _ in 0..300 {
            let columns = usize::try_from(1 + rng.below(6)).unwrap();
            let rows = usize::try_from(rng.below(columns as u64 + 1)).unwrap();
            let table: Vec<Vec<i128>> =
                (0..rows).map(|_| (0..columns).map(|_| i128::from(rng.below(12))).collect()).collect();
            let cost = |row: usize, column: usize| table[row][column];
            let found = assignment(rows, columns, cost);
            let mut used = found.clone();
            used.sort_unstable();
            used.dedup();
            assert_eq!(used.len(), rows, "{table:?}");
            let total: i128 = found.iter().enumerate().map(|(row, column)| cost(row, *column)).sum();
            assert_eq!(total, least(rows, &mut vec![true; columns], &cost), "{table:?}");
        }
    }

    /// Sections as `persons@place`, tasks as `seats@place`; a place lies as many minutes from another as
    /// their numbers differ.
    fn check(crews: &str, jobs: &str, expect: &str) {
        let read = |text: &str| -> Vec<(u32, usize)> {
            let one = |word: &str| {
                let (number, place) = word.split_once('@').unwrap();
                (number.parse().unwrap(), place.parse().unwrap())
            };
            text.split_whitespace().map(one).collect()
        };
        let crews: Vec<Crew> =
            read(crews).into_iter().map(|(persons, start)| Crew { persons, starts: vec![start] }).collect();
        let jobs: Vec<Job> = read(jobs).into_iter().map(|(seats, place)| Job { seats, place }).collect();
        let (parts, open) = man(&crews, &jobs, &|a, b| u32::try_from(a.abs_diff(b)).unwrap());
        let mut got: Vec<String> =
            parts.iter().map(|part| format!("{}:{}*{}", part.crew, part.job, part.persons)).collect();
        got.extend(open.iter().map(|(job, persons)| format!("open:{job}*{persons}")));
        assert_eq!(got.join(" "), expect);
        let manned = parts.iter().map(|part| part.persons).sum::<u32>();
        let missing = open.iter().map(|(_, persons)| persons).sum::<u32>();
        assert_eq!(manned + missing, jobs.iter().map(|job| job.seats).sum::<u32>());
    }

    #[test]
    fn a_task_goes_whole_to_one_section_and_is_split_only_where_none_can_take_it() {
        check("10@0 10@0", "8@0 4@0", "0:0*8 1:1*4");
        check("10@0 6@0", "6@0 4@0", "0:1*4 1:0*6");
        check("10@0 10@0", "16@0", "0:0*10 1:0*6");
        check("10@0", "16@0", "0:0*10 open:0*6");
        check("", "4@0", "open:0*4");
        check("5@0", "", "");
        check("10@0 10@0", "6@0 6@0 4@0", "0:0*6 0:2*4 1:1*6");
        check("10@0 10@0", "8@0 8@0 4@0", "0:0*8 0:2*2 1:1*8 1:2*2");
    }

    #[test]
    fn the_section_that_is_near_goes() {
        // By number the first section would go to the far task.
        check("10@90 10@0", "8@0 8@90", "0:1*8 1:0*8");
        // 8 * 40 + 10 * 30 = 620 is less than 10 * 60 + 8 * 10 = 680.
        check("10@0 10@30", "10@60 8@40", "0:1*8 1:0*10");
        // A section stays where it is.
        check("10@5 10@0", "10@5 10@0", "0:0*10 1:1*10");
    }

    #[test]
    fn those_who_are_split_off_stand_near_the_others_of_their_section() {
        // Both have two people left; the second section's task is beside the third task.
        check("10@0 10@0", "8@10 8@50 2@51", "0:0*8 1:1*8 1:2*2");
        // Of equal parts the nearest: those of the task at 20 and at 50, not those at 90.
        check("10@0 10@0 10@0", "8@20 8@90 8@50 4@40", "0:0*8 0:3*2 1:1*8 2:2*8 2:3*2");
    }
}
