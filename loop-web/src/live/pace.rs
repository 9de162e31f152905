//! How much a client may say: more than a browser ever would, and not enough to keep the daemon busy.
//!
//! It is bytes that are counted, whatever they are: requests, pings, or fragments of a message that never ends. What is too
//! much is not read, so that it is the sender who waits.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// Bytes in a [`WINDOW`]; the longest message fits.
const BYTES: usize = 80 * 1024;

const WINDOW: Duration = Duration::from_secs(1);

/// A stream that is read no faster than that.
pub(super) struct Paced<S> {
    stream: S,
    left: usize,
    /// Ends when there is more.
    window: Pin<Box<Sleep>>,
}

impl<S> Paced<S> {
    pub(super) fn new(stream: S) -> Self {
        Self {
            stream,
            left: BYTES,
            window: Box::pin(sleep_until(Instant::now() + WINDOW)),
        }
    }

    pub(super) fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Paced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let now = Instant::now();
        if self.window.deadline() <= now {
            self.window.as_mut().reset(now + WINDOW);
            self.left = BYTES;
        }
        if self.left == 0 {
            ready!(self.window.as_mut().poll(context));
            self.window.as_mut().reset(Instant::now() + WINDOW);
            self.left = BYTES;
        }
        let size = buffer.remaining().min(self.left);
        let mut part = ReadBuf::new(buffer.initialize_unfilled_to(size));
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut part))?;
        let read = part.filled().len();
        buffer.advance(read);
        self.left -= read;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Paced<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
