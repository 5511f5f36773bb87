use konbit_placement::{*, covering::covering};
use std::time::Instant;
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args[0] == "grid" {
        let f = |i: usize| args[i].parse::<f64>().unwrap();
        let t = Instant::now();
        let shape = CoverShape { points: f(1) as u64, candidates: f(2) as usize, radius: f(3), choose: f(4) as usize, layout: if f(5) == 0.0 { Layout::Grid } else { Layout::Scattered } };
        let c = generate_covering(shape, f(6) as u64).unwrap();
        let t1 = t.elapsed();
        let w = Watch { should_stop: &|| t.elapsed().as_secs() > 100 };
        let a = covering(&c, Options::default(), &w);
        println!("{args:?} sets {} value {} bound {} {:?} nodes {} make {:.3} total {:.3}", c.sets(), a.value, a.bound, a.status, a.nodes, t1.as_secs_f64(), t.elapsed().as_secs_f64());
        return;
    }
    let pts = read_points(&std::fs::read(&args[0]).unwrap()).unwrap();
    for p in args[1].split(',') {
        let t = Instant::now();
        let c = pts.covering(args[2].parse().unwrap(), p.parse().unwrap()).unwrap();
        let t1 = t.elapsed();
        let w = Watch { should_stop: &|| t.elapsed().as_secs() > args[3].parse::<u64>().unwrap() };
        let a = covering(&c, Options::default(), &w);
        println!("p {p} sets {} value {} bound {} {:?} nodes {} read {:.3} total {:.3}", c.sets(), a.value, a.bound, a.status, a.nodes, t1.as_secs_f64(), t.elapsed().as_secs_f64());
    }
}
