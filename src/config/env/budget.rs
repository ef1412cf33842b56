//! What may be spent. The prices themselves are tables of the file.

use crate::config::setting::Form::{Amounts, Choice};
use crate::config::setting::{Section, Setting};

pub(super) const BUDGET: Section = Section {
    title: "Budgets",
    settings: &[
        Setting {
            key: "budget.process-instance",
            variable: "BEDROCK_CONNECTOR_BUDGET_PROCESS_INSTANCE",
            form: Amounts,
            default: "",
            others: &[],
            doc: "What one process instance may spend on models, in the currency of the prices; PROCESS=AMOUNT for \
                  those of one process",
        },
        Setting {
            key: "budget.tenant-day",
            variable: "BEDROCK_CONNECTOR_BUDGET_TENANT_DAY",
            form: Amounts,
            default: "",
            others: &[],
            doc: "What one tenant may spend on models in a day of UTC; TENANT=AMOUNT for one of them",
        },
        Setting {
            key: "budget.unpriced",
            variable: "BEDROCK_CONNECTOR_BUDGET_UNPRICED",
            form: Choice(&["refused", "allowed"]),
            default: "refused",
            others: &[],
            doc: "Whether models without a price may be called where there is a budget",
        },
    ],
};
