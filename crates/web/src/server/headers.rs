//! Headers of every answer, and the check that a form was sent from here.

use super::{Ask, bare};
use crate::problem::Problem;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;

/// What a page may load: its own host's files, and images that the vector map makes itself.
const CONTENT_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
     worker-src 'self'; connect-src 'self'; font-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; \
     frame-ancestors 'none'";

/// Adds the headers that every answer carries.
pub(super) async fn secure(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in [
        ("content-security-policy", CONTENT_POLICY),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// Lets a request that changes something pass only if it was not sent by a page of another site.
pub(super) async fn same_origin(request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if reads || is_same_origin(request.headers()) {
        return next.run(request).await;
    }
    bare(&Ask::new(request.uri(), request.headers()), &Problem::cross_site())
}

/// What the browser says about where a request comes from. A request with neither header is not a browser's:
/// every browser names the origin of a form that another site sends.
fn is_same_origin(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or("?"));
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    match (text(header::ORIGIN.as_str()), text(header::HOST.as_str())) {
        (None, _) => true,
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        (Some(_), None) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pairs: &[(&'static str, &'static str)], expect: bool) {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        assert_eq!(is_same_origin(&headers), expect, "{pairs:?}");
    }

    #[test]
    fn a_form_of_another_site_is_told_apart() {
        check(&[("host", "127.0.0.1:8470"), ("origin", "http://127.0.0.1:8470")], true);
        check(&[("host", "127.0.0.1:8470"), ("origin", "http://127.0.0.1:9999")], false);
        check(&[("host", "127.0.0.1:8470"), ("origin", "null")], false);
        check(&[("host", "h"), ("origin", "http://h"), ("sec-fetch-site", "cross-site")], false);
        check(&[("host", "h"), ("origin", "http://h"), ("sec-fetch-site", "same-site")], false);
        check(&[("host", "h"), ("origin", "null"), ("sec-fetch-site", "same-origin")], true);
        check(&[("host", "h")], true);
    }
}
