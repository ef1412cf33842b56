//! Who has spent how much, in bounded memory.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;

use super::{Amount, Currency};

/// How much may be spent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Budgets {
    /// By one process instance in all; names are ids of processes.
    pub process_instance: Budget,
    /// By one tenant on one day of UTC; names are tenants.
    pub tenant_day: Budget,
    /// What the amounts are in. None: there are no budgets.
    pub currency: Option<Currency>,
    /// Whether models without a price may be called under a budget.
    pub unpriced: bool,
}

/// An amount for each, and other ones for some.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Budget {
    pub each: Option<Amount>,
    pub named: BTreeMap<String, Amount>,
}

impl Budget {
    /// The amount for this one.
    pub fn of(&self, name: &str) -> Option<Amount> {
        self.named.get(name).copied().or(self.each)
    }

    /// Whether there is none for anybody.
    pub fn is_empty(&self) -> bool {
        self.each.is_none() && self.named.is_empty()
    }
}

/// How many process instances and tenants are remembered; beyond it, those go that have spent nothing for longest.
const MAX_INSTANCES: usize = 100_000;
const MAX_TENANTS: usize = 10_000;

/// What has been spent since this process began.
#[derive(Debug)]
pub(super) struct Accounts {
    pub(super) instances: Book<i64>,
    tenants: Book<Box<str>>,
    /// The day of the tenants' book, in days since the epoch.
    day: i64,
}

impl Accounts {
    pub(super) fn new() -> Self {
        Self { instances: Book::new(MAX_INSTANCES), tenants: Book::new(MAX_TENANTS), day: 0 }
    }

    /// The tenants' book of a day. That of the day before is over, but for whoever looked at the clock just before
    /// midnight and comes in here after it.
    pub(super) fn tenants(&mut self, day: i64) -> &mut Book<Box<str>> {
        if day != self.day && day != self.day.saturating_sub(1) {
            self.tenants = Book::new(MAX_TENANTS);
            self.day = day;
        }
        &mut self.tenants
    }
}

/// Amounts by key, as many as there is room for.
#[derive(Debug)]
pub(super) struct Book<K> {
    room: usize,
    entries: HashMap<K, Entry>,
    /// Counts what is entered, so that the oldest can be told.
    entered: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    spent: Amount,
    last: u64,
}

impl<K: Hash + Eq> Book<K> {
    pub(super) fn new(room: usize) -> Self {
        Self { room, entries: HashMap::new(), entered: 0 }
    }

    pub(super) fn spent<Q>(&self, key: &Q) -> Amount
    where
        K: std::borrow::Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        self.entries.get(key).map(|entry| entry.spent).unwrap_or_default()
    }

    pub(super) fn enter(&mut self, key: K, amount: Amount) {
        if self.entries.len() >= self.room && !self.entries.contains_key(&key) {
            self.forget_a_quarter();
        }
        self.entered += 1;
        let entry = self.entries.entry(key).or_default();
        *entry = Entry { spent: entry.spent + amount, last: self.entered };
    }

    /// A quarter at once, so that the search for the oldest is rare.
    fn forget_a_quarter(&mut self) {
        let mut ages: Vec<u64> = self.entries.values().map(|entry| entry.last).collect();
        let (_, &mut limit, _) = match ages.len() {
            0 => return,
            len => ages.select_nth_unstable(len / 4),
        };
        self.entries.retain(|_, entry| entry.last > limit);
    }
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn a_full_book_forgets_those_that_spent_nothing_for_longest() {
        let mut book = Book::new(4);
        let one = Amount::parse("1").expect("an amount");
        [1, 2, 3, 4, 1, 5].into_iter().for_each(|key| book.enter(key, one));
        let spent: Vec<String> = (1..=5).map(|key| book.spent(&key).to_string()).collect();
        assert_eq!(spent, ["2", "0", "0", "1", "1"]);
        (0..1000).for_each(|key| book.enter(key, one));
        assert!(book.entries.len() <= 4);
    }

    #[test]
    fn a_new_day_begins_with_nothing_spent() {
        let mut accounts = Accounts::new();
        let one = Amount::parse("1").expect("an amount");
        accounts.tenants(7).enter("acme".into(), one);
        assert_eq!(accounts.tenants(7).spent("acme"), one);
        assert_eq!(accounts.tenants(8).spent("acme"), Amount::ZERO);
    }

    #[test]
    fn who_comes_late_at_midnight_does_not_begin_the_day_anew() {
        let mut accounts = Accounts::new();
        let one = Amount::parse("1").expect("an amount");
        accounts.tenants(8).enter("acme".into(), one);
        accounts.tenants(7).enter("acme".into(), one);
        assert_eq!(accounts.tenants(8).spent("acme"), one + one);
        // A clock that was wrong and is set right is another matter.
        assert_eq!(accounts.tenants(3).spent("acme"), Amount::ZERO);
    }

    #[test]
    fn a_name_has_its_own_budget() {
        let [one, two] = ["1", "2"].map(Amount::parse);
        let named = BTreeMap::from([("acme".to_owned(), two.expect("an amount"))]);
        let budget = Budget { each: one, named };
        assert_eq!((budget.of("acme"), budget.of("other")), (two, one));
        assert_eq!(Budget::default().of("acme"), None);
    }
}
