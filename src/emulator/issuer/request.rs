//! The record of what was asked.

use std::collections::BTreeMap;

use http::Method;
use tokio::time::Instant;

use crate::emulator::bedrock::Identity;

/// What may be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    AssumeRole,
    AssumeRoleWithWebIdentity,
    GetCallerIdentity,
    /// A token for the metadata service of an instance.
    InstanceToken,
    /// The name of the instance's role.
    InstanceRole,
    /// The credentials of the instance's role.
    InstanceCredentials,
    /// The credentials of a container.
    ContainerCredentials,
}

impl Operation {
    /// The operation that a request means. Those of STS are named by `Action`.
    pub(crate) fn of(method: &Method, path: &str, action: Option<&str>) -> Option<Self> {
        const ROLES: &str = "/latest/meta-data/iam/security-credentials/";
        if *method == Method::POST && path == "/" {
            return match action? {
                "AssumeRole" => Some(Self::AssumeRole),
                "AssumeRoleWithWebIdentity" => Some(Self::AssumeRoleWithWebIdentity),
                "GetCallerIdentity" => Some(Self::GetCallerIdentity),
                _ => None,
            };
        }
        match (method, path) {
            (&Method::PUT, "/latest/api/token") => Some(Self::InstanceToken),
            (&Method::GET, "/v1/credentials") => Some(Self::ContainerCredentials),
            (&Method::GET, path) => match path.strip_prefix(ROLES)? {
                "" => Some(Self::InstanceRole),
                _ => Some(Self::InstanceCredentials),
            },
            _ => None,
        }
    }
}

/// One request and its answer's status.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// None for what nobody here answers.
    pub operation: Option<Operation>,
    pub path: String,
    /// Whose signature it carries.
    pub identity: Identity,
    /// Names are in lower case.
    pub headers: BTreeMap<String, String>,
    /// The parameters of an operation of STS.
    pub parameters: BTreeMap<String, String>,
    pub at: Instant,
    /// None while it is being answered.
    pub status: Option<u16>,
}

impl Request {
    /// A parameter of an operation of STS.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }
}
