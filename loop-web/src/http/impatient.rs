//! A connection that ends when its other side takes nothing any more. Without it an answer nobody reads would be kept for
//! as long as the connection lasts.

use std::io::{Error, ErrorKind, IoSlice, Result};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Sleep, sleep};

/// How long the other side may take nothing. The system asks again only when a good part of what it holds has been taken,
/// so that a reader of single bytes is seen through.
const PATIENCE: Duration = Duration::from_secs(30);

/// The connection.
#[derive(Debug)]
pub(crate) struct Impatient<S> {
    stream: S,
    /// Set while there is something to send that is not taken.
    late: Option<Pin<Box<Sleep>>>,
}

impl<S: AsyncWrite + Unpin> Impatient<S> {
    pub(crate) fn new(stream: S) -> Self {
        Self { stream, late: None }
    }

    pub(crate) fn into_inner(self) -> S {
        self.stream
    }

    fn poll<T>(
        &mut self,
        context: &mut Context<'_>,
        mut send: impl FnMut(Pin<&mut S>, &mut Context<'_>) -> Poll<Result<T>>,
    ) -> Poll<Result<T>> {
        if let Poll::Ready(sent) = send(Pin::new(&mut self.stream), context) {
            self.late = None;
            return Poll::Ready(sent);
        }
        let late = self.late.get_or_insert_with(|| Box::pin(sleep(PATIENCE)));
        ready!(late.as_mut().poll(context));
        Poll::Ready(Err(Error::new(
            ErrorKind::TimedOut,
            "the client does not read its answer",
        )))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Impatient<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Impatient<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<Result<usize>> {
        self.poll(context, |stream, context| stream.poll_write(context, bytes))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<Result<usize>> {
        self.poll(context, |stream, context| {
            stream.poll_write_vectored(context, parts)
        })
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.poll(context, |stream, context| stream.poll_flush(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<()>> {
        self.poll(context, |stream, context| stream.poll_shutdown(context))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn who_reads_nothing_is_given_up_and_who_reads_slowly_is_not() {
        let (ours, mut theirs) = duplex(10);
        let mut ours = Impatient::new(ours);
        let reading = tokio::spawn(async move {
            let mut some = [0; 10];
            for _ in 0..10 {
                sleep(Duration::from_secs(20)).await;
                theirs.read_exact(&mut some).await.unwrap();
            }
            theirs
        });
        ours.write_all(&[7; 100]).await.unwrap();
        let _theirs = reading.await.unwrap();
        let began = Instant::now();
        let end = ours.write_all(&[7; 100]).await.unwrap_err();
        assert_eq!(
            (end.kind(), began.elapsed()),
            (ErrorKind::TimedOut, PATIENCE)
        );
    }
}
