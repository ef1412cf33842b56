//! Hears how a gateway ends a connection.
//!
//! HTTP/2 ends a connection with a GOAWAY frame that says why. The libraries above use it and keep the reason to
//! themselves: a call under way only hears that it was cut. But one reason is for us: ENHANCE_YOUR_CALM, which a
//! gateway sends (with the words "too many pings") when it is probed more often than it likes. So the bytes
//! that are read from a connection pass by here, and the heads of the frames are looked at.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection after TLS.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A connection that raises `complaint` when it hears one.
pub(super) struct Heard {
    io: Box<dyn Io>,
    frames: Frames,
    complaint: Arc<AtomicBool>,
}

impl Heard {
    pub(super) fn new(io: Box<dyn Io>, complaint: Arc<AtomicBool>) -> Self {
        Self { io, frames: Frames::default(), complaint }
    }
}

impl AsyncRead for Heard {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut this.io).poll_read(context, buffer);
        if this.frames.complain(buffer.filled().get(before..).unwrap_or_default()) {
            this.complaint.store(true, Ordering::Relaxed);
        }
        outcome
    }
}

impl AsyncWrite for Heard {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }
}

const FRAME_HEAD: usize = 9;
/// The last stream, then the reason; text may follow.
const GOAWAY_HEAD: usize = 8;
const GOAWAY: u8 = 7;
const ENHANCE_YOUR_CALM: [u8; 4] = [0, 0, 0, 11];

/// Follows the frames in a stream of bytes, however it is cut into pieces.
#[derive(Debug, Default)]
struct Frames {
    /// The head of a frame, or of a GOAWAY's payload, as far as it has come.
    head: Vec<u8>,
    payload: Payload,
}

/// Of the frame under way.
#[derive(Debug, Default, Clone, Copy)]
enum Payload {
    /// Its head is not complete.
    #[default]
    Unknown,
    /// So many bytes still to come.
    Of { goaway: bool, left: usize },
}

impl Frames {
    /// Whether a complaint ends in these bytes.
    fn complain(&mut self, mut bytes: &[u8]) -> bool {
        let mut complaint = false;
        while !bytes.is_empty() {
            let wanted = match self.payload {
                Payload::Unknown => FRAME_HEAD - self.head.len(),
                Payload::Of { left, .. } => left,
            };
            let (piece, rest) = bytes.split_at(wanted.min(bytes.len()));
            bytes = rest;
            complaint |= self.take(piece);
        }
        complaint
    }

    /// Takes bytes that lie within one head or one payload.
    fn take(&mut self, piece: &[u8]) -> bool {
        match self.payload {
            Payload::Unknown => {
                self.head.extend_from_slice(piece);
                if let [a, b, c, kind, _, _, _, _, _] = *self.head {
                    let left = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
                    self.become_payload(Payload::Of { goaway: kind == GOAWAY, left });
                }
                false
            }
            Payload::Of { goaway, left } => {
                let known = self.head.len();
                if goaway {
                    self.head.extend(piece.iter().take(GOAWAY_HEAD - known));
                }
                let complete = known < GOAWAY_HEAD && self.head.len() == GOAWAY_HEAD;
                let complaint = complete && self.head.ends_with(&ENHANCE_YOUR_CALM);
                match left - piece.len() {
                    0 => self.become_payload(Payload::Unknown),
                    left => self.payload = Payload::Of { goaway, left },
                }
                complaint
            }
        }
    }

    fn become_payload(&mut self, payload: Payload) {
        self.head.clear();
        self.payload = match payload {
            Payload::Of { left: 0, .. } => Payload::Unknown,
            Payload::Of { .. } | Payload::Unknown => payload,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let mut frame = vec![0, 0, u8::try_from(payload.len()).unwrap(), kind, 0, 0, 0, 0, 1];
        frame.extend_from_slice(payload);
        frame
    }

    fn goaway(reason: u8, text: &str) -> Vec<u8> {
        frame(GOAWAY, &[&[0, 0, 0, 1, 0, 0, 0, reason], text.as_bytes()].concat())
    }

    /// The bytes in pieces of each size, because a network cuts where it likes.
    #[track_caller]
    fn check(frames: &[Vec<u8>], expected: usize) {
        let bytes = frames.concat();
        for size in 1..=bytes.len() {
            let mut watch = Frames::default();
            let heard = bytes.chunks(size).filter(|piece| watch.complain(piece)).count();
            let expected = if size < 17 { expected } else { expected.min(1) };
            assert!(heard == expected || (size >= 17 && heard >= expected), "in pieces of {size}: {heard}");
        }
    }

    #[test]
    fn a_complaint_is_heard_among_other_frames() {
        check(&[frame(4, &[]), frame(0, &[7; 40]), goaway(11, "too_many_pings"), frame(6, &[0; 8])], 1);
        check(&[goaway(11, "")], 1);
        check(&[goaway(11, "twice"), goaway(11, "")], 2);
    }

    #[test]
    fn other_farewells_and_look_alikes_are_no_complaint() {
        check(&[goaway(0, "maintenance")], 0);
        check(&[goaway(2, "\0\0\0\u{b}")], 0);
        check(&[frame(0, &goaway(11, "inside of a message"))], 0);
        check(&[frame(GOAWAY, &[0, 0, 0, 11]), frame(0, &[0, 0, 0, 11])], 0);
        check(&[frame(GOAWAY, &[]), frame(3, &[0, 0, 0, 11])], 0);
    }
}
