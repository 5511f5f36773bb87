//! What went wrong with a request: a plain page for people, RFC 9457 problem JSON for programs.

use crate::layout::SECTIONS;
use axum::http::StatusCode;
use konbit_desk::DeskError;
use maud::{Markup, html};
use serde_json::{Value, json};

/// A request that was not answered as asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// HTTP status.
    pub status: StatusCode,
    /// What happened, in a few words.
    pub title: &'static str,
    /// What happened to which thing, and what to do.
    pub detail: String,
    /// Seconds after which trying again makes sense.
    pub retry_after: Option<u32>,
}

impl Problem {
    fn new(status: StatusCode, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, title, detail: detail.into(), retry_after: None }
    }

    /// There is nothing at this address.
    pub fn not_found(what: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "Not found", format!("{what}; the sections below lead to everything there is"))
    }

    /// The address takes another method.
    pub fn wrong_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "Wrong method",
            "this address does not take that HTTP method; pages are read with GET",
        )
    }

    /// Something in the request cannot be read.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Cannot be read", detail)
    }

    /// The request comes from another site.
    pub fn cross_site() -> Self {
        Self::new(
            StatusCode::FORBIDDEN,
            "Not from here",
            "a form of another site sent this request, so nothing was done; open the page here and send its form",
        )
    }

    /// A rule says no, or the data have moved on.
    pub fn refused(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "Refused", detail)
    }

    /// Another plan is being computed.
    pub fn busy() -> Self {
        let detail = "another plan is being computed, and they are computed one at a time; try again in a few seconds";
        Self { retry_after: Some(5), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "Busy planning", detail) }
    }

    /// Something else of the week is being made.
    pub fn busy_with(what: &str) -> Self {
        let detail =
            format!("{what} is being made, and one thing is made at a time; wait for it, or end it on its page");
        Self { retry_after: Some(5), ..Self::new(StatusCode::SERVICE_UNAVAILABLE, "Busy planning", &detail) }
    }

    /// Our fault; what is known stands in the log.
    pub fn broken(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "Something failed", detail)
    }

    /// Problem details (RFC 9457) for the resource at `instance`.
    pub fn json(&self, instance: &str) -> Value {
        json!({
            "type": "about:blank", "title": self.title, "status": self.status.as_u16(),
            "detail": self.detail, "instance": instance,
        })
    }

    /// The content of the page.
    pub fn markup(&self) -> Markup {
        html! {
            p.lead { (self.detail) "." }
            ul { @for (href, name) in SECTIONS { li { a href=(href) { (name) } } } }
        }
    }
}

impl From<DeskError> for Problem {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Refused(_)
            | DeskError::Prepare(_)
            | DeskError::PlanDoesNotHold(_)
            | DeskError::CannotChange(_)
            | DeskError::CannotStudy(_) => Self::refused(error.to_string()),
            DeskError::Change(error) => Self::bad_request(error.to_string()),
            DeskError::NoContingent { .. } => Self::not_found(&error.to_string()),
            other => {
                tracing::error!(error = %other, "a request failed");
                Self::broken(other.to_string())
            }
        }
    }
}
