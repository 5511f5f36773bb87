//! A headless Chromium that can reach this machine and no other, over the `WebDriver` protocol (W3C, 2018).

use crate::client::send;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest wait for something to appear.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// Key under which the protocol hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// One browser window, closed at the end.
pub struct Browser {
    driver: Child,
    host: String,
    session: String,
}

/// Whether pages may run their scripts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scripts {
    /// They may.
    On,
    /// They may not.
    Off,
}

impl Browser {
    /// Starts a driver on a free port, and with it a browser.
    pub fn start(scripts: Scripts) -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("chromedriver cannot be run ({error}): script/test installs it"));
        let output = BufReader::new(driver.stdout.take().expect("it is piped"));
        let port = output
            .lines()
            .map_while(Result::ok)
            .find_map(|line| {
                line.rsplit_once("successfully on port ").map(|(_, port)| port.trim_end_matches('.').to_owned())
            })
            .expect("chromedriver says its port");
        let host = format!("127.0.0.1:{port}");
        let mut options = json!({ "args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader",
            "--window-size=1280,900", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
        ] });
        if scripts == Scripts::Off {
            options["prefs"] = json!({ "profile.managed_default_content_settings.javascript": 2 });
        }
        let wanted = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" },
        } } });
        let mut browser = Self { driver, host, session: String::new() };
        let session = browser.call("POST", "/session", &wanted);
        session["sessionId"].as_str().expect("a session has an id").clone_into(&mut browser.session);
        browser
    }

    fn call(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, value) = self.answer(method, path, body);
        assert_eq!(status, 200, "{method} {path}: {value}");
        value
    }

    /// Status and value of what the driver answers.
    fn answer(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let answer = send(&self.host, method, path, &[("content-type", "application/json")], &text);
        let mut value: Value = serde_json::from_str(&answer.body).expect("a driver answers in JSON");
        (answer.status, value["value"].take())
    }

    fn command(&self, path: &str, body: &Value) -> Value {
        self.call("POST", &format!("/session/{}{path}", self.session), body)
    }

    /// Opens an address and waits until it is loaded.
    pub fn open(&self, url: &str) {
        self.command("/url", &json!({ "url": url }));
    }

    /// Address of the page shown.
    pub fn address(&self) -> String {
        self.call("GET", &format!("/session/{}/url", self.session), &Value::Null)
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    fn elements(&self, css: &str) -> Vec<String> {
        let found = self.command("/elements", &json!({ "using": "css selector", "value": css }));
        let found = found.as_array().cloned().unwrap_or_default();
        found.iter().filter_map(|element| element[ELEMENT].as_str().map(str::to_owned)).collect()
    }

    /// How many elements match.
    pub fn count(&self, css: &str) -> usize {
        self.elements(css).len()
    }

    /// Waits until an element matches, and gives the first.
    pub fn wait_for(&self, css: &str) -> String {
        let started = Instant::now();
        loop {
            if let Some(first) = self.elements(css).into_iter().next() {
                return first;
            }
            assert!(started.elapsed() < WAIT_MAX, "{css} did not appear at {}", self.address());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Asks or does something with the first match.
    fn with(&self, css: &str, method: &str, what: &str, body: &Value) -> Value {
        loop {
            let element = self.wait_for(css);
            let path = format!("/session/{}/element/{element}/{what}", self.session);
            let (status, value) = self.answer(method, &path, body);
            // A page that is just being left takes its elements with it: then the next page is meant.
            let says = value["message"].as_str().unwrap_or_default();
            let is_gone =
                value["error"] == "stale element reference" || says.contains("does not belong to the document");
            if !is_gone {
                assert_eq!(status, 200, "{path}: {value}");
                return value;
            }
        }
    }

    /// Text of the first match, as it is shown.
    pub fn text(&self, css: &str) -> String {
        self.with(css, "GET", "text", &Value::Null).as_str().unwrap_or_default().to_owned()
    }

    /// Waits until the text of the first match holds `wanted`: after a click the page before may still
    /// be there.
    pub fn wait_for_text(&self, css: &str, wanted: &str) {
        let started = Instant::now();
        loop {
            let text = self.text(css);
            if text.contains(wanted) {
                return;
            }
            assert!(started.elapsed() < WAIT_MAX, "{css} at {} does not say {wanted:?}: {text}", self.address());
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Whether the first match is shown.
    pub fn is_shown(&self, css: &str) -> bool {
        self.with(css, "GET", "displayed", &Value::Null) == json!(true)
    }

    /// Clicks the first match.
    pub fn click(&self, css: &str) {
        self.with(css, "POST", "click", &json!({}));
    }

    /// Puts a text into the first match, in place of what stands there.
    pub fn fill(&self, css: &str, text: &str) {
        self.with(css, "POST", "clear", &json!({}));
        self.with(css, "POST", "value", &json!({ "text": text }));
    }

    /// The value of a script.
    pub fn script(&self, script: &str) -> Value {
        self.command("/execute/sync", &json!({ "script": script, "args": [] }))
    }

    /// Fails if the page asked another host for anything, broke the content policy, or met an error.
    pub fn check_clean(&self, host: &str) {
        let base = format!("http://{host}/");
        let names = self.script("return performance.getEntriesByType('resource').map((entry) => entry.name)");
        for name in names.as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(
                name.starts_with(&base) || name.starts_with("data:") || name.starts_with("blob:"),
                "the page asked for {name}"
            );
        }
        let log = self.command("/se/log", &json!({ "type": "browser" }));
        let bad: Vec<&Value> = log.as_array().into_iter().flatten().filter(|line| line["level"] == "SEVERE").collect();
        assert!(bad.is_empty(), "the browser's console says {bad:?}");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !std::thread::panicking() {
            self.call("DELETE", &format!("/session/{}", self.session), &json!({}));
        }
        // Told to end, the driver takes its browser with it.
        let _ = Command::new("kill").arg(self.driver.id().to_string()).status();
        let _ = self.driver.wait();
    }
}
