//! Plans under other figures, and plans made by hand, from the command line.

use crate::support::{Mission, konbit};
use serde_json::Value;

#[test]
fn figures_are_changed_by_flags_and_adopted_with_the_plan() {
    let mission = Mission::example();
    let dir = mission.dir();
    for (flags, says) in [
        (["--floor", "school"], "equals sign"),
        (["--set", "none=1"], "not a planning figure"),
        (["--set", "static=2"], "from 0 to 1"),
        (["--post", "nowhere"], "no site \"nowhere\""),
        (["--floor", "lighthouse=0.1"], "lighthouse"),
    ] {
        let run = konbit(&[&["plan", dir.as_str()], &flags[..]].concat());
        assert!(run.code == 3 && run.err.contains(says), "{flags:?}: {} {}", run.code, run.err);
    }
    let impossible = konbit(&["plan", &dir, "--floor", "school=90%"]);
    assert!(impossible.code == 1 && impossible.out.contains("these demands conflict: sch-"), "{}", impossible.out);
    let before = mission.entries();
    let run = konbit(&["plan", &dir, "--no-post", "apt-cap", "--set", "static=0.5", "--adopt", "tried in a test"]);
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    assert!(run.out.contains("a post stops an attempt: 0.5 instead of 0.8 (outside its interval)"), "{}", run.out);
    assert_eq!(mission.entries(), before + 2, "the figures and the plan");

    // The plan as a table is scored to its own value; a list of sites to a worse one, with what stands in its way.
    let file = mission.path("hand.csv");
    let export = konbit(&["export", &dir, "plan-by-hand", "-o", file.to_str().unwrap()]);
    assert_eq!(export.code, 0, "{}", export.err);
    let score = konbit(&["score", &dir, file.to_str().unwrap(), "--format", "json"]);
    assert_eq!(score.code, 0, "{}{}", score.out, score.err);
    let told: Value = score.json();
    let (own, held) = (told["value"].as_f64().unwrap(), told["in_force"]["value"].as_f64().unwrap());
    assert!((own / held - 1.0).abs() < 1e-8, "{own} {held}");
    let list = mission.file("list.csv", "site\napt-cap\n");
    let score = konbit(&["score", &dir, &list]);
    assert!(score.code == 1 && score.out.contains("where one is mandatory"), "{}", score.out);
    let wrong = konbit(&["score", &dir, &mission.file("wrong.csv", "site\nnowhere\n")]);
    assert!(wrong.code == 1 && wrong.out.contains("wrong.csv: row 2, column place"), "{}", wrong.out);
}
