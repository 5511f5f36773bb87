use konbit_placement::fill::*;
use std::time::Instant;
fn main() {
    let a: Vec<u64> = std::env::args().skip(1).map(|x| x.parse().unwrap()).collect();
    for seed in 1..=a[2] {
        let g = generate_game(a[0] as usize, a[1] as u32, seed).unwrap();
        let t = Instant::now();
        let f = fill(&g);
        println!("{seed} {:.4} s {f:?}", t.elapsed().as_secs_f64());
    }
}
