//! Where the database is: a URL as PostgreSQL's own programs take it, with stricter TLS.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, SslNegotiation, TargetSessionAttrs};

use super::tls::Tls;

/// A silent peer is found out within half a minute.
const KEEPALIVE_IDLE: Duration = Duration::from_secs(10);
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(5);
const KEEPALIVE_RETRIES: u32 = 3;
const DEFAULT_PORT: u16 = 5432;

/// A database. It does not show its password.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    pub(super) config: Config,
    /// None: no TLS.
    pub(super) tls: Option<Tls>,
    shown: String,
}

/// Why a text is no address of a database. None of these shows the text, which holds a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AddressError {
    #[error("expected a URL like postgres://user:password@host:5432/database?sslmode=verify-full")]
    NoUrl,
    #[error(
        "sslmode is {found:?}, expected verify-full (or require, which verifies as well), or disable where the network \
         is trusted; verify-full is the default for every host but this one"
    )]
    TlsMode { found: String },
    #[error("sslcert and sslkey are needed together")]
    HalfACertificate,
    #[error("expected a URL of PostgreSQL: {reason}")]
    Invalid { reason: String },
}

impl Address {
    /// Reads a URL.
    pub fn parse(url: &str) -> Result<Self, AddressError> {
        if !["postgres://", "postgresql://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(AddressError::NoUrl);
        }
        let parameters = Parameters::take_from(url);
        let mut config: Config = parameters.url.parse().map_err(|error| invalid(&error))?;
        let is_local = config.get_hosts().iter().all(is_local);
        let tls = match parameters.mode.as_deref() {
            None if is_local => None,
            Some("disable") => None,
            None | Some("require" | "verify-full") => Some(parameters.tls),
            Some(found) => return Err(AddressError::TlsMode { found: found.to_owned() }),
        };
        if tls.as_ref().is_some_and(|tls| tls.certificate_file.is_some() != tls.key_file.is_some()) {
            return Err(AddressError::HalfACertificate);
        }
        let mode = if tls.is_some() { SslMode::Require } else { SslMode::Disable };
        config.ssl_mode(mode).keepalives_idle(KEEPALIVE_IDLE).keepalives_interval(KEEPALIVE_INTERVAL);
        config.keepalives_retries(KEEPALIVE_RETRIES);
        config.tcp_user_timeout(KEEPALIVE_IDLE + KEEPALIVE_INTERVAL * KEEPALIVE_RETRIES);
        if tls.is_none() {
            config.ssl_negotiation(SslNegotiation::Postgres);
        }
        // Of several hosts, the one that takes writes.
        if config.get_target_session_attrs() == TargetSessionAttrs::Any {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        if config.get_application_name().is_none() {
            config.application_name("bedrock-connector");
        }
        let shown = shown(&config);
        Ok(Self { config, tls, shown })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown)
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Address").field(&self.shown).finish()
    }
}

/// The parameters that are ours to understand, and the URL without them.
struct Parameters {
    url: String,
    mode: Option<String>,
    tls: Tls,
}

impl Parameters {
    fn take_from(url: &str) -> Self {
        let (head, query) = url.split_once('?').unwrap_or((url, ""));
        let (mut mode, mut tls, mut left) = (None, Tls::default(), Vec::new());
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let path = || Some(PathBuf::from(decoded(value)));
            match name {
                "sslmode" => mode = Some(value.to_owned()),
                "sslrootcert" if value == "system" => tls.ca_file = None,
                "sslrootcert" => tls.ca_file = path(),
                "sslcert" => tls.certificate_file = path(),
                "sslkey" => tls.key_file = path(),
                _ => left.push(parameter),
            }
        }
        let url = if left.is_empty() { head.to_owned() } else { format!("{head}?{}", left.join("&")) };
        Self { url, mode, tls }
    }
}

fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    }
}

/// The library's errors name the parameter and not its value.
fn invalid(error: &tokio_postgres::Error) -> AddressError {
    let cause = std::error::Error::source(error).map(ToString::to_string);
    AddressError::Invalid { reason: cause.unwrap_or_else(|| error.to_string()) }
}

fn shown(config: &Config) -> String {
    let port = |position: usize| {
        let ports = config.get_ports();
        ports.get(position).or_else(|| ports.first()).copied().unwrap_or(DEFAULT_PORT)
    };
    let hosts = config.get_hosts().iter().enumerate().map(|(position, host)| match host {
        Host::Unix(folder) => format!("{}/.s.PGSQL.{}", folder.display(), port(position)),
        Host::Tcp(name) => format!("{name}:{}", port(position)),
    });
    let hosts = hosts.collect::<Vec<_>>().join(",");
    match config.get_dbname() {
        Some(database) => format!("PostgreSQL {database} at {hosts}"),
        None => format!("PostgreSQL at {hosts}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn address(url: &str) -> Address {
        Address::parse(url).unwrap()
    }

    #[test]
    fn an_address_is_shown_without_user_and_password() {
        let given = address("postgres://me:hidden@db.example.com/journal");
        assert_eq!(given.to_string(), "PostgreSQL journal at db.example.com:5432");
        assert!(!format!("{given:?}").contains("hidden"));
        let given = address("postgresql://me:hidden@one:1,two:2");
        assert_eq!(given.to_string(), "PostgreSQL at one:1,two:2");
        let given = address("postgres:///journal?host=/run/postgresql&user=me");
        assert_eq!(given.to_string(), "PostgreSQL journal at /run/postgresql/.s.PGSQL.5432");
    }

    #[test]
    fn other_hosts_are_verified_unless_the_operator_says_otherwise() {
        for url in
            ["postgres://db/a", "postgres://db/a?sslmode=require", "postgres://db/a?sslmode=verify-full"]
        {
            assert_eq!(address(url).tls, Some(Tls::default()), "{url}");
            assert_eq!(address(url).config.get_ssl_mode(), SslMode::Require);
        }
        for url in ["postgres://db/a?sslmode=disable", "postgres://localhost/a", "postgres://127.0.0.1/a"] {
            assert_eq!(address(url).tls, None, "{url}");
        }
        let given = address(
            "postgres://localhost/a?sslmode=verify-full&sslrootcert=%2Fca%20file.pem&connect_timeout=3",
        );
        assert_eq!(given.tls.unwrap().ca_file, Some(PathBuf::from("/ca file.pem")));
        assert_eq!(given.config.get_connect_timeout(), Some(&Duration::from_secs(3)));
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_shown() {
        for (url, error) in [
            ("mysql://me:hidden@db", "expected a URL like postgres://"),
            (
                "postgres://me:hidden@db:port/a",
                "expected a URL of PostgreSQL: invalid value for option `port`",
            ),
            ("postgres://me:hidden@db/a?colour=red", "expected a URL of PostgreSQL: unknown option `colour`"),
            ("postgres://me:hidden@db/a?sslmode=prefer", "sslmode is \"prefer\", expected verify-full"),
            ("postgres://me:hidden@db/a?sslcert=a.pem", "sslcert and sslkey are needed together"),
        ] {
            let found = Address::parse(url).unwrap_err().to_string();
            assert!(found.starts_with(error), "{found}");
            assert!(!found.contains("hidden"));
        }
    }
}
