//! What people do in a browser.

use crate::browser::{Browser, Scripts};
use crate::demo::Demo;

fn number(text: &str) -> f64 {
    text.chars().filter(|c| c.is_ascii_digit() || *c == '.').collect::<String>().parse().expect("a number")
}

#[test]
fn from_the_glance_to_a_site_on_the_map_and_in_the_table() {
    let (demo, browser) = (Demo::start(), Browser::start(Scripts::On));
    browser.open(&demo.url("/"));
    browser.wait_for_text("main", "13 in favour");
    browser.check_clean(&demo.host);
    browser.click("nav[aria-label=Sections] a[href='/protection']");
    browser.wait_for(".mapbox[data-ready=yes] canvas.maplibregl-canvas");
    assert!(browser.is_shown(".mapbox canvas") && !browser.is_shown(".mapbox .drawn"));
    let drawn = browser.script("const c = document.querySelector('.mapbox canvas'); return c.width * c.height");
    assert!(drawn.as_f64().unwrap_or_default() > 100_000.0, "the map has {drawn} pixels");
    browser.check_clean(&demo.host);
    browser.fill("#sites input[name=text]", "varreux");
    browser.click("#sites button[type=submit]");
    browser.wait_for("#sites form.filters a");
    let rows = browser.text("#sites tbody");
    assert!(rows.contains("Varreux") && !rows.contains("Toussaint"), "{rows}");
    browser.click("#sites tbody th a");
    browser.wait_for_text("h1", "Varreux");
    browser.wait_for(".mapbox[data-ready=yes]");
    browser.check_clean(&demo.host);
}

#[test]
fn fifty_more_people_are_planned_for_and_the_plan_is_adopted_with_a_reason() {
    let (demo, browser) = (Demo::start(), Browser::start(Scripts::On));
    browser.open(&demo.url("/protection"));
    let before = number(&browser.text("main p.lead strong"));
    browser.fill("form.what-if input[name=personnel]", "1050");
    browser.click("form.what-if button");
    browser.wait_for_text(".notice", "Not adopted");
    let after = number(&browser.text("main p.lead strong"));
    assert!(after < before, "1,050 people leave {after} a week, 1,000 left {before}");
    browser.check_clean(&demo.host);
    browser.fill("form.adopt input[name=reason]", "Fifty more arrived");
    browser.click("form.adopt button");
    browser.wait_for_text("main", "in force: Fifty more arrived");
    assert_eq!(browser.address(), demo.url("/protection"));
    let kept = number(&browser.text("main p.lead strong"));
    assert!((kept - after).abs() < 1e-9, "the plan in force has {kept}, the one adopted {after}");
    browser.open(&demo.url("/record"));
    let newest = browser.text("#entries tbody tr");
    assert!(newest.contains("plan recorded") && newest.contains("1050"), "{newest}");
    browser.click("#entries tbody tr a");
    browser.wait_for_text("pre.body", "Fifty more arrived");
    browser.check_clean(&demo.host);
}

#[test]
fn a_closed_road_is_drawn_on_the_map_recorded_and_costed() {
    let (demo, browser) = (Demo::start(), Browser::start(Scripts::On));
    browser.open(&demo.url("/roads"));
    browser.wait_for(".mapbox[data-ready=yes] canvas.maplibregl-canvas");
    browser.check_clean(&demo.host);
    // Every button that draws is reached by the keyboard too: they are plain buttons.
    browser.script(
        "[...document.querySelectorAll('.maplibregl-ctrl button')].find((b) => b.textContent === 'Draw').click()",
    );
    // Two points in the middle of the map, as a hand would set them.
    browser.script(
        "const c = document.querySelector('.mapbox canvas'), r = c.getBoundingClientRect();\
         for (const [x, y] of [[0.5, 0.5], [0.55, 0.55]]) {\
           const at = { clientX: r.left + r.width * x, clientY: r.top + r.height * y, bubbles: true, view: window, button: 0 };\
           for (const kind of ['mousedown', 'mouseup', 'click']) c.dispatchEvent(new MouseEvent(kind, at));\
         }",
    );
    let drawn = browser.script("return document.querySelector('#report input[name=wkt]').value");
    assert!(drawn.as_str().unwrap_or_default().starts_with("LINESTRING ("), "{drawn}");
    // The place of the report is a junction that the plan counts on.
    browser.script(
        "[...document.querySelectorAll('.maplibregl-ctrl button')].find((b) => b.textContent === 'Clear').click()",
    );
    browser.fill("#report input[name=place]", "Martissant");
    browser.fill("#report input[name=lat]", "18.527");
    browser.fill("#report input[name=lon]", "-72.36");
    browser.fill("#report input[name=radius_m]", "1200");
    browser.fill("#report input[name=source_name]", "tried in a test");
    browser.click("#report button");
    browser.wait_for_text("main p.lead", "1 report of a road is in force");
    browser.wait_for_text("#reports tbody", "Martissant");
    browser.click("#reports tbody td a[href^='/roads/effect']");
    browser.wait_for_text("main", "Sites that are reached later");
    browser.check_clean(&demo.host);
    browser.open(&demo.url("/protection"));
    browser.wait_for_text("main", "changed");
}

#[test]
fn without_scripts_the_map_is_drawn_by_the_server_and_planning_works() {
    let (demo, browser) = (Demo::start(), Browser::start(Scripts::Off));
    browser.open(&demo.url("/protection"));
    assert!(browser.is_shown(".mapbox .drawn svg.map") && !browser.is_shown(".mapbox .canvas"));
    assert!(browser.count("svg.map a[href='/protection/sites/apt-pap']") > 0);
    assert!(browser.is_shown("#sites table") && browser.is_shown("#guarded") && browser.is_shown("#open"));
    browser.fill("form.what-if input[name=personnel]", "1050");
    browser.click("form.what-if button");
    browser.wait_for_text(".notice", "Not adopted");
    browser.wait_for_text("main p.lead", "With 1,050 people");
    browser.check_clean(&demo.host);
}

#[test]
fn a_week_under_another_figure_is_planned_adopted_and_drawn_for() {
    let (demo, browser) = (Demo::start(), Browser::start(Scripts::On));
    browser.open(&demo.url("/week"));
    browser.click("main a[href^='/week/question']");
    browser.wait_for_text("h1", "Ask about the week");
    browser.check_clean(&demo.host);
    browser.fill("input[name=patrol]", "0.6");
    browser.click("form[action='/week/ask'] button[type=submit]");
    // The page asks again by itself while the week is planned, and the reader need not wait for the end.
    browser.wait_for_text("main", "Best plan so far");
    // By then it may have come to its end by itself.
    browser.script("document.querySelector(\"form[action='/week/stop'] button\")?.click()");
    browser.wait_for_text("main", "Not adopted");
    browser.wait_for_text("main", "What the question changes");
    assert_eq!(browser.address(), demo.url("/week/plan?patrol=0.6"));
    browser.check_clean(&demo.host);
    let value = number(&browser.text("main p.lead strong"));
    browser.fill("form.adopt input[name=reason]", "Patrols stop less than was judged");
    browser.click("form.adopt button");
    browser.wait_for_text("main", "in force: Patrols stop less than was judged");
    let kept = number(&browser.text("main p.lead strong"));
    assert!((kept - value).abs() < 1e-9, "the plan in force has {kept}, the one adopted {value}");
    // Without scripts the plan is compared with a plain one.
    let plain = Browser::start(Scripts::Off);
    plain.open(&demo.url("/week/compare?a=pattern&b=in-force"));
    plain.wait_for_text("main", "sites differ");
    plain.check_clean(&demo.host);
    browser.click("form[action='/week/draw'] button");
    browser.wait_for("#slots a[href^='/week/slots/']");
    browser.click("#slots a[href^='/week/slots/']");
    browser.wait_for_text("main", "Not for publication before the slot ends");
    browser.check_clean(&demo.host);
    browser.open(&demo.url("/week/draws"));
    browser.wait_for_text("main", "not yet");
    browser.open(&demo.url("/record"));
    let entries = browser.text("#entries tbody").to_lowercase();
    assert!(entries.contains("week plan recorded") && entries.contains("week figures recorded"), "{entries}");
}
