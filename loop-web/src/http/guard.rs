//! Who may ask: the name we were called by, the page that asks, and the headers every answer carries.

use std::collections::BTreeSet;
use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_METHOD,
    CONTENT_SECURITY_POLICY, HOST, HeaderName, HeaderValue, ORIGIN, REFERRER_POLICY, VARY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use loop_proto::config::Config;

use super::App;
use super::error::ApiError;

/// Only our own code runs on the page, and no other page may frame it and have somebody click on it. Conversion works in
/// workers and on blobs.
pub(super) const PAGE_POLICY: &str = "default-src 'self'; script-src 'self'; worker-src 'self' blob:; style-src 'self'; \
    img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self' ws: wss: blob:; object-src 'none'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const ALWAYS: [(HeaderName, &str); 3] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "same-origin"),
    (CONTENT_SECURITY_POLICY, PAGE_POLICY),
];

/// What a page of `web.allowed_origins` may do. Browsers ask before and look at the answer.
const SHARED: [(HeaderName, &str); 4] = [
    (
        ACCESS_CONTROL_ALLOW_METHODS,
        "GET, HEAD, POST, PUT, PATCH, DELETE",
    ),
    (
        ACCESS_CONTROL_ALLOW_HEADERS,
        "content-type, if-none-match, range, x-upload-id, tus-resumable, upload-length, upload-offset, \
            upload-metadata, upload-checksum, x-http-method-override, x-requested-with, x-request-id",
    ),
    (
        ACCESS_CONTROL_EXPOSE_HEADERS,
        "content-range, etag, retry-after, location, tus-resumable, tus-version, tus-extension, tus-max-size, \
            tus-checksum-algorithm, upload-offset, upload-length, upload-metadata, upload-expires, x-request-id",
    ),
    (ACCESS_CONTROL_MAX_AGE, "3600"),
];

/// Names and origins that may be used.
#[derive(Debug)]
pub(crate) struct Hosts {
    names: BTreeSet<String>,
    origins: BTreeSet<String>,
}

impl Hosts {
    pub(crate) fn new(config: &Config) -> Self {
        let own = nix::unistd::gethostname()
            .ok()
            .and_then(|name| name.into_string().ok());
        let local = |name: &str| format!("{name}.local");
        let names = [
            Some("localhost".to_owned()),
            Some(local(&config.device.name)),
            own.as_deref().map(local),
            own.clone(),
        ];
        let names = names
            .into_iter()
            .flatten()
            .chain(config.web.allowed_hosts.iter().cloned());
        Self {
            names: names.map(|name| name.to_lowercase()).collect(),
            origins: config
                .web
                .allowed_origins
                .iter()
                .map(|origin| origin.trim_end_matches('/').to_lowercase())
                .collect(),
        }
    }

    /// An address is always ours; a name only if we have it. Anything else is a page that has its own name point to us.
    fn allows_host(&self, host: &str) -> bool {
        let name = without_port(host).to_lowercase();
        let literal = name.trim_start_matches('[').trim_end_matches(']');
        literal.parse::<IpAddr>().is_ok() || self.names.contains(name.trim_end_matches('.'))
    }

    fn allows_origin(&self, origin: &str, host: &str) -> bool {
        let origin = origin.to_lowercase();
        let own = origin
            .split_once("://")
            .is_some_and(|(_, from)| from == host.to_lowercase());
        own || self.origins.contains(&origin)
    }

    /// Tells browsers which other pages may read the answer.
    fn share(&self, origin: Option<&HeaderValue>, answer: &mut HeaderMap) {
        if self.origins.is_empty() {
            return;
        }
        answer.append(VARY, HeaderValue::from_static("origin"));
        let is_listed = |origin: &&HeaderValue| {
            origin
                .to_str()
                .is_ok_and(|text| self.origins.contains(&text.to_lowercase()))
        };
        let Some(origin) = origin.filter(is_listed) else {
            return;
        };
        answer.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        for (name, value) in SHARED {
            answer.insert(name, HeaderValue::from_static(value));
        }
    }
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port))
            if port.bytes().all(|byte| byte.is_ascii_digit()) && !name.ends_with(':') =>
        {
            name
        }
        _ => host,
    }
}

/// Lets a request through, or says why not.
pub(crate) async fn check(State(app): State<App>, request: Request, next: Next) -> Response {
    let origin = request.headers().get(ORIGIN).cloned();
    let refusal = refusal(
        &app.hosts,
        request.method(),
        request.uri(),
        request.headers(),
    );
    let mut response = match refusal {
        Some(error) => error.into_response(),
        None if asks_first(&request) => StatusCode::NO_CONTENT.into_response(),
        None => next.run(request).await,
    };
    app.hosts.share(origin.as_ref(), response.headers_mut());
    for (name, value) in ALWAYS {
        response
            .headers_mut()
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Whether requests of this method change something.
pub(super) fn changes(method: &Method) -> bool {
    !matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// A browser's question whether a page may send the request it has in mind.
fn asks_first(request: &Request) -> bool {
    let headers = request.headers();
    *request.method() == Method::OPTIONS
        && headers.contains_key(ORIGIN)
        && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

fn refusal(hosts: &Hosts, method: &Method, uri: &Uri, headers: &HeaderMap) -> Option<ApiError> {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &HeaderValue| value.to_str().ok())
    };
    // Two names are none, and an address in full counts before the header.
    let mut named = headers.get_all(HOST).iter();
    let host = match (named.next(), named.next()) {
        (Some(host), None) => host.to_str().unwrap_or_default(),
        _ => "",
    };
    let host = uri.authority().map_or(host, Authority::as_str);
    if !hosts.allows_host(host) {
        let message = format!(
            "the host name {host:?} is not one of this device; add it to web.allowed_hosts"
        );
        return Some(ApiError::new(
            StatusCode::FORBIDDEN,
            "HOST_NOT_ALLOWED",
            message,
        ));
    }
    let acts = changes(method) || uri.path() == "/ws";
    match text(ORIGIN) {
        Some(origin) if acts && !hosts.allows_origin(origin, host) => {
            let message =
                format!("pages of {origin} may not change anything here; see web.allowed_origins");
            Some(ApiError::new(
                StatusCode::FORBIDDEN,
                "ORIGIN_NOT_ALLOWED",
                message,
            ))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts() -> Hosts {
        let mut config = Config::default();
        config.web.allowed_hosts = vec!["frame.example".to_owned()];
        config.web.allowed_origins = vec!["https://home.example/".to_owned()];
        Hosts::new(&config)
    }

    #[test]
    fn addresses_and_our_own_names_are_allowed_and_others_are_not() {
        for host in [
            "127.0.0.1",
            "192.168.1.2:8080",
            "[::1]:80",
            "localhost:3000",
            "LOOP.local",
            "frame.example:80",
        ] {
            assert!(hosts().allows_host(host), "{host}");
        }
        for host in [
            "",
            "evil.example",
            "localhost.evil.example",
            "loop.local.evil",
            "1.2.3.4.evil",
        ] {
            assert!(!hosts().allows_host(host), "{host}");
        }
    }

    #[test]
    fn only_our_own_pages_and_those_allowed_may_change_something() {
        let from = |origin| hosts().allows_origin(origin, "loop.local:8080");
        assert!(from("http://loop.local:8080") && from("https://home.example"));
        assert!(!from("http://evil.example") && !from("null") && !from("http://loop.local"));
    }
}
