//! Documents: references in process variables, what they stand for, and how they are fetched safely.

mod body;
mod error;
mod expand;
mod external;
mod kind;
mod loader;
mod name;
mod reference;
mod rest_store;

pub use self::error::Error;
pub use self::expand::{Expander, needs_expansion};
pub use self::external::{External, Options as ExternalOptions};
pub use self::kind::Kind;
pub use self::loader::{Document, Fetch, Loader, Store};
pub use self::name::clean as clean_name;
pub use self::reference::Reference;
pub use self::rest_store::{Authorize, NoAuthorization, RestOptions, RestStore};
