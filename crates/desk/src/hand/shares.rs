//! Probabilities of schedules, as rows give them and as whole numbers.

use super::table::Faults;
use konbit_protect::PROBABILITY_DENOMINATOR;

/// How far probabilities may sum to something else than one.
const SUM_SLACK: f64 = 1e-6;

/// The probability of a schedule, once a row gave it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Share(Option<f64>);

impl Share {
    /// Reads what a row gives: a number from 0 to 1, or a per cent. An empty cell gives nothing.
    pub(crate) fn read(&mut self, row: usize, text: &str, schedule: &str, faults: &mut Faults) {
        if text.is_empty() {
            return;
        }
        let (digits, divide) = text.strip_suffix('%').map_or((text, 1.0), |digits| (digits.trim_end(), 100.0));
        let read = digits.parse::<f64>().ok().map(|value| value / divide).filter(|value| (0.0..=1.0).contains(value));
        match (read, self.0) {
            (None, _) => {
                let message = format!("{text:?} is not a probability; give a number from 0 to 1");
                faults.put(row, "probability", message);
            }
            (Some(value), Some(held)) if (value - held).abs() > 1e-12 => {
                let message = format!("schedule {schedule:?} has {text}, but {held} in a row above; give it one");
                faults.put(row, "probability", message);
            }
            (Some(value), _) => self.0 = Some(value),
        }
    }
}

/// The probabilities of some schedules as whole numbers that sum to the denominator. A single schedule needs none. `of`
/// continues "the schedules"; mistakes are put among the faults, and what is given then means nothing.
pub(crate) fn whole_shares(schedules: &[(&str, Share)], of: &str, faults: &mut Faults) -> Vec<u64> {
    let mut shares = Vec::with_capacity(schedules.len());
    for (name, share) in schedules {
        match share.0 {
            Some(share) => shares.push(share),
            None if schedules.len() == 1 => shares.push(1.0),
            None if !faults.are_many() => {
                faults.put(0, "probability", format!("schedule {name:?}{of} has none; give it one"));
            }
            None => {}
        }
    }
    let sum: f64 = shares.iter().sum();
    if shares.len() == schedules.len() && !faults.are_many() && (sum - 1.0).abs() > SUM_SLACK {
        let message =
            format!("the probabilities of the {} schedules{of} sum to {sum:.6}; they must sum to 1", shares.len());
        faults.put(0, "probability", message);
    }
    whole(&shares)
}

/// Shares that sum to nearly one as whole numbers that sum to the denominator; the likeliest takes what is left over.
fn whole(shares: &[f64]) -> Vec<u64> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 1")]
    let mut parts: Vec<u64> =
        shares.iter().map(|share| (share * PROBABILITY_DENOMINATOR as f64).round() as u64).collect();
    let sum: u64 = parts.iter().sum();
    if let Some(most) = parts.iter_mut().max() {
        *most = (*most + PROBABILITY_DENOMINATOR).saturating_sub(sum);
    }
    parts
}
