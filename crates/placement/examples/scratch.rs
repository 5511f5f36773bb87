use konbit_placement::{*, median::median};
use std::time::Instant;
fn main() {
    for f in std::env::args().skip(1) {
        let bytes = std::fs::read(&f).unwrap();
        let t = Instant::now();
        let m = read_pmed(&bytes).unwrap();
        let t1 = t.elapsed();
        let w = Watch { should_stop: &|| t.elapsed().as_secs() > 60 };
        let a = median(&m, Options::default(), &w);
        println!("{f} value {} bound {} {:?} nodes {} read {:.3} total {:.3}", a.value, a.bound, a.status, a.nodes, t1.as_secs_f64(), t.elapsed().as_secs_f64());
    }
}
