//! Answers that are paid on the way to a whole one. They are kept, so that the next attempt at the job does not
//! ask for them again.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use futures_util::{Stream, StreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::time::{Instant, sleep_until};

use crate::bedrock::Error;
use crate::bedrock::call::Asked;
use crate::connector::Notebook;

/// After how many answers they are kept for the first time.
const KEPT_FIRST: usize = 16;
/// How long a new answer of many is kept in memory alone.
const KEEP_PAUSE: Duration = Duration::from_secs(5);

/// An answer, and to what.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Note {
    /// The hash of the request.
    request: String,
    pub(super) asked: Asked,
}

/// The notes on one task.
#[derive(Debug)]
pub(super) struct Notes<'a> {
    notebook: &'a dyn Notebook,
    /// What has been kept by earlier attempts, by request. The same request may have been paid more than once.
    earlier: HashMap<String, Vec<Asked>>,
}

impl<'a> Notes<'a> {
    /// Reads what there is. What cannot be understood, as from another version, is asked for again.
    pub(super) fn open(notebook: &'a dyn Notebook) -> Self {
        let kept = notebook.notes().and_then(|notes| notes.get("answers")).and_then(Value::as_array);
        let notes = kept.into_iter().flatten().filter_map(|note| Note::deserialize(note).ok());
        let mut earlier = HashMap::<_, Vec<_>>::new();
        for Note { request, asked } in notes {
            earlier.entry(request).or_default().push(Asked { is_noted: true, ..asked });
        }
        Self { notebook, earlier }
    }

    /// Takes the answer to a request, if it is there.
    pub(super) fn take(&mut self, body: &[u8]) -> Option<Asked> {
        self.earlier.get_mut(&request(body))?.pop()
    }

    /// Keeps these answers in place of all before.
    pub(super) async fn keep(&self, paid: impl IntoIterator<Item = &Note>) {
        let paid: Vec<_> = paid.into_iter().collect();
        self.notebook.keep(&json!({ "answers": paid })).await;
    }

    /// Drops what is kept, because it leads nowhere.
    pub(super) async fn discard(&self) {
        self.notebook.discard().await;
    }

    /// Adds answers to those that are paid, by their place in the task, and keeps all of them now and then. When a request
    /// fails, the answers to the others are kept before its error is told.
    pub(super) async fn gather(
        &self,
        mut paid: BTreeMap<usize, Note>,
        mut answers: impl Stream<Item = (usize, Result<Note, Error>)> + Unpin,
    ) -> Result<BTreeMap<usize, Note>, Error> {
        let (mut rhythm, mut failure) = (Rhythm::new(paid.len()), None);
        loop {
            tokio::select! {
                biased;
                answer = answers.next() => match answer {
                    Some((place, Ok(note))) => { paid.insert(place, note); }
                    Some((_, Err(error))) => failure = failure.or(Some(error)),
                    None => break,
                },
                () = sleep_until(rhythm.latest), if rhythm.has_news(&paid) => {}
            }
            if rhythm.is_due(&paid) {
                let begun = Instant::now();
                self.keep(paid.values()).await;
                rhythm.kept(&paid, begun.elapsed());
            }
        }
        let Some(error) = failure else { return Ok(paid) };
        if rhythm.has_news(&paid) {
            self.keep(paid.values()).await;
        }
        Err(error)
    }
}

/// When the answers to many requests are kept. All of them are written each time, so that is done when there are twice as
/// many; and after some time, because whatever ends the task early gives no notice.
#[derive(Debug)]
struct Rhythm {
    /// How many are kept.
    kept: usize,
    /// Until when new ones are at the latest.
    latest: Instant,
}

impl Rhythm {
    fn new(kept: usize) -> Self {
        Self { kept, latest: Instant::now() + KEEP_PAUSE }
    }

    fn has_news(&self, paid: &BTreeMap<usize, Note>) -> bool {
        paid.len() > self.kept
    }

    fn is_due(&self, paid: &BTreeMap<usize, Note>) -> bool {
        let enough = self.kept.saturating_mul(2).max(KEPT_FIRST);
        self.has_news(paid) && (paid.len() >= enough || Instant::now() >= self.latest)
    }

    /// `took` is how long that has kept the requests from going on, which a large number of answers must not do all the time.
    fn kept(&mut self, paid: &BTreeMap<usize, Note>, took: Duration) {
        *self = Self { kept: paid.len(), latest: Instant::now() + KEEP_PAUSE.max(took.saturating_mul(10)) };
    }
}

impl Note {
    pub(super) fn new(body: &[u8], asked: Asked) -> Self {
        Self { request: request(body), asked }
    }
}

/// Tells a request by its body from the others of its task, which all go the same way.
fn request(body: &[u8]) -> String {
    STANDARD.encode(Sha256::digest(body))
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use futures_util::future::BoxFuture;
    use futures_util::{FutureExt as _, stream};
    use tokio::time::{sleep, timeout};

    use super::*;
    use crate::bedrock::send::Head;

    /// How many answers were kept each time, and after how many seconds.
    #[derive(Debug)]
    struct Pad {
        opened: Instant,
        kept: Mutex<Vec<(usize, u64)>>,
        /// How long it takes to write.
        writes: Duration,
    }

    impl Pad {
        fn new() -> Self {
            Self { opened: Instant::now(), kept: Mutex::default(), writes: Duration::ZERO }
        }

        fn kept(&self) -> Vec<(usize, u64)> {
            self.kept.lock().unwrap().clone()
        }
    }

    impl Notebook for Pad {
        fn notes(&self) -> Option<&Value> {
            None
        }

        fn keep<'a>(&'a self, notes: &'a Value) -> BoxFuture<'a, ()> {
            let count = notes["answers"].as_array().expect("a list").len();
            self.kept.lock().unwrap().push((count, self.opened.elapsed().as_secs()));
            sleep(self.writes).boxed()
        }

        fn discard(&self) -> BoxFuture<'_, ()> {
            unreachable!("nothing leads nowhere")
        }
    }

    fn note(place: usize) -> Note {
        let asked = Asked {
            value: json!(place),
            head: Head::default(),
            attempts: 1,
            took: Duration::ZERO,
            region: String::new(),
            upstream: None,
            cost: None,
            is_noted: false,
        };
        Note::new(place.to_string().as_bytes(), asked)
    }

    fn paid(places: impl IntoIterator<Item = usize>) -> BTreeMap<usize, Note> {
        places.into_iter().map(|place| (place, note(place))).collect()
    }

    /// Answers to the requests at these places, one after the other with a pause before each.
    fn answers(
        places: impl IntoIterator<Item = usize>,
        pause: Duration,
    ) -> impl Stream<Item = (usize, Result<Note, Error>)> + Unpin {
        let places: Vec<_> = places.into_iter().collect();
        stream::iter(places)
            .then(move |place| async move {
                sleep(pause).await;
                (place, Ok(note(place)))
            })
            .boxed()
    }

    #[tokio::test(start_paused = true)]
    async fn new_answers_are_kept_after_some_seconds_without_notice_of_the_end() {
        let pad = Pad::new();
        let slow = answers(0..5, Duration::from_millis(1900)).chain(stream::pending());
        let notes = Notes::open(&pad);
        timeout(Duration::from_secs(60), notes.gather(paid([]), slow)).await.expect_err("it is dropped");
        assert_eq!(pad.kept(), [(2, 5), (5, 10)], "and not again without news");
    }

    #[tokio::test(start_paused = true)]
    async fn notes_never_become_fewer_or_the_same() {
        let pad = Pad::new();
        let earlier = (0..150).filter(|place| place % 3 > 0);
        let missing = (0..250).filter(|place| place % 3 == 0 || *place >= 150);
        let all = Notes::open(&pad).gather(paid(earlier), answers(missing, Duration::ZERO)).await;
        assert!(all.expect("all").into_keys().eq(0..250), "in their order");
        assert_eq!(pad.kept(), [(200, 0)], "when there are twice as many as the 100 before");

        let pad = Pad::new();
        let none = Notes::open(&pad).gather(paid(0..100), answers([], Duration::ZERO)).await;
        assert_eq!((none.expect("all").len(), pad.kept()), (100, vec![]));
    }

    #[tokio::test(start_paused = true)]
    async fn answers_are_kept_before_a_failure_is_told() {
        let refused = || (3, Err(Error::Request { reason: "no".to_owned() }));
        for (earlier, expected) in [(0..0, vec![(3, 0)]), (0..3, vec![])] {
            let pad = Pad::new();
            let missing = answers((0..3).filter(|place| !earlier.contains(place)), Duration::ZERO);
            let missing = stream::iter([refused()]).chain(missing);
            Notes::open(&pad).gather(paid(earlier.clone()), missing).await.expect_err("one fails");
            assert_eq!(pad.kept(), expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn keeping_takes_a_small_part_of_the_time() {
        let pad = Pad { writes: Duration::from_secs(2), ..Pad::new() };
        let slow = answers(0..11, Duration::from_secs(4));
        Notes::open(&pad).gather(paid([]), slow).await.expect("all");
        assert_eq!(pad.kept(), [(1, 5), (6, 27)]);
    }
}
