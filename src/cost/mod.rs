//! What answers cost, and how much may be spent.
//!
//! - `amount` is money without rounding, `price` what a model takes, `prices` the operator's table.
//! - `accounts` remembers who has spent what, in bounded memory; `meter` is what callers see: it admits a call before it is
//!   sent, and charges it when it is answered.
//!
//! It knows prices only from the configuration: those of models change, and differ by region and contract.

mod accounts;
mod amount;
mod meter;
mod price;
mod prices;

#[cfg(test)]
mod tests;

pub use self::accounts::{Budget, Budgets};
pub use self::amount::Amount;
pub use self::meter::{CODES, Meter, Payer, Refusal, Served};
pub use self::price::{Cost, Currency, Price, Usage};
pub use self::prices::{Entry, Prices};
