//! The body of an upload, handed to the parser of the form in portions. Left alone the parser takes in all that comes
//! while it looks for the end of a part's head, which need not be there.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use axum::body::{Body, HttpBody};
use bytes::Bytes;
use hyper::body::Frame;

/// Most that is handed over before something comes out of the parser: a few of the server's reads.
const MOST_AHEAD: usize = 1024 * 1024;

/// A part whose head has no end.
#[derive(Debug, thiserror::Error)]
#[error("the head of a part is too long")]
pub struct Endless;

/// Shared by the body and the one who reads what the parser makes of it; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Gauge(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    /// Bytes handed over since something came out.
    ahead: AtomicUsize,
    discards: AtomicBool,
}

impl Gauge {
    /// This body, measured.
    pub fn measure(&self, body: Body) -> Body {
        Body::new(Portions {
            body,
            gauge: self.clone(),
            rests: false,
        })
    }

    /// Something has come out of the parser.
    pub fn advanced(&self) {
        self.0.ahead.store(0, Ordering::Relaxed);
    }

    /// From now on what comes is forgotten; the parser waits for the end of the body.
    pub fn discard(&self) {
        self.0.discards.store(true, Ordering::Relaxed);
    }
}

struct Portions {
    body: Body,
    gauge: Gauge,
    /// The parser asks until there is nothing: after each portion it is to look at what it has.
    rests: bool,
}

impl HttpBody for Portions {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        if std::mem::take(&mut self.rests) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = ready!(Pin::new(&mut self.body).poll_frame(context));
        let Some(Ok(frame)) = &next else {
            return Poll::Ready(next);
        };
        let Shared { ahead, discards } = &*self.gauge.0;
        if discards.load(Ordering::Relaxed) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let length = frame.data_ref().map_or(0, Bytes::len);
        if ahead.fetch_add(length, Ordering::Relaxed) + length > MOST_AHEAD {
            return Poll::Ready(Some(Err(axum::Error::new(Endless))));
        }
        self.rests = true;
        Poll::Ready(next)
    }
}
