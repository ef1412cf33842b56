//! Room on the stack for values that are nested deeply.
//!
//! What is done with a value descends into it, and a level costs most where expressions are evaluated. Deep values
//! are rare, so they get a thread with a stack of its own instead of a limit that shallow ones would not need.

use serde_json::Value;

/// Up to here the stack of any thread will do.
pub(super) const SHALLOW: usize = 100;

/// Taken from the system only as far as it is used.
const STACK: usize = 64 << 20;

/// Runs on a thread with a large stack. None when the system has no thread to give.
pub(super) fn with_room<T: Send>(work: impl FnOnce() -> T + Send) -> Option<T> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        let finished = thread.ok()?.join();
        // A panic goes on where it would have gone without the other thread.
        Some(finished.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
    })
}

/// Does what descends into a value where there is room for it. None when there is no thread for a deep one.
pub(super) fn in_room<T: Send>(value: &Value, work: impl FnOnce() -> T + Send) -> Option<T> {
    if is_deep(value) { with_room(work) } else { Some(work()) }
}

/// Whether a value is nested so deeply that it needs room. It does not descend by recursion itself.
fn is_deep(value: &Value) -> bool {
    let mut open = vec![(value, 0)];
    while let Some((value, depth)) = open.pop() {
        if depth > SHALLOW {
            return true;
        }
        match value {
            Value::Array(items) => open.extend(items.iter().map(|item| (item, depth + 1))),
            Value::Object(entries) => open.extend(entries.values().map(|entry| (entry, depth + 1))),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn depth_is_counted_along_the_deepest_way() {
        let nest = |levels| (0..levels).fold(json!(1), |value, _| json!({"a": [value], "b": 1}));
        assert!(!is_deep(&nest(50)));
        assert!(is_deep(&nest(51)));
    }

    #[test]
    fn work_on_the_other_thread_gives_its_value() {
        assert_eq!(with_room(|| 1 + 1), Some(2));
    }
}
