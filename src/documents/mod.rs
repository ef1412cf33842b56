//! Documents: references in process variables, what they stand for, and how they are fetched safely.

mod address;
mod body;
mod budget;
mod create;
mod error;
mod expand;
mod external;
mod kind;
mod loader;
mod name;
mod reference;
mod rest_store;
mod tls;
mod way;

pub use self::budget::{Budget, Share};
pub use self::error::{CODES, Error};
pub use self::expand::{Expander, needs_expansion};
pub use self::external::{External, Options as ExternalOptions};
pub use self::kind::Kind;
pub use self::loader::{Document, Fetch, Loader, NewDocument, Session, Store};
pub use self::name::clean as clean_name;
pub use self::reference::Reference;
pub use self::rest_store::{Authorize, NoAuthorization, RestOptions, RestStore};
pub use self::way::Proxy;
