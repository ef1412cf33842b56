//! The index against the simplest thing that could be right. The stores have their model in `tests/journal`.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::journal::entry::Slip;
use crate::journal::index::{Because, Index};

proptest! {
        #[test]
    fn the_index_keeps_the_youngest_within_its_limits(
        steps in prop::collection::vec((0_i64..8, 0_usize..3000, 0_i64..400, any::<bool>()), 1..60)
    ) {
        let limits = Limits { max_bytes: 8000, keep: Duration::from_millis(2000) };
        let (mut index, mut model, mut now) = (Index::default(), Vec::<(i64, i64, u64)>::new(), 0);
        for (job, bytes, passed, put) in steps {
            now += passed;
            model.retain(|(_, known, _)| *known != job);
            if put {
                let entry = Entry { fingerprint: [0; 32], stored_at: now, job_type: String::new(), process_instance_key: 0, answer: vec![0; bytes] };
                let slip = Slip::of(&entry);
                model.push((now, job, slip.cost()));
                index.insert(key(job), slip);
            } else {
                index.remove(&key(job));
            }
            let evicted = index.evict(&limits, now);
            model.sort_unstable();
            let mut expected = Vec::new();
            while let Some(&(stored_at, job, _)) = model.first() {
                let size: u64 = model.iter().map(|(_, _, cost)| cost).sum();
                let because = if now - stored_at > 2000 { Because::Age } else if size > 8000 { Because::Size } else { break };
                model.remove(0);
                expected.push((key(job), because));
            }
            prop_assert_eq!(evicted, expected);
            prop_assert_eq!(index.bytes(), model.iter().map(|(_, _, cost)| cost).sum::<u64>());
            prop_assert_eq!(index.len(), model.len());
            prop_assert!(model.iter().all(|(_, job, _)| index.has(&key(*job))));
        }
    }
}
