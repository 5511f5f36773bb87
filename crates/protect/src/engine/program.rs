//! The rows and columns of the master program, laid out by slots.

use super::answer::dot;

/// One schedule as the master sees it.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    pub cost: f64,
    /// Which of the slots it is for.
    pub slot: usize,
    /// One entry for each row of its slot, in the order in which they were added.
    pub entries: Vec<f64>,
}

impl Column {
    /// The product with one number per row of the master, laid out by slots.
    pub(crate) fn dot(&self, by_slot: &[Vec<f64>]) -> f64 {
        dot(&self.entries, &by_slot[self.slot])
    }
}

/// What a row says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Row {
    /// Harm under a group's `theta`.
    Harm { group: usize },
    /// A floor.
    Floor,
    /// The mixture of a slot.
    Mix,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Var {
    Theta(usize),
    /// `t` or `u` of a row.
    Surplus(usize),
    /// `s` of a floor row.
    Short(usize),
    Column(usize),
    /// Stands in a row of mixture until a schedule enters.
    Artificial(usize),
}

impl Var {
    /// The row of a variable whose column is a unit vector, and its entry there.
    pub(crate) fn unit(self) -> Option<(usize, f64)> {
        match self {
            Self::Surplus(row) => Some((row, -1.0)),
            Self::Short(row) | Self::Artificial(row) => Some((row, 1.0)),
            Self::Theta(_) | Self::Column(_) => None,
        }
    }
}

/// Rows, right-hand sides and schedules.
pub(crate) struct Program {
    pub rows: Vec<Row>,
    pub rhs: Vec<f64>,
    /// Slot of each row, and its number among the rows of that slot.
    pub places: Vec<(usize, usize)>,
    /// Rows of each slot.
    pub slot_rows: Vec<Vec<usize>>,
    /// Rows of harm to each group.
    pub harm_rows: Vec<Vec<usize>>,
    pub columns: Vec<Column>,
    /// Cost of what is missing to a floor.
    pub penalty: f64,
}

impl Program {
    /// A program without columns, for rows that each have a slot.
    pub(crate) fn new(slots: usize, groups: usize, rows: &[(Row, usize)], rhs: Vec<f64>, penalty: f64) -> Self {
        let mut program = Self {
            rows: Vec::new(),
            rhs: Vec::new(),
            places: Vec::new(),
            slot_rows: vec![Vec::new(); slots],
            harm_rows: vec![Vec::new(); groups],
            columns: Vec::new(),
            penalty,
        };
        for (&(row, slot), rhs) in rows.iter().zip(rhs) {
            program.list(row, slot, rhs);
        }
        program
    }

    /// Adds a row, whose entries in the columns of its slot are the caller's to add.
    pub(crate) fn list(&mut self, row: Row, slot: usize, rhs: f64) {
        let number = self.rows.len();
        self.places.push((slot, self.slot_rows[slot].len()));
        self.slot_rows[slot].push(number);
        if let Row::Harm { group } = row {
            self.harm_rows[group].push(number);
        }
        self.rows.push(row);
        self.rhs.push(rhs);
    }

    pub(crate) fn entry(&self, var: Var, row: usize) -> f64 {
        match var {
            Var::Theta(k) => f64::from(u8::from(self.rows[row] == Row::Harm { group: k })),
            Var::Column(j) => {
                let (slot, at) = self.places[row];
                if self.columns[j].slot == slot { self.columns[j].entries[at] } else { 0.0 }
            }
            Var::Surplus(_) | Var::Short(_) | Var::Artificial(_) => {
                var.unit().filter(|unit| unit.0 == row).map_or(0.0, |unit| unit.1)
            }
        }
    }

    pub(crate) fn cost(&self, var: Var) -> f64 {
        match var {
            Var::Theta(_) => 1.0,
            Var::Short(_) => self.penalty,
            Var::Column(j) => self.columns[j].cost,
            Var::Surplus(_) => 0.0,
            Var::Artificial(_) => 1e4,
        }
    }

    /// A variable's column, one number per row.
    pub(crate) fn dense(&self, var: Var) -> Vec<f64> {
        let mut dense = vec![0.0; self.rows.len()];
        match var {
            Var::Theta(k) => self.harm_rows[k].iter().for_each(|&row| dense[row] = 1.0),
            Var::Column(j) => {
                let rows = self.slot_rows[self.columns[j].slot].iter().zip(&self.columns[j].entries);
                rows.for_each(|(&row, entry)| dense[row] = *entry);
            }
            Var::Surplus(row) => dense[row] = -1.0,
            Var::Short(row) | Var::Artificial(row) => dense[row] = 1.0,
        }
        dense
    }

    /// The product of a variable's column with one number per row, given flat and by slots.
    pub(crate) fn product(&self, var: Var, flat: &[f64], by_slot: &[Vec<f64>]) -> f64 {
        match var {
            Var::Theta(k) => self.harm_rows[k].iter().map(|&row| flat[row]).sum(),
            Var::Column(j) => self.columns[j].dot(by_slot),
            Var::Surplus(row) => -flat[row],
            Var::Short(row) | Var::Artificial(row) => flat[row],
        }
    }

    /// One number per row, laid out by slots.
    pub(crate) fn by_slot(&self, dense: &[f64]) -> Vec<Vec<f64>> {
        self.slot_rows.iter().map(|rows| rows.iter().map(|&row| dense[row]).collect()).collect()
    }
}
