//! Every page over HTTP.

use crate::client::send;
use crate::demo::Demo;

/// Most bytes of a page; a page with a map may have as much again for what the server draws.
const PAGE_BYTES_MAX: usize = 60_000;
const MAP_BYTES_MAX: usize = 250_000;

/// Path, what stands in its title, whether it holds a map.
const PAGES: [(&str, &str, bool); 16] = [
    ("/", "The mission at a glance", false),
    ("/council", "The Council", false),
    ("/council/S/RES/2699%20%282023%29", "S/RES/2699 (2023)", false),
    ("/mandate", "The mandate", false),
    ("/contributions", "Contributions", false),
    ("/situation", "The situation", true),
    ("/situation/totals", "Published totals", false),
    ("/protection", "Protection", true),
    ("/protection/sites/apt-pap", "Toussaint Louverture International Airport", true),
    ("/roads", "Roads", true),
    ("/roads/route?from=base-pap-airport&to=hos-hueh", "A way by road", true),
    ("/roads/reach?from=base-pap-airport", "What a reaction force reaches", true),
    ("/record", "The record", false),
    ("/record/0", "Entry 0", false),
    ("/record/verify", "Verification of the record", false),
    ("/about", "About", false),
];

/// Addresses that a browser would load by itself while it shows a page.
fn loads(page: &str) -> Vec<String> {
    let mut found = Vec::new();
    for tag in page
        .split('<')
        .filter(|tag| ["link", "script", "img", "iframe", "source", "use"].iter().any(|name| tag.starts_with(name)))
    {
        for attribute in ["src=\"", "href=\""] {
            let value = tag.split(attribute).nth(1).and_then(|rest| rest.split('"').next());
            found.extend(value.map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_page_is_served_small_titled_and_loads_nothing_from_elsewhere() {
    let demo = Demo::start();
    for (path, title, has_map) in PAGES {
        let answer = demo.get(path);
        assert_eq!(answer.status, 200, "{path}");
        assert!(answer.body.contains(&format!("<title>{title} · ")), "{path} is not called {title}");
        assert!(answer.body.contains("not the plan of any force"), "{path} does not say what the example is not");
        let most = PAGE_BYTES_MAX + if has_map { MAP_BYTES_MAX } else { 0 };
        assert!(answer.body.len() <= most, "{path} has {} bytes", answer.body.len());
        for address in loads(&answer.body) {
            let inside = address.starts_with('/') && !address.starts_with("//");
            assert!(inside || address.starts_with('#') || address.starts_with("data:"), "{path} loads {address}");
            if inside {
                assert_eq!(demo.get(&address).status, 200, "{path} loads {address}");
            }
        }
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'self'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
    }
}

#[test]
fn what_cannot_be_answered_is_told_plainly_and_changes_nothing() {
    let demo = Demo::start();
    let size = || -> serde_json::Value {
        serde_json::from_str::<serde_json::Value>(&demo.get("/record?format=json").body).unwrap()["head"]["size"]
            .clone()
    };
    let before = size();
    let check = |method: &str, path: &str, headers: &[(&str, &str)], body: &str, status: u16| {
        let answer = send(&demo.host, method, path, headers, body);
        assert_eq!(answer.status, status, "{method} {path}: {}", answer.body);
    };
    let form = ("content-type", "application/x-www-form-urlencoded");
    let elsewhere = ("origin", "http://elsewhere.example");
    check("GET", "/nowhere", &[], "", 404);
    check("GET", "/protection/sites/none", &[], "", 404);
    check("GET", "/protection?personnel=0", &[], "", 409);
    check("GET", "/protection?personnel=many", &[], "", 400);
    check("GET", "/council/%ff", &[], "", 400);
    check("POST", "/record", &[form], "", 405);
    check("POST", "/protection/adopt", &[form, elsewhere], "personnel=1050&reason=none", 403);
    check("POST", "/protection/adopt", &[form], "personnel=1050&reason=", 400);
    assert_eq!(size(), before);
    let root = serde_json::from_str::<serde_json::Value>(&demo.get("/record/verify?format=json").body).unwrap();
    assert_eq!((&root["ok"], &root["entries"]), (&serde_json::json!(true), &before));
}
