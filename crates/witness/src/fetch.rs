//! HTTP requests with limits on time and size, to the one host that is named.

use std::io::Read as _;
use std::time::Duration;
use thiserror::Error;
use ureq::http::header::{CONTENT_TYPE, LOCATION};
use ureq::{Agent, Body, http};

/// The time to connect.
const CONNECT_SECONDS_MAX: u64 = 10;
/// The time for a request and the whole of its answer; bundles of entries may be large, and links slow.
const REQUEST_SECONDS_MAX: u64 = 120;
/// The longest text of a refusal that is read, in bytes.
const REASON_BYTES_MAX: u64 = 4096;

/// Why nothing was fetched.
#[derive(Debug, Error)]
pub enum FetchError {
    /// The address is not one that can be asked.
    #[error(
        "{0:?} is not an http:// address: give one; for https, run a forwarding proxy on this machine that adds TLS, \
         and give its http:// address"
    )]
    Address(String),
    /// No answer.
    #[error("{url} does not answer: {why}")]
    Unreachable {
        /// What was asked for.
        url: String,
        /// What the system or the protocol said.
        why: String,
    },
    /// An answer of another status than 200.
    #[error("{url} answered with status {status}: {reason}")]
    Status {
        /// What was asked for.
        url: String,
        /// The HTTP status.
        status: u16,
        /// What the server said, shortened, or where it points to.
        reason: String,
    },
    /// A longer answer than there can be.
    #[error("{url} answered with more than {limit} bytes")]
    Long {
        /// What was asked for.
        url: String,
        /// The limit, in bytes.
        limit: u64,
    },
}

/// An answer, of whatever status.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub content_type: String,
    pub body: Vec<u8>,
    location: Option<String>,
}

/// Asks one prefix of addresses.
#[derive(Debug)]
pub struct Fetcher {
    agent: Agent,
    base: String,
}

impl Fetcher {
    /// For addresses that begin with `base`, an `http://` address.
    pub fn new(base: &str) -> Result<Self, FetchError> {
        let base = base.trim_end_matches('/');
        let host = base.strip_prefix("http://").unwrap_or_default();
        if host.is_empty() || host.starts_with('/') || base.contains(['?', '#']) {
            return Err(FetchError::Address(base.to_owned()));
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // Only the host that was named is asked: a redirection is reported, and proxies of the environment are not used.
            .max_redirects(0)
            .proxy(None)
            .timeout_connect(Some(Duration::from_secs(CONNECT_SECONDS_MAX)))
            .timeout_global(Some(Duration::from_secs(REQUEST_SECONDS_MAX)))
            .user_agent(concat!("konbit/", env!("CARGO_PKG_VERSION")));
        Ok(Self { agent: config.build().new_agent(), base: base.to_owned() })
    }

    /// The bytes at `path` below the prefix, at most `limit`.
    pub fn get(&self, path: &str, limit: u64) -> Result<Vec<u8>, FetchError> {
        let url = self.url(path);
        let reply = self.finish(&url, self.agent.get(&url).call(), limit)?;
        if reply.status == 200 {
            return Ok(reply.body);
        }
        Err(FetchError::Status { url, status: reply.status, reason: reply.reason() })
    }

    /// Posts `body` to `path`.
    pub fn post(&self, path: &str, body: &str, limit: u64) -> Result<Reply, FetchError> {
        let url = self.url(path);
        let sent = self.agent.post(&url).header(CONTENT_TYPE, "text/plain; charset=utf-8").send(body);
        self.finish(&url, sent, limit)
    }

    /// The address of `path`.
    pub fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.base)
    }

    #[expect(clippy::unused_self, reason = "a reply belongs to the agent that asked")]
    fn finish(
        &self,
        url: &str,
        answer: Result<http::Response<Body>, ureq::Error>,
        limit: u64,
    ) -> Result<Reply, FetchError> {
        let unreachable = |why: String| FetchError::Unreachable { url: url.to_owned(), why };
        let answer = answer.map_err(|error| unreachable(error.to_string()))?;
        let (head, body) = answer.into_parts();
        let status = head.status.as_u16();
        let word = |name| head.headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let limit = if status == 200 { limit } else { limit.min(REASON_BYTES_MAX) };
        let mut bytes = Vec::new();
        body.into_reader()
            .take(limit + 1)
            .read_to_end(&mut bytes)
            .map_err(|error| unreachable(format!("the answer breaks off: {error}")))?;
        if bytes.len() as u64 > limit {
            if status == 200 {
                return Err(FetchError::Long { url: url.to_owned(), limit });
            }
            bytes.truncate(usize::try_from(limit).expect("a few thousand bytes"));
        }
        let content_type = word(CONTENT_TYPE).unwrap_or_default();
        Ok(Reply { status, content_type, body: bytes, location: word(LOCATION) })
    }
}

impl Reply {
    /// What a refusal says, in one short line without control characters.
    pub fn reason(&self) -> String {
        if let Some(location) = &self.location {
            return format!("it points to {}", shown(location));
        }
        shown(&String::from_utf8_lossy(&self.body))
    }
}

fn shown(text: &str) -> String {
    let line: String = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).take(300).collect();
    if line.is_empty() { "it says nothing more".to_owned() } else { line }
}
