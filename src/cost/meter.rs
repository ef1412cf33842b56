//! What callers see: a call is admitted before it is sent, and charged when it is answered.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::accounts::Accounts;
use super::{Amount, Budgets, Cost, Currency, Price, Prices, Usage};
use crate::clock::{Clock, SystemClock};
use crate::connector::{self, Code, error_codes};
use crate::telemetry::{Event, Telemetry};

const MILLIS_OF_A_DAY: i64 = 86_400_000;

/// Whose call it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payer {
    pub tenant: Arc<str>,
    /// The id of the process.
    pub process: Arc<str>,
    pub process_instance_key: i64,
}

/// Who has answered.
#[derive(Debug, Clone, Copy)]
pub struct Served<'a> {
    /// The model as it was admitted.
    pub asked: &'a str,
    /// The model as the place that answered calls it.
    pub model: &'a str,
    /// The model as it may be told.
    pub shown: &'a str,
    pub region: &'a str,
    /// The service tier, where the answer names it.
    pub tier: Option<&'a str>,
    /// A price that counts before the table.
    pub price: Option<&'a Price>,
}

/// Why a call is not made. Both are for the operator to decide; another attempt would find the same.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The process instance has used up what it may spend.
    #[error(
        "the process instance {key} has spent {spent} of its budget of {limit} {currency}, so the model is not called; \
         consider a higher BEDROCK_CONNECTOR_BUDGET_PROCESS_INSTANCE"
    )]
    ProcessInstance { key: i64, spent: Amount, limit: Amount, currency: Currency },
    /// The tenant has used up what it may spend in a day.
    #[error(
        "the tenant {tenant:?} has spent {spent} of its budget of {limit} {currency} for today (UTC), so the model is not \
         called; wait for tomorrow, or consider a higher BEDROCK_CONNECTOR_BUDGET_TENANT_DAY"
    )]
    Tenant { tenant: Arc<str>, spent: Amount, limit: Amount, currency: Currency },
    /// The model could cost anything. Write its price into the configuration.
    #[error(
        "the model {model:?} has no price in {currency}, so it cannot be held to the budget; add it to [[prices]] of the \
         configuration, or set BEDROCK_CONNECTOR_BUDGET_UNPRICED to allowed"
    )]
    Unpriced { model: String, currency: Currency },
}

error_codes! {
    /// The codes of refusals.
    pub const CODES;
    BUDGET_EXCEEDED = "BUDGET_EXCEEDED": "the process instance, or its tenant today, has spent its budget: raise the budget, or wait for the next day",
    PRICE_UNKNOWN = "PRICE_UNKNOWN": "there is a budget, and the model has no price: add its price to the configuration, or allow models without one",
}

impl Refusal {
    /// The code that error expressions see.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ProcessInstance { .. } | Self::Tenant { .. } => BUDGET_EXCEEDED,
            Self::Unpriced { .. } => PRICE_UNKNOWN,
        }
    }

    /// Which budget it is about, for metrics.
    fn budget(&self) -> &'static str {
        match self {
            Self::ProcessInstance { .. } => "process_instance",
            Self::Tenant { .. } => "tenant_day",
            Self::Unpriced { .. } => "unpriced",
        }
    }
}

impl From<Refusal> for connector::Error {
    fn from(refusal: Refusal) -> Self {
        Self::never(Code(refusal.code().into()), refusal.to_string())
    }
}

/// Knows the prices, and what has been spent.
#[derive(Debug)]
pub struct Meter {
    prices: RwLock<Arc<Prices>>,
    budgets: Budgets,
    accounts: Mutex<Accounts>,
    clock: Arc<dyn Clock>,
    telemetry: Telemetry,
}

impl Default for Meter {
    /// Without any price and budget.
    fn default() -> Self {
        Self::new(Prices::default(), Budgets::default(), Telemetry::no_op())
    }
}

impl Meter {
    pub fn new(prices: Prices, budgets: Budgets, telemetry: Telemetry) -> Self {
        let (prices, accounts) = (RwLock::new(Arc::new(prices)), Mutex::new(Accounts::new()));
        Self { prices, budgets, accounts, clock: Arc::new(SystemClock), telemetry }
    }

    /// Tells the days by this clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// The currency of the budgets, where there are any.
    pub fn currency(&self) -> Option<&Currency> {
        self.budgets.currency.as_ref()
    }

    /// Takes other prices from now on.
    pub fn replace_prices(&self, prices: Prices) {
        *self.prices.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(prices);
    }

    /// Admits a call of a model, or says why it is not to be made. `price` counts before the table. What is under way at the
    /// same time is not counted yet.
    pub fn admit(
        &self,
        payer: &Payer,
        model: &str,
        shown: &str,
        price: Option<&Price>,
    ) -> Result<(), Refusal> {
        let result = self.check(payer, model, shown, price);
        if let Err(refusal) = &result {
            self.telemetry.emit(Event::BudgetRefused {
                budget: refusal.budget(),
                tenant: &payer.tenant,
                process: &payer.process,
                process_instance_key: payer.process_instance_key,
                message: &refusal.to_string(),
            });
        }
        result
    }

    fn check(&self, payer: &Payer, model: &str, shown: &str, price: Option<&Price>) -> Result<(), Refusal> {
        let Some(currency) = &self.budgets.currency else { return Ok(()) };
        let of_instance = self.budgets.process_instance.of(&payer.process);
        let of_tenant = self.budgets.tenant_day.of(&payer.tenant);
        if of_instance.is_none() && of_tenant.is_none() {
            return Ok(());
        }
        let prices = self.prices();
        let price = price.or_else(|| prices.knows(model));
        if !self.budgets.unpriced && price.is_none_or(|price| price.currency != *currency) {
            return Err(Refusal::Unpriced { model: shown.to_owned(), currency: currency.clone() });
        }
        let day = self.day();
        let mut accounts = self.accounts();
        let key = payer.process_instance_key;
        let (instance, tenant) =
            (accounts.instances.spent(&key), accounts.tenants(day).spent(&*payer.tenant));
        drop(accounts);
        let currency = currency.clone();
        match (of_instance, of_tenant) {
            (Some(limit), _) if instance >= limit => {
                Err(Refusal::ProcessInstance { key, spent: instance, limit, currency })
            }
            (_, Some(limit)) if tenant >= limit => {
                Err(Refusal::Tenant { tenant: Arc::clone(&payer.tenant), spent: tenant, limit, currency })
            }
            _ => Ok(()),
        }
    }

    /// Charges an answer, and says what it costs; none when its price is not known.
    pub fn charge(&self, payer: &Payer, served: &Served<'_>, usage: &Usage) -> Option<Cost> {
        let prices = self.prices();
        let price = served.price.or_else(|| prices.of(served.model, served.region, served.tier));
        let Some(price) = price else {
            if !prices.0.is_empty() {
                self.telemetry.emit(Event::AnswerUnpriced { model: served.shown });
            }
            // It was admitted by a price for another region or tier, so that one has to hold for the budget.
            if let Some(price) = prices.knows(served.model).or_else(|| prices.knows(served.asked)) {
                self.enter(payer, &price.of(usage));
            }
            return None;
        };
        let cost = price.of(usage);
        let total = cost.total();
        self.telemetry.emit(Event::CostIncurred {
            model: served.shown,
            process: &payer.process,
            tenant: &payer.tenant,
            currency: cost.currency.as_str(),
            amount: total.to_f64(),
        });
        self.enter(payer, &cost);
        Some(cost)
    }

    fn enter(&self, payer: &Payer, cost: &Cost) {
        if self.budgets.currency.as_ref() != Some(&cost.currency) {
            return;
        }
        let (day, amount) = (self.day(), cost.total());
        let mut accounts = self.accounts();
        if self.budgets.process_instance.of(&payer.process).is_some() {
            accounts.instances.enter(payer.process_instance_key, amount);
        }
        if self.budgets.tenant_day.of(&payer.tenant).is_some() {
            accounts.tenants(day).enter((*payer.tenant).into(), amount);
        }
    }

    fn prices(&self) -> Arc<Prices> {
        // It is written in one step, so a panic elsewhere leaves nothing broken behind.
        Arc::clone(&self.prices.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn accounts(&self) -> MutexGuard<'_, Accounts> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn day(&self) -> i64 {
        self.clock.epoch_millis().div_euclid(MILLIS_OF_A_DAY)
    }
}
