//! The page: built into the program, or from a folder, which may hold another one: the original's runs here, too.

mod inline;
mod policy;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderValue, VARY,
};
use axum::http::{HeaderMap, Response, StatusCode, Uri};
use axum::response::IntoResponse;
use bytes::Bytes;
use rust_embed::RustEmbed;

use super::App;
use super::error::{ApiError, ApiResult};
use super::extract::PathText;
use crate::board::{pack, takes_gzip};
use crate::conditional::{etag_of, is_known};

/// The page as `npm run build` made it. Without it the API works all the same.
#[derive(RustEmbed)]
#[folder = "../spa/dist"]
#[allow_missing = true]
struct BuiltIn;

const INDEX: &str = "index.html";
const VIEW: &str = "view.html";
const FAVICON: &str = "favicon.ico";

/// The picture alone may stand in anybody's page: there is nothing on it that a click could be stolen for, and the page
/// around it cannot read it.
const VIEW_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self' ws: wss:; base-uri 'none'; form-action 'none'; frame-ancestors *";

/// Folders whose files' names carry a hash of their content: of our page, and of the original's.
const HASHED: [&str; 2] = ["assets/", "_next/static/"];

const FOR_EVER: &str = "public, max-age=31536000, immutable";

const NOT_BUILT: &str = "<!doctype html><title>LOOP</title><p>This program was built without its page. \
    Run <code>npm ci &amp;&amp; npm run build</code> in <code>spa/</code> and build it again. The API works.";

/// Bodies that have been packed once.
static PACKED: Mutex<BTreeMap<String, Bytes>> = Mutex::new(BTreeMap::new());

pub(crate) async fn index(State(app): State<App>, headers: HeaderMap) -> ApiResult {
    let page = load(&app, INDEX).unwrap_or(Cow::Borrowed(NOT_BUILT.as_bytes()));
    Ok(respond(&app, INDEX, page, &headers))
}

/// The live picture and nothing else, for frames in other pages and for screens on walls.
pub(crate) async fn view(State(app): State<App>, headers: HeaderMap) -> ApiResult {
    let page = load(&app, VIEW).unwrap_or(Cow::Borrowed(NOT_BUILT.as_bytes()));
    let mut response = respond(&app, VIEW, page, &headers);
    let policy = HeaderValue::from_static(VIEW_POLICY);
    response
        .headers_mut()
        .insert(CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// A file of the page's own folder of that name; the original's page means the folder of the page itself.
pub(crate) async fn asset(
    State(app): State<App>,
    PathText(path): PathText<String>,
    headers: HeaderMap,
) -> ApiResult {
    for name in [format!("assets/{path}"), path] {
        if let Some(content) = load(&app, &name) {
            return Ok(respond(&app, &name, content, &headers));
        }
    }
    Err(ApiError::not_found("there is no such file"))
}

/// Our page names its icon itself; browsers that ask all the same shall not be told of an error.
pub(crate) async fn favicon(State(app): State<App>, headers: HeaderMap) -> Response<Body> {
    match load(&app, FAVICON) {
        Some(content) => respond(&app, FAVICON, content, &headers),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

/// Files beside the page, or nothing.
pub(crate) async fn other(State(app): State<App>, uri: Uri, headers: HeaderMap) -> ApiResult {
    let name = uri.path().trim_start_matches('/');
    match load(&app, name) {
        Some(content) if !name.starts_with("api/") => Ok(respond(&app, name, content, &headers)),
        _ => Err(ApiError::not_found("there is nothing at this address")),
    }
}

/// A file of the page. Only plain names: no way up, no hidden files.
fn load(app: &App, name: &str) -> Option<Cow<'static, [u8]>> {
    let is_plain = |part: &str| {
        !part.is_empty() && !part.starts_with('.') && !part.contains(['\\', '%', '\0'])
    };
    if !name.split('/').all(is_plain) {
        return None;
    }
    let folder = &app.config.web.page_dir;
    if folder.as_os_str().is_empty() {
        return BuiltIn::get(name).map(|file| file.data);
    }
    std::fs::read(folder.join(name)).ok().map(Cow::Owned)
}

fn respond(
    app: &App,
    name: &str,
    content: Cow<'static, [u8]>,
    headers: &HeaderMap,
) -> Response<Body> {
    let etag = etag_of(&content);
    let is_hashed = HASHED.iter().any(|folder| name.starts_with(folder));
    let response = Response::builder()
        .header(ETAG, &etag)
        .header(CACHE_CONTROL, if is_hashed { FOR_EVER } else { "no-cache" })
        .header(VARY, "accept-encoding");
    let response = match &app.config.web {
        web if web.page_dir.as_os_str().is_empty() => response,
        web => {
            let html = (extension(name) == "html").then(|| String::from_utf8_lossy(&content));
            response.header(
                CONTENT_SECURITY_POLICY,
                policy::policy(web, html.as_deref()),
            )
        }
    };
    let response = if is_known(headers, &etag) {
        response
            .status(StatusCode::NOT_MODIFIED)
            .body(Body::empty())
    } else {
        let response = response.header(CONTENT_TYPE, content_type(name));
        match packed(name, &etag, &content).filter(|_| takes_gzip(headers)) {
            Some(gzip) => response.header(CONTENT_ENCODING, "gzip").body(gzip.into()),
            None => response.body(content.into_owned().into()),
        }
    };
    response.unwrap_or_default().into_response()
}

/// The packed body, made on the first request; `None` for what is packed already by its nature.
fn packed(name: &str, etag: &str, content: &[u8]) -> Option<Bytes> {
    if !matches!(
        extension(name),
        "html" | "js" | "css" | "svg" | "json" | "webmanifest" | "txt"
    ) {
        return None;
    }
    let mut packed_bodies = PACKED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(body) = packed_bodies.get(etag) {
        return Some(body.clone());
    }
    let body = pack(content)?;
    packed_bodies.insert(etag.to_owned(), body.clone());
    Some(body)
}

fn extension(name: &str) -> &str {
    name.rsplit_once('.').map_or("", |(_, end)| end)
}

fn content_type(name: &str) -> &'static str {
    match extension(name) {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "txt" => "text/plain; charset=utf-8",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff" => "font/woff",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        _ => "application/octet-stream",
    }
}
