//! Plans the problem of each plan file again and prints how value and bound close.

use konbit_protect::{Options, PlanDocument, Problem, Progress, Watch, curve, plan};
use std::time::Instant;

fn main() {
    for path in std::env::args().skip(1) {
        let bytes = std::fs::read(&path).expect("the file can be read");
        let document: PlanDocument = serde_json::from_slice(&bytes).expect("a plan file");
        let problem = Problem::new(document.problem).expect("a problem");
        let start = Instant::now();
        let progress = |p: Progress| {
            eprintln!(
                "{:>8.3} s round {:>4} value {:>12.6} bound {:>12.6} schedules {:>6}",
                start.elapsed().as_secs_f64(),
                p.round,
                p.value,
                p.bound,
                p.schedules
            );
        };
        let stop = || start.elapsed().as_secs_f64() > 20.0;
        let draws = std::env::var("DRAWS").map_or(600, |text| text.parse().expect("a number"));
        let options = Options { draws, ..Options::default() };
        let outcome = plan(&problem, &options, &Watch { should_stop: &stop, progress: &progress });
        let document = PlanDocument::new(&problem, &outcome, 1, 0.0, Vec::new());
        println!(
            "{path}: value {:?} bound {:?} gap {:?} schedules {} in {:.3} s",
            document.value,
            document.bound,
            document.gap,
            document.schedules.len(),
            start.elapsed().as_secs_f64()
        );
        let start = Instant::now();
        let people = problem.data().personnel;
        let strengths: Vec<u32> = (0..21).map(|step| people / 2 + people / 20 * step).collect();
        let points = if std::env::var("CURVE").is_ok() {
            curve(&problem, None, &strengths, &options, &Watch::none())
        } else {
            Vec::new()
        };
        println!("curve of {} points in {:.3} s", points.len(), start.elapsed().as_secs_f64());
    }
}
