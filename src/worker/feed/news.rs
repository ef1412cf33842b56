//! Tells operators how the feed fares: events, and the status that readiness looks at.

use super::Feed;
use super::machine::Notice;
use crate::telemetry::Event;
use crate::worker::handle::Problem;
use crate::zeebe::Error;

impl Feed {
    pub(super) fn say(&mut self, notice: Notice) {
        let job_type = &self.order.job_type;
        let code = self.said.as_ref().map_or("OK", Error::code);
        let message = self.said.as_ref().map_or_else(String::new, ToString::to_string);
        let message = message.as_str();
        let event = match notice {
            Notice::PollRepeated { delay } => Event::PollRepeated { job_type, code, message, delay },
            Notice::StreamOpened => Event::StreamOpened { job_type },
            Notice::StreamEnded { end, delay } => Event::StreamEnded { job_type, end, code, message, delay },
            Notice::StreamRepeated { delay } => Event::StreamRepeated { job_type, code, message, delay },
            Notice::StreamUnavailable => Event::StreamUnavailable { job_type, message },
            Notice::Lost(problem) => Event::FeedLost { job_type, problem, code, message },
            Notice::Restored => Event::FeedRestored { job_type },
        };
        self.crew.telemetry.emit(event);
        self.crew.board.update(job_type, |status| match notice {
            Notice::StreamOpened => status.streaming = true,
            Notice::StreamEnded { .. } | Notice::StreamUnavailable => status.streaming = false,
            Notice::Lost(kind) => {
                status.up = false;
                status.problem = Some(Problem { kind, code, message: message.to_owned() });
            }
            Notice::Restored => {
                status.up = true;
                status.problem = None;
            }
            Notice::PollRepeated { .. } | Notice::StreamRepeated { .. } => {}
        });
    }

    pub(super) fn emit_stream_unavailable(&self, message: &str) {
        let job_type = &self.order.job_type;
        self.crew.telemetry.emit(Event::StreamUnavailable { job_type, message });
    }
}
