//! The inverse of a basis most of whose columns are unit vectors.
//!
//! With the rows that no unit vector stands for first, a basis is
//!
//! ```text
//!     | K  0 |              |  K'         0  |
//! B = |      |      B^-1 =  |                |      K' = K^-1 ,  D = diag(1 or -1)
//!     | C  D |              | -D C K'     D  |
//! ```
//!
//! so that only `K'` is stored, as large as the schedules and worst harms in the basis, however many
//! rows there are. Each exchange of a column or a row changes it by a matrix of rank one.

use super::answer::dot;

/// `K'`, with a row for each variable of the kernel and a column for each of its rows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Kernel {
    inverse: Vec<Vec<f64>>,
}

impl Kernel {
    /// Inverts a matrix given by rows, by Gauss-Jordan elimination with row pivoting. `None` where it
    /// is singular.
    pub(crate) fn of(mut matrix: Vec<Vec<f64>>) -> Option<Self> {
        let size = matrix.len();
        let mut order: Vec<usize> = (0..size).collect();
        for step in 0..size {
            let largest = (step..size).max_by(|&a, &b| matrix[a][step].abs().total_cmp(&matrix[b][step].abs()))?;
            if matrix[largest][step].abs() <= 1e-12 {
                return None;
            }
            matrix.swap(step, largest);
            order.swap(step, largest);
            let mut pivot_row = std::mem::take(&mut matrix[step]);
            let pivot = std::mem::replace(&mut pivot_row[step], 1.0);
            for v in &mut pivot_row {
                *v /= pivot;
            }
            for row in matrix.iter_mut().filter(|row| !row.is_empty() && row[step] != 0.0) {
                let factor = std::mem::replace(&mut row[step], 0.0);
                subtract(row, &pivot_row, factor);
            }
            matrix[step] = pivot_row;
        }
        // The columns stand where the rows went.
        let place = super::model::inverse(&order);
        let inverse = matrix.iter().map(|row| place.iter().map(|&at| row[at]).collect()).collect();
        Some(Self { inverse })
    }

    /// `K' a`.
    pub(crate) fn times(&self, a: &[f64]) -> Vec<f64> {
        self.inverse.iter().map(|row| dot(row, a)).collect()
    }

    /// `w K'`.
    pub(crate) fn after(&self, w: &[f64]) -> Vec<f64> {
        let mut product = vec![0.0; self.inverse.len()];
        for (row, &factor) in self.inverse.iter().zip(w).filter(|(_, w)| **w != 0.0) {
            subtract(&mut product, row, -factor);
        }
        product
    }

    pub(crate) fn row(&self, variable: usize) -> &[f64] {
        &self.inverse[variable]
    }

    pub(crate) fn column(&self, row: usize) -> Vec<f64> {
        self.inverse.iter().map(|of| of[row]).collect()
    }

    /// A column `a` of `K` takes the place of another; `direction` is `K' a`.
    pub(crate) fn replace_variable(&mut self, variable: usize, direction: &[f64]) {
        let mut pivot_row = std::mem::take(&mut self.inverse[variable]);
        for v in &mut pivot_row {
            *v /= direction[variable];
        }
        for (row, &factor) in self.inverse.iter_mut().zip(direction).filter(|(row, _)| !row.is_empty()) {
            subtract(row, &pivot_row, factor);
        }
        self.inverse[variable] = pivot_row;
    }

    /// A row `c` of `K` takes the place of another; `w` is `c K'`.
    pub(crate) fn replace_row(&mut self, at: usize, w: &[f64]) {
        let mut change: Vec<f64> = w.iter().map(|v| v / w[at]).collect();
        change[at] = 1.0 - 1.0 / w[at];
        for row in &mut self.inverse {
            let factor = row[at];
            subtract(row, &change, factor);
        }
    }

    /// Adds a column `a` and a row `c`; `direction` is `K' a`, `w` is `c K'`, and `left` is what the
    /// new corner is without what the others explain.
    pub(crate) fn grow(&mut self, direction: &[f64], w: &[f64], left: f64) {
        let mut last: Vec<f64> = w.iter().map(|v| -v / left).collect();
        for (row, &factor) in self.inverse.iter_mut().zip(direction) {
            subtract(row, &last, factor);
            row.push(-factor / left);
        }
        last.push(1.0 / left);
        self.inverse.push(last);
    }

    /// Takes a column and a row away. The last of each takes its place.
    pub(crate) fn shrink(&mut self, variable: usize, row: usize) {
        let mut gone = self.inverse.swap_remove(variable);
        let pivot = gone.swap_remove(row);
        for of in &mut self.inverse {
            let factor = of.swap_remove(row) / pivot;
            subtract(of, &gone, factor);
        }
    }
}

/// `row -= factor * from`.
fn subtract(row: &mut [f64], from: &[f64], factor: f64) {
    if factor != 0.0 {
        row.iter_mut().zip(from).for_each(|(v, f)| *v -= factor * f);
    }
}

#[cfg(test)]
mod tests {
    use super::Kernel;
    use konbit_base::rng::seeded;

    fn near(found: &Kernel, expect: &[Vec<f64>], what: &str) {
        let expect = Kernel::of(expect.to_vec()).expect("random matrices are regular");
        let pairs = found.inverse.iter().flatten().zip(expect.inverse.iter().flatten());
        let worst = pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-8 && found.inverse.len() == expect.inverse.len(), "{what}: {worst}");
    }

    #[test]
    fn an_inverse_after_an_exchange_is_that_of_the_new_matrix() {
        let mut rng = seeded(7, 1);
        for size in [1, 2, 5, 9] {
            let mut draw = |n: usize| -> Vec<f64> { (0..n).map(|_| rng.unit() - 0.5).collect() };
            let matrix: Vec<Vec<f64>> = (0..size).map(|_| draw(size)).collect();
            let kernel = Kernel::of(matrix.clone()).expect("random matrices are regular");
            for (row, line) in matrix.iter().enumerate() {
                let product = kernel.after(line);
                let unit = |at: usize| f64::from(u8::from(at == row));
                assert!(product.iter().enumerate().all(|(at, v)| (v - unit(at)).abs() < 1e-9), "{product:?}");
            }
            let (a, c, corner, at) = (draw(size), draw(size), draw(1)[0], size / 2);
            let (direction, w) = (kernel.times(&a), kernel.after(&c));

            let (mut next, mut changed) = (kernel.clone(), matrix.clone());
            next.replace_variable(at, &direction);
            changed.iter_mut().zip(&a).for_each(|(row, &v)| row[at] = v);
            near(&next, &changed, "another column");

            let (mut next, mut changed) = (kernel.clone(), matrix.clone());
            next.replace_row(at, &w);
            changed[at].clone_from(&c);
            near(&next, &changed, "another row");

            let (mut next, mut changed) = (kernel.clone(), matrix.clone());
            let explained: f64 = c.iter().zip(&direction).map(|(c, d)| c * d).sum();
            next.grow(&direction, &w, corner - explained);
            changed.iter_mut().zip(&a).for_each(|(row, &v)| row.push(v));
            changed.push([c, vec![corner]].concat());
            near(&next, &changed, "one more");

            next.shrink(0, at);
            changed.swap_remove(at);
            for row in &mut changed {
                row.swap_remove(0);
            }
            near(&next, &changed, "one less");
        }
        assert!(Kernel::of(vec![vec![1.0, 2.0], vec![2.0, 4.0]]).is_none());
    }
}
